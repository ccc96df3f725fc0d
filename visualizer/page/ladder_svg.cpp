#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/page/markup.hpp"
#include "visualizer/page/svg.hpp"
#include "visualizer/page/svg_frame.hpp"

namespace ikelab::view {
namespace {

constexpr double gutter = 88, head = 52, edge = 24, side = 40, size = 13;

class LadderDrawing {
 public:
  LadderDrawing(const RunModel& run, const SvgOptions& options, double top)
      : run_(run), options_(options), top_(top) {
    const double lanes = static_cast<double>(run.ladder().lanes().size());
    pitch_ = lanes > 1 ? std::max(190.0, options.width / (lanes - 1)) : options.width / 2;
    width_ = gutter + side + pitch_ * std::max(1.0, lanes - 1) + side;
  }
  [[nodiscard]] double width() const { return width_; }
  [[nodiscard]] double x(int lane) const { return gutter + side + pitch_ * lane; }
  [[nodiscard]] double y(double model) const { return top_ + model + 8; }

  std::string heads() const {
    std::string out;
    const auto& lanes = run_.ladder().lanes();
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      const Lane& l = lanes[i];
      const Role role = run_.role_of(l.node);
      out += svg_text(x(static_cast<int>(i)), 20, "middle",
                      fmt::format("strong {}", role_name(role == Role::muted ? Role::text : role)),
                      fitted(l.node, pitch_ - 16, 15, true), 15);
      out += svg_text(
          x(static_cast<int>(i)), 38, "middle", "muted",
          fitted(l.part.empty() || l.role == "adversary" ? l.role : l.part, pitch_ - 16, size));
    }
    return out;
  }

  std::string lanes(double height) const {
    std::string out;
    for (std::size_t i = 0; i < run_.ladder().lanes().size(); ++i)
      out += svg_line(x(static_cast<int>(i)), top_, x(static_cast<int>(i)), height, "rule", 1);
    return out;
  }

  std::string row(const LadderRow& r) const {
    std::string out;
    out += svg_text(8, y(r.y) + 4, "start", "mono muted", clock_text(r.time));
    switch (r.kind) {
      case LadderRow::Kind::mark:
        out += svg_line(gutter, y(r.y), width_ - edge, y(r.y), "rule", 1);
        out += svg_text((gutter + width_ - edge) / 2, y(r.y) + 4, "middle", "halo text",
                        fitted(r.title, width_ - gutter - 96, size));
        break;
      case LadderRow::Kind::esp:
        out += esp(r);
        break;
      case LadderRow::Kind::refusal:
        out += refusal(r);
        break;
      case LadderRow::Kind::message:
      case LadderRow::Kind::attack:
        for (const Leg& leg : r.legs) out += arrow(r, leg);
        out += label(r);
        if (r.kind == LadderRow::Kind::message && !r.note.empty())
          out += svg_text((x(0) + x(last())) / 2, y(r.y_end) + 15, "middle", "halo adversary",
                          fitted(r.note, x(last()) - x(0) + 32, size));
        break;
    }
    const std::string to = options_.href ? options_.href(r.selection) : "";
    const std::string inside = fmt::format("<title>{}</title>{}{}", escaped(hover(r)), hot(r), out);
    return to.empty() ? fmt::format("<g>{}</g>\n", inside)
                      : fmt::format("<a href=\"{}\">{}</a>\n", escaped(to), inside);
  }

