#include "labs/store/gradebook.hpp"

#include <fmt/format.h>

#include "labs/store/csv.hpp"
#include "sim/store/database.hpp"

namespace ikelab::labs {
namespace {

using store::Database;
using store::Statement;
using store::Transaction;

// The tables lab_attempt and lab_goal are sim/store's; these are ours. A check knows its run by
// name and fingerprint, so that its run_id is there as soon as the run is recorded beside it.
constexpr const char* own_tables = R"sql(
CREATE TABLE IF NOT EXISTS lab_hint (
  student TEXT NOT NULL, lab TEXT NOT NULL, goal TEXT NOT NULL, position INTEGER NOT NULL, cost INTEGER NOT NULL,
  taken_at TEXT NOT NULL, PRIMARY KEY (student, lab, goal, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lab_roster (
  student TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, id_number TEXT NOT NULL,
  canvas_id TEXT NOT NULL, sis_id TEXT NOT NULL, sis_login TEXT NOT NULL, section TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lab_check (
  attempt_id INTEGER NOT NULL, position INTEGER NOT NULL, goal TEXT NOT NULL, field TEXT NOT NULL,
  points INTEGER NOT NULL, max_points INTEGER NOT NULL, met INTEGER NOT NULL, mistake TEXT NOT NULL,
  feedback TEXT NOT NULL, run TEXT NOT NULL, event INTEGER, message INTEGER, evidence TEXT NOT NULL,
  PRIMARY KEY (attempt_id, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lab_run (
  attempt_id INTEGER NOT NULL, run TEXT NOT NULL, fingerprint TEXT NOT NULL,
  PRIMARY KEY (attempt_id, run)) WITHOUT ROWID;
DROP VIEW IF EXISTS lab_checks;
CREATE VIEW lab_checks AS SELECT c.attempt_id, a.student, a.lab, a.attempt, c.position,
  c.goal, c.field, c.points, c.max_points, c.met, c.mistake, c.feedback, c.run, c.event, c.message,
  c.evidence, (SELECT max(r.run_id) FROM run r JOIN lab_run l ON l.fingerprint = r.fingerprint
    WHERE l.attempt_id = c.attempt_id AND l.run = c.run) AS run_id,
  (SELECT l.fingerprint FROM lab_run l WHERE l.attempt_id = c.attempt_id AND l.run = c.run)
    AS fingerprint
  FROM lab_check c JOIN lab_attempt a USING (attempt_id);
CREATE VIEW IF NOT EXISTS lab_hints AS SELECT student, lab, goal, position, cost, taken_at FROM lab_hint;
)sql";

constexpr const char* attempt_columns =
    "SELECT attempt_id, attempt, student, lab, lab_version, seed, started_at, submitted_at, "
    "graded_at, hints, score, "
    "max_score, fingerprint, versions, submission, note FROM lab_attempt ";

store::Value text_or_null(const std::string& text) {
  return text.empty() ? store::Value(nullptr) : store::Value(text);
}

AttemptRecord attempt_of(const Statement& row) {
  AttemptRecord out;
  out.id = row.integer(0);
  out.attempt = row.integer(1);
  out.student = row.text(2);
  out.lab = row.text(3);
  out.lab_version = row.integer(4);
  out.seed = row.unsigned_integer(5);
  out.started_at = row.text(6);
  out.submitted_at = row.text(7);
  out.graded_at = row.text(8);
  out.hints = static_cast<int>(row.integer(9));
  out.score = static_cast<int>(row.integer(10));
  out.max_score = static_cast<int>(row.integer(11));
  out.fingerprint = row.text(12);
  out.versions = row.text(13);
  out.submission = row.text(14);
  out.note = row.text(15);
  return out;
}

class SqliteGradebook : public Gradebook {
 public:
  explicit SqliteGradebook(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::int64_t> add(const AttemptRecord& attempt) override {
    IKELAB_TRY(Transaction transaction, Transaction::begin(*database_));
    IKELAB_TRY(const std::int64_t number, next_number(attempt));
    IKELAB_TRY(Statement insert,
               database_->prepare("INSERT INTO lab_attempt (student, lab, lab_version, seed, "
                                  "attempt, started_at, submitted_at, graded_at, hints, "
                                  "score, max_score, fingerprint, versions, submission, note) "
                                  "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    IKELAB_CHECK(insert.run({attempt.student, attempt.lab, attempt.lab_version, attempt.seed,
                             number, attempt.started_at, text_or_null(attempt.submitted_at),
                             text_or_null(attempt.graded_at), attempt.hints, attempt.score,
                             attempt.max_score, attempt.fingerprint, attempt.versions,
                             attempt.submission, attempt.note}));
    const std::int64_t id = database_->last_insert_id();
    IKELAB_CHECK(add_goals(id, attempt.goals));
    IKELAB_CHECK(add_checks(id, attempt.checks));
    IKELAB_CHECK(add_runs(id, attempt.runs));
    IKELAB_CHECK(transaction.commit());
    return number;
  }

  Result<std::vector<AttemptRecord>> attempts(const std::string& lab) override {
    IKELAB_TRY(Statement query,
               database_->prepare(std::string(attempt_columns) +
                                  "WHERE ?1 = '' OR lab = ?1 ORDER BY lab, student, attempt"));
    IKELAB_CHECK(query.bind({lab}));
    std::vector<AttemptRecord> out;
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) break;
      out.push_back(attempt_of(query));
    }
    for (AttemptRecord& attempt : out) {
      IKELAB_CHECK(read_goals(attempt));
      IKELAB_CHECK(read_checks(attempt));
    }
    return out;
  }

  Result<std::int64_t> recorded_run(const std::string& fingerprint) override {
    IKELAB_TRY(
        Statement query,
        database_->prepare("SELECT coalesce(max(run_id), 0) FROM run WHERE fingerprint = ?"));
    IKELAB_CHECK(query.bind({fingerprint}));
    IKELAB_TRY(const bool row, query.step());
    IKELAB_ASSERT(row);
    return query.integer(0);
  }

  Result<std::optional<AttemptRecord>> graded(const std::string& submission) override {
    IKELAB_TRY(
        Statement query,
        database_->prepare(
            std::string(attempt_columns) +
            "WHERE submission = ? AND submitted_at IS NOT NULL ORDER BY attempt_id LIMIT 1"));
    IKELAB_CHECK(query.bind({submission}));
    IKELAB_TRY(const bool row, query.step());
    if (!row) return std::optional<AttemptRecord>();
    return std::optional(attempt_of(query));
  }

  Result<std::string> same_answers(const std::string& lab, const std::string& student,
                                   const std::string& answers) override {
    IKELAB_TRY(Statement query,
               database_->prepare("SELECT student FROM lab_attempt WHERE lab = ? AND student <> ? "
                                  "AND submitted_at IS NOT NULL "
                                  "AND instr(submission, ?) > 0 ORDER BY attempt_id LIMIT 1"));
    IKELAB_CHECK(query.bind({lab, student, answers}));
    IKELAB_TRY(const bool row, query.step());
    return row ? query.text(0) : std::string();
  }

  Result<void> add_roster(const std::vector<RosterRow>& rows) override {
    IKELAB_TRY(Transaction transaction, Transaction::begin(*database_));
    IKELAB_TRY(Statement insert,
               database_->prepare("INSERT OR REPLACE INTO lab_roster VALUES (?,?,?,?,?,?,?,?)"));
    for (const RosterRow& r : rows)
      IKELAB_CHECK(insert.run({r.student, r.name, r.email, r.id_number, r.canvas_id, r.sis_id,
                               r.sis_login, r.section}));
    return transaction.commit();
  }

  Result<std::vector<RosterRow>> roster() override {
    IKELAB_TRY(Statement query,
               database_->prepare("SELECT student, name, email, id_number, canvas_id, sis_id, "
                                  "sis_login, section FROM lab_roster ORDER BY student"));
    std::vector<RosterRow> out;
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) return out;
      out.push_back({query.text(0), query.text(1), query.text(2), query.text(3), query.text(4),
                     query.text(5), query.text(6), query.text(7), ""});
    }
  }

  Result<void> take_hint(const std::string& student, const std::string& lab,
                         const HintRecord& hint) override {
    IKELAB_TRY(Statement insert, database_->prepare("INSERT INTO lab_hint VALUES (?,?,?,?,?,?)"));
    return insert.run({student, lab, hint.goal, hint.position, hint.cost, hint.taken_at});
  }

  Result<std::vector<HintRecord>> hints(const std::string& student,
                                        const std::string& lab) override {
    IKELAB_TRY(
        Statement query,
        database_->prepare("SELECT goal, position, cost, taken_at FROM lab_hint "
                           "WHERE student = ? AND lab = ? ORDER BY taken_at, goal, position"));
    IKELAB_CHECK(query.bind({student, lab}));
    std::vector<HintRecord> out;
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) return out;
      out.push_back({query.text(0), static_cast<int>(query.integer(1)),
                     static_cast<int>(query.integer(2)), query.text(3)});
    }
  }

