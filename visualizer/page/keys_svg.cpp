#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/text.hpp"
#include "visualizer/page/markup.hpp"
#include "visualizer/page/svg.hpp"
#include "visualizer/page/svg_frame.hpp"

namespace ikelab::view {
namespace {

constexpr double box_width = 156, call_width = 60, box_height = 44, call_height = 26, gap = 28,
                 pitch = 56, edge = 24;

struct Places {
  const KeyGraph& graph;
  std::vector<double> x, width;
  explicit Places(const KeyGraph& g) : graph(g) {
    double at = edge;
    for (int c = 0; c < g.columns; ++c) {
      double w = call_width;
      for (const GraphNode& n : g.nodes)
        if (n.column == c && n.what != GraphNode::What::function) w = box_width;
      x.push_back(at);
      width.push_back(w);
      at += w + gap;
    }
  }
  [[nodiscard]] double right() const { return x.empty() ? edge : x.back() + width.back() + edge; }
  [[nodiscard]] double left_of(const GraphNode& n) const {
    return x[static_cast<std::size_t>(n.column)];
  }
  [[nodiscard]] double wide(const GraphNode& n) const {
    return width[static_cast<std::size_t>(n.column)];
  }
  [[nodiscard]] double middle(const GraphNode& n) const {
    return edge + (n.row - graph.top + 0.5) * pitch;
  }
};

std::string edge_path(const Places& p, const GraphEdge& e) {
  const GraphNode &a = p.graph.nodes[e.from], &b = p.graph.nodes[e.to];
  const double x0 = p.left_of(a) + p.wide(a), y0 = p.middle(a), x1 = p.left_of(b), y1 = p.middle(b);
  const double bend = std::max(16.0, (x1 - x0) * 0.4);
  return fmt::format(
      "<path class=\"edge\" d=\"M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} "
      "{:.1f}\"/>\n",
      x0, y0, x0 + bend, y0, x1 - bend, y1, x1, y1);
}

std::string call_box(const Places& p, const GraphNode& n) {
  const double x = p.left_of(n), y = p.middle(n);
  return fmt::format(
      "<g><title>{}</title><rect class=\"call\" x=\"{:.1f}\" y=\"{:.1f}\" "
      "width=\"{:.1f}\" height=\"{:.0f}\" rx=\"13\"/>{}</g>\n",
      escaped(n.detail), x, y - call_height / 2, p.wide(n), call_height,
      svg_text(x + p.wide(n) / 2, y + 4, "middle", "mono text", n.name));
}

std::string value_box(const Places& p, const GraphNode& n, const SvgOptions& options) {
  const double x = p.left_of(n), y = p.middle(n) - box_height / 2, room = p.wide(n) - 16;
  const bool input = n.what == GraphNode::What::input;
  std::string out = fmt::format(
      "<title>{}</title><rect class=\"box {}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
      "height=\"{:.0f}\"/>",
      escaped(fmt::format("{}: {}", n.name, n.detail)), input ? "" : "key", x, y, p.wide(n),
      box_height);
  out += svg_text(x + 8, y + 17, "start", "strong text", fitted(n.name, room, 13, true));
  out += svg_text(x + 8, y + 35, "start", input ? "mono muted" : "mono secret",
                  n.value.empty() ? "not disclosed" : short_hex(n.value), 13, 0);
  const std::string to =
      options.href && n.event != nullptr ? options.href(select_key(n.event->seq)) : "";
  return to.empty() ? fmt::format("<g>{}</g>\n", out)
                    : fmt::format(
                          "<a href=\"{}\">{}<rect class=\"hot\" x=\"{:.1f}\" y=\"{:.1f}\" "
                          "width=\"{:.1f}\" height=\"{:.0f}\"/></a>\n",
                          escaped(to), out, x, y, p.wide(n), box_height);
}

}  // namespace

std::string keys_svg(const KeyGraph& graph, const std::string& title, const SvgOptions& options) {
  const Places p(graph);
  std::string body;
  for (const GraphEdge& e : graph.edges) body += edge_path(p, e);
  for (const GraphNode& n : graph.nodes)
    body += n.what == GraphNode::What::function ? call_box(p, n) : value_box(p, n, options);
  const double height = 2 * edge + (graph.bottom - graph.top + 1) * pitch;
  return svg_frame(p.right(), height, title, body, options.theme);
}

}  // namespace ikelab::view
