// OCSP responses within IKEv2 (RFC 4806): a CERTREQ of encoding 14 asks for them, CERT payloads of
// encoding 14 carry them beside the certificates they are about. check_auth() judges them.
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using policy::Ocsp;
using wire::ExchangeType;

constexpr std::uint8_t ocsp_content = 14;

/// When the peer asked for ours.
struct OcspAsked {
  std::optional<Instant> at;
};

/// The messages in which CERTREQ stands: the responder's first and the initiator's second.
bool asks(const IkeSa& sa, const Outbound& out) {
  const Ocsp ocsp = sa.connection->ocsp;
  if ((ocsp != Ocsp::request && ocsp != Ocsp::both) ||
      sa.connection->remote.kind != policy::AuthKind::pubkey)
    return false;
  return out.exchange == (out.response ? ExchangeType::ike_sa_init : ExchangeType::ike_auth);
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const bool refusal = out.exchange == ExchangeType::ike_sa_init &&
                       wire::first<wire::SaPayload>(payloads) == nullptr;
  //= rfc4806#4.1 "an OCSP request, as defined in Section 3.1 above, is transmitted separate from any
  //= other CERTREQ payloads in an IKEv2 exchange."
  if (asks(sa, out) && !refusal)
    payloads.push_back(wire::make_payload(wire::CertreqPayload{ocsp_content, {}}));
  const OcspAsked* asked = sa.notes.find<OcspAsked>();
  const bool may_answer = sa.connection->ocsp == Ocsp::reply || sa.connection->ocsp == Ocsp::both;
  if (asked == nullptr || !asked->at || !may_answer || out.exchange != ExchangeType::ike_auth ||
      wire::first<wire::CertPayload>(payloads) == nullptr)
    return;
  for (Bytes& der : policy::published(sa.connection->local.ocsp_responses, *asked->at))
    payloads.push_back(wire::make_payload(wire::CertPayload{ocsp_content, std::move(der)}));
}

void read(IkeSa& sa, const Inbound& in) {
  for (const wire::Payload& payload : in.payloads)
    if (const auto* request = std::get_if<wire::CertreqPayload>(&payload.body);
        request != nullptr && request->encoding == ocsp_content)
      sa.notes.of<OcspAsked>().at = in.now;
}

}  // namespace

Extension ocsp_extension() {
  return {.name = "ocsp", .rfc = "RFC 4806", .add = add, .read = read};
}

}  // namespace ikelab::ikev2
