#include "protocol/trace/journal.hpp"

namespace ikelab::trace {

void Journal::attach(Sink& sink) {
  const Kinds wants = sink.wants();
  for (std::size_t kind = 0; kind < kind_count; ++kind)
    if (wants.test(kind)) sinks_[kind].push_back(&sink);
  wanted_ |= wants;
}

void Journal::emit(Instant time, std::string node, std::string sa, Body body) {
  const Event event{time, next_++, std::move(node), std::move(sa), std::move(body)};
  for (Sink* sink : sinks_[event.body.index()]) sink->record(event);
}

void Journal::emit(Instant time, std::string node, LocalEvent event) {
  emit(time, std::move(node), std::move(event.sa), std::move(event.body));
}

}  // namespace ikelab::trace
