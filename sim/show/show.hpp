// `ikelab show`: a recorded run in the terminal, for those without a display. Everything is read from the events of the run;
// what a message consists of is dissected again from its octets, by the same code the engine used.
#pragma once
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "protocol/trace/event.hpp"

namespace ikelab::sim {

/// What the run is called in headings. Empty or zero fields are left out.
struct ShowRun {
  std::uint64_t id = 0;
  std::string scenario;
  std::optional<std::uint64_t> seed;
  std::string status;       ///< "finished", "unfinished" ...
  std::string fingerprint;  ///< hex
};

struct ShowOptions {
  std::string what;          ///< "" (overview), "messages", "message", "keys", "sas", "why", "attack"
  std::uint64_t message = 0; ///< for "message": the number `messages` prints, from 1
  bool json = false;
  bool colour = false;       ///< ANSI colours; never the only carrier of meaning
  unsigned width = 100;      ///< columns of the terminal, at least 60
};

/// Prints the view on `out`, or one line of error on `err`. Returns the exit code: 0 done, 2 wrong usage (no such view or message).
int show(const ShowRun& run, const std::vector<trace::Event>& events, const ShowOptions& options, std::ostream& out,
         std::ostream& err);

}  // namespace ikelab::sim
