// The rows of the ladder: what of a run becomes an arrow, a fold, an adversary's hand, a remark.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/ladder.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

// Where the dice of a run decide: a link, or the line of one subscriber.
bool is_weather(const std::string& where) {
  return where.starts_with("link ") || where.starts_with("line of ");
}

bool is_passive(const std::string& action) {
  return action == "observe" || action == "pass";
}

// The reason without what differs from packet to packet: "sequence number # was received before".
std::string without_numbers(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit)
      out += c;
    else if (out.empty() || out.back() != '#')
      out += '#';
  }
  return out;
}

}  // namespace

Leg Ladder::leg_of(const Packet& packet, int from, int to) const {
  Leg leg{.from = from, .to = to, .sent = packet.sent.value_or(Instant{}), .landed = {}};
  leg.landed = leg.sent + 1ms;
  if (packet.received) {
    leg.landed = *packet.received;
  } else if (packet.lost) {
    leg.landed = *packet.lost;
    leg.lost = true;
    leg.fraction = packet.lost_where.starts_with("link") ? 0.55 : 0.92;
  } else {
    leg.fraction = 0.7;  // still under way when the recording ends
  }
  return leg;
}

void Ladder::add_message(const MessageRow& m, const Traffic& traffic) {
  LadderRow row;
  row.time = row.until = m.sent;
  row.seq = m.sent_event->seq;
  row.number = m.number;
  row.repeats = m.is_repeat() ? m.first : 0;
  row.title = m.title();
  row.payloads = split_list(m.message().payloads);
  row.encrypted = m.message().encrypted;
  row.response = m.message().response;
  row.selection = select_message(m.number);
  row.exchange_name =
      fmt::format("{}, message id {}", m.message().exchange, m.message().message_id);
  row.exchange = fmt::format("{} {} {} {}", m.message().spi_i, m.message().exchange,
                             m.message().message_id, row.response ? m.to : m.from);
  const int from = lane_of(m.from), to = lane_of(m.to);
  if (is_folded(from)) row.title += " of " + m.from;
  if (is_folded(to)) row.title += " to " + m.to;
  const Packet* p = traffic.packet(m.datagram);
  if (p == nullptr || from < 0 || to < 0) return;  // without both ends there is no arrow
  if (p->action != nullptr && !is_passive(std::get<trace::AttackAction>(p->action->body).action)) {
    const auto& action = std::get<trace::AttackAction>(p->action->body);
    const int middle = lane_of(p->action->node);
    Leg in{.from = from, .to = middle, .sent = m.sent, .landed = p->action->time};
    if (action.action == "drop") {
      in.lost = true;
      in.fraction = 0.97;
      row.note = fmt::format("{} drops it", p->action->node);
      row.legs = {in};
    } else {
      const Packet* made = action.result != 0 ? traffic.packet(action.result) : p;
      Leg out = made == nullptr ? in : leg_of(*made, middle, to);
      out.from = middle;
      out.to = to;
      out.sent = std::max(p->action->time,
                          made != nullptr && made != p && made->sent ? *made->sent : out.sent);
      out.landed = std::max(out.landed, out.sent + 1us);
      out.changed = action.action == "modify";
      row.note = action.note;
      row.legs = {in, out};
    }
  } else {
    row.legs = {leg_of(*p, from, to)};
    row.by_chance = row.legs.front().lost && is_weather(p->lost_where);
    if (row.legs.front().lost)
      row.note = fmt::format("lost: {}{}", p->lost_why,
                             p->lost_where.empty() ? "" : " (" + p->lost_where + ")");
  }
  for (const EventPtr remark : m.remarks) {
    const auto& d = std::get<trace::Diagnostic>(remark->body);
    if (d.severity == "error") row.note = fmt::format("{} refuses it: {}", remark->node, d.message);
  }
  rows_.push_back(std::move(row));
}

void Ladder::add_esp(const Packet& packet) {
  const int from = lane_of(packet.from);
  int to = lane_of(packet.to);
  if (from < 0) return;
  const Instant end = packet.received.value_or(packet.lost.value_or(*packet.sent));
  // Refusals between are told beside the fold, and do not end it.
  const auto last = std::find_if(rows_.rbegin(), rows_.rend(), [](const LadderRow& row) {
    return row.kind != LadderRow::Kind::refusal;
  });
  if (last != rows_.rend() && last->kind == LadderRow::Kind::esp) {
    LadderRow& row = *last;
    Leg& leg = row.legs.front();
    const bool forth = leg.from == from, back = leg.to == from;
    if (forth || back) {
      ++row.packets;
      row.octets += packet.size;
      if (!forth) ++row.backwards;
      row.until = std::max(row.until, end);
      leg.landed = row.until;
      return;
    }
  }
  if (to < 0 || to == from) to = from == 0 ? static_cast<int>(lanes_.size()) - 1 : 0;
  LadderRow row;
  row.kind = LadderRow::Kind::esp;
  row.title = "ESP";
  row.time = *packet.sent;
  row.until = end;
  row.seq = packet.carrier == nullptr ? 0 : packet.carrier->seq;
  row.packets = 1;
  row.octets = packet.size;
  row.encrypted = true;
  row.selection = select_packet(packet.id);
  row.legs = {Leg{.from = from, .to = to, .sent = *packet.sent, .landed = end}};
  rows_.push_back(std::move(row));
}

