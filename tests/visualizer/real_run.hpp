// Events of the real engine: two endpoints on the Pair driver, with what a network would record
// around them.
#pragma once
#include "protocol/trace/event.hpp"

namespace ikelab::view::samples {

/// gw-a and gw-b: a tunnel, a rekey of the Child SA (its first request is lost), a rekey of the IKE
/// SA, a delete.
std::vector<trace::Event> engine_events();

}  // namespace ikelab::view::samples
