#include "protocol/trace/event.hpp"

namespace ikelab::trace {

std::string_view kind_of(const Body& body) {
  return std::visit([](const auto& b) { return std::decay_t<decltype(b)>::kind; }, body);
}

void Journal::emit(Instant time, std::string node, std::string sa, Body body) {
  const Event event{time, next_++, std::move(node), std::move(sa), std::move(body)};
  for (Sink* sink : sinks_) sink->record(event);
}

void Journal::emit(Instant time, std::string node, LocalEvent event) {
  emit(time, std::move(node), std::move(event.sa), std::move(event.body));
}

}  // namespace ikelab::trace
