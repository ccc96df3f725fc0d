// `show sas`: every security association of the run, from its installation to its removal.
#include <fmt/format.h>

#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

struct Sa {
  std::string node, ike_sa;
  Instant installed;
  const trace::SaInstalled* parameters = nullptr;
  std::optional<Instant> removed;
  std::string removed_reason;
  std::uint64_t packets = 0, refused = 0;
  std::vector<std::pair<Instant, const trace::SaMoved*>> moves;
};

Sa* find(std::vector<Sa>& sas, const std::string& node, std::string_view protocol,
         std::string_view direction, std::string_view spi) {
  for (auto sa = sas.rbegin(); sa != sas.rend(); ++sa)
    if (sa->node == node && sa->parameters->protocol == protocol &&
        sa->parameters->direction == direction && sa->parameters->spi == spi)
      return &*sa;
  return nullptr;
}

std::vector<Sa> collect(const Events& events) {
  std::vector<Sa> sas;
  for (const trace::Event& event : events) {
    if (const auto* installed = std::get_if<trace::SaInstalled>(&event.body)) {
      sas.push_back({event.node, event.sa, event.time, installed, std::nullopt, {}, 0, 0, {}});
    } else if (const auto* moved = std::get_if<trace::SaMoved>(&event.body)) {
      if (Sa* sa = find(sas, event.node, moved->protocol, moved->direction, moved->spi))
        sa->moves.emplace_back(event.time, moved);
    } else if (const auto* removed = std::get_if<trace::SaRemoved>(&event.body)) {
      if (Sa* sa = find(sas, event.node, removed->protocol, removed->direction, removed->spi))
        sa->removed = event.time, sa->removed_reason = removed->reason;
    } else if (const auto* sealed = std::get_if<trace::EspSealed>(&event.body)) {
      if (Sa* sa = find(sas, event.node, "ESP", "out", sealed->spi)) ++sa->packets;
    } else if (const auto* opened = std::get_if<trace::EspOpened>(&event.body)) {
      if (Sa* sa = find(sas, event.node, "ESP", "in", opened->spi)) ++sa->packets;
    } else if (const auto* rejected = std::get_if<trace::EspRejected>(&event.body)) {
      if (Sa* sa = find(sas, event.node, "ESP", "in", rejected->spi)) ++sa->refused;
    }
  }
  return sas;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string algorithms(const trace::SaInstalled& p) {
  std::string out = p.encryption;
  for (const std::string* more : {&p.integrity, &p.prf, &p.ke})
    if (!more->empty()) out += ", " + *more;
  return out;
}

void print_sa(Terminal& t, const Sa& sa) {
  const trace::SaInstalled& p = *sa.parameters;
  const bool esp = p.protocol == "ESP";
  const std::string what = esp ? fmt::format("ESP SA {} ({})", p.spi, p.direction)
                               : fmt::format("IKE SA {} / {}", p.spi, p.peer_spi);
  t.line(fmt::format("  {}  {}", t.paint(Role::heading, what),
                     t.paint(Role::muted, fmt::format("{}{}", sa.node,
                                                      sa.ike_sa.empty() ? "" : ", " + sa.ike_sa))));
  t.entry("name", p.name, 4, 12);
  t.entry("from, to", fmt::format("{} ▶ {}", p.src, p.dst), 4, 12);
  for (const auto& [time, move] : sa.moves)
    t.entry("moved", fmt::format("{}: {} ▶ {}, {}", at(time), move->src, move->dst, move->reason),
            4, 12);
  t.entry("algorithms", algorithms(p), 4, 12);
  if (esp) {
    t.entry("protects", fmt::format("{} ▶ {}", joined(p.ts_src), joined(p.ts_dst)), 4, 12);
    if (p.direction == "in")
      t.entry("anti-replay",
              p.replay_window == 0
                  ? "off: a copied packet is accepted again"
                  : fmt::format("window of {}", count_of(p.replay_window, "packet")),
              4, 12, p.replay_window == 0 ? Role::warning : Role::text);
    t.entry("used for",
            count_of(sa.packets, "packet") +
                (sa.refused ? fmt::format(", {} refused", thousands(sa.refused)) : ""),
            4, 12, sa.refused ? Role::warning : Role::text);
  }
  const std::string life =
      sa.removed ? fmt::format("{} to {}: {}", at(sa.installed), at(*sa.removed), sa.removed_reason)
                 : fmt::format("{} to the end of the run", at(sa.installed));
  t.entry("lived", fmt::format("{} ({})", life, p.reason.empty() ? "new" : p.reason), 4, 12);
}

/// Inner addresses that the node got, gave, or has back.
void print_addresses(Terminal& t, const Events& events, const std::string& node) {
  for (const trace::Event& event : events)
    if (const auto* c = std::get_if<trace::Configured>(&event.body); c && event.node == node)
      t.line(fmt::format("  {}  {} {}{}{}, {} {}", at(event.time), c->action, c->address,
                         c->pool.empty() ? "" : " of pool " + c->pool,
                         c->more.empty() ? "" : " (" + c->more + ")",
                         c->action == "given" ? "to" : "from", c->peer));
}

}  // namespace

void print_sas(Terminal& t, const Events& events) {
  const std::vector<Sa> sas = collect(events);
  if (sas.empty()) {
    t.paragraph(
        "No security association was installed in this run. They appear here once IKE_AUTH "
        "succeeds; `show messages` says how far it came.");
    return;
  }
  std::vector<std::string> nodes;
  for (const Sa& sa : sas)
    if (std::find(nodes.begin(), nodes.end(), sa.node) == nodes.end()) nodes.push_back(sa.node);
  for (const std::string& node : nodes) {
    t.heading(node);
    print_addresses(t, events, node);
    for (const Sa& sa : sas)
      if (sa.node == node) print_sa(t, sa);
  }
}

Json sas_json(const Events& events) {
  Json out = Json::array();
  for (const Sa& sa : collect(events)) {
    const trace::SaInstalled& p = *sa.parameters;
    Json one{{"node", sa.node},
             {"ike_sa", sa.ike_sa},
             {"protocol", p.protocol},
             {"direction", p.direction},
             {"spi", p.spi},
             {"peer_spi", p.peer_spi},
             {"name", p.name},
             {"src", p.src},
             {"dst", p.dst},
             {"encryption", p.encryption},
             {"integrity", p.integrity},
             {"prf", p.prf},
             {"ke", p.ke},
             {"ts_src", p.ts_src},
             {"ts_dst", p.ts_dst},
             {"replay_window", p.replay_window},
             {"reason", p.reason},
             {"installed_ns", sa.installed.ns}};
    for (const auto& [time, move] : sa.moves)
      one["moves"].push_back({{"time_ns", time.ns}, {"src", move->src}, {"dst", move->dst}});
    if (sa.removed) one["removed_ns"] = sa.removed->ns, one["removed_reason"] = sa.removed_reason;
    if (p.protocol == "ESP") one["packets"] = sa.packets, one["refused"] = sa.refused;
    out.push_back(std::move(one));
  }
  return {{"sas", out}};
}

}  // namespace ikelab::show
