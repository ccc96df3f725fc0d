#include "sim/run/run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unordered_map>

#include "sim/ns3/network.hpp"
#include "sim/run/capture.hpp"
#include "sim/run/expectations.hpp"
#include "sim/run/heap.hpp"
#include "sim/run/labelled_capture.hpp"
#include "sim/run/meter.hpp"
#include "sim/run/policies.hpp"
#include "sim/run/wireshark_keys.hpp"
#include "sim/store/background.hpp"

namespace ikelab::run {
namespace {

constexpr std::size_t many_nodes = 2000;        // fewer are used to their caches
constexpr std::size_t node_octets = 28 * 1024;  // measured: a subscriber with its part of a gateway

std::string versions() {
  return fmt::format("ikelab {}; {}; OpenSSL {}; g++ {}", IKELAB_VERSION, sim::ns3_version(),
                     crypto::library_version(), __VERSION__);
}

store::NodeInfo describe(const scenario::Node& node, const scenario::Scenario& scenario) {
  store::NodeInfo info{
      node.name, scenario::role_words[static_cast<std::size_t>(node.role)], {}, node.x, node.y};
  const auto add = [&](const std::string& owner, const std::string& v4, const std::string& v6) {
    if (owner != node.name) return;
    if (!v4.empty()) info.addresses.push_back(v4);
    if (!v6.empty()) info.addresses.push_back(v6);
  };
  for (const scenario::Link& link : scenario.links) {
    add(link.a, link.a_address, link.a_address6);
    add(link.b, link.b_address, link.b_address6);
  }
  for (const scenario::Lan& lan : scenario.lans)
    for (const scenario::Lan::Member& member : lan.members)
      add(member.node, member.address, member.address6);
  for (const IpAddress& address : node.inner_addresses)
    info.addresses.push_back(address.to_string() + "/32");
  return info;
}

store::LinkInfo describe(const scenario::Link& link) {
  const std::string to_a = path::describe(link.to_a), to_b = path::describe(link.to_b);
  return {link.name, link.a, link.b,
          to_a == to_b ? to_b : fmt::format("to {}: {}; to {}: {}", link.b, to_b, link.a, to_a)};
}

/// A shared medium or a cloud is drawn as a place of its own, with a line to each of its members.
void describe_media(const scenario::Scenario& scenario, store::RunInfo& info) {
  struct Place {
    double x, y;
  };
  std::unordered_map<std::string, Place> places;
  for (const store::NodeInfo& node : info.nodes) places[node.name] = {node.x, node.y};
  const auto add = [&](const std::string& name, const std::vector<std::string>& members,
                       const std::string& about) {
    const auto taken = [&](const store::NodeInfo& n) { return n.name == name; };
    const bool clash = std::any_of(info.nodes.begin(), info.nodes.end(), taken);
    store::NodeInfo place{clash ? name + " network" : name, "network", {}, 0, 0};
    for (const std::string& member : members)
      if (const auto at = places.find(member); at != places.end()) {
        place.x += at->second.x / static_cast<double>(members.size());
        place.y += at->second.y / static_cast<double>(members.size());
      }
    for (const std::string& member : members)
      info.links.push_back({name + " " + member, member, place.name, about});
    info.nodes.push_back(std::move(place));
  };
  for (const scenario::Lan& lan : scenario.lans) {
    std::vector<std::string> members;
    for (const scenario::Lan::Member& member : lan.members) members.push_back(member.node);
    add(lan.name, members, lan.kind == scenario::Lan::Kind::wifi ? "wifi" : "csma");
  }
  for (const scenario::Cloud& cloud : scenario.clouds) {
    std::vector<std::string> members = {cloud.gateway};
    for (const auto& subscriber : cloud.subscribers) members.push_back(subscriber.node);
    add(cloud.name, members, "access line");
  }
}

store::RunInfo describe(const scenario::Scenario& scenario) {
  store::RunInfo info;
  info.scenario = scenario.name;
  info.about = scenario.about;
  info.seed = scenario.seed;
  info.config = scenario.yaml;
  const auto digest = crypto::sha256();
  digest->update(as_bytes(scenario.yaml));
  info.config_hash = to_hex(digest->finish());
  info.versions = versions();
  info.epoch = scenario.epoch;
  info.disclosed = scenario.disclose_secrets;
  for (const scenario::Node& node : scenario.nodes) info.nodes.push_back(describe(node, scenario));
  for (const scenario::Link& link : scenario.links) info.links.push_back(describe(link));
  describe_media(scenario, info);
  describe_policies(scenario, info);
  for (const scenario::Adversary& adversary : scenario.adversaries)
    for (const scenario::Link& link : scenario.links) {
      if (link.name != adversary.link) continue;
      store::NodeInfo eve{adversary.name, "adversary", {}, 0.5, 0.8};
      double x = 0;
      for (const store::NodeInfo& node : info.nodes)
        if (node.name == link.a || node.name == link.b) x += node.x / 2;
      eve.x = x;
      info.nodes.push_back(eve);
    }
  return info;
}

/// A bar on stderr with the remaining time, once the run has taken two seconds.
class ProgressBar {
 public:
  explicit ProgressBar(Duration whole) : whole_(whole) {}
  ~ProgressBar() {
    if (shown_) std::fprintf(stderr, "\r\033[K");
  }
  void operator()(Instant at) {
    const double share = static_cast<double>(at.ns) / static_cast<double>(whole_.count());
    const double spent =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
    if (spent < 2 || share <= 0) return;
    shown_ = true;
    const int filled = static_cast<int>(share * 30);
    std::fprintf(stderr, "\r[%-30s] %3.0f %%, %.0f s left ",
                 std::string(static_cast<std::size_t>(filled), '#').c_str(), share * 100,
                 spent / share * (1 - share));
    std::fflush(stderr);
  }