 private:
  Result<std::int64_t> next_number(const AttemptRecord& attempt) {
    IKELAB_TRY(
        Statement query,
        database_->prepare(
            "SELECT coalesce(max(attempt), 0) + 1 FROM lab_attempt WHERE student = ? AND lab = ?"));
    IKELAB_CHECK(query.bind({attempt.student, attempt.lab}));
    IKELAB_TRY(const bool row, query.step());
    IKELAB_ASSERT(row);
    return query.integer(0);
  }

  Result<void> add_goals(std::int64_t id, const std::vector<GoalRecord>& goals) {
    IKELAB_TRY(Statement insert,
               database_->prepare("INSERT INTO lab_goal VALUES (?,?,?,?,?,?,?,?,?)"));
    int position = 0;
    for (const GoalRecord& g : goals)
      IKELAB_CHECK(insert.run(
          {id, ++position, g.goal, g.title, g.points, g.max_points, g.met, g.code, g.feedback}));
    return {};
  }

  Result<void> add_checks(std::int64_t id, const std::vector<CheckRecord>& checks) {
    IKELAB_TRY(Statement insert,
               database_->prepare("INSERT INTO lab_check VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"));
    const auto or_null = [](std::uint64_t n) {
      return n == 0 ? store::Value(nullptr) : store::Value(static_cast<std::int64_t>(n));
    };
    int position = 0;
    for (const CheckRecord& c : checks)
      IKELAB_CHECK(
          insert.run({id, ++position, c.goal, c.field, c.points, c.max_points, c.met, c.mistake,
                      c.feedback, c.run, or_null(c.event), or_null(c.message), c.evidence}));
    return {};
  }

