// What a scenario's nodes are told to protect and whom to believe, as the store keeps it: their SPD
// and PAD (RFC 4301, 4.4). Nothing secret is in it.
#pragma once
#include "sim/scenario/scenario.hpp"
#include "sim/store/run.hpp"

namespace ikelab::run {

/// Fills `policies` and `peers`.
void describe_policies(const scenario::Scenario& scenario, store::RunInfo& info);

}  // namespace ikelab::run
