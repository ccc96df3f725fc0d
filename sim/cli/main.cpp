// ikelab-sim: runs scenarios, shows what was recorded, sweeps experiments. The launcher `ikelab`
// calls it.
#include <CLI/CLI.hpp>
#include <clocale>
#include <exception>

#include "sim/cli/commands.hpp"
#include "sim/cli/terminal.hpp"

using namespace ikelab::cli;

namespace {

constexpr const char* exit_codes =
    "Exit codes: 0 done; 1 it ran and an expectation failed; 2 wrong usage or input; 3 something "
    "broke.";
constexpr const char* default_db = "ikelab.db";

void add_run(CLI::App& app, int& code) {
  auto a = std::make_shared<RunArguments>();
  a->db = default_db;
  CLI::App* command = app.add_subcommand("run", "run a scenario and record it");
  command->add_option("SCENARIO", a->scenario, "a shipped name (see: scenarios) or a YAML file")
      ->required();
  command->add_option("--seed", a->seed, "of all randomness; the same seed gives the same run")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--set", a->set, "path=value, e.g. links.wan.loss=5%; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--db", a->db, "record into this database")->capture_default_str();
  command->add_option("--pcap", a->pcap, "write one capture a link into this folder");
  command->add_option("--keys", a->keys, "write Wireshark's key tables into this folder");
  command->add_flag("--json", a->json, "the report as JSON");
  command->add_flag("--quiet", a->quiet, "only errors");
  command->footer(exit_codes);
  command->callback([a, &code] { code = run_command(*a); });
}

void add_show(CLI::App& app, int& code) {
  auto a = std::make_shared<ShowArguments>();
  a->db = default_db;
  CLI::App* command = app.add_subcommand("show", "a recorded run in the terminal");
  command
      ->add_option("WORDS", a->words,
                   "[RUN] [messages | message N | event N | keys | sas | why | attack | trace]")
      ->option_text("");
  command->add_option("--db", a->db, "the database")->capture_default_str();
  command->add_option("--filter", a->filter,
                      "of messages: Wireshark's display words, e.g. \"isakmp.exchangetype == "
                      "IKE_AUTH and not ip.src == 192.0.2.2\"");
  command->add_flag("--json", a->json, "as JSON");
  command->add_flag("--color", a->color, "colours also when the output is no terminal");
  command->footer(
      "ikelab show [RUN] [messages | message N | event N | keys | sas | why | attack | trace]\n"
      "trace is every event as one line of JSON.\n"
      "RUN is a number or a scenario's name; without it the newest run is shown.");
  command->callback([a, &code] { code = show_command(*a); });
}

void add_open(CLI::App& app, int& code) {
  auto a = std::make_shared<OpenArguments>();
  a->db = default_db;
  CLI::App* command = app.add_subcommand(
      "open", "take a capture from anywhere as a run: show and view explain it as any other");
  command->add_option("CAPTURE", a->capture, "pcap or pcapng")->required();
  command->add_option("--keys", a->keys, "a folder with Wireshark's key tables");
  command->add_option("--db", a->db, "record into this database")->capture_default_str();
  command->add_flag("--json", a->json, "the report as JSON");
  command->add_flag("--quiet", a->quiet, "only errors");
  command->footer(exit_codes);
  command->callback([a, &code] { code = open_command(*a); });
}

void add_sweep(CLI::App& app, int& code) {
  auto a = std::make_shared<SweepArguments>();
  a->db = default_db;
  CLI::App* command = app.add_subcommand(
      "sweep", "run an experiment: a scenario over a matrix of settings and seeds");
  command
      ->add_option("EXPERIMENT", a->experiment, "a shipped name (sim/experiments/) or a YAML file")
      ->required();
  command->add_option("--jobs", a->jobs, "processes at a time (one a core)")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--resume", a->resume,
                    "go on with what is in the database; failed points are tried again");
  command->add_option("--shard", a->shard,
                      "I/N: only every Nth point, beginning with the Ith; join with merge");
  command->add_option("--csv", a->csv,
                      "FILE.csv: one line a run; FILE-cells.csv: quantiles a cell");
  command->add_option("--db", a->db, "the database")->capture_default_str();
  command->add_flag("--quiet", a->quiet, "only errors");
  command->footer(exit_codes);
  command->callback([a, &code] { code = sweep_command(*a); });
}

void add_merge(CLI::App& app, int& code) {
  auto a = std::make_shared<MergeArguments>();
  a->db = default_db;
  CLI::App* command = app.add_subcommand("merge", "join the experiments of several databases");
  command->add_option("DB", a->files, "databases of the shards")->required();
  command->add_option("--db", a->db, "into this database")->capture_default_str();
  command->callback([a, &code] { code = merge_command(*a); });
}

void add_scenarios(CLI::App& app, int& code) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand("scenarios", "list the shipped scenarios and experiments");
  command->add_flag("--json", *json, "as JSON");
  command->callback([json, &code] { code = scenarios_command(*json); });
}

