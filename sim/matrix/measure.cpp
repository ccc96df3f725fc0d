#include "sim/matrix/measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "sim/matrix/course.hpp"
#include "sim/matrix/matrix.hpp"
#include "sim/run/run.hpp"

namespace ikelab::matrix {
namespace {

using scenario::Scenario;

bool is_end(const Scenario& scenario, const std::string& name) {
  return std::any_of(scenario.nodes.begin(), scenario.nodes.end(), [&](const auto& node) {
    return node.name == name && node.role == scenario::Role::host && node.connections.empty();
  });
}

/// On the links between nodes that forward or speak IKE.
bool is_outside(const Scenario& scenario, const scenario::Link& link) {
  return !is_end(scenario, link.a) && !is_end(scenario, link.b);
}

// ---- loads -------------------------------------------------------------------------------------

void leave_calm(Scenario&, crypto::Rng&) {}

Duration some_time(crypto::Rng& dice, Duration from, Duration to) {
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>((to - from).count(), 1));
  return from + Duration(static_cast<std::int64_t>(dice.below(span)));
}

/// What administrators and hosts do: new keys, questions whether the peer is there, more pings.
void make_busy(Scenario& scenario, crypto::Rng& dice) {
  const auto events = scenario.events;
  for (const scenario::TimedEvent& begun : events) {
    if (begun.action != "initiate" || begun.child.empty()) continue;
    for (const char* action : {"rekey-child", "liveness", "rekey-ike", "liveness"}) {
      scenario::TimedEvent event;
      event.at = some_time(dice, begun.at + 3s, std::max(scenario.duration - 1s, begun.at + 4s));
      event.node = begun.node;
      event.action = action;
      event.connection = begun.connection;
      if (event.action == "rekey-child") event.child = begun.child;
      if (event.at < scenario.duration) scenario.events.push_back(event);
    }
  }
  std::stable_sort(scenario.events.begin(), scenario.events.end(),
                   [](const auto& a, const auto& b) { return a.at < b.at; });
  const auto traffic = scenario.traffic;
  for (scenario::Traffic more : traffic) {
    if (more.kind != "ping") continue;
    std::swap(more.from, more.to);
    more.start = some_time(dice, more.start, more.start + 1s);
    scenario.traffic.push_back(more);
  }
}

/// What lines do: packets are lost, come late, come twice.
void make_weather(Scenario& scenario, crypto::Rng& dice) {
  for (scenario::Link& link : scenario.links) {
    if (!is_outside(scenario, link)) continue;
    for (path::Conditions* way : {&link.to_a, &link.to_b}) {
      way->loss = std::max(way->loss, 0.001 * static_cast<double>(5 + dice.below(25)));
      way->reorder = std::max(way->reorder, 0.02);
      way->duplicate = std::max(way->duplicate, 0.01);
      way->jitter = std::max(way->jitter, Duration(2ms));
    }
  }
}

constexpr Load all_loads[] = {
    {"calm", "as the scenario is written", leave_calm},
    {"busy", "rekeys, liveness checks and pings in both directions, at random times", make_busy},
    {"weather", "0.5 to 3 % loss, 2 % late, 1 % doubled, and jitter", make_weather},
};

const Load* load_of(const std::string& name) {
  for (const Load& load : all_loads)
    if (load.name == name) return &load;
  return nullptr;
}

// ---- runs --------------------------------------------------------------------------------------

/// The names that a list of headers gives alarm or silence for.
using Truth = std::vector<script::Header>;

bool gives_alarm(const script::Header& detector, const std::string& scenario) {
  return std::find(detector.falls.begin(), detector.falls.end(), scenario) != detector.falls.end();
}

/// Nobody attacks in them, they have no flaw, and they end within a lesson.
bool is_honest(const Scenario& scenario) {
  const bool flawed = std::any_of(scenario.nodes.begin(), scenario.nodes.end(),
                                  [](const auto& node) { return !node.bugs.empty(); });
  return scenario.adversaries.empty() && scenario.clouds.empty() && !flawed &&
         scenario.nodes.size() <= 40 && scenario.duration <= 60s;
}

Result<std::set<std::string>> names_to_play(const Truth& detectors, bool honest_too) {
  std::set<std::string> names;
  for (const script::Header& detector : detectors) {
    names.insert(detector.falls.begin(), detector.falls.end());
    names.insert(detector.holds.begin(), detector.holds.end());
  }
  if (!honest_too) return names;
  for (const auto& [name, about] : scenario::shipped()) {
    IKELAB_TRY(const Scenario scenario, scenario::load(name));
    if (is_honest(scenario)) names.insert(name);
  }
  return names;
}

/// Every detector on every outside link. One that blocks is alone: what is blocked is its own work.
void watch_everywhere(Scenario& scenario, const std::vector<std::string>& detectors, bool blocks) {
  scenario.monitors.clear();
  for (const scenario::Link& link : scenario.links) {
    if (!is_outside(scenario, link)) continue;
    scenario::Monitor monitor;
    monitor.name = "on " + link.name;
    monitor.link = link.name;
    monitor.detectors = detectors;
    monitor.blocks = blocks;
    scenario.monitors.push_back(std::move(monitor));
  }
}

store::MeasureRow row_of(const script::Header& detector, const std::string& scenario,
                         const Course& course) {
  store::MeasureRow row;
  row.detector = detector.name;
  row.scenario = scenario;
  const bool named = gives_alarm(detector, scenario);
  // A scenario may show what is wrong without an adversary: then it is wrong from the beginning.
  const std::optional<Instant> begun =
      course.begun || !named ? course.begun : std::optional(Instant{});
  row.attacked = named && begun;
  for (const Course::Alert& alert : course.alerts) {
    if (alert.detector != detector.name) continue;
    const bool right = row.attacked && alert.at >= *begun;
    ++(right ? row.true_alerts : row.false_alerts);
    row.at_packet += right && course.is_forged(alert.datagram) ? 1 : 0;
    if (right && !row.first_alert) row.first_alert = (alert.at - *begun).count();
  }
  row.honest_packets = course.honest_seen;
  row.forged_packets = course.forged_seen;
  row.honest_blocked = course.honest_blocked;
  row.forged_blocked = course.forged_blocked;
  row.goal = course.goal;
  return row;
}

struct Composition {
  std::string scenario;
  const Load* load;
  std::uint64_t seed;
};

/// The labelled captures of one evaluation, and the list of them.
class LabelWriter {
 public:
  static Result<std::unique_ptr<LabelWriter>> open(const std::filesystem::path& folder) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    auto writer = std::make_unique<LabelWriter>();
    writer->folder_ = folder;
    writer->list_.open(folder / "runs.csv", std::ios::binary);
    writer->list_ << "capture,labels,link,scenario,load,seed,attack,attack_begins\n";
    if (!writer->list_)
      return Error{"E-RUN-003", "the list of captures cannot be written"}.in(
          (folder / "runs.csv").string());
    return writer;
  }
  /// `blocker`: the detector that may take packets out, for this run's traffic is its work as well.
  [[nodiscard]] run::Labels of(const Composition& c, const Scenario& scenario,
                               const std::string& blocker) const {
    run::Labels labels{folder_, fmt::format("{}-{}-{}", c.scenario, c.load->name, c.seed), {}};
    if (!blocker.empty()) labels.stem += "-" + blocker;
    for (const scenario::Link& link : scenario.links)
      if (is_outside(scenario, link)) labels.links.push_back(link.name);
    return labels;
  }
  void note(const Composition& c, const run::Labels& labels, const Scenario& scenario,
            const Course& course) {
    std::string attacks;
    for (const scenario::Adversary& adversary : scenario.adversaries)
      attacks += (attacks.empty() ? "" : " + ") + adversary.script;
    const std::int64_t ns = scenario.epoch * 1'000'000'000 + course.beginning().ns;
    const std::string begins =
        course.begun ? fmt::format("{}.{:09}", ns / 1'000'000'000, ns % 1'000'000'000) : "";
    for (const std::string& link : labels.links)
      list_ << fmt::format("{0}-{1}.pcapng,{0}-{1}.csv,{1},{2},{3},{4},{5},{6}\n", labels.stem,
                           link, c.scenario, c.load->name, c.seed, attacks, begins);
  }

