// `ikelab attack list|matrix` and `ikelab monitor list|evaluate`.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/matrix/matrix.hpp"
#include "sim/matrix/measure.hpp"
#include "sim/script/reference.hpp"

namespace ikelab::cli {
namespace {

using nlohmann::json;

std::string seconds(const std::optional<std::int64_t>& ns) {
  return ns ? fmt::format("{:.3f} s", static_cast<double>(*ns) / 1e9) : "-";
}

std::string share(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f}", *value) : "-";
}

json json_of(const script::Header& h) {
  return {{"id", h.id},         {"name", h.name},         {"about", h.about},
          {"needs", h.needs},   {"position", h.position}, {"source", h.source},
          {"unseen", h.unseen}, {"falls", h.falls},       {"vulnerable", h.vulnerable},
          {"holds", h.holds},   {"hardened", h.hardened}};
}

json json_of(const store::MatrixRow& r) {
  json out = {{"id", r.id},
              {"attack", r.attack},
              {"setting", r.setting},
              {"scenario", r.scenario},
              {"seed", r.seed},
              {"as_said", r.as_said},
              {"winner", r.winner},
              {"error", r.error},
              {"fingerprint", r.fingerprint}};
  if (r.time_to_success) out["time_to_success"] = *r.time_to_success;
  if (r.packets_to_success) out["packets_to_success"] = *r.packets_to_success;
  if (r.time_to_alert) out["time_to_alert"] = *r.time_to_alert;
  return out;
}

void print_row(const store::MatrixRow& r) {
  const std::string verdict = !r.error.empty() ? "did not run" : r.as_said ? "" : "NOT AS SAID";
  fmt::print("{:<14} {:<20} {:<11} {:<28} {:>4}  {:<9} {:>10} {:>8} {:>10}  {}\n", r.id, r.attack,
             r.setting, r.scenario, r.seed, r.winner.empty() ? "-" : r.winner,
             seconds(r.time_to_success),
             r.packets_to_success ? std::to_string(*r.packets_to_success) : "-",
             seconds(r.time_to_alert), verdict);
  if (!r.error.empty()) fmt::print("    {}\n", r.error);
}

}  // namespace

int attack_list_command(bool as_json) {
  const auto all = matrix::attacks();
  if (!all) return fail(all.error());
  json list = json::array();
  for (const script::Header& attack : *all) {
    list.push_back(json_of(attack));
    if (as_json) continue;
    fmt::print("{:<14} {} ({})\n", attack.id, attack.name, attack.position);
    fmt::print("  {}\n", attack.about);
    if (!attack.needs.empty()) fmt::print("  needs:      {}\n", attack.needs);
    fmt::print("  vulnerable: {}\n", attack.vulnerable);
    for (const std::string& name : attack.falls) fmt::print("              ikelab run {}\n", name);
    fmt::print("  hardened:   {}\n", attack.hardened);
    for (const std::string& name : attack.holds) fmt::print("              ikelab run {}\n", name);
    if (!attack.unseen.empty()) fmt::print("  unseen:     {}\n", attack.unseen);
    fmt::print("  source:     {}\n\n", attack.source);
  }
  if (as_json) fmt::print("{}\n", list.dump(2));
  return done;
}

int attack_reference_command() {
  fmt::print("{}", script::reference_page());
  return done;
}

int attack_matrix_command(const AttackArguments& arguments) {
  const auto all = matrix::attacks();
  if (!all) return fail(all.error());
  const auto settings = matrix::settings(*all, arguments.filter);
  if (settings.empty())
    return fail(
        Error{"E-CLI-010", fmt::format("no attack is called '{}'", arguments.filter)}.expect(
            "see: ikelab attack list"));
  auto store = store::MatrixStore::open(arguments.db);
  if (!store) return fail(store.error());
  json list = json::array();
  std::size_t wrong = 0, played = 0;
  if (!arguments.json)
    fmt::print("{:<14} {:<20} {:<11} {:<28} {:>4}  {:<9} {:>10} {:>8} {:>10}\n", "id", "attack",
               "setting", "scenario", "seed", "winner", "success", "packets", "noticed");
  ProgressBar bar("runs", progress_wanted());
  for (const matrix::Setting& setting : settings)
    for (const std::uint64_t seed : arguments.seeds) {
      const store::MatrixRow row = matrix::play(
          setting, seed,
          arguments.record ? std::optional<std::filesystem::path>(arguments.db) : std::nullopt);
      if (auto added = store->add(row); !added) return fail(added.error());
      wrong += row.as_said ? 0 : 1;
      if (arguments.json)
        list.push_back(json_of(row));
      else
        print_row(row);
      bar.show(++played, settings.size() * arguments.seeds.size());
    }
  if (arguments.json)
    fmt::print("{}\n", list.dump(2));
  else
    fmt::print("\n{} runs, {} not as their attack says; rows in {} (view attack_matrix)\n", played,
               wrong, arguments.db);
  return wrong == 0 ? done : not_met;
}

