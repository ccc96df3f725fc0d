// Which keys the panel shows, and the chain they stand in.
#pragma once
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {

/// An IKE SA of one node, and one of its Child SAs, as groups of Derivations; -1: none.
struct KeyChoice {
  std::string node;
  int ike = -1, child = -1;
};

/// One box an IKE SA, its children below, an arrow of SK_d to the one that replaced it. Returns the
/// height; 0 when there is only one SA to show.
float draw_key_chain(const View& v, float y, const KeyChoice& choice);

}  // namespace ikelab::view
