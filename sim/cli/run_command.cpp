// `ikelab run`, `ikelab scenarios`, and `ikelab show`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <nlohmann/json.hpp>

#include "protocol/policy/lint.hpp"
#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/run/run.hpp"
#include "sim/show/show.hpp"
#include "sim/store/error.hpp"
#include "sim/store/reader.hpp"
#include "sim/sweep/experiment.hpp"

namespace ikelab::cli {
namespace {

Result<scenario::Overrides> overrides_of(const std::vector<std::string>& set) {
  scenario::Overrides out;
  for (const std::string& text : set) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return error("E-CLI-001", "--set '" + text + "' has no value",
                   "expected path=value, e.g. links.wan.loss=5%");
    }
    out.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

Result<void> make_folder(const std::string& folder, const char* option) {
  if (folder.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (std::filesystem::is_directory(folder)) return {};
  return Error{"E-CLI-002",
               std::string(option) + " '" + folder + "' is no folder and cannot become one"}
      .expect(error.message());
}

/// What no run should be without a word about: ESP that anybody can change on the way.
std::vector<std::string> cautions(const scenario::Scenario& scenario) {
  std::vector<std::string> out;
  for (const scenario::Node& node : scenario.nodes)
    for (const policy::ConnectionConfig& connection : node.connections)
      for (const policy::Finding& finding : policy::lint(connection))
        if (finding.rule == "no-integrity")
          out.push_back(
              fmt::format("{}, {}: {}; {}", node.name, finding.place, finding.what, finding.gain));
  return out;
}

nlohmann::json to_json(const scenario::Scenario& scenario, const run::RunReport& report,
                       const RunArguments& arguments) {
  nlohmann::json expectations = nlohmann::json::array();
  for (const auto& e : report.expectations)
    expectations.push_back({{"text", e.text}, {"met", e.met}, {"found", e.found}});
  nlohmann::json stopped = nlohmann::json::array();
  for (const Error& e : report.stopped_scripts)
    stopped.push_back({{"code", e.code}, {"message", e.message}});
  return {{"stopped_scripts", stopped},        {"run_id", report.run_id},
          {"scenario", scenario.name},         {"seed", scenario.seed},
          {"fingerprint", report.fingerprint}, {"events", report.events},
          {"versions", report.versions},       {"db", arguments.db},
          {"cautions", cautions(scenario)},    {"expectations_met", report.expectations_met()},
          {"expectations", expectations}};
}

void print_report(const scenario::Scenario& scenario, const run::RunReport& report,
                  const RunArguments& arguments) {
  fmt::print("{}: {}\n\n", scenario.name, scenario.about);
  for (const std::string& caution : cautions(scenario)) fmt::print("  CAUTION  {}\n", caution);
  for (const auto& e : report.expectations) {
    fmt::print("  {}  {}{}\n", e.met ? "met    " : "NOT MET", e.text,
               e.found.empty() ? "" : "  (" + e.found + ")");
  }
  if (!report.expectations.empty()) fmt::print("\n");
  fmt::print("{} events, seed {}\nfingerprint {}\n", report.events, scenario.seed,
             report.fingerprint);
  fmt::print("recorded as run {} in {}\n", report.run_id, arguments.db);
  if (!arguments.pcap.empty()) fmt::print("captures in {}\n", arguments.pcap);
  if (!arguments.keys.empty()) {
    fmt::print(
        "Wireshark's keys in {0}; use them with: WIRESHARK_CONFIG_DIR={0} wireshark CAPTURE\n",
        arguments.keys);
  }
  fmt::print("look at it: ikelab show {0}{1}; ikelab view {0}{1}\n", report.run_id,
             arguments.db == "ikelab.db" ? "" : " --db " + arguments.db);
}

Result<int> run_scenario(const RunArguments& arguments) {
  IKELAB_TRY(const auto overrides, overrides_of(arguments.set));
  IKELAB_TRY(const scenario::Scenario scenario,
             scenario::load(arguments.scenario, overrides, arguments.seed));
  IKELAB_CHECK(make_folder(arguments.pcap, "--pcap"));
  IKELAB_CHECK(make_folder(arguments.keys, "--keys"));
  run::RunOptions options;
  options.db = arguments.db;
  if (!arguments.pcap.empty()) options.pcap_dir = arguments.pcap;
  if (!arguments.keys.empty()) options.keys_dir = arguments.keys;
  options.progress = progress_wanted() && !arguments.quiet && !arguments.json;
  on_interrupt_say("interrupted; what was recorded until now is kept in " + arguments.db +
                   " as an unfinished run (ikelab show); the same command runs it again");
  IKELAB_TRY(const run::RunReport report, run::run(scenario, options));
  if (arguments.json)
    fmt::print("{}\n", to_json(scenario, report, arguments).dump(2));
  else if (!arguments.quiet)
    print_report(scenario, report, arguments);
  for (const Error& stopped : report.stopped_scripts) fail(stopped);
  if (!report.stopped_scripts.empty()) return int{wrong_input};
  return int{report.expectations_met() ? done : not_met};
}

// ---- show ---------------------------------------------------------------------------------------

constexpr std::string_view views[] = {"messages", "message", "event",  "keys",
                                      "sas",      "why",     "attack", "trace"};

bool is_view(const std::string& word) {
  return std::find(std::begin(views), std::end(views), word) != std::end(views);
}

struct What {
  std::string run, view;
  std::uint64_t number = 0;
};

/// [RUN] [VIEW [N]]
Result<What> what_to_show(const std::vector<std::string>& words) {
  const auto wrong = [](const std::string& message) {
    return error("E-CLI-003", message,
                 "expected: ikelab show [RUN] [messages | message N | event N | keys | sas | why | "
                 "attack | trace]");
  };
  What out;
  std::size_t at = 0;
  if (at < words.size() && !is_view(words[at])) out.run = words[at++];
  if (at < words.size()) {
    if (!is_view(words[at])) return wrong("there is no view '" + words[at] + "'");
    out.view = words[at++];
  }
  if (out.view == "message" || out.view == "event") {
    if (at == words.size())
      return wrong(out.view == "message"
                       ? "which message? the numbers are those of: ikelab show messages"
                       : "which event? the numbers are those of: ikelab show trace");
    const std::string& number = words[at++];
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), out.number);
    if (error != std::errc() || end != number.data() + number.size())
      return wrong("'" + number + "' is no number of a " + out.view);
  }
  if (at < words.size()) return wrong("'" + words[at] + "' is too much");
  return out;
}

Result<int> show_run(const ShowArguments& arguments) {
  IKELAB_TRY(const What what, what_to_show(arguments.words));
  IKELAB_TRY(const auto reader, store::Reader::open(arguments.db));
  IKELAB_TRY(const store::RunInfo run, reader->run(what.run));
  IKELAB_TRY(const auto events, reader->events(run.id));
  const show::ShowOptions options{.what = what.view,
                                  .filter = arguments.filter,
                                  .number = what.number,
                                  .json = arguments.json,
                                  .colour = colour_wanted(arguments.color),
                                  .width = terminal_width()};
  return show::show(run, events, options, std::cout, std::cerr);
}

}  // namespace

int run_command(const RunArguments& arguments) {
  const auto result = run_scenario(arguments);
  return result.ok() ? *result : fail(result.error());
}

int show_command(const ShowArguments& arguments) {
  const auto result = show_run(arguments);
  return result.ok() ? *result : fail(result.error());
}

int scenarios_command(bool json) {
  nlohmann::json out = {{"scenarios", nlohmann::json::array()},
                        {"experiments", nlohmann::json::array()}};
  const auto list = [&](const char* kind, const char* command,
                        const std::vector<std::pair<std::string, std::string>>& all) {
    if (!json) fmt::print("{} (ikelab {} NAME)\n", kind, command);
    for (const auto& [name, about] : all) {
      if (json)
        out[kind].push_back({{"name", name}, {"about", about}});
      else
        fmt::print("  {:<22} {}\n", name, about);
    }
  };
  list("scenarios", "run", scenario::shipped());
  list("experiments", "sweep", sweep::shipped());
  if (json) fmt::print("{}\n", out.dump(2));
  return done;
}

}  // namespace ikelab::cli
