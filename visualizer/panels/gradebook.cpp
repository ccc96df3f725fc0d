// The class at a glance: each student's best score in each lab, and the goals that are missed most.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/table.hpp"

namespace ikelab::view {
namespace {

constexpr std::size_t most_labs = 12;  // columns that can still be read

std::vector<std::string> labs_of(const store::Grades& all) {
  std::set<std::string> labs;
  for (const store::Grade& g : all.grades) labs.insert(g.lab);
  return {labs.begin(), labs.end()};
}

Cell score_cell(const store::Grade& g) {
  const bool whole = g.max_score > 0 && g.score >= g.max_score;
  const bool half = g.max_score > 0 && g.score * 2 >= g.max_score;
  return {fmt::format("{}{}", whole ? "\xE2\x9C\x93 " : "", g.score), whole  ? Role::responder
                                                                      : half ? Role::text
                                                                             : Role::adversary};
}

void draw_students(const View& v, const store::Grades& all, const std::vector<std::string>& labs) {
  std::vector<Column> columns = {{"student", 96, 0.5F}};
  for (std::size_t i = 0; i < std::min(labs.size(), most_labs); ++i)
    columns.push_back({labs[i].c_str(), 56, 0.2F, true, true});
  columns.push_back({"sum", 48, 0.1F, true, true});
  const float head = v.kit.px(Table::head_height), step = v.kit.px(Table::row_height);
  View inner = begin_scroll(v, "students", {v.min.x, v.min.y + head}, v.max);
  const Table table(inner, columns);
  float y = inner.min.y;
  int id = 0;
  for (auto g = all.grades.begin(); g != all.grades.end();) {
    const auto next = std::find_if(g, all.grades.end(),
                                   [&](const store::Grade& o) { return o.student != g->student; });
    if (table.is_visible(y)) {
      std::vector<Cell> cells = {g->student};
      int sum = 0;
      for (std::size_t i = 0; i < std::min(labs.size(), most_labs); ++i) {
        const auto mine =
            std::find_if(g, next, [&](const store::Grade& o) { return o.lab == labs[i]; });
        cells.push_back(mine == next ? Cell("\xE2\x80\x93", Role::muted) : score_cell(*mine));
      }
      for (auto one = g; one != next; ++one) sum += one->score;
      cells.emplace_back(fmt::format("{}", sum));
      table.row(id, y, cells, false, false);
    }
    ++id;
    y += step;
    g = next;
  }
  end_scroll(v, y - inner.min.y);
  View top = v;
  top.max.x = inner.max.x;
  Table(top, columns).head(v.min.y);
}

void draw_goals(const View& v, const store::Grades& all) {
  const std::vector<Column> columns = {
      {"lab", 80, 0.4F}, {"goal, the hardest first", 96, 0.6F}, {"met", 88, 0, true, true}};
  const float head = v.kit.px(Table::head_height), step = v.kit.px(Table::row_height);
  View inner = begin_scroll(v, "goals", {v.min.x, v.min.y + head}, v.max);
  const Table table(inner, columns);
  float y = inner.min.y;
  int id = 0;
  for (const store::GoalRate& g : all.goals) {
    if (table.is_visible(y))
      table.row(id, y, {{g.lab, Role::muted}, g.goal, fmt::format("{} of {}", g.met, g.tries)},
                false, false);
    ++id;
    y += step;
  }
  end_scroll(v, y - inner.min.y);
  View top = v;
  top.max.x = inner.max.x;
  Table(top, columns).head(v.min.y);
}

}  // namespace

std::string gradebook_caption(const View& v) {
  const store::Grades& all = v.run.grades();
  if (all.empty()) return "What a class has reached";
  std::set<std::string> students;
  std::uint64_t attempts = 0;
  for (const store::Grade& g : all.grades) {
    students.insert(g.student);
    attempts += g.attempts;
  }
  return fmt::format("The best of {} by {} in {}", counted(attempts, "attempt", "attempts"),
                     counted(students.size(), "student", "students"),
                     counted(labs_of(all).size(), "lab", "labs"));
}

void draw_gradebook(const View& v) {
  const store::Grades& all = v.run.grades();
  if (all.empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "Nothing was graded in this database",
                "\"ikelab lab grade\" writes each attempt into a gradebook; open it with \"ikelab "
                "view --db class.db\".");
    return;
  }
  const std::vector<std::string> labs = labs_of(all);
  View left = v, right = v;
  left.min.x -= v.kit.px(8);
  left.max.x = v.min.x + std::round(v.width() * 0.6F) - v.kit.px(8);
  right.min.x = left.max.x + v.kit.px(16);
  draw_students(left, all, labs);
  draw_goals(right, all);
}

}  // namespace ikelab::view
