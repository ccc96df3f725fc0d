// ikelab-sim as a user meets it: exit codes, one clear line for each mistake, and nothing lost to a
// kill -9.
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/store/reader.hpp"
#include "tests/sim/cli_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

nlohmann::json run_json(const TemporaryFolder& folder, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"run", "site-to-site", "--json"});
  const Outcome outcome = ikelab_sim(folder, arguments);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return nlohmann::json::parse(outcome.out);
}

std::int64_t count(const std::filesystem::path& db, const std::string& sql) {
  std::error_code none;
  if (!std::filesystem::exists(db, none)) return 0;
  auto database = store::Database::open_read_only(db);
  if (!database.ok()) return 0;  // it is just being made
  auto query = (*database)->prepare(sql);
  if (!query.ok()) return 0;
  auto row = query->step();
  return row.ok() && *row ? query->integer(0) : 0;
}

}  // namespace

TEST_CASE("cli: wrong usage is exit code 2 and one line") {
  const TemporaryFolder folder;
  struct Wrong {
    std::vector<std::string> arguments;
    const char* says;
  };
  const Wrong table[] = {
      {{}, "--help"},
      {{"nonsense"}, "there is no command 'nonsense'; there are: run show open"},
      {{"run"}, "SCENARIO is required"},
      {{"run", "no-such-scenario"}, "E-SCN-001"},
      {{"run", "site-to-site", "--seed", "many"}, "--seed"},
      {{"run", "site-to-site", "--seed", "-3"}, "--seed"},
      {{"run", "site-to-site", "--nonsense"}, "--nonsense"},
      {{"run", "site-to-site", "--set", "links"}, "E-CLI-001"},
      {{"run", "site-to-site", "--set", "no.such.path=1"}, "E-SCN-014"},
      {{"run", "site-to-site", "--pcap", "stdout.txt"}, "E-CLI-002"},
      {{"show"}, "E-DB-004"},
      {{"show", "1", "nonsense"}, "E-CLI-003"},
      {{"show", "message"}, "E-CLI-003"},
      {{"show", "message", "three"}, "E-CLI-003"},
      {{"sweep", "no-such-experiment"}, "E-SWP-001"},
      {{"sweep", "rekey-latency-small", "--shard", "3/2"}, "E-CLI-004"},
      {{"sweep", "rekey-latency-small", "--jobs", "0"}, "--jobs"},
      {{"merge"}, "DB is required"},
      {{"merge", "no-such.db"}, "E-DB-004"},
  };
  for (const Wrong& wrong : table) {
    const Outcome outcome = ikelab_sim(folder, wrong.arguments);
    INFO(wrong.says);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    check_one_line(outcome, wrong.says);
  }
}

TEST_CASE("cli: help is there for every command") {
  const TemporaryFolder folder;
  for (const char* command : {"run", "show", "sweep", "merge", "scenarios", "demo"}) {
    const Outcome outcome = ikelab_sim(folder, {command, "--help"});
    INFO(command);
    CHECK(outcome.code == 0);
    CHECK(outcome.out.find("Usage: ikelab " + std::string(command)) != std::string::npos);
  }
}

TEST_CASE("cli: a file that is no database is refused by every command, and kept") {
  const TemporaryFolder folder;
  std::ofstream(folder / "ikelab.db") << "a diary\n";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"run", "site-to-site"},
                                                    {"show"},
                                                    {"sweep", "rekey-latency-small", "--jobs", "1"},
                                                    {"demo"}}) {
    const Outcome outcome = ikelab_sim(folder, arguments);
    INFO(arguments[0]);
    CHECK(outcome.code == 2);
    check_one_line(outcome, "E-DB-001");
  }
  CHECK(std::filesystem::file_size(folder / "ikelab.db") == 8);
}

TEST_CASE("cli: the same seed is the same run, another seed another") {
  const TemporaryFolder folder;
  const auto first = run_json(folder, {"--seed", "7"}),
             again = run_json(folder, {"--seed", "7", "--db", "other.db"});
  const auto other = run_json(folder, {"--seed", "8"});
  CHECK(first["fingerprint"] == again["fingerprint"]);
  CHECK(first["fingerprint"] != other["fingerprint"]);
  CHECK(first["expectations_met"] == true);
  CHECK(rows(folder / "ikelab.db",
             "SELECT run_id, scenario, seed, status, expectations_met FROM runs ORDER BY run_id") ==
        std::vector<std::string>{"1|site-to-site|7|finished|1", "2|site-to-site|8|finished|1"});
  CHECK(value(folder / "ikelab.db", "SELECT fingerprint FROM runs WHERE run_id = 1") ==
        first["fingerprint"].get<std::string>());
}

