// What a capture shows of a conversation, told as the events of a run. The nodes are the addresses
// that spoke. A watcher sees a packet once, where it sat: sent and received bear the same time.
#pragma once
#include <map>
#include <set>
#include <string>

#include "protocol/crypto/provider.hpp"
#include "protocol/trace/journal.hpp"
#include "sim/capture/key_tables.hpp"

namespace ikelab::open {

/// One datagram of the capture that is IKE or ESP.
struct Sighting {
  Instant time;
  std::uint64_t id = 0;  ///< its number in the run's trace
  SocketAddress src, dst;
  bool udp = true;     ///< false: IP protocol 50
  ByteView ip_header;  ///< everything before the payload of IP
  ByteView octets;     ///< the IKE message without marker, or the ESP packet
};

/// What an exchange said about a Child SA, by the SPI its packets bear.
struct ChildFacts {
  std::string ike_sa;    ///< the IKE SA's name
  std::string peer_spi;  ///< of the other direction
  std::vector<std::string> ts_src, ts_dst;
};

struct Counts {
  std::uint64_t ike = 0, ike_opened = 0, ike_sealed = 0;  ///< sealed: stayed closed
  std::uint64_t esp = 0, esp_opened = 0;
  std::uint64_t keepalives = 0, other = 0;
  std::uint64_t duplicates = 0;       ///< of what another interface of the capture saw as well
  std::set<std::string> without_key;  ///< "IKE SA 0123.. / 4567..", "ESP SA 89abcdef"
};

/// What both listeners share.
struct Observer {
  trace::Journal& journal;
  const capture::KeyTables& keys;
  crypto::Provider& provider;
  Counts counts;
  std::map<std::uint32_t, ChildFacts> children;

  /// The datagram leaves its sender, crosses the wire, and reaches its receiver.
  void sent(const Sighting& seen, const std::string& protocol);
  void received(const Sighting& seen, const std::string& protocol);
};

/// The name of the node that has an address.
std::string node_of(const SocketAddress& address);
/// The link between two nodes, the same in both directions.
std::string link_of(const Sighting& seen);
/// With the port for UDP, without for IP protocol 50.
std::string text_of(const Sighting& seen, const SocketAddress& address);

}  // namespace ikelab::open
