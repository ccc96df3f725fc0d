// The rounds of IKE_AUTH as values (RFC 7296, 2.16; RFC 4739): each side proves itself once or
// several times, every time as one policy::AuthConfig says. The two sides' rounds run beside each
// other; how many there are, both must mean alike.
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// Kept in IkeSa::notes by the extension that reads MULTIPLE_AUTH_SUPPORTED.
struct MultipleAuth {
  bool peer_supports = false;
};

/// One side's rounds, done one after another.
struct Rounds {
  std::vector<const policy::AuthConfig*> all;
  std::size_t done = 0;
  wire::IdPayload id;  ///< the latest identity of this side: what AUTH covers

  [[nodiscard]] bool complete() const { return done == all.size(); }
  [[nodiscard]] bool is_last() const { return done + 1 == all.size(); }
  [[nodiscard]] const policy::AuthConfig& current() const { return *all[done]; }
};

/// ANOTHER_AUTH_FOLLOWS, unless the round under way is the last one.
std::vector<wire::Payload> another_auth(const Rounds& own);

/// The last thing that take_round() (decisions.hpp) asks: the peer's ANOTHER_AUTH_FOLLOWS must be
/// what we expect. Errors: E-AUTH-015.
Result<void> check_announcement(const Rounds& peer, const std::vector<wire::Payload>& payloads);
/// The peer's ID payload in this message becomes its latest identity; false: there is none.
bool take_identity(const IkeSa& sa, Rounds& peer, const std::vector<wire::Payload>& payloads);

}  // namespace ikelab::ikev2
