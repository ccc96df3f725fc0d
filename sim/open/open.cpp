#include "sim/open/open.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

#include "protocol/crypto/digest.hpp"
#include "protocol/wire/udp_encapsulation.hpp"
#include "sim/capture/capture_file.hpp"
#include "sim/capture/ip_reader.hpp"
#include "sim/capture/link_layer.hpp"
#include "sim/open/esp_listener.hpp"
#include "sim/open/ike_listener.hpp"
#include "sim/open/ikev1_listener.hpp"
#include "sim/store/background.hpp"

namespace ikelab::open {
namespace {

constexpr std::uint8_t ip_protocol_udp = 17, ip_protocol_esp = 50;

enum class Kind { ike, esp, keepalive, other };

/// What a datagram is, and the octets of it that matter.
struct Classified {
  Kind kind = Kind::other;
  ByteView octets;
};

/// An IKE message begins with SPIi, SPIr, next payload, and version 1.x or 2.x (RFC 7296, 3.1).
int version_of(ByteView octets) {
  return octets[17] >> 4;
}
bool looks_like_ike(ByteView octets) {
  return octets.size() >= 28 && (version_of(octets) == 1 || version_of(octets) == 2);
}

Classified classify_udp(const capture::Udp& udp) {
  const auto on = [&](std::uint16_t port) { return udp.src == port || udp.dst == port; };
  if (on(wire::ike_port) && looks_like_ike(udp.payload)) return {Kind::ike, udp.payload};
  // A NAT may have changed one port, a test both: what looks like the non-ESP marker and IKE is it.
  const auto content = wire::classify_on_4500(udp.payload);
  if (content == wire::UdpContent::ike && looks_like_ike(wire::without_marker(udp.payload)))
    return {Kind::ike, wire::without_marker(udp.payload)};
  if (!on(wire::udp_encapsulation_port)) return {};
  if (content == wire::UdpContent::esp) return {Kind::esp, udp.payload};
  if (content == wire::UdpContent::keepalive) return {Kind::keepalive, udp.payload};
  return {};
}

/// A packet that was captured on several interfaces of one file is one packet. A repetition shows
/// on each of them again: the nth sight on an interface is new if no other interface had n before.
class SeenElsewhere {
 public:
  explicit SeenElsewhere(std::size_t interfaces) : interfaces_(interfaces) {}
  bool operator()(std::size_t interface, const capture::IpDatagram& ip) {
    if (interfaces_ < 2) return false;
    if (sights_.size() > most) sights_.clear();
    const Bytes key = concat({ip.src.octets(), ip.dst.octets(), ip.payload});
    auto& counts = sights_[std::hash<std::string>{}(to_text(key))];
    const unsigned count = ++counts[interface];
    return std::any_of(counts.begin(), counts.end(), [&](const auto& other) {
      return other.first != interface && other.second >= count;
    });
  }

 private:
  static constexpr std::size_t most = 1'000'000;
  std::size_t interfaces_;
  std::map<std::size_t, std::map<std::size_t, unsigned>> sights_;  // by interface
};

/// When the run begins: with the earliest packet, in nanoseconds since 1970.
std::int64_t begin_of(const capture::CaptureFile& file) {
  return std::min_element(file.packets.begin(), file.packets.end(),
                          [](const auto& a, const auto& b) { return a.unix_ns < b.unix_ns; })
      ->unix_ns;
}

/// Reads the packets of a capture and hands them to who understands them.
class Opener {
 public:
  Opener(const capture::CaptureFile& file, Observer& observer)
      : file_(file),
        observer_(observer),
        ike_(observer),
        ikev1_(observer),
        esp_(observer),
        seen_elsewhere_(file.interfaces.size()) {}

  /// By time: a pcapng of several interfaces need not be in order.
  void run() {
    std::vector<const capture::Packet*> order;
    for (const capture::Packet& packet : file_.packets) order.push_back(&packet);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto* a, const auto* b) { return a->unix_ns < b->unix_ns; });
    for (const capture::Packet* packet : order) read(*packet);
  }

 private:
  void read(const capture::Packet& packet) {
    const auto ip_packet =
        capture::ip_packet_of(file_.interfaces[packet.interface].link, file_.octets(packet));
    const auto ip = ip_packet ? reader_.read(*ip_packet) : std::nullopt;
    if (!ip) {
      ++observer_.counts.other;
      return;
    }
    if (seen_elsewhere_(packet.interface, *ip)) {
      ++observer_.counts.duplicates;
      return;
    }
    Sighting seen{{packet.unix_ns - begin_},
                  ++last_id_,
                  {ip->src, 0},
                  {ip->dst, 0},
                  ip->protocol == ip_protocol_udp,
                  ip->header,
                  {}};
    Classified what;
    if (ip->protocol == ip_protocol_esp) {
      what = {Kind::esp, ip->payload};
    } else if (const auto udp = capture::read_udp(ip->payload);
               udp && ip->protocol == ip_protocol_udp) {
      what = classify_udp(*udp);
      seen.src.port = udp->src;
      seen.dst.port = udp->dst;
    }
    seen.octets = what.octets;
    hand_on(what.kind, seen);
  }

