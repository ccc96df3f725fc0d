// A measure of an experiment against a parameter: medians with quantile bands over the runs of each
// point, or all settings as a heat map. Axes begin at zero; curves carry their own labels.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

constexpr std::size_t most_curves = 7;  // as many as the hues tell apart

struct Choice {
  std::string experiment, measure;
};

Choice choose(const View& v) {
  const Experiments& all = v.run.experiments();
  Choice c{v.session.experiment, v.session.measure};
  const auto names = all.names();
  if (std::find(names.begin(), names.end(), c.experiment) == names.end())
    c.experiment = names.empty() ? "" : names.front();
  const auto measures = all.measures(c.experiment);
  if (std::find(measures.begin(), measures.end(), c.measure) == measures.end())
    c.measure = measures.empty() ? "" : measures.front();
  return c;
}

std::string value_text(double value, const std::string& unit) {
  if (unit == "ns") return span_text(Duration(static_cast<std::int64_t>(value)));
  const bool counts = unit.empty() || unit == "1";
  return fmt::format("{:.4g}{}{}", value, counts ? "" : " ", counts ? "" : unit);
}

// Rows of quiet buttons; returns the height they took.
float draw_chips(const View& v, const Choice& choice, const Chart& chart) {
  float x = v.min.x - v.kit.px(8), y = v.min.y;
  int id = 0;
  const auto button = [&](const std::string& text, bool on) {
    const float width = measure(v.kit.fonts.small, text).x + v.kit.px(20);
    if (x + width > v.max.x) {
      x = v.min.x - v.kit.px(8);
      y += v.kit.px(30);
    }
    const bool hit = text_button(v.kit, fmt::format("chip {}", id++).c_str(), {x, y}, text, on);
    x += width;
    return hit;
  };
  const auto names = v.run.experiments().names();
  if (names.size() > 1)
    for (const std::string& name : names)
      if (button(name, name == choice.experiment)) v.session.experiment = name;
  for (const std::string& name : v.run.experiments().measures(choice.experiment))
    if (button(name, name == choice.measure)) v.session.measure = name;
  if (chart.curves.size() > 1) {
    x += v.kit.px(16);
    if (button("Heat map", v.session.heat_map)) v.session.heat_map = !v.session.heat_map;
  }
  return y + v.kit.px(40) - v.min.y;
}

std::string cell_words(const Chart& chart, const ChartCell& cell) {
  return fmt::format(
      "median {}, half of the runs {} to {}, all {} to {}; {}",
      value_text(cell.quantile(0.5), chart.unit), value_text(cell.quantile(0.25), chart.unit),
      value_text(cell.quantile(0.75), chart.unit), value_text(cell.values.front(), chart.unit),
      value_text(cell.values.back(), chart.unit),
      counted(cell.values.size(), "run", "runs, each with its own seed"));
}

// Places of a chart on the screen: x by rank, y from zero.
struct Axes {
  const View& v;
  const Chart& chart;
  float left, right, top, bottom;
  double whole;
  [[nodiscard]] float x(const std::string& value) const {
    const auto at = std::find(chart.xs.begin(), chart.xs.end(), value) - chart.xs.begin();
    const auto steps = static_cast<float>(std::max<std::size_t>(1, chart.xs.size()));
    return std::round(left + (right - left) * (static_cast<float>(at) + 0.5F) / steps);
  }
  [[nodiscard]] float y(double value) const {
    return bottom - (bottom - top) * static_cast<float>(value / whole);
  }
};

// The first of 1, 2, 5 times a power of ten that gives at most five lines.
double tick_step(double whole) {
  double step = std::pow(10, std::floor(std::log10(whole)) - 1);
  for (int i = 0; whole / step > 5; ++i) step *= i % 3 == 1 ? 2.5 : 2.0;
  return step;
}

void draw_axes(const Axes& a) {
  const Kit& kit = a.v.kit;
  const double step = tick_step(a.whole);
  for (double t = 0; t <= a.whole * 1.0001; t += step) {
    const float y = std::round(a.y(t));
    a.v.list()->AddLine({a.left, y}, {a.right, y}, kit.ink(Role::rule));
    put_right(a.v.list(), kit.fonts.small, {a.left - kit.px(8), y - kit.px(8)},
              kit.ink(Role::muted), t == 0 ? "0" : value_text(t, a.chart.unit));
  }
  for (const std::string& x : a.chart.xs)
    put_centred(a.v.list(), kit.fonts.small, {a.x(x), a.bottom + kit.px(12)}, kit.ink(Role::muted),
                x);
  put_centred(a.v.list(), kit.fonts.small, {(a.left + a.right) / 2, a.bottom + kit.px(30)},
              kit.ink(Role::text), a.chart.x_name);
}

