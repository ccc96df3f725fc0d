// The recorder and the reader: what goes in comes out, whole or cut short.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "protocol/trace/encode.hpp"
#include "sim/store/reader.hpp"
#include "sim/store/recorder.hpp"
#include "tests/sim/store_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

void record_all(store::Recorder& recorder, const std::vector<trace::Event>& events) {
  for (const auto& event : events) recorder.record(event);
}

std::int64_t record_run(const std::filesystem::path& file, const std::vector<trace::Event>& events,
                        store::RecordLevel level = store::RecordLevel::full) {
  auto recorder = store::Recorder::open(file);
  REQUIRE(recorder.ok());
  auto id = (*recorder)->begin_run(sample_run(), level);
  REQUIRE(id.ok());
  record_all(**recorder, events);
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "abcd").ok());
  return *id;
}

}  // namespace

TEST_CASE("store: every kind of event comes back as it was recorded") {
  const TemporaryFolder folder;
  const auto events = as_events(one_of_each_kind());
  REQUIRE(events.size() == std::variant_size_v<trace::Body>);
  const auto id = record_run(folder / "x.db", events);

  auto reader = store::Reader::open(folder / "x.db");
  REQUIRE(reader.ok());
  auto read = (*reader)->events(id);
  REQUIRE(read.ok());
  REQUIRE(read->size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    INFO(trace::kind_of(events[i].body));
    CHECK(trace::encode_event((*read)[i]) == trace::encode_event(events[i]));
  }
  auto page = (*reader)->events(id, 3, 2);
  REQUIRE(page.ok());
  REQUIRE(page->size() == 2);
  CHECK((*page)[0].seq == 4);
}

TEST_CASE(
    "store: a run comes back with its nodes and links, by id, by scenario, and as the newest") {
  const TemporaryFolder folder;
  record_run(folder / "x.db", {});
  const auto second = record_run(folder / "x.db", as_events({trace::Mark{"here"}}));

  auto reader = store::Reader::open(folder / "x.db");
  REQUIRE(reader.ok());
  for (const std::string which : {"", "site-to-site", "2"}) {
    auto run = (*reader)->run(which);
    REQUIRE(run.ok());
    CHECK(run->id == second);
    CHECK(run->seed == sample_run().seed);
    CHECK(run->status == store::RunStatus::finished);
    CHECK(run->expectations_met);
    CHECK(run->fingerprint == "abcd");
    CHECK(run->epoch == 1'700'000'000);
    CHECK_FALSE(run->started_at.empty());
    REQUIRE(run->nodes.size() == 2);
    CHECK(run->nodes[0].name == "gw-a");  // in the order given
    CHECK(run->nodes[0].addresses == std::vector<std::string>{"10.1.0.1/24", "192.0.2.1/30"});
    CHECK(run->nodes[0].x == 0.25);
    REQUIRE(run->links.size() == 2);
    CHECK(run->links[0].name == "wan");
  }
  CHECK((*reader)->runs().value().size() == 2);
  for (const std::string which : {"7", "no-such"}) {
    auto missing = (*reader)->run(which);
    REQUIRE_FALSE(missing.ok());
    CHECK(missing.error().code == "E-DB-010");
    CHECK(missing.error().hint.find("2 (site-to-site)") != std::string::npos);
  }
}

TEST_CASE("store: record levels keep what they say") {
  const TemporaryFolder folder;
  trace::DatagramSent ike{1, "IKE", "a", "b", {1, 2}, 2}, esp{2, "ESP", "a", "b", {3, 4}, 2};
  trace::EspSealed sealed;
  sealed.inner = {5};
  trace::PacketOnLink crossing, ike_crossing;
  crossing.protocol = "ESP";
  ike_crossing.protocol = "IKE";
  const auto events = as_events({ike, esp, sealed, crossing, ike_crossing,
                                 trace::Metric{"h1", "rtt", "ns", 5}, trace::Mark{"m"}});
  const auto full = record_run(folder / "x.db", events, store::RecordLevel::full);
  const auto control = record_run(folder / "x.db", events, store::RecordLevel::control);
  const auto metrics = record_run(folder / "x.db", events, store::RecordLevel::metrics);

  auto reader = store::Reader::open(folder / "x.db");
  REQUIRE(reader.ok());
  CHECK((*reader)->events(full).value().size() == 7);
  const auto kept = (*reader)->events(control).value();
  REQUIRE(kept.size() == 6);
  CHECK(std::get<trace::DatagramSent>(kept[0].body).payload == Bytes{1, 2});
  CHECK(std::get<trace::DatagramSent>(kept[1].body).payload.empty());
  CHECK(std::get<trace::EspSealed>(kept[2].body).inner.empty());
  CHECK(kept[3].seq == 5);  // the ESP crossing is gone, IKE's stays
  const auto few = (*reader)->events(metrics).value();
  REQUIRE(few.size() == 2);
  CHECK(few[0].seq == 6);
  CHECK(value(folder / "x.db", "SELECT events, record FROM runs WHERE run_id = 3") == "2|metrics");
}

TEST_CASE("store: a killed recorder leaves a run that opens and is marked unfinished") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto recorder = store::Recorder::open(file);
    if (!recorder.ok() || !(*recorder)->begin_run(sample_run(), store::RecordLevel::full).ok())
      _exit(1);
    for (std::uint64_t seq = 1; seq <= 5000; ++seq) {
      (*recorder)->record(
          {Instant{static_cast<std::int64_t>(seq)}, seq, "gw-a", "", trace::Mark{"m"}});
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  auto reader = store::Reader::open(file);
  REQUIRE(reader.ok());
  const auto run = (*reader)->run("").value();
  CHECK(run.status == store::RunStatus::unfinished);
  CHECK(run.fingerprint.empty());
  const auto events = (*reader)->events(run.id).value();
  CHECK(events.size() >= 2000);  // at most one batch is lost
  CHECK(events.size() <= 5000);
  record_run(file, as_events({trace::Mark{"after"}}));  // and it can be written again
  CHECK((*reader)->runs().value().size() == 2);
}

TEST_CASE("store: a recorder cut short by an error keeps what happened") {
  const TemporaryFolder folder;
  {
    auto recorder = store::Recorder::open(folder / "x.db");
    REQUIRE((*recorder)->begin_run(sample_run(), store::RecordLevel::full).ok());
    record_all(**recorder, as_events({trace::Mark{"one"}}));
  }
  CHECK(value(folder / "x.db", "SELECT status, events, finished_at FROM runs") == "unfinished|1|-");
}

TEST_CASE("store: a viewer reads a run while it is written") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  auto recorder = store::Recorder::open(file);
  REQUIRE(recorder.ok());
  const auto id = (*recorder)->begin_run(sample_run(), store::RecordLevel::full).value();
  auto reader = store::Reader::open(file);
  REQUIRE(reader.ok());
  std::uint64_t seen = 0;
  for (std::uint64_t seq = 1; seq <= 10'000; ++seq) {
    (*recorder)->record(
        {Instant{static_cast<std::int64_t>(seq)}, seq, "gw-a", "", trace::Mark{"m"}});
    if (seq % 1000 != 0) continue;
    const auto events = (*reader)->events(id, seen).value();
    for (const auto& event : events) {
      CHECK(event.seq == seen + 1);
      seen = event.seq;
    }
    CHECK(seen + 2000 >= seq);
  }
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "ff").ok());
  CHECK((*reader)->events(id, seen).value().size() == 10'000 - seen);
}

