#include "sim/ns3/adversary_seat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ikelab::sim {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t largest_dictionary = 1U << 20;  // octets
constexpr std::size_t longest_word = 256;

/// `folder` is where those that are shipped lie.
Result<std::string> path_of(const std::string& name, const std::string& folder,
                            const char* extension, const scenario::Scenario& scenario) {
  const fs::path file = fs::path(name).lexically_normal();
  if (!file.has_parent_path() && file.extension() != extension)
    return fmt::format("{}/{}{}", folder, file.string(), extension);
  if (file.is_absolute() || file.extension() != extension || *file.begin() == "..")
    return Error{"E-RUN-002", fmt::format("'{}' is no place for a {} file", name, extension)}
        .in(scenario.file.string())
        .expect(fmt::format("expected a name in {}, or a {} file beside the scenario",
                            fs::path(folder).lexically_relative(IKELAB_SOURCE_DIR).string(),
                            extension));
  return (scenario.file.parent_path() / file).string();
}

Result<std::string> read_script(const std::string& file, const std::string& name,
                                const std::string& place) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return Error{"E-RUN-002", fmt::format("no script '{}'", name)}.in(place).expect(
        "expected a name in sim/attacks or sim/monitor/detectors, or a path that ends with .lua");
  std::ostringstream source;
  source << in.rdbuf();
  return source.str();
}

/// A script, and the parts of somebody else's that finish it: one text, so that a part sees and
/// replaces what the script has.
struct Source {
  std::string file, text;
  std::vector<std::pair<int, std::string>> parts;  ///< the line where each begins, and its file
};

/// `names`: "psk-dictionary", or "psk-dictionary + crack.lua".
Result<Source> read_source(const std::string& names, const std::string& folder,
                           const scenario::Scenario& scenario) {
  Source out;
  for (std::size_t at = 0; at <= names.size();) {
    const std::size_t plus = std::min(names.find(" + ", at), names.size());
    const std::string name = names.substr(at, plus - at);
    at = plus + 3;
    IKELAB_TRY(const std::string file, path_of(name, folder, ".lua", scenario));
    IKELAB_TRY(const std::string text, read_script(file, name, scenario.file.string()));
    if (out.file.empty())
      out.file = file;
    else
      out.parts.emplace_back(
          1 + static_cast<int>(std::count(out.text.begin(), out.text.end(), '\n')), file);
    out.text += text + '\n';
  }
  return out;
}

Result<std::vector<std::string>> read_words(const std::string& name,
                                            const scenario::Scenario& scenario) {
  IKELAB_TRY(const std::string path, path_of(name, IKELAB_ATTACK_DIR "/words", ".txt", scenario));
  std::error_code problem;
  const auto size = fs::file_size(path, problem);
  if (problem || size > largest_dictionary)
    return Error{"E-RUN-006",
                 fmt::format("no dictionary '{}' of at most {} octets", name, largest_dictionary)};
  std::vector<std::string> words;
  std::ifstream in(path, std::ios::binary);
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line.front() != '#' && line.size() <= longest_word) words.push_back(line);
  return words;
}

Bytes certificate_of(const policy::ConnectionConfig& connection) {
  return connection.local.certificates.empty() ? Bytes{} : connection.local.certificates.front();
}

/// What it has before the run: what stands in a node's configuration.
std::map<std::string, Bytes> held_by(const scenario::Adversary& config,
                                     const scenario::Scenario& scenario) {
  std::map<std::string, Bytes> held;
  for (const scenario::Compromise& c : config.compromise)
    for (const scenario::Node& node : scenario.nodes)
      for (const policy::ConnectionConfig& connection : node.connections)
        if (node.name == c.node && scenario::is_configured(c.what))
          held[c.what + ":" + c.node] = c.what == "psk"   ? connection.local.psk
                                        : c.what == "key" ? connection.local.private_key
                                                          : certificate_of(connection);
  return held;
}

/// In words, for the trace: "on-path at link wan, between gw-a and gw-b: ...".
std::string place_of(const scenario::Scenario& scenario, const scenario::Adversary& config) {
  std::string ends;
  for (const scenario::Link& link : scenario.links)
    if (link.name == config.link) ends = fmt::format("{} and {}", link.a, link.b);
  if (config.position == "off-path")
    return fmt::format(
        "off-path at link {} ({}): it sends under any address, and gets only what is routed to it",
        config.link, ends);
  return fmt::format("{} at link {}, between {}: {}", config.position, config.link, ends,
                     config.position == "passive" ? "it sees every packet there, and sends none"
                                                  : "every packet there goes through its hands");
}

