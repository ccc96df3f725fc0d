// Security associations, with their state at the run's time.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/sa_detail.hpp"
#include "visualizer/panels/table.hpp"

namespace ikelab::view {
namespace {

Cell state_cell(const SaRow& row, Instant t) {
  const std::string text = row.state_text(t);
  switch (row.state_at(t)) {
    case SaState::future:
      return {text, Role::muted};
    case SaState::removed:
      return {"\xC3\x97 " + text, Role::adversary};
    case SaState::active:
      break;
  }
  const bool up = text == "active" || text == "established" || text == "ESTABLISHED";
  return {(up ? "\xE2\x97\x8F " : "\xE2\x97\x90 ") + text, up ? Role::responder : Role::warning};
}

std::string what(const SaRow& row) {
  if (row.sa().protocol == "IKE") return "IKE SA";
  return fmt::format("ESP {}", row.sa().direction == "in" ? "in \xE2\x86\x90" : "out \xE2\x86\x92");
}

// How long it has been in force, or was.
std::string age(const SaRow& row, Instant t) {
  if (row.state_at(t) == SaState::future) return "";
  const Instant end = row.state_at(t) == SaState::removed ? row.removed->time : t;
  return span_text(end - row.installed->time);
}

std::vector<Column> columns() {
  return {{"node", 48, 0.3F},       {"SA", 56, 0.2F},
          {"SPI", 70, 0.7F, true},  {"protects", 84, 1.2F},
          {"algorithms", 70, 2.0F}, {"state", 92, 0.3F},
          {"age", 48, 0.2F},        {"packets", 52, 0.1F, true, true}};
}

std::string selectors(const trace::SaInstalled& s) {
  if (s.protocol == "IKE") return s.name;
  return fmt::format("{} \xE2\x86\x92 {}", fmt::join(s.ts_src, ", "), fmt::join(s.ts_dst, ", "));
}

}  // namespace

std::string sas_caption(const View& v) {
  if (v.run.sas().rows().empty()) return "Which keys are in force, for which traffic";
  const std::size_t active = v.run.sas().active_at(v.session.now());
  return fmt::format("{} in force at {}, of {} in the whole run",
                     active == 0 ? "None" : thousands(active), clock_text(v.session.now()),
                     thousands(v.run.sas().rows().size()));
}

void draw_sas(const View& whole) {
  View v = whole;
  const SaRow* chosen = v.session.selection().kind == Selection::Kind::sa
                            ? v.run.sas().find(v.session.selection().name)
                            : nullptr;
  if (chosen != nullptr && v.height() > v.kit.px(sa_detail_height) + v.kit.px(58)) {
    View detail = v;
    detail.min.y = v.max.y - v.kit.px(sa_detail_height);
    draw_sa_detail(detail, *chosen);
    v.max.y = detail.min.y - v.kit.px(8);
  }
  if (v.run.sas().rows().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No security associations",
                "Each IKE SA and each direction of a tunnel becomes a row here once its keys are "
                "installed.");
    return;
  }
  const float head = v.kit.px(Table::head_height), step = v.kit.px(Table::row_height);
  View inner = begin_scroll(v, "sas", {v.min.x - v.kit.px(8), v.min.y + head}, v.max);
  const Table table(inner, columns());
  if (chosen != nullptr && v.session.reveal) {
    const auto& order = v.run.sa_order();
    const auto at = std::find_if(order.begin(), order.end(),
                                 [&](std::size_t i) { return &v.run.sas().rows()[i] == chosen; });
    const float place = static_cast<float>(at - order.begin()) * step;
    const float shown = ImGui::GetWindowHeight();
    if (place < ImGui::GetScrollY() || place + step > ImGui::GetScrollY() + shown)
      ImGui::SetScrollY(std::max(0.0F, place - shown / 2));
  }
  float y = inner.min.y;
  int id = 0;
  const Instant now = v.session.now();
  for (const std::size_t index : v.run.sa_order()) {
    const SaRow& row = v.run.sas().rows()[index];
    if (!table.is_visible(y)) {
      y += step;
      ++id;
      continue;
    }
    const Selection s = select_sa(row.id);
    const bool ike = row.sa().protocol == "IKE";
    std::string count = ike ? "" : thousands(row.packets_at(now));
    const std::string spi = ike ? row.sa().spi.substr(0, 8) + "\xE2\x80\xA6" : row.sa().spi;
    const Hit h = table.row(id++, y,
                            {{row.node, v.role_of(row.node)},
                             what(row),
                             spi,
                             selectors(row.sa()),
                             row.algorithms(),
                             state_cell(row, now),
                             {age(row, now), Role::muted},
                             count},
                            v.session.is_selected(s), row.state_at(now) == SaState::future);
    if (h.clicked) v.session.select(v.run, s, false);
    y += step;
  }
  const float content = y - inner.min.y;
  end_scroll(v, content);
  View top = v;
  top.min.x -= v.kit.px(8);
  top.max.x = inner.max.x;
  Table(top, columns()).head(v.min.y);
}

}  // namespace ikelab::view
