#include "protocol/wire/udp_encapsulation.hpp"

#include <algorithm>

#include "protocol/base/result.hpp"

namespace ikelab::wire {

bool is_nat_keepalive(ByteView payload) {
  return payload.size() == 1 && payload[0] == nat_keepalive_octet;
}

UdpContent classify_on_4500(ByteView payload) {
  if (is_nat_keepalive(payload)) return UdpContent::keepalive;
  if (payload.size() < non_esp_marker_octets) return UdpContent::nothing;
  //= rfc7296#2.23 "Since the first four octets of the ESP header contain the SPI, and the SPI
  //= cannot validly be zero, it is always possible to distinguish ESP and IKE messages."
  const ByteView head = payload.first(non_esp_marker_octets);
  const bool marker = std::all_of(head.begin(), head.end(), [](auto octet) { return octet == 0; });
  return marker ? UdpContent::ike : UdpContent::esp;
}

ByteView without_marker(ByteView payload) {
  IKELAB_ASSERT(classify_on_4500(payload) == UdpContent::ike);
  return payload.subspan(non_esp_marker_octets);
}

//= rfc7296#2.23 "To tunnel IKE packets over UDP port 4500, the IKE header has four octets of zeros
//= prepended and the result immediately follows the UDP header."
Bytes udp_payload(std::uint16_t local_port, ByteView payload) {
  if (local_port != udp_encapsulation_port || is_nat_keepalive(payload)) return to_bytes(payload);
  return concat({Bytes(non_esp_marker_octets), payload});
}

}  // namespace ikelab::wire
