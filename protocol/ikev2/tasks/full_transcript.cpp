// IKE_SA_INIT_FULL_TRANSCRIPT_AUTH: each side's AUTH covers both messages of IKE_SA_INIT, as it saw
// them (draft-ietf-ipsecme-ikev2-downgrade-prevention). By RFC 7296 each covers its own alone: who
// holds one side's key and breaks a weak key exchange could hide that the strong one was taken
// away.
//
//   HDR, SAi1, KEi, Ni, N(IKE_SA_INIT_FULL_TRANSCRIPT_AUTH)  -->
//        <--  HDR, SAr1, KEr, Nr, N(IKE_SA_INIT_FULL_TRANSCRIPT_AUTH)
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

bool announced(const std::vector<wire::Payload>& payloads) {
  return find_notify(payloads, NotifyType::ike_sa_init_full_transcript_auth) != nullptr;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange != ExchangeType::ike_sa_init || !sa.connection->full_transcript_auth ||
      wire::first<wire::SaPayload>(payloads) == nullptr)
    return;
  if (out.response && !announced(out.request->payloads)) return;
  payloads.push_back(notify(NotifyType::ike_sa_init_full_transcript_auth));
}

void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange != ExchangeType::ike_sa_init) return;
  sa.transcript.full = sa.connection->full_transcript_auth && announced(in.payloads);
}

}  // namespace

Extension full_transcript_extension() {
  return {.name = "full_transcript",
          .rfc = "draft-ietf-ipsecme-ikev2-downgrade-prevention",
          .add = add,
          .read = read};
}

}  // namespace ikelab::ikev2
