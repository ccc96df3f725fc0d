// The ladder of messages: lanes for nodes, time down. Lanes' names stay pinned while the rows
// scroll.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/panels/ladder_frame.hpp"

namespace ikelab::view {
namespace {

Role role_of_leg(const LadderFrame& f, const LadderRow& row, const Leg& leg) {
  if (row.kind == LadderRow::Kind::attack || leg.changed) return Role::adversary;
  return f.v.role_of(f.v.run.ladder().lanes()[static_cast<std::size_t>(leg.from)].node);
}

void draw_leg(const LadderFrame& f, const LadderRow& row, const Leg& leg, bool selected) {
  const Kit& kit = f.v.kit;
  ImDrawList* list = f.v.list();
  const ImU32 ink = f.ink(role_of_leg(f, row, leg), row);
  const float thickness = (selected ? 2.5F : row.repeats != 0 ? 1.0F : 1.75F) * kit.scale;
  const ImVec2 a = {f.x(leg.from), f.sent(leg)}, b = {f.x(leg.to), f.landed(leg)};
  const auto share = static_cast<float>(leg.fraction);
  const ImVec2 end = {a.x + (b.x - a.x) * share, a.y + (b.y - a.y) * share};
  list->AddCircleFilled(a, kit.px(3), ink, 16);
  if (leg.from == leg.to) return;  // two of those who share a lane
  if (leg.lost) {
    if (row.repeats != 0)
      dashed_line(list, a, end, ink, thickness, kit.px(4));
    else
      list->AddLine(a, end, ink, thickness);
    cross(list, end, kit.px(6), f.ink(Role::adversary, row), 2.0F * kit.scale);
    return;
  }
  if (leg.fraction < 1) {  // nobody saw it come: it has no head
    list->AddLine(a, end, ink, thickness);
    list->AddCircle(end, kit.px(3), ink, 12, thickness);
    return;
  }
  if (row.repeats != 0) {
    dashed_line(list, a, end, ink, thickness, kit.px(4));
    arrow(list, {end.x - (end.x - a.x) * 0.02F, end.y - (end.y - a.y) * 0.02F}, end, ink, thickness,
          kit.px(9));
  } else {
    arrow(list, a, end, ink, thickness, kit.px(10));
  }
  if (leg.changed) {  // it leaves other than it came: a filled diamond at the adversary's lane
    const float r = kit.px(6);
    list->AddQuadFilled({a.x, a.y - r}, {a.x + r, a.y}, {a.x, a.y + r}, {a.x - r, a.y}, ink);
  }
}

// "3  IKE_AUTH request  {IDi, AUTH, ...}" on the panel's ground, so that no lane strikes it
// through.
void draw_label(const LadderFrame& f, const LadderRow& row, bool selected) {
  const Kit& kit = f.v.kit;
  ImDrawList* list = f.v.list();
  float left = 1e9F, right = -1e9F;
  for (const Leg& leg : row.legs) {
    left = std::min({left, f.x(leg.from), f.x(leg.to)});
    right = std::max({right, f.x(leg.from), f.x(leg.to)});
  }
  const float first = f.x(0), last = f.x(static_cast<int>(f.v.run.ladder().lanes().size()) - 1);
  if (row.legs.empty()) left = first, right = last;
  const float middle = (left + right) / 2;
  // A title that is longer than its arrow goes beyond it: nothing else stands at this height.
  const float needs = measure(kit.fonts.small_strong, row.title).x + kit.px(56);
  if (needs > right - left) left = first, right = last;
  const float room = right - left - kit.px(24);
  ImFont* strong = kit.fonts.small_strong;
  ImFont* plain = kit.fonts.small;
  const std::string number = row.number == 0 ? "" : fmt::format("{}", row.number);
  std::string title = row.repeats != 0 ? fmt::format("{}, again", row.title) : row.title;
  if (row.packets > 1) title += fmt::format(" \xC3\x97 {}", thousands(row.packets));
  const float number_width =
      number.empty() ? 0 : measure(kit.fonts.mono_small, number).x + kit.px(8);
  title = fit(strong, title, room - number_width);
  const float title_width = measure(strong, title).x;
  std::string inside = row.kind == LadderRow::Kind::message ? contents_of(row) : row.note;
  const float pad = row.encrypted && row.kind == LadderRow::Kind::message ? kit.px(6) : 0;
  const float inside_room = room - number_width - title_width - kit.px(8) - 2 * pad;
  inside = inside_room > kit.px(24) ? fit(plain, inside, inside_room) : "";
  const float inside_width = inside.empty() ? 0 : measure(plain, inside).x + 2 * pad + kit.px(8);
  const float total = number_width + title_width + inside_width;
  const float least = left + kit.px(12), most = std::max(least, right - kit.px(12) - total);
  float x = std::round(std::clamp(middle - total / 2, least, most));
  const float y = f.start(row) - kit.px(21);
  list->AddRectFilled(
      {x - kit.px(6), y - kit.px(1)}, {x + total + kit.px(6), y + kit.px(18)},
      selected ? kit.tint(Role::panel, Role::initiator, 0.12F) : kit.ink(Role::panel), kit.px(4));
  if (!number.empty()) put(list, kit.fonts.mono_small, {x, y}, f.ink(Role::muted, row), number);
  x += number_width;
  const Role title_role = row.kind == LadderRow::Kind::attack ? Role::adversary : Role::text;
  put(list, strong, {x, y}, f.ink(title_role, row), title);
  x += title_width + kit.px(8);
  if (inside.empty()) return;
  if (pad > 0) {
    const ImVec2 min = {x, y - 1}, max = {x + inside_width - kit.px(8), y + kit.px(17)};
    list->AddRectFilled(min, max, kit.ink(Role::text, 0.05F * f.alpha(row)), kit.px(4));
    hatch(list, {min.x + 1, min.y + 1}, {max.x - 1, max.y - 1},
          kit.ink(Role::text, 0.10F * f.alpha(row)), kit.px(6));
  }
  put(list, plain, {x + pad, y}, f.ink(Role::muted, row), inside);
}

// A remark under an arrow: why it was lost, what was changed, who refused it.
void draw_note(const LadderFrame& f, const LadderRow& row) {
  if (row.note.empty() || row.kind != LadderRow::Kind::message || row.legs.empty()) return;
  const Kit& kit = f.v.kit;
  const float left = f.x(0), right = f.x(static_cast<int>(f.v.run.ladder().lanes().size()) - 1);
  const std::string text = fit(kit.fonts.small, row.note, right - left - kit.px(48));
  const float width = measure(kit.fonts.small, text).x;
  const float x = std::round((left + right - width) / 2), y = f.stop(row) + kit.px(2);
  f.v.list()->AddRectFilled({x - kit.px(4), y}, {x + width + kit.px(4), y + kit.px(17)},
                            kit.ink(Role::panel));
  put(f.v.list(), kit.fonts.small, {x, y}, f.ink(Role::adversary, row), text);
}

void draw_esp(const LadderFrame& f, const LadderRow& row, bool selected, bool words = true) {
  const Kit& kit = f.v.kit;
  ImDrawList* list = f.v.list();
  const Leg& leg = row.legs.front();
  const float x0 = std::min(f.x(leg.from), f.x(leg.to)), x1 = std::max(f.x(leg.from), f.x(leg.to));
  const float least = kit.px(f.linear ? 2 : 28);
  const ImVec2 min = {x0, f.start(row)}, max = {x1, std::max(f.landed(leg), f.start(row) + least)};
  list->AddRectFilled(min, max, kit.ink(Role::panel));
  list->AddRectFilled(min, max, kit.ink(Role::text, selected ? 0.08F : 0.04F));
  hatch(list, min, max, kit.ink(Role::text, 0.08F * f.alpha(row)), kit.px(7));
  if (selected) list->AddRect(min, max, kit.ink(Role::initiator), 0, 0, kit.px(2));
  if (!words) return;
  const std::uint64_t forth = row.packets - row.backwards;
  const bool rightwards = f.x(leg.from) < f.x(leg.to);
  const std::uint64_t to_right = rightwards ? forth : row.backwards,
                      to_left = row.packets - to_right;
  std::string text = fmt::format("ESP  {}, {}", counted(row.packets, "packet", "packets"),
                                 octets_text(row.octets));
  std::string ways =
      fmt::format("{} \xE2\x86\x92   \xE2\x86\x90 {}", thousands(to_right), thousands(to_left));
  const float room = x1 - x0 - kit.px(32);
  const float needs =
      measure(kit.fonts.small_strong, text).x + kit.px(16) + measure(kit.fonts.small, ways).x;
  if (needs > room) ways.clear();
  text = fit(kit.fonts.small_strong, text, room);
  const float width = ways.empty() ? measure(kit.fonts.small_strong, text).x : needs;
  // At its head: refusals and messages cross it further down.
  const float middle = std::min((min.y + max.y) / 2, min.y + kit.px(14));
  const float x = std::round((x0 + x1 - width) / 2);
  list->AddRectFilled({x - kit.px(8), middle - kit.px(10)},
                      {x + width + kit.px(8), middle + kit.px(10)}, kit.ink(Role::panel),
                      kit.px(4));
  const float used =
      put(list, kit.fonts.small_strong, {x, middle - kit.fonts.small_strong->FontSize / 2},
          f.ink(Role::text, row), text);
  put(list, kit.fonts.small, {x + used + kit.px(16), middle - kit.fonts.small->FontSize / 2},
      f.ink(Role::muted, row), ways);
}

void draw_mark(const LadderFrame& f, const LadderRow& row, bool selected) {
  const Kit& kit = f.v.kit;
  const float y = f.start(row);
  f.v.list()->AddLine({f.left, y}, {f.right, y}, kit.ink(Role::rule));
  const std::string text = fit(kit.fonts.small, row.title, f.right - f.left - kit.px(48));
  const float width = measure(kit.fonts.small, text).x;
  const float x = std::round((f.left + f.right - width) / 2);
  f.v.list()->AddRectFilled(
      {x - kit.px(8), y - kit.px(10)}, {x + width + kit.px(8), y + kit.px(10)},
      selected ? kit.tint(Role::panel, Role::initiator, 0.12F) : kit.ink(Role::panel), kit.px(4));
  put(f.v.list(), kit.fonts.small, {x, y - kit.fonts.small->FontSize / 2}, f.ink(Role::text, row),
      text);
}

void draw_refusal(const LadderFrame& f, const LadderRow& row) {
  const Kit& kit = f.v.kit;
  const float x = row.legs.empty() ? f.left : f.x(row.legs.front().from);
  const float y = f.start(row);
  cross(f.v.list(), {x, y}, kit.px(5), f.ink(Role::adversary, row), 2.0F * kit.scale);
  std::string text = row.title;
  if (row.packets > 1) text += fmt::format(" \xC3\x97 {}", thousands(row.packets));
  text += ": " + row.note;
  const bool left_half = x < (f.left + f.right) / 2;
  const float room = (left_half ? f.right - x : x - f.left) - kit.px(24);
  text = fit(kit.fonts.small, text, room);
  const float width = measure(kit.fonts.small, text).x;
  const float at = left_half ? x + kit.px(12) : x - kit.px(12) - width;
  f.v.list()->AddRectFilled({at - kit.px(4), y - kit.px(9)},
                            {at + width + kit.px(4), y + kit.px(9)}, kit.ink(Role::panel));
  put(f.v.list(), kit.fonts.small, {at, y - kit.fonts.small->FontSize / 2},
      f.ink(Role::adversary, row), text);
}

std::string hover_text(const View& v, const LadderRow& row) {
  if (row.kind == LadderRow::Kind::message)
    return what_it_does(*v.run.traffic().message(row.number));
  if (row.kind == LadderRow::Kind::esp)
    return fmt::format("{} of ESP in {}", counted(row.packets, "packet", "packets"),
                       span_text(row.until - row.time));
  return row.note.empty() ? row.title : fmt::format("{}: {}", row.title, row.note);
}

// How much of a row is said: on the axis of time there may be no room for words.
struct Words {
  bool label = true, note = true;
};

void draw_words(const LadderFrame& f, const LadderRow& row, bool selected, Words words) {
  if (words.label && row.kind == LadderRow::Kind::mark) draw_mark(f, row, selected);
  if (words.label && row.kind == LadderRow::Kind::refusal) draw_refusal(f, row);
  const bool arrow = row.kind == LadderRow::Kind::message || row.kind == LadderRow::Kind::attack;
  if (words.label && arrow) draw_label(f, row, selected);
  if (words.note && arrow) draw_note(f, row);
}

void draw_row(const LadderFrame& f, const LadderRow& row, int id, const LadderRow* selected_row,
              Words words) {
  const View& v = f.v;
  const Kit& kit = v.kit;
  const bool selected = selected_row == &row;
  const bool has_label =
      row.kind == LadderRow::Kind::message || row.kind == LadderRow::Kind::attack;
  const float above = has_label ? kit.px(22) : kit.px(12);
  const ImVec2 min = {v.min.x, f.start(row) - above}, max = {v.max.x, f.stop(row) + kit.px(10)};
  const ImVec2 window = ImGui::GetWindowPos();
  if (max.y + kit.px(24) < window.y || min.y > window.y + ImGui::GetWindowHeight()) return;
  const Hit h = hit(id, min, {max.x, std::min(max.y, min.y + kit.px(96))});
  if (h.hovered) v.list()->AddRectFilled(min, max, kit.ink(Role::text, 0.03F), kit.px(6));
  if (!f.linear)
    put(v.list(), kit.fonts.mono_small, {v.min.x, f.start(row) - kit.px(8)},
        f.ink(Role::muted, row), clock_text(row.time));
  const bool arrow = row.kind == LadderRow::Kind::message || row.kind == LadderRow::Kind::attack;
  if (arrow)  // a fold is drawn before, below every arrow that crosses it
    for (const Leg& leg : row.legs) draw_leg(f, row, leg, selected);
  draw_words(f, row, selected, words);
  if (h.hovered)
    tip(kit, hover_text(v, row),
        fmt::format("{}  ({})", clock_text(row.time), absolute_text(v.run.info().epoch, row.time)));
  v.link(h, row.selection);
}

void draw_repeat_tie(const LadderFrame& f, const LadderRow& row) {
  if (row.repeats == 0 || row.legs.empty()) return;
  const LadderRow* first = f.v.run.ladder().row_of_message(row.repeats);
  if (first == nullptr || first->legs.empty()) return;
  const bool left = row.legs.front().from == 0;
  const float x = f.x(row.legs.front().from) + (left ? -f.v.kit.px(10) : f.v.kit.px(10));
  const float top = std::max(f.start(*first), ImGui::GetWindowPos().y - f.v.kit.px(8));
  dashed_line(f.v.list(), {x, top}, {x, f.start(row)}, f.ink(Role::muted, row), 1, f.v.kit.px(3));
  f.v.list()->AddLine({x, f.start(row)}, {f.x(row.legs.front().from), f.start(row)},
                      f.ink(Role::muted, row));
}

// What a node is in this run; an adversary stays one, whichever side it plays.
const std::string& part_of(const Lane& lane) {
  return lane.part.empty() || lane.role == "adversary" ? lane.role : lane.part;
}

void draw_lane_heads(const View& v, const LadderFrame& f, float y) {
  const auto& lanes = v.run.ladder().lanes();
  const float room = lanes.size() < 2 ? v.width() : (f.x(1) - f.x(0)) - v.kit.px(16);
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const float x = f.x(static_cast<int>(i));
    const Role role = v.role_of(lanes[i].node);
    put_centred(v.list(), v.kit.fonts.strong, {x, y + v.kit.px(8)},
                v.kit.ink(role == Role::muted ? Role::text : role), lanes[i].node, room);
    put_centred(v.list(), v.kit.fonts.small, {x, y + v.kit.px(26)}, v.kit.ink(Role::muted),
                part_of(lanes[i]), room);
  }
}

void draw_now(const LadderFrame& f) {
  const View& v = f.v;
  const float y = f.now();
  if (v.session.now() >= v.run.end()) return;
  const float x = f.left - v.kit.px(4);  // times stand left of it
  v.list()->AddLine({x, y}, {v.max.x, y}, v.kit.ink(Role::initiator, 0.6F), 1);
  v.list()->AddTriangleFilled({x, y - v.kit.px(4)}, {x + v.kit.px(6), y}, {x, y + v.kit.px(4)},
                              v.kit.ink(Role::initiator));
}

void reveal(const LadderFrame& f, const LadderRow* row) {
  if (row == nullptr || !f.v.session.reveal) return;
  if (f.linear) {
    const double t = static_cast<double>(row->time.ns);
    if (t < f.begin || t > f.begin + f.span)
      f.v.session.pan_ladder(f.v.run, t - f.begin - f.span / 2);
    return;
  }
  const float top = ImGui::GetWindowPos().y, height = ImGui::GetWindowHeight();
  const float y = f.start(*row);
  if (y < top + f.v.kit.px(32) || f.stop(*row) > top + height - f.v.kit.px(16))
    ImGui::SetScrollY(std::max(0.0F, ImGui::GetScrollY() + y - top - height / 2));
}

void follow_now(const LadderFrame& f) {
  if (!f.v.session.playing) return;
  if (f.linear) {
    const double t = static_cast<double>(f.v.session.now().ns);
    if (t < f.begin || t > f.begin + f.span * 0.7)
      f.v.session.pan_ladder(f.v.run, t - f.begin - f.span * 0.7);
    return;
  }
  const float top = ImGui::GetWindowPos().y, height = ImGui::GetWindowHeight();
  const float y = f.now();
  if (y < top || y > top + height * 0.7F)
    ImGui::SetScrollY(std::max(0.0F, ImGui::GetScrollY() + y - top - height * 0.7F));
}

// Stretches of height that words have taken.
class Room {
 public:
  bool take(float top, float bottom) {
    for (const auto& [a, b] : taken_)
      if (top < b && bottom > a) return false;
    taken_.emplace_back(top, bottom);
    return true;
  }

