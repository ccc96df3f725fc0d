// The IKEv1 engine of one node (RFC 2407 to 2409; historic, RFC 9395): main and aggressive mode
// with pre-shared keys and RSA signatures, main mode with RSA-encrypted nonces, quick mode,
// informational exchanges, DPD (RFC 3706), NAT traversal (RFC 3947). The same contract as IKEv2's
// (protocol/ikev2/endpoint.hpp), whose datagrams, commands and rows these are.
#pragma once
#include "protocol/ikev2/endpoint.hpp"

namespace ikelab::ikev1 {

using ikev2::Command;
using ikev2::Datagram;
using ikev2::IkeSaInfo;

/// Ways in which implementations were wrong. None is on unless somebody says so.
struct Habits {
  /// The responder repeats its first answer to an unproven initiator, unasked (CVE-2016-5361).
  bool repeats_to_anybody = false;
  /// A nonce that does not decrypt ends the exchange, one that does goes on: an oracle
  /// (CVE-2018-0131).
  bool tells_bad_padding = false;
};

class Endpoint {
 public:
  /// Takes the connections of version 1; the provider must outlive it.
  Endpoint(policy::EndpointConfig config, crypto::Provider& provider,
           std::unique_ptr<crypto::RngSource> rng, Habits habits = {});
  ~Endpoint();

  void handle_datagram(Instant now, const Datagram& datagram);
  void handle_timeout(Instant now);
  /// A NAT made a new mapping for an ESP packet that was authentic (RFC 3948, 3.2 is silent on it).
  void handle_esp_source(EspSpi spi_in, const SocketAddress& src);
  /// Errors: E-CMD-001 no such connection, child or SA; E-CMD-002 not possible in this state.
  Result<void> command(Instant now, const Command& command);

  std::optional<trace::LocalEvent> poll_event();
  std::optional<esp::SadChange> poll_sad();
  std::optional<Datagram> poll_transmit();
  [[nodiscard]] std::optional<Instant> poll_timeout() const;

  [[nodiscard]] std::vector<IkeSaInfo> sas() const;
  [[nodiscard]] std::size_t half_open() const;
  [[nodiscard]] bool has_connection(const std::string& name) const;
  [[nodiscard]] bool has_sa(const std::string& name) const;
  [[nodiscard]] bool has_child(const std::string& child) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ikelab::ikev1
