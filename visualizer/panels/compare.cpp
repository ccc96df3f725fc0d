// Two runs side by side, from the first difference on: what is alike is muted and folded, what is
// otherwise stands beside its like, what happened in one alone has nothing beside it.
#include "visualizer/models/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

constexpr float row_height = 26, gutter = 32, head_height = 84, setting_height = 40;  // base pixels
constexpr std::size_t shown_alike = 2;  // rows of a stretch that stay at its ends

// A line of the picture: a row of the comparison, or a fold of rows that are alike.
struct Line {
  std::size_t row;
  std::size_t folded = 0;  ///< rows in the fold; 0: a row by itself
};

std::vector<Line> lines_of(const Comparison& c, const std::set<std::size_t>& unfolded) {
  std::vector<Line> out;
  const auto& rows = c.rows();
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i;
    while (end < rows.size() && rows[end].what == Beside::What::same) ++end;
    const std::size_t alike = end - i;
    if (alike > 2 * shown_alike + 2 && !unfolded.contains(i)) {
      for (std::size_t k = 0; k < shown_alike; ++k) out.push_back({i + k});
      out.push_back({i, alike - 2 * shown_alike});
      i = end - shown_alike;
    }
    for (; i < end; ++i) out.push_back({i});
    if (i < rows.size()) out.push_back({i++});
  }
  return out;
}

// Where the two columns stand, for one frame.
struct Columns {
  const View& v;
  float middle, half;  ///< of the gutter; of a column, its width
  explicit Columns(const View& view)
      : v(view),
        middle(std::round((view.min.x + view.max.x) / 2)),
        half((view.width() - view.kit.px(gutter)) / 2) {}
  [[nodiscard]] float left(bool b) const { return b ? middle + v.kit.px(gutter) / 2 : v.min.x; }
};

void draw_head(const Columns& c, bool b, const RunModel& run) {
  const View& v = c.v;
  const Kit& kit = v.kit;
  const store::RunInfo& info = run.info();
  const float x = c.left(b);
  put(v.list(), kit.fonts.strong, {x, v.min.y}, kit.ink(Role::text),
      info.scenario.empty() ? "a run" : info.scenario, c.half);
  put(v.list(), kit.fonts.small, {x, v.min.y + kit.px(20)}, kit.ink(Role::muted),
      fmt::format("run {}, seed {}, {}", info.id, info.seed, span_text(Duration(run.end().ns))),
      c.half);
  const bool bad = info.status == store::RunStatus::finished && !info.expectations_met;
  const std::string outcome = Comparison::outcome(run);
  put_wrapped(v.list(), kit.fonts.small, {x, v.min.y + kit.px(38)},
              kit.ink(bad ? Role::adversary : Role::text), outcome, c.half, 1.2F);
  const Hit h = hit(b ? "right run" : "left run", {x, v.min.y},
                    {x + c.half, v.min.y + kit.px(head_height - 8)});
  if (h.hovered) tip(kit, info.about.empty() ? info.scenario : info.about, outcome);
}

// What two values begin with is left out where it would push out what tells them apart.
std::string from_difference(const View& v, const std::string& value, const std::string& other,
                            float room) {
  ImFont* font = v.kit.fonts.mono_small;
  if (measure(font, value).x <= room) return value;
  constexpr std::size_t context = 8;
  const auto differs = std::mismatch(value.begin(), value.end(), other.begin(), other.end()).first;
  std::size_t from = static_cast<std::size_t>(differs - value.begin());
  if (from <= context) return value;
  from -= context;
  while (from > 0 && (static_cast<unsigned char>(value[from]) & 0xC0U) == 0x80U) --from;
  return "\xE2\x80\xA6" + value.substr(from);
}

