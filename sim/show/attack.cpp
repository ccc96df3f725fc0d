// `show attack`: what an adversary did, what came of it at the other end, and what it knows now.
#include <fmt/format.h>

#include "protocol/wire/dissect.hpp"
#include "sim/show/views.hpp"

namespace ikelab::show {
namespace {

constexpr std::size_t most_deeds = 80;  // more than anybody reads; --json has all

struct Outcome {
  bool accepted = false;
  std::string text;
};

// What the nodes made of each datagram. A verdict on the content outweighs its mere arrival.
using Outcomes = std::map<std::uint64_t, Outcome>;

/// What a node does at the moment in which something arrives there comes of that.
class Arrivals {
 public:
  void note(const trace::Event& event) {
    if (const auto* packet = std::get_if<trace::PacketOnLink>(&event.body);
        packet && packet->id && packet->lost.empty())
      came(packet->id, packet->to, {packet->arrives_ns});
    if (const auto* got = std::get_if<trace::DatagramReceived>(&event.body))
      came(got->id, event.node, event.time);
  }
  /// The datagram that the event's node got at the event's time; 0: none.
  [[nodiscard]] std::uint64_t behind(const trace::Event& event) const {
    const auto at = at_.find({event.node, event.time.ns});
    return at == at_.end() ? 0 : at->second;
  }
  /// Where each datagram came to at last.
  [[nodiscard]] const std::map<std::uint64_t, std::string>& ends() const { return ends_; }

 private:
  void came(std::uint64_t id, const std::string& node, Instant when) {
    at_[{node, when.ns}] = id;
    ends_[id] = node;
  }
  std::map<std::pair<std::string, std::int64_t>, std::uint64_t> at_;
  std::map<std::uint64_t, std::string> ends_;
};

/// What a node did without a word about the message that made it do so.
std::optional<Outcome> deed_without_words(const trace::Event& event) {
  const auto says = [&](const std::string& what) {
    return Outcome{true, event.node + " acts on it: " + what};
  };
  if (const auto* m = std::get_if<trace::Message>(&event.body);
      m && m->direction == "sent" && m->response && event.sa.empty())
    return Outcome{false, fmt::format("{} answered {}, and kept nothing of it", event.node,
                                      m->payloads)};
  if (const auto* s = std::get_if<trace::StateChanged>(&event.body))
    return says(fmt::format("its {} SA goes from {} to {}", s->what, s->from, s->to));
  if (const auto* r = std::get_if<trace::SaRemoved>(&event.body))
    return says(fmt::format("an {} SA ends: {}", r->protocol, r->reason));
  if (const auto* m = std::get_if<trace::Metric>(&event.body); m && m->name == "path_mtu")
    return says(fmt::format("its path takes {} {}", m->value, m->unit));
  return std::nullopt;
}

Outcomes outcomes_of(const Events& events) {
  Outcomes out;
  Arrivals arrivals;
  for (const trace::Event& event : events) {
    arrivals.note(event);
    if (const auto* o = std::get_if<trace::EspOpened>(&event.body))
      out.emplace(o->datagram,
                  Outcome{true, fmt::format("{} accepted it: {}", event.node, o->summary)});
    if (const auto* r = std::get_if<trace::EspRejected>(&event.body))
      out.emplace(r->datagram, Outcome{false, fmt::format("{} refused it: {} {}", event.node,
                                                          r->code, r->reason)});
    if (const auto* d = std::get_if<trace::Diagnostic>(&event.body);
        d && d->severity == "error" && d->datagram)
      out.insert_or_assign(
          d->datagram,
          Outcome{false, fmt::format("{} refused it: {} {}", event.node, d->code, d->message)});
    if (const auto* x = std::get_if<trace::DatagramDropped>(&event.body))
      out.emplace(x->id, Outcome{false, fmt::format("dropped at {}: {}", x->where, x->reason)});
    if (const auto* m = std::get_if<trace::Message>(&event.body); m && m->direction == "received")
      out.emplace(m->datagram,
                  Outcome{true, fmt::format("{} processed it as {} {}", event.node, m->exchange,
                                            m->response ? "response" : "request")});
    if (const std::uint64_t id = arrivals.behind(event))
      if (auto outcome = deed_without_words(event)) out.emplace(id, std::move(*outcome));
  }
  for (const auto& [id, node] : arrivals.ends())
    out.emplace(id, Outcome{false, node + " got it, and nothing came of it"});
  return out;
}

// "message 3", "ESP packet 17 of SA cafe0002"
std::map<std::uint64_t, std::string> names_of(const Events& events, const Story& story) {
  std::map<std::uint64_t, std::string> out;
  for (const IkeMessage& m : story.messages)
    out.emplace(m.content->datagram, fmt::format("message {}", m.number));
  for (const trace::Event& event : events)
    if (const auto* s = std::get_if<trace::EspSealed>(&event.body))
      out.emplace(s->datagram, fmt::format("ESP packet {} of SA {}", s->sequence, s->spi));
  return out;
}

struct Change {
  std::size_t begin = 0, end = 0;
  std::string field;
};

// Ranges of octets that differ, each with the field of the original it lies in.
std::vector<Change> changes(const trace::AttackAction& a, bool ike) {
  std::vector<Change> out;
  if (a.before.size() != a.after.size()) return out;
  const wire::Field root = ike ? wire::dissect(a.before).root : wire::dissect_esp(a.before).root;
  for (std::size_t i = 0; i < a.before.size(); ++i) {
    if (a.before[i] == a.after[i]) continue;
    const auto path = path_to(root, i);
    const std::string field = path.empty() ? ""
                              : path.size() > 2
                                  ? path[path.size() - 2]->name + " / " + path.back()->name
                                  : path.back()->name;
    if (!out.empty() && out.back().end == i && out.back().field == field)
      out.back().end = i + 1;
    else
      out.push_back({i, i + 1, field});
  }
  return out;
}

std::string_view past(std::string_view action) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"observe", "saw"},   {"pass", "let pass"},   {"drop", "dropped"},
      {"delay", "delayed"}, {"modify", "changed"},  {"replay", "sent again"},
      {"inject", "sent"},   {"compute", "computed"}};
  for (const auto& [word, text] : words)
    if (word == action) return text;
  return action;
}

