// Which traffic a Child SA carries: the Traffic Selector payloads (RFC 7296, 3.13).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Number of TSs |                 RESERVED                      |   TSi, TSr
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                       <Traffic Selectors>                     ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   TS Type     |IP Protocol ID*|       Selector Length         |   Traffic Selector (3.13.1)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |           Start Port*         |           End Port*           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                         Starting Address*                     ~   4 octets (type 7) or 16
//   (type 8)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                         Ending Address*                       ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc = "RFC 7296, 3.13";
constexpr const char* rfc_ts = "RFC 7296, 3.13.1";
constexpr FieldInfo f_count{"Number of TSs", "How many traffic selectors follow.", rfc};
constexpr FieldInfo f_reserved{"RESERVED", "Sent as zero, ignored when received.", rfc};
constexpr FieldInfo f_selector{
    "Traffic Selector",
    "A range of addresses, ports and a protocol; a packet that fits one of them uses the SA.",
    rfc_ts};
constexpr FieldInfo f_type{"TS Type", "7: a range of IPv4 addresses; 8: a range of IPv6 addresses.",
                           rfc_ts};
constexpr FieldInfo f_protocol{
    "IP Protocol ID", "Only packets of this protocol (6 TCP, 17 UDP); 0: every protocol.", rfc_ts};
constexpr FieldInfo f_length{"Selector Length", "Octets of this selector, header included.",
                             rfc_ts};
constexpr FieldInfo f_start_port{
    "Start Port", "Smallest port; 0 to 65535 means every port (for ICMP: type and code).", rfc_ts};
constexpr FieldInfo f_end_port{"End Port", "Largest port.", rfc_ts};
constexpr FieldInfo f_start{"Starting Address", "Smallest address of the range.", rfc_ts};
constexpr FieldInfo f_end{"Ending Address", "Largest address of the range.", rfc_ts};
constexpr FieldInfo f_unknown{
    "Selector of an unknown type",
    "A kind of selector this implementation does not know; it is skipped.", rfc_ts};

constexpr std::uint8_t ipv4_range = 7, ipv6_range = 8;
constexpr std::size_t fixed = 8;  // up to the ports

std::string type_name(unsigned type) {
  return type == ipv4_range   ? "TS_IPV4_ADDR_RANGE"
         : type == ipv6_range ? "TS_IPV6_ADDR_RANGE"
                              : "unknown";
}

IpAddress read_address(Reader& r, std::size_t size, const FieldInfo& info) {
  const IpAddress address = IpAddress::from_octets(r.octets(size, info)).value();
  r.says([&] { return address.to_string(); });
  return address;
}

bool read_selector(Reader& r, TsPayload& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-056", begin, rfc_ts,
                    fmt::format("a traffic selector needs 4 octets, {} are left", r.left()));
  const ByteView ahead = r.peek();
  const unsigned type = ahead[0];
  const std::size_t size = ahead[2] * 256U + ahead[3];
  const std::size_t address = type == ipv4_range ? 4 : type == ipv6_range ? 16 : 0;
  if (size < 4 || size > r.left() || (address && size != fixed + 2 * address))
    return r.refuse("E-WIRE-056", begin, rfc_ts,
                    fmt::format("Selector Length {} for type {}, {} are left", size, type,
                                count_octets(r.left())));
  auto group = r.group(f_selector, size);
  r.u8(f_type);
  r.says([&] { return numbered(type, type_name(type)); });
  TrafficSelector ts;
  ts.protocol = r.u8(f_protocol);
  r.says([&] {
    return numbered(ts.protocol, ts.protocol == 0 ? "any" : ip_protocol_name(ts.protocol));
  });
  r.u16(f_length);
  if (!address) {
    // Other types (RFC 4595, RFC 9478) are never chosen, so that leaving them out narrows the offer
    // (RFC 7296, 2.9).
    r.rest(f_unknown);
    r.warn("E-WIRE-057", begin, rfc_ts,
           fmt::format("traffic selector type {} is not known; it is skipped", type));
    return true;
  }
  ts.start_port = r.u16(f_start_port);
  ts.end_port = r.u16(f_end_port);
  ts.start = read_address(r, address, f_start);
  ts.end = read_address(r, address, f_end);
  group.says([&] { return fmt::format("{} to {}", ts.start.to_string(), ts.end.to_string()); });
  out.selectors.push_back(ts);
  return true;
}

bool read_ts(Reader& r, bool responder, PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", begin, rfc,
                    fmt::format("a TS body needs 4 octets, {} are there", r.left()));
  const std::size_t count = r.peek()[0];
  if (count > bounds::selectors_in_ts)
    return r.refuse("E-WIRE-058", begin, rfc,
                    "more traffic selectors than this implementation accepts");
  TsPayload ts{responder, {}};
  r.u8(f_count);
  r.reserved(3, f_reserved);
  for (std::size_t i = 0; i < count; ++i)
    if (!read_selector(r, ts)) return false;
  if (r.left() > 0)
    return r.refuse(
        "E-WIRE-055", r.at(), rfc,
        fmt::format("{} after the last of {} selectors", count_octets(r.left()), count));
  out = std::move(ts);
  return true;
}

}  // namespace

bool read_ts_i(Reader& r, PayloadBody& out) {
  return read_ts(r, false, out);
}
bool read_ts_r(Reader& r, PayloadBody& out) {
  return read_ts(r, true, out);
}

void write(Writer& w, const TsPayload& body) {
  IKELAB_ASSERT(body.selectors.size() <= 255);
  w.u8(static_cast<std::uint8_t>(body.selectors.size()));
  w.zeros(3);
  for (const TrafficSelector& ts : body.selectors) {
    IKELAB_ASSERT(ts.start.is_v6() == ts.end.is_v6());
    w.u8(ts.start.is_v6() ? ipv6_range : ipv4_range);
    w.u8(ts.protocol);
    w.u16(static_cast<std::uint16_t>(fixed + 2 * ts.start.octets().size()));
    w.u16(ts.start_port);
    w.u16(ts.end_port);
    w.octets(ts.start.octets());
    w.octets(ts.end.octets());
  }
}

}  // namespace ikelab::wire
