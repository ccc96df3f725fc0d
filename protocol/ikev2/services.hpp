// What an endpoint's IKE SAs share: configuration, crypto, named randomness, and the queues that
// poll_*() drains.
#pragma once
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <vector>

#include "protocol/ikev2/certificates.hpp"
#include "protocol/ikev2/decisions.hpp"
#include "protocol/ikev2/endpoint.hpp"
#include "protocol/ikev2/extension.hpp"
#include "protocol/keys/derivations.hpp"

namespace ikelab::ikev2 {

class IkeSa;

/// One stream a purpose, so that drawing more of one never changes another.
struct Streams {
  explicit Streams(crypto::RngSource& source);
  std::unique_ptr<crypto::Rng> ike_spi, esp_spi, nonce, ke, iv, sign, jitter, cookie, eap;
};

struct Services {
  Services(policy::EndpointConfig config_in, crypto::Provider& provider_in,
           std::unique_ptr<crypto::RngSource> rng_in, const Decisions& decisions_in);
  ~Services();

  policy::EndpointConfig config;
  Decisions decisions;
  crypto::Provider& provider;
  std::unique_ptr<crypto::RngSource> rng;
  Streams streams;
  Certificates certificates;
  // lists: an empty one costs nothing, and a thousand endpoints have empty ones
  std::list<trace::LocalEvent> events;
  std::list<esp::SadChange> sad;
  std::list<Datagram> transmits;
  std::vector<std::unique_ptr<IkeSa>>
      adopted;  ///< IKE SAs made by rekeying, for the endpoint to take over
  std::uint64_t datagrams = 0;
  unsigned sa_count = 0;
  /// An input is being handled: what tasks enqueue meanwhile begins after its answer went out.
  bool handling = false;
  std::set<std::uint64_t> touched;  ///< IKE SAs (our SPI) that changed since the endpoint looked
  std::vector<IkeSa*> waiting;      ///< IKE SAs that want to begin their next task then
  /// A new IKE SA with the same Child SAs begins, with the same peer or one at another address;
  /// when it is up, the old one goes, if it lives so long.
  std::function<IkeSa&(IkeSa& old, Instant, const IpAddress& peer)> begin_anew;
  Notes notes;  ///< what extensions remember beyond one IKE SA
  std::function<IkeSa*(IkeSpi)>
      find;  ///< an IKE SA by our own SPI; nullptr when there is none (any more)

  /// "gw-a#3": SAs are numbered in the order of their making.
  std::string next_sa_name();
  /// Whether somebody listens to events of this kind: what is dear to tell is told only then.
  template <class T>
  [[nodiscard]] bool tells() const {
    return config.events.test(trace::index_of<T>());
  }
  void event(std::string_view sa, trace::Body body) {
    if (config.events.test(body.index()))
      events.push_back({std::string(sa), std::move(body)});
  }
  /// For the steps of a key schedule.
  [[nodiscard]] keys::Derivations derivations() const {
    return keys::Derivations(config.disclose_secrets, tells<trace::KeyDerived>());
  }
  /// Queues octets for sending and returns the datagram's id.
  std::uint64_t transmit(const SocketAddress& src, const SocketAddress& dst, Bytes payload);
};

}  // namespace ikelab::ikev2
