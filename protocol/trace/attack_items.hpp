// Items of trace::AttackKnowledge that mean something to who reads the trace.
#pragma once

namespace ikelab::trace {

/// Where the adversary stands; what its script is about; why no monitor can see it in the packets.
inline constexpr const char *item_place = "place", *item_plan = "plan", *item_unseen = "unseen";
/// What it has from the beginning, and that the scenario gave it.
inline constexpr const char *text_held = "held from the beginning",
                            *how_granted = "granted by the scenario";
/// How a script's verdict on a goal of its own begins.
inline constexpr const char* item_goal = "goal:";

}  // namespace ikelab::trace
