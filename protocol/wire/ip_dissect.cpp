// The packets inside the tunnel, as far as a student wants to see them: IPv4 (RFC 791), IPv6 (RFC
// 8200) without extension headers, and ICMP, TCP and UDP headers in them. What follows is data.
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* v4 = "RFC 791, 3.1";
constexpr const char* v6 = "RFC 8200, 3";
constexpr const char* tcp = "RFC 9293, 3.1";
constexpr FieldInfo f_v4{"IPv4 header", "Carries the packet from source to destination.", v4};
constexpr FieldInfo f_version_ihl{"Version and IHL",
                                  "IP version and the header's length in 32-bit words.", v4};
constexpr FieldInfo f_version{"Version", "4 for IPv4.", v4};
constexpr FieldInfo f_ihl{"IHL", "Header length in 32-bit words.", v4};
constexpr FieldInfo f_tos{"DSCP and ECN", "How routers should treat the packet.",
                          "RFC 2474, RFC 3168"};
constexpr FieldInfo f_total{"Total Length", "Octets of the packet, header included.", v4};
constexpr FieldInfo f_ident{"Identification", "Names the fragments of one packet.", v4};
constexpr FieldInfo f_fragment{"Flags and Fragment Offset",
                               "Whether it may be fragmented, and where this fragment belongs.",
                               v4};
constexpr FieldInfo f_ttl{"Time to Live", "Each router takes one off; at zero the packet dies.",
                          v4};
constexpr FieldInfo f_protocol{"Protocol", "What the packet carries.", v4};
constexpr FieldInfo f_checksum{"Header Checksum", "Detects damage of the header.", v4};
constexpr FieldInfo f_src{"Source Address", "Where the packet comes from.", v4};
constexpr FieldInfo f_dst{"Destination Address", "Where the packet goes.", v4};
constexpr FieldInfo f_options{"Options", "Rarely used extras of the header.", v4};
constexpr FieldInfo f_v6{"IPv6 header", "Carries the packet from source to destination.", v6};
constexpr FieldInfo f_v6_first{"Version, Traffic Class, Flow Label",
                               "IP version 6 and how routers should treat the packet.", v6};
constexpr FieldInfo f_v6_length{"Payload Length", "Octets after this header.", v6};
constexpr FieldInfo f_v6_next{"Next Header", "What the packet carries.", v6};
constexpr FieldInfo f_v6_hops{"Hop Limit", "Each router takes one off; at zero the packet dies.",
                              v6};
constexpr FieldInfo f_icmp{"ICMP message", "Control and echo messages of IP.", "RFC 792"};
constexpr FieldInfo f_icmp_type{"Type", "8 echo request, 0 echo reply.", "RFC 792"};
constexpr FieldInfo f_icmp_code{"Code", "Details of the type.", "RFC 792"};
constexpr FieldInfo f_icmp_checksum{"Checksum", "Detects damage of the message.", "RFC 792"};
constexpr FieldInfo f_icmp_id{"Identifier", "Which ping this echo belongs to.", "RFC 792"};
constexpr FieldInfo f_icmp_seq{"Sequence Number", "Counts the echoes of one ping.", "RFC 792"};
constexpr FieldInfo f_tcp{"TCP header", "A segment of a reliable connection.", tcp};
constexpr FieldInfo f_sport{"Source Port", "The sender's application.", tcp};
constexpr FieldInfo f_dport{"Destination Port", "The receiver's application.", tcp};
constexpr FieldInfo f_seq{"Sequence Number", "Position of the first octet of data in the stream.",
                          tcp};
constexpr FieldInfo f_ack{"Acknowledgment Number", "The next octet the sender expects.", tcp};
constexpr FieldInfo f_tcp_flags{"Data Offset and Flags",
                                "Header length in 32-bit words, and what the segment does.", tcp};
constexpr FieldInfo f_window{"Window", "How much the sender is ready to receive.", tcp};
constexpr FieldInfo f_tcp_checksum{"Checksum", "Detects damage of the segment.", tcp};
constexpr FieldInfo f_urgent{"Urgent Pointer", "Where urgent data ends; hardly used.", tcp};
constexpr FieldInfo f_tcp_options{"Options", "Extras such as the largest segment size.", tcp};
constexpr FieldInfo f_udp{"UDP header", "A datagram without a connection.", "RFC 768"};
constexpr FieldInfo f_udp_length{"Length", "Octets of the datagram, header included.", "RFC 768"};
constexpr FieldInfo f_udp_checksum{"Checksum", "Detects damage; 0 when unused.", "RFC 768"};
constexpr FieldInfo f_data{"Data", "What the application sent.", ""};
constexpr FieldInfo f_beyond{"Octets after the packet",
                             "More than the packet's length says, e.g. TFC padding.",
                             "RFC 4303, 2.7"};

constexpr std::uint8_t icmp = 1, tcp_number = 6, udp = 17;

void read_address(Reader& r, std::size_t size, const FieldInfo& info) {
  const ByteView octets = r.octets(size, info);
  r.says([&] { return IpAddress::from_octets(octets).value().to_string(); });
}