bool is_derived(const scenario::Compromise& c) {
  return !scenario::is_configured(c.what);
}

}  // namespace

Result<std::unique_ptr<script::Adversary>> load_adversary_of(const scenario::Scenario& scenario,
                                                             const scenario::Adversary& config,
                                                             std::uint64_t datagram_id_base) {
  IKELAB_TRY(const Source source, read_source(config.script, IKELAB_ATTACK_DIR, scenario));
  script::AdversaryOptions options;
  options.parts = source.parts;
  options.name = config.name;
  options.place = place_of(scenario, config);
  options.script = config.script;
  options.parameters = config.parameters;
  options.seed = scenario.seed;
  options.held = held_by(config, scenario);
  options.dictionary = [&scenario](const std::string& name) { return read_words(name, scenario); };
  options.datagram_id_base = datagram_id_base;
  options.connections = config.connections;
  options.epoch = scenario.epoch;
  IKELAB_TRY(auto adversary, script::load_adversary(source.text, source.file, options));
  if (adversary->position() != config.position)
    return Error{"E-RUN-005",
                 fmt::format("'{}' stands {}, but its script '{}' is written for {}", config.name,
                             config.position, config.script, adversary->position())}
        .in(scenario.file.string())
        .expect("expected the same position in both");
  return adversary;
}

Result<std::unique_ptr<script::Adversary>> load_detector_of(const scenario::Scenario& scenario,
                                                            const scenario::Monitor& config,
                                                            const std::string& detector) {
  IKELAB_TRY(const std::string file, path_of(detector, IKELAB_DETECTOR_DIR, ".lua", scenario));
  IKELAB_TRY(const std::string source, read_script(file, detector, scenario.file.string()));
  script::AdversaryOptions options;
  options.name = config.name;
  options.side = script::Side::monitor;
  options.blocks = config.blocks;
  options.parameters = config.parameters;
  options.seed = scenario.seed;
  return script::load_adversary(source, file, options);
}

Result<std::string> seat_of(const scenario::Scenario& scenario, const scenario::Adversary& config) {
  std::vector<std::string> hosts;
  for (const scenario::Link& link : scenario.links)
    for (const scenario::Node& node : scenario.nodes)
      if (link.name == config.link && (node.name == link.a || node.name == link.b) &&
          node.role == scenario::Role::host && node.connections.empty())
        hosts.push_back(node.name);
  if (hosts.size() != 1)
    return Error{"E-RUN-001", fmt::format("'{}' is off-path and has no host of its own on '{}'",
                                          config.name, config.link)}
        .in(scenario.file.string())
        .expect("expected a link between the network and a host without connections");
  return hosts.front();
}

void Compromised::start() {
  kept_.resize(config_.compromise.size());
  for (std::size_t i = 0; i < config_.compromise.size(); ++i)
    if (config_.compromise[i].at)
      ns3::Simulator::Schedule(to_ns3(*config_.compromise[i].at), [this, i] {
        for (const script::Grant& grant : kept_[i]) channel_->grant(config_.name, grant);
        kept_[i].clear();
      });
}

// The trace is being written while this is called: what is granted is handed over right after.
void Compromised::record(const trace::Event& event) {
  const auto* derived = std::get_if<trace::KeyDerived>(&event.body);
  if (derived == nullptr) return;
  for (std::size_t i = 0; i < config_.compromise.size() && i < kept_.size(); ++i) {
    const scenario::Compromise& c = config_.compromise[i];
    // a rekey's "g^ir (new)" is a g^ir
    const bool same = derived->name == c.what || derived->name == c.what + " (new)";
    if (!is_derived(c) || !same || event.node != c.node) continue;
    const script::Grant grant{c.what, event.node, event.sa, derived->output};
    if (!c.at)
      ns3::Simulator::ScheduleNow([this, grant] { channel_->grant(config_.name, grant); });
    else if (event.time.ns <= c.at->count())
      kept_[i].push_back(grant);
  }
}

}  // namespace ikelab::sim
