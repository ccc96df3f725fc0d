// `show event N`: one event of the trace, whole, and the message it follows.
#include <fmt/format.h>

#include <algorithm>

#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

constexpr std::size_t name_columns = 18, longest_value = 400;

/// A value in words: what has parts stays JSON.
std::string text_of(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>()
                                       : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > longest_value)
    text = text.substr(0, longest_value) + fmt::format("... ({} characters)", text.size());
  return text;
}

/// The message an event is of, or the last before it; nullptr: none.
const IkeMessage* before(const Story& story, std::uint64_t seq) {
  const IkeMessage* out = nullptr;
  for (const IkeMessage& message : story.messages)
    if (message.seq <= seq) out = &message;
  return out;
}

}  // namespace

void print_event(Terminal& t, const Story& story, const trace::Event& event) {
  t.heading(
      fmt::format("Event {}: {} at {}", event.seq, trace::kind_of(event.body), at(event.time)));
  t.line();
  t.entry("where", event.node.empty() ? "the network" : event.node, 2, name_columns);
  if (!event.sa.empty()) t.entry("IKE SA", event.sa, 2, name_columns);
  const Json whole = event_json(event);
  for (const auto& [name, value] : whole.items()) {
    static constexpr std::string_view told[] = {"seq", "time_ns", "node", "sa", "kind"};
    if (std::find(std::begin(told), std::end(told), name) != std::end(told)) continue;
    if (const std::string text = text_of(value); !text.empty() && text != "[]")
      t.entry(name, text, 2, name_columns);
  }
  t.line();
  if (const IkeMessage* message = before(story, event.seq))
    t.paragraph(fmt::format("{} message {} ({}): show message {} takes it apart.",
                            message->seq == event.seq ? "It is" : "After", message->number,
                            title(*message), message->number),
                2, Role::muted);
  else
    t.paragraph("Before the first message.", 2, Role::muted);
}

}  // namespace ikelab::show
