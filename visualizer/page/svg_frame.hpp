// The few shapes both drawings are made of. Classes name colour roles; svg_rules gives them colour.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "visualizer/models/roles.hpp"

namespace ikelab::view {

/// A whole <svg>: its size, a title for people who hear it, what it holds; with a theme its rules
/// and its ground as well.
std::string svg_frame(double width, double height, std::string_view title, std::string_view body,
                      std::optional<Theme> theme);
/// `text` is escaped here. `length`: the width to set it in, 0 for its own.
std::string svg_text(double x, double y, std::string_view anchor, std::string_view classes,
                     std::string_view text, double size = 13, double length = 0);
std::string svg_line(double x0, double y0, double x1, double y1, std::string_view role,
                     double thickness, bool dashed = false);
/// The head of an arrow that comes from (x0, y0).
std::string svg_head(double x0, double y0, double x1, double y1, std::string_view role);
std::string svg_cross(double x, double y, double radius);

}  // namespace ikelab::view