void draw_band(const Axes& a, const Curve& curve, double low, double high, ImU32 ink) {
  for (std::size_t i = 0; i + 1 < curve.cells.size(); ++i) {
    const ChartCell &p = curve.cells[i], &q = curve.cells[i + 1];
    a.v.list()->AddQuadFilled({a.x(p.x), a.y(p.quantile(low))}, {a.x(q.x), a.y(q.quantile(low))},
                              {a.x(q.x), a.y(q.quantile(high))}, {a.x(p.x), a.y(p.quantile(high))},
                              ink);
  }
}

void draw_curve(const Axes& a, const Curve& curve, int hue) {
  const Kit& kit = a.v.kit;
  const Rgb colour = payload_hue(kit.theme, hue);
  draw_band(a, curve, 0.05, 0.95, kit.rgb(colour, 0.12F));
  draw_band(a, curve, 0.25, 0.75, kit.rgb(colour, 0.20F));
  for (std::size_t i = 0; i < curve.cells.size(); ++i) {
    const ChartCell& c = curve.cells[i];
    const ImVec2 at = {a.x(c.x), a.y(c.quantile(0.5))};
    if (i > 0)
      a.v.list()->AddLine({a.x(curve.cells[i - 1].x), a.y(curve.cells[i - 1].quantile(0.5))}, at,
                          kit.rgb(colour), kit.px(2));
    for (const double value : c.values)  // the distribution: every run is a dot
      a.v.list()->AddCircleFilled({at.x, a.y(value)}, kit.px(2), kit.rgb(colour, 0.5F), 10);
    a.v.list()->AddCircleFilled(at, kit.px(4), kit.rgb(colour), 16);
    const float r = kit.px(10);
    ImGui::PushID(hue);
    if (hit(static_cast<int>(i), {at.x - r, at.y - r}, {at.x + r, at.y + r}).hovered)
      tip(kit,
          fmt::format("{} {}{}{}", a.chart.x_name, c.x, curve.label.empty() ? "" : ", ",
                      curve.label),
          cell_words(a.chart, c));
    ImGui::PopID();
  }
}

// Labels at the curves' right ends, moved apart where they would cover each other.
void draw_labels(const Axes& a, std::size_t count) {
  std::vector<std::pair<float, std::size_t>> ends;
  float right = 0;
  for (std::size_t i = 0; i < count; ++i)
    if (const auto& cells = a.chart.curves[i].cells; !cells.empty()) {
      ends.emplace_back(a.y(cells.back().quantile(0.5)), i);
      right = std::max(right, a.x(cells.back().x));
    }
  std::sort(ends.begin(), ends.end());
  float last = -1e9F;
  for (const auto& [y, i] : ends) {
    const float at = std::max(y - a.v.kit.px(8), last + a.v.kit.px(17));
    last = at;
    const float width = measure(a.v.kit.fonts.small, a.chart.curves[i].label).x;
    a.v.list()->AddRectFilled({right + a.v.kit.px(8), at},
                              {right + a.v.kit.px(16) + width, at + a.v.kit.px(16)},
                              a.v.kit.ink(Role::panel));
    put(a.v.list(), a.v.kit.fonts.small, {right + a.v.kit.px(12), at},
        a.v.kit.rgb(payload_hue(a.v.kit.theme, static_cast<int>(i) + 1)), a.chart.curves[i].label,
        a.v.max.x - right - a.v.kit.px(12));
  }
}