void read_icmp(Reader& r) {
  auto group = r.group(f_icmp, r.left());
  const unsigned type = r.u8(f_icmp_type);
  const char* word = type == 8    ? "echo request"
                     : type == 0  ? "echo reply"
                     : type == 3  ? "destination unreachable"
                     : type == 11 ? "time exceeded"
                                  : "other";
  r.says([&] { return numbered(type, word); });
  r.u8(f_icmp_code);
  r.u16(f_icmp_checksum);
  if (type == 8 || type == 0) {
    r.u16(f_icmp_id);
    r.u16(f_icmp_seq);
  }
  r.rest(f_data);
  group.says([&] { return std::string(word); });
}

std::string tcp_flags(unsigned word) {
  static constexpr const char* names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  std::string text;
  for (unsigned i = 0; i < 8; ++i)
    if (word >> i & 1) text += (text.empty() ? "" : " ") + std::string(names[i]);
  return fmt::format("{} words, [{}]", word >> 12, text);
}

void read_tcp(Reader& r, std::size_t header) {
  auto group = r.group(f_tcp, header);
  r.u16(f_sport);
  r.u16(f_dport);
  r.u32(f_seq);
  r.u32(f_ack);
  const unsigned word = r.u16(f_tcp_flags);
  r.says([&] { return tcp_flags(word); });
  r.u16(f_window);
  r.u16(f_tcp_checksum);
  r.u16(f_urgent);
  r.rest(f_tcp_options);
}

void read_udp(Reader& r) {
  auto group = r.group(f_udp, 8);
  r.u16(f_sport);
  r.u16(f_dport);
  r.u16(f_udp_length);
  r.u16(f_udp_checksum);
}

// A fragment other than the first begins in the middle of its content, and a short header is left
// as data.
void read_transport(Reader& r, std::uint8_t protocol, bool first_fragment) {
  if (first_fragment) {
    if (protocol == icmp && r.left() >= 8) return read_icmp(r);
    if (protocol == udp && r.left() >= 8) {
      read_udp(r);
    } else if (protocol == tcp_number && r.left() >= 20) {
      const std::size_t header = (r.peek()[12] >> 4) * 4U;
      if (header >= 20 && header <= r.left()) read_tcp(r, header);
    }
  }
  r.rest(f_data);
}

void read_v4(Reader& r, std::size_t header) {
  auto group = r.group(f_v4, header);
  const unsigned first = r.u8(f_version_ihl);
  r.says([&] { return fmt::format("{}, {} octets", first >> 4, (first & 15) * 4); });
  r.bits(0, 3, f_version, std::to_string(first >> 4));
  r.bits(4, 7, f_ihl, std::to_string(first & 15));
  r.u8(f_tos);
  r.u16(f_total);
  r.u16(f_ident);
  r.u16(f_fragment);
  r.u8(f_ttl);
  const unsigned protocol = r.u8(f_protocol);
  r.says([&] { return numbered(protocol, ip_protocol_name(static_cast<std::uint8_t>(protocol))); });
  r.u16(f_checksum);
  read_address(r, 4, f_src);
  read_address(r, 4, f_dst);
  r.rest(f_options);
}

void read_v6(Reader& r) {
  auto group = r.group(f_v6, 40);
  r.u32(f_v6_first);
  r.u16(f_v6_length);
  const unsigned protocol = r.u8(f_v6_next);
  r.says([&] { return numbered(protocol, ip_protocol_name(static_cast<std::uint8_t>(protocol))); });
  r.u8(f_v6_hops);
  read_address(r, 16, f_src);
  read_address(r, 16, f_dst);
}

}  // namespace

void read_ip_packet(Reader& r) {
  const ByteView p = r.peek();
  const std::size_t begin = r.at();
  std::size_t header = 0, total = 0;
  std::uint8_t protocol = 0;
  bool first_fragment = true;
  if (p.size() >= 20 && p[0] >> 4 == 4) {
    header = (p[0] & 15U) * 4;
    total = p[2] * 256U + p[3];
    protocol = p[9];
    first_fragment = ((p[6] & 0x1f) | p[7]) == 0;
  } else if (p.size() >= 40 && p[0] >> 4 == 6) {
    header = 40;
    total = header + p[4] * 256U + p[5];
    protocol = p[6];
  }
  if (header < 20 || total < header || total > p.size()) {
    r.refuse("E-WIRE-085", begin, v4, fmt::format("{} are no IP packet", count_octets(p.size())));
    return;
  }
  if (p[0] >> 4 == 4)
    read_v4(r, header);
  else
    read_v6(r);
  const std::size_t beyond = p.size() - total;
  if (total > header) {
    auto content = r.group(FieldInfo{"Content", "What the packet carries.", ""}, total - header);
    read_transport(r, protocol, first_fragment);
  }
  r.octets(beyond, f_beyond);
}

PacketDissection dissect_ip(ByteView packet) {
  PacketDissection out;
  out.root = Field{"IP packet",
                   count_octets(packet.size()),
                   "A packet as a host sends it.",
                   v4,
                   0,
                   0,
                   std::nullopt,
                   {}};
  Reader r(packet, out.diagnostics, &out.root);
  read_ip_packet(r);
  r.finish();
  return out;
}

}  // namespace ikelab::wire
