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

// A click on a cell chooses the student and the lab; on the name, the student in all labs.
void choose(const View& v, const Table& table, const std::string& student,
            const std::vector<std::string>& labs) {
  const int column = table.column_at(ImGui::GetIO().MousePos.x);
  const bool is_lab = column >= 1 && column <= static_cast<int>(std::min(labs.size(), most_labs));
  const std::string lab = is_lab ? labs[static_cast<std::size_t>(column - 1)] : "";
  const bool again = v.session.student == student && v.session.lab == lab;
  v.session.student = again ? "" : student;
  v.session.lab = again ? "" : lab;
}

// Base pixels that names take: they are never cut for the sake of scores.
float names_width(const View& v, const store::Grades& all) {
  constexpr std::size_t measured = 500;  // names: those of a class
  float width = 72;
  for (std::size_t i = 0; i < std::min(all.grades.size(), measured); ++i)
    width = std::max(width, measure(v.kit.fonts.small, all.grades[i].student).x / v.kit.scale);
  return std::min(width + 16, 200.0F);
}

void draw_students(const View& v, const store::Grades& all, const std::vector<std::string>& labs) {
  std::vector<Column> columns = {{"student", names_width(v, all), 0.5F, false, false, true}};
  for (std::size_t i = 0; i < std::min(labs.size(), most_labs); ++i)
    columns.push_back({labs[i].c_str(), 52, 0.2F, true, true});
  columns.push_back({"sum", 40, 0.1F, true, true, true});
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
      const Hit h = table.row(id, y, cells, g->student == v.session.student, false);
      if (h.clicked) choose(v, table, g->student, labs);
      if (h.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
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

// What the chosen student lost, check by check, with what it goes back to.
void draw_lost(const View& v, const store::Grades& all) {
  const Kit& kit = v.kit;
  put(v.list(), kit.fonts.strong, v.min, kit.ink(Role::text),
      v.session.lab.empty() ? v.session.student
                            : fmt::format("{}: {}", v.session.student, v.session.lab),
      v.width());
  View inner = begin_scroll(v, "lost", {v.min.x, v.min.y + kit.px(26)}, v.max);
  float y = inner.min.y;
  int id = 0;
  const float inset = kit.px(8), room = inner.width() - 2 * inset;
  for (const store::LostPoint& lost : all.lost) {
    if (lost.student != v.session.student || (!v.session.lab.empty() && lost.lab != v.session.lab))
      continue;
    const std::string head =
        fmt::format("{}{}, {}: {} of {}", v.session.lab.empty() ? lost.lab + ", " : "", lost.goal,
                    lost.field, lost.points, lost.max_points);
    const std::string& why = lost.feedback.empty() ? lost.mistake : lost.feedback;
    const float head_height = wrapped_height(kit.fonts.small_strong, head, room, 1.3F);
    const float height =
        kit.px(4) + head_height + wrapped_height(kit.fonts.small, why, room, 1.3F) +
        (lost.evidence.empty() ? 0 : wrapped_height(kit.fonts.small, lost.evidence, room, 1.3F)) +
        kit.px(8);
    const ImVec2 min = {inner.min.x, y}, max = {inner.max.x, y + height};
    const Hit h = hit(id++, min, max);
    inner.list()->AddRectFilled(min, max, kit.ink(Role::text, h.hovered ? 0.07F : 0.03F),
                                kit.px(4));
    float at = y + kit.px(4);
    at += put_wrapped(inner.list(), kit.fonts.small_strong, {min.x + inset, at},
                      kit.ink(Role::text), head, room, 1.3F);
    at += put_wrapped(inner.list(), kit.fonts.small, {min.x + inset, at}, kit.ink(Role::text), why,
                      room, 1.3F);
    if (!lost.evidence.empty())
      put_wrapped(inner.list(), kit.fonts.small, {min.x + inset, at}, kit.ink(Role::initiator),
                  lost.evidence, room, 1.3F);
    if (h.hovered && lost.event != 0) {
      ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
      tip(kit, fmt::format("Event {} of the run {}", lost.event, lost.run),
          "Click: the event that cost this. Its run is opened when another one is.");
    }
    if (h.clicked) v.session.lost = lost;
    y += height + kit.px(8);
  }
  if (id == 0)
    put(inner.list(), kit.fonts.small, {inner.min.x, y}, kit.ink(Role::muted),
        "Nothing was lost, or no checks were kept.", inner.width());
  end_scroll(v, y - inner.min.y);
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
  // What is lost needs words; scores do not.
  const float share = v.session.student.empty() ? 0.6F : 0.5F;
  left.max.x = v.min.x + std::round(v.width() * share) - v.kit.px(8);
  right.min.x = left.max.x + v.kit.px(16);
  draw_students(left, all, labs);
  if (v.session.student.empty())
    draw_goals(right, all);
  else
    draw_lost(right, all);
}

}  // namespace ikelab::view