 private:
  std::vector<std::pair<float, float>> taken_;
};

// Rows of the axis of time: those that would lie on each other are drawn once. Words go where there
// is room: those of what is selected first, of folds last.
void draw_linear(const LadderFrame& f, std::size_t first, std::size_t last,
                 const LadderRow* selected) {
  const auto& rows = f.v.run.ladder().rows();
  const Kit& kit = f.v.kit;
  std::vector<std::size_t> shown;
  float drawn = -1e9F;
  for (std::size_t i = first; i < last; ++i) {
    const float y = f.start(rows[i]);
    if (y - drawn < 1 && &rows[i] != selected && f.stop(rows[i]) - y < 2) continue;
    drawn = y;
    shown.push_back(i);
  }
  Room room;
  std::vector<Words> words(shown.size(), Words{false, false});
  const auto say = [&](auto&& chosen) {
    for (std::size_t k = 0; k < shown.size(); ++k) {
      const LadderRow& row = rows[shown[k]];
      if (words[k].label || !chosen(row)) continue;
      const float y = f.start(row), end = f.stop(row);
      if (row.kind == LadderRow::Kind::esp) {
        const float middle = (y + end) / 2;
        words[k].label =
            end - y >= kit.px(20) && room.take(middle - kit.px(11), middle + kit.px(11));
        continue;
      }
      const bool above =
          row.kind == LadderRow::Kind::message || row.kind == LadderRow::Kind::attack;
      words[k].label = above ? room.take(y - kit.px(22), y - kit.px(1))
                             : room.take(y - kit.px(12), y + kit.px(12));
      words[k].note =
          words[k].label && !row.note.empty() && room.take(end + kit.px(2), end + kit.px(19));
    }
  };
  say([&](const LadderRow& row) { return &row == selected; });
  say([](const LadderRow& row) { return row.kind == LadderRow::Kind::message; });
  say([](const LadderRow& row) { return row.kind != LadderRow::Kind::esp; });
  say([](const LadderRow&) { return true; });
  for (std::size_t k = 0; k < shown.size(); ++k)
    if (rows[shown[k]].kind == LadderRow::Kind::esp)
      draw_esp(f, rows[shown[k]], &rows[shown[k]] == selected, words[k].label);
  for (std::size_t k = 0; k < shown.size(); ++k)
    draw_row(f, rows[shown[k]], static_cast<int>(shown[k]), selected, {false, false});
  for (std::size_t k = 0; k < shown.size(); ++k)  // above every arrow
    draw_words(f, rows[shown[k]], &rows[shown[k]] == selected, words[k]);
}

}  // namespace

