#include "visualizer/models/ladder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "visualizer/models/frames.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

// Base pixels. A label stands above its arrow, so a row needs room before it starts.
constexpr double label_room = 27, note_room = 19, row_pitch = 44, least_slope = 14,
                 band_height = 28, mark_pitch = 40;

/// How far apart two instants are drawn: a logarithm of the pause, 0 for none, at most 72.
double gap(std::int64_t ns) {
  return ns <= 0 ? 0 : std::min(72.0, 5.0 * std::log2(1.0 + static_cast<double>(ns) / 1e6));
}

// The exchanges that an IKE SA begins with, of either version.
bool begins(const std::string& exchange) {
  return exchange == "IKE_SA_INIT" || exchange == "Main Mode" || exchange == "Aggressive Mode";
}

}  // namespace

std::string contents_of(const LadderRow& row) {
  const std::string payloads = fmt::format("{}", fmt::join(row.payloads, ", "));
  return row.encrypted ? "{" + payloads + "}" : payloads;
}

// ---- lanes -------------------------------------------------------------------------------------

int Ladder::lane_of(const std::string& node) const {
  const auto found = lane_of_.find(node);
  return found == lane_of_.end() ? -1 : found->second;
}

Lane* Ladder::add_lane(const store::RunInfo& info, const std::string& name) {
  if (name.empty()) return nullptr;
  const auto [place, is_new] = lane_of_.try_emplace(name, static_cast<int>(lanes_.size()));
  if (!is_new) return &lanes_[static_cast<std::size_t>(place->second)];
  Lane lane{.node = name, .role = "", .part = "", .x = static_cast<double>(lanes_.size())};
  for (const store::NodeInfo& node : info.nodes)
    if (node.name == name) {
      lane.role = node.role;
      lane.x = node.x;
    }
  return &lanes_.emplace_back(lane);
}

void Ladder::find_lanes(const store::RunInfo& info, const Traffic& traffic,
                        const std::vector<EventPtr>& notable) {
  lane_of_.clear();
  for (const MessageRow& m : traffic.messages())
    for (const bool sends : {true, false}) {
      Lane* lane = add_lane(info, sends ? m.from : m.to);
      if (lane == nullptr) continue;
      ++lane->messages;
      if (lane->part.empty() && begins(m.message().exchange))
        lane->part = m.message().response == sends ? "responder" : "initiator";
    }
  for (const Packet& p : traffic.packets()) {
    if (p.message != 0 || !p.sent) continue;
    add_lane(info, p.from);
    add_lane(info, p.to);
  }
  for (const EventPtr e : notable)
    if (std::holds_alternative<trace::AttackAction>(e->body))
      if (Lane* lane = add_lane(info, e->node)) lane->role = "adversary";
  const bool placed = !info.nodes.empty();
  if (!placed && lanes_.size() > 2) {  // without places: adversaries stand between the two peers
    for (Lane& lane : lanes_)
      if (lane.role == "adversary") lane.x = 0.5;
  }
  std::stable_sort(lanes_.begin(), lanes_.end(),
                   [](const Lane& a, const Lane& b) { return a.x < b.x; });
  nodes_.clear();
  for (const Lane& lane : lanes_) nodes_.push_back(lane.node);
  fold_lanes();
}

// Of very many nodes those that speak most keep a lane of their own; the rest share one.
void Ladder::fold_lanes() {
  std::vector<const Lane*> by_rank;
  for (const Lane& lane : lanes_) by_rank.push_back(&lane);
  std::stable_sort(by_rank.begin(), by_rank.end(), [](const Lane* a, const Lane* b) {
    const bool one = a->role == "adversary", other = b->role == "adversary";
    return one != other ? one : a->messages > b->messages;
  });
  std::size_t kept = lanes_.size() > most_lanes ? kept_lanes : lanes_.size();
  // Of those that speak as much none is chosen before the others.
  while (kept > 0 && kept < lanes_.size() && by_rank[kept - 1]->role != "adversary" &&
         by_rank[kept - 1]->messages == by_rank[kept]->messages)
    --kept;
  std::vector<Lane> out;
  std::set<std::string> own;
  for (std::size_t i = 0; i < kept; ++i) own.insert(by_rank[i]->node);
  int others = -1;
  for (const Lane& lane : lanes_) {
    const bool folds = !own.contains(lane.node);
    if (folds && others < 0) others = static_cast<int>(out.size());
    lane_of_[lane.node] = folds ? others : static_cast<int>(out.size());
    if (!folds || others == static_cast<int>(out.size())) out.push_back(lane);
    if (!folds) continue;
    Lane& shared = out[static_cast<std::size_t>(others)];
    ++shared.folded;
    if (shared.part != lane.part) shared.part.clear();
    if (shared.role != lane.role) shared.role.clear();
  }
  if (others >= 0) {
    Lane& shared = out[static_cast<std::size_t>(others)];
    shared.node = fmt::format("{} others", shared.folded);
    lane_of_.try_emplace(shared.node, others);
  }
  lanes_ = std::move(out);
}

