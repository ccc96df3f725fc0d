// The command palette: panels, commands with their keys, and whatever in the run holds the words.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/app/shell.hpp"

namespace ikelab::view {

std::vector<Shell::PaletteRow> Shell::palette_rows() const {
  static constexpr std::array<Command, 25> commands = {{
      {"play or pause", "Space", [](Shell& s) { s.session.playing = !s.session.playing; }},
      {"next event", "Shift+Right", [](Shell& s) { s.session.step_event(s.run, 1); }},
      {"previous event", "Shift+Left", [](Shell& s) { s.session.step_event(s.run, -1); }},
      {"next packet", "Ctrl+Right", [](Shell& s) { s.session.step_packet(s.run, 1); }},
      {"previous packet", "Ctrl+Left", [](Shell& s) { s.session.step_packet(s.run, -1); }},
      {"go to the beginning", "Home", [](Shell& s) { s.session.rewind(); }},
      {"go to the end", "End", [](Shell& s) { s.session.to_end(s.run); }},
      {"bookmark this instant, or take it away", "B",
       [](Shell& s) { s.session.toggle_bookmark(); }},
      {"explain this step", "X", [](Shell& s) { s.session.explains = !s.session.explains; }},
      {"ladder: pauses cut", "A", [](Shell& s) { s.session.axis = Axis::pauses; }},
      {"ladder: even steps", "A", [](Shell& s) { s.session.axis = Axis::steps; }},
      {"ladder: true time", "A", [](Shell& s) { s.session.axis = Axis::time; }},
      {"ladder: show all of the time", "0", [](Shell& s) { s.session.ladder_span = 0; }},
      {"ladder: no filter", "", [](Shell& s) { s.session.filter.clear(); }},
      {"copy as text", "Ctrl+C", [](Shell& s) { s.copy(CopyAs::text); }},
      {"copy as hex", "", [](Shell& s) { s.copy(CopyAs::hex); }},
      {"copy as C array", "", [](Shell& s) { s.copy(CopyAs::c_array); }},
      {"export the run as a page of HTML", "Ctrl+E", [](Shell& s) { s.export_page(); }},
      {"export the ladder as SVG", "", [](Shell& s) { s.export_ladder(); }},
      {"compare: change over to the other run", "", [](Shell& s) { s.swap_compared(); }},
      {"back to the run that was open before", "", [](Shell& s) { s.back_to_run(); }},
      {"light theme", "", [](Shell& s) { s.kit_.theme = Theme::light; }},
      {"dark theme", "", [](Shell& s) { s.kit_.theme = Theme::dark; }},
      {"larger, for projectors", "",
       [](Shell& s) { s.wanted_scale = std::min(2.0F, s.kit_.scale + 0.25F); }},
      {"motion on or off", "", [](Shell& s) { s.kit_.motion = !s.kit_.motion; }},
  }};
  const std::string_view query = query_.data();
  std::vector<PaletteRow> rows;
  offer_filter(rows, false);
  if (!query.empty())  // what the run holds comes first: it is what most people look for
    for (Found& f : search(run, query, 10))
      rows.push_back({f.what, f.text, "", nullptr, nullptr, f.selection, "", ""});
  offer_filter(rows, true);
  int tab = 0;
  for (const Panel& p : panels()) {
    const bool tabbed = p.area == Area::centre || p.area == Area::below;
    tab += tabbed ? 1 : 0;
    if (p.area != Area::bottom && lower_contains(p.title, query))
      rows.push_back({"panel",
                      p.title,
                      tabbed && tab < 10 ? fmt::format("{}", tab) : "",
                      nullptr,
                      &p,
                      {},
                      "",
                      ""});
  }
  for (const Command& c : commands)
    if (lower_contains(c.words, query))
      rows.push_back({"command", c.words, c.key, &c, nullptr, {}, "", ""});
  return rows;
}

// What is typed as a filter of the ladder: with a relation it comes first, a field alone comes
// after what was found by words; and how it could go on.
void Shell::offer_filter(std::vector<PaletteRow>& rows, bool by_words) const {
  const std::string_view query = query_.data();
  const bool relates = query.find_first_of("=<>!") != std::string_view::npos;
  if (query.empty() || relates == by_words) return;
  const auto row = [&](const char* what, std::string text, std::string filter,
                       std::string completion) {
    rows.push_back({what,
                    std::move(text),
                    "",
                    nullptr,
                    nullptr,
                    {},
                    std::move(filter),
                    std::move(completion)});
  };
  const auto filter = filter::Filter::parse(query);
  if (filter.ok() && !filter->empty())
    row("filter", fmt::format("show only {}", query), std::string(query), "");
  constexpr std::size_t least = 3;  // letters: fewer begin too many other words
  if (query.size() >= least)
    for (std::string& more : filter::completions(query, 6)) row("go on", more, "", more);
  if (!filter.ok() && relates && rows.empty()) row("filter", filter.error().to_string(), "", "");
}

void Shell::run_row(const PaletteRow& row) {
  if (!row.filter.empty()) {
    session.filter = row.filter;
    show(*find_panel("ladder"));
  } else if (row.command != nullptr)
    row.command->act(*this);
  else if (row.panel != nullptr)
    show(*row.panel);
  else
    session.select(run, row.selection);
}

void Shell::accept() {
  const std::vector<PaletteRow> rows = palette_rows();
  if (!rows.empty()) {
    const PaletteRow& row = rows[std::min(rows.size() - 1, static_cast<std::size_t>(chosen_))];
    if (!row.completion.empty()) {  // the field stays open
      completion_ = row.completion;
      focus_search_ = true;
      chosen_ = 0;
      return;
    }
    run_row(row);
  }
  close_palette();
}

void Shell::close_palette() {
  ImGui::SetWindowFocus(nullptr);  // the field keeps a text of its own as long as it is active
  query_.fill(0);
  palette_open_ = searching_ = false;
  chosen_ = 0;
}

void Shell::palette(ImVec2 at, float width) {
  const std::vector<PaletteRow> rows = palette_rows();
  const float line = kit_.px(28), pad = kit_.px(8);
  const float room = ImGui::GetIO().DisplaySize.y - at.y - kit_.px(24);
  const auto shown = std::min(rows.size(), static_cast<std::size_t>((room - 2 * pad) / line));
  chosen_ = std::clamp(chosen_, 0, std::max(0, static_cast<int>(shown) - 1));
  const float height = static_cast<float>(std::max<std::size_t>(1, shown)) * line + 2 * pad;
  ImGui::SetNextWindowPos(at);
  ImGui::SetNextWindowSize({width, height});
  ImGui::Begin("results", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                   ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBackground |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 max = {at.x + width, at.y + height};
  list->AddRectFilled(at, max, kit_.ink(Role::panel), kit_.px(6));
  list->AddRect(at, max, kit_.ink(Role::rule), kit_.px(6));
  float y = at.y + pad;
  if (rows.empty())
    put(list, kit_.fonts.small, {at.x + kit_.px(16), y + kit_.px(6)}, kit_.ink(Role::muted),
        "Nothing in this run holds these words.", width - kit_.px(32));
  bool done = false;
  for (std::size_t i = 0; i < shown; ++i) {
    const PaletteRow& row = rows[i];
    const Hit h = hit(static_cast<int>(i), {at.x + pad, y}, {max.x - pad, y + line});
    const bool on = static_cast<int>(i) == chosen_;
    if (h.hovered || on)
      list->AddRectFilled({at.x + pad, y}, {max.x - pad, y + line},
                          on ? kit_.tint(Role::panel, Role::initiator, 0.12F)
                             : kit_.tint(Role::panel, Role::text, 0.06F),
                          kit_.px(4));
    const float text_y = y + kit_.px(6);
    put(list, kit_.fonts.small, {at.x + kit_.px(16), text_y}, kit_.ink(Role::muted), row.what);
    const float key = measure(kit_.fonts.small, row.key).x;
    put(list, kit_.fonts.small, {at.x + kit_.px(96), text_y}, kit_.ink(Role::text), row.text,
        width - kit_.px(120) - key);
    put_right(list, kit_.fonts.small, {max.x - kit_.px(16), text_y}, kit_.ink(Role::muted),
              row.key);
    if (h.clicked) {
      chosen_ = static_cast<int>(i);
      done = row.completion.empty();
      if (done) run_row(row);
      if (!done) accept();
    }
    y += line;
  }
  const bool elsewhere =
      ImGui::IsMouseClicked(0) && !ImGui::IsWindowHovered() && ImGui::GetIO().MousePos.y > at.y;
  ImGui::End();
  if (done || elsewhere) close_palette();
}

}  // namespace ikelab::view
