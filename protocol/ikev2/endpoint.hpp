// The IKEv2 engine of one node: sans I/O, deterministic, single-threaded (RFC 7296).
//
//   handle_datagram / handle_timeout / command, and after each of them drain, in this order:
//   poll_event()  poll_sad()  poll_transmit()  poll_timeout()
//
// Invariant: the same inputs with the same times and the same RngSource give the same outputs to
// the byte. Invariant: no input, however malformed or hostile, makes it crash, loop, or grow beyond
// protocol/base/bounds.hpp.
#pragma once
#include <memory>
#include <optional>

#include "protocol/crypto/provider.hpp"
#include "protocol/esp/sa.hpp"
#include "protocol/ikev2/decisions.hpp"
#include "protocol/policy/connection.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::ikev2 {

/// A UDP datagram with IKE in it, on port 4500 without the non-ESP marker, which is the host's to
/// take off and put on; or a NAT-keepalive (wire/udp_encapsulation.hpp). `id` names it in the
/// trace.
struct Datagram {
  std::uint64_t id = 0;
  SocketAddress src, dst;
  Bytes payload;
};

/// What a person or a script asks of the engine. `connection`, `child` are configured names;
/// `ike_sa` a local name ("gw-a#1"), empty for "the only one or the newest".
struct Initiate {
  std::string connection, child;
  std::optional<policy::Flow> packet = {};  ///< that wants the Child SA (RFC 7296, 2.9)
};
struct RekeyIke {
  std::string ike_sa;
};
/// `spi_in`: this one of several, in whatever state, by its inbound SPI.
struct RekeyChild {
  std::string child;
  EspSpi spi_in = {};
};
struct DeleteIke {
  std::string ike_sa;
};
struct DeleteChild {
  std::string child;
  EspSpi spi_in = {};
};
/// The data path says that a Child SA carried all it may (life_bytes, life_packets).
struct ExpireChild {
  EspSpi spi_in;
};
/// Our address is another from now on: MOBIKE tells the peers (RFC 4555, 3.5).
struct MoveTo {
  IpAddress address;
  std::string ike_sa = {};
};
struct CheckLiveness {
  std::string ike_sa;
};
/// Clients are to go to another gateway: those that said they would, each with its IKE SA (RFC
/// 5685, 5).
struct RedirectTo {
  IpAddress gateway;
  std::string ike_sa = {};  ///< this one alone
};
using Command = std::variant<Initiate, RekeyIke, RekeyChild, DeleteIke, DeleteChild, CheckLiveness,
                             ExpireChild, MoveTo, RedirectTo>;

/// A row for tests and status displays.
struct IkeSaInfo {
  std::string name, connection, state;  ///< state: the RFC-near word of the state table
  bool original_initiator = false;
  IkeSpi spi_i, spi_r;
  struct Child {
    std::string name, state;
    EspSpi spi_in, spi_out;
    std::vector<wire::TrafficSelector> local_ts, remote_ts;
  };
  std::vector<Child> children;
};

/// How often a path of certificates was validated, and how often one validated before was believed.
struct CertificateCounts {
  std::uint64_t checked = 0, remembered = 0;
};

class Endpoint {
 public:
  /// The provider must outlive the endpoint. Configuration is taken as checked (sim/scenario or the
  /// caller does that).
  Endpoint(policy::EndpointConfig config, crypto::Provider& provider,
           std::unique_ptr<crypto::RngSource> rng, const Decisions& decisions = {});
  ~Endpoint();

  void handle_datagram(Instant now, const Datagram& datagram);
  void handle_timeout(Instant now);
  /// For an ESP packet in UDP that DataPath::open accepted and that came from another address or
  /// port than its SA says: a NAT made a new mapping, and MoveSa may follow (RFC 7296, 2.23).
  void handle_esp_source(EspSpi spi_in, const SocketAddress& src);
  /// For an ESP packet that DataPath::open refused, with the code: where the connection wants it
  /// (esp_notices), the peer that it came from hears of INVALID_SPI or INVALID_SELECTORS, once a
  /// minute at most.
  void handle_esp_refusal(Instant now, const IpAddress& src, ByteView packet,
                          const std::string& code);
  /// Errors: E-CMD-001 no such connection, child or SA; E-CMD-002 not possible in this state.
  Result<void> command(Instant now, const Command& command);

  std::optional<trace::LocalEvent> poll_event();
  std::optional<esp::SadChange> poll_sad();
  std::optional<Datagram> poll_transmit();
  [[nodiscard]] std::optional<Instant> poll_timeout() const;

  [[nodiscard]] std::vector<IkeSaInfo> sas() const;
  [[nodiscard]] std::size_t half_open() const;
  [[nodiscard]] CertificateCounts certificate_counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ikelab::ikev2
