#include "visualizer/models/session.hpp"

namespace ikelab::view {
namespace {
constexpr double pixels_a_second =
    60;  // of the ladder's scale: one exchange takes about two seconds
}

void Session::arrived(const RunModel& run) {
  if (const auto t = run.time_of(selection())) now_ = *t;
  reveal = true;
}

void Session::select(const RunModel& run, const Selection& s, bool move_time) {
  const bool same = selection().same_thing(s);
  history_.go(s);
  if (move_time && !same) {
    playing = false;
    arrived(run);
  }
  reveal = true;
}

void Session::select_range(std::size_t begin, std::size_t end, bool plain) {
  Selection s = selection();
  s.begin = begin;
  s.end = end;
  s.plain = plain;
  history_.go(s);
}

void Session::clear_range() {
  select_range(0, 0, false);
}

void Session::back(const RunModel& run) {
  history_.back();
  arrived(run);
}

void Session::forward(const RunModel& run) {
  history_.forward();
  arrived(run);
}

void Session::advance(const RunModel& run, double seconds) {
  if (!playing) return;
  const TimeScale& scale = run.ladder().scale();
  now_ = std::max(now_, scale.time_of(scale.y_of(now_) + pixels_a_second * seconds));
  if (now_ >= run.end() || scale.y_of(now_) >= scale.height()) {
    now_ = run.end();
    playing = false;
  }
}

void Session::step(const RunModel& run, int direction) {
  const auto& rows = run.ladder().rows();
  if (rows.empty()) return;
  playing = false;
  const LadderRow* current = run.ladder().row_of(selection(), run.traffic());
  const std::ptrdiff_t at = current == nullptr ? run.ladder().row_at(now_) : current - rows.data();
  const std::ptrdiff_t next =
      std::clamp<std::ptrdiff_t>(at + direction, 0, static_cast<std::ptrdiff_t>(rows.size()) - 1);
  select(run, rows[static_cast<std::size_t>(next)].selection);
}

void Session::follow_end(const RunModel& run) {
  if (at_end_) now_ = run.end();
}

const Inspection& Session::inspection(const RunModel& run) {
  Selection whole = selection();
  whole.begin = whole.end = 0;
  whole.plain = false;
  if (!(whole == inspected_) || inspected_generation_ != run.generation()) {
    inspection_ = inspect(run, whole);
    inspected_ = whole;
    inspected_generation_ = run.generation();
  }
  return inspection_;
}

}  // namespace ikelab::view
