// Events wait in memory, encoded, and are written in one short transaction each batch, so that
// several programs can record into one database and a viewer sees a run grow.
#include "sim/store/recorder.hpp"

#include <nlohmann/json.hpp>

#include "protocol/trace/tape.hpp"
#include "sim/store/typed_rows.hpp"
#include "sim/store/words.hpp"

namespace ikelab::store {
namespace {

constexpr std::size_t batch_events = 500;      // a few ms of writing, and less than 1 MiB of memory
constexpr std::uint64_t worth_a_rest = 1'000;  // events; two syncs cost as much as a few hundred
constexpr Duration batch_time =
    std::chrono::seconds(1);  // of simulated time: a slow run is seen growing

class SqliteRecorder final : public Recorder {
 public:
  SqliteRecorder(std::unique_ptr<Database> database, Statement insert_event, TypedRows rows)
      : database_(std::move(database)),
        insert_event_(std::move(insert_event)),
        rows_(std::move(rows)) {}
  ~SqliteRecorder() override {
    if (run_id_ != 0)
      static_cast<void>(
          flush().ok());  // cut short: the run stays unfinished, with all that happened
  }

  Result<std::int64_t> begin_run(const RunInfo& info, RecordLevel level) override {
    IKELAB_ASSERT(run_id_ == 0);
    IKELAB_TRY(Transaction transaction, Transaction::begin(*database_));
    IKELAB_TRY(Statement run,
               database_->prepare("INSERT INTO run (scenario, about, seed, config, config_hash, "
                                  "versions, trace_version, epoch, disclosed, record, started_at) "
                                  "VALUES (?,?,?,?,?,?,?,?,?,?,?)"));
    const std::string started = info.started_at.empty() ? utc_now() : info.started_at;
    IKELAB_CHECK(
        run.run({info.scenario, info.about, info.seed, info.config, info.config_hash, info.versions,
                 trace::trace_version, info.epoch, info.disclosed, to_string(level), started}));
    const std::int64_t id = database_->last_insert_id();
    IKELAB_TRY(Statement node, database_->prepare("INSERT INTO node VALUES (?,?,?,?,?,?)"));
    for (const NodeInfo& n : info.nodes) {
      IKELAB_CHECK(node.run({id, n.name, n.role, nlohmann::json(n.addresses).dump(), n.x, n.y}));
    }
    IKELAB_TRY(Statement link, database_->prepare("INSERT INTO link VALUES (?,?,?,?,?)"));
    for (const LinkInfo& l : info.links) IKELAB_CHECK(link.run({id, l.name, l.a, l.b, l.about}));
    IKELAB_CHECK(insert_policies(id, info));
    IKELAB_CHECK(transaction.commit());
    run_id_ = id;
    level_ = level;
    kept_ = kept_kinds(level);
    shortened_ = shortened_kinds(level);
    events_ = at_rest_ = 0;
    last_time_ = flushed_at_ = Instant{};
    failure_.reset();
    return id;
  }

  void record(const trace::Event& event) override {
    if (kept_.test(event.body.index())) keep(event);
    come_to(event.time);
  }
  void record(const trace::EncodedEvent& event) override {
    if (shortened_.test(event.index))
      keep(trace::decode_event(event).value());
    else if (kept_.test(event.index))
      waiting_.append(event);
    come_to(event.time);
  }

  void rest() override {
    if (failure_ || events_ - at_rest_ < worth_a_rest) return;
    at_rest_ = events_;
    // Others may be reading or writing: then it is done later, by whoever closes.
    static_cast<void>(database_->execute("PRAGMA wal_checkpoint(PASSIVE)").ok());
  }

