// What a UDP datagram on port 4500 holds: IKE behind a marker of four zero octets, ESP (whose SPI
// is never zero), or a keepalive for the NATs on the way (RFC 3948, 2; RFC 7296, 2.23).
//
//   port 500     UDP | IKE header ...
//   port 4500    UDP | 0 0 0 0 | IKE header ...          non-ESP marker (RFC 3948, 2.2)
//                UDP | SPI | Sequence Number | ...       UDP-encapsulated ESP (2.1)
//                UDP | 0xff                              NAT-keepalive (2.3)
//
// The engine's datagrams never bear the marker: a host takes it off and puts it on with these
// functions, by its own port.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab::wire {

inline constexpr std::uint16_t ike_port = 500;
inline constexpr std::uint16_t udp_encapsulation_port = 4500;
inline constexpr std::size_t non_esp_marker_octets = 4;
inline constexpr std::uint8_t nat_keepalive_octet = 0xff;

enum class UdpContent {
  ike,
  esp,
  keepalive,
  nothing  ///< too short for any of them: to be dropped
};
/// Judges the payload of a datagram that came to port 4500. Total: every input has an answer.
UdpContent classify_on_4500(ByteView payload);
/// The one octet 0xff.
bool is_nat_keepalive(ByteView payload);
/// The IKE message of a payload that is classified as `ike`.
ByteView without_marker(ByteView payload);
/// What goes into the UDP datagram for `payload` as the engine hands it out: the marker and the
/// message on port 4500, the payload itself on every other port and for keepalives.
Bytes udp_payload(std::uint16_t local_port, ByteView payload);

}  // namespace ikelab::wire
