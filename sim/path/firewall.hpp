// A packet filter on a router's way: what of IPsec people block, on purpose or not.
#pragma once
#include <string>
#include <vector>

#include "protocol/base/time.hpp"
#include "sim/path/packet.hpp"

namespace ikelab::path {

/// One thing that does not pass. `too_big`: the ICMP errors of path MTU discovery, whose loss makes
/// a black hole (RFC 2923).
enum class Blocked { udp, tcp, icmp, esp, fragments, larger, too_big };

struct Rule {
  Blocked what = Blocked::udp;
  std::uint16_t port = 0;  ///< udp, tcp: either port; 0: all
  std::size_t octets = 0;  ///< larger: than this
  Duration from{0}, until = Duration::max();
};

/// Why the packet does not pass; empty when it does.
std::string blocked(const std::vector<Rule>& rules, Instant now, ByteView packet);

}  // namespace ikelab::path
