#include "visualizer/models/address.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "visualizer/models/inspector.hpp"

namespace ikelab::view {
namespace {

Error not_an_address(std::string_view text) {
  return Error{
      .code = "E-VIEW-010",
      .message = fmt::format("\"{}\" names nothing that can be selected", text),
      .offset = {},
      .rfc = "",
      .place = "--select",
      .hint =
          "write message:3, message:3/field:Nonce Data, message:3/octets:28-44, key:SKEYSEED, "
          "key:SK_ei@gw-b, sa:SPI, packet:17 or event:120"};
}

Error not_in_run(std::string_view what, std::string hint) {
  return Error{.code = "E-VIEW-011",
               .message = fmt::format("there is no {} in this run", what),
               .offset = {},
               .rfc = "",
               .place = "--select",
               .hint = std::move(hint)};
}

template <class T>
bool read_number(std::string_view text, T& out) {
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failure == std::errc{} && end == text.data() + text.size();
}

Result<Selection> numbered(const RunModel& run, std::string_view kind, std::string_view text) {
  std::uint64_t n = 0;
  if (!read_number(text, n)) return not_an_address(fmt::format("{}:{}", kind, text));
  if (kind == "message" && run.traffic().message(n) != nullptr) return select_message(n);
  if (kind == "packet" && run.traffic().packet(n) != nullptr) return select_packet(n);
  if (kind == "event" && run.event(n) != nullptr) return select_event(n);
  return not_in_run(
      fmt::format("{} {}", kind, n),
      kind == "message" ? fmt::format("it has {} messages", run.traffic().messages().size()) : "");
}

Result<Selection> key_named(const RunModel& run, std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view name = text.substr(0, at);
  const std::string_view node = at == std::string_view::npos ? "" : text.substr(at + 1);
  for (const KeyGroup& g : run.derivations().groups())
    for (const EventPtr e : g.derived)
      if (std::get<trace::KeyDerived>(e->body).name == name && (node.empty() || g.node == node))
        return select_key(e->seq);
  return not_in_run(fmt::format("key {}", text), "names are those of `ikelab show keys`");
}

Result<Selection> sa_named(const RunModel& run, std::string_view text) {
  for (const SaRow& row : run.sas().rows())
    if (row.id == text || row.sa().spi == text) return select_sa(row.id);
  return not_in_run(fmt::format("SA {}", text), "SPIs are those of `ikelab show sas`");
}

// The part after the slash: octets of what is selected.
Result<Selection> narrowed(const RunModel& run, Selection s, std::string_view part,
                           std::string_view whole) {
  const std::size_t colon = part.find(':');
  const std::string_view kind = part.substr(0, colon);
  const std::string_view rest = colon == std::string_view::npos ? "" : part.substr(colon + 1);
  if (kind == "octets" || kind == "plain") {
    const std::size_t dash = rest.find('-');
    if (dash == std::string_view::npos || !read_number(rest.substr(0, dash), s.begin) ||
        !read_number(rest.substr(dash + 1), s.end))
      return not_an_address(whole);
    s.plain = kind == "plain";
    return s;
  }
  if (kind != "field") return not_an_address(whole);
  const Inspection inspection = inspect(run, s);
  for (const auto& block : inspection.blocks)
    if (const wire::Field* f = wire::find_field(block->root, rest)) {
      s.begin = f->begin;
      s.end = f->end;
      s.plain = block->plain;
      return s;
    }
  return not_in_run(fmt::format("field \"{}\"", rest),
                    "names are those of the inspector and of `ikelab show message N`");
}

}  // namespace

Result<Selection> parse_selection(const RunModel& run, std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view head = text.substr(0, slash);
  const std::size_t colon = head.find(':');
  if (colon == std::string_view::npos) return not_an_address(text);
  const std::string_view kind = head.substr(0, colon), name = head.substr(colon + 1);
  Result<Selection> found = not_an_address(text);
  if (kind == "message" || kind == "packet" || kind == "event")
    found = numbered(run, kind, name);
  else if (kind == "key")
    return key_named(run, text.substr(colon + 1));
  else if (kind == "sa")
    return sa_named(run, name);
  if (!found.ok() || slash == std::string_view::npos) return found;
  return narrowed(run, *found, text.substr(slash + 1), text);
}

Result<Instant> parse_time(const RunModel& run, std::string_view text) {
  if (text == "end") return run.end();
  if (text.starts_with("message:")) {
    IKELAB_TRY(const Selection s, parse_selection(run, text));
    return run.time_of(s).value_or(Instant{});
  }
  struct Unit {
    std::string_view name;
    double ns;
  };
  static constexpr std::array<Unit, 4> units = {{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  if (failure == std::errc{} && value >= 0)
    for (const Unit& u : units)
      if (unit == u.name) return Instant{std::llround(value * u.ns)};
  return Error{.code = "E-VIEW-012",
               .message = fmt::format("\"{}\" is no time in a run", text),
               .offset = {},
               .rfc = "",
               .place = "--at",
               .hint = "write 12.5ms, 2s, message:3 or end"};
}

}  // namespace ikelab::view
