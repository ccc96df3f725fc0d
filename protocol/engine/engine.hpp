// The IKE of one node: both versions behind one pair of sockets, told apart by the header's version
// (RFC 7296, 2.5). The contract is protocol/ikev2/endpoint.hpp's.
//
// Invariant: a node without a connection of IKEv1 has no IKEv1 engine, and all goes to IKEv2's.
#pragma once
#include "protocol/ikev1/endpoint.hpp"
#include "protocol/ikev2/endpoint.hpp"

namespace ikelab::engine {

class Engine {
 public:
  /// A source of randomness for each version, so that one does not change the other's octets.
  Engine(policy::EndpointConfig config, crypto::Provider& provider,
         std::unique_ptr<crypto::RngSource> rng, std::unique_ptr<crypto::RngSource> rng_of_v1,
         ikev2::Decisions decisions = {}, ikev1::Habits habits = {});
  ~Engine();

  void handle_datagram(Instant now, const ikev2::Datagram& datagram);
  void handle_timeout(Instant now);
  void handle_esp_source(EspSpi spi_in, const SocketAddress& src);
  void handle_esp_refusal(Instant now, const IpAddress& src, ByteView packet,
                          const std::string& code);
  Result<void> command(Instant now, const ikev2::Command& command);

  std::optional<trace::LocalEvent> poll_event();
  std::optional<esp::SadChange> poll_sad();
  std::optional<ikev2::Datagram> poll_transmit();
  [[nodiscard]] std::optional<Instant> poll_timeout() const;

  [[nodiscard]] std::vector<ikev2::IkeSaInfo> sas() const;
  [[nodiscard]] std::size_t half_open() const;

 private:
  ikev2::Endpoint v2_;
  std::unique_ptr<ikev1::Endpoint> v1_;  ///< null: nobody asked for it
};

}  // namespace ikelab::engine