// ---- order and place ---------------------------------------------------------------------------

// One that was sent later came earlier, on the same way: the network has changed their order.
void Ladder::note_overtaking() {
  struct Earliest {
    Instant landed;
    std::uint64_t number;
  };
  std::map<std::pair<int, int>, Earliest> by_way;
  for (auto row = rows_.rbegin(); row != rows_.rend(); ++row) {
    if (row->kind != LadderRow::Kind::message || row->legs.size() != 1) continue;
    const Leg& leg = row->legs.front();
    if (leg.lost || leg.fraction < 1) continue;
    const auto [earliest, is_new] =
        by_way.try_emplace({leg.from, leg.to}, Earliest{leg.landed, row->number});
    if (is_new) continue;
    if (earliest->second.landed < leg.landed && row->note.empty())
      row->note = fmt::format("message {} overtakes it", earliest->second.number);
    if (leg.landed <= earliest->second.landed) earliest->second = {leg.landed, row->number};
  }
}

// Request and response share initiator SPI, message id and the side that asked (RFC 7296, 2.2).
void Ladder::group() {
  exchanges_.clear();
  std::map<std::string, std::size_t> open;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const LadderRow& row = rows_[i];
    if (row.kind != LadderRow::Kind::message || row.legs.empty() || row.exchange.empty()) continue;
    const auto [place, is_new] = open.try_emplace(row.exchange, exchanges_.size());
    if (is_new) {
      exchanges_.emplace_back();
      exchanges_.back().name = row.exchange_name;
      exchanges_.back().first = i;
    }
    Exchange& e = exchanges_[place->second];
    e.last = i;
    ++e.messages;
    e.again += row.repeats != 0 ? 1 : 0;
    e.lost += row.legs.back().lost ? 1 : 0;
    e.answered = e.answered || row.response;
  }
  std::vector<std::size_t> free_from;  // by depth: the first row that is free
  exchange_reach_.clear();
  for (Exchange& e : exchanges_) {
    std::size_t depth = 0;
    while (depth < free_from.size() && free_from[depth] > e.first) ++depth;
    if (depth == free_from.size()) free_from.push_back(0);
    free_from[depth] = e.last + 1;
    e.depth = static_cast<int>(depth);
    exchange_reach_.push_back(exchange_reach_.empty() ? e.last
                                                      : std::max(exchange_reach_.back(), e.last));
  }
}

std::pair<std::size_t, std::size_t> Ladder::exchanges_between(std::size_t from,
                                                              std::size_t to) const {
  const auto first = std::lower_bound(exchange_reach_.begin(), exchange_reach_.end(), from);
  const auto last =
      std::lower_bound(exchanges_.begin(), exchanges_.end(), to,
                       [](const Exchange& e, std::size_t row) { return e.first < row; });
  const auto begin = static_cast<std::size_t>(first - exchange_reach_.begin());
  return {begin, std::max(begin, static_cast<std::size_t>(last - exchanges_.begin()))};
}

std::size_t Ladder::troubles(std::size_t from, std::size_t to) const {
  return troubles_.empty() ? 0 : troubles_[to] - troubles_[from];
}

std::size_t Ladder::rows_above(double y) const {
  return static_cast<std::size_t>(std::lower_bound(tops_.begin(), tops_.end(), y) - tops_.begin());
}

std::size_t Ladder::rows_before(Instant t) const {
  return static_cast<std::size_t>(std::lower_bound(begins_.begin(), begins_.end(), t.ns) -
                                  begins_.begin());
}

