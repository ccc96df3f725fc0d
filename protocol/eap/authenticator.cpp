#include "protocol/eap/authenticator.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"

namespace ikelab::eap {

Authenticator::Step Authenticator::request(EapType type, Bytes data) {
  asked_ = type;
  return {encode({Code::request, ++identifier_, type, std::move(data)}), Verdict::more, {}};
}

Authenticator::Step Authenticator::fail(std::string why) {
  return {encode({Code::failure, identifier_, EapType::none, {}}), Verdict::failure,
          std::move(why)};
}

Authenticator::Step Authenticator::begin() {
  identifier_ = static_cast<std::uint8_t>(host_.rng.below(256));
  identity_ = config_.expected_identity;
  return identity_.empty() ? request(EapType::identity, {}) : start(config_.method);
}

Authenticator::Step Authenticator::start(EapType type) {
  row_ = config_.find(type == EapType::none ? methods().front().type : type);
  if (row_ == nullptr) return fail("no such EAP method");
  method_ = row_->server(config_, identity_, host_);
  auto data = method_->begin(static_cast<std::uint8_t>(identifier_ + 1));
  if (!data) return fail(data.error().message);
  return request(row_->type, std::move(*data));
}

// The peer does not want the method: another one, if we may and know one of those it names.
Authenticator::Step Authenticator::settle(const Packet& nak) {
  if (config_.method == EapType::none && !method_answered_)
    for (const std::uint8_t wanted : nak.data)
      if (const auto type = static_cast<EapType>(wanted);
          config_.find(type) != nullptr && row_->type != type) {
        method_answered_ = true;  // one Nak is enough
        return start(type);
      }
  return fail("the peer takes part in no EAP method that we may use");
}

Authenticator::Step Authenticator::take(ByteView octets) {
  if (++packets_ > bounds::eap_packets) return fail("EAP does not come to an end");
  const auto packet = decode(octets);
  if (!packet) return fail(packet.error().message);
  if (packet->code != Code::response || packet->identifier != identifier_)
    return fail("not a response to our request");
  if (asked_ == EapType::identity) {
    if (packet->type != EapType::identity || packet->data.empty() ||
        packet->data.size() > bounds::eap_identity_octets)
      return fail("the peer does not say who it is");
    identity_ = to_text(packet->data);
    return start(config_.method);
  }
  if (packet->type == EapType::nak) return settle(*packet);
  if (packet->type != asked_) return fail("a response of another EAP method");
  method_answered_ = true;
  ServerMethod::Step step = method_->take(*packet);
  switch (step.verdict) {
    case ServerMethod::Verdict::more:
      return request(row_->type, std::move(step.data));
    case ServerMethod::Verdict::failure:
      return fail(std::move(step.why));
    case ServerMethod::Verdict::success:
      break;
  }
  //= rfc3748#4.2 "The Identifier field MUST match the Identifier field of the Response packet that
  //= it is sent in response to."
  return {encode({Code::success, identifier_, EapType::none, {}}), Verdict::success, {}};
}

}  // namespace ikelab::eap
