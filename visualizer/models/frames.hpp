// A packet of a run as display filters see it.
#pragma once
#include "protocol/filter/filter.hpp"
#include "visualizer/models/traffic.hpp"

namespace ikelab::view {

filter::Frame frame_of(const Packet& packet, const Traffic& traffic);

}  // namespace ikelab::view
