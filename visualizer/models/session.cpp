#include "visualizer/models/session.hpp"

#include <algorithm>

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

void Session::step_event(const RunModel& run, int direction) {
  const auto& events = run.listed();
  if (events.empty()) return;
  playing = false;
  const Selection& s = selection();
  const bool of_event = s.kind == Selection::Kind::event || s.kind == Selection::Kind::key;
  const EventPtr here = of_event ? run.event(s.id) : nullptr;
  const auto after = std::upper_bound(events.begin(), events.end(), now_,
                                      [](Instant t, EventPtr e) { return t < e->time; });
  std::ptrdiff_t at = after - events.begin() - 1;
  if (here != nullptr)
    at = std::lower_bound(events.begin(), events.end(), here->seq,
                          [](EventPtr e, std::uint64_t seq) { return e->seq < seq; }) -
         events.begin();
  const std::ptrdiff_t next =
      std::clamp<std::ptrdiff_t>(at + direction, 0, static_cast<std::ptrdiff_t>(events.size()) - 1);
  const trace::Event& e = *events[static_cast<std::size_t>(next)];
  const bool key = std::holds_alternative<trace::KeyDerived>(e.body);
  select(run, key ? select_key(e.seq) : select_event(e.seq));
}

void Session::step_packet(const RunModel& run, int direction) {
  const Traffic& traffic = run.traffic();
  const auto& packets = traffic.packets();
  const Packet* here = nullptr;
  if (selection().kind == Selection::Kind::packet) here = traffic.packet(selection().id);
  if (selection().kind == Selection::Kind::message)
    if (const MessageRow* m = traffic.message(selection().id)) here = traffic.packet(m->datagram);
  const std::int64_t from = here != nullptr && here->sent ? here->sent->ns : now_.ns;
  const Packet* best = nullptr;
  for (const Packet& p : packets) {  // as a key is pressed, not in every frame
    if (!p.sent || &p == here) continue;
    const auto order = std::pair(p.sent->ns, p.id), mine = std::pair(from, here ? here->id : 0);
    if (direction > 0 ? order <= mine : order >= mine) continue;
    const bool nearer =
        best == nullptr || (direction > 0 ? order < std::pair(best->sent->ns, best->id)
                                          : order > std::pair(best->sent->ns, best->id));
    if (nearer) best = &p;
  }
  if (best == nullptr) return;
  playing = false;
  select(run, best->message != 0 ? select_message(best->message) : select_packet(best->id));
}

void Session::begin_anew(const RunModel& run) {
  history_ = {};
  bookmarks_.clear();
  unfolded.clear();
  filter.clear();
  key_group = -1;
  key_node.clear();
  ladder_begin = ladder_span = 0;
  line_begin = 0;
  line_end = 1;
  explains = false;
  to_end(run);
}

std::pair<double, double> Session::ladder_stretch(const RunModel& run) const {
  const double all = std::max(1000.0, static_cast<double>(run.end().ns) * 1.02);
  return ladder_span > 0 ? std::pair(ladder_begin, ladder_span) : std::pair(0.0, all);
}

void Session::zoom_ladder(const RunModel& run, double factor, double centre) {
  constexpr double microsecond = 1e3, year = 366.0 * 24 * 3600 * 1e9;
  const auto [begin, span] = ladder_stretch(run);
  const double wanted = std::clamp(span * factor, microsecond, year);
  const double share = std::clamp((centre - begin) / span, 0.0, 1.0);
  ladder_begin = std::max(0.0, begin + span * share - wanted * share);
  ladder_span = wanted;
}

void Session::pan_ladder(const RunModel& run, double ns) {
  const auto [begin, span] = ladder_stretch(run);
  const double last = std::max(0.0, static_cast<double>(run.end().ns) * 1.02 - span);
  ladder_begin = std::clamp(begin + ns, 0.0, last);
  ladder_span = span;
}

void Session::toggle_bookmark() {
  const auto at = std::lower_bound(bookmarks_.begin(), bookmarks_.end(), now_);
  if (at != bookmarks_.end() && *at == now_)
    bookmarks_.erase(at);
  else
    bookmarks_.insert(at, now_);
}

void Session::to_bookmark(int direction) {
  const auto after = std::upper_bound(bookmarks_.begin(), bookmarks_.end(), now_);
  const auto from = std::lower_bound(bookmarks_.begin(), bookmarks_.end(), now_);
  if (direction > 0 && after != bookmarks_.end()) now_ = *after;
  if (direction < 0 && from != bookmarks_.begin()) now_ = *std::prev(from);
  playing = false;
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
