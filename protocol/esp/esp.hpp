// The ESP data path of one node (RFC 4303, tunnel mode): SPD look-up, sealing, opening,
// anti-replay. Sans I/O.
#pragma once
#include <map>
#include <memory>
#include <optional>

#include "protocol/crypto/provider.hpp"
#include "protocol/esp/sa.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::esp {

struct Sealed {
  IpAddress src, dst;  ///< outer addresses
  Bytes packet;  ///< SPI | sequence | IV | ciphertext | ICV: what follows the IP header, or with
                 ///< `udp` the UDP header; UDP-encapsulated ESP bears no marker (RFC 3948, 2.1)
  EspSpi spi;
  std::uint32_t sequence = 0;
  std::optional<UdpPorts> udp;  ///< the host sends IP protocol 50 without, a UDP datagram with it
};
struct Opened {
  Bytes inner;  ///< the inner IP packet
  EspSpi spi;
  std::uint32_t sequence = 0;
  std::string child;
};

/// What the SPD says of a packet (RFC 4301, 4.4.1).
enum class Verdict { bypass, protect, discard };

class DataPath {
 public:
  DataPath(crypto::Provider& provider, crypto::Rng& rng);
  ~DataPath();

  void apply(SadChange change);
  /// Policies that demand protection even while no SA exists (traps): matching packets are
  /// `discard` until an SA is installed.
  void require(std::vector<wire::TrafficSelector> local_ts,
               std::vector<wire::TrafficSelector> remote_ts);

  /// For a packet about to leave towards the outside.
  [[nodiscard]] Verdict lookup(ByteView inner_ip_packet) const;
  /// Seals with the newest matching outbound SA. Errors: E-ESP-NO-SA, E-ESP-SEQ (counter exhausted,
  /// RFC 4303 3.3.3).
  Result<Sealed> seal(ByteView inner_ip_packet);
  /// The same into `sealed`, whose memory is used again: no allocation per packet.
  Result<void> seal(ByteView inner_ip_packet, Sealed& sealed);
  /// Opens a packet that came as IP protocol 50 or in UDP, which is one to the SA (RFC 7296, 2.23).
  /// Checks ICV, replay window, padding and inbound policy, in the RFC's order
  /// (4303, 3.4). Errors: E-ESP-NO-SA, E-ESP-SHORT, E-ESP-REPLAY, E-ESP-ICV, E-ESP-PAD,
  /// E-ESP-POLICY, E-ESP-DUMMY (RFC 4303, 2.6: to be discarded, no fault).
  Result<Opened> open(ByteView esp_packet);
  /// The same into `opened`, whose memory is used again; after an error it holds nothing of use.
  Result<void> open(ByteView esp_packet, Opened& opened);
  /// An inbound packet in the clear that policy says must be protected is `discard` (RFC
  /// 4301, 5.2).
  [[nodiscard]] Verdict inbound_clear(ByteView ip_packet) const;
  [[nodiscard]] std::size_t size() const;  ///< SAs, both directions

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "ICMP echo request 10.1.0.10 > 10.2.0.10", "TCP 10.1.0.10:49153 > 10.2.0.10:80 [ACK] 1400
/// octets".
std::string summarize_packet(ByteView ip_packet);

}  // namespace ikelab::esp
