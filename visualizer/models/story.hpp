// The run in words: chapters, one for each exchange, stretch of traffic or mark, with a line for
// each thing that matters in it. A line selects what it tells about.
#pragma once
#include "visualizer/models/ladder.hpp"

namespace ikelab::view {

struct StoryLine {
  enum class Tone : std::uint8_t { plain, good, bad, attack, secret };
  Tone tone = Tone::plain;
  Instant time;
  std::string text;
  Selection selection;
};
struct Chapter {
  std::string title;
  Instant begin;
  bool mark = false;  ///< the scenario's own words
  std::vector<StoryLine> lines;
};

/// Chapters in order of time. `notable`: events that are told besides the ladder's rows.
std::vector<Chapter> tell(const Ladder& ladder, const Traffic& traffic,
                          const std::vector<EventPtr>& notable);
/// The index of the chapter that time `t` is in, or -1.
int chapter_at(const std::vector<Chapter>& chapters, Instant t);

}  // namespace ikelab::view