  Result<void> add_runs(std::int64_t id, const std::map<std::string, std::string>& runs) {
    IKELAB_TRY(Statement insert, database_->prepare("INSERT INTO lab_run VALUES (?,?,?)"));
    for (const auto& [run, fingerprint] : runs) IKELAB_CHECK(insert.run({id, run, fingerprint}));
    return {};
  }

  Result<void> read_checks(AttemptRecord& attempt) {
    IKELAB_TRY(Statement query,
               database_->prepare("SELECT goal, field, points, max_points, met, mistake, feedback, "
                                  "run, coalesce(event, 0), coalesce(message, 0), evidence, "
                                  "coalesce(run_id, 0) FROM lab_checks WHERE attempt_id = ? "
                                  "ORDER BY position"));
    IKELAB_CHECK(query.bind({attempt.id}));
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) return {};
      attempt.checks.push_back({query.text(0), query.text(1), static_cast<int>(query.integer(2)),
                                static_cast<int>(query.integer(3)), query.integer(4) != 0,
                                query.text(5), query.text(6), query.text(7),
                                query.unsigned_integer(8), query.unsigned_integer(9),
                                query.text(10), query.integer(11)});
    }
  }

  Result<void> read_goals(AttemptRecord& attempt) {
    IKELAB_TRY(Statement query,
               database_->prepare(
                   "SELECT goal, title, points, max_points, met, code, feedback FROM lab_goal "
                   "WHERE attempt_id = ? ORDER BY position"));
    IKELAB_CHECK(query.bind({attempt.id}));
    while (true) {
      IKELAB_TRY(const bool row, query.step());
      if (!row) return {};
      attempt.goals.push_back({query.text(0), query.text(1), static_cast<int>(query.integer(2)),
                               static_cast<int>(query.integer(3)), query.integer(4) != 0,
                               query.text(5), query.text(6)});
    }
  }

  std::unique_ptr<Database> database_;
};

}  // namespace

Result<std::unique_ptr<Gradebook>> Gradebook::open(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open(file));
  IKELAB_CHECK(database->execute(own_tables));
  return std::unique_ptr<Gradebook>(std::make_unique<SqliteGradebook>(std::move(database)));
}

std::string to_csv(const std::vector<AttemptRecord>& attempts) {
  std::string out =
      "student,lab,lab_version,attempt,score,max_score,hints,started_at,submitted_at,graded_at,"
      "goals,missed,"
      "note,versions,fingerprint\r\n";
  for (const AttemptRecord& a : attempts) {
    std::string goals, missed;
    for (const GoalRecord& g : a.goals) {
      goals += fmt::format("{}{}={}/{}", goals.empty() ? "" : "; ", g.goal, g.points, g.max_points);
      if (!g.code.empty())
        missed += fmt::format("{}{}: {}", missed.empty() ? "" : "; ", g.goal, g.code);
    }
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_cell(a.student),
                       csv_cell(a.lab), a.lab_version, a.attempt, a.score, a.max_score, a.hints,
                       csv_cell(a.started_at), csv_cell(a.submitted_at), csv_cell(a.graded_at),
                       csv_cell(goals), csv_cell(missed), csv_cell(a.note), csv_cell(a.versions),
                       csv_cell(a.fingerprint));
  }
  return out;
}

}  // namespace ikelab::labs