void draw_heat(const View& v, const Chart& chart) {
  const Kit& kit = v.kit;
  float names = kit.px(60);
  for (const Curve& c : chart.curves)
    names = std::max(names, measure(kit.fonts.small, c.label).x + kit.px(16));
  const float width = (v.width() - names) / static_cast<float>(chart.xs.size());
  const float height =
      std::min(kit.px(44), (v.height() - kit.px(48)) / static_cast<float>(chart.curves.size()));
  int id = 0;
  for (std::size_t r = 0; r < chart.curves.size(); ++r) {
    const float y = v.min.y + static_cast<float>(r) * height;
    put(v.list(), kit.fonts.small, {v.min.x, y + height / 2 - kit.px(8)}, kit.ink(Role::muted),
        chart.curves[r].label);
    for (const ChartCell& c : chart.curves[r].cells) {
      const auto column = std::find(chart.xs.begin(), chart.xs.end(), c.x) - chart.xs.begin();
      const ImVec2 min = {v.min.x + names + static_cast<float>(column) * width, y};
      const ImVec2 max = {min.x + width - kit.px(2), y + height - kit.px(2)};
      const double share = chart.top > 0 ? c.quantile(0.5) / chart.top : 0;
      v.list()->AddRectFilled(
          min, max,
          kit.tint(Role::panel, Role::initiator, 0.04F + 0.5F * static_cast<float>(share)),
          kit.px(3));
      put_centred(v.list(), kit.fonts.small, {(min.x + max.x) / 2, (min.y + max.y) / 2},
                  kit.ink(Role::text), value_text(c.quantile(0.5), chart.unit), width - kit.px(8));
      if (hit(id++, min, max).hovered)
        tip(kit, fmt::format("{} {}, {}", chart.x_name, c.x, chart.curves[r].label),
            cell_words(chart, c));
    }
  }
  const float below = v.min.y + static_cast<float>(chart.curves.size()) * height;
  for (std::size_t i = 0; i < chart.xs.size(); ++i)
    put_centred(v.list(), kit.fonts.small,
                {v.min.x + names + (static_cast<float>(i) + 0.5F) * width, below + kit.px(12)},
                kit.ink(Role::muted), chart.xs[i]);
  put_centred(v.list(), kit.fonts.small,
              {v.min.x + names + (v.width() - names) / 2, below + kit.px(32)}, kit.ink(Role::text),
              chart.x_name);
}

}  // namespace

std::string experiments_caption(const View& v) {
  if (v.run.experiments().empty()) return "What many runs measured, with their spread";
  const Choice choice = choose(v);
  const Chart chart = v.run.experiments().chart(choice.experiment, choice.measure);
  const std::string each = chart.fewest == chart.most
                               ? thousands(chart.most)
                               : fmt::format("{} to {}", chart.fewest, chart.most);
  return fmt::format("{}: {} against {}; {}, {} a point; bands hold 50 and 90 % of them",
                     choice.experiment, chart.measure, chart.x_name,
                     counted(chart.runs, "run", "runs"), each);
}

void draw_experiments(const View& v) {
  if (v.run.experiments().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No experiment in this database",
                "An experiment runs a scenario with many settings and seeds, for example \"ikelab "
                "sweep rekey-latency-small\". Its points become curves here.");
    return;
  }
  const Choice choice = choose(v);
  const Chart chart = v.run.experiments().chart(choice.experiment, choice.measure);
  View inner = v;
  inner.min.y += draw_chips(v, choice, chart);
  if (chart.curves.empty() || inner.height() < v.kit.px(60)) return;
  if (v.session.heat_map && chart.curves.size() > 1) return draw_heat(inner, chart);
  const std::size_t shown = std::min(chart.curves.size(), most_curves);
  float label = 0;
  for (std::size_t i = 0; i < shown; ++i)
    label = std::max(label, measure(v.kit.fonts.small, chart.curves[i].label).x);
  label = std::min(label, inner.width() / 3);
  const Axes axes{inner,
                  chart,
                  inner.min.x + v.kit.px(72),
                  inner.max.x - label - v.kit.px(16),
                  inner.min.y + v.kit.px(8),
                  inner.max.y - v.kit.px(44),
                  chart.top > 0 ? chart.top * 1.05 : 1};
  draw_axes(axes);
  for (std::size_t i = 0; i < shown; ++i)
    draw_curve(axes, chart.curves[i], static_cast<int>(i) + 1);
  draw_labels(axes, shown);
  if (shown < chart.curves.size())
    put(v.list(), v.kit.fonts.small, {axes.left, v.max.y - v.kit.px(14)}, v.kit.ink(Role::muted),
        fmt::format("{} of {} settings are drawn; the heat map has all", shown,
                    chart.curves.size()));
}

}  // namespace ikelab::view
