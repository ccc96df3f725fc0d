#include "sim/capture/link_layer.hpp"

#include <algorithm>

namespace ikelab::capture {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800, ethertype_ipv6 = 0x86dd;

std::optional<std::uint16_t> u16(ByteView octets, std::size_t at) {
  if (octets.size() < at + 2) return std::nullopt;
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

std::optional<ByteView> after(ByteView frame, std::size_t header) {
  if (frame.size() < header) return std::nullopt;
  return frame.subspan(header);
}

/// IEEE 802.3 with up to two 802.1Q or 802.1ad tags.
std::optional<ByteView> ethernet(ByteView frame) {
  constexpr std::uint16_t vlan = 0x8100, provider_vlan = 0x88a8;
  std::size_t at = 12;
  auto type = u16(frame, at);
  for (int tags = 0; type && (*type == vlan || *type == provider_vlan) && tags < 2; ++tags)
    type = u16(frame, at += 4);
  if (type != ethertype_ipv4 && type != ethertype_ipv6) return std::nullopt;
  return after(frame, at + 2);
}

/// RFC 1661, 2: the protocol field may be one octet; RFC 1662: address and control before it.
std::optional<ByteView> ppp(ByteView frame) {
  if (frame.size() >= 2 && frame[0] == 0xff && frame[1] == 0x03) frame = frame.subspan(2);
  if (frame.empty()) return std::nullopt;
  const bool compressed = (frame[0] & 1U) != 0;
  const unsigned protocol = compressed ? frame[0] : u16(frame, 0).value_or(0);
  constexpr unsigned ppp_ipv4 = 0x21, ppp_ipv6 = 0x57;
  if (protocol != ppp_ipv4 && protocol != ppp_ipv6) return std::nullopt;
  return after(frame, compressed ? 1 : 2);
}

std::optional<ByteView> cooked(ByteView frame, std::size_t type_at, std::size_t header) {
  const auto type = u16(frame, type_at);
  if (type != ethertype_ipv4 && type != ethertype_ipv6) return std::nullopt;
  return after(frame, header);
}

std::optional<ByteView> raw(ByteView frame) {
  return frame;
}
std::optional<ByteView> linux_sll(ByteView frame) {
  return cooked(frame, 14, 16);
}
std::optional<ByteView> linux_sll2(ByteView frame) {
  return cooked(frame, 0, 20);
}
std::optional<ByteView> loopback(ByteView frame) {
  return after(frame, 4);
}

struct Row {
  LinkType link;
  std::optional<ByteView> (*strip)(ByteView frame);
};
constexpr Row rows[] = {
    {LinkType::null, loopback}, {LinkType::ethernet, ethernet},    {LinkType::ppp, ppp},
    {LinkType::raw_bsd, raw},   {LinkType::ppp_hdlc, ppp},         {LinkType::raw, raw},
    {LinkType::loop, loopback}, {LinkType::linux_sll, linux_sll},  {LinkType::ipv4, raw},
    {LinkType::ipv6, raw},      {LinkType::linux_sll2, linux_sll2}};

const Row* find(LinkType link) {
  const auto* row =
      std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.link == link; });
  return row == std::end(rows) ? nullptr : row;
}

}  // namespace

bool knows(LinkType link) {
  return find(link) != nullptr;
}

std::optional<ByteView> ip_packet_of(LinkType link, ByteView frame) {
  const Row* row = find(link);
  const auto packet = row == nullptr ? std::nullopt : row->strip(frame);
  if (!packet || packet->empty()) return std::nullopt;
  const unsigned version = (*packet)[0] >> 4;
  return version == 4 || version == 6 ? packet : std::nullopt;
}

}  // namespace ikelab::capture
