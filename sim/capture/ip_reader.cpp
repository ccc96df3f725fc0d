#include "sim/capture/ip_reader.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"

namespace ikelab::capture {
namespace {

constexpr std::size_t most_pending = 64, largest_packet = 65'535;

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}
std::uint32_t u32(ByteView octets, std::size_t at) {
  return static_cast<std::uint32_t>(u16(octets, at)) << 16 | u16(octets, at + 2);
}
IpAddress address(ByteView octets, std::size_t at, std::size_t size) {
  return *IpAddress::from_octets(octets.subspan(at, size));
}

}  // namespace

std::optional<IpReader::Part> IpReader::parse_v4(ByteView packet) {
  if (packet.size() < 20) return std::nullopt;
  const std::size_t header = 4U * (packet[0] & 0x0fU);
  // Segmentation offload leaves a total length of 0: then all that is there.
  const std::size_t total = u16(packet, 2) == 0 ? packet.size() : u16(packet, 2);
  if (header < 20 || total < header || packet.size() < header) return std::nullopt;
  const std::size_t end = std::min(total, packet.size());
  if (end < header) return std::nullopt;
  Part part{{address(packet, 12, 4), address(packet, 16, 4), u16(packet, 4), packet[9]},
            8U * (u16(packet, 6) & 0x1fffU),
            (u16(packet, 6) & 0x2000U) != 0,
            packet.first(header),
            packet.subspan(header, end - header)};
  return part;
}

std::optional<IpReader::Part> IpReader::parse_v6(ByteView packet) {
  if (packet.size() < 40) return std::nullopt;
  constexpr std::uint8_t hop_by_hop = 0, routing = 43, fragment = 44, destination = 60;
  const std::size_t end = std::min<std::size_t>(40U + u16(packet, 4), packet.size());
  Part part{{address(packet, 8, 16), address(packet, 24, 16), 0, packet[6]}, 0, false, {}, {}};
  std::size_t at = 40;
  for (std::size_t headers = 0; headers < bounds::ipv6_extension_headers; ++headers) {
    const std::uint8_t next = part.key.protocol;
    if (next != hop_by_hop && next != routing && next != destination && next != fragment) break;
    if (end < at + 8) return std::nullopt;
    if (next == fragment) {
      part.offset = u16(packet, at + 2) & 0xfff8U;
      part.more = (packet[at + 3] & 1U) != 0;
      part.key.id = u32(packet, at + 4);
    }
    part.key.protocol = packet[at];
    at += next == fragment ? 8 : 8U * (packet[at + 1] + 1U);
    if (at > end) return std::nullopt;
  }
  part.header = packet.first(at);
  part.payload = packet.subspan(at, end - at);
  return part;
}

std::optional<IpDatagram> IpReader::take(const Part& part) {
  if (pending_.size() == most_pending && !pending_.contains(part.key))
    pending_.erase(std::min_element(pending_.begin(), pending_.end(),
                                    [](auto& a, auto& b) { return a.second.age < b.second.age; }));
  if (part.offset + part.payload.size() > largest_packet) return std::nullopt;
  Pending& pending = pending_[part.key];
  pending.age = ++count_;
  if (part.offset == 0) pending.header = to_bytes(part.header);
  if (!part.more) pending.end = part.offset + part.payload.size();
  pending.parts[part.offset] = to_bytes(part.payload);
  if (!pending.end) return std::nullopt;
  Bytes whole;
  for (const auto& [offset, octets] : pending.parts) {
    if (offset != whole.size()) return std::nullopt;  // a gap, or an overlap that nobody makes
    whole.insert(whole.end(), octets.begin(), octets.end());
  }
  if (whole.size() != *pending.end) return std::nullopt;
  IpDatagram out{part.key.src,   part.key.dst,     part.key.protocol,
                 pending.header, std::move(whole), pending.parts.size()};
  pending_.erase(part.key);
  return out;
}

std::optional<IpDatagram> IpReader::read(ByteView packet) {
  if (packet.empty()) return std::nullopt;
  const auto part = packet[0] >> 4 == 4 ? parse_v4(packet) : parse_v6(packet);
  if (!part) return std::nullopt;
  if (part->offset != 0 || part->more) return take(*part);
  return IpDatagram{part->key.src,          part->key.dst,           part->key.protocol,
                    to_bytes(part->header), to_bytes(part->payload), 1};
}

std::optional<Udp> read_udp(ByteView payload) {
  if (payload.size() < 8) return std::nullopt;
  const std::size_t length = u16(payload, 4);
  if (length != 0 && length < 8) return std::nullopt;
  const std::size_t end = length == 0 ? payload.size() : std::min(length, payload.size());
  return Udp{u16(payload, 0), u16(payload, 2), payload.subspan(8, end - 8)};
}

}  // namespace ikelab::capture
