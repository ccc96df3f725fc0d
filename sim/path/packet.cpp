#include "sim/path/packet.hpp"

#include "protocol/esp/outer.hpp"

namespace ikelab::path {
namespace {

constexpr std::size_t least_header = 20, icmp_header = 8;

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}
void put_u16(std::span<std::uint8_t> octets, std::size_t at, std::uint16_t value) {
  octets[at] = static_cast<std::uint8_t>(value >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(value);
}

/// RFC 1624, 3: HC' = ~(~HC + ~m + m').
std::uint16_t updated(std::uint16_t checksum, ByteView before, ByteView after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  for (std::size_t i = 0; i + 1 < before.size(); i += 2) {
    sum += static_cast<std::uint16_t>(~u16(before, i));
    sum += u16(after, i);
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

/// Where the checksum of the upper layer stands, from the IP header's end.
std::optional<std::size_t> checksum_at(std::uint8_t protocol) {
  if (protocol == ip_udp) return 6;
  if (protocol == ip_tcp) return 16;
  return std::nullopt;  // ICMP has no pseudo header
}

bool is_query(std::uint8_t type) {
  return type == 0 || type == 8;
}

}  // namespace

std::optional<View> look(ByteView packet) {
  if (packet.size() < least_header || packet[0] >> 4 != 4) return std::nullopt;
  View v;
  v.header = (packet[0] & 15U) * 4U;
  if (v.header < least_header || packet.size() < v.header) return std::nullopt;
  v.src = IpAddress::from_octets(packet.subspan(12, 4)).value();
  v.dst = IpAddress::from_octets(packet.subspan(16, 4)).value();
  v.protocol = packet[9];
  v.id = u16(packet, 4);
  const std::uint16_t fragment = u16(packet, 6);
  v.dont_fragment = (fragment & 0x4000) != 0;
  v.more_fragments = (fragment & 0x2000) != 0;
  v.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
  const ByteView upper = packet.subspan(v.header);
  if (v.later_fragment()) return v;
  if ((v.protocol == ip_udp || v.protocol == ip_tcp) && upper.size() >= 4) {
    v.src_port = u16(upper, 0);
    v.dst_port = u16(upper, 2);
  } else if (v.protocol == ip_icmp && upper.size() >= icmp_header) {
    v.icmp_type = upper[0];
    v.icmp_code = upper[1];
    if (is_query(upper[0])) v.src_port = v.dst_port = u16(upper, 4);
  }
  return v;
}

void rewrite(std::span<std::uint8_t> packet, Side side, const IpAddress& address,
             std::optional<std::uint16_t> port) {
  const auto view = look(packet);
  if (!view || address.is_v6()) return;
  const std::size_t at = side == Side::source ? 12 : 16;
  const Bytes before = to_bytes(ByteView(packet).subspan(at, 4));
  const ByteView after = address.octets();
  std::copy(after.begin(), after.end(), packet.begin() + static_cast<std::ptrdiff_t>(at));
  put_u16(packet, 10, updated(u16(packet, 10), before, after));
  if (view->later_fragment()) return;

  const auto upper = packet.subspan(view->header);
  const auto fix = [&](std::size_t checksum, ByteView old_octets, ByteView new_octets) {
    if (checksum + 2 > upper.size()) return;
    const std::uint16_t old = u16(upper, checksum);
    if (view->protocol == ip_udp && old == 0) return;  // RFC 768: the sender made none
    const std::uint16_t now = updated(old, old_octets, new_octets);
    put_u16(upper, checksum, view->protocol == ip_udp && now == 0 ? 0xffff : now);
  };
  const auto checksum = checksum_at(view->protocol);
  if (checksum) fix(*checksum, before, after);
  if (!port || !view->src_port) return;
  const bool icmp = view->protocol == ip_icmp;
  const std::size_t port_at = icmp ? 4 : side == Side::source ? 0 : 2;
  const Bytes old_port = to_bytes(ByteView(upper).subspan(port_at, 2));
  put_u16(upper, port_at, *port);
  const ByteView new_port = ByteView(upper).subspan(port_at, 2);
  fix(icmp ? 2 : *checksum, old_port, new_port);
}

std::span<std::uint8_t> quoted_packet(std::span<std::uint8_t> packet) {
  const auto view = look(packet);
  if (!view || !view->icmp_error()) return {};
  return packet.subspan(view->header + icmp_header);
}

void renew_icmp_checksum(std::span<std::uint8_t> packet) {
  const auto view = look(packet);
  if (!view || view->protocol != ip_icmp) return;
  const auto icmp = packet.subspan(view->header);
  if (icmp.size() < icmp_header) return;
  put_u16(icmp, 2, 0);
  put_u16(icmp, 2, esp::internet_checksum(icmp));
}

bool take_hop(std::span<std::uint8_t> packet) {
  if (packet.size() < least_header || packet[8] <= 1) return false;
  const Bytes before = to_bytes(ByteView(packet).subspan(8, 2));
  --packet[8];
  put_u16(packet, 10, updated(u16(packet, 10), before, ByteView(packet).subspan(8, 2)));
  return true;
}

}  // namespace ikelab::path
