// Fragments of the two sites' messages, as they crossed the wire.
#pragma once
#include <algorithm>

#include "tests/support/forge.hpp"
#include "tests/support/lab_certificates.hpp"

namespace ikelab::test {

/// The SKF payload of a message, if it is a fragment.
inline std::optional<wire::SkfPayload> part_of(const ikev2::Datagram& datagram) {
  const auto decoded = wire::decode(datagram.payload);
  const auto* skf = wire::first<wire::SkfPayload>(decoded.message.payloads);
  return skf == nullptr ? std::nullopt : std::optional(*skf);
}

/// The fragments among what was sent since `from`.
inline std::vector<ikev2::Datagram> fragments_since(const Pair& pair, std::size_t from) {
  std::vector<ikev2::Datagram> found;
  for (std::size_t i = from; i < pair.wire.size(); ++i)
    if (part_of(pair.wire[i])) found.push_back(pair.wire[i]);
  return found;
}

/// Octets of the IPv4 datagram (RFC 7383, appendix B).
inline std::size_t ip_size(const ikev2::Datagram& datagram) {
  return 20 + 8 + (datagram.src.port == 4500 ? 4 : 0) + datagram.payload.size();
}

inline void set_fragments(policy::EndpointConfig& config, std::size_t size,
                          policy::Fragmentation wish = policy::Fragmentation::yes) {
  config.connections[0].fragment_size = size;
  config.connections[0].fragmentation = wish;
}

}  // namespace ikelab::test
