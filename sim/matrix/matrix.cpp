#include "sim/matrix/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sim/matrix/course.hpp"

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

}  // namespace ikelab::matrix
