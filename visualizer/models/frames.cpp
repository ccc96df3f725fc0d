#include "visualizer/models/frames.hpp"

namespace ikelab::view {

filter::Frame frame_of(const Packet& p, const Traffic& traffic) {
  filter::Frame f;
  f.time = p.sent.value_or(Instant{});
  f.protocol = p.protocol;
  f.src = p.src;
  f.dst = p.dst;
  f.from = p.from;
  f.to = p.to;
  f.size = p.size;
  f.lost = p.lost.has_value();
  f.changed = p.made_from != 0;
  if (p.action != nullptr) {
    const auto& action = std::get<trace::AttackAction>(p.action->body).action;
    f.changed = f.changed || action == "modify" || action == "inject" || action == "replay";
    f.lost = f.lost || action == "drop";
  }
  if (const MessageRow* m = traffic.message(p.message)) {
    f.number = m->number;
    f.message = &m->message();
    f.again = m->is_repeat();
    f.to = m->to;
  }
  if (p.sealed != nullptr) {
    const auto& body = std::get<trace::EspSealed>(p.sealed->body);
    f.spi = body.spi;
    f.sequence = body.sequence;
    f.summary = body.summary;
  } else if (p.opened != nullptr) {
    const auto& body = std::get<trace::EspOpened>(p.opened->body);
    f.spi = body.spi;
    f.sequence = body.sequence;
    f.summary = body.summary;
  } else if (p.rejected != nullptr) {
    const auto& body = std::get<trace::EspRejected>(p.rejected->body);
    f.spi = body.spi;
    f.sequence = body.sequence;
  }
  return f;
}

}  // namespace ikelab::view