TEST_CASE("store: two programs record into one database at once") {
  const TemporaryFolder folder;
  const auto file = folder / "x.db";
  const auto write = [&]() -> Result<void> {
    IKELAB_TRY(auto recorder, store::Recorder::open(file));
    IKELAB_TRY(const auto id, recorder->begin_run(sample_run(), store::RecordLevel::full));
    for (std::uint64_t seq = 1; seq <= 8000; ++seq) {
      recorder->record(
          {Instant{id + static_cast<std::int64_t>(seq)}, seq, "gw-a", "", trace::Mark{"m"}});
    }
    return recorder->finish_run(store::RunStatus::finished, true, "ff");
  };
  pid_t children[3];
  for (pid_t& child : children) {
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const auto written = write();
      if (!written.ok()) std::fprintf(stderr, "%s\n", written.error().to_string().c_str());
      _exit(written.ok() ? 0 : 1);
    }
  }
  for (const pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(value(file, "SELECT count(*), sum(status = 'finished'), sum(events) FROM runs") ==
        "3|3|24000");
}

TEST_CASE("store: policies and peers come back as they were told, in their order") {
  const TemporaryFolder folder;
  store::RunInfo info = sample_run();
  info.policies = {
      {"gw-a", "bypass", "home", "ike", "bypass", "0.0.0.0/0", "0.0.0.0/0", "", "", ""},
      {"gw-a", "protect", "home", "net", "tunnel", "10.1.0.0/24", "10.2.0.0/24", "aes256gcm16",
       "rekey after 1 h", "at once"}};
  info.peers = {{"gw-a", "home", "any", "%any", "certificate", "gw-a.example", "EAP-TLS", "IKEv2",
                 "aes256-sha256-x25519", "no limit"}};
  auto recorder = store::Recorder::open(folder / "x.db");
  REQUIRE(recorder.ok());
  REQUIRE((*recorder)->begin_run(info, store::RecordLevel::full).ok());
  REQUIRE((*recorder)->finish_run(store::RunStatus::finished, true, "abcd").ok());
  auto reader = store::Reader::open(folder / "x.db");
  REQUIRE(reader.ok());
  const auto back = (*reader)->run("");
  REQUIRE(back.ok());
  REQUIRE(back->policies.size() == 2);
  CHECK(back->policies[0].action == "bypass");
  CHECK(back->policies[1].child == "net");
  CHECK(back->policies[1].local_ts == "10.1.0.0/24");
  CHECK(back->policies[1].start == "at once");
  REQUIRE(back->peers.size() == 1);
  CHECK(back->peers[0].identity == "%any");
  CHECK(back->peers[0].own_proof == "EAP-TLS");
  CHECK(back->peers[0].lifetime == "no limit");
}
