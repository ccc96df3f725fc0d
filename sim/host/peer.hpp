// `ikelab peer`: the endpoint of one node of a scenario on real sockets, with a TUN device for its
// traffic and the real clock, driven by one epoll loop.
//
// Invariant: it binds only the addresses of its connections (or --listen), and sends only to their
// remote_addr, or where an authenticated peer has moved to. Invariant: randomness is the kernel's,
// never the scenario's seed.
#pragma once
#include <array>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "protocol/engine/engine.hpp"
#include "protocol/esp/esp.hpp"
#include "protocol/trace/journal.hpp"
#include "sim/host/address_watch.hpp"
#include "sim/host/socket.hpp"
#include "sim/host/tun.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::host {

/// The UDP ports that stand for 500 and 4500 (RFC 7296, 2; 3948, 2).
struct Ports {
  std::uint16_t ike = 500, nat = 4500;
};

struct PeerOptions {
  std::vector<ikev2::Initiate> initiate;  ///< begun at start, with those of `start_action: start`
  std::optional<IpAddress> listen;        ///< instead of every local_addr
  Ports ports, remote_ports;              ///< others than the well-known: for tests without root
  std::string tun = "ikelab%d";           ///< the device's name; "none": IKE only, no traffic
  std::uint32_t tun_mtu = 1400;           ///< octets
  bool udp_only = false;                  ///< no raw socket: ESP in UDP, or none
  bool commands = false;                  ///< read commands from stdin, a line each
  /// The trace tells of every packet of the tunnel, too. Else of IKE alone, and of that what those
  /// want who listened when the peer was opened.
  bool everything = true;
};

/// "initiate site net", "rekey-child net": the actions of a scenario's events. Errors: E-PEER-008.
Result<ikev2::Command> parse_command(const std::string& line);

class Peer {
 public:
  /// Binds and begins nothing. Errors: E-PEER-001 to E-PEER-007, E-HOST-*.
  static Result<std::unique_ptr<Peer>> open(const scenario::Scenario& scenario,
                                            const std::string& node, const PeerOptions& options,
                                            trace::Journal& journal);
  ~Peer();

  /// Begins what is to be begun. A refusal is a Diagnostic in the trace.
  void start();
  void command(const ikev2::Command& command);
  /// Waits for one input for at most `patience` and handles what came. Errors: E-HOST-*.
  Result<void> step(Duration patience);
  /// Steps until SIGTERM or SIGINT, then shut_down().
  Result<void> run();
  /// Deletes every IKE SA and waits for the answers, three seconds at most.
  Result<void> shut_down();
  [[nodiscard]] std::vector<ikev2::IkeSaInfo> sas() const;
  [[nodiscard]] std::string tun_name() const;  ///< "" without one

 private:
  Peer(const scenario::Scenario& scenario, const scenario::Node& node, const PeerOptions& options,
       trace::Journal& journal);
  Result<void> open_sockets(const scenario::Node& node);
  Result<void> bind(const IpAddress& address);
  Result<void> open_tun(const scenario::Node& node);
  Result<void> watch(int fd);
  Result<void> watch_addresses();
  [[nodiscard]] Instant now() const;
  void emit(trace::Body body);
  void drain();
  void grant_wishes();
  void apply(esp::SadChange change);
  void apply(const esp::InnerAddress& change);
  void transmit(const ikev2::Datagram& datagram);
  void on_udp(Socket& socket);
  void on_raw(Socket& socket);
  void on_ike(const SocketAddress& local, const SocketAddress& src, ByteView message);
  void on_esp(const SocketAddress& local, const SocketAddress& src, bool in_udp, ByteView packet);
  void on_tun();
  void tell_sealed(const esp::Sealed& sealed, ByteView inner);
  void send_sealed();
  void came_from(EspSpi spi, const SocketAddress& src);
  void on_commands();
  void on_addresses();
  void on_line(const std::string& line);
  void tell_sas();
  [[nodiscard]] bool may_send_to(const IpAddress& address) const;
  Socket* socket_at(SocketKind kind, const SocketAddress& local);
  std::uint64_t next_datagram() { return (1ULL << 32) + ++datagrams_; }

  PeerOptions options_;
  trace::Journal& journal_;
  policy::EndpointConfig config_;
  std::unique_ptr<crypto::Provider> provider_;
  std::unique_ptr<crypto::RngSource> random_;
  std::unique_ptr<crypto::Rng> esp_iv_;
  std::unique_ptr<engine::Engine> endpoint_;
  std::unique_ptr<esp::DataPath> data_path_;
  std::map<int, Socket> udp_, esp_;  ///< by descriptor
  std::optional<Tun> tun_;
  Inbox inbox_;
  /// Packets that were sealed and wait for the rest of their batch, in memory that is used again.
  std::array<esp::Sealed, Socket::send_batch> sealed_;
  std::array<std::uint64_t, Socket::send_batch> sealed_ids_{};
  std::size_t sealed_count_ = 0;
  esp::Opened opened_;
  std::pair<EspSpi, SocketAddress> came_from_;  ///< as the engine was told last
  Descriptor epoll_, signals_;
  std::optional<AddressWatch> addresses_;  ///< where a connection speaks MOBIKE
  OwnAddress own_address_;
  std::set<IpAddress> moved_to_;  ///< where authenticated peers went
  std::string typed_;             ///< of a command that is not whole yet
  std::int64_t started_ns_ = 0;   ///< of the system's clock
  std::uint64_t datagrams_ = 0;
  bool ending_ = false;
};

}  // namespace ikelab::host
