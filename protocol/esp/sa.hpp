// ESP security associations as values: what IKE installs (RFC 4301, 4.4.2; RFC 4303).
#pragma once
#include <optional>
#include <string>
#include <variant>

#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/base/time.hpp"
#include "protocol/policy/connection.hpp"

namespace ikelab::esp {

/// The outer UDP ports of an SA whose packets are encapsulated (RFC 3948, 2.1).
struct UdpPorts {
  std::uint16_t src = 4500, dst = 4500;
  auto operator<=>(const UdpPorts&) const = default;
};

/// When an SA is to be replaced, and when it ends; 0: never.
struct Limits {
  std::uint64_t soft_bytes = 0, hard_bytes = 0, soft_packets = 0, hard_packets = 0;
  [[nodiscard]] bool any() const {
    return soft_bytes || hard_bytes || soft_packets || hard_packets;
  }
};

/// Between whom a transport mode packet goes in its sender's eyes, where NATs stand between: TCP's
/// and UDP's checksums cover these addresses (RFC 3948, 2.1.1: "the peer's real source and
/// destination IP addresses").
struct RealAddresses {
  IpAddress src, dst;
};

/// One direction. `src`/`dst` are the outer tunnel addresses; ts_src/ts_dst select the inner
/// traffic in that direction.
struct SaParameters {
  EspSpi spi;
  IpAddress src, dst;
  std::optional<UdpPorts> udp;  ///< nothing: IP protocol 50
  policy::Suite suite;
  Secret encryption_key;  ///< key | salt (AEAD, RFC 4106 8.1)
  Secret integrity_key;   ///< empty with AEAD
  std::vector<wire::TrafficSelector> ts_src, ts_dst;
  std::uint32_t replay_window = 64;   ///< inbound; 0: off
  std::string child;                  ///< the configured child's name
  std::string ike_sa;                 ///< the IKE SA's local name
  bool transport = false;             ///< mode (RFC 4301, 4.1)
  std::optional<RealAddresses> real;  ///< inbound, transport mode across a NAT
  EspSpi pair;                     ///< outbound: the inbound SPI of the same Child SA; 0: unknown
  std::uint32_t tfc_padding = 0;   ///< outbound, tunnel mode: ChildConfig's
  policy::ChildConfig::Copy copy;  ///< tunnel mode
  Limits limits;
  std::uint64_t last_sequence =
      0;  ///< outbound: numbers used so far; a new SA's first packet bears 1 (RFC 4303, 3.3.3)
};

/// What poll_sad() hands out: changes to the node's SAD and SPD, in order.
struct InstallSa {
  bool inbound = false;
  SaParameters sa;
};
struct RemoveSa {
  bool inbound = false;
  EspSpi spi;
  EspSpi pair = {};         ///< as SaParameters's
  bool superseded = false;  ///< by a rekey: what is on its way is still opened, for a while
};
/// The SA lives on between other addresses; an outbound one sends its next packet there.
struct MoveSa {
  bool inbound = false;
  EspSpi spi;
  IpAddress src, dst;
  std::optional<UdpPorts> udp;
  EspSpi pair = {};  ///< as SaParameters's
};
/// The peer gave us this inner address, or it is ours no more (RFC 7296, 2.19): the host's to set.
struct InnerAddress {
  bool ours = false;
  IpAddress address;
};
using SadChange = std::variant<InstallSa, RemoveSa, MoveSa, InnerAddress>;

}  // namespace ikelab::esp
