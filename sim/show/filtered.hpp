// The ladder narrowed to what a display filter lets through: IKE messages, and ESP packets before
// they are folded. Internal to this folder.
#pragma once
#include "protocol/filter/filter.hpp"
#include "sim/show/story.hpp"

namespace ikelab::show {

/// The events without the ESP packets that do not fit.
std::vector<trace::Event> without_esp(const std::vector<trace::Event>& events,
                                      const filter::Filter& filter);
/// Leaves the rows of messages that fit, and of ESP packets; numbers stay as they are.
void narrow(Story& story, const filter::Filter& filter);

}  // namespace ikelab::show
