#include "visualizer/models/run_model.hpp"

#include <algorithm>
#include <numeric>

namespace ikelab::view {
namespace {

// Events that get a row of their own in the ladder.
bool has_row(const trace::Body& b) {
  if (const auto* a = std::get_if<trace::AttackAction>(&b))
    return a->action != "observe" && a->action != "pass";
  return std::holds_alternative<trace::Mark>(b) || std::holds_alternative<trace::EspRejected>(b);
}

// Events the story tells besides the ladder's rows.
bool is_told(const trace::Body& b) {
  return std::holds_alternative<trace::AuthDecided>(b) ||
         std::holds_alternative<trace::KeyDerived>(b) ||
         std::holds_alternative<trace::TaskEnded>(b) ||
         std::holds_alternative<trace::AttackKnowledge>(b) ||
         std::holds_alternative<trace::Alert>(b) || std::holds_alternative<trace::SaInstalled>(b);
}

}  // namespace

bool is_listed(const trace::Event& e) {
  return !std::holds_alternative<trace::DatagramSent>(e.body) &&
         !std::holds_alternative<trace::DatagramReceived>(e.body) &&
         !std::holds_alternative<trace::PacketOnLink>(e.body) &&
         !std::holds_alternative<trace::Message>(e.body) &&
         !std::holds_alternative<trace::EspSealed>(e.body) &&
         !std::holds_alternative<trace::EspOpened>(e.body);
}

void RunModel::set_info(store::RunInfo info) {
  info_ = std::move(info);
  for (const store::NodeInfo& node : info_.nodes)  // one that never speaks has a name, too
    for (const std::string& address : node.addresses)
      traffic_.learn(address.substr(0, address.find('/')), node.name);
  rebuild();
}

void RunModel::append(std::vector<trace::Event> events, bool more) {
  for (trace::Event& incoming : events) {
    const trace::Event& e = events_.emplace_back(std::move(incoming));
    end_ = std::max(end_, e.time);
    traffic_.add(e);
    derivations_.add(e);
    sas_.add(e);
    topology_.add(e);
    adversary_.add(e);
    if (std::holds_alternative<trace::Negotiated>(e.body)) negotiations_.push_back(&e);
    if (std::holds_alternative<trace::AuthDecided>(e.body)) auths_.push_back(&e);
    if (std::holds_alternative<trace::Mark>(e.body)) marks_.push_back(&e);
    if (is_listed(e)) listed_.push_back(&e);
    if (has_row(e.body)) row_events_.push_back(&e);
    if (is_told(e.body)) told_events_.push_back(&e);
    if (const auto* m = std::get_if<trace::Message>(&e.body);
        m != nullptr && m->direction == "sent")
      ike_times_.push_back(e.time.ns);
    if (const auto* d = std::get_if<trace::DatagramSent>(&e.body);
        d != nullptr && d->protocol.starts_with("ESP"))
      esp_times_.push_back(e.time.ns);
  }
  const bool soon_again = more && events_.size() < told_ + told_ / 2;
  if (!soon_again) rebuild();
}

void RunModel::rebuild() {
  told_ = events_.size();
  ladder_.build(info_, traffic_, row_events_);
  story_ = tell(ladder_, traffic_, told_events_);
  topology_.build(info_, ladder_.nodes());
  adversary_.build(traffic_);
  order_sas();
  if (!filter_.empty()) ladder_.build(info_, traffic_, row_events_, filter_);  // the rest knows all
  ++generation_;
}

void RunModel::set_filter(filter::Filter filter) {
  filter_ = std::move(filter);
  ladder_.build(info_, traffic_, row_events_, filter_);
}

void RunModel::change_over(RunModel& next) {
  const std::uint64_t generation = std::max(generation_, next.generation_) + 1;
  const Axis axis = ladder_.axis();
  filter::Filter filter = filter_;
  std::swap(*this, next);  // events keep their places: pointers to them stay good
  generation_ = generation;
  set_axis(axis);
  if (filter.text() != filter_.text()) set_filter(std::move(filter));
}

void RunModel::order_sas() {
  std::vector<int> lane;
  for (const SaRow& row : sas_.rows()) lane.push_back(ladder_.lane_of(row.node));
  sa_order_.resize(lane.size());
  std::iota(sa_order_.begin(), sa_order_.end(), 0);
  std::stable_sort(sa_order_.begin(), sa_order_.end(),
                   [&](std::size_t a, std::size_t b) { return lane[a] < lane[b]; });
}

EventPtr RunModel::event(std::uint64_t seq) const {
  const auto at =
      std::lower_bound(events_.begin(), events_.end(), seq,
                       [](const trace::Event& e, std::uint64_t v) { return e.seq < v; });
  return at == events_.end() || at->seq != seq ? nullptr : &*at;
}

Role RunModel::role_of(const std::string& node) const {
  const int lane = ladder_.lane_of(node);
  if (lane >= 0) {
    const Lane& l = ladder_.lanes()[static_cast<std::size_t>(lane)];
    if (l.role == "adversary") return Role::adversary;
    if (l.part == "initiator") return Role::initiator;
    if (l.part == "responder") return Role::responder;
  }
  for (const store::NodeInfo& n : info_.nodes)
    if (n.name == node && n.role == "adversary") return Role::adversary;
  return Role::muted;
}

std::optional<Instant> RunModel::time_of(const Selection& s) const {
  if (s.kind == Selection::Kind::message || s.kind == Selection::Kind::packet) {
    const Packet* p = s.kind == Selection::Kind::packet ? traffic_.packet(s.id) : nullptr;
    if (const MessageRow* m = s.kind == Selection::Kind::message ? traffic_.message(s.id) : nullptr)
      p = traffic_.packet(m->datagram);
    if (p == nullptr || !p->sent) return {};
    const Instant end = p->received.value_or(p->lost.value_or(*p->sent));
    return *p->sent + (end - *p->sent) / 2;  // in the middle of its way, where the map shows it
  }
  if (s.kind == Selection::Kind::sa) {
    const SaRow* row = sas_.find(s.name);
    if (row != nullptr) return row->installed->time;
  }
  if (s.kind == Selection::Kind::key || s.kind == Selection::Kind::event)
    if (const EventPtr e = event(s.id)) return e->time;
  return {};
}

}  // namespace ikelab::view
