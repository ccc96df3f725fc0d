// Octets in groups of four with their ASCII, coloured by payload, linked with the fields.
#pragma once
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

/// Every block of the inspection, scrolled, in the box.
void draw_octets(const View& view, const Inspection& inspection, ImVec2 min, ImVec2 max);

}  // namespace ikelab::view
