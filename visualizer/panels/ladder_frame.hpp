// Where things stand in the ladder, for one frame, and what stands around its lanes.
#pragma once
#include <algorithm>
#include <cmath>

#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

constexpr float bracket_room = 28, map_width = 12;  ///< base pixels, right of the lanes

// Where lanes and times stand, for one frame. On the axis of time heights come from instants, on
// the others from the model.
struct LadderFrame {
  const View& v;
  float left, right, top;  ///< of the lanes; screen y of ladder y 0, or of `begin`
  bool linear = false;
  double begin = 0, span = 1;  ///< linear: ns, over `height`
  float height = 0;
  [[nodiscard]] float x(int lane) const {
    const auto count = static_cast<float>(v.run.ladder().lanes().size());
    if (count <= 1) return (left + right) / 2;
    const float inset = std::min(v.kit.px(64), (right - left) / (2 * count));
    return std::round(left + inset +
                      (right - left - 2 * inset) * static_cast<float>(lane) / (count - 1));
  }
  [[nodiscard]] float y(double base) const { return top + static_cast<float>(base) * v.kit.scale; }
  [[nodiscard]] float at(Instant t) const {
    const double share = (static_cast<double>(t.ns) - begin) / span;
    return top + height * static_cast<float>(std::clamp(share, -4.0, 5.0));  // far outside is far
  }
  [[nodiscard]] double instant(float screen) const {
    return begin + span * static_cast<double>((screen - top) / height);
  }
  [[nodiscard]] float start(const LadderRow& row) const { return linear ? at(row.time) : y(row.y); }
  [[nodiscard]] float stop(const LadderRow& row) const {
    if (!linear) return y(row.y_end);
    Instant end = std::max(row.time, row.until);
    for (const Leg& leg : row.legs) end = std::max(end, leg.landed);
    return at(end);
  }
  [[nodiscard]] float sent(const Leg& leg) const { return linear ? at(leg.sent) : y(leg.y_sent); }
  [[nodiscard]] float landed(const Leg& leg) const {
    return linear ? at(leg.landed) : y(leg.y_landed);
  }
  [[nodiscard]] float now() const {
    return linear ? at(v.session.now()) : y(v.run.ladder().scale().y_of(v.session.now()));
  }
  [[nodiscard]] double model_y(float screen) const {
    return static_cast<double>((screen - top) / v.kit.scale);
  }
  // What has not happened yet is faint; while time plays it comes up within 150 ms, 9 base pixels
  // of the scale.
  [[nodiscard]] float alpha(const LadderRow& row) const {
    constexpr float faint = 0.35F;
    if (row.time > v.session.now()) return faint;
    if (!v.kit.motion || !v.session.playing) return 1.0F;
    const double passed = v.run.ladder().scale().y_of(v.session.now()) - row.y;
    return std::clamp(faint + (1 - faint) * static_cast<float>(passed / 9), faint, 1.0F);
  }
  [[nodiscard]] ImU32 ink(Role role, const LadderRow& row) const {
    return v.kit.ink(role, alpha(row));
  }
};

// ladder_margins.cpp: each draws one thing beside the lanes, and does what the mouse wants of it.
/// Brackets of the exchanges that reach into rows [from, to).
void draw_brackets(const LadderFrame& f, std::size_t from, std::size_t to,
                   const LadderRow* selected);
/// The whole ladder as a strip; `content` is its height in pixels.
void draw_map(const LadderFrame& f, ImVec2 min, ImVec2 max, float content);
/// Figures of the axis of time, down to `bottom`.
void draw_ticks(const LadderFrame& f, float bottom);
/// Wheel and mouse on the axis of time.
void move_time(const LadderFrame& f);
/// How time is laid out, and the filter, to be clicked.
void draw_controls(const View& v, float y);

}  // namespace ikelab::view
