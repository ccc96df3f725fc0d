#include "visualizer/models/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "visualizer/models/describe.hpp"

namespace ikelab::view {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

class Search {
 public:
  Search(std::string_view query, std::size_t limit) : limit_(limit) {
    std::string word;
    for (const char c : lower(query) + " ") {
      if (c != ' ') {
        word += c;
      } else if (!word.empty()) {
        words_.push_back(std::move(word));
        word.clear();
      }
    }
  }
  void offer(std::string what, std::string text, const std::string& more, Selection selection) {
    if (found.size() >= limit_ || words_.empty()) return;
    const std::string all = lower(what + " " + text + " " + more);
    const bool fits = std::all_of(words_.begin(), words_.end(), [&](const std::string& w) {
      return all.find(w) != std::string::npos;
    });
    if (fits) found.push_back({std::move(what), std::move(text), std::move(selection)});
  }
  std::vector<Found> found;

 private:
  std::size_t limit_;
  std::vector<std::string> words_;
};

}  // namespace

bool lower_contains(std::string_view text, std::string_view query) {
  return lower(text).find(lower(query)) != std::string::npos;
}

std::vector<Found> search(const RunModel& run, std::string_view query, std::size_t limit) {
  Search s(query, limit);
  for (const MessageRow& m : run.traffic().messages())
    s.offer("message", fmt::format("{}  {}", m.number, m.title()),
            m.message().payloads + " " + what_it_does(m), select_message(m.number));
  for (const KeyGroup& g : run.derivations().groups())
    for (const EventPtr e : g.derived) {
      const auto& k = std::get<trace::KeyDerived>(e->body);
      s.offer("key", fmt::format("{}  ({}, {})", k.name, g.node, g.title), to_hex(k.output),
              select_key(e->seq));
    }
  for (const SaRow& row : run.sas().rows())
    s.offer("SA", row.id, row.sa().name + " " + row.algorithms(), select_sa(row.id));
  for (const EventPtr e : run.adversary().knowledge())
    s.offer("knowledge", event_sentence(*e), "", select_event(e->seq));
  for (const EventPtr e : run.negotiations())
    s.offer("decision", event_sentence(*e), "negotiation proposal", select_event(e->seq));
  for (const Chapter& chapter : run.story())
    for (const StoryLine& line : chapter.lines)
      s.offer("story", line.text, chapter.title, line.selection);
  return std::move(s.found);
}

}  // namespace ikelab::view
