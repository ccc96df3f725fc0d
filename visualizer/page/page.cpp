#include "visualizer/page/page.hpp"

#include <fmt/format.h>

#include <fstream>

#include "protocol/crypto/digest.hpp"
#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/page/entry.hpp"
#include "visualizer/page/markup.hpp"
#include "visualizer/page/parts.hpp"
#include "visualizer/page/svg.hpp"

namespace ikelab::view {
namespace {

// Content Security Policy: nothing from outside, and no script but the one with this digest.
std::string policy(std::string_view script) {
  const auto digest = crypto::sha256();
  digest->update(as_bytes(script));
  return fmt::format(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
      "form-action 'none'; script-src 'sha256-{}'",
      base64(to_text(digest->finish())));
}

std::string status_words(const store::RunInfo& info) {
  if (info.status == store::RunStatus::failed) return "failed";
  return info.status == store::RunStatus::finished ? "finished" : "unfinished";
}

std::string header_html(const RunModel& run) {
  const store::RunInfo& info = run.info();
  return fmt::format(
      "<header><h1>{}</h1><p>seed {}, {}, {}</p><input id=\"find\" type=\"search\" hidden "
      "aria-label=\"Find\" placeholder=\"Find a message, event or word  (/)\">"
      "<span class=\"keys\" hidden><kbd>&larr;</kbd> <kbd>&rarr;</kbd> message &nbsp; "
      "<kbd>&uarr;</kbd> <kbd>&darr;</kbd> field &nbsp; <kbd>/</kbd> find &nbsp; <kbd>t</kbd> "
      "theme</span><button id=\"theme\" hidden>Light / dark</button></header>\n",
      escaped(info.scenario.empty() ? "a run" : info.scenario), info.seed, status_words(info),
      escaped(span_text({std::chrono::nanoseconds(run.end().ns)})));
}

std::string story_html(const RunModel& run, const Contents& contents) {
  std::string out = "<nav aria-label=\"Story\"><h2>Story</h2><ol>";
  for (const Chapter& c : run.story()) {
    out += fmt::format("<li><h3><time>{}</time>{}</h3><ul>", clock_text(c.begin), escaped(c.title));
    for (const StoryLine& line : c.lines) {
      static constexpr std::array<std::string_view, 5> tones = {"plain", "good", "bad", "attack",
                                                                "secret"};
      out += fmt::format("<li class=\"{}\">{}</li>", tones[static_cast<std::size_t>(line.tone)],
                         link_html(contents, line.selection, line.text));
    }
    out += "</ul></li>";
  }
  return out + "</ol></nav>\n";
}

std::string messages_html(const RunModel& run, const SvgOptions& options) {
  if (run.ladder().rows().empty() && run.filter().empty())
    return "<section id=\"messages\"><h2>Messages</h2><p class=\"muted\">No message was sent in "
           "this run.</p></section>";
  const std::string only = run.filter().empty()
                               ? ""
                               : fmt::format(" Only what fits <code>{}</code> is drawn here.",
                                             escaped(run.filter().text()));
  return fmt::format(
      "<section id=\"messages\"><h2>Messages</h2><p class=\"muted\">Who sent what to whom, and "
      "when. A click explains a message to the octet.{}</p><div class=\"ladder\"><div "
      "class=\"heads\">{}</div>{}</div></section>\n",
      only, ladder_heads_svg(run, options), ladder_svg(run, options));
}

}  // namespace

std::string page_html(const RunModel& run, const PageLimits& limits) {
  const Contents contents(run, limits);
  SvgOptions options;
  options.width = 440;  // beside story and inspector on a small screen
  options.href = [&contents](const Selection& s) {
    const std::string anchor = contents.anchor_of(s);
    return anchor.empty() ? anchor : "#" + anchor;
  };
  const std::string_view script = page_script();
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<meta name=\"generator\" content=\"ikelab\">\n<title>{}, seed {}: ikelab</title>\n"
      "<style>{}{}</style></head>\n<body>",
      policy(script), escaped(run.info().scenario), run.info().seed, page_style(), svg_rules({}));
  out += header_html(run) + story_html(run, contents) + "<main>\n";
  if (!run.info().about.empty())
    out += fmt::format("<p class=\"about\">{}</p>", escaped(run.info().about));
  if (!contents.left_out().empty())
    out += fmt::format(
        "<p class=\"muted\">This page holds the beginning of a large run. Left out: "
        "{}. All of it: <code>ikelab view</code>.</p>",
        contents.left_out());
  out += messages_html(run, options) + keys_html(run, contents, options) + sas_html(run, contents) +
         negotiation_html(run, contents) + adversary_html(run, contents) +
         events_html(run, contents) + about_html(run);
  out +=
      "</main>\n<aside aria-label=\"Inspector\"><p class=\"hint\">Select a message, a key, an SA "
      "or an event: it is explained here, every octet of it.</p>\n";
  for (const Entry& entry : contents.entries()) out += entry_html(run, contents, entry);
  out += fmt::format("</aside>\n<script>{}</script></body></html>\n", script);
  return out;
}

Result<void> write_text(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::path beside = file;
  beside += ".part";
  const auto fail = [&]() -> Result<void> {
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    return Error{.code = "E-VIEW-005",
                 .message = "the file cannot be written",
                 .offset = {},
                 .rfc = "",
                 .place = file.string(),
                 .hint = "is the folder there, is it yours, and has the disk room?"};
  };
  {
    std::ofstream out(beside, std::ios::binary);
    out << text;
    out.close();
    if (!out) return fail();
  }
  std::error_code failure;
  std::filesystem::rename(beside, file, failure);
  if (failure) return fail();
  return {};
}

}  // namespace ikelab::view
