// `ikelab show`: a recorded run in the terminal, for those without a display. Everything is read
// from the events of the run; what a message consists of is dissected again from its octets, by the
// same code the engine used.
#pragma once
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"
#include "sim/store/run.hpp"

namespace ikelab::show {

struct ShowOptions {
  /// "" (overview), "messages", "message", "event", "keys", "sas", "why", "attack", "trace"
  std::string what;
  std::string filter = {};  ///< for "messages": display words (protocol/filter); empty: everything
  /// For "message" the number that `messages` prints, for "event" its place in the trace; from 1.
  std::uint64_t number = 0;
  bool json = false;
  bool colour = false;   ///< ANSI colours; never the only carrier of meaning
  unsigned width = 100;  ///< columns of the terminal; at least 72 are used
};

/// Prints the view on `out`, or one line of error on `err`. Returns the exit code: 0 done, 2 wrong
/// usage: E-SHOW-001 no such view, E-SHOW-002 no such message or event, E-SHOW-003 a filter where
/// none goes, E-FILTER-* one that does not read. A view with nothing to show says what would appear
/// and how to get it, and is 0.
int show(const store::RunInfo& run, const std::vector<trace::Event>& events,
         const ShowOptions& options, std::ostream& out, std::ostream& err);

}  // namespace ikelab::show