std::string object(const trace::AttackAction& a,
                   const std::map<std::uint64_t, std::string>& names) {
  const auto name = names.find(a.datagram);
  if (name != names.end()) return name->second;
  return a.datagram != 0 ? fmt::format("datagram {}", a.datagram) : "a packet of its own";
}

// Actions of one kind and note in a row are told as one.
struct Deed {
  std::string node;
  Instant first;
  std::uint64_t count = 0;
  const trace::AttackAction* action = nullptr;
  std::map<std::string, std::uint64_t> outcomes;
  bool any_accepted = false;
};

/// The same deed once more. Of a long computation ("dictionary: 200 of 4000") the latest word
/// counts.
bool continues(const Deed& deed, const std::string& node, const trace::AttackAction& a) {
  if (deed.node != node || deed.action->action != a.action || a.action == "modify") return false;
  if (a.action != "compute") return deed.action->note == a.note;
  const auto what = [](const std::string& note) { return note.substr(0, note.find(": ")); };
  return what(deed.action->note) == what(a.note);
}

// Watching is told once, wherever it went on; acts are told in order, and as one only when they
// follow each other.
Deed& deed_of(std::vector<Deed>& deeds, const trace::Event& event, const trace::AttackAction& a) {
  const bool watches = a.action == "observe" || a.action == "pass";
  for (auto deed = deeds.rbegin(); deed != deeds.rend(); ++deed) {
    if (continues(*deed, event.node, a)) {
      if (a.action == "compute") deed->action = &a;
      return *deed;
    }
    if (!watches) break;
  }
  return deeds.emplace_back(Deed{event.node, event.time, 0, &a, {}, false});
}

std::vector<Deed> deeds_of(const Events& events) {
  const Outcomes all = outcomes_of(events);
  std::vector<Deed> deeds;
  for (const trace::Event& event : events) {
    const auto* a = std::get_if<trace::AttackAction>(&event.body);
    if (!a) continue;
    Deed& deed = deed_of(deeds, event, *a);
    ++deed.count;
    if (a->result == 0) continue;
    const auto outcome = all.find(a->result);
    deed.any_accepted = deed.any_accepted || (outcome != all.end() && outcome->second.accepted);
    ++deed.outcomes[outcome != all.end() ? outcome->second.text : "nobody received it"];
  }
  return deeds;
}