void add_lint(CLI::App& app, int& code) {
  auto a = std::make_shared<LintArguments>();
  CLI::App* command = app.add_subcommand(
      "lint",
      "what in a scenario's connections is out of date, and what an attacker gains from it");
  command->add_option("SCENARIO", a->scenario, "a shipped name or a YAML file")->required();
  command->add_flag("--json", a->json, "as JSON");
  command->add_flag("--strict", a->strict, "notes count, too");
  command->footer("Exit codes: 0 nothing found but notes, 1 warnings or errors, 2 wrong input.");
  command->callback([a, &code] { code = lint_command(*a); });
}

void add_demo(CLI::App& app, int& code) {
  auto a = std::make_shared<DemoArguments>();
  a->db = default_db;
  a->directory = "ikelab-demo";
  CLI::App* command = app.add_subcommand("demo", "a tunnel between two sites, explained");
  command->add_option("--db", a->db, "record into this database")->capture_default_str();
  command->add_option("--dir", a->directory, "captures, keys and pictures go here")
      ->capture_default_str();
  command->add_flag("--color", a->color, "colours also when the output is no terminal");
  command->add_flag("!--no-pictures", a->pictures, "draw no pictures");
  command->callback([a, &code] { code = demo_command(*a); });
}

void add_attack(CLI::App& app, int& code) {
  auto a = std::make_shared<AttackArguments>();
  a->db = default_db;
  a->seeds = {1};
  CLI::App* command = app.add_subcommand("attack", "the attacks: list them, or play all of them");
  command->require_subcommand(1);
  CLI::App* list = command->add_subcommand("list", "what there is, and against which settings");
  list->add_flag("--json", a->json, "as JSON");
  list->callback([a, &code] { code = attack_list_command(a->json); });
  CLI::App* reference =
      command->add_subcommand("reference", "every function that scripts have, in Markdown");
  reference->callback([&code] { code = attack_reference_command(); });
  CLI::App* matrix = command->add_subcommand(
      "matrix", "every attack against its vulnerable and its hardened settings: who wins");
  matrix->add_option("ATTACK", a->filter, "only those whose id or name contains this");
  matrix->add_option("--seeds", a->seeds, "seeds to play with")->capture_default_str();
  matrix->add_option("--db", a->db, "rows go into this database")->capture_default_str();
  matrix->add_flag("--record", a->record, "record each run, too");
  matrix->add_flag("--json", a->json, "as JSON");
  matrix->footer("Exit code 1: a vulnerable setting held, or a hardened one fell.");
  matrix->callback([a, &code] { code = attack_matrix_command(*a); });
}

void add_monitor(CLI::App& app, int& code) {
  auto a = std::make_shared<MeasureArguments>();
  a->db = default_db;
  a->seeds = {1};
  a->loads = {"calm", "busy", "weather"};
  CLI::App* command = app.add_subcommand("monitor", "the detectors: list them, or measure them");
  command->require_subcommand(1);
  CLI::App* list = command->add_subcommand("list", "what there is");
  list->add_flag("--json", a->json, "as JSON");
  list->callback([a, &code] { code = monitor_list_command(a->json); });
  CLI::App* evaluate = command->add_subcommand(
      "evaluate", "precision and recall of each detector over labelled traffic");
  evaluate->add_option("--seeds", a->seeds, "seeds to compose and play with")
      ->capture_default_str();
  evaluate->add_option("--loads", a->loads, "what is laid over each scenario")
      ->capture_default_str();
  evaluate->add_option("--db", a->db, "rows go into this database")->capture_default_str();
  evaluate->add_option("--captures", a->captures,
                       "write the traffic here: a pcapng file a link, and its labels as CSV");
  evaluate->add_flag("--named-only", a->named_only,
                     "only scenarios that a detector names, not every honest one");
  evaluate->add_flag("--blocks", a->blocks,
                     "each detector alone, as intrusion prevention: what it takes out is counted");
  evaluate->add_flag("--json", a->json, "as JSON");
  evaluate->callback([a, &code] { code = monitor_evaluate_command(*a); });
}

/// The one line for wrong usage, with the way to the help.
int wrong_usage(const CLI::App& app, const std::string& first_word, const std::string& what) {
  const auto named = app.get_subcommands();
  std::string message = what;
  if (named.empty() && !first_word.empty() && first_word[0] != '-') {
    message = "there is no command '" + first_word + "'; there are:";
    for (const CLI::App* command : app.get_subcommands({})) message += " " + command->get_name();
  }
  std::fprintf(stderr, "ikelab: E-CLI-000: %s; see: ikelab %s--help\n", message.c_str(),
               named.empty() ? "" : (named[0]->get_name() + " ").c_str());
  return wrong_input;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_NUMERIC, "C");
  int code = done;
  CLI::App app("ikelab: IKEv2 and ESP on simulated networks", "ikelab");
  app.require_subcommand(1);
  app.footer(exit_codes);
  add_run(app, code);
  add_show(app, code);
  add_open(app, code);
  add_sweep(app, code);
  add_merge(app, code);
  add_scenarios(app, code);
  add_lint(app, code);
  add_demo(app, code);
  add_attack(app, code);
  add_monitor(app, code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    return wrong_usage(app, argc > 1 ? argv[1] : "", wrong.what());
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ikelab: internal error: %s\n", e.what());
    return broke;
  }
  return code;
}