void draw_settings(const Columns& c, float y, const std::vector<Setting>& settings) {
  const View& v = c.v;
  const Kit& kit = v.kit;
  int id = 0;
  for (const Setting& s : settings) {
    const ImVec2 min = {v.min.x, y}, max = {v.max.x, y + kit.px(setting_height - 4)};
    v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::warning, 0.08F), kit.px(4));
    const float inset = kit.px(8);
    put(v.list(), kit.fonts.small, {min.x + inset, y + kit.px(2)}, kit.ink(Role::muted),
        fit_middle(kit.fonts.small, s.path, v.width() - 2 * inset));
    for (const bool b : {false, true}) {
      const std::string& value = b ? s.b : s.a;
      put(v.list(), kit.fonts.mono_small, {c.left(b) + (b ? 0 : inset), y + kit.px(18)},
          kit.ink(value.empty() ? Role::muted : Role::text),
          value.empty() ? "not set" : from_difference(v, value, b ? s.a : s.b, c.half - inset),
          c.half - inset);
    }
    ImGui::PushID("setting");
    if (hit(id++, min, max).hovered)
      tip(kit, s.path,
          fmt::format("left: {}\nright: {}", s.a.empty() ? "not set" : s.a,
                      s.b.empty() ? "not set" : s.b));
    ImGui::PopID();
    y += kit.px(setting_height);
  }
}

// One step in its column: when, which message, what.
void draw_step(const Columns& c, bool b, float y, const Step& s, Role role, bool strong) {
  const View& v = c.v;
  const Kit& kit = v.kit;
  float x = c.left(b);
  const float end = x + c.half, text_y = y + kit.px(5);
  if (c.half > kit.px(400)) {
    put_right(v.list(), kit.fonts.mono_small, {x + kit.px(92), text_y}, kit.ink(Role::muted),
              clock_text(s.time));
    x += kit.px(104);
  }
  if (!s.number.empty()) {
    put(v.list(), kit.fonts.mono_small, {x, text_y}, kit.ink(Role::muted), s.number);
    x += kit.px(28);
  }
  const Role node = v.role_of(s.node);
  const bool named = s.text.starts_with(s.node);
  if (!named && !s.node.empty())
    x += put(v.list(), kit.fonts.small_strong, {x, text_y},
             kit.ink(node == Role::muted ? Role::text : node), s.node, (end - x) / 3) +
         kit.px(8);
  put(v.list(), strong ? kit.fonts.small_strong : kit.fonts.small, {x, text_y}, kit.ink(role),
      s.text, end - x);
}

std::string words_of(const Beside& row, const Comparison& c) {
  const std::string nothing =
      row.weighs || row.what == Beside::What::same
          ? ""
          : " It means nothing: a mark, or what the dice of another seed decide.";
  switch (row.what) {
    case Beside::What::same:
      return "In both runs.";
    case Beside::What::only_a:
      return "In the left run alone." + nothing;
    case Beside::What::only_b:
      return "In the right run alone." + nothing;
    case Beside::What::other:
      break;
  }
  if (!row.words.empty()) return "Not the same: " + row.words + "." + nothing;
  return fmt::format("Not the same.\nleft: {}\nright: {}",
                     c.a()[static_cast<std::size_t>(row.a)].text,
                     c.b()[static_cast<std::size_t>(row.b)].text);
}

void draw_row(const Columns& columns, int id, float y, const Beside& row, const Comparison& c,
              bool first) {
  const View& v = columns.v;
  const Kit& kit = v.kit;
  const ImVec2 min = {v.min.x, y}, max = {v.max.x, y + kit.px(row_height)};
  const Step* a = row.a < 0 ? nullptr : &c.a()[static_cast<std::size_t>(row.a)];
  const Step* b = row.b < 0 ? nullptr : &c.b()[static_cast<std::size_t>(row.b)];
  const Hit h = hit(id, min, max);
  const bool selected = a != nullptr && v.session.is_selected(a->selection);
  if (selected)
    v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::initiator, 0.12F), kit.px(4));
  else if (row.weighs)
    v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::warning, first ? 0.16F : 0.08F),
                            kit.px(4));
  if (h.hovered) v.list()->AddRectFilled(min, max, kit.ink(Role::text, 0.04F), kit.px(4));
  const Role role = row.weighs ? Role::text : Role::muted;
  if (a != nullptr) draw_step(columns, false, y, *a, role, row.weighs);
  if (b != nullptr) draw_step(columns, true, y, *b, role, row.weighs);
  const char* sign = row.what == Beside::What::same     ? "="
                     : row.what == Beside::What::other  ? "\xE2\x89\xA0"
                     : row.what == Beside::What::only_a ? "\xE2\x97\x80"
                                                        : "\xE2\x96\xB6";
  put_centred(v.list(), kit.fonts.small_strong, {columns.middle, y + kit.px(13)},
              kit.ink(row.weighs ? Role::warning : Role::muted), sign);
  if (h.hovered) {
    const Step& s = a != nullptr ? *a : *b;
    std::string when = a != nullptr ? "left at " + clock_text(a->time) : "";
    if (b != nullptr) when += (when.empty() ? "right at " : ", right at ") + clock_text(b->time);
    tip(kit, s.text, words_of(row, c) + "\n" + when);
  }
  if (a != nullptr) v.link(h, a->selection);
}

