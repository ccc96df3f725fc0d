#include "protocol/ikev1/selector_id.hpp"

#include "protocol/wire/ikev1_iana.hpp"

namespace ikelab::ikev1 {
namespace {

namespace id = wire::v1::id;

/// The mask of the prefix from start to end, or nothing when they are no prefix's bounds.
std::optional<Bytes> mask_of(ByteView start, ByteView end) {
  Bytes mask;
  bool inside = true;  // still in the bits that all addresses share
  for (std::size_t i = 0; i < start.size(); ++i) {
    std::uint8_t octet = 0;
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
      const bool a = (start[i] & bit) != 0, b = (end[i] & bit) != 0;
      if (a == b && inside) {
        octet = static_cast<std::uint8_t>(octet | bit);
      } else if (!a && b) {
        inside = false;
      } else {
        return std::nullopt;
      }
    }
    mask.push_back(octet);
  }
  return mask;
}

}  // namespace

wire::v1::IdPayload id_of_selector(const wire::TrafficSelector& ts) {
  wire::v1::IdPayload out;
  const bool v6 = ts.start.is_v6();
  out.protocol = ts.protocol;
  if (ts.start_port == ts.end_port) out.port = ts.start_port;
  if (ts.start == ts.end) {
    out.type = v6 ? id::ipv6_addr : id::ipv4_addr;
    out.data = to_bytes(ts.start.octets());
  } else if (const auto mask = mask_of(ts.start.octets(), ts.end.octets())) {
    out.type = v6 ? id::ipv6_addr_subnet : id::ipv4_addr_subnet;
    out.data = concat({ts.start.octets(), *mask});
  } else {
    out.type = v6 ? id::ipv6_addr_range : id::ipv4_addr_range;
    out.data = concat({ts.start.octets(), ts.end.octets()});
  }
  return out;
}

Result<wire::TrafficSelector> selector_of_id(const wire::v1::IdPayload& p) {
  const bool v6 =
      p.type == id::ipv6_addr || p.type == id::ipv6_addr_subnet || p.type == id::ipv6_addr_range;
  const bool one = p.type == id::ipv4_addr || p.type == id::ipv6_addr;
  const bool subnet = p.type == id::ipv4_addr_subnet || p.type == id::ipv6_addr_subnet;
  const bool range = p.type == id::ipv4_addr_range || p.type == id::ipv6_addr_range;
  const std::size_t size = v6 ? 16 : 4;
  if ((!one && !subnet && !range) || p.data.size() != (one ? size : 2 * size))
    return Error{"E-IKE1-035", wire::v1::id_type_name(p.type) + " is no traffic selector"}.see(
        "RFC 2407, 4.6.2.1");
  Bytes start(p.data.begin(), p.data.begin() + static_cast<std::ptrdiff_t>(size));
  Bytes end(p.data.end() - static_cast<std::ptrdiff_t>(size), p.data.end());
  if (subnet)
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint8_t mask = end[i];
      start[i] = static_cast<std::uint8_t>(start[i] & mask);
      end[i] = static_cast<std::uint8_t>(start[i] | static_cast<std::uint8_t>(~mask));
    }
  wire::TrafficSelector ts;
  ts.protocol = p.protocol;
  if (p.port != 0) ts.start_port = ts.end_port = p.port;
  IKELAB_TRY(ts.start, IpAddress::from_octets(start));
  IKELAB_TRY(ts.end, IpAddress::from_octets(end));
  return ts;
}

wire::TrafficSelector host_selector(const IpAddress& address) {
  wire::TrafficSelector ts;
  ts.start = ts.end = address;
  return ts;
}

}  // namespace ikelab::ikev1
