#include "protocol/esp/outer.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>

namespace ikelab::esp {
namespace {

constexpr std::size_t ipv4_octets = 20, ipv6_octets = 40;
constexpr std::uint8_t icmp = 1, icmpv6 = 58;
constexpr std::uint8_t dscp_bits = 0xfc, ecn_bits = 0x03;

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}
void put_u16(std::span<std::uint8_t> octets, std::size_t at, std::size_t value) {
  octets[at] = static_cast<std::uint8_t>(value >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(value);
}

/// Of the IPv4 header that `packet` begins with.
void renew_checksum(std::span<std::uint8_t> packet) {
  put_u16(packet, 10, 0);
  put_u16(packet, 10, internet_checksum(packet.first(4U * (packet[0] & 0x0fU))));
}

enum Ecn : std::uint8_t { not_ect = 0, ect_1 = 1, ect_0 = 2, ce = 3 };
constexpr std::uint8_t drop = 0xff;

/// RFC 6040, 4.2, figure 4: the outgoing ECN field, by inner (rows) and outer (columns), both in
/// the order of their bits: Not-ECT, ECT(1), ECT(0), CE.
constexpr std::array<std::array<std::uint8_t, 4>, 4> decapsulated = {{
    {not_ect, not_ect, not_ect, drop},
    {ect_1, ect_1, ect_1, ce},
    {ect_0, ect_1, ect_0, ce},
    {ce, ce, ce, ce},
}};

}  // namespace

/// RFC 1071, 2: the sum may be taken in any byte order (B) and over wider words (C), so that words
/// of the machine are summed, and their sum is turned.
std::uint16_t internet_checksum(ByteView octets, std::uint32_t sum) {
  std::uint64_t words = 0;
  for (; octets.size() >= 4; octets = octets.subspan(4)) {
    std::uint32_t word = 0;
    std::memcpy(&word, octets.data(), sizeof word);
    words += word;
  }
  if (!octets.empty()) {
    std::uint32_t word = 0;  // as if zeros followed
    std::memcpy(&word, octets.data(), octets.size());
    words += word;
  }
  const auto fold = [](std::uint64_t wide) {
    while (wide >> 16 != 0) wide = (wide & 0xffff) + (wide >> 16);
    return static_cast<std::uint32_t>(wide);
  };
  std::uint32_t turned = fold(words);
  if constexpr (std::endian::native == std::endian::little)
    turned = (turned & 0xff) << 8 | turned >> 8;
  return static_cast<std::uint16_t>(~fold(std::uint64_t{turned} + sum));
}

std::optional<IpHeader> peek_ip_header(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  IpHeader header;
  if (packet[0] >> 4 == 4 && packet.size() >= ipv4_octets) {
    header.size = 4U * (packet[0] & 0x0fU);
    if (header.size < ipv4_octets || header.size > packet.size()) return std::nullopt;
    header.traffic_class = packet[1];
    header.dont_fragment = (packet[6] & 0x40) != 0;
    header.fragment = (u16(packet, 6) & 0x3fff) != 0;
    header.hop_limit = packet[8];
    header.protocol = packet[9];
    return header;
  }
  if (packet[0] >> 4 == 6 && packet.size() >= ipv6_octets) {
    header.size = ipv6_octets;
    header.traffic_class = static_cast<std::uint8_t>(packet[0] << 4 | packet[1] >> 4);
    header.protocol = packet[6];
    header.hop_limit = packet[7];
    return header;
  }
  return std::nullopt;
}

std::optional<IpHeader> read_ip_header(ByteView packet) {
  auto header = peek_ip_header(packet);
  if (!header) return std::nullopt;
  const bool v6 = packet[0] >> 4 == 6;
  const std::size_t at = v6 ? 8 : 12, octets = v6 ? 16 : 4;
  header->src = IpAddress::from_octets(packet.subspan(at, octets)).value();
  header->dst = IpAddress::from_octets(packet.subspan(at + octets, octets)).value();
  return header;
}

void copy_header(ByteView packet, std::uint8_t protocol, std::size_t payload_octets, Bytes& out) {
  const std::size_t size = peek_ip_header(packet)->size;
  const std::size_t at = out.size();
  out.insert(out.end(), packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
  const std::span<std::uint8_t> header = std::span(out).subspan(at);
  if (header[0] >> 4 == 6) {
    put_u16(header, 4, payload_octets);
    header[6] = protocol;
    return;
  }
  put_u16(header, 2, size + payload_octets);
  header[9] = protocol;
  renew_checksum(header);
}

void make_header(const IpHeader& header, std::size_t payload_octets, Bytes& out) {
  const bool v6 = header.src.is_v6();
  const std::size_t at = out.size();
  out.resize(at + (v6 ? ipv6_octets : ipv4_octets));
  const std::span<std::uint8_t> made = std::span(out).subspan(at);
  const ByteView src = header.src.octets(), dst = header.dst.octets();
  std::copy(src.begin(), src.end(), made.begin() + (v6 ? 8 : 12));
  std::copy(dst.begin(), dst.end(), made.begin() + (v6 ? 24 : 16));
  if (v6) {
    made[0] = 0x60;
    put_u16(made, 4, payload_octets);
    made[6] = header.protocol;
    made[7] = header.hop_limit;
    set_traffic_class(made, header.traffic_class);
    return;
  }
  made[0] = 0x45;
  made[1] = header.traffic_class;
  put_u16(made, 2, ipv4_octets + payload_octets);
  made[6] = header.dont_fragment ? 0x40 : 0;
  made[8] = header.hop_limit;
  made[9] = header.protocol;
  renew_checksum(made);
}

/// Normal mode: what congests the tunnel is told to the inner packet's ends.
std::uint8_t outer_traffic_class(std::uint8_t inner, const policy::ChildConfig::Copy& copy) {
  return static_cast<std::uint8_t>((copy.dscp_out ? inner & dscp_bits : 0) |
                                   (copy.ecn ? inner & ecn_bits : 0));
}

std::optional<std::uint8_t> inner_traffic_class(std::uint8_t inner, std::uint8_t outer,
                                                const policy::ChildConfig::Copy& copy) {
  const auto dscp = static_cast<std::uint8_t>((copy.dscp_in ? outer : inner) & dscp_bits);
  if (!copy.ecn) return static_cast<std::uint8_t>(dscp | (inner & ecn_bits));
  //= rfc6040#4.2 "If the inner ECN field is Not-ECT, the decapsulator MUST NOT propagate any other
  //= ECN codepoint onwards."
  //= rfc6040#4.2 "If the inner ECN field is Not-ECT and the outer ECN field is CE, the decapsulator
  //= MUST drop the packet."
  const std::uint8_t ecn = decapsulated[inner & ecn_bits][outer & ecn_bits];
  if (ecn == drop) return std::nullopt;
  return static_cast<std::uint8_t>(dscp | ecn);
}

void set_traffic_class(std::span<std::uint8_t> packet, std::uint8_t traffic_class) {
  if (packet[0] >> 4 == 6) {
    packet[0] = static_cast<std::uint8_t>(0x60 | traffic_class >> 4);
    packet[1] = static_cast<std::uint8_t>((packet[1] & 0x0f) | traffic_class << 4);
    return;
  }
  packet[1] = traffic_class;
  renew_checksum(packet);
}

void readdress_checksum(std::span<std::uint8_t> packet, const IpAddress& src,
                        const IpAddress& dst) {
  constexpr std::uint8_t tcp = 6, udp = 17;
  const auto header = read_ip_header(packet);
  if (!header || (header->protocol != tcp && header->protocol != udp)) return;
  const std::size_t at = header->size + (header->protocol == tcp ? 16 : 6);
  if (at + 2 > packet.size()) return;
  const std::uint16_t before = u16(packet, at);
  if (header->protocol == udp && before == 0) return;
  std::uint32_t sum = static_cast<std::uint16_t>(~before);
  for (const IpAddress* old : {&src, &dst})
    sum += internet_checksum(old->octets());  // the complement: it is taken away
  const std::uint16_t after =
      internet_checksum(concat({header->src.octets(), header->dst.octets()}), sum);
  put_u16(packet, at, after == 0 && header->protocol == udp ? 0xffff : after);
}

std::optional<Bytes> packet_too_big(ByteView packet, std::uint32_t mtu, const IpAddress& from) {
  const auto header = read_ip_header(packet);
  if (!header || from.is_v6() != header->src.is_v6()) return std::nullopt;
  const bool v6 = from.is_v6();
  if (!v6 && (u16(packet, 6) & 0x1fff) != 0) return std::nullopt;
  const bool is_icmp = header->protocol == (v6 ? icmpv6 : icmp) && packet.size() > header->size;
  const std::uint8_t type = is_icmp ? packet[header->size] : 0;
  // RFC 1122, 3.2.2 and RFC 4443, 2.4: no error about an error.
  if (is_icmp && (v6 ? type < 128 : type != 0 && type != 8 && type < 13)) return std::nullopt;

  constexpr std::size_t icmp_octets = 8;
  // RFC 4443, 3.2: as much as fits the smallest IPv6 MTU; RFC 1812, 4.3.2.3: at most 576 octets.
  const std::size_t most = (v6 ? 1280 - ipv6_octets : 576 - ipv4_octets) - icmp_octets;
  Bytes body(icmp_octets);
  body[0] = v6 ? 2 : 3;
  body[1] = v6 ? 0 : 4;
  put_u16(body, 4, v6 ? mtu >> 16 : 0);
  put_u16(body, 6, mtu);
  const ByteView quoted = packet.first(std::min(packet.size(), most));
  body.insert(body.end(), quoted.begin(), quoted.end());

  IpHeader answer;
  answer.src = from;
  answer.dst = header->src;
  answer.protocol = v6 ? icmpv6 : icmp;
  std::uint32_t pseudo = 0;  // of ICMPv6 (RFC 8200, 8.1)
  if (v6) {
    for (const IpAddress& address : {answer.src, answer.dst})
      for (std::size_t i = 0; i < 16; i += 2) pseudo += u16(address.octets(), i);
    pseudo += static_cast<std::uint32_t>(body.size()) + icmpv6;
  }
  put_u16(body, 2, internet_checksum(body, pseudo));
  Bytes out;
  make_header(answer, body.size(), out);
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

std::optional<TooBig> read_too_big(ByteView message, bool v6) {
  constexpr std::size_t icmp_octets = 8;
  if (message.size() < icmp_octets + (v6 ? ipv6_octets : ipv4_octets) + 8) return std::nullopt;
  const bool says_so = v6 ? message[0] == 2 : message[0] == 3 && message[1] == 4;
  if (!says_so) return std::nullopt;
  const std::uint32_t low = u16(message, 6), high = v6 ? u16(message, 4) : 0;
  return TooBig{high << 16 | low, message.subspan(icmp_octets)};
}

}  // namespace ikelab::esp
