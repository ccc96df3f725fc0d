// IKE SAs that begin without a Child SA (RFC 6023): for who wants the first Child SA to have a key
// exchange of its own, or a preshared key, or wants no Child SA yet.
//
//   HDR, SAi1, KEi, Ni  -->   <--  HDR, SAr1, KEr, Nr, N(CHILDLESS_IKEV2_SUPPORTED)
//   HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH}  -->   <--  HDR, SK {IDr, [CERT,] AUTH}
//   and then the Child SA in a CREATE_CHILD_SA
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using policy::Childless;
using wire::ExchangeType;
using wire::NotifyType;

struct ChildlessState {
  bool peer_supports = false;
};

//= rfc6023#3 "A supporting responder MUST include the Notify payload, described in Section 4, within
//= the IKE_SA_INIT response."
void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const bool refusal = wire::first<wire::SaPayload>(payloads) == nullptr;
  if (out.exchange != ExchangeType::ike_sa_init || !out.response || refusal ||
      sa.connection->childless == Childless::never)
    return;
  //= rfc6023#4 "Protocol ID (1 octet) MUST be 1, as this message is related to an IKEv2 SA."
  payloads.push_back(notify(NotifyType::childless_ikev2_supported, {}, wire::ProtocolId::ike));
}

void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange == ExchangeType::ike_sa_init && in.header.response &&
      find_notify(in.payloads, NotifyType::childless_ikev2_supported) != nullptr)
    sa.notes.of<ChildlessState>().peer_supports = true;
}

//= rfc6023#3 "The initiator MUST NOT send the modified IKE_AUTH request if the notification was not
//= present."
bool childless(const IkeSa& sa) {
  const Childless wish = sa.connection->childless;
  if (!sa.original_initiator) return wish != Childless::never;
  const auto* state = sa.notes.find<ChildlessState>();
  return (wish == Childless::prefer || wish == Childless::force) && state != nullptr &&
         state->peer_supports;
}

/// `force`: better no IKE SA than one whose first Child SA takes its keys from IKE_SA_INIT alone.
void keyed(IkeSa& sa, Instant now) {
  if (sa.connection->childless != Childless::force || childless(sa)) return;
  const Error why =
      Error{"E-AUTH-040", "the responder begins no IKE SA without a Child SA"}.see("RFC 6023, 3");
  sa.diagnose(why);
  sa.die(now, Trigger::auth_failed, why.message);
}

/// The same as responder.
Result<std::optional<std::vector<wire::Payload>>> judges(IkeSa& sa, const Inbound& in) {
  const bool asks_for_child = wire::first<wire::SaPayload>(in.payloads) != nullptr;
  if (!in.header.response && sa.connection->childless == Childless::force && asks_for_child)
    return Error{"E-AUTH-040", "the initiator asks for a Child SA in IKE_AUTH"}.see("RFC 6023, 3");
  return std::optional<std::vector<wire::Payload>>{};
}

}  // namespace

Extension childless_extension() {
  return {.name = "childless",
          .rfc = "RFC 6023",
          .add = add,
          .read = read,
          .childless = childless,
          .keyed = keyed,
          .judges = judges};
}

}  // namespace ikelab::ikev2