 private:
  [[nodiscard]] int last() const { return static_cast<int>(run_.ladder().lanes().size()) - 1; }
  [[nodiscard]] std::string hover(const LadderRow& r) const {
    if (r.kind == LadderRow::Kind::message)
      return fmt::format("{}. {}", r.number, what_it_does(*run_.traffic().message(r.number)));
    return r.note.empty() ? r.title : fmt::format("{}: {}", r.title, r.note);
  }
  // An area for the mouse; the page lights it when the row is the one selected.
  [[nodiscard]] std::string hot(const LadderRow& r) const {
    const double above =
        r.kind == LadderRow::Kind::message || r.kind == LadderRow::Kind::attack ? 24 : 14;
    const double note = r.note.empty() ? 0 : 14;
    return fmt::format(
        "<rect class=\"hot\" x=\"0\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.1f}\" rx=\"6\"/>",
        y(r.y) - above, width_, std::min(200.0, r.y_end - r.y) + above + 8 + note);
  }
  [[nodiscard]] std::string_view colour(const LadderRow& r, const Leg& leg) const {
    if (leg.changed || r.kind == LadderRow::Kind::attack) return role_name(Role::adversary);
    const int from = leg.from;
    if (from < 0 || from > last()) return role_name(Role::muted);
    return role_name(run_.role_of(run_.ladder().lanes()[static_cast<std::size_t>(from)].node));
  }
  [[nodiscard]] std::string arrow(const LadderRow& r, const Leg& leg) const {
    if (leg.from < 0 || leg.to < 0 || leg.from == leg.to) return "";
    const double x0 = x(leg.from), y0 = y(leg.y_sent);
    const double x1 = x0 + (x(leg.to) - x0) * leg.fraction;
    const double y1 = y0 + (y(leg.y_landed) - y0) * leg.fraction;
    const std::string_view role = colour(r, leg);
    std::string out = svg_line(x0, y0, x1, y1, role, r.repeats != 0 ? 1.2 : 1.6, r.repeats != 0);
    out += fmt::format("<circle class=\"fill {}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\"/>", role, x0,
                       y0);
    if (leg.lost) return out + svg_cross(x1, y1, 6);
    if (leg.fraction >= 1) out += svg_head(x0, y0, x1, y1, role);
    if (leg.changed)
      out += fmt::format("<path class=\"fill {}\" d=\"M{:.1f} {:.1f}l6 6l-6 6l-6 -6z\"/>", role, x0,
                         y0 - 6);
    return out;
  }
  [[nodiscard]] std::string label(const LadderRow& r) const {
    double left = 1e9, right = -1e9;
    for (const Leg& leg : r.legs) {
      left = std::min({left, x(leg.from), x(leg.to)});
      right = std::max({right, x(leg.from), x(leg.to)});
    }
    if (right - left < pitch_ / 2) {  // no arrow, or one that stays on its lane
      left = x(0);
      right = x(last());
    }
    const double room = right - left - 24, at = y(r.y) - 8;
    std::string title = r.repeats != 0 ? r.title + ", again" : r.title;
    if (r.packets > 1) title += fmt::format(" \xC3\x97 {}", thousands(r.packets));
    if (r.number != 0) title = fmt::format("{}  {}", r.number, title);
    title = fitted(title, room, size, true);
    const double title_width = text_width(title, size, true);
    const bool message = r.kind == LadderRow::Kind::message;
    std::string inside = message ? contents_of(r) : r.note;
    const double inside_room = room - title_width - 20;
    inside = inside_room > 24 ? fitted(inside, inside_room, size) : "";
    const double inside_width = inside.empty() ? 0 : text_width(inside, size) + 8;
    const double from = (left + right - title_width - inside_width) / 2;
    std::string out =
        svg_text(from, at, "start", message ? "halo strong text" : "halo strong adversary", title);
    if (inside.empty()) return out;
    if (r.encrypted && message)
      out += fmt::format(
          "<rect class=\"chip\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\" "
          "rx=\"4\"/>",
          from + title_width + 4, at - 13.5, inside_width + 6);
    return out + svg_text(from + title_width + 11, at, "start",
                          r.encrypted && message ? "muted" : "halo muted", inside, size,
                          inside_width - 8);
  }
  [[nodiscard]] std::string esp(const LadderRow& r) const {
    const Leg& leg = r.legs.front();
    const double x0 = std::min(x(leg.from), x(leg.to)), x1 = std::max(x(leg.from), x(leg.to));
    const double y0 = y(r.y), height = std::max(28.0, leg.y_landed - r.y);
    const std::uint64_t forth = r.packets - r.backwards;
    const bool rightwards = leg.from < leg.to;
    const std::string text = fmt::format(
        "ESP  {}, {}   {} \xE2\x86\x92   \xE2\x86\x90 {}", counted(r.packets, "packet", "packets"),
        octets_text(r.octets), thousands(rightwards ? forth : r.backwards),
        thousands(rightwards ? r.backwards : forth));
    return fmt::format(
               "<rect class=\"band\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
               "height=\"{:.1f}\"/>",
               x0, y0, x1 - x0, height) +
           svg_text((x0 + x1) / 2, y0 + 18.5, "middle", "halo strong text",
                    fitted(text, x1 - x0 - 24, size, true));
  }
  [[nodiscard]] std::string refusal(const LadderRow& r) const {
    const int lane = r.legs.empty() ? 0 : r.legs.front().from;
    std::string text = r.title;
    if (r.packets > 1) text += fmt::format(" \xC3\x97 {}", thousands(r.packets));
    text += ": " + r.note;
    const bool left_half = lane * 2 <= last();
    const double room = left_half ? width_ - edge - x(lane) : x(lane) - gutter;
    return svg_cross(x(lane), y(r.y), 5) + svg_text(x(lane) + (left_half ? 12 : -12), y(r.y) + 4,
                                                    left_half ? "start" : "end", "halo adversary",
                                                    fitted(text, room - 24, size));
  }

  const RunModel& run_;
  const SvgOptions& options_;
  double top_, pitch_ = 0, width_ = 0;
};

}  // namespace

std::string ladder_heads_svg(const RunModel& run, const SvgOptions& options) {
  const LadderDrawing d(run, options, 0);
  return svg_frame(d.width(), head - 4, "The nodes", d.heads(), options.theme);
}

std::string ladder_svg(const RunModel& run, const SvgOptions& options) {
  const bool alone = options.theme.has_value();
  const LadderDrawing d(run, options, alone ? head : 0);
  const auto& rows = run.ladder().rows();
  const std::size_t shown = std::min(rows.size(), most_ladder_rows);
  double height = d.y(24);
  std::string body;
  for (const bool folds : {true, false})  // folds lie below the arrows that cross them
    for (std::size_t i = 0; i < shown; ++i)
      if ((rows[i].kind == LadderRow::Kind::esp) == folds) body += d.row(rows[i]);
  for (std::size_t i = 0; i < shown; ++i) {
    height = std::max(height, d.y(rows[i].y_end) + 40);
  }
  if (shown < rows.size()) {
    body += svg_text(d.width() / 2, height, "middle", "muted",
                     fmt::format("{} more rows are in the run", thousands(rows.size() - shown)));
    height += 32;
  }
  std::string content = alone ? d.heads() : "";
  content += d.lanes(height - 16) + body;
  return svg_frame(d.width(), height, "Messages between the nodes, in order of time", content,
                   options.theme);
}

}  // namespace ikelab::view