void print_deed(Terminal& t, const Deed& deed, const Story& story,
                const std::map<std::uint64_t, std::string>& names) {
  const trace::AttackAction& a = *deed.action;
  const bool words_only =
      (a.action == "observe" || a.action == "compute") && a.datagram == 0 && a.result == 0;
  const std::string what = words_only        ? std::string()
                           : deed.count == 1 ? object(a, names)
                                             : count_of(deed.count, "packet");
  t.line(fmt::format(
      "  {}  {} {}", t.paint(Role::muted, padded_left(at(deed.first), 14)),
      t.paint(Role::adversary,
              words_only && a.action == "observe" ? "noted" : std::string(past(a.action))),
      what));
  if (!a.note.empty()) t.paragraph(a.note, 18);
  const bool ike = story.number_of(a.datagram) != 0;
  for (const Change& c : changes(a, ike))
    t.paragraph(fmt::format("octets {} to {} ({}): {} became {}", c.begin, c.end, c.field,
                            hex_groups(ByteView(a.before).subspan(c.begin, c.end - c.begin)),
                            hex_groups(ByteView(a.after).subspan(c.begin, c.end - c.begin))),
                18);
  std::size_t shown = 0;
  for (const auto& [text, count] : deed.outcomes) {
    if (++shown > 6) {
      t.paragraph(fmt::format("and {} more outcomes (--json has all)", deed.outcomes.size() - 6),
                  18, Role::muted);
      break;
    }
    t.paragraph(count == 1 ? text : fmt::format("{} ({} times)", text, thousands(count)), 18,
                deed.any_accepted ? Role::warning : Role::text);
  }
}

std::string knowledge_value(const trace::AttackKnowledge& k) {
  if (k.value.empty()) return k.text;
  return k.text + (k.text.empty() ? "" : ": ") +
         hex_groups(ByteView(k.value).first(std::min<std::size_t>(k.value.size(), 32))) +
         (k.value.size() > 32 ? fmt::format(" ... ({})", count_of(k.value.size(), "octet")) : "");
}

constexpr std::string_view goal_mark = "goal:";  // how a script's achieved() names its goals

void print_knowledge(Terminal& t, const Events& events, bool knows) {
  t.heading("What it knows");
  if (!knows) t.paragraph("Nothing beyond what everybody on its link can see.", 2);
  for (const trace::Event& event : events) {
    const auto* k = std::get_if<trace::AttackKnowledge>(&event.body);
    if (!k || k->item.starts_with(goal_mark)) continue;
    t.line(fmt::format("  {}  {}", t.paint(Role::muted, padded_left(at(event.time), 14)),
                       t.paint(Role::adversary, k->item)));
    t.paragraph(knowledge_value(*k), 18);
    if (!k->how.empty()) t.paragraph("because: " + k->how, 18, Role::muted);
  }
}

void print_goals(Terminal& t, const Events& events) {
  bool first = true;
  for (const trace::Event& event : events) {
    const auto* k = std::get_if<trace::AttackKnowledge>(&event.body);
    if (!k || !k->item.starts_with(goal_mark)) continue;
    if (std::exchange(first, false)) t.heading("Whether it got what it wanted");
    t.line(fmt::format("  {}  {}: {}", t.paint(Role::muted, padded_left(at(event.time), 14)),
                       k->item.substr(goal_mark.size()), t.paint(Role::adversary, k->how)));
    t.paragraph(k->text, 18);
  }
}