std::string ladder_caption(const View& v) {
  const Traffic& traffic = v.run.traffic();
  const Selection& s = v.session.selection();
  if (s.kind == Selection::Kind::message)
    if (const MessageRow* m = traffic.message(s.id))
      return fmt::format("Message {} of {}: {}", m->number, traffic.messages().size(),
                         what_it_does(*m));
  if (traffic.messages().empty()) return "Who sent what to whom, and when";
  if (!v.run.filter().empty()) {
    std::size_t messages = 0;
    for (const LadderRow& row : v.run.ladder().rows())
      messages += row.kind == LadderRow::Kind::message ? 1 : 0;
    return fmt::format("{} of {} fit {}", messages,
                       counted(traffic.messages().size(), "message", "messages"),
                       v.run.filter().text());
  }
  const std::size_t lost = v.run.ladder().lost(), repeats = v.run.ladder().sent_again();
  std::string text = counted(traffic.messages().size(), "message", "messages");
  if (lost > 0) text += fmt::format(", {} lost", lost);
  if (repeats > 0) text += fmt::format(", {} sent again", repeats);
  return text;
}

void draw_ladder(const View& v) {
  const Ladder& ladder = v.run.ladder();
  const float head = v.kit.px(44), gutter = v.kit.px(88);
  if (ladder.rows().empty() && !v.run.filter().empty()) {
    draw_controls(v, v.min.y + v.kit.px(4));
    empty_state(v.kit, v.list(), {v.min.x, v.min.y + head}, v.max, "Nothing fits the filter",
                v.run.filter().text());
    return;
  }
  if (ladder.rows().empty() && !v.run.empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No messages in this run",
                "Nobody spoke, or its scenario says \"record: metrics\", which keeps SAs and "
                "numbers alone.");
    return;
  }
  if (ladder.rows().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No messages",
                "Each message between the nodes becomes an arrow here. Record a run with "
                "\"ikelab run site-to-site\", then open it with \"ikelab view\".");
    return;
  }
  View inner = begin_scroll(v, "ladder", {v.min.x, v.min.y + head}, v.max);
  const ImVec2 window = ImGui::GetWindowPos();
  const float shown = ImGui::GetWindowHeight();
  const float lanes_end = inner.max.x - v.kit.px(bracket_room + map_width);
  LadderFrame frame{inner, inner.min.x + gutter, lanes_end, inner.min.y + v.kit.px(8)};
  frame.linear = ladder.axis() == Axis::time;
  frame.height = shown - v.kit.px(40);
  if (frame.linear) {
    std::tie(frame.begin, frame.span) = v.session.ladder_stretch(v.run);
    frame.top = window.y + v.kit.px(24);
  }
  const float height =
      frame.linear ? shown - 1
                   : static_cast<float>(ladder.scale().height()) * v.kit.scale + v.kit.px(48);
  if (frame.linear) draw_ticks(frame, window.y + shown);
  for (std::size_t i = 0; i < ladder.lanes().size(); ++i) {
    const float x = frame.x(static_cast<int>(i));
    inner.list()->AddLine({x, window.y}, {x, window.y + shown}, v.kit.ink(Role::rule), 1);
  }
  const LadderRow* selected = ladder.row_of(v.session.selection(), v.run.traffic());
  const auto instant = [&](float y) {
    return Instant{static_cast<std::int64_t>(std::max(0.0, frame.instant(y)))};
  };
  const auto [first, last] =
      frame.linear ? ladder.during(instant(window.y), instant(window.y + shown))
                   : ladder.between(frame.model_y(window.y), frame.model_y(window.y + shown));
  const auto& rows = ladder.rows();
  draw_brackets(frame, first, last, selected);
  if (frame.linear) {
    draw_linear(frame, first, last, selected);
  } else {
    for (std::size_t i = first; i < last; ++i) draw_repeat_tie(frame, rows[i]);
    // Folds lie below the arrows that cross them, and what lies above is under the mouse first.
    const auto is_fold = [&](std::size_t i) { return rows[i].kind == LadderRow::Kind::esp; };
    for (std::size_t i = first; i < last; ++i)
      if (is_fold(i)) draw_esp(frame, rows[i], selected == &rows[i]);
    for (const bool folds : {false, true})
      for (std::size_t i = first; i < last; ++i)
        if (is_fold(i) == folds) draw_row(frame, rows[i], static_cast<int>(i), selected, {});
  }
  draw_now(frame);
  draw_map(frame, {inner.max.x - v.kit.px(map_width), window.y + v.kit.px(4)},
           {inner.max.x, window.y + shown - v.kit.px(4)}, height);
  if (frame.linear) move_time(frame);
  reveal(frame, selected);
  follow_now(frame);
  end_scroll(v, height);
  draw_controls(v, v.min.y + v.kit.px(4));
  draw_lane_heads(v, frame, v.min.y);
}

}  // namespace ikelab::view
