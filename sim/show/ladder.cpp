// `show messages`: the ladder. Initiator left, responder right, time down; lost messages end in a
// cross, ESP is folded.
#include <fmt/format.h>

#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

struct Lanes {
  std::size_t number = 4, time = 14, name = 4, arrow = 50, tail = 11;
  [[nodiscard]] std::size_t indent() const { return number + 2 + time + 2; }
};

Lanes measure(const Terminal& terminal, const Story& story) {
  Lanes lanes;
  for (const IkeMessage& m : story.messages)
    lanes.name = std::max({lanes.name, columns(m.from), columns(m.to)});
  const std::size_t fixed = lanes.indent() + 2 * lanes.name + 4 + lanes.tail;
  lanes.arrow = std::max<std::size_t>(terminal.width() > fixed ? terminal.width() - fixed : 0, 34);
  return lanes;
}

std::string repeat(std::string_view piece, std::size_t times) {
  std::string out;
  while (times-- > 0) out += piece;
  return out;
}

// "─── IKE_AUTH request ─────▶"; a retransmission is dashed; what was lost ends in a cross
// half way.
std::string arrow(const IkeMessage& m, std::size_t width) {
  const std::string_view dash = m.content->attempt > 0 ? "╌" : "─";
  const std::string label = " " + title(m) + " ";
  const bool lost = !m.arrived;
  const std::size_t length = lost ? std::max(columns(label) + 6, width * 2 / 3) : width;
  const std::size_t used = columns(label) + 4 + 1;
  const std::string body =
      repeat(dash, 3) + label + repeat(dash, length > used ? length - used + 1 : 1);
  const std::string blank(width > length ? width - length : 0, ' ');
  if (m.by_initiator) return body + (lost ? "╳" : "▶") + blank;
  return blank + (lost ? "╳" : "◀") + body;
}

Role role_of(const IkeMessage& m) {
  if (m.made_by_adversary) return Role::adversary;
  return m.by_initiator ? Role::initiator : Role::responder;
}

void print_one(Terminal& t, const Lanes& lanes, const IkeMessage& m) {
  const std::string& left = m.by_initiator ? m.from : m.to;
  const std::string& right = m.by_initiator ? m.to : m.from;
  const std::string travel =
      m.arrived && !m.only_seen() ? "  " + to_string(*m.arrived - m.sent) : "";
  t.line(fmt::format("{}  {}  {} │{}│ {}{}", padded_left(std::to_string(m.number), lanes.number),
                     t.paint(Role::muted, padded_left(at(m.sent), lanes.time)),
                     padded_left(left, lanes.name), t.paint(role_of(m), arrow(m, lanes.arrow)),
                     padded(right, lanes.name), t.paint(Role::muted, travel)));
  const auto under = [&](const std::string& text, Role role) {
    for (const std::string& part : wrapped(text, lanes.arrow - 4))
      t.line(fmt::format("{} │  {}│", std::string(lanes.indent() + lanes.name, ' '),
                         t.paint(role, padded(part, lanes.arrow - 2))));
  };
  if (const std::string inside = contents(m); !inside.empty()) under(inside, Role::text);
  if (!m.lost.empty() && !m.arrived) under("lost, " + m.lost, Role::warning);
  for (const Remark& remark : m.remarks)
    under(fmt::format("{} {}: {} {}", remark.node,
                      remark.diagnostic->severity == "error" ? "refuses" : "remarks",
                      remark.diagnostic->code, remark.diagnostic->message),
          Role::warning);
}

std::string esp_text(const EspFold& esp) {
  std::string text = "ESP:";
  std::string_view separator = " ";
  for (const EspFold::Direction& d : esp.directions) {
    text += fmt::format("{}{} {} ▶ {}", separator, count_of(std::max(d.sealed, d.opened), "packet"),
                        d.from, d.to.empty() ? "?" : d.to);
    const std::uint64_t known = d.opened + d.seen;
    if (d.seen > 0)
      text += d.seen == d.sealed ? " (seen)" : fmt::format(" ({} seen)", thousands(d.seen));
    if (d.sealed > known)
      text += fmt::format(" ({} lost, refused or still on the way)", thousands(d.sealed - known));
    separator = ", ";
  }
  for (const auto& [who, count] : esp.refused) {
    text += fmt::format("{}{} refused by {}", separator, count_of(count, "packet"), who);
    separator = ", ";
  }
  return text;
}

