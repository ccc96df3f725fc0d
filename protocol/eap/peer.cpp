#include "protocol/eap/peer.hpp"

#include "protocol/base/bounds.hpp"

namespace ikelab::eap {

Result<std::optional<Bytes>> Peer::take(ByteView octets) {
  if (++packets_ > bounds::eap_packets)
    return Error{"E-EAP-002", "EAP does not come to an end"}.see("RFC 3748, 4");
  IKELAB_TRY(const Packet packet, decode(octets));
  switch (packet.code) {
    case Code::request: {
      IKELAB_TRY(Bytes response, respond(packet));
      return std::optional<Bytes>(std::move(response));
    }
    case Code::success:
      //= rfc3748#4.2 "A peer EAP implementation receiving a Success or Failure packet where sending
      //= one is not explicitly permitted MUST silently discard it."
      // In IKE_AUTH nothing else could come in its place: it is the end, and no success. (A peer
      // that took it for one is CVE-2021-45079.)
      if (method_ && method_->may_succeed()) return std::optional<Bytes>{};
      return Error{"E-EAP-004", "EAP-Success before it is due: the method is not at its end"}.see(
          "RFC 3748, 4.2");
    case Code::failure: {
      const std::string words = method_ ? method_->refusal() : std::string();
      return Error{"E-EAP-003", "EAP-Failure" + (words.empty() ? std::string() : ": " + words)}.see(
          "RFC 3748, 4.2");
    }
    case Code::response:
      break;
  }
  return Error{"E-EAP-001", "the server sent an EAP response"}.see("RFC 3748, 4");
}

bool Peer::takes_part(EapType type) const {
  return config_.find(type) != nullptr && (config_.only == EapType::none || config_.only == type);
}

Result<Bytes> Peer::respond(const Packet& request) {
  Packet response{Code::response, request.identifier, request.type, {}};
  if (request.type == EapType::notification) return encode(response);
  if (request.type == EapType::identity && !method_) {
    response.data = to_bytes(as_bytes(config_.identity));
    return encode(response);
  }
  if (method_ && row_->type != request.type)
    return Error{"E-EAP-007", "another EAP method in the middle of one"}.see("RFC 3748, 2.1");
  if (!method_ && !takes_part(request.type)) {
    //= rfc3748#5.3.1 "The Response contains one or more authentication Types desired by the Peer."
    response.type = EapType::nak;
    for (const Method& row : methods())
      if (takes_part(row.type)) response.data.push_back(static_cast<std::uint8_t>(row.type));
    if (response.data.empty()) response.data.push_back(0);
    return encode(response);
  }
  if (!method_) {
    row_ = config_.find(request.type);
    method_ = row_->peer(config_, host_);
  }
  IKELAB_TRY(response.data, method_->respond(request));
  return encode(response);
}

}  // namespace ikelab::eap