TEST_CASE("cli: ESP without integrity is told loudly, and only that") {
  const TemporaryFolder folder;
  const Outcome loud = ikelab_sim(folder, {"run", "cbc-flip"});
  CHECK(loud.out.find("CAUTION  gw-a, site, child net") != std::string::npos);
  CHECK(loud.out.find("CAUTION  gw-b, site, child net") != std::string::npos);
  const Outcome quiet = ikelab_sim(folder, {"run", "cbc-flip-aead"});
  CHECK(quiet.out.find("CAUTION") == std::string::npos);
}

TEST_CASE("cli: a recorded run is shown, by number, by name and as the newest") {
  const TemporaryFolder folder;
  run_json(folder, {});
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"show"},
                                                    {"show", "1"},
                                                    {"show", "site-to-site", "messages"},
                                                    {"show", "keys"},
                                                    {"show", "1", "message", "1"},
                                                    {"show", "sas"},
                                                    {"show", "why"},
                                                    {"show", "attack"}}) {
    const Outcome outcome = ikelab_sim(folder, arguments);
    INFO(arguments.back() << outcome.err);
    CHECK(outcome.code == 0);
    CHECK(outcome.out.size() > 100);
    CHECK(outcome.out.find('\033') == std::string::npos);  // no colour: this is no terminal
  }
  CHECK(ikelab_sim(folder, {"show", "--color"}).out.find('\033') != std::string::npos);
  CHECK(nlohmann::json::accept(ikelab_sim(folder, {"show", "--json"}).out));
  const Outcome missing = ikelab_sim(folder, {"show", "9"});
  CHECK(missing.code == 2);
  check_one_line(missing, "E-DB-010");
}