  Result<void> finish_run(RunStatus status, bool expectations_met,
                          const std::string& fingerprint) override {
    IKELAB_ASSERT(run_id_ != 0);
    const auto flushed = failure_ ? Result<void>(*failure_) : flush();
    const std::int64_t id = run_id_;
    run_id_ = 0;
    waiting_.clear();
    if (!flushed.ok()) return flushed.error();
    IKELAB_TRY(Statement update,
               database_->prepare("UPDATE run SET status = ?, expectations_met = ?, fingerprint = "
                                  "?, last_time = ?, finished_at = ? WHERE run_id = ?"));
    return update.run(
        {to_string(status), expectations_met, fingerprint, last_time_.ns, utc_now(), id});
  }

 private:
  Result<void> insert_policies(std::int64_t id, const RunInfo& info) {
    std::uint64_t position = 0;
    IKELAB_TRY(Statement policy,
               database_->prepare("INSERT INTO policy VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"));
    for (const PolicyInfo& p : info.policies)
      IKELAB_CHECK(policy.run({id, p.node, ++position, p.action, p.connection, p.child, p.mode,
                               p.local_ts, p.remote_ts, p.proposals, p.lifetime, p.start}));
    IKELAB_TRY(Statement peer,
               database_->prepare("INSERT INTO peer VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"));
    for (const PeerInfo& p : info.peers)
      IKELAB_CHECK(peer.run({id, p.node, ++position, p.connection, p.address, p.identity, p.proof,
                             p.own_identity, p.own_proof, p.version, p.proposals, p.lifetime}));
    return {};
  }
  void keep(const trace::Event& event) {
    if (!shortened_.test(event.body.index())) return waiting_.append(event);
    trace::Event less = event;
    if (shorten(less, level_)) waiting_.append(less);
  }
  void come_to(Instant time) {
    IKELAB_ASSERT(run_id_ != 0);
    last_time_ = time;
    if (failure_) return waiting_.clear();
    if (waiting_.size() < batch_events && time - flushed_at_ < batch_time) return;
    if (auto flushed = flush(); !flushed.ok()) failure_ = flushed.error();
  }
  Result<void> flush() {
    flushed_at_ = last_time_;
    if (waiting_.empty()) return {};
    IKELAB_TRY(Transaction transaction, Transaction::begin(*database_));
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const trace::EncodedEvent e = waiting_[i];
      IKELAB_CHECK(insert_event_.run({run_id_, e.seq, e.time.ns, e.node, e.sa, e.kind, e.body}));
      if (row_kinds_.test(e.index))
        IKELAB_CHECK(rows_.insert(run_id_, trace::decode_event(e).value()));
    }
    IKELAB_TRY(Statement progress,
               database_->prepare("UPDATE run SET events = ?, last_time = ? WHERE run_id = ?"));
    IKELAB_CHECK(progress.run({std::uint64_t{events_ + waiting_.size()}, last_time_.ns, run_id_}));
    IKELAB_CHECK(transaction.commit());
    events_ += waiting_.size();
    waiting_.clear();
    return {};
  }

  std::unique_ptr<Database> database_;  // before the statements: they end first
  Statement insert_event_;
  TypedRows rows_;
  std::int64_t run_id_ = 0;  // 0: no run is open
  RecordLevel level_ = RecordLevel::full;
  const trace::Kinds row_kinds_ = TypedRows::kinds();
  trace::Kinds kept_, shortened_;  // at this level
  trace::Tape waiting_;
  std::uint64_t events_ = 0, at_rest_ = 0;
  Instant last_time_, flushed_at_;
  std::optional<Error> failure_;  // the first one; nothing is written after it
};

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::open(const std::filesystem::path& file,
                                                 const std::function<void()>& created) {
  IKELAB_TRY(auto database, Database::open(file, created));
  IKELAB_TRY(Statement insert_event, database->prepare("INSERT INTO event VALUES (?,?,?,?,?,?,?)"));
  IKELAB_TRY(TypedRows rows, TypedRows::prepare(*database));
  return std::unique_ptr<Recorder>(
      new SqliteRecorder(std::move(database), std::move(insert_event), std::move(rows)));
}

}  // namespace ikelab::store
