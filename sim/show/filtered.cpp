#include "sim/show/filtered.hpp"

#include <algorithm>
#include <unordered_map>

namespace ikelab::show {
namespace {

using Carriers = std::unordered_map<std::uint64_t, const trace::Event*>;

// What of an ESP event a filter can ask for; nothing for other events.
template <class Body>
bool describe(const trace::Event& event, const Carriers& carriers, filter::Frame& frame) {
  const auto* body = std::get_if<Body>(&event.body);
  if (body == nullptr) return false;
  frame.time = event.time;
  frame.protocol = "ESP";
  frame.spi = body->spi;
  frame.sequence = body->sequence;
  if constexpr (requires { body->summary; }) frame.summary = body->summary;
  const auto carrier = carriers.find(body->datagram);
  if (carrier == carriers.end()) return true;
  const auto& sent = std::get<trace::DatagramSent>(carrier->second->body);
  frame.time = carrier->second->time;
  frame.protocol = sent.protocol;
  frame.src = sent.src;
  frame.dst = sent.dst;
  frame.size = sent.size;
  frame.from = carrier->second->node;
  return true;
}

}  // namespace

std::vector<trace::Event> without_esp(const std::vector<trace::Event>& events,
                                      const filter::Filter& filter) {
  Carriers carriers;
  for (const trace::Event& e : events)
    if (const auto* sent = std::get_if<trace::DatagramSent>(&e.body)) carriers[sent->id] = &e;
  std::vector<trace::Event> out;
  for (const trace::Event& e : events) {
    filter::Frame frame;
    const bool is_esp = describe<trace::EspSealed>(e, carriers, frame) ||
                        describe<trace::EspOpened>(e, carriers, frame) ||
                        describe<trace::EspRejected>(e, carriers, frame);
    if (!is_esp || filter.matches(frame)) out.push_back(e);
  }
  return out;
}

void narrow(Story& story, const filter::Filter& filter) {
  const auto fits = [&](const IkeMessage& m) {
    filter::Frame frame;
    frame.number = m.number;
    frame.time = m.sent;
    frame.protocol = "IKE";
    frame.src = m.content->src;
    frame.dst = m.content->dst;
    frame.from = m.from;
    frame.to = m.to;
    frame.size = m.content->bytes.size();
    frame.message = m.content;
    frame.lost = !m.arrived;
    frame.again = m.content->attempt > 0;
    frame.changed = m.made_by_adversary ||
                    std::any_of(m.attacks.begin(), m.attacks.end(),
                                [](const Attack& a) { return a.action->action == "modify"; });
    return filter.matches(frame);
  };
  std::erase_if(story.rows, [&](const Row& row) {
    if (row.kind == Row::Kind::message) return !fits(story.messages[row.message]);
    return row.kind != Row::Kind::esp;
  });
}

}  // namespace ikelab::show
