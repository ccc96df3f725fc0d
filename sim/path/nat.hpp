// A NAT box (RFC 4787 for UDP, RFC 5382 for TCP, RFC 5508 for ICMP): which outside port stands for
// which host inside, who outside may use it, and for how long. Computation only; the network hands
// it packets and the time.
//
//   inside 192.168.1.7:500 --> remote 198.51.100.1:500
//          becomes  203.0.113.5:1024 --> 198.51.100.1:500       a mapping, by the first packet out
//
// Invariant: an outside port stands for at most one mapping; there are never more mappings than
// outside ports, nor more remembered fragments than their bound.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "protocol/base/time.hpp"
#include "protocol/trace/event.hpp"
#include "sim/path/packet.hpp"

namespace ikelab::path {

/// What a mapping (4.1) or a filter (5) looks at besides the inside host and port.
enum class Dependence { endpoint_independent, address_dependent, address_and_port_dependent };

struct NatConfig {
  std::vector<std::string> inside;  ///< links; every other one is outside
  Dependence mapping = Dependence::endpoint_independent;
  Dependence filtering = Dependence::address_and_port_dependent;
  Duration udp_timeout{120s};   ///< RFC 4787, REQ-5: not below two minutes; many boxes are
  Duration tcp_timeout{7440s};  ///< RFC 5382, REQ-5
  Duration icmp_timeout{60s};   ///< RFC 5508, REQ-1
  std::uint16_t first_port = 1024, last_port = 65535;
  bool preserve_ports = true;  ///< the inside port where it is free
  bool hairpin = true;         ///< insiders reach each other by outside addresses (RFC 4787, 6)
  /// Outside ports that always lead to a host inside, whoever sends: a server behind the box.
  struct Forward {
    std::uint8_t protocol = ip_udp;
    std::uint16_t port = 0;
    IpAddress to;
  };
  std::vector<Forward> forwards;
  bool esp_passthrough = false;  ///< protocol 50 by addresses alone; else it cannot be translated
};

class Nat {
 public:
  explicit Nat(NatConfig config) : config_(std::move(config)) {}

  /// What becomes of a packet: empty, it was rewritten; else why it is dropped.
  using Refusal = std::string;
  /// From inside to a remote; `own` is the address of the interface it will leave through.
  Refusal outbound(Instant now, Bytes& packet, const IpAddress& own);
  /// To `own` from outside. `ours`: it is for the box itself, and stays as it is.
  Refusal inbound(Instant now, Bytes& packet);
  /// From inside to the box's own outside address: out and in again.
  Refusal hairpin(Instant now, Bytes& packet, const IpAddress& own);
  /// The box restarts: mappings are gone, and the next ones get other ports.
  void rebind(Instant now);

  [[nodiscard]] std::size_t size() const { return by_inside_.size(); }
  /// What happened to mappings since it was last asked, for the trace.
  std::vector<trace::NatMapping> poll_changes() { return std::exchange(changes_, {}); }

 private:
  /// Who talks: inside host and port, and of the remote what the mapping depends on.
  struct Key {
    std::uint8_t protocol = 0;
    SocketAddress inside, remote;
    auto operator<=>(const Key&) const = default;
  };
  struct Mapping {
    SocketAddress outside;
    Instant used;
    std::set<SocketAddress> remotes;  ///< whom it has sent to; of each what the filter asks
  };
  using Port = std::pair<std::uint8_t, std::uint16_t>;  ///< protocol, outside port
  struct Fragment {
    IpAddress src, dst;
    std::uint16_t id = 0;
    std::uint8_t protocol = 0;
    IpAddress to;  ///< what the rewritten address became
    bool out = false;
  };

  [[nodiscard]] Duration timeout(std::uint8_t protocol) const;
  void expire(Instant now);
  void note(const char* action, const Key& key, const SocketAddress& outside, std::string reason);
  std::optional<std::uint16_t> free_port(std::uint8_t protocol, std::uint16_t wanted);
  const Fragment* fragment_of(const View& view, bool out) const;
  void remember_fragment(const View& view, const IpAddress& to, bool out);
  Refusal error_inbound(Bytes& packet);
  const NatConfig::Forward* forward_of(std::uint8_t protocol, std::uint16_t port) const;
  const NatConfig::Forward* forward_from(const View& view) const;

  NatConfig config_;
  std::map<Key, Mapping> by_inside_;
  std::map<Port, Key> by_outside_;
  std::deque<Fragment> fragments_;
  std::uint32_t next_port_ = 0;
  bool renumber_ = false;
  Instant next_sweep_;
  std::vector<trace::NatMapping> changes_;
};

}  // namespace ikelab::path
