// A student's run: the lab's scenario with the student's draw, in the real simulation.
#pragma once
#include "labs/engine/draw.hpp"
#include "labs/engine/lab.hpp"
#include "protocol/trace/event.hpp"
#include "sim/scenario/scenario.hpp"

namespace ikelab::labs {

struct Simulated {
  scenario::Scenario scenario;  ///< with the draw's settings
  std::vector<trace::Event> events;
  std::string fingerprint, versions;
};

/// Errors: E-LAB-050 the run did not do what its scenario expects; those of scenario and run.
Result<Simulated> simulate(const Lab& lab, const Draw& draw);

/// A copy in which the student does not find the answers: the outputs of keys named in `withhold`
/// and every input of that name are empty (their lengths stay), and for "AUTH" the octets an AUTH
/// covers.
std::vector<trace::Event> withheld(std::vector<trace::Event> events,
                                   const std::vector<std::string>& withhold);

/// Records events as a finished run. Errors: E-DB-*.
Result<void> record(const Simulated& simulated, const std::vector<trace::Event>& events,
                    const std::filesystem::path& db);

}  // namespace ikelab::labs