 private:
  std::filesystem::path folder_;
  std::ofstream list_;
};

Result<Course> play_one(const Composition& composition, const std::vector<std::string>& detectors,
                        bool blocks, LabelWriter* labels) {
  IKELAB_TRY(Scenario scenario, scenario::load(composition.scenario, {}, composition.seed));
  const auto source = crypto::seeded_rng(composition.seed, "labelled traffic");
  const auto dice =
      source->stream(composition.scenario + " " + std::string(composition.load->name));
  composition.load->compose(scenario, *dice);
  watch_everywhere(scenario, detectors, blocks);
  scenario.expectations.clear();
  Course course(scenario);
  run::RunOptions options;
  options.sinks = {&course};
  if (labels != nullptr)
    options.labels = labels->of(composition, scenario, blocks ? detectors.front() : "");
  IKELAB_CHECK(run::run(scenario, options));
  if (labels != nullptr) labels->note(composition, *options.labels, scenario, course);
  return course;
}

}  // namespace

std::span<const Load> loads() {
  return all_loads;
}

Result<std::vector<store::MeasureRow>> measure(
    const MeasureOptions& options, const std::function<void(std::size_t, std::size_t)>& progress) {
  IKELAB_TRY(const Truth all, detectors());
  std::vector<Composition> compositions;
  IKELAB_TRY(const auto names, names_to_play(all, options.honest_too));
  for (const std::string& word : options.loads) {
    const Load* load = load_of(word);
    if (load == nullptr)
      return Error{"E-CLI-011", fmt::format("no load is called '{}'", word)}.expect(
          "expected calm, busy or weather");
    for (const std::string& name : names)
      for (const std::uint64_t seed : options.seeds) compositions.push_back({name, load, seed});
  }
  // Groups of detectors that share a run: all of them, or each alone where it may block.
  std::vector<std::vector<script::Header>> groups;
  if (options.blocks)
    for (const script::Header& detector : all) groups.push_back({detector});
  else
    groups.push_back(all);
  std::unique_ptr<LabelWriter> labels;
  if (options.captures) {
    IKELAB_TRY(labels, LabelWriter::open(*options.captures));
  }
  std::vector<store::MeasureRow> rows;
  std::size_t done = 0;
  for (const Composition& composition : compositions)
    for (const auto& group : groups) {
      std::vector<std::string> words;
      for (const script::Header& detector : group) words.push_back(detector.name);
      IKELAB_TRY(const Course course, play_one(composition, words, options.blocks, labels.get()));
      for (const script::Header& detector : group) {
        store::MeasureRow row = row_of(detector, composition.scenario, course);
        row.load = composition.load->name;
        row.seed = composition.seed;
        row.blocks = options.blocks;
        rows.push_back(std::move(row));
      }
      progress(++done, compositions.size() * groups.size());
    }
  return rows;
}

