// What happened, in words a student follows: one sentence for a message, an event, a key; and the
// whole explanation with its RFC section. Captions, story, hover texts and the inspector take them
// from here.
#pragma once
#include <string>
#include <string_view>

#include "protocol/trace/event.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

/// A text and where to read more.
struct Explanation {
  std::string text, rfc;
};

/// What a message does: "gw-a proves who it is and asks for a tunnel". No full stop.
std::string what_it_does(const MessageRow& message);
/// The exchange as a chapter: "They agree on algorithms and share a secret".
std::string chapter_title(const MessageRow& message);
Explanation explain(const MessageRow& message);
/// Of a key of the schedule, by its name: "SK_d" ...
Explanation explain_key(std::string_view name);
/// Any event in one sentence, without its node's name repeated when `with_node` is false.
std::string event_sentence(const trace::Event& event);
/// Of a payload by its notation ("IDi", "N(COOKIE)"): one sentence for hovering.
std::string payload_sentence(std::string_view notation);

}  // namespace ikelab::view
