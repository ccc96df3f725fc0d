// The whole run on one line: how much happened when, marks, attacks, and where time stands.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

// Times to screen and back, for the part of the run the line shows.
struct Line {
  const View& v;
  double begin, end;  ///< ns
  explicit Line(const View& view)
      : v(view),
        begin(view.session.line_begin * whole(view)),
        end(view.session.line_end * whole(view)) {}
  static double whole(const View& view) {
    return std::max(1.0, static_cast<double>(view.run.end().ns));
  }
  [[nodiscard]] float x(std::int64_t ns) const {
    return v.min.x +
           v.width() * static_cast<float>((static_cast<double>(ns) - begin) / (end - begin));
  }
  [[nodiscard]] std::int64_t ns(float x) const {
    return static_cast<std::int64_t>(begin + (end - begin) *
                                                 static_cast<double>((x - v.min.x) / v.width()));
  }
};

std::size_t count_between(const std::vector<std::int64_t>& times, std::int64_t from,
                          std::int64_t to) {
  const auto a = std::lower_bound(times.begin(), times.end(), from);
  return static_cast<std::size_t>(std::lower_bound(a, times.end(), to) - a);
}

// Bars of 3 pixels, their height the logarithm of the count: one message stays visible beside a
// download.
void draw_density(const Line& line, float base, float height) {
  const View& v = line.v;
  const float step = v.kit.px(4), bar = v.kit.px(3);
  const auto tall = [&](std::size_t n) {
    return n == 0 ? 0.0F : std::min(1.0F, 0.25F + std::log2(static_cast<float>(n)) / 12) * height;
  };
  for (float x = v.min.x; x < v.max.x - bar; x += step) {
    const std::int64_t from = line.ns(x), to = line.ns(x + step);
    const float esp = tall(count_between(v.run.esp_times(), from, to));
    const float ike = tall(count_between(v.run.ike_times(), from, to));
    if (esp > 0)
      v.list()->AddRectFilled({x, base - esp}, {x + bar, base},
                              v.kit.tint(Role::ground, Role::muted, 0.45F));
    if (ike > 0)
      v.list()->AddRectFilled({x, base}, {x + bar, base + ike * 0.6F}, v.kit.ink(Role::initiator));
  }
}

void draw_ticks(const Line& line, float y) {
  const View& v = line.v;
  const double span = line.end - line.begin;
  const double wanted = span / std::max(2.0, static_cast<double>(v.width() / v.kit.px(110)));
  const double step = std::max(1e3, round_step(wanted));
  for (double t = std::ceil(line.begin / step) * step; t <= line.end; t += step) {
    const float x = std::round(line.x(static_cast<std::int64_t>(t)));
    v.list()->AddLine({x, y - v.kit.px(4)}, {x, y}, v.kit.ink(Role::rule));
    const std::string text = tick_text(t, step);
    const float width = measure(v.kit.fonts.small, text).x;
    const float at = std::clamp(x - width / 2, v.min.x, v.max.x - width);
    put(v.list(), v.kit.fonts.small, {at, y + v.kit.px(1)}, v.kit.ink(Role::muted), text);
  }
}

void draw_flag(const Line& line, std::int64_t ns, float top, float bottom, Role role,
               bool diamond) {
  const float x = std::round(line.x(ns)), r = line.v.kit.px(4);
  if (x < line.v.min.x - 1 || x > line.v.max.x + 1) return;
  const ImU32 ink = line.v.kit.ink(role);
  line.v.list()->AddLine({x, top + r}, {x, bottom}, ink, 1);
  if (diamond)
    line.v.list()->AddQuadFilled({x, top - r}, {x + r, top}, {x, top + r}, {x - r, top}, ink);
  else
    line.v.list()->AddTriangleFilled({x, top - r}, {x + r * 1.6F, top}, {x, top + r}, ink);
}

void draw_flags(const Line& line, float top, float bottom) {
  float last = -1e9F;  // flags that would cover each other are drawn once
  for (const EventPtr e : line.v.run.marks()) {
    if (line.x(e->time.ns) - last < line.v.kit.px(6)) continue;
    last = line.x(e->time.ns);
    draw_flag(line, e->time.ns, top, bottom, Role::muted, false);
  }
  last = -1e9F;
  for (const AttackLine& attack : line.v.run.adversary().lines()) {
    if (attack.action == "observe" || attack.action == "pass") continue;
    if (line.x(attack.first->time.ns) - last < line.v.kit.px(6)) continue;
    last = line.x(attack.first->time.ns);
    draw_flag(line, attack.first->time.ns, top, bottom, Role::adversary, true);
  }
}