/// What the monitors saw: each alert once, however often it came.
void print_alerts(Terminal& t, const Events& events,
                  const std::map<std::uint64_t, std::string>& names) {
  std::map<std::pair<std::string, std::string>, std::pair<const trace::Event*, std::uint64_t>> all;
  std::vector<const trace::Event*> order;
  for (const trace::Event& event : events)
    if (const auto* alert = std::get_if<trace::Alert>(&event.body)) {
      auto& [first, count] = all[{event.node, alert->text}];
      if (count++ == 0) order.push_back(first = &event);
    }
  if (!order.empty()) t.heading("Who noticed");
  for (std::size_t i = 0; i < std::min(order.size(), most_deeds); ++i) {
    const auto& alert = std::get<trace::Alert>(order[i]->body);
    const std::uint64_t count = all.at({order[i]->node, alert.text}).second;
    const auto name = names.find(alert.datagram);
    const std::string where = name != names.end() ? ", at " + name->second
                              : alert.datagram != 0
                                  ? fmt::format(", at datagram {}", alert.datagram)
                                  : "";
    t.line(fmt::format("  {}  {} ({}, {}){}{}",
                       t.paint(Role::muted, padded_left(at(order[i]->time), 14)),
                       t.paint(Role::warning, order[i]->node), alert.monitor, alert.severity, where,
                       count > 1 ? fmt::format(", {} times", thousands(count)) : ""));
    t.paragraph(alert.text, 18);
  }
}

}  // namespace

void print_attack(Terminal& t, const Events& events, const Story& story) {
  const std::vector<Deed> deeds = deeds_of(events);
  const auto names = names_of(events, story);
  for (const trace::Event& event : events)
    if (const auto* d = std::get_if<trace::Diagnostic>(&event.body);
        d != nullptr && d->code.starts_with("E-LUA-"))
      t.paragraph(fmt::format("At {} the script of {} was stopped: {} [{}]", at(event.time),
                              event.node, d->message, d->code));
  bool knows = false, wants = false;
  for (const trace::Event& event : events)
    if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body))
      (k->item.starts_with(goal_mark) ? wants : knows) = true;
  if (deeds.empty() && !knows && !wants) {
    t.paragraph(
        "No adversary acted in this run. One appears here when the scenario has `adversaries:`.");
    return print_alerts(t, events, names);
  }
  t.heading("What the adversary did, and what came of it");
  if (deeds.empty()) t.paragraph("Nothing that anybody could see: it listened.", 2);
  for (std::size_t i = 0; i < std::min(deeds.size(), most_deeds); ++i)
    print_deed(t, deeds[i], story, names);
  if (deeds.size() > most_deeds)
    t.paragraph(fmt::format("and {} more (--json has all)", thousands(deeds.size() - most_deeds)),
                2, Role::muted);
  print_knowledge(t, events, knows);
  print_goals(t, events);
  print_alerts(t, events, names);
}

Json attack_json(const Events& events, const Story& story) {
  Json actions = Json::array(), knowledge = Json::array(), alerts = Json::array();
  const Outcomes all = outcomes_of(events);
  for (const trace::Event& event : events) {
    if (const auto* a = std::get_if<trace::AttackAction>(&event.body)) {
      Json one{{"time_ns", event.time.ns},    {"node", event.node},       {"action", a->action},
               {"datagram", a->datagram},     {"result", a->result},      {"note", a->note},
               {"before", to_hex(a->before)}, {"after", to_hex(a->after)}};
      if (const std::uint64_t number = story.number_of(a->datagram)) one["message"] = number;
      Json changed = Json::array();
      for (const Change& c : changes(*a, one.contains("message")))
        changed.push_back({{"begin", c.begin}, {"end", c.end}, {"field", c.field}});
      if (!changed.empty()) one["changes"] = changed;
      if (const auto outcome = all.find(a->result); a->result && outcome != all.end())
        one["outcome"] = {{"accepted", outcome->second.accepted}, {"text", outcome->second.text}};
      actions.push_back(std::move(one));
    } else if (const auto* alert = std::get_if<trace::Alert>(&event.body)) {
      alerts.push_back({{"time_ns", event.time.ns},
                        {"node", event.node},
                        {"monitor", alert->monitor},
                        {"severity", alert->severity},
                        {"text", alert->text},
                        {"datagram", alert->datagram}});
    } else if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body)) {
      knowledge.push_back({{"time_ns", event.time.ns},
                           {"node", event.node},
                           {"item", k->item},
                           {"text", k->text},
                           {"how", k->how},
                           {"value", to_hex(k->value)}});
    }
  }
  return {{"actions", actions}, {"knowledge", knowledge}, {"alerts", alerts}};
}

}  // namespace ikelab::show
