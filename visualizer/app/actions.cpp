// What the shell does on request: copies, exports, and what it remembers of its looks.
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>

#include "visualizer/app/shell.hpp"
#include "visualizer/models/compare.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/page/page.hpp"
#include "visualizer/page/svg.hpp"

namespace ikelab::view {
namespace {

constexpr double notice_seconds = 6;

// A file's name from a scenario's: letters, digits, dot, dash; the seed behind it.
std::string file_name(const store::RunInfo& info, std::string_view ending) {
  std::string name = info.scenario.empty() ? "run" : info.scenario.substr(0, 100);
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
  return fmt::format("{}-{}{}", name, info.seed, ending);
}

bool read_float(std::string_view text, float& out) {
  const std::string whole(text);  // std::from_chars for floats is missing in some libraries
  char* end = nullptr;
  const float value = std::strtof(whole.c_str(), &end);
  if (end == whole.c_str() || !(value >= 0) || value > 10'000) return false;
  out = value;
  return true;
}

}  // namespace

void Shell::notice(std::string words, bool is_error) {
  notice_ = std::move(words);
  notice_is_error_ = is_error;
  notice_until_ = ImGui::GetTime() + notice_seconds;
}

void Shell::copy(CopyAs as) {
  const std::string text = copied(run, session, as);
  if (text.empty()) return notice("nothing is selected that could be copied");
  ImGui::SetClipboardText(text.c_str());
  notice(fmt::format("copied, {}", counted(text.size(), "character", "characters")));
}

void Shell::export_page() {
  const std::string file = file_name(run.info(), ".html");
  const Result<void> done = write_text(file, page_html(run));
  notice(done.ok() ? fmt::format("written: {}", std::filesystem::absolute(file).string())
                   : done.error().to_string(),
         !done.ok());
}

void Shell::export_ladder() {
  SvgOptions options;
  options.theme = kit_.theme;
  const std::string file = file_name(run.info(), "-ladder.svg");
  const Result<void> done = write_text(file, ladder_svg(run, options));
  notice(done.ok() ? fmt::format("written: {}", std::filesystem::absolute(file).string())
                   : done.error().to_string(),
         !done.ok());
}

void Shell::swap_compared() {
  if (run.comparison() == nullptr) return notice("no other run is laid beside this one");
  const std::shared_ptr<RunModel> other = run.comparison()->other();
  session.filter.clear();  // two runs are compared whole
  run.set_filter({});
  run.change_over(*other);
  run.set_experiments(other->experiments());
  run.set_grades(other->grades());
  other->set_comparison(nullptr);
  run.set_comparison(std::make_shared<const Comparison>(run, other));
  session.unfolded.clear();
  session.select(run, {}, false);
  session.to_end(run);
}

std::string Shell::place() const {
  const Selection& s = session.selection();
  static constexpr std::array<std::string_view, 6> kinds = {"none", "message", "packet",
                                                            "key",  "sa",      "event"};
  std::string out(kinds[static_cast<std::size_t>(s.kind)]);
  if (s.kind != Selection::Kind::none)
    out += s.kind == Selection::Kind::sa ? ":" + s.name : fmt::format(":{}", s.id);
  if (s.has_range()) out += fmt::format(" {}:{}-{}", s.plain ? "plain" : "octets", s.begin, s.end);
  return fmt::format("{} at {}", out, clock_text(session.now()));
}

std::string Shell::layout() const {
  return fmt::format("story={:.0f} inspector={:.0f} below={:.3f} motion={} theme={} scale={:.2f}",
                     story_width_, inspector_width_, below_share_, kit_.motion ? 1 : 0,
                     kit_.theme == Theme::dark ? 1 : 0, kit_.scale);
}

void Shell::set_layout(std::string_view line, bool with_look) {
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(line.size(), word.size() + 1));
    const std::size_t equals = word.find('=');
    float value = 0;
    if (equals == std::string_view::npos || !read_float(word.substr(equals + 1), value)) continue;
    const std::string_view name = word.substr(0, equals);
    if (name == "story") story_width_ = std::clamp(value, 160.0F, 800.0F);
    if (name == "inspector") inspector_width_ = std::clamp(value, 280.0F, 1200.0F);
    if (name == "below") below_share_ = std::clamp(value, 0.1F, 0.9F);
    if (name == "motion") kit_.motion = value > 0;
    if (name == "theme" && with_look) kit_.theme = value > 0 ? Theme::dark : Theme::light;
    if (name == "scale" && with_look) wanted_scale = std::clamp(value, 1.0F, 2.0F);
  }
}

}  // namespace ikelab::view