void draw_alerts(const Line& line, float top, float bottom) {
  float last = -1e9F;
  for (const EventPtr e : line.v.run.adversary().alerts()) {
    if (line.x(e->time.ns) - last < line.v.kit.px(6)) continue;
    last = std::round(line.x(e->time.ns));
    if (last < line.v.min.x - 1 || last > line.v.max.x + 1) continue;
    const ImU32 ink = line.v.kit.ink(Role::warning);
    const float r = line.v.kit.px(5);
    line.v.list()->AddLine({last, top + r}, {last, bottom}, ink, 1);
    line.v.list()->AddTriangleFilled({last - r, top + r}, {last, top - r}, {last + r, top + r},
                                     ink);
  }
  for (const Instant t : line.v.session.bookmarks()) {
    const float x = std::round(line.x(t.ns)), w = line.v.kit.px(3);
    const ImU32 ink = line.v.kit.ink(Role::initiator);
    line.v.list()->AddRectFilled({x - w, top - line.v.kit.px(2)}, {x + w, top + line.v.kit.px(9)},
                                 ink, line.v.kit.px(1));
  }
}

void draw_playhead(const Line& line, float top, float bottom) {
  const float x = std::round(line.x(line.v.session.now().ns));
  if (x < line.v.min.x - 1 || x > line.v.max.x + 1) return;
  const ImU32 ink = line.v.kit.ink(Role::text);
  line.v.list()->AddRectFilled({x - 1, top}, {x + 1, bottom}, ink);
  line.v.list()->AddCircleFilled({x, top}, line.v.kit.px(4), ink, 20);
}

void zoom(const Line& line) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.MouseWheel == 0) return;
  Session& s = line.v.session;
  const double at =
      s.line_begin + (s.line_end - s.line_begin) *
                         static_cast<double>((io.MousePos.x - line.v.min.x) / line.v.width());
  const double factor = io.MouseWheel > 0 ? 0.8 : 1.25;
  const double span = std::clamp((s.line_end - s.line_begin) * factor, 1e-7, 1.0);
  const double share = (at - s.line_begin) / (s.line_end - s.line_begin);
  s.line_begin = std::clamp(at - span * share, 0.0, 1.0 - span);
  s.line_end = s.line_begin + span;
}

std::string words_at(const Line& line, float x) {
  const std::int64_t near = line.ns(x + line.v.kit.px(5)) - line.ns(x);
  const std::int64_t t = line.ns(x);
  for (const EventPtr e : line.v.run.marks())
    if (std::abs(e->time.ns - t) <= near) return event_sentence(*e);
  for (const EventPtr e : line.v.run.adversary().alerts())
    if (std::abs(e->time.ns - t) <= near) return event_sentence(*e);
  for (const AttackLine& a : line.v.run.adversary().lines())
    if (a.action != "observe" && a.action != "pass" && std::abs(a.first->time.ns - t) <= near)
      return event_sentence(*a.first);
  const std::size_t ike = count_between(line.v.run.ike_times(), t - near, t + near);
  const std::size_t esp = count_between(line.v.run.esp_times(), t - near, t + near);
  if (ike + esp == 0) return "nothing here";
  std::string text = ike > 0 ? counted(ike, "IKE message", "IKE messages") : "";
  if (esp > 0) text += (text.empty() ? "" : ", ") + counted(esp, "ESP packet", "ESP packets");
  return text;
}

}  // namespace

std::string timeline_caption(const View& v) {
  if (v.run.empty()) return "When things happened";
  return fmt::format("{}: {} and {}; {}", span_text(Duration(v.run.end().ns)),
                     counted(v.run.ike_times().size(), "IKE message", "IKE messages"),
                     counted(v.run.esp_times().size(), "ESP packet", "ESP packets"),
                     counted(v.run.marks().size(), "mark", "marks"));
}

void draw_timeline(const View& v) {
  if (v.run.empty()) {
    put_centred(v.list(), v.kit.fonts.small, {(v.min.x + v.max.x) / 2, (v.min.y + v.max.y) / 2},
                v.kit.ink(Role::muted),
                "No run is open. Record one with \"ikelab run site-to-site\".", v.width());
    return;
  }
  const Line line(v);
  const float top = v.min.y + v.kit.px(6), ticks = v.max.y - v.kit.px(16);
  const float base = std::round(top + (ticks - top) * 0.66F);
  const Hit h = hit("line", {v.min.x, v.min.y}, {v.max.x, v.max.y});
  const bool held = ImGui::IsItemActive();
  v.list()->PushClipRect({v.min.x - v.kit.px(8), v.min.y - v.kit.px(4)},
                         {v.max.x + v.kit.px(8), v.max.y}, true);
  v.list()->AddLine({v.min.x, base}, {v.max.x, base}, v.kit.ink(Role::rule));
  draw_density(line, base, base - top - v.kit.px(6));
  draw_ticks(line, ticks);
  draw_flags(line, top, ticks);
  draw_alerts(line, top, ticks);
  draw_playhead(line, top, ticks);
  v.list()->PopClipRect();
  if (held) {
    const float x = std::clamp(ImGui::GetIO().MousePos.x, v.min.x, v.max.x);
    v.session.playing = false;
    v.session.set_now({std::clamp<std::int64_t>(line.ns(x), 0, v.run.end().ns)});
  }
  if (h.hovered) {
    zoom(line);
    const float x = ImGui::GetIO().MousePos.x;
    tip(v.kit, clock_text({std::max<std::int64_t>(0, line.ns(x))}),
        words_at(line, x) + ". Drag to move in time, wheel to zoom.");
  }
}

}  // namespace ikelab::view