std::pair<std::size_t, std::size_t> Ladder::during(Instant from, Instant to) const {
  const auto first = std::lower_bound(time_reach_.begin(), time_reach_.end(), from.ns);
  const auto last = std::upper_bound(rows_.begin(), rows_.end(), to,
                                     [](Instant t, const LadderRow& row) { return t < row.time; });
  const auto begin = static_cast<std::size_t>(first - time_reach_.begin());
  return {begin, std::max(begin, static_cast<std::size_t>(last - rows_.begin()))};
}

void Ladder::set_axis(Axis axis) {
  if (axis == axis_) return;
  axis_ = axis;
  place();
  index();
}

void Ladder::build(const store::RunInfo& info, const Traffic& traffic,
                   const std::vector<EventPtr>& notable, const filter::Filter& filter) {
  const auto fits = [&](std::uint64_t datagram) {
    if (filter.empty()) return true;
    const Packet* p = traffic.packet(datagram);
    return p != nullptr && filter.matches(frame_of(*p, traffic));
  };
  lanes_.clear();
  rows_.clear();
  find_lanes(info, traffic, notable);
  struct Item {
    Instant time;
    std::uint64_t seq;
    const MessageRow* message;
    const Packet* esp;
    EventPtr event;
  };
  std::vector<Item> items;
  for (const MessageRow& m : traffic.messages())
    if (fits(m.datagram)) items.push_back({m.sent, m.sent_event->seq, &m, nullptr, nullptr});
  for (const Packet& p : traffic.packets())
    if (p.is_esp() && p.sent && p.made_from == 0 && fits(p.id))
      items.push_back({*p.sent, p.carrier == nullptr ? 0 : p.carrier->seq, nullptr, &p, nullptr});
  const auto packet_of = [](const trace::Event& e) -> std::uint64_t {
    if (const auto* refusal = std::get_if<trace::EspRejected>(&e.body)) return refusal->datagram;
    const auto* action = std::get_if<trace::AttackAction>(&e.body);
    return action == nullptr ? 0 : action->result != 0 ? action->result : action->datagram;
  };
  for (const EventPtr e : notable)
    if (fits(packet_of(*e))) items.push_back({e->time, e->seq, nullptr, nullptr, e});
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return std::tie(a.time, a.seq) < std::tie(b.time, b.seq);
  });
  for (const Item& item : items) {
    if (item.message != nullptr)
      add_message(*item.message, traffic);
    else if (item.esp != nullptr)
      add_esp(*item.esp);
    else
      add_notable(*item.event, traffic);
  }
  // An adversary's row begins when what it took was sent, so the order is not that of the events.
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const LadderRow& a, const LadderRow& b) { return a.time < b.time; });
  note_overtaking();
  group();
  place();
  index();
}

// Walks every instant that is drawn in order of time and hands out heights: the logarithm of the
// pause, and never less than what labels need.
void Ladder::place() {
  struct Point {
    Instant time;
    std::size_t row;
    int leg;
    bool start;
  };
  std::vector<Point> points;
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    points.push_back({rows_[r].time, r, -1, true});
    for (std::size_t l = 0; l < rows_[r].legs.size(); ++l) {
      if (l > 0) points.push_back({rows_[r].legs[l].sent, r, static_cast<int>(l), true});
      points.push_back({rows_[r].legs[l].landed, r, static_cast<int>(l), false});
    }
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.time < b.time; });
  scale_.clear();
  double y = -10, last_row = -1000;  // the first label needs less room
  double taken = -1000;              // by the remark under an arrow, down to here
  Instant last = points.empty() ? Instant{} : points.front().time;
  for (const Point& p : points) {
    LadderRow& row = rows_[p.row];
    double at = y + (axis_ == Axis::steps ? 0 : gap((p.time - last).count()));
    if (p.leg < 0) {
      const bool quiet = row.kind == LadderRow::Kind::mark;
      at = std::max(
          {at, y + label_room, taken + label_room, last_row + (quiet ? mark_pitch : row_pitch)});
      row.y = row.y_end = last_row = at;
      if (!row.legs.empty()) row.legs.front().y_sent = at;
    } else {
      Leg& leg = row.legs[static_cast<std::size_t>(p.leg)];
      if (p.start) {
        leg.y_sent = at;
      } else {
        const bool band = row.kind == LadderRow::Kind::esp;
        at = std::max(at, leg.y_sent + (band ? band_height : least_slope));
        leg.y_landed = at;
        if (row.kind == LadderRow::Kind::message && !row.note.empty()) taken = at + note_room;
      }
      row.y_end = std::max(row.y_end, at);
    }
    scale_.add(p.time, at);
    y = at;
    last = p.time;
  }
}

