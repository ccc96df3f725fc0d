#include "sim/matrix/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace ikelab::matrix {
namespace fs = std::filesystem;
namespace {

Result<std::vector<script::Header>> headers_in(const char* folder, script::Side side) {
  std::vector<script::Header> all;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() != ".lua") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream source;
    source << in.rdbuf();
    IKELAB_TRY(script::Header header,
               script::read_header(source.str(), entry.path().string(), side));
    all.push_back(std::move(header));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(a.id.empty(), std::pair(a.id, a.name)) <
           std::pair(b.id.empty(), std::pair(b.id, b.name));
  });
  return all;
}

/// How an attack went, from the trace: when it began, what it sent, when it had what it wanted,
/// when somebody noticed.
class Course : public trace::Sink {
 public:
  explicit Course(const scenario::Scenario& scenario) {
    for (const scenario::Adversary& adversary : scenario.adversaries)
      adversaries_.insert(adversary.name);
  }
  void record(const trace::Event& event) override {
    if (const auto* alert = std::get_if<trace::Alert>(&event.body)) {
      alerts.emplace_back(alert->monitor, event.time);
      if (begun && !alerted) alerted = event.time;
    }
    if (!adversaries_.contains(event.node)) return;
    if (const auto* act = std::get_if<trace::AttackAction>(&event.body);
        act != nullptr && act->action != "observe" && act->action != "compute") {
      if (!begun) begun = event.time;
      packets += succeeded ? 0 : 1;
    }
    if (const auto* metric = std::get_if<trace::Metric>(&event.body);
        metric != nullptr && metric->name == "achieved") {
      goal = metric->value == 1;
      if (*goal && !succeeded) succeeded = event.time;
    }
  }
  [[nodiscard]] Instant beginning() const { return begun.value_or(Instant{}); }

  std::optional<Instant> begun, succeeded, alerted;
  std::optional<bool> goal;
  std::uint64_t packets = 0;
  std::vector<std::pair<std::string, Instant>> alerts;

 private:
  std::set<std::string> adversaries_;
};

std::optional<std::int64_t> since(const std::optional<Instant>& at, Instant beginning) {
  return at ? std::optional((*at - beginning).count()) : std::nullopt;
}

}  // namespace

Result<std::vector<script::Header>> attacks() {
  return headers_in(IKELAB_ATTACK_DIR, script::Side::attack);
}
Result<std::vector<script::Header>> detectors() {
  return headers_in(IKELAB_DETECTOR_DIR, script::Side::monitor);
}

std::vector<Setting> settings(const std::vector<script::Header>& attacks,
                              const std::string& filter) {
  std::vector<Setting> out;
  for (const script::Header& attack : attacks) {
    if (attack.id.find(filter) == std::string::npos &&
        attack.name.find(filter) == std::string::npos)
      continue;
    for (const std::string& name : attack.falls) out.push_back({&attack, "vulnerable", name});
    for (const std::string& name : attack.holds) out.push_back({&attack, "hardened", name});
  }
  return out;
}

store::MatrixRow play(const Setting& setting, std::uint64_t seed,
                      const std::optional<std::filesystem::path>& db) {
  store::MatrixRow row;
  row.id = setting.attack->id;
  row.attack = setting.attack->name;
  row.setting = setting.kind;
  row.scenario = setting.scenario;
  row.seed = seed;
  const auto scenario = scenario::load(setting.scenario, {}, seed);
  if (!scenario) {
    row.error = scenario.error().to_string();
    return row;
  }
  Course course(*scenario);
  run::RunOptions options;
  options.db = db;
  options.sinks = {&course};
  const auto report = run::run(*scenario, options);
  if (!report || !report->stopped_scripts.empty()) {
    row.error = (report ? report->stopped_scripts.front() : report.error()).to_string();
    return row;
  }
  row.fingerprint = report->fingerprint;
  // What the script says of its goal counts with what the scenario expects: where it can see no
  // outcome, the scenario alone tells.
  const bool vulnerable = setting.kind == "vulnerable";
  const bool won = course.goal.value_or(report->expectations_met() == vulnerable);
  row.as_said = report->expectations_met() && won == vulnerable;
  row.winner = won ? "attacker" : "defender";
  row.time_to_success = since(course.succeeded, course.beginning());
  if (course.succeeded) row.packets_to_success = course.packets;
  row.time_to_alert = since(course.alerted, course.beginning());
  return row;
}

// ---- monitors ----------------------------------------------------------------------------------

std::optional<double> DetectorScore::precision() const {
  if (caught + false_alarms == 0) return std::nullopt;
  return static_cast<double>(caught) / static_cast<double>(caught + false_alarms);
}
std::optional<double> DetectorScore::recall() const {
  if (caught + missed == 0) return std::nullopt;
  return static_cast<double>(caught) / static_cast<double>(caught + missed);
}

namespace {

/// Every detector on every link between nodes that forward or speak IKE.
void watch_everywhere(scenario::Scenario& scenario, const std::vector<script::Header>& detectors) {
  scenario.monitors.clear();
  const auto is_end = [&](const std::string& name) {
    return std::any_of(scenario.nodes.begin(), scenario.nodes.end(), [&](const auto& node) {
      return node.name == name && node.role == scenario::Role::host && node.connections.empty();
    });
  };
  for (const scenario::Link& link : scenario.links) {
    if (is_end(link.a) || is_end(link.b)) continue;
    scenario::Monitor monitor;
    monitor.name = "on " + link.name;
    monitor.link = link.name;
    for (const script::Header& detector : detectors) monitor.detectors.push_back(detector.name);
    scenario.monitors.push_back(std::move(monitor));
  }
}

void score(DetectorScore& s, bool should, const Course& course) {
  std::optional<Instant> first;
  for (const auto& [detector, at] : course.alerts) {
    if (detector != s.detector) continue;
    ++s.alerts;
    if (!first) first = at;
  }
  ++(should ? (first ? s.caught : s.missed) : (first ? s.false_alarms : s.quiet));
  if (should && first && course.begun) {
    const double seconds = static_cast<double>((*first - *course.begun).count()) / 1e9;
    const auto n = static_cast<double>(s.caught);
    s.delay = s.delay.value_or(0) + (seconds - s.delay.value_or(0)) / n;
  }
}

}  // namespace

Result<std::vector<DetectorScore>> evaluate(
    const std::vector<std::uint64_t>& seeds,
    const std::function<void(std::size_t, std::size_t)>& progress) {
  IKELAB_TRY(const auto all, detectors());
  std::set<std::string> scenarios;
  std::vector<DetectorScore> scores;
  for (const script::Header& detector : all) {
    scenarios.insert(detector.falls.begin(), detector.falls.end());
    scenarios.insert(detector.holds.begin(), detector.holds.end());
    scores.push_back({detector.name, 0, 0, 0, 0, 0, std::nullopt});
  }
  std::size_t done = 0;
  for (const std::string& name : scenarios)
    for (const std::uint64_t seed : seeds) {
      IKELAB_TRY(scenario::Scenario scenario, scenario::load(name, {}, seed));
      watch_everywhere(scenario, all);
      scenario.expectations.clear();
      Course course(scenario);
      run::RunOptions options;
      options.sinks = {&course};
      IKELAB_CHECK(run::run(scenario, options));
      for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& alarms = all[i].falls;
        score(scores[i], std::find(alarms.begin(), alarms.end(), name) != alarms.end(), course);
      }
      progress(++done, scenarios.size() * seeds.size());
    }
  return scores;
}

}  // namespace ikelab::matrix
