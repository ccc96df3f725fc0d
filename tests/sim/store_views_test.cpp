// The public views: what docs/SCHEMA.md promises is what the database has, and its examples run.
#include <map>

#include "sim/store/recorder.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/schema_page.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

std::filesystem::path record(const TemporaryFolder& folder, std::vector<trace::Body> bodies) {
  const auto file = folder / "x.db";
  auto recorder = store::Recorder::open(file);
  REQUIRE((*recorder)->begin_run(sample_run(), store::RecordLevel::full).ok());
  for (const auto& event : as_events(std::move(bodies))) (*recorder)->record(event);
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "ff").ok());
  return file;
}

}  // namespace

TEST_CASE("views: the page names every view with its columns in order") {
  const TemporaryFolder folder;
  const auto file = record(folder, {});
  const auto page = columns_on_page(Part::every_database);
  const auto views = rows(file, "SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name");
  std::vector<std::string> on_page;
  for (const auto& [name, columns] : page) on_page.push_back(name);
  CHECK(on_page == views);
  for (const auto& [name, columns] : page) {
    INFO(name);
    CHECK(rows(file, "SELECT name FROM pragma_table_info('" + name + "') ORDER BY cid") == columns);
  }
  for (const char* contract :
       {"runs", "nodes", "messages", "key_derivations", "sas", "esp_packets", "attack_events",
        "alerts", "metrics", "experiments", "sweep_points", "lab_attempts", "lab_goals"}) {
    CHECK(page.count(contract) == 1);
  }
}

TEST_CASE("views: every example of the page runs") {
  const TemporaryFolder folder;
  const auto file = record(folder, one_of_each_kind());
  const auto examples = examples_on_page(Part::every_database);
  for (const std::string& sql : examples) {
    INFO(sql);
    rows(file, sql);
  }
  CHECK(examples.size() >= 15);
}

TEST_CASE("views: every kind of event shows in its view") {
  const TemporaryFolder folder;
  const auto file = record(folder, one_of_each_kind());
  const std::map<std::string, std::string> expected = {
      {"datagrams", "3"},
      {"messages", "1"},
      {"diagnostics", "1"},
      {"tasks", "1"},
      {"proposals", "2"},
      {"authentications", "1"},
      {"key_derivations", "1"},
      {"key_inputs", "2"},
      {"sas", "1"},
      {"esp_packets", "3"},
      {"attack_events", "2"},
      {"alerts", "1"},
      {"metrics", "1"},
      {"marks", "1"},
      {"events", std::to_string(std::variant_size_v<trace::Body>)},
      {"nodes", "2"},
      {"links", "2"}};
  for (const auto& [view, count] : expected) {
    INFO(view);
    CHECK(value(file, "SELECT count(*) FROM " + view + " WHERE run_id = 1") == count);
  }
}

TEST_CASE("views: messages in order, with their octets") {
  trace::Message first;
  first.direction = "sent";
  first.exchange = "IKE_SA_INIT";
  first.payloads = "SA, KE, Nonce";
  first.bytes = {0xde, 0xad};
  trace::Message second = first;
  second.direction = "received";
  second.response = true;
  const TemporaryFolder folder;
  const auto file = record(folder, {first, second});
  CHECK(
      rows(file,
           "SELECT time, node, sa, direction, exchange, message_id, response, payloads, hex(bytes) "
           "FROM messages ORDER BY seq") ==
      std::vector<std::string>{"1000000|gw-a|gw-a#1|sent|IKE_SA_INIT|0|0|SA, KE, Nonce|DEAD",
                               "2000000|gw-a|gw-a#1|received|IKE_SA_INIT|0|1|SA, KE, Nonce|DEAD"});
}

TEST_CASE("views: a key with its inputs in order") {
  trace::KeyDerived key;
  key.name = "SKEYSEED";
  key.function = "prf(Ni | Nr, g^ir)";
  key.inputs = {{"Nr", {0x0a}, "message 2, Nonce"}, {"Ni", {0xff, 0x01}, "message 1, Nonce"}};
  key.output = {0x42};
  key.length = 1;
  const TemporaryFolder folder;
  const auto file = record(folder, {key});
  CHECK(
      value(file, "SELECT name, inputs, hex(output) FROM key_derivations") ==
      R"(SKEYSEED|[{"name":"Nr","value":"0a","source":"message 2, Nonce"},{"name":"Ni","value":"ff01","source":"message 1, Nonce"}]|42)");
  CHECK(
      rows(file, "SELECT derived, position, name, hex(value) FROM key_inputs ORDER BY position") ==
      std::vector<std::string>{"SKEYSEED|0|Nr|0A", "SKEYSEED|1|Ni|FF01"});
}

TEST_CASE("views: one row an SA, from its installation to its removal") {
  trace::SaInstalled in;
  in.protocol = "ESP";
  in.direction = "in";
  in.spi = "11111111";
  in.ts_src = {"10.1.0.0/24", "10.3.0.0/24"};
  trace::SaInstalled out = in;
  out.direction = "out";
  trace::SaInstalled again = in;  // the same SPI, used anew after its removal
  const TemporaryFolder folder;
  const auto file =
      record(folder, {in, out, trace::SaRemoved{"ESP", "in", "11111111", "rekeyed"}, again,
                      trace::SaRemoved{"ESP", "in", "99999999", "never there"}});
  CHECK(rows(file,
             "SELECT seq, direction, spi, ts_src, installed_at, removed_at, removed_reason FROM "
             "sas ORDER BY seq") ==
        std::vector<std::string>{"1|in|11111111|10.1.0.0/24, 10.3.0.0/24|1000000|3000000|rekeyed",
                                 "2|out|11111111|10.1.0.0/24, 10.3.0.0/24|2000000|-|-",
                                 "4|in|11111111|10.1.0.0/24, 10.3.0.0/24|4000000|-|-"});
}