// ---- scores ------------------------------------------------------------------------------------

std::optional<double> DetectorScore::precision() const {
  if (true_alerts + false_alerts == 0) return std::nullopt;
  return static_cast<double>(true_alerts) / static_cast<double>(true_alerts + false_alerts);
}
std::optional<double> DetectorScore::recall() const {
  if (caught + missed == 0) return std::nullopt;
  return static_cast<double>(caught) / static_cast<double>(caught + missed);
}

std::vector<DetectorScore> scores_of(const std::vector<store::MeasureRow>& rows) {
  std::vector<DetectorScore> scores;
  for (const store::MeasureRow& row : rows) {
    auto at = std::find_if(scores.begin(), scores.end(),
                           [&](const DetectorScore& s) { return s.detector == row.detector; });
    if (at == scores.end()) {
      at = scores.emplace(scores.end());
      at->detector = row.detector;
    }
    DetectorScore& s = *at;
    if (row.attacked)
      ++(row.true_alerts > 0 ? s.caught : s.missed);
    else
      ++(row.false_alerts > 0 ? s.false_alarms : s.quiet);
    s.true_alerts += row.true_alerts;
    s.false_alerts += row.false_alerts;
    s.at_packet += row.at_packet;
    s.honest_packets += row.honest_packets;
    s.honest_blocked += row.honest_blocked;
    s.forged_blocked += row.forged_blocked;
    s.stopped += row.attacked && row.true_alerts > 0 && row.goal == false ? 1 : 0;
    if (!row.first_alert) continue;
    const double seconds = static_cast<double>(*row.first_alert) / 1e9;
    s.delay = s.delay.value_or(0) + (seconds - s.delay.value_or(0)) / static_cast<double>(s.caught);
  }
  return scores;
}

}  // namespace ikelab::matrix
