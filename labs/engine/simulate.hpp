// A student's run: the lab's scenario with the student's draw and edits, in the real simulation.
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
  std::vector<Error> stopped_scripts;  ///< that broke or went beyond their limits
};

/// Runs a loaded scenario. `expected`: what its `expect:` says must hold. Captures go to
/// `captures` when that is not empty. Errors: E-LAB-050 it did not do what it expects; the run's.
Result<Simulated> simulate(scenario::Scenario scenario, bool expected,
                           const std::filesystem::path& captures = {});
/// The first run of a lab without edited files. Errors: also those of the scenario.
Result<Simulated> simulate(const Lab& lab, const Draw& draw);
/// The settings of a plan for a draw.
Result<scenario::Overrides> settings(const RunPlan& plan, const Draw& draw);

/// A copy in which the student does not find the answers: the outputs of keys named in `withhold`
/// and every input of that name are empty (their lengths stay), for "AUTH" the octets an AUTH
/// covers, and for "PLAIN" what encrypted messages and packets say inside.
std::vector<trace::Event> withheld(std::vector<trace::Event> events,
                                   const std::vector<std::string>& withhold);

/// Records events as a finished run; returns its number. Errors: E-DB-*.
Result<std::int64_t> record(const Simulated& simulated, const std::vector<trace::Event>& events,
                            const std::filesystem::path& db);

}  // namespace ikelab::labs
