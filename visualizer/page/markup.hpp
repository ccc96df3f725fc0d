// What HTML and SVG are written with. Invariant: every text that comes from a run goes through
// `escaped`; a run may hold names and reasons that an adversary chose.
#pragma once
#include <string>
#include <string_view>

#include "visualizer/models/roles.hpp"

namespace ikelab::view {

/// For element content and for attribute values in double quotes: & < > " ' are written as
/// references, and what is no character of XML 1.0 (or no UTF-8) as U+FFFD.
std::string escaped(std::string_view text);
/// "initiator", "adversary": the class and the custom property of a role.
std::string_view role_name(Role role);
std::string hex_colour(Rgb colour);  ///< "#0072b2"
/// About how wide a text is in Inter at this size, in pixels: SVG has no way to ask.
double text_width(std::string_view text, double size, bool strong = false);
/// Cut with an ellipsis to a width.
std::string fitted(std::string_view text, double width, double size, bool strong = false);
/// RFC 4648, 4.
std::string base64(std::string_view octets);

}  // namespace ikelab::view
