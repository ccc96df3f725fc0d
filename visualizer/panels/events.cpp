// Everything that happened, one line an event, whatever its kind; and what the monitors said of it.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/panels/table.hpp"

namespace ikelab::view {
namespace {

std::vector<Column> event_columns() {
  return {{"time", 92, 0, true}, {"node", 72, 0.1F}, {"kind", 108, 0}, {"what happened", 160, 1}};
}

std::vector<Column> alert_columns() {
  return {
      {"time", 92, 0, true}, {"monitor", 120, 0.2F}, {"severity", 72, 0}, {"what it saw", 160, 1}};
}

std::string kind_words(const trace::Event& e) {
  std::string kind(trace::kind_of(e.body));
  std::replace(kind.begin(), kind.end(), '_', ' ');
  return kind;
}

Role role_of_severity(const std::string& severity) {
  if (severity == "error" || severity == "critical" || severity == "high") return Role::adversary;
  return severity == "info" || severity == "low" ? Role::muted : Role::warning;
}

// A table of events: only rows that are seen are put into words.
template <class Cells>
void draw_table(const View& v, const char* id, const std::vector<EventPtr>& events,
                std::vector<Column> columns, Cells cells) {
  const float head = v.kit.px(Table::head_height), step = v.kit.px(Table::row_height);
  View inner = begin_scroll(v, id, {v.min.x - v.kit.px(8), v.min.y + head}, v.max);
  const Table table(inner, columns);
  const float height = ImGui::GetWindowHeight();
  const Selection& chosen = v.session.selection();
  const bool of_event =
      chosen.kind == Selection::Kind::event || chosen.kind == Selection::Kind::key;
  if (v.session.reveal && of_event) {
    const auto at = std::lower_bound(events.begin(), events.end(), chosen.id,
                                     [](EventPtr e, std::uint64_t seq) { return e->seq < seq; });
    const float y = static_cast<float>(at - events.begin()) * step;
    if (y < ImGui::GetScrollY() || y + step > ImGui::GetScrollY() + height)
      ImGui::SetScrollY(std::max(0.0F, y - height / 2));
  }
  const auto first = static_cast<std::size_t>(ImGui::GetScrollY() / step);
  const std::size_t shown = static_cast<std::size_t>(height / step) + 2;
  for (std::size_t i = first; i < std::min(events.size(), first + shown); ++i) {
    const trace::Event& e = *events[i];
    const Hit h = table.row(static_cast<int>(i), inner.min.y + static_cast<float>(i) * step,
                            cells(e), of_event && chosen.id == e.seq, e.time > v.session.now());
    v.link(h, std::holds_alternative<trace::KeyDerived>(e.body) ? select_key(e.seq)
                                                                : select_event(e.seq));
  }
  end_scroll(v, static_cast<float>(events.size()) * step);
  View top = v;
  top.min.x -= v.kit.px(8);
  top.max.x = inner.max.x;
  Table(top, std::move(columns)).head(v.min.y);
}

}  // namespace

std::string events_caption(const View& v) {
  if (v.run.listed().empty()) return "Everything that happened, in order";
  return fmt::format("{} of {}: packets and their octets have their own places",
                     counted(v.run.listed().size(), "event", "events"),
                     thousands(v.run.event_count()));
}

void draw_events(const View& v) {
  if (v.run.listed().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "Nothing happened yet",
                "Each decision, key, state change and timer of the run becomes a line here.");
    return;
  }
  draw_table(v, "events", v.run.listed(), event_columns(), [&v](const trace::Event& e) {
    return std::vector<Cell>{{clock_text(e.time), Role::muted},
                             {e.node, v.role_of(e.node)},
                             {kind_words(e), Role::muted},
                             event_sentence(e)};
  });
}

std::string monitors_caption(const View& v) {
  const auto& alerts = v.run.adversary().alerts();
  if (alerts.empty()) return "What detectors and invariants noticed";
  const auto past = std::count_if(alerts.begin(), alerts.end(),
                                  [&v](EventPtr e) { return e->time <= v.session.now(); });
  return fmt::format("{} up to {}, of {}",
                     counted(static_cast<std::uint64_t>(past), "alert", "alerts"),
                     clock_text(v.session.now()), thousands(alerts.size()));
}

void draw_monitors(const View& v) {
  if (v.run.adversary().alerts().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No alerts",
                "Monitors watch the wire or check that what must hold holds. A scenario names them "
                "under monitors:; what they see becomes a line here and a flag on the time line.");
    return;
  }
  draw_table(v, "alerts", v.run.adversary().alerts(), alert_columns(), [](const trace::Event& e) {
    const auto& a = std::get<trace::Alert>(e.body);
    return std::vector<Cell>{{clock_text(e.time), Role::muted},
                             a.monitor,
                             {a.severity, role_of_severity(a.severity)},
                             a.text};
  });
}

}  // namespace ikelab::view