int monitor_list_command(bool as_json) {
  const auto all = matrix::detectors();
  if (!all) return fail(all.error());
  json list = json::array();
  for (const script::Header& detector : *all) {
    list.push_back(json_of(detector));
    if (!as_json)
      fmt::print("{:<18} {}\n{:<18} {}\n", detector.name, detector.about, "", detector.source);
  }
  if (as_json) fmt::print("{}\n", list.dump(2));
  return done;
}

namespace {

void print_scores(const std::vector<matrix::DetectorScore>& scores, bool blocks) {
  fmt::print("{:<16} {:>6} {:>6} {:>6} {:>6} {:>9} {:>6} {:>11} {:>9} {:>10} {:>9}", "detector",
             "caught", "missed", "false", "quiet", "precision", "recall", "true/false", "at packet",
             "honest", "delay");
  if (blocks) fmt::print(" {:>8} {:>8} {:>8}", "stopped", "blocked", "honest");
  fmt::print("\n");
  for (const matrix::DetectorScore& s : scores) {
    fmt::print("{:<16} {:>6} {:>6} {:>6} {:>6} {:>9} {:>6} {:>11} {:>9} {:>10} {:>9}", s.detector,
               s.caught, s.missed, s.false_alarms, s.quiet, share(s.precision()), share(s.recall()),
               fmt::format("{}/{}", s.true_alerts, s.false_alerts), s.at_packet, s.honest_packets,
               s.delay ? fmt::format("{:.3f} s", *s.delay) : "-");
    if (blocks) fmt::print(" {:>8} {:>8} {:>8}", s.stopped, s.forged_blocked, s.honest_blocked);
    fmt::print("\n");
  }
}

json json_of(const matrix::DetectorScore& s) {
  json row = {{"detector", s.detector},
              {"caught", s.caught},
              {"missed", s.missed},
              {"false_alarms", s.false_alarms},
              {"quiet", s.quiet},
              {"true_alerts", s.true_alerts},
              {"false_alerts", s.false_alerts},
              {"at_packet", s.at_packet},
              {"honest_packets", s.honest_packets},
              {"stopped", s.stopped},
              {"honest_blocked", s.honest_blocked},
              {"forged_blocked", s.forged_blocked}};
  if (s.precision()) row["precision"] = *s.precision();
  if (s.recall()) row["recall"] = *s.recall();
  if (s.delay) row["delay"] = *s.delay;
  return row;
}

}  // namespace

int monitor_evaluate_command(const MeasureArguments& arguments) {
  ProgressBar bar("runs", progress_wanted());
  matrix::MeasureOptions options;
  options.seeds = arguments.seeds;
  options.loads = arguments.loads;
  options.honest_too = !arguments.named_only;
  options.blocks = arguments.blocks;
  if (!arguments.captures.empty()) options.captures = arguments.captures;
  auto store = store::MeasureStore::open(arguments.db);
  if (!store) return fail(store.error());
  const auto rows =
      matrix::measure(options, [&](std::size_t n, std::size_t of) { bar.show(n, of); });
  if (!rows) return fail(rows.error());
  for (const store::MeasureRow& row : *rows)
    if (auto added = store->add(row); !added) return fail(added.error());
  const auto scores = matrix::scores_of(*rows);
  json list = json::array();
  for (const matrix::DetectorScore& s : scores) list.push_back(json_of(s));
  if (arguments.json) {
    fmt::print("{}\n", list.dump(2));
    return done;
  }
  print_scores(scores, arguments.blocks);
  fmt::print("\n{} rows in {} (views detector_runs and detector_scores)\n", rows->size(),
             arguments.db);
  if (!arguments.captures.empty())
    fmt::print("labelled captures in {}; what is in which: {}/runs.csv\n", arguments.captures,
               arguments.captures);
  return done;
}

}  // namespace ikelab::cli