TEST_CASE("cli: quiet is quiet") {
  const TemporaryFolder folder;
  const Outcome outcome = ikelab_sim(folder, {"run", "site-to-site", "--quiet"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.empty());
}

TEST_CASE("cli: the demo tells its chapters and names its files") {
  const TemporaryFolder folder;
  const Outcome outcome = ikelab_sim(folder, {"demo", "--no-pictures"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  for (const char* part : {"Who is who", "IKE_SA_INIT", "IKE_AUTH", "SKEYSEED", "accepts", "seals",
                           "rekeys", "eavesdropper", "ikelab.db", ".pcap", "keys"}) {
    INFO(part);
    CHECK(outcome.out.find(part) != std::string::npos);
  }
}

TEST_CASE("cli: a sweep killed in the middle goes on to exactly its points") {
  const TemporaryFolder folder;
  const auto db = folder / "ikelab.db";
  const std::vector<std::string> sweep = {"sweep",  "rekey-latency-small", "--jobs", "1", "--csv",
                                          "out.csv"};
  const Outcome killed = ikelab_sim(
      folder, sweep, [&] { return count(db, "SELECT count(*) FROM sweep_points") >= 3; }, SIGKILL);
  CHECK(killed.code == 128 + SIGKILL);
  const auto kept = count(db, "SELECT count(*) FROM sweep_points WHERE status = 'done'");
  CHECK(kept >= 3);
  CHECK(kept < 12);
  const Outcome again = ikelab_sim(folder, sweep);
  CHECK(again.code == 2);
  check_one_line(again, "go on with --resume");

  auto resume = sweep;
  resume.emplace_back("--resume");
  const Outcome resumed = ikelab_sim(folder, resume);
  INFO(resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(value(db,
              "SELECT count(*), count(DISTINCT point_key), sum(status = 'done'), "
              "count(finished_at) FROM sweep_points") == "12|12|12|12");
  CHECK(value(db, "SELECT count(DISTINCT fingerprint) FROM sweep_points") == "12");
  CHECK(value(db, "SELECT points, points_done, finished_at IS NOT NULL FROM experiments") ==
        "12|12|1");
  CHECK(count(db, "SELECT min(json_extract(measures, '$.rekeys')) FROM sweep_points") > 0);
  std::ifstream csv(folder / "out.csv");
  CHECK(std::count(std::istreambuf_iterator<char>(csv), {}, '\n') == 13);
}

TEST_CASE("cli: an interrupted sweep says how to go on") {
  const TemporaryFolder folder;
  const auto db = folder / "ikelab.db";
  const Outcome outcome = ikelab_sim(
      folder, {"sweep", "rekey-latency-small", "--jobs", "1"},
      [&] { return count(db, "SELECT count(*) FROM sweep_points") >= 1; }, SIGINT);
  CHECK(outcome.code == 3);
  check_one_line(outcome, "ikelab sweep rekey-latency-small --resume");
}

TEST_CASE("cli: a run that ends too early is kept as unfinished, and shown") {
  const TemporaryFolder folder;
  const auto db = folder / "ikelab.db";
  const auto recording = [&] {
    return count(db, "SELECT events FROM runs WHERE finished_at IS NULL") > 0;
  };
  const std::vector<std::string> long_run = {"run",   "fleet",      "--set", "fleet.count=60",
                                             "--set", "record=full"};
  const Outcome killed = ikelab_sim(folder, long_run, recording, SIGKILL);
  REQUIRE(killed.code == 128 + SIGKILL);
  CHECK(value(db, "SELECT status, finished_at, fingerprint FROM runs") == "unfinished|-|-");
  CHECK(ikelab_sim(folder, {"show"}).code == 0);

  std::filesystem::remove(db);
  const Outcome interrupted = ikelab_sim(folder, long_run, recording, SIGINT);
  CHECK(interrupted.code == 3);
  CHECK(interrupted.err.find("kept in ikelab.db as an unfinished run") != std::string::npos);
  CHECK(value(db, "SELECT status FROM runs") == "unfinished");
}

TEST_CASE("cli: an expectation that is not met is exit code 1, and named") {
  const TemporaryFolder folder;
  const Outcome outcome =
      ikelab_sim(folder, {"run", "site-to-site", "--set", "links.wan-a.loss=100%"});
  CHECK(outcome.code == 1);
  CHECK(outcome.out.find("NOT MET  established: all") != std::string::npos);
  CHECK(value(folder / "ikelab.db", "SELECT status, expectations_met FROM runs") == "finished|0");
}

TEST_CASE("cli: a script that fails is named, its run is kept, and that is exit code 2") {
  const TemporaryFolder folder;
  const auto try_script = [&](const std::string& body) {
    std::ofstream(folder / "mallory.lua")
        << "attack = {name = 'm', about = 'a', position = 'on-path', needs = 'n', source = 's',\n"
           "          shows = {vulnerable = 'v', hardened = 'h'}}\n"
        << body;
    return ikelab_sim(folder, {"run", "replay.yaml", "--quiet"});
  };
  std::ifstream shipped(IKELAB_SOURCE_DIR "/sim/scenarios/replay-esp.yaml");
  std::string text{std::istreambuf_iterator<char>(shipped), {}};
  const std::string name = "script: replay-esp,";
  text.replace(text.find(name), name.size(), "script: mallory.lua,");
  std::ofstream(folder / "replay.yaml") << text;
  unsigned runs = 0;
  for (const auto& [body, code] :
       {std::pair{"function on_packet(p) while true do end end", "E-LUA-003"},
        std::pair{"function on_packet(p) local f = io.open('/etc/passwd') end", "E-LUA-002"},
        std::pair{"function on_packet(p) local t = {} while true do t[#t + 1] = {} end end",
                  "E-LUA-00"}}) {
    const Outcome outcome = try_script(body);
    CHECK(outcome.code == 2);
    check_one_line(outcome, code);
    CHECK(outcome.err.find("mallory.lua:3") != std::string::npos);
    CHECK(value(folder / "ikelab.db", "SELECT count(*) FROM runs WHERE status = 'finished'") ==
          std::to_string(++runs));
    CHECK(ikelab_sim(folder, {"show", "attack"}).out.find("was stopped") != std::string::npos);
  }
  const Outcome syntax = try_script("function on_packet(p");
  CHECK(syntax.code == 2);
  check_one_line(syntax, "E-LUA-001");
  for (const char* place : {"/etc/passwd", "../mallory.lua", "sub/../../mallory.lua"}) {
    std::string elsewhere = text;
    elsewhere.replace(elsewhere.find("mallory.lua"), 11, place);
    std::ofstream(folder / "elsewhere.yaml") << elsewhere;
    const Outcome refused = ikelab_sim(folder, {"run", "elsewhere.yaml"});
    CHECK(refused.code == 2);
    check_one_line(refused, "E-RUN-002");
  }
}
