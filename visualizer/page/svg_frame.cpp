#include "visualizer/page/svg_frame.hpp"

#include <fmt/format.h>

#include <cmath>

#include "visualizer/page/markup.hpp"
#include "visualizer/page/svg.hpp"

namespace ikelab::view {

std::string svg_rules(std::optional<Theme> theme) {
  const auto ink = [&](Role role) {
    return theme ? hex_colour(colour(*theme, role)) : fmt::format("var(--{})", role_name(role));
  };
  std::string out =
      "svg text{font-family:Inter,system-ui,\"Segoe UI\",\"DejaVu Sans\",sans-serif;font-size:13px}"
      "svg .mono{font-family:\"JetBrains Mono\",ui-monospace,\"DejaVu Sans Mono\",monospace;"
      "font-size:12px}svg .strong{font-weight:600}svg line{fill:none}";
  for (int i = 0; i < role_count; ++i) {
    const Role role = static_cast<Role>(i);
    out += fmt::format("svg text.{0},svg .fill.{0}{{fill:{1}}}svg .line.{0}{{stroke:{1}}}\n",
                       role_name(role), ink(role));
  }
  out += fmt::format(
      "svg .halo{{paint-order:stroke;stroke:{0};stroke-width:7px;stroke-linejoin:round}}"
      "svg .hot{{fill:{1};fill-opacity:0}}svg a:hover .hot,svg a:focus .hot{{fill-opacity:.04}}"
      "svg a.on .hot{{fill:{2};fill-opacity:.12}}svg a{{text-decoration:none;outline:none}}"
      "svg .band,svg .chip{{fill:url(#hatch)}}svg .band{{stroke:{3}}}"
      "svg .back{{fill:{0}}}svg .box{{fill:{0};stroke:{4};rx:3px}}svg .box.key{{stroke:{5}}}"
      "svg .call{{fill:{3}}}svg .edge{{fill:none;stroke:{4};stroke-opacity:.55}}"
      "svg .stripe{{stroke:{1};stroke-opacity:.16}}\n",
      ink(Role::panel), ink(Role::text), ink(Role::initiator), ink(Role::rule), ink(Role::muted),
      ink(Role::secret));
  return out;
}

std::string svg_frame(double width, double height, std::string_view title, std::string_view body,
                      std::optional<Theme> theme) {
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\"><title>{2}</title>\n",
      width, height, escaped(title));
  if (theme) out += fmt::format("<style>{}</style>\n", svg_rules(theme));
  out +=
      "<defs><pattern id=\"hatch\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><rect class=\"back\" width=\"7\" height=\"7\"/>"
      "<line class=\"stripe\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"7\" stroke-width=\"2\"/></pattern>"
      "</defs>\n";
  if (theme) out += "<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n";
  out += body;
  return out + "</svg>\n";
}

std::string svg_text(double x, double y, std::string_view anchor, std::string_view classes,
                     std::string_view text, double size, double length) {
  std::string more;
  if (size != 13) more += fmt::format(" style=\"font-size:{:.0f}px\"", size);
  if (length > 0)
    more += fmt::format(" textLength=\"{:.1f}\" lengthAdjust=\"spacingAndGlyphs\"", length);
  return fmt::format("<text class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>",
                     classes, x, y, anchor, more, escaped(text));
}

std::string svg_line(double x0, double y0, double x1, double y1, std::string_view role,
                     double thickness, bool dashed) {
  return fmt::format(
      "<line class=\"line {}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
      "stroke-width=\"{:.1f}\"{}/>",
      role, x0, y0, x1, y1, thickness, dashed ? " stroke-dasharray=\"5 4\"" : "");
}

std::string svg_head(double x0, double y0, double x1, double y1, std::string_view role) {
  const double length = std::hypot(x1 - x0, y1 - y0);
  if (length < 1) return "";
  const double dx = (x1 - x0) / length, dy = (y1 - y0) / length;
  const double bx = x1 - dx * 10, by = y1 - dy * 10;
  return fmt::format(
      "<polygon class=\"fill {}\" points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\"/>", role, x1,
      y1, bx - dy * 4.5, by + dx * 4.5, bx + dy * 4.5, by - dx * 4.5);
}

std::string svg_cross(double x, double y, double r) {
  return svg_line(x - r, y - r, x + r, y + r, "adversary", 2) +
         svg_line(x - r, y + r, x + r, y - r, "adversary", 2);
}

}  // namespace ikelab::view
