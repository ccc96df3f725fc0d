#include "visualizer/page/contents.hpp"

#include <fmt/format.h>

#include "visualizer/models/text.hpp"

namespace ikelab::view {

void Contents::add(Selection selection, std::string anchor) {
  if (!by_anchor_.try_emplace(anchor, entries_.size()).second) return;
  entries_.push_back({std::move(selection), std::move(anchor)});
}

Contents::Contents(const RunModel& run, const PageLimits& limits) : run_(run) {
  std::size_t octets = 0, messages = 0, packets = 0, events = 0;
  std::size_t no_messages = 0, no_packets = 0, no_events = 0;
  for (const MessageRow& m : run.traffic().messages()) {
    octets += m.message().bytes.size() + m.message().plain.size();
    if (messages >= limits.messages || octets > limits.octets) {
      ++no_messages;
      continue;
    }
    ++messages;
    add(select_message(m.number), fmt::format("m{}", m.number));
  }
  for (const Packet& p : run.traffic().packets()) {
    if (!p.is_esp()) continue;
    octets += p.size;
    if (packets >= limits.packets || octets > limits.octets) {
      ++no_packets;
      continue;
    }
    ++packets;
    add(select_packet(p.id), fmt::format("p{}", p.id));
  }
  for (std::size_t i = 0; i < run.sas().rows().size(); ++i) {
    const std::string& id = run.sas().rows()[i].id;
    sa_anchor_[id] = fmt::format("s{}", i + 1);
    add(select_sa(id), sa_anchor_[id]);
  }
  for (const EventPtr p : run.listed()) {
    const trace::Event& e = *p;
    const bool key = std::holds_alternative<trace::KeyDerived>(e.body);
    if (events >= limits.events) {
      ++no_events;
      continue;
    }
    ++events;
    add(key ? select_key(e.seq) : select_event(e.seq), fmt::format("{}{}", key ? 'k' : 'e', e.seq));
  }
  std::vector<std::string> parts;
  if (no_messages > 0) parts.push_back(counted(no_messages, "message", "messages"));
  if (no_packets > 0) parts.push_back(counted(no_packets, "ESP packet", "ESP packets"));
  if (no_events > 0) parts.push_back(counted(no_events, "event", "events"));
  if (!parts.empty()) left_out_ = fmt::format("{}", fmt::join(parts, ", "));
}

std::string Contents::anchor_of(const Selection& s) const {
  std::string anchor;
  switch (s.kind) {
    case Selection::Kind::none:
      return "";
    case Selection::Kind::message:
      anchor = fmt::format("m{}", s.id);
      break;
    case Selection::Kind::packet: {
      const Packet* p = run_.traffic().packet(s.id);
      anchor = p != nullptr && p->message != 0 ? fmt::format("m{}", p->message)
                                               : fmt::format("p{}", s.id);
      break;
    }
    case Selection::Kind::sa: {
      const auto found = sa_anchor_.find(s.name);
      return found == sa_anchor_.end() ? "" : found->second;
    }
    case Selection::Kind::key:
    case Selection::Kind::event: {
      const EventPtr e = run_.event(s.id);
      const bool key = e != nullptr && std::holds_alternative<trace::KeyDerived>(e->body);
      anchor = fmt::format("{}{}", key ? 'k' : 'e', s.id);
      break;
    }
  }
  return by_anchor_.contains(anchor) ? anchor : "";
}

}  // namespace ikelab::view
