// The site-to-site run told chapter by chapter, from its events, for a student who sees a tunnel
// for the first time.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "protocol/trace/event.hpp"
#include "sim/store/run.hpp"

namespace ikelab::cli {

struct Story {
  store::RunInfo run;
  std::vector<trace::Event> events;
  bool colour = false;
  std::string initiator;  ///< the node that spoke first
  std::string responder;  ///< the node that answered

  /// Every event of one kind, in order; at one node if one is named.
  template <class T>
  std::vector<std::pair<const trace::Event*, const T*>> all(const std::string& node = "") const {
    std::vector<std::pair<const trace::Event*, const T*>> out;
    for (const trace::Event& event : events) {
      const T* body = std::get_if<T>(&event.body);
      if (body && (node.empty() || event.node == node)) out.emplace_back(&event, body);
    }
    return out;
  }
};

Story story_of(store::RunInfo run, std::vector<trace::Event> events, bool colour);

/// The heading of a chapter.
void chapter(const Story& story, int number, const std::string& title);
/// Chapters 1 to 7, on stdout.
void tell(const Story& story);
/// A paragraph on stdout, wrapped to 86 columns, every line indented.
void say(const std::string& text, std::size_t indent = 2);

}  // namespace ikelab::cli
