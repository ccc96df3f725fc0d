// What a person writes to name a place in a run: "message:3", "key:SKEYSEED", "12.5ms".
#pragma once
#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

/// "message:3", "packet:17", "key:SK_ei", "key:SK_ei@gw-b", "sa:gw-a out 1a2b3c4d" (or its SPI
/// alone), "event:120", and "message:3/octets:28-44", "message:3/plain:0-12",
/// "message:3/field:Nonce Data". Errors: E-VIEW-010 not such an address, E-VIEW-011 nothing of that
/// name in this run.
Result<Selection> parse_selection(const RunModel& run, std::string_view text);
/// "12.5ms", "2s", "150us", "7ns", or "message:3" for the middle of its way, "end". Errors:
/// E-VIEW-012.
Result<Instant> parse_time(const RunModel& run, std::string_view text);

}  // namespace ikelab::view
