// Three Child SAs between gw-a and gw-b, so that several exchanges have something to do at once.
#pragma once
#include "tests/support/pair.hpp"

namespace ikelab::test {

/// The site's child "net", and "two" and "three" for other hosts of the same networks; the node
/// lets its peer have so many requests under way.
inline policy::EndpointConfig three_children(policy::EndpointConfig config, unsigned window) {
  config.connections[0].window_size = window;
  auto& children = config.connections[0].children;
  for (const char* name : {"two", "three"}) {
    children.push_back(children[0]);
    children.back().name = name;
    const int host = name == std::string("two") ? 2 : 3;
    for (auto* selectors : {&children.back().local_ts, &children.back().remote_ts})
      for (auto& ts : *selectors) {
        const Bytes net = to_bytes(ts.start.octets());
        const Bytes one = {net[0], net[1], static_cast<std::uint8_t>(net[2] + host), 1};
        ts.start = ts.end = IpAddress::from_octets(one).value();
      }
  }
  return config;
}

}  // namespace ikelab::test
