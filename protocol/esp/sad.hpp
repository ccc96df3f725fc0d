// The Security Association Database of one node (RFC 4301, 4.4.2): SAs with their keyed transforms,
// found by SPI (inbound) and by the traffic they carry (both).
#pragma once
#include <list>
#include <map>

#include "protocol/esp/glance.hpp"
#include "protocol/esp/packet.hpp"
#include "protocol/esp/replay_window.hpp"
#include "protocol/esp/spd.hpp"

namespace ikelab::esp {

/// Counted in the order of installation.
using Serial = std::uint64_t;

/// Which SAs carry a flow, the newest first. SAs towards single hosts, of which a gateway may have
/// thousands, are found by that host's address; the others are tried one after another.
class FlowIndex {
 public:
  void add(Serial serial, Selectors selectors);
  void remove(Serial serial);
  /// The newest SA that selects `flow` (as the outbound direction sees it) and that `fits`.
  template <class Fits>
  [[nodiscard]] std::optional<Serial> newest(const policy::Flow& flow, Fits fits) const {
    std::optional<Serial> found;
    const auto consider = [&](const std::vector<Serial>& serials) {
      for (auto at = serials.rbegin(); at != serials.rend() && (!found || *at > *found); ++at)
        if (selects(entries_.at(*at), flow) && fits(*at)) found = *at;
    };
    if (const auto host = by_host_.find(flow.dst); host != by_host_.end()) consider(host->second);
    consider(others_);
    return found;
  }

 private:
  static bool to_one_host(const Selectors& selectors);
  std::map<Serial, Selectors> entries_;
  std::map<IpAddress, std::vector<Serial>> by_host_;
  std::vector<Serial> others_;
};

/// What an SA has carried, against its limits.
struct Carried {
  std::uint64_t bytes = 0, packets = 0;
  bool soft_told = false, hard_told = false;
};

struct OutboundSa {
  SaParameters sa;
  Transform transform;
  std::uint64_t last_sequence = 0;
  std::uint32_t path_mtu = 0;  ///< octets of an outer packet; 0: nothing was learned
  std::optional<Instant> path_mtu_learned = {};
  bool rekey_asked = false;
  Carried carried = {};
};

struct InboundSa {
  SaParameters sa;
  Transform transform;
  ReplayWindow window;
  Carried carried;
  Serial serial = 0;
  Glance admitted = {};  ///< at the last packet that its selectors let in
};

class Sad {
 public:
  void install(crypto::Provider& provider, InstallSa change);
  void remove(const RemoveSa& change);
  /// An inbound SA that was replaced: it opens packets until then, and selects no more.
  void retire(EspSpi spi, Instant until);
  /// Retired ones whose time has come are removed.
  void expire(Instant now);
  void move(const MoveSa& change);

  [[nodiscard]] InboundSa* inbound(EspSpi spi);
  /// The newest outbound SA for `flow`, of that child when one is named; nullptr when there is
  /// none.
  [[nodiscard]] OutboundSa* outbound(const policy::Flow& flow, const std::string& child);
  /// The newest outbound SA of a child.
  [[nodiscard]] OutboundSa* outbound_of(const std::string& child);
  /// By SPI and outer destination, as an ICMP error names it.
  [[nodiscard]] OutboundSa* outbound(EspSpi spi, const IpAddress& dst);
  /// Whether some inbound SA would carry `flow`, which is as it came from outside.
  [[nodiscard]] bool receives(const policy::Flow& flow) const;
  [[nodiscard]] std::size_t size() const { return outbound_.size() + inbound_.size(); }

 private:
  std::map<Serial, OutboundSa>::iterator find_outbound(EspSpi spi, EspSpi pair);

  std::map<Serial, OutboundSa> outbound_;
  std::map<EspSpi, InboundSa> inbound_;
  FlowIndex outbound_flows_, inbound_flows_;
  std::multimap<EspSpi, Serial> outbound_by_pair_;  ///< those that know their inbound SPI
  struct Retired {
    Instant until;
    EspSpi spi;
    Serial serial;  ///< its SPI may have been given to another since
  };
  std::list<Retired> retired_;  ///< in the order of their ends
  Serial next_ = 1;
};

}  // namespace ikelab::esp