// What is looked for again and again, in every frame.
void Ladder::index() {
  reach_.clear();
  time_reach_.clear();
  tops_.clear();
  begins_.clear();
  lost_ = sent_again_ = 0;
  troubles_.assign(1, 0);
  by_message_.clear();
  by_packet_.clear();
  by_event_.clear();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const LadderRow& row = rows_[i];
    reach_.push_back(std::max(row.y_end, i == 0 ? row.y : reach_.back()));
    tops_.push_back(row.y);
    begins_.push_back(row.time.ns);
    if (row.kind == LadderRow::Kind::message && !row.legs.empty()) {
      lost_ += row.legs.back().lost ? 1 : 0;
      sent_again_ += row.repeats != 0 ? 1 : 0;
    }
    Instant end = std::max(row.time, row.until);
    bool trouble = row.kind == LadderRow::Kind::attack || row.kind == LadderRow::Kind::refusal;
    for (const Leg& leg : row.legs) {
      end = std::max(end, leg.landed);
      trouble = trouble || leg.lost || leg.changed;
    }
    time_reach_.push_back(i == 0 ? end.ns : std::max(end.ns, time_reach_.back()));
    troubles_.push_back(troubles_.back() + (trouble ? 1 : 0));
    if (row.selection.kind == Selection::Kind::message) by_message_[row.selection.id] = i;
    if (row.selection.kind == Selection::Kind::packet) by_packet_[row.selection.id] = i;
    if (row.selection.kind == Selection::Kind::event) by_event_[row.selection.id] = i;
  }
}

const LadderRow* Ladder::row_of_message(std::uint64_t number) const {
  const auto found = by_message_.find(number);
  return found == by_message_.end() ? nullptr : &rows_[found->second];
}

std::pair<std::size_t, std::size_t> Ladder::between(double top, double bottom) const {
  constexpr double above = 32, below = 32;  // of a row's heights: its label, its remark
  const auto first = std::lower_bound(reach_.begin(), reach_.end(), top - below);
  const auto last = std::upper_bound(rows_.begin(), rows_.end(), bottom + above,
                                     [](double y, const LadderRow& row) { return y < row.y; });
  const std::size_t from = static_cast<std::size_t>(first - reach_.begin());
  return {from, std::max(from, static_cast<std::size_t>(last - rows_.begin()))};
}

std::ptrdiff_t Ladder::row_at(Instant t) const {
  const auto after = std::upper_bound(rows_.begin(), rows_.end(), t,
                                      [](Instant v, const LadderRow& row) { return v < row.time; });
  return after - rows_.begin() - 1;
}

const LadderRow* Ladder::row_of(const Selection& s, const Traffic& traffic) const {
  const auto in = [&](const auto& map, std::uint64_t id) -> const LadderRow* {
    const auto found = map.find(id);
    return found == map.end() ? nullptr : &rows_[found->second];
  };
  if (s.kind == Selection::Kind::message) return in(by_message_, s.id);
  if (s.kind == Selection::Kind::event) return in(by_event_, s.id);
  if (s.kind != Selection::Kind::packet) return nullptr;
  if (const LadderRow* own = in(by_packet_, s.id)) return own;
  const Packet* p = traffic.packet(s.id);
  if (p == nullptr || !p->sent) return nullptr;
  if (p->message != 0) return in(by_message_, p->message);
  for (std::ptrdiff_t i = row_at(*p->sent); i >= 0; --i) {  // folded: the fold that covers its time
    const LadderRow& row = rows_[static_cast<std::size_t>(i)];
    if (row.kind == LadderRow::Kind::esp) return row.until >= *p->sent ? &row : nullptr;
  }
  return nullptr;
}

}  // namespace ikelab::view