void draw_fold(const Columns& c, int id, float y, const Line& line) {
  const View& v = c.v;
  const Kit& kit = v.kit;
  const ImVec2 min = {v.min.x, y}, max = {v.max.x, y + kit.px(row_height)};
  const Hit h = hit(id, min, max);
  v.list()->AddRectFilled(min, max, kit.ink(Role::text, h.hovered ? 0.08F : 0.04F), kit.px(4));
  put_centred(
      v.list(), kit.fonts.small, {c.middle, y + kit.px(13)}, kit.ink(Role::muted),
      fmt::format("\xE2\x80\xA6 {} alike \xE2\x80\xA6", counted(line.folded, "step", "steps")));
  if (h.hovered) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    tip(kit, "The same in both runs", "Click to lay them open.");
  }
  if (h.clicked) v.session.unfolded.insert(line.row);
}

}  // namespace

std::string compare_caption(const View& v) {
  const Comparison* c = v.run.comparison();
  if (c == nullptr) return "Two runs side by side";
  const auto first = c->first_difference();
  if (!first)
    return fmt::format("No difference that means something in {}",
                       counted(c->rows().size(), "step", "steps"));
  const Beside& row = c->rows()[*first];
  const Step& s = row.a >= 0 ? c->a()[static_cast<std::size_t>(row.a)]
                             : c->b()[static_cast<std::size_t>(row.b)];
  return fmt::format("First difference after {}, at {}; {} otherwise, {} in one run alone",
                     counted(*first, "step", "steps"), clock_text(s.time),
                     c->count(Beside::What::other),
                     c->count(Beside::What::only_a) + c->count(Beside::What::only_b));
}

void draw_compare(const View& v) {
  const Comparison* c = v.run.comparison();
  if (c == nullptr) {
    empty_state(
        v.kit, v.list(), v.min, v.max, "Nothing to compare with",
        "Lay another run beside this one: \"ikelab view RUN --compare OTHER\". A run and its "
        "hardened twin, or the same one before and after a change.");
    return;
  }
  const Kit& kit = v.kit;
  View inner = begin_scroll(v, "compare", {v.min.x, v.min.y + kit.px(head_height)}, v.max);
  const Columns columns(inner);
  const float step = kit.px(row_height);
  float y = inner.min.y;
  if (!c->settings().empty()) {
    put(inner.list(), kit.fonts.small_strong, {inner.min.x, y}, kit.ink(Role::muted),
        fmt::format("{} set differently", counted(c->settings().size(), "thing is", "things are")));
    draw_settings(columns, y + kit.px(22), c->settings());
    y += kit.px(22) + kit.px(setting_height) * static_cast<float>(c->settings().size()) + kit.px(8);
    put(inner.list(), kit.fonts.small_strong, {inner.min.x, y}, kit.ink(Role::muted),
        "What happened");
    y += kit.px(22);
  }
  const auto first = c->first_difference();
  const ImVec2 window = ImGui::GetWindowPos();
  int id = 0;
  for (const Line& line : lines_of(*c, v.session.unfolded)) {
    if (y + step > window.y && y < window.y + ImGui::GetWindowHeight()) {
      if (line.folded > 0)
        draw_fold(columns, id, y, line);
      else
        draw_row(columns, id, y, c->rows()[line.row], *c, first && line.row == *first);
    }
    ++id;
    y += step;
  }
  end_scroll(v, y - inner.min.y + kit.px(8));
  View top = v;
  top.max.x = inner.max.x;
  const Columns heads(top);
  draw_head(heads, false, v.run);
  draw_head(heads, true, *c->other());
}

}  // namespace ikelab::view