void Ladder::add_attack(const trace::Event& event, const trace::AttackAction& action,
                        const Traffic& traffic) {
  const Packet* made = traffic.packet(action.result != 0 ? action.result : action.datagram);
  const Packet* seen = traffic.packet(action.datagram);
  if (is_passive(action.action)) return;
  const bool of_message = seen != nullptr && seen->message != 0;
  if (of_message && action.action != "replay" && action.action != "inject") return;  // shown there
  LadderRow row;
  row.kind = LadderRow::Kind::attack;
  row.time = row.until = event.time;
  row.seq = event.seq;
  row.title = fmt::format("{} {}s {}", event.node, action.action,
                          seen != nullptr && seen->is_esp() ? "an ESP packet" : "a packet");
  if (action.action == "modify") row.title = fmt::format("{} modifies a packet", event.node);
  row.note = action.note;
  row.selection = select_event(event.seq);
  const int middle = lane_of(event.node);
  if (action.action == "drop" && seen != nullptr) {
    Leg leg{.from = lane_of(seen->from),
            .to = middle,
            .sent = seen->sent.value_or(event.time),
            .landed = event.time,
            .lost = true,
            .fraction = 0.97};
    leg.sent = std::min(leg.sent, event.time);
    row.time = leg.sent;
    if (leg.from >= 0) row.legs = {leg};
  } else if (made != nullptr) {
    const std::string target = made->to.empty() ? traffic.node_of(made->dst) : made->to;
    Leg leg = leg_of(*made, middle, lane_of(target));
    leg.sent = std::max(leg.sent, event.time);
    leg.landed = std::max(leg.landed, leg.sent);
    leg.changed = true;
    if (leg.to >= 0) row.legs = {leg};
    if (made->rejected != nullptr) {
      const auto& refusal = std::get<trace::EspRejected>(made->rejected->body);
      row.note = fmt::format("{} refuses it: {}", made->rejected->node, refusal.reason);
    } else if (made->opened != nullptr) {
      row.note = fmt::format("{} accepts it", made->opened->node);
    }
  }
  const bool folds = !rows_.empty() && rows_.back().kind == LadderRow::Kind::attack &&
                     rows_.back().title == row.title && rows_.back().note == row.note;
  if (folds) {
    ++rows_.back().packets;
    rows_.back().until = row.until;
    return;
  }
  row.packets = 1;
  rows_.push_back(std::move(row));
}

void Ladder::add_notable(const trace::Event& event, const Traffic& traffic) {
  LadderRow row;
  row.time = row.until = event.time;
  row.seq = event.seq;
  row.selection = select_event(event.seq);
  if (const auto* mark = std::get_if<trace::Mark>(&event.body)) {
    row.kind = LadderRow::Kind::mark;
    row.title = mark->text;
    rows_.push_back(std::move(row));
  } else if (const auto* action = std::get_if<trace::AttackAction>(&event.body)) {
    add_attack(event, *action, traffic);
  } else if (const auto* refusal = std::get_if<trace::EspRejected>(&event.body)) {
    const Packet* p = traffic.packet(refusal->datagram);
    if (p != nullptr && (p->made_from != 0 || p->action != nullptr)) return;  // told at the attack
    row.kind = LadderRow::Kind::refusal;
    row.packets = 1;
    row.title = fmt::format("{} refuses {}", event.node,
                            refusal->datagram != 0 ? "an ESP packet" : "a packet of its own network");
    row.note = refusal->reason;
    for (auto last = rows_.rbegin(); last != rows_.rend() && last->kind == LadderRow::Kind::refusal;
         ++last)
      if (last->title == row.title && without_numbers(last->note) == without_numbers(row.note)) {
        ++last->packets;
        last->until = event.time;
        return;
      }
    const int lane = lane_of(event.node);
    if (lane >= 0)
      row.legs = {Leg{.from = lane, .to = lane, .sent = event.time, .landed = event.time}};
    rows_.push_back(std::move(row));
  }
}

}  // namespace ikelab::view
