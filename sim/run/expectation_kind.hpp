// One kind of expectation: its name, what it takes, and how it looks at the evidence.
#pragma once
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"
#include "sim/run/expectations.hpp"

namespace ikelab::run {

using scenario::Expectation;

/// What an expectation may look at.
struct Evidence {
  const scenario::Scenario& scenario;
  const EventSource& events;

  template <class T, class F>
  void each(F visit) const {
    events.each(T::kind, [&](const trace::Event& event) { visit(event, std::get<T>(event.body)); });
  }
};

inline std::string argument(const Expectation& e, const std::string& key,
                            std::string fallback = {}) {
  const auto at = e.arguments.find(key);
  return at == e.arguments.end() ? fallback : at->second;
}

inline std::uint64_t number(const Expectation& e, const std::string& key, std::uint64_t fallback) {
  const std::string text = argument(e, key);
  return text.empty() ? fallback : std::strtoull(text.c_str(), nullptr, 10);
}

inline ExpectationOutcome outcome(const Expectation& e, bool met, std::string found) {
  return {e.text, met, std::move(found)};
}

/// Whether a count lies between at_least and at_most.
inline bool within(const Expectation& e, std::uint64_t count) {
  return count >= number(e, "at_least", 0) && count <= number(e, "at_most", UINT64_MAX);
}

enum class Takes { word, count, yes_no, node, adversary, monitor };
struct Argument {
  const char* name;
  Takes takes;
};
struct Kind {
  const char* name;
  std::vector<Argument> arguments;
  ExpectationOutcome (*evaluate)(const Expectation&, const Evidence&);
  /// The kinds of events it looks at, so that a long run keeps no others; none: all of them.
  trace::Kinds needs = {};
};

/// The rows that concern networks, after the others.
std::vector<Kind> with_network_kinds(std::vector<Kind> rows);

}  // namespace ikelab::run
