#include "visualizer/page/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/page/entry.hpp"
#include "visualizer/page/markup.hpp"

namespace ikelab::view {
namespace {

constexpr std::size_t most_graphs = 24;  // of each node's SAs, so that a fleet still makes a page

std::string open_section(std::string_view id, std::string_view title, std::string_view caption) {
  return fmt::format("<section id=\"{}\"><h2>{}</h2><p class=\"muted\">{}</p>", id, title,
                     escaped(caption));
}

// Groups of keys in the order of the ladder's lanes: the initiator's first.
std::vector<std::size_t> by_lane(const RunModel& run) {
  const auto& groups = run.derivations().groups();
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return run.ladder().lane_of(groups[a].node) < run.ladder().lane_of(groups[b].node);
  });
  return order;
}

std::string graph_html(const Derivations& d, std::size_t g, bool open, const SvgOptions& options) {
  const KeyGroup& group = d.groups()[g];
  const KeyGraph graph = group.child ? d.graph(group.parent, static_cast<int>(g)) : d.graph(g, -1);
  const std::string title = fmt::format("{}, {}", group.node, group.title);
  return fmt::format("<details{}><summary>{}</summary><div class=\"wide\">{}</div></details>\n",
                     open ? " open" : "", escaped(title), keys_svg(graph, title, options));
}

std::string verdicts_html(const trace::Negotiated& n) {
  std::string out;
  for (const trace::ProposalVerdict& v : n.verdicts)
    out += fmt::format("<tr><td class=\"{}\">{}</td><td class=\"mono\">{}</td><td>{}</td></tr>",
                       v.accepted ? "responder" : "adversary", v.accepted ? "taken" : "refused",
                       escaped(v.text), escaped(v.reason));
  return out;
}

}  // namespace

std::string keys_html(const RunModel& run, const Contents&, const SvgOptions& options) {
  const Derivations& d = run.derivations();
  if (d.groups().empty()) return "";
  std::string out = open_section(
      "keys", "Keys",
      "How each key came from nonces and Diffie-Hellman values. A click says what a key is for.");
  const std::vector<std::size_t> order = by_lane(run);
  const std::size_t shown = std::min(order.size(), most_graphs);
  const bool has_child = order.size() > 1 && d.groups()[order[1]].child;
  for (std::size_t i = 0; i < shown; ++i)  // the first IKE SA with its child stands open
    out += graph_html(d, order[i], i == (has_child ? 1U : 0U), options);
  if (shown < order.size())
    out += fmt::format("<p class=\"muted\">{} more are in the run.</p>",
                       thousands(order.size() - shown));
  return out + "</section>\n";
}

std::string sas_html(const RunModel& run, const Contents& contents) {
  if (run.sas().rows().empty()) return "";
  std::string out =
      open_section("sas", "Security associations", "Every SA of the run, and when it lived.") +
      "<div class=\"wide\"><table class=\"list\"><thead><tr><th>node</th><th>SA</th><th>SPI</th>"
      "<th>algorithms</th><th>traffic</th><th>installed</th><th>removed</th>"
      "<th class=\"n\">packets</th></tr></thead><tbody>";
  for (const SaRow& row : run.sas().rows()) {
    const trace::SaInstalled& s = row.sa();
    if (contents.anchor_of(select_sa(row.id)).empty()) continue;
    const std::string kind =
        s.protocol == "IKE" ? "IKE" : fmt::format("{} {}", s.protocol, s.direction);
    const std::string traffic = s.protocol == "IKE"
                                    ? ""
                                    : fmt::format("{} \xE2\x86\x92 {}", fmt::join(s.ts_src, ", "),
                                                  fmt::join(s.ts_dst, ", "));
    out += fmt::format(
        "<tr><td class=\"{}\">{}</td><td>{}</td><td class=\"mono\">{}</td><td>{}</td>"
        "<td class=\"mono\">{}</td><td class=\"mono\">{}</td><td>{}</td><td class=\"n\">{}</td>"
        "</tr>\n",
        role_name(run.role_of(row.node)), escaped(row.node),
        link_html(contents, select_sa(row.id), kind), escaped(s.spi), escaped(row.algorithms()),
        escaped(traffic), clock_text(row.installed->time),
        row.removed == nullptr
            ? ""
            : escaped(fmt::format("{}  {}", clock_text(row.removed->time),
                                  std::get<trace::SaRemoved>(row.removed->body).reason)),
        thousands(row.packets.size()));
  }
  return out + "</tbody></table></div></section>\n";
}