 private:
  Duration whole_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  bool shown_ = false;
};

/// Several captures at one tap.
class Taps : public sim::WireTap {
 public:
  void add(sim::WireTap* tap) {
    if (tap != nullptr) all_.push_back(tap);
  }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  void on_wire(const std::string& link, Instant time, std::uint64_t datagram,
               ByteView ip_packet) override {
    for (sim::WireTap* tap : all_) tap->on_wire(link, time, datagram, ip_packet);
  }

 private:
  std::vector<sim::WireTap*> all_;
};

std::vector<Error> stopped_scripts(const EventSource& events) {
  std::vector<Error> out;
  events.each(trace::Diagnostic::kind, [&](const trace::Event& event) {
    const auto& d = std::get<trace::Diagnostic>(event.body);
    if (d.code.starts_with("E-LUA-"))
      out.push_back(Error{d.code, fmt::format("{}: {}", event.node, d.message)});
  });
  return out;
}

}  // namespace

bool RunReport::expectations_met() const {
  return std::all_of(expectations.begin(), expectations.end(),
                     [](const ExpectationOutcome& o) { return o.met; });
}

Result<RunReport> run(const scenario::Scenario& scenario, const RunOptions& options) {
  IKELAB_CHECK(check_expectations(scenario));
  if (options.keys_dir && !scenario.disclose_secrets)
    return Error{"E-RUN-004",
                 "this scenario does not disclose its secrets, so there are no keys to write"}
        .in(scenario.file.string())
        .expect("add --set disclose_secrets=true");
  trace::Journal journal;
  ExpectationSink evidence(scenario);
  WiresharkKeys keys;
  journal.attach(evidence);
  Meter meter(scenario, journal);
  if (scenario.measure) journal.attach(meter);
  if (options.keys_dir) journal.attach(keys);
  for (trace::Sink* sink : options.sinks) journal.attach(*sink);
  std::unique_ptr<Capture> capture;
  if (options.pcap_dir) {
    IKELAB_TRY(capture, Capture::open(*options.pcap_dir, scenario));
    journal.attach(*capture);
  }
  std::unique_ptr<LabelledCapture> labelled;
  if (options.labels) {
    IKELAB_TRY(labelled, LabelledCapture::open(*options.labels, scenario));
    journal.attach(*labelled);
  }
  Taps taps;
  taps.add(capture.get());
  taps.add(labelled.get());
  if (scenario.nodes.size() >= many_nodes)
    suit_heap_to_many_nodes(scenario.nodes.size() * node_octets);
  IKELAB_TRY(auto network, sim::Network::build(scenario, journal, taps.empty() ? nullptr : &taps));

  RunReport report;
  report.versions = versions();
  std::optional<store::Recording> recording;
  if (options.db) recording = {*options.db, describe(scenario), scenario.record};
  store::Background background(std::move(recording));
  IKELAB_CHECK(background.opened());
  IKELAB_ASSERT(journal.count() == 0);  // a fingerprint is of all events
  journal.attach(background);
  {
    ProgressBar bar(scenario.duration);
    if (scenario.measure)
      network->at_intervals(*scenario.measure, [&meter](Instant now) { meter.tell(now); });
    network->run(options.progress ? std::function<void(Instant)>(std::ref(bar))
                                  : std::function<void(Instant)>());
  }
  if (scenario.measure) meter.finish({scenario.duration.count()});
  report.events = journal.count();
  background.end();
  network.reset();  // what it has in memory, expectations may have
  report.expectations = evaluate(scenario, evidence.events);
  report.stopped_scripts = stopped_scripts(evidence.events);
  background.finish(store::RunStatus::finished, report.expectations_met());
  IKELAB_TRY(const store::Background::Outcome recorded, background.finished());
  report.run_id = recorded.run_id;
  report.fingerprint = recorded.fingerprint;
  if (capture) IKELAB_CHECK(capture->finish());
  if (labelled) IKELAB_CHECK(labelled->finish());
  if (options.keys_dir) IKELAB_CHECK(keys.write(*options.keys_dir));
  return report;
}

}  // namespace ikelab::run