  void hand_on(Kind kind, const Sighting& seen) {
    switch (kind) {
      case Kind::ike:
        return version_of(seen.octets) == 1 ? ikev1_.hear(seen) : ike_.hear(seen);
      case Kind::esp:
        return esp_.hear(seen);
      case Kind::keepalive:
        ++observer_.counts.keepalives;
        observer_.sent(seen, "keepalive");
        return observer_.received(seen, "keepalive");
      case Kind::other:
        ++observer_.counts.other;
    }
  }

  const capture::CaptureFile& file_;
  Observer& observer_;
  IkeListener ike_;
  Ikev1Listener ikev1_;
  EspListener esp_;
  SeenElsewhere seen_elsewhere_;
  capture::IpReader reader_;
  std::uint64_t last_id_ = 0;
  const std::int64_t begin_ = begin_of(file_);
};

/// Collects which nodes and links there are: the run's description comes before its events.
class Cast : public trace::Sink {
 public:
  void record(const trace::Event& event) override {
    const auto* packet = std::get_if<trace::PacketOnLink>(&event.body);
    if (packet == nullptr || links_.size() >= most) return;
    if (links_.emplace(packet->link, std::pair(packet->from, packet->to)).second)
      for (const std::string& name : {packet->from, packet->to})
        if (std::find(nodes_.begin(), nodes_.end(), name) == nodes_.end()) nodes_.push_back(name);
  }
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::PacketOnLink>();
  }
  void describe(store::RunInfo& info) const {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const double angle = std::numbers::pi + 2 * std::numbers::pi * static_cast<double>(i) /
                                                  static_cast<double>(nodes_.size());
      info.nodes.push_back({nodes_[i],
                            "gateway",
                            {nodes_[i]},
                            0.5 + 0.4 * std::cos(angle),
                            0.45 + 0.3 * std::sin(angle)});
    }
    for (const auto& [name, ends] : links_)
      info.links.push_back({name, ends.first, ends.second, "seen in the capture"});
  }

 private:
  static constexpr std::size_t most = 1000;
  std::vector<std::string> nodes_;
  std::map<std::string, std::pair<std::string, std::string>> links_;
};

store::RunInfo describe(const OpenOptions& options, const capture::CaptureFile& file, bool keys) {
  store::RunInfo info;
  info.scenario = options.capture.stem().string();
  info.about = fmt::format("A capture, opened: {}", options.capture.filename().string());
  info.versions = fmt::format("ikelab {}; OpenSSL {}", IKELAB_VERSION, crypto::library_version());
  info.disclosed = keys;
  const auto digest = crypto::sha256();
  digest->update(file.content);
  info.config_hash = to_hex(digest->finish());
  info.config = fmt::format("# opened from a capture, SHA-256 {}\ncapture: {}\n", info.config_hash,
                            options.capture.filename().string());
  return info;
}

std::vector<std::string> unknown_links(const capture::CaptureFile& file) {
  std::vector<std::string> out;
  for (const capture::Interface& interface : file.interfaces)
    if (!capture::knows(interface.link))
      out.push_back(std::to_string(static_cast<unsigned>(interface.link)));
  return out;
}

/// Hears the whole capture once, and tells it to `sink`. Deterministic.
OpenReport hear(const capture::CaptureFile& file, const capture::KeyTables& keys,
                trace::Sink& sink) {
  trace::Journal journal;
  journal.attach(sink);
  const auto provider = crypto::openssl_provider();
  Observer observer{journal, keys, *provider, {}, {}};
  Opener(file, observer).run();
  OpenReport report;
  report.packets = file.packets.size();
  report.events = journal.count();
  report.counts = std::move(observer.counts);
  report.remark = file.remark;
  report.unknown_links = unknown_links(file);
  return report;
}

}  // namespace

// A run is described before its events: the capture is heard twice, and nothing is held in memory.
Result<OpenReport> open(const OpenOptions& options) {
  IKELAB_TRY(const capture::CaptureFile file, capture::read_capture(options.capture));
  if (file.packets.empty())
    return Error{"E-CAP-004", "the capture has no packets"}.in(options.capture.string());
  capture::KeyTables keys;
  if (options.keys_dir) {
    IKELAB_TRY(keys, capture::read_key_tables(*options.keys_dir));
  }
  Cast cast;
  hear(file, keys, cast);
  store::RunInfo info = describe(options, file, options.keys_dir.has_value());
  info.epoch = begin_of(file) / 1'000'000'000;
  cast.describe(info);

  store::Background background(store::Recording{options.db, std::move(info)});
  IKELAB_CHECK(background.opened());
  OpenReport report = hear(file, keys, background);
  background.end();
  background.finish(store::RunStatus::finished, true);
  IKELAB_TRY(const store::Background::Outcome recorded, background.finished());
  report.run_id = recorded.run_id;
  return report;
}

}  // namespace ikelab::open
