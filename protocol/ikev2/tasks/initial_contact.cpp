// INITIAL_CONTACT, and what becomes of other IKE SAs with the same peer (RFC 7296, 2.4; swanctl's
// `unique`).
//
//   HDR, SK {IDi, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr}  -->
#include <map>
#include <set>

#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

using policy::Unique;
using wire::NotifyType;

/// Which IKE SAs there are between two identities: ours, that of the peer.
struct Contacts {
  using Pair = std::pair<std::string, std::string>;
  std::map<Pair, std::set<std::uint64_t>> sas;  ///< by our own SPI
};

struct ContactState {
  bool initial = false;  ///< the peer says that it has no other IKE SA with us
};

Contacts::Pair identities(const IkeSa& sa) {
  return {sa.connection->local.id.to_string(), sa.peer_identity};
}

void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange == wire::ExchangeType::ike_auth &&
      find_notify(in.payloads, NotifyType::initial_contact) != nullptr)
    sa.notes.of<ContactState>().initial = true;
}

//= rfc7296#2.4 "The INITIAL_CONTACT notification asserts that this IKE SA is the only IKE SA
//= currently active between the authenticated identities."
void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const Unique unique = sa.connection->unique;
  if (out.exchange != wire::ExchangeType::ike_auth || out.response ||
      wire::first<wire::IdPayload>(payloads) == nullptr || sa.replaces.value != 0 ||
      (unique != Unique::keep && unique != Unique::replace))
    return;
  const auto& all = sa.services.notes.of<Contacts>().sas;
  const auto others =
      all.find({sa.connection->local.id.to_string(), sa.connection->remote.id.to_string()});
  //= rfc7296#2.4 "The INITIAL_CONTACT notification, if sent, MUST be in the first IKE_AUTH request
  //= or response, not as a separate exchange afterwards"
  if (others == all.end() || others->second.empty())
    payloads.push_back(notify(NotifyType::initial_contact));
}

/// The SA is the newest between these two: what becomes of the others.
void settle(IkeSa& sa, Instant now, const std::set<std::uint64_t>& others) {
  const bool initial = sa.notes.of<ContactState>().initial;
  const Unique unique = sa.connection->unique;
  for (const std::uint64_t spi : others) {
    IkeSa* other = sa.services.find(IkeSpi{spi});
    if (other == nullptr || other == &sa || other->state() != State::established ||
        sa.replaces.value == spi)
      continue;
    //= rfc7296#2.4 "the recipient MAY use this information to delete any other IKE SAs it has to the
    //= same authenticated identity without waiting for a timeout."
    if (initial && unique != Unique::never)
      other->die(now, Trigger::delete_received, "the peer began anew: INITIAL_CONTACT");
    else if (unique == Unique::replace)
      other->enqueue(now, make_ike_delete());
    else if (unique == Unique::keep)
      return sa.enqueue(now, make_ike_delete());
  }
}

void established(IkeSa& sa, Instant now) {
  auto& mine = sa.services.notes.of<Contacts>().sas[identities(sa)];
  const std::set<std::uint64_t> others = mine;
  mine.insert(sa.local_spi().value);
  if (!sa.by_rekey) settle(sa, now, others);
}

void ended(IkeSa& sa) {
  auto& all = sa.services.notes.of<Contacts>().sas;
  const auto at = all.find(identities(sa));
  if (at == all.end()) return;
  at->second.erase(sa.local_spi().value);
  if (at->second.empty()) all.erase(at);
}

}  // namespace

Extension initial_contact_extension() {
  return {.name = "initial_contact",
          .rfc = "RFC 7296, 2.4",
          .add = add,
          .read = read,
          .established = established,
          .ended = ended};
}

}  // namespace ikelab::ikev2
