#include "visualizer/page/entry.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/text.hpp"
#include "visualizer/page/markup.hpp"

namespace ikelab::view {
namespace {

constexpr std::size_t octets_a_row = 16;

std::string facts_html(const Contents& contents, const std::vector<Fact>& facts) {
  std::string out = "<dl>";
  for (const Fact& f : facts)
    out += fmt::format("<dt>{}</dt><dd{}>{}</dd>", escaped(f.label),
                       f.mono ? " class=\"mono\"" : "", link_html(contents, f.link, f.value));
  return out + "</dl>";
}

// Octets that look alike: of the same leaf, payload and coverage, and on one row.
struct Run {
  std::size_t begin, end;
  const wire::Field* leaf;
};

std::vector<Run> runs_of(const OctetBlock& block, const std::vector<const wire::Field*>& leaves,
                         std::size_t begin, std::size_t end) {
  std::vector<Run> out;
  for (std::size_t i = begin; i < end; ++i) {
    const auto leaf =
        std::upper_bound(leaves.begin(), leaves.end(), i,
                         [](std::size_t at, const wire::Field* f) { return at < f->end; });
    const wire::Field* field = leaf == leaves.end() ? nullptr : *leaf;
    const bool goes_on = !out.empty() && out.back().leaf == field &&
                         block.payload_of[i] == block.payload_of[i - 1] &&
                         block.is_covered(i) == block.is_covered(i - 1);
    if (goes_on)
      out.back().end = i + 1;
    else
      out.push_back({i, i + 1, field});
  }
  return out;
}

std::string ascii_of(ByteView bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) out += b >= 0x20 && b < 0x7F ? static_cast<char>(b) : '.';
  return out;
}

std::string octet_row(const OctetBlock& block, const std::vector<const wire::Field*>& leaves,
                      std::size_t begin) {
  const std::size_t end = std::min(block.bytes.size(), begin + octets_a_row);
  std::string hex, text;
  for (const Run& r : runs_of(block, leaves, begin, end)) {
    const std::size_t b = r.leaf == nullptr ? r.begin : r.leaf->begin,
                      e = r.leaf == nullptr ? r.end : r.leaf->end;
    std::string digits;
    for (std::size_t i = r.begin; i < r.end; ++i) {
      if (i > r.begin && (i - begin) % 4 == 0) digits += ' ';
      digits += to_hex(ByteView(block.bytes).subspan(i, 1));
    }
    if (r.begin > begin && (r.begin - begin) % 4 == 0) hex += ' ';
    const std::string_view cover = !block.outline && block.covered.empty() ? ""
                                   : block.is_covered(r.begin)             ? " cov"
                                                                           : " unc";
    hex += fmt::format("<i class=\"h{}{}\" data-b={} data-e={}>{}</i>",
                       block.payload_of[r.begin] % payload_hue_count, cover, b, e, digits);
    text += fmt::format("<i data-b={} data-e={}>{}</i>", b, e,
                        escaped(ascii_of(ByteView(block.bytes).subspan(r.begin, r.end - r.begin))));
  }
  const std::size_t short_by = octets_a_row - (end - begin);
  hex += std::string(short_by * 2 + short_by / 4, ' ');
  return fmt::format("<b>{:04x}</b> {}  {}\n", begin, hex, text);
}

std::string field_row(const OctetBlock& block, const FieldLine& line) {
  const wire::Field& f = *line.field;
  const bool top = line.depth == 0 && !block.payloads.empty();
  return fmt::format(
      "<tr tabindex=0 data-b={} data-e={}{} class=\"h{}{}\"><td style=\"--d:{}\">{}</td>"
      "<td class=\"mono\">{}</td><td>{}{}</td></tr>\n",
      f.begin, f.end, f.bits ? " data-bits" : "", line.payload % payload_hue_count,
      top ? " top" : "", line.depth, escaped(f.name), escaped(f.value), escaped(f.meaning),
      f.rfc.empty() ? "" : fmt::format(" <small>{}</small>", escaped(f.rfc)));
}

std::string block_html(const OctetBlock& block) {
  std::string out = fmt::format(
      "<div class=\"block\"><h4{}>{} <small>{}</small><span class=\"copy\" hidden>"
      "<button data-as=\"hex\">copy hex</button><button data-as=\"c\">copy as C</button></span>"
      "</h4>",
      block.encrypted ? " class=\"hatched\"" : "", escaped(block.title),
      counted(block.bytes.size(), "octet", "octets"));
  if (!block.coverage.empty())
    out += fmt::format("<p class=\"coverage{}\">{}</p>", block.outline ? " open" : "",
                       escaped(block.coverage));
  for (const Remark& r : block.remarks)
    out += fmt::format("<p class=\"remark {}\">{}: {} <small>octets {} to {}. {}</small></p>",
                       r.error ? "adversary" : "warning", r.error ? "Refused" : "Accepted",
                       escaped(r.text), r.begin, r.end, escaped(r.rfc));
  const std::vector<const wire::Field*> leaves = wire::leaves(block.root);
  out += "<pre class=\"octets\">";
  for (std::size_t i = 0; i < block.bytes.size(); i += octets_a_row)
    out += octet_row(block, leaves, i);
  out += "</pre><table class=\"fields\"><tbody>";
  for (const FieldLine& line : block.lines) out += field_row(block, line);
  return out + "</tbody></table></div>";
}

}  // namespace

std::string link_html(const Contents& contents, const Selection& to, std::string_view text,
                      std::string_view classes) {
  const std::string anchor = contents.anchor_of(to);
  const std::string with = classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
  if (anchor.empty())
    return with.empty() ? escaped(text) : fmt::format("<span{}>{}</span>", with, escaped(text));
  return fmt::format("<a href=\"#{}\"{}>{}</a>", anchor, with, escaped(text));
}

std::string entry_html(const RunModel& run, const Contents& contents, const Entry& entry) {
  const Inspection in = inspect(run, entry.selection);
  std::string out = fmt::format(
      "<section class=\"entry\" id=\"{}\" tabindex=-1><p class=\"kind\">{}</p>"
      "<h3>{}</h3>",
      entry.anchor, escaped(in.title), escaped(sentence(in.sentence)));
  if (!in.explanation.empty() || !in.rfc.empty())
    out += fmt::format("<p>{} <small>{}</small></p>", escaped(in.explanation), escaped(in.rfc));
  out += facts_html(contents, in.facts);
  for (const auto& block : in.blocks) out += block_html(*block);
  return out + "</section>\n";
}

}  // namespace ikelab::view
