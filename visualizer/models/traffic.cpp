#include "visualizer/models/traffic.hpp"

#include <fmt/format.h>

#include <array>

namespace ikelab::view {
namespace {

std::string without_port(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  const bool has_port = colon != std::string::npos &&
                        (address.find(':') == colon || address.find(']') != std::string::npos);
  return has_port ? address.substr(0, colon) : address;
}

// Which action a packet is remembered by, when a script did several things with it.
int strength(const std::string& action) {
  static constexpr std::array<std::string_view, 7> order = {"observe", "pass",   "delay", "replay",
                                                            "inject",  "modify", "drop"};
  for (std::size_t i = 0; i < order.size(); ++i)
    if (action == order[i]) return static_cast<int>(i);
  return 0;
}

const std::string& action_of(EventPtr event) {
  return std::get<trace::AttackAction>(event->body).action;
}

}  // namespace

const Bytes& Packet::payload() const {
  static const Bytes nothing;
  if (carrier == nullptr) return nothing;
  if (const auto* s = std::get_if<trace::DatagramSent>(&carrier->body)) return s->payload;
  if (const auto* r = std::get_if<trace::DatagramReceived>(&carrier->body)) return r->payload;
  if (const auto* a = std::get_if<trace::AttackAction>(&carrier->body)) return a->after;
  return nothing;
}

std::string MessageRow::title() const {
  const std::string what =
      fmt::format("{} {}", message().exchange, message().response ? "response" : "request");
  return message().fragments == 0
             ? what
             : fmt::format("{}, fragment {} of {}", what, message().fragment, message().fragments);
}

Packet& Traffic::at(std::uint64_t id) {
  const auto [place, is_new] = by_id_.try_emplace(id, packets_.size());
  if (is_new) packets_.emplace_back().id = id;
  return packets_[place->second];
}

void Traffic::learn(const std::string& address, const std::string& node) {
  if (!node.empty()) owner_.try_emplace(without_port(address), node);
}

std::string Traffic::node_of(const std::string& address) const {
  const auto found = owner_.find(without_port(address));
  return found == owner_.end() ? without_port(address) : found->second;
}

void Traffic::add_message(const trace::Event& event, const trace::Message& m) {
  if (m.direction == "received") {
    Packet& p = at(m.datagram);
    std::uint64_t number = p.message;
    if (number == 0 && p.made_from != 0) number = at(p.made_from).message;
    if (number == 0) return;
    messages_[number - 1].received_event = &event;
    messages_[number - 1].to = event.node;
    return;
  }
  const std::string key =
      fmt::format("{} {} {} {} {}", event.node, m.spi_i, m.message_id, m.response, m.fragment);
  MessageRow& row = messages_.emplace_back();
  row.number = messages_.size();
  if (m.attempt == 0) first_of_[key] = row.number;
  const auto first = first_of_.find(key);
  row.first = first == first_of_.end() ? row.number : first->second;
  row.from = event.node;
  row.to = node_of(m.dst);
  row.sent = event.time;
  row.sent_event = &event;
  row.datagram = m.datagram;
  learn(m.src, event.node);
  Packet& p = at(m.datagram);
  p.message = row.number;
  if (p.protocol.empty()) {
    p.protocol = "IKE";
    p.src = m.src;
    p.dst = m.dst;
  }
  if (p.from.empty()) p.from = event.node;
  if (!p.sent) p.sent = event.time;
}

void Traffic::add_action(const trace::Event& event, const trace::AttackAction& a) {
  if (a.datagram != 0) {
    Packet& seen = at(a.datagram);
    if (seen.action == nullptr || strength(a.action) > strength(action_of(seen.action)))
      seen.action = &event;
  }
  if (a.result == 0 || a.result == a.datagram) return;
  Packet& made = at(a.result);
  made.made_from = a.datagram;
  if (made.from.empty()) made.from = event.node;
  if (!made.sent) made.sent = event.time;
  if (made.carrier == nullptr) made.carrier = &event;
  if (!made.protocol.empty() || a.datagram == 0) return;
  const Packet& seen = at(a.datagram);
  made.protocol = seen.protocol;
  made.src = seen.src;
  made.dst = seen.dst;
  made.size = a.after.empty() ? seen.size : a.after.size();
}

void Traffic::add(const trace::Event& event) {
  if (const auto* s = std::get_if<trace::DatagramSent>(&event.body)) {
    Packet& p = at(s->id);
    p.protocol = s->protocol;
    p.src = s->src;
    p.dst = s->dst;
    p.size = s->size;
    // What an adversary injects may bear any address: it shows nobody's.
    const bool injected =
        p.carrier != nullptr && std::holds_alternative<trace::AttackAction>(p.carrier->body);
    if (p.made_from == 0) p.from = event.node;
    p.sent = event.time;
    p.carrier = &event;
    if (p.made_from == 0 && !injected) learn(s->src, event.node);
  } else if (const auto* r = std::get_if<trace::DatagramReceived>(&event.body)) {
    Packet& p = at(r->id);
    p.protocol = r->protocol;
    p.src = r->src;
    p.dst = r->dst;
    p.size = r->size;
    p.to = event.node;
    p.received = event.time;
    if (p.carrier == nullptr || p.payload().empty()) p.carrier = &event;
    learn(r->dst, event.node);
  } else if (const auto* d = std::get_if<trace::DatagramDropped>(&event.body)) {
    Packet& p = at(d->id);
    p.lost = event.time;
    p.lost_where = d->where;
    p.lost_why = d->reason;
  } else if (const auto* m = std::get_if<trace::Message>(&event.body)) {
    add_message(event, *m);
  } else if (const auto* g = std::get_if<trace::Diagnostic>(&event.body)) {
    if (const MessageRow* row = message_of_datagram(g->datagram))
      messages_[row->number - 1].remarks.push_back(&event);
  } else if (const auto* a = std::get_if<trace::AttackAction>(&event.body)) {
    add_action(event, *a);
  } else if (const auto* e = std::get_if<trace::EspSealed>(&event.body)) {
    at(e->datagram).sealed = &event;
  } else if (const auto* o = std::get_if<trace::EspOpened>(&event.body)) {
    at(o->datagram).opened = &event;
  } else if (const auto* x = std::get_if<trace::EspRejected>(&event.body)) {
    at(x->datagram).rejected = &event;
  }
}

const Packet* Traffic::packet(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &packets_[found->second];
}

const MessageRow* Traffic::message(std::uint64_t number) const {
  return number == 0 || number > messages_.size() ? nullptr : &messages_[number - 1];
}

const MessageRow* Traffic::message_of_datagram(std::uint64_t id) const {
  const Packet* p = packet(id);
  if (p != nullptr && p->message == 0 && p->made_from != 0) p = packet(p->made_from);
  return p == nullptr ? nullptr : message(p->message);
}

std::size_t marker_size(const Packet& packet, const trace::Message& message) {
  const std::size_t whole = packet.payload().size(), inner = message.bytes.size();
  return whole == inner + 4 ? 4 : 0;
}

}  // namespace ikelab::view
