// A hand-made run for the visualizer's tests: real IKE octets by the wire codec, invented keys.
// Small enough to know every message of it, or busy with thousands of ESP packets. Runs recorded by
// the simulator are tested beside it.
#pragma once
#include "protocol/trace/event.hpp"
#include "sim/store/run.hpp"

namespace ikelab::view::samples {

struct SampleOptions {
  std::size_t esp_packets = 20;  ///< in each of the two stretches of traffic
  bool adversary = true;         ///< mallory modifies message 1 first, replays ESP, and learns
  bool loss = true;              ///< message 5 is lost and sent again
};

store::RunInfo sample_info();
/// gw-a and gw-b: IKE_SA_INIT, IKE_AUTH, traffic, a rekey of the Child SA whose request is lost
/// once, traffic, delete.
std::vector<trace::Event> sample_events(const SampleOptions& options = {});

}  // namespace ikelab::view::samples
