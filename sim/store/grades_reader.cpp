#include "sim/store/grades_reader.hpp"

#include "sim/store/database.hpp"

namespace ikelab::store {
namespace {

// Of each student's best attempt at a lab, the newest of equal ones.
constexpr const char* lost_points =
    "SELECT c.student, c.lab, c.goal, c.field, c.points, c.max_points, c.mistake, c.feedback, "
    "c.run, coalesce(c.event, 0), coalesce(c.message, 0), c.evidence, "
    "coalesce(c.fingerprint, ''), coalesce(c.run_id, 0) FROM lab_checks c WHERE "
    "c.points < c.max_points AND c.attempt = (SELECT a.attempt FROM lab_attempts a WHERE "
    "a.student = c.student AND a.lab = c.lab AND a.score IS NOT NULL ORDER BY a.score DESC, "
    "a.attempt DESC LIMIT 1) ORDER BY c.student, c.lab, c.position LIMIT 100000";

// A view that an older gradebook has otherwise is renewed as soon as something is graded in it.
Result<bool> has_column(const Database& database, const char* view, const char* column) {
  IKELAB_TRY(Statement query,
             database.prepare("SELECT 1 FROM pragma_table_info(?) WHERE name = ?"));
  IKELAB_CHECK(query.bind({std::string(view), std::string(column)}));
  return query.step();
}

}  // namespace

Result<Grades> read_grades(const std::filesystem::path& file) {
  IKELAB_TRY(auto database, Database::open_read_only(file));
  Grades out;
  IKELAB_TRY(Statement grades,
             database->prepare("SELECT student, lab, max(score), max_score, count(*) FROM "
                               "lab_attempts WHERE score IS NOT NULL GROUP BY student, lab "
                               "ORDER BY student, lab LIMIT 200000"));
  while (true) {
    IKELAB_TRY(const bool row, grades.step());
    if (!row) break;
    out.grades.push_back({grades.text(0), grades.text(1), static_cast<int>(grades.integer(2)),
                          static_cast<int>(grades.integer(3)), grades.unsigned_integer(4)});
  }
  IKELAB_TRY(Statement goals,
             database->prepare("SELECT lab, goal, count(*), sum(met) FROM lab_goals GROUP BY lab, "
                               "goal ORDER BY avg(met), lab, goal LIMIT 10000"));
  while (true) {
    IKELAB_TRY(const bool row, goals.step());
    if (!row) break;
    out.goals.push_back(
        {goals.text(0), goals.text(1), goals.unsigned_integer(2), goals.unsigned_integer(3)});
  }
  IKELAB_TRY(const bool has_checks, has_column(*database, "lab_checks", "fingerprint"));
  if (!has_checks) return out;
  IKELAB_TRY(Statement lost, database->prepare(lost_points));
  while (true) {
    IKELAB_TRY(const bool row, lost.step());
    if (!row) return out;
    out.lost.push_back({lost.text(0), lost.text(1), lost.text(2), lost.text(3),
                        static_cast<int>(lost.integer(4)), static_cast<int>(lost.integer(5)),
                        lost.text(6), lost.text(7), lost.text(8), lost.unsigned_integer(9),
                        lost.unsigned_integer(10), lost.text(11), lost.text(12), lost.integer(13)});
  }
}

}  // namespace ikelab::store