void print_row(Terminal& t, const Lanes& lanes, const Story& story, const Row& row,
               std::size_t times, bool first) {
  if (row.kind == Row::Kind::message) return print_one(t, lanes, story.messages[row.message]);
  const std::string time = t.paint(Role::muted, padded_left(at(row.time), lanes.time));
  if (row.kind == Row::Kind::chapter) {
    if (!first) t.line();
    t.line(fmt::format("{}  {}  {}", std::string(lanes.number, ' '), time,
                       t.paint(Role::heading, row.text)));
    return;
  }
  std::string text = row.kind == Row::Kind::esp ? esp_text(row.esp) : row.node + ": " + row.text;
  if (times > 1) text += fmt::format(" (× {})", times);
  const bool warns = row.warning || !row.esp.refused.empty();
  const Role role = row.adversary ? Role::adversary : warns ? Role::warning : Role::muted;
  const std::string sign = row.kind == Row::Kind::attack ? "!"
                           : row.kind == Row::Kind::esp  ? "═"
                                                         : "·";
  std::string left =
      fmt::format("{}  {}  {} ", std::string(lanes.number, ' '), time, t.paint(role, sign));
  for (const std::string& part : wrapped(text, t.width() - lanes.indent() - 2)) {
    t.line(left + t.paint(role, part));
    left.assign(lanes.indent() + 2, ' ');
  }
}

Json direction_json(const EspFold::Direction& d) {
  return {
      {"from", d.from}, {"to", d.to}, {"sealed", d.sealed}, {"opened", d.opened}, {"seen", d.seen}};
}

Json message_row_json(const IkeMessage& m) {
  Json out{{"type", "message"}, {"number", m.number}, {"time_ns", m.sent.ns}};
  if (m.arrived)
    out["arrived_ns"] = m.arrived->ns;
  else
    out["lost"] = m.lost;
  out.update(Json{{"from", m.from},
                  {"to", m.to},
                  {"src", m.content->src},
                  {"dst", m.content->dst},
                  {"exchange", m.content->exchange},
                  {"response", m.content->response},
                  {"message_id", m.content->message_id},
                  {"attempt", m.content->attempt},
                  {"fragment", m.content->fragment},
                  {"fragments", m.content->fragments},
                  {"encrypted", m.content->encrypted},
                  {"payloads", m.content->payloads},
                  {"size", m.content->bytes.size()},
                  {"by_initiator", m.by_initiator},
                  {"made_by_adversary", m.made_by_adversary},
                  {"in_words", in_words(m)}});
  Json remarks = Json::array();
  for (const Remark& r : m.remarks)
    remarks.push_back({{"node", r.node},
                       {"severity", r.diagnostic->severity},
                       {"code", r.diagnostic->code},
                       {"message", r.diagnostic->message},
                       {"rfc", r.diagnostic->rfc}});
  out["remarks"] = std::move(remarks);
  return out;
}

}  // namespace

void print_messages(Terminal& t, const Story& story) {
  if (story.rows.empty()) {
    t.paragraph(
        "Nothing was sent in this run. Messages appear here once a node has a connection to "
        "initiate: give a child `start: true`, "
        "or an event `initiate` in the scenario.");
    return;
  }
  const Lanes lanes = measure(t, story);
  t.paragraph(
      "Left: the side that began the IKE SA; right: its peer. Braces hold what is encrypted on the "
      "wire. The time beside a "
      "message is its travel time. `show message N` takes one apart.",
      0, Role::muted);
  t.line();
  const std::vector<Row>& rows = story.rows;
  for (std::size_t i = 0; i < rows.size();) {
    std::size_t end = i + 1;
    while (end < rows.size() && rows[end].repeats(rows[i])) ++end;
    print_row(t, lanes, story, rows[i], end - i, i == 0);
    i = end;
  }
}

Json messages_json(const Story& story) {
  Json rows = Json::array();
  for (const Row& row : story.rows) {
    if (row.kind == Row::Kind::message) {
      rows.push_back(message_row_json(story.messages[row.message]));
    } else if (row.kind == Row::Kind::esp) {
      Json directions = Json::array();
      for (const auto& d : row.esp.directions) directions.push_back(direction_json(d));
      rows.push_back({{"type", "esp"},
                      {"time_ns", row.time.ns},
                      {"directions", directions},
                      {"refused", row.esp.refused}});
    } else {
      const char* type = row.kind == Row::Kind::attack    ? "attack"
                         : row.kind == Row::Kind::chapter ? "chapter"
                                                          : "note";
      rows.push_back(
          {{"type", type}, {"time_ns", row.time.ns}, {"node", row.node}, {"text", row.text}});
    }
  }
  return {{"rows", rows}};
}

}  // namespace ikelab::show
