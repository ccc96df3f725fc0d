// Runs ikelab-sim as a user does, in a folder of its own.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/store_support.hpp"

namespace ikelab::test {

struct Outcome {
  int code = -1;  ///< exit code; 128 + n when it died of signal n
  std::string out, err;
};

/// `ikelab-sim arguments...` in `folder`. `kill_when`: asked every 20 ms; once it says true, the
/// program gets `signal`.
Outcome ikelab_sim(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
                   const std::function<bool()>& kill_when = {}, int signal = 0);

/// stderr is one line that begins with "ikelab: " and holds `part`.
void check_one_line(const Outcome& outcome, const std::string& part);

}  // namespace ikelab::test
