// MULTIPLE_AUTH_SUPPORTED: that we can go through several rounds of authentication (RFC 4739, 2.1).
// It is said where a connection wants more than one. The rounds themselves are IKE_AUTH's.
#include <algorithm>

#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

bool has_several(const policy::ConnectionConfig& connection) {
  return !connection.more_local.empty() || !connection.more_remote.empty();
}

/// The responder does not know yet which connection it will be.
bool wanted(const IkeSa& sa) {
  const auto& all = sa.services.config.connections;
  return sa.original_initiator ? has_several(*sa.connection)
                               : std::any_of(all.begin(), all.end(), has_several);
}

//= rfc4739#2.1 "The peers announce support for this IKEv2 extension by including a
//= MULTIPLE_AUTH_SUPPORTED notification in the IKE_SA_INIT response (responder) and the first
//= IKE_AUTH request (initiator)."
void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const bool due = out.exchange == wire::ExchangeType::ike_sa_init ? out.response
                   : out.exchange == wire::ExchangeType::ike_auth  ? !out.response
                                                                   : false;
  if (!due || wire::first<wire::SaPayload>(payloads) == nullptr || !wanted(sa)) return;
  payloads.push_back(notify(NotifyType::multiple_auth_supported));
}

void read(IkeSa& sa, const Inbound& in) {
  if (find_notify(in.payloads, NotifyType::multiple_auth_supported) != nullptr)
    sa.notes.of<MultipleAuth>().peer_supports = true;
}

}  // namespace

Extension multiple_auth_extension() {
  return {.name = "multiple_auth", .rfc = "RFC 4739", .add = add, .read = read};
}

}  // namespace ikelab::ikev2
