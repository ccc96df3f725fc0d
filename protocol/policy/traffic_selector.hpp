// Traffic selectors (RFC 7296, 2.9 and 3.13).
#pragma once
#include "protocol/wire/message.hpp"

namespace ikelab::policy {

/// "10.1.0.0/24", "10.1.0.7", "10.1.0.0/24[tcp/80]", "2001:db8::/64", "0.0.0.0/0". Errors:
/// E-POL-020.
Result<wire::TrafficSelector> parse_traffic_selector(std::string_view text);
/// A subnet where it is one ("10.1.0.0/24"), otherwise "start..end"; with "[proto/port]" when
/// restricted.
std::string to_string(const wire::TrafficSelector& ts);
/// The intersection, if any.
std::optional<wire::TrafficSelector> intersect(const wire::TrafficSelector& a,
                                               const wire::TrafficSelector& b);
/// Narrowing (RFC 7296, 2.9): all non-empty intersections, in the order of `offered`, without
/// duplicates.
std::vector<wire::TrafficSelector> narrow(const std::vector<wire::TrafficSelector>& offered,
                                          const std::vector<wire::TrafficSelector>& configured);

/// The same packets in fewer words: what another selector holds is left out. The first one's place
/// is kept.
std::vector<wire::TrafficSelector> simplified(std::vector<wire::TrafficSelector> selectors);

/// What a packet is to the SPD.
struct Flow {
  IpAddress src, dst;
  std::uint8_t protocol = 0;
  std::uint16_t src_port = 0, dst_port = 0;
  bool opaque_ports = false;  ///< a later fragment: nobody can say which ports (RFC 4301, 7)
};
/// Reads IPv4 or IPv6 (behind its extension headers) with TCP, UDP, ICMP (type and code as ports,
/// RFC 4301 4.4.1.1). Errors: E-POL-021.
Result<Flow> flow_of_packet(ByteView ip_packet);
bool contains(const std::vector<wire::TrafficSelector>& set, const IpAddress& address,
              std::uint8_t protocol, std::uint16_t port);

}  // namespace ikelab::policy
