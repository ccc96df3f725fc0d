#include "protocol/policy/traffic_selector.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>

namespace ikelab::policy {
namespace {

struct ProtocolName {
  std::string_view name;
  std::uint8_t number;
};
constexpr ProtocolName protocols[] = {
    {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}, {"ipv6-icmp", 58}};

Error bad(std::string_view text, std::string why) {
  return Error{"E-POL-020", fmt::format("traffic selector \"{}\": {}", text, why)}
      .see("RFC 7296, 3.13.1")
      .expect("for example 10.1.0.0/24, 10.1.0.7, 10.1.0.1..10.1.0.9 or 10.1.0.0/24[tcp/80]");
}

std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

// The address with the bits from `prefix` on all zero or all one.
IpAddress fill_host_bits(const IpAddress& address, unsigned prefix, bool ones) {
  Bytes octets = to_bytes(address.octets());
  for (std::size_t bit = prefix; bit < octets.size() * 8; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80 >> (bit % 8));
    octets[bit / 8] =
        static_cast<std::uint8_t>(ones ? octets[bit / 8] | mask : octets[bit / 8] & ~mask);
  }
  return IpAddress::from_octets(octets).value();
}

Result<void> parse_restriction(std::string_view text, std::string_view whole,
                               wire::TrafficSelector& ts) {
  const std::size_t slash = text.find('/');
  const std::string_view protocol = text.substr(0, slash);
  const auto row = std::find_if(std::begin(protocols), std::end(protocols),
                                [&](const auto& p) { return p.name == protocol; });
  if (row != std::end(protocols))
    ts.protocol = row->number;
  else if (const auto n = number(protocol, 255); n && *n != 0)
    ts.protocol = static_cast<std::uint8_t>(*n);
  else
    return bad(whole, fmt::format("\"{}\" is not a protocol", protocol));
  if (slash == std::string_view::npos) return {};
  const std::string_view ports = text.substr(slash + 1);
  if (ports == "opaque") {
    //= rfc7296#3.13.1 "Systems working with [IPSECARCH] that wish to indicate "OPAQUE" ports, but
    //= not "ANY" ports, MUST set the start port to 65535 and the end port to 0."
    ts.start_port = 65535;
    ts.end_port = 0;
    return {};
  }
  const std::size_t dash = ports.find('-');
  const auto first = number(ports.substr(0, dash), 65535);
  const auto last = dash == std::string_view::npos ? first : number(ports.substr(dash + 1), 65535);
  if (!first || !last || *first > *last)
    return bad(whole, fmt::format("\"{}\" is not a port or a range of ports", ports));
  ts.start_port = static_cast<std::uint16_t>(*first);
  ts.end_port = static_cast<std::uint16_t>(*last);
  return {};
}

// The prefix length when start..end is a subnet.
/// How many bits `a` and `b` begin with in common; they are of one family.
unsigned common_bits(ByteView a, ByteView b) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto differing = static_cast<std::uint8_t>(a[i] ^ b[i]);
    bits += static_cast<unsigned>(std::countl_zero(differing));
    if (differing != 0) break;
  }
  return bits;
}

/// Only where the addresses part can a prefix end that stands for them all.
std::optional<unsigned> prefix_of(const wire::TrafficSelector& ts) {
  if (ts.start.is_v6() != ts.end.is_v6()) return std::nullopt;
  const unsigned prefix = common_bits(ts.start.octets(), ts.end.octets());
  if (fill_host_bits(ts.start, prefix, false) == ts.start &&
      fill_host_bits(ts.start, prefix, true) == ts.end)
    return prefix;
  return std::nullopt;
}

bool any_port(const wire::TrafficSelector& ts) {
  return ts.start_port == 0 && ts.end_port == 65535;
}

}  // namespace