std::string negotiation_html(const RunModel& run, const Contents& contents) {
  if (run.negotiations().empty()) return "";
  std::string out = open_section("negotiation", "Negotiation",
                                 "What was offered, what was taken, and why the rest was not.");
  std::size_t shown = 0;
  for (const EventPtr e : run.negotiations()) {
    if (++shown > 200) break;
    const auto& n = std::get<trace::Negotiated>(e->body);
    out += fmt::format(
        "<h3>{} <small>{} as {}, {}</small></h3><table class=\"list\"><tbody>{}"
        "</tbody></table>\n",
        link_html(contents, select_event(e->seq), event_sentence(*e)), escaped(n.protocol),
        escaped(n.role), clock_text(e->time), verdicts_html(n));
  }
  return out + "</section>\n";
}

std::string adversary_html(const RunModel& run, const Contents& contents) {
  const AdversaryLog& log = run.adversary();
  if (log.lines().empty() && log.knowledge().empty() && log.alerts().empty()) return "";
  std::string out = open_section("attack", "Adversary",
                                 "What was done to the traffic, what came of it, what "
                                 "the adversary knows, and what the monitors saw.");
  if (!log.lines().empty()) {
    out +=
        "<table class=\"list\"><thead><tr><th>when</th><th>who</th><th>did</th><th>why</th>"
        "<th>outcome</th><th class=\"n\">times</th></tr></thead><tbody>";
    for (const AttackLine& l : log.lines())
      out += fmt::format(
          "<tr><td class=\"mono\">{}</td><td class=\"adversary\">{}</td><td>{}</td>"
          "<td>{}</td><td class=\"{}\">{}</td><td class=\"n\">{}</td></tr>\n",
          clock_text(l.first->time), escaped(l.node),
          link_html(contents, select_event(l.first->seq), l.action), escaped(l.note),
          l.succeeded ? "adversary"
          : l.refused ? "responder"
                      : "muted",
          escaped(l.outcome), thousands(l.count));
    out += "</tbody></table>";
  }
  const auto list = [&](std::string_view title, const std::vector<EventPtr>& events) {
    if (events.empty()) return;
    out += fmt::format("<h3>{}</h3><ul class=\"lines\">", title);
    for (const EventPtr e : events)
      out += fmt::format("<li><time>{}</time> {}</li>", clock_text(e->time),
                         link_html(contents, select_event(e->seq), event_sentence(*e)));
    out += "</ul>";
  };
  list("Who it is", log.about());
  list("What it knows", log.knowledge());
  list("Alerts of the monitors", log.alerts());
  return out + "</section>\n";
}

std::string events_html(const RunModel& run, const Contents& contents) {
  std::string out = open_section("events", "Everything that happened",
                                 "In order. Packets, messages and keys have their own places.") +
                    "<details><summary>Show the list</summary><table class=\"list "
                    "events\"><tbody>";
  for (const EventPtr p : run.listed()) {
    const trace::Event& e = *p;
    if (std::holds_alternative<trace::KeyDerived>(e.body)) continue;
    const Selection s = select_event(e.seq);
    if (contents.anchor_of(s).empty()) continue;
    out += fmt::format("<tr><td class=\"mono\">{}</td><td>{}</td></tr>\n", clock_text(e.time),
                       link_html(contents, s, event_sentence(e)));
  }
  return out + "</tbody></table></details></section>\n";
}

std::string about_html(const RunModel& run) {
  const store::RunInfo& info = run.info();
  std::string out = open_section("about", "About this run", info.versions);
  if (!info.fingerprint.empty())
    out += fmt::format("<p class=\"mono\">fingerprint {}</p>", escaped(info.fingerprint));
  if (!info.config.empty())
    out += fmt::format("<details><summary>The scenario, as run</summary><pre>{}</pre></details>",
                       escaped(info.config));
  return out + "</section>\n";
}

}  // namespace ikelab::view
