// The ladder and the derivation of keys as SVG: whole, not as much as a window shows. In a page the
// colours are its custom properties; alone they are written in, for slides and papers.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

struct SvgOptions {
  /// Alone, in this theme; without one: part of a page that defines the colours.
  std::optional<Theme> theme;
  double width = 640;  ///< between the outer lanes, at least
  /// Where a selection leads ("#m3"), "" for nowhere.
  std::function<std::string(const Selection&)> href;
};

/// Rows of a ladder that are drawn at most; a last line says how many more there are.
inline constexpr std::size_t most_ladder_rows = 4000;

std::string ladder_svg(const RunModel& run, const SvgOptions& options);
/// The lanes' names, as wide as the ladder: a page keeps them in sight.
std::string ladder_heads_svg(const RunModel& run, const SvgOptions& options);
std::string keys_svg(const KeyGraph& graph, const std::string& title, const SvgOptions& options);
/// The rules both drawings need, for a page; in alone-standing ones they are already.
std::string svg_rules(std::optional<Theme> theme);

}  // namespace ikelab::view
