#include "protocol/base/address.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace ikelab {
namespace {

std::optional<std::uint32_t> number(std::string_view text, int base, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t next = text.find(separator, at);
    parts.push_back(text.substr(at, next - at));
    if (next == std::string_view::npos) return parts;
    at = next + 1;
  }
}

std::optional<Bytes> parse_v4(std::string_view text) {
  Bytes octets;
  const auto parts = split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  for (std::string_view part : parts) {
    const auto value = number(part, 10, 255);
    if (!value || part.size() > 3) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(*value));
  }
  return octets;
}

// RFC 4291, 2.2: groups of hex, one "::" for a run of zeros (no embedded IPv4).
std::optional<Bytes> parse_v6_groups(std::string_view text) {
  Bytes octets;
  if (text.empty()) return octets;
  for (std::string_view part : split(text, ':')) {
    const auto value = number(part, 16, 0xffff);
    if (!value || part.size() > 4) return std::nullopt;
    octets.push_back(static_cast<std::uint8_t>(*value >> 8));
    octets.push_back(static_cast<std::uint8_t>(*value & 255));
  }
  return octets;
}

std::optional<Bytes> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  if (gap == std::string_view::npos) {
    auto octets = parse_v6_groups(text);
    return octets && octets->size() == 16 ? octets : std::nullopt;
  }
  auto head = parse_v6_groups(text.substr(0, gap));
  auto tail = parse_v6_groups(text.substr(gap + 2));
  if (!head || !tail || head->size() + tail->size() > 14) return std::nullopt;
  head->resize(16 - tail->size());
  head->insert(head->end(), tail->begin(), tail->end());
  return head;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress address;
  for (unsigned i = 0; i < 4; ++i)
    address.octets_[i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return address;
}

Result<IpAddress> IpAddress::from_octets(ByteView octets) {
  if (octets.size() != 4 && octets.size() != 16)
    return Error{"E-ADDR-002", fmt::format("an address of {} octets", octets.size())}.expect(
        "expected 4 or 16");
  IpAddress address;
  address.v6_ = octets.size() == 16;
  std::copy(octets.begin(), octets.end(), address.octets_.begin());
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  const auto octets = text.find(':') == std::string_view::npos ? parse_v4(text) : parse_v6(text);
  if (!octets)
    return Error{"E-ADDR-001", fmt::format("'{}' is not an IP address", text)}.expect(
        "expected e.g. 192.0.2.1 or 2001:db8::1");
  return from_octets(*octets);
}

bool IpAddress::is_unspecified() const {
  return std::all_of(octets_.begin(), octets_.end(), [](std::uint8_t b) { return b == 0; });
}

std::uint32_t IpAddress::to_v4() const {
  IKELAB_ASSERT(!v6_);
  return std::uint32_t{octets_[0]} << 24 | std::uint32_t{octets_[1]} << 16 |
         std::uint32_t{octets_[2]} << 8 | octets_[3];
}

IpAddress IpAddress::next() const {
  IpAddress out = *this;
  for (std::size_t i = octets().size(); i-- > 0;)
    if (++out.octets_[i] != 0) break;
  return out;
}

IpAddress IpAddress::previous() const {
  IpAddress out = *this;
  for (std::size_t i = octets().size(); i-- > 0;)
    if (out.octets_[i]-- != 0) break;
  return out;
}

std::string IpAddress::to_string() const {
  if (!v6_) {  // every packet of a trace tells two of them
    char text[16];
    char* end = text;
    for (std::size_t i = 0; i < 4; ++i) {
      if (i != 0) *end++ = '.';
      end = std::to_chars(end, text + sizeof text, octets_[i]).ptr;
    }
    return {text, end};
  }
  // RFC 5952: the longest run of two or more zero groups becomes "::".
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = octets_[2 * i] * 256U + octets_[2 * i + 1];
  std::size_t best = 8, best_length = 1;
  for (std::size_t i = 0; i < 8; ++i) {
    std::size_t length = 0;
    while (i + length < 8 && groups[i + length] == 0) ++length;
    if (length > best_length) best = i, best_length = length;
  }
  std::string out;
  for (std::size_t i = 0; i < 8;) {
    if (i == best) {
      out += "::";
      i += best_length;
      continue;
    }
    if (!out.empty() && out.back() != ':') out += ':';
    out += fmt::format("{:x}", groups[i++]);
  }
  return out;
}

std::string SocketAddress::to_string() const {
  std::string text = ip.is_v6() ? "[" + ip.to_string() + "]" : ip.to_string();
  char digits[8] = ":";
  text.append(digits, std::to_chars(digits + 1, digits + sizeof digits, port).ptr);
  return text;
}

}  // namespace ikelab
