// What both versions of IKE have in common when a capture is told: a message on its way, a choice
// among proposals, SAs that came and went. Both ends tell it: a watcher cannot see who knew what.
#pragma once
#include "protocol/policy/proposal.hpp"
#include "protocol/wire/decode.hpp"
#include "sim/open/observer.hpp"

namespace ikelab::open {

/// What is inside a message; of one in the clear, `payloads` are the outer ones.
struct Content {
  std::vector<wire::Payload> outside;  ///< of an encrypted message: what stands in the clear
  std::vector<wire::Payload> payloads;
  Bytes plain;
  wire::PayloadType first = wire::PayloadType::none;
  std::uint64_t fragment = 0, fragments = 0;
  bool encrypted = false, opened = false;
  std::vector<wire::Diagnostic> diagnostics;
};

/// Where a message stands.
struct Placed {
  std::string ike_sa;
  const wire::Header& header;
  bool response = false;      ///< said by who did not begin the exchange
  std::uint64_t attempt = 0;  ///< how often these octets were seen before
};

/// The message leaves, crosses the wire, arrives, and what is wrong with it.
void tell(Observer& observer, const Sighting& seen, const Placed& place, const Content& content);

/// What was offered and what was taken, by the number of the proposal; why, only the responder
/// knew.
void tell_choice(Observer& observer, const Sighting& seen, const std::string& ike_sa,
                 const std::vector<wire::Proposal>& offered, const wire::Proposal& chosen);

/// An IKE SA, at both ends; `body` says its algorithms and keys.
void tell_installed(Observer& observer, const Sighting& seen, const Placed& place,
                    bool from_initiator, trace::SaInstalled body);
void tell_deleted_ike(Observer& observer, const Sighting& seen, const std::string& ike_sa,
                      IkeSpi spi_i);
/// `spis`: those that the message's sender receives on (RFC 7296, 1.4.1; RFC 2408, 3.15).
void tell_deleted_esp(Observer& observer, const Sighting& seen, const std::string& ike_sa,
                      const std::vector<Bytes>& spis);

/// "10.1.0.0 to 10.1.0.255, protocol 6, ports 80 to 80"
std::string text_of(const wire::TrafficSelector& ts);

}  // namespace ikelab::open
