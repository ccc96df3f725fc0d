// A real handshake, a rekey and a delete, recorded: what the public views then answer in plain SQL.
#include "sim/store/recorder.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

/// Two endpoints whose events go into a database as they come.
class RecordedPair {
 public:
  explicit RecordedPair(const std::filesystem::path& file) : pair_(site_a(), site_b()) {
    auto recorder = store::Recorder::open(file);
    REQUIRE(recorder.ok());
    recorder_ = std::move(*recorder);
    journal_.attach(*recorder_);
    REQUIRE(recorder_->begin_run(sample_run(), store::RecordLevel::full).ok());
  }
  void command(const ikev2::Command& command) {
    REQUIRE(pair_.command(pair_.a, command).ok());
    emit();
    const Instant until = pair_.now + 5s;
    while (pair_.step(until)) emit();
    pair_.now = until;
  }
  void finish() { REQUIRE(recorder_->finish_run(store::RunStatus::finished, true, "ff").ok()); }

 private:
  void emit() {
    for (; from_a_ < pair_.a.events.size(); ++from_a_)
      journal_.emit(pair_.now, "gw-a", pair_.a.events[from_a_]);
    for (; from_b_ < pair_.b.events.size(); ++from_b_)
      journal_.emit(pair_.now, "gw-b", pair_.b.events[from_b_]);
  }
  Pair pair_;
  std::unique_ptr<store::Recorder> recorder_;
  trace::Journal journal_;
  std::size_t from_a_ = 0, from_b_ = 0;
};

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("views: a real handshake, its keys and its SAs") {
  const TemporaryFolder folder;
  const auto db = folder / "x.db";
  RecordedPair pair(db);
  pair.command(ikev2::Initiate{"site", "net"});
  pair.command(ikev2::RekeyChild{"net"});
  pair.command(ikev2::DeleteIke{});
  pair.finish();

  // A IKE_SA_INIT request -->  / <-- IKE_SA_INIT response / IKE_AUTH --> / <-- IKE_AUTH
  CHECK(rows(db,
             "SELECT direction, exchange, message_id, response, encrypted FROM messages "
             "WHERE node = 'gw-a' ORDER BY seq LIMIT 4") ==
        Rows{"sent|IKE_SA_INIT|0|0|0", "received|IKE_SA_INIT|0|1|0", "sent|IKE_AUTH|1|0|1",
             "received|IKE_AUTH|1|1|1"});
  CHECK(value(db, "SELECT count(*) FROM messages WHERE length(bytes) < 28") == "0");
  CHECK(value(db,
              "SELECT count(*) FROM messages WHERE encrypted AND length(plain) = 0 AND payloads "
              "<> ''") == "0");

  // Both ends derived the same SKEYSEED from the same inputs, and every key says what it is of.
  CHECK(value(db,
              "SELECT count(DISTINCT hex(output)) FROM key_derivations WHERE name = "
              "'SKEYSEED'") == "1");
  CHECK(rows(db,
             "SELECT DISTINCT name FROM key_inputs WHERE derived = 'SKEYSEED' AND node = 'gw-a' "
             "ORDER BY position") == Rows{"Ni", "Nr", "g^ir"});
  CHECK(value(db, "SELECT count(*) FROM key_derivations WHERE json_array_length(inputs) = 0") ==
        "0");
  CHECK(value(db, "SELECT count(*) FROM key_derivations WHERE length(output) <> length") == "0");

  // One row an SA: an IKE SA at each end, two ESP SAs of either direction at each end.
  CHECK(rows(db,
             "SELECT node, protocol, direction, count(*), count(removed_at) FROM sas "
             "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3") == Rows{"gw-a|ESP|in|2|2", "gw-a|ESP|out|2|2",
                                                          "gw-a|IKE||1|1", "gw-b|ESP|in|2|2",
                                                          "gw-b|ESP|out|2|2", "gw-b|IKE||1|1"});
  CHECK(value(db,
              "SELECT count(*) FROM sas a JOIN sas b ON a.spi = b.spi AND a.node <> b.node AND "
              "a.protocol = 'ESP' AND a.encryption_key = b.encryption_key AND a.direction <> "
              "b.direction") == "8");
  CHECK(
      rows(db, "SELECT node, role, outcome FROM tasks WHERE task = 'child_rekey' ORDER BY node") ==
      Rows{"gw-a|initiator|done", "gw-b|responder|done"});
  CHECK(rows(db, "SELECT node, ok FROM authentications WHERE local = 0 ORDER BY node") ==
        Rows{"gw-a|1", "gw-b|1"});
  CHECK(value(db, "SELECT count(*) > 0, min(accepted), max(chosen <> '') FROM proposals") ==
        "1|1|1");
}
