#include "sim/store/grades_reader.hpp"

#include "sim/store/database.hpp"

namespace ikelab::store {

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
    if (!row) return out;
    out.goals.push_back(
        {goals.text(0), goals.text(1), goals.unsigned_integer(2), goals.unsigned_integer(3)});
  }
}

}  // namespace ikelab::store
