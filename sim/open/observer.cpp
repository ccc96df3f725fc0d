#include "sim/open/observer.hpp"

#include <algorithm>

namespace ikelab::open {

std::string node_of(const SocketAddress& address) {
  return address.ip.to_string();
}

std::string link_of(const Sighting& seen) {
  const auto [low, high] = std::minmax(seen.src.ip, seen.dst.ip);
  return low.to_string() + " - " + high.to_string();
}

std::string text_of(const Sighting& seen, const SocketAddress& address) {
  return seen.udp ? address.to_string() : address.ip.to_string();
}

void Observer::sent(const Sighting& seen, const std::string& protocol) {
  journal.emit(
      seen.time, node_of(seen.src), "",
      trace::DatagramSent{seen.id, protocol, text_of(seen, seen.src), text_of(seen, seen.dst),
                          to_bytes(seen.octets), seen.octets.size()});
  journal.emit(seen.time, "", "",
               trace::PacketOnLink{seen.id, link_of(seen), node_of(seen.src), node_of(seen.dst),
                                   protocol == "IKE" ? "IKE" : "ESP", seen.octets.size(),
                                   seen.time.ns, std::max<std::int64_t>(seen.time.ns, 1), ""});
}

void Observer::received(const Sighting& seen, const std::string& protocol) {
  journal.emit(
      seen.time, node_of(seen.dst), "",
      trace::DatagramReceived{seen.id, protocol, text_of(seen, seen.src), text_of(seen, seen.dst),
                              to_bytes(seen.octets), seen.octets.size()});
}

}  // namespace ikelab::open
