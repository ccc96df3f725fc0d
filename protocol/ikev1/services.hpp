// What the ISAKMP SAs of an endpoint share: configuration, crypto, named randomness, queues.
#pragma once
#include <deque>
#include <functional>

#include "protocol/ikev1/endpoint.hpp"
#include "protocol/ikev2/extension.hpp"

namespace ikelab::ikev1 {

/// One stream a purpose, so that drawing more of one never changes another.
struct Streams {
  explicit Streams(crypto::RngSource& source)
      : cookie(source.stream("ikev1-cookie")),
        message_id(source.stream("ikev1-message-id")),
        esp_spi(source.stream("ikev1-esp-spi")),
        nonce(source.stream("ikev1-nonce")),
        ke(source.stream("ikev1-ke")),
        rsa(source.stream("ikev1-rsa")) {}
  std::unique_ptr<crypto::Rng> cookie, message_id, esp_spi, nonce, ke, rsa;
};

class IsakmpSa;

struct Services {
  Services(policy::EndpointConfig config_in, crypto::Provider& provider_in,
           std::unique_ptr<crypto::RngSource> rng_in, Habits habits_in)
      : config(std::move(config_in)),
        provider(provider_in),
        rng(std::move(rng_in)),
        streams(*rng),
        habits(habits_in) {}

  policy::EndpointConfig config;
  crypto::Provider& provider;
  std::unique_ptr<crypto::RngSource> rng;
  Streams streams;
  Habits habits;
  std::deque<trace::LocalEvent> events;
  std::deque<esp::SadChange> sad;
  std::deque<Datagram> transmits;
  std::uint64_t datagrams = 0;
  unsigned sa_count = 0;
  ikev2::Notes notes;               ///< what several SAs share: leases
  std::vector<IkeSpi> replaced;     ///< our cookies of SAs that another one takes over from
  std::vector<IkeSpi> wants_rekey;  ///< our cookies of SAs whose time has come
  /// Another established SA of the same connection, or nullptr.
  std::function<IsakmpSa*(const IsakmpSa&)> successor;

  void event(std::string sa, trace::Body body) {
    if (config.events.test(body.index())) events.push_back({std::move(sa), std::move(body)});
  }
  std::uint64_t transmit(const SocketAddress& src, const SocketAddress& dst, Bytes payload) {
    // IKEv1's datagrams count apart from IKEv2's of the same node.
    const std::uint64_t id = config.datagram_id_base + (1ULL << 30) + ++datagrams;
    transmits.push_back(Datagram{id, src, dst, std::move(payload)});
    return id;
  }
  void diagnose(const std::string& sa, const Error& error, std::uint64_t datagram = 0,
                const char* severity = "error") {
    const std::uint64_t at = error.offset.value_or(0);
    event(sa, trace::Diagnostic{severity, error.code, error.message, error.rfc, datagram, at, at});
  }
};

}  // namespace ikelab::ikev1
