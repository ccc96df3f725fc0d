// One SA closer: an IKE SA's place in the table of states, an ESP SA's replay window.
#pragma once
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

/// Base pixels it wants below the table.
inline constexpr float sa_detail_height = 132;
void draw_sa_detail(const View& view, const SaRow& row);

}  // namespace ikelab::view