Result<wire::TrafficSelector> parse_traffic_selector(std::string_view text) {
  wire::TrafficSelector ts;
  std::string_view addresses = text;
  if (const std::size_t bracket = text.find('['); bracket != std::string_view::npos) {
    if (text.back() != ']') return bad(text, "the bracket is not closed");
    addresses = text.substr(0, bracket);
    IKELAB_CHECK(parse_restriction(text.substr(bracket + 1, text.size() - bracket - 2), text, ts));
  }
  const std::size_t dots = addresses.find("..");
  const std::size_t slash = addresses.find('/');
  const auto start = IpAddress::parse(addresses.substr(0, std::min(dots, slash)));
  if (!start) return bad(text, start.error().message);
  ts.start = ts.end = *start;
  if (dots != std::string_view::npos) {
    const auto end = IpAddress::parse(addresses.substr(dots + 2));
    if (!end) return bad(text, end.error().message);
    if (end->is_v6() != start->is_v6() || *end < *start)
      return bad(text, "the range ends before it starts");
    ts.end = *end;
  } else if (slash != std::string_view::npos) {
    const auto prefix = number(addresses.substr(slash + 1), start->is_v6() ? 128 : 32);
    if (!prefix)
      return bad(text, fmt::format("\"{}\" is not a prefix length", addresses.substr(slash + 1)));
    ts.start = fill_host_bits(*start, *prefix, false);
    ts.end = fill_host_bits(*start, *prefix, true);
  }
  return ts;
}

std::string to_string(const wire::TrafficSelector& ts) {
  std::string text;
  if (const auto prefix = prefix_of(ts))
    text = fmt::format("{}/{}", ts.start.to_string(), *prefix);
  else
    text = fmt::format("{}..{}", ts.start.to_string(), ts.end.to_string());
  if (ts.protocol == 0 && any_port(ts)) return text;
  const auto row = std::find_if(std::begin(protocols), std::end(protocols),
                                [&](const auto& p) { return p.number == ts.protocol; });
  text += "[" + (row == std::end(protocols) ? std::to_string(ts.protocol) : std::string(row->name));
  if (!any_port(ts))
    text += ts.start_port == ts.end_port ? fmt::format("/{}", ts.start_port)
                                         : fmt::format("/{}-{}", ts.start_port, ts.end_port);
  return text + "]";
}

std::optional<wire::TrafficSelector> intersect(const wire::TrafficSelector& a,
                                               const wire::TrafficSelector& b) {
  if (a.start.is_v6() != b.start.is_v6()) return std::nullopt;
  if (a.protocol != 0 && b.protocol != 0 && a.protocol != b.protocol) return std::nullopt;
  wire::TrafficSelector both;
  both.protocol = a.protocol != 0 ? a.protocol : b.protocol;
  both.start_port = std::max(a.start_port, b.start_port);
  both.end_port = std::min(a.end_port, b.end_port);
  both.start = std::max(a.start, b.start);
  both.end = std::min(a.end, b.end);
  if (both.start > both.end || both.start_port > both.end_port) return std::nullopt;
  return both;
}

std::vector<wire::TrafficSelector> narrow(const std::vector<wire::TrafficSelector>& offered,
                                          const std::vector<wire::TrafficSelector>& configured) {
  std::vector<wire::TrafficSelector> result;
  for (const auto& theirs : offered)
    for (const auto& ours : configured)
      if (const auto both = intersect(theirs, ours);
          both && std::find(result.begin(), result.end(), *both) == result.end())
        result.push_back(*both);
  return result;
}

std::vector<wire::TrafficSelector> simplified(std::vector<wire::TrafficSelector> selectors) {
  std::vector<wire::TrafficSelector> kept;
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    bool held = false;
    for (std::size_t k = 0; k < selectors.size() && !held; ++k)
      held = k != i && selectors[k] != selectors[i] &&
             intersect(selectors[i], selectors[k]) == selectors[i];
    if (!held) kept.push_back(selectors[i]);
  }
  return kept;
}

bool contains(const std::vector<wire::TrafficSelector>& set, const IpAddress& address,
              std::uint8_t protocol, std::uint16_t port) {
  return std::any_of(set.begin(), set.end(), [&](const wire::TrafficSelector& ts) {
    return ts.start.is_v6() == address.is_v6() && ts.start <= address && address <= ts.end &&
           (ts.protocol == 0 || ts.protocol == protocol) && ts.start_port <= port &&
           port <= ts.end_port;
  });
}

}  // namespace ikelab::policy
