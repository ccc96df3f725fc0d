// The ESP data path of one node (RFC 4301, 4303): SPD look-up, sealing, opening, anti-replay, in
// tunnel and transport mode. Sans I/O.
#pragma once
#include <map>
#include <memory>
#include <optional>

#include "protocol/crypto/provider.hpp"
#include "protocol/esp/sa.hpp"
#include "protocol/esp/spd.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::esp {

struct Sealed {
  IpAddress src, dst;  ///< outer addresses
  Bytes packet;  ///< SPI | sequence | IV | ciphertext | ICV: what follows the IP header, or with
                 ///< `udp` the UDP header; UDP-encapsulated ESP bears no marker (RFC 3948, 2.1)
  EspSpi spi;
  std::uint32_t sequence = 0;
  std::optional<UdpPorts> udp;  ///< the host sends IP protocol 50 without, a UDP datagram with it
  Bytes header;  ///< the outer IP header for protocol 50, of a transport mode packet its own
  std::uint8_t traffic_class = 0;  ///< as in `header`, for hosts that make one themselves
  bool dont_fragment = false;      ///< likewise; without it the host may fragment (RFC 4303, 3.3.4)
};
struct Opened {
  Bytes inner;  ///< the inner IP packet; of transport mode the packet as it was before
  EspSpi spi;
  std::uint32_t sequence = 0;
  std::string child;
};

/// What the SPD says of a packet (RFC 4301, 4.4.1).
enum class Verdict { bypass, protect, discard };

/// What the data path wants of IKE.
struct Wish {
  enum class Kind { acquire, rekey, expire } kind = Kind::acquire;
  std::string connection, child;
  EspSpi spi_in;  ///< rekey, expire: the Child SA, by its inbound SPI
  std::string reason;
  std::optional<policy::Flow> packet = {};  ///< acquire: that waits for it
};

/// How long a wish for an SA is not repeated: Linux's xfrm_acq_expires.
inline constexpr Duration acquire_time = 30s;
/// How long an inbound SA that a rekey replaced opens what the network had delayed: strongSwan's
/// delete_rekeyed_delay.
inline constexpr Duration overlap_time = 5s;
/// How long a learned path MTU is believed (RFC 1191, 6.3).
inline constexpr Duration path_mtu_time = 600s;

class DataPath {
 public:
  DataPath(crypto::Provider& provider, crypto::Rng& rng);
  ~DataPath();

  void apply(SadChange change);
  /// The time of what follows; the data path has no clock.
  void set_now(Instant now);
  /// The most octets an outer packet may have on the first link; 0 (the default): not known.
  void set_link_mtu(std::uint32_t octets);
  void add_policy(Policy policy);
  /// A policy that demands protection by whatever SA fits: matching packets are `discard` until one
  /// is installed.
  void require(std::vector<wire::TrafficSelector> local_ts,
               std::vector<wire::TrafficSelector> remote_ts);

  /// For a packet about to leave towards the outside.
  [[nodiscard]] Verdict lookup(ByteView inner_ip_packet) const;
  /// Seals with the newest matching outbound SA. Errors: E-ESP-NO-SA (IKE may have been asked,
  /// poll_wish), E-ESP-DISCARD (policy), E-ESP-TOO-BIG (may not be fragmented; see mtu_for),
  /// E-ESP-FRAGMENT (in transport mode), E-ESP-SEQ (counter exhausted, RFC 4303 3.3.3).
  Result<Sealed> seal(ByteView inner_ip_packet);
  /// The same into `sealed`, whose memory is used again: no allocation per packet.
  Result<void> seal(ByteView inner_ip_packet, Sealed& sealed);
  /// A dummy packet of `octets` random octets on the newest outbound SA of `child` (RFC 4303, 2.6).
  /// Errors: E-ESP-NO-SA, E-ESP-SEQ.
  Result<Sealed> dummy(const std::string& child, std::size_t octets);

  /// Opens a packet that came as IP protocol 50 or in UDP, which is one to the SA (RFC 7296, 2.23).
  /// `outer_header` is the IP header before it: transport mode needs it, and congestion marks.
  /// Checks ICV, replay window, padding and inbound policy, in the RFC's order
  /// (4303, 3.4). Errors: E-ESP-NO-SA, E-ESP-SHORT, E-ESP-FRAGMENT, E-ESP-REPLAY, E-ESP-ICV,
  /// E-ESP-PAD, E-ESP-POLICY, E-ESP-ECN, E-ESP-DUMMY (RFC 4303, 2.6: to be discarded, no fault).
  Result<Opened> open(ByteView esp_packet, ByteView outer_header = {});
  /// The same into `opened`, whose memory is used again; after an error it holds nothing of use.
  Result<void> open(ByteView esp_packet, ByteView outer_header, Opened& opened);
  /// An inbound packet in the clear that policy says must be protected is `discard` (RFC
  /// 4301, 5.2).
  [[nodiscard]] Verdict inbound_clear(ByteView ip_packet) const;

  /// The most octets that `inner_ip_packet` might have had; 0: no limit is known. What a host
  /// answers when E-ESP-TOO-BIG is said (RFC 4301, 8.2.1; packet_too_big in outer.hpp).
  [[nodiscard]] std::uint32_t mtu_for(ByteView inner_ip_packet) const;
  /// An ICMP message that a router sent about an ESP packet of ours: the SA it quotes takes the
  /// path MTU, if it quotes a packet that was sent lately (RFC 4301, 8.2). False: it was no such.
  bool handle_icmp(ByteView icmp_message, bool v6);

  std::optional<Wish> poll_wish();
  [[nodiscard]] std::size_t size() const;  ///< SAs, both directions

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// "ICMP echo request 10.1.0.10 > 10.2.0.10", "TCP 10.1.0.10:49153 > 10.2.0.10:80 [ACK] 1400
/// octets".
std::string summarize_packet(ByteView ip_packet);

}  // namespace ikelab::esp
