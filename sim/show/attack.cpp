// `show attack`: the story of an attack, as somebody reads it who knows neither the script nor the
// scenario: who attacks and from where; what happened, in order, on both sides; whether the
// adversary got what it wanted; who noticed, and at which packet.
#include <fmt/format.h>

#include <functional>

#include "protocol/trace/attack_items.hpp"
#include "protocol/wire/dissect.hpp"
#include "sim/show/attack_parts.hpp"

namespace ikelab::show {
namespace {

constexpr std::size_t most_beats = 120;  // more than anybody reads; --json has all
constexpr std::size_t text_column = 18;

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

/// Everything the sections draw on, gathered once.
struct Telling {
  Telling(const store::RunInfo& run_info, const Events& all, const Story& story)
      : run(run_info),
        events(all),
        names(all, story),
        outcomes(outcomes_of(all)),
        adversaries(adversaries_of(all)) {
    for (const IkeMessage& m : story.messages) messages.insert(m.content->datagram);
  }
  const store::RunInfo& run;
  const Events& events;
  Names names;
  Outcomes outcomes;
  std::set<std::string> adversaries;
  std::set<std::uint64_t> messages;  ///< datagrams that are IKE messages

  template <class Body>
  void each(const std::function<void(const trace::Event&, const Body&)>& tell) const {
    for (const trace::Event& event : events)
      if (const auto* body = std::get_if<Body>(&event.body)) tell(event, *body);
  }
};

bool is_goal(const trace::AttackKnowledge& k) {
  return k.item.starts_with(trace::item_goal);
}
bool is_introduction(const trace::AttackKnowledge& k) {
  return k.item == trace::item_place || k.item == trace::item_plan || k.item == trace::item_unseen;
}
bool is_held(const trace::AttackKnowledge& k) {
  return k.text == trace::text_held;
}

std::string time_and(const Terminal& t, Instant time, const std::string& text) {
  return fmt::format("  {}  {}", t.paint(Role::muted, padded_left(at(time), text_column - 4)),
                     text);
}

/// ", 12 times until 5,000.000 ms"
std::string times(std::uint64_t count, Instant last) {
  return count > 1 ? fmt::format(", {} times until {}", thousands(count), at(last)) : "";
}

// ---- who attacks -------------------------------------------------------------------------------

void print_who(Terminal& t, const Telling& telling) {
  bool first = true;
  for (const std::string& name : telling.adversaries) {
    std::vector<std::string> lines;
    std::string held;
    telling.each<trace::AttackKnowledge>([&](const auto& event, const auto& k) {
      if (event.node != name) return;
      if (k.item == trace::item_place) lines.insert(lines.begin(), k.text);
      if (k.item == trace::item_plan) lines.push_back(fmt::format("{}: {}", k.how, k.text));
      if (is_held(k)) held += (held.empty() ? "" : ", ") + k.item;
    });
    if (lines.empty()) continue;
    if (std::exchange(first, false)) t.heading("Who attacks");
    lines.push_back("has from the beginning: " +
                    (held.empty() ? "no secret of anybody's" : held + " (the scenario grants it)"));
    t.line("  " + t.paint(Role::adversary, name));
    for (const std::string& line : lines) t.paragraph(line, 4);
  }
}

// ---- what happened -----------------------------------------------------------------------------

/// "sent message 6 (IKE_AUTH request) to gw-b"
std::string head_of(const Deed& deed, const Telling& telling) {
  const trace::AttackAction& a = *deed.action;
  const bool words_only =
      (a.action == "observe" || a.action == "compute") && a.datagram == 0 && a.result == 0;
  if (words_only) return a.action == "observe" ? "notes" : std::string(past(a.action));
  const std::string what = std::string(past(a.action)) + " ";
  if (deed.count > 1) return fmt::format("{}{}", what, count_of(deed.count, "packet"));
  if (a.datagram != 0) return what + telling.names.of(a.datagram);
  const std::string to = telling.names.receiver(a.result);
  return fmt::format("{}{}{}", what,
                     telling.names.is_told(a.result) ? telling.names.of(a.result) : "a packet",
                     to.empty() ? "" : " to " + to);
}

void print_deed(Terminal& t, const Deed& deed, const Telling& telling) {
  const trace::AttackAction& a = *deed.action;
  const bool spread = deed.count > 1 && deed.last != deed.first;
  t.line(time_and(t, deed.first,
                  fmt::format("{} {}{}", t.paint(Role::adversary, deed.node),
                              head_of(deed, telling), spread ? ", until " + at(deed.last) : "")));
  if (!a.note.empty()) t.paragraph(a.note, text_column);
  for (const Change& c : changes(a, telling.messages.contains(a.datagram)))
    t.paragraph(fmt::format("octets {} to {} ({}): {} became {}", c.begin, c.end, c.field,
                            hex_groups(ByteView(a.before).subspan(c.begin, c.end - c.begin)),
                            hex_groups(ByteView(a.after).subspan(c.begin, c.end - c.begin))),
                text_column);
  for (const Deed::Came& came : deed.outcomes)
    t.paragraph(came.count == 1 ? came.text
                                : fmt::format("{} ({} times{})", came.text, thousands(came.count),
                                              came.varies ? ", or alike" : ""),
                text_column, deed.any_accepted ? Role::warning : Role::text);
}

void print_step(Terminal& t, const Step& step, const Telling& telling) {
  if (step.round.empty()) return print_deed(t, step.deed, telling);
  if (step.mixed)
    t.line(time_and(t, step.first(), fmt::format("in turns, until {}:", at(step.last))));
  for (const Step& one : step.round) print_step(t, one, telling);
  if (step.rounds > 1)
    t.paragraph(
        fmt::format(
            "... and so on: {} {} times more, until {}",
            step.round.size() == 1 ? "this step" : fmt::format("these {} steps", step.round.size()),
            thousands(step.rounds - 1), at(step.last)),
        text_column, Role::muted);
}

/// Octets that the text does not say already.
std::string knowledge_value(const trace::AttackKnowledge& k) {
  if (k.value.empty() || k.text.find(ascii(k.value)) != std::string::npos) return k.text;
  return k.text + (k.text.empty() ? "" : ": ") +
         hex_groups(ByteView(k.value).first(std::min<std::size_t>(k.value.size(), 32))) +
         (k.value.size() > 32 ? fmt::format(" ... ({})", count_of(k.value.size(), "octet")) : "");
}

void print_learnt(Terminal& t, const trace::Event& event, const trace::AttackKnowledge& k) {
  t.line(time_and(t, event.time,
                  fmt::format("{} learns {}", t.paint(Role::adversary, event.node),
                              t.paint(Role::adversary, k.item))));
  t.paragraph(knowledge_value(k), text_column);
  if (!k.how.empty()) t.paragraph("because: " + k.how, text_column, Role::muted);
}

void print_effect(Terminal& t, const Effect& effect) {
  const std::string line =
      fmt::format("{}{}{}", effect.node, effect.text, times(effect.count, effect.last));
  const auto lines = wrapped(line, t.width() - text_column);
  const Role role = effect.warning ? Role::warning : Role::text;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (i == 0)
      t.line(time_and(t, effect.first, t.paint(role, lines[i])));
    else
      t.paragraph(lines[i], text_column + 2, role);
}

/// Alarms of one monitor that differ by numbers alone.
struct Alarm {
  const trace::Event* first = nullptr;
  const trace::Alert* alert = nullptr;
  std::uint64_t count = 0;
  Instant last;
};
std::vector<Alarm> alarms_of(const Telling& telling) {
  std::vector<Alarm> alarms;
  std::map<std::string, std::size_t> places;
  telling.each<trace::Alert>([&](const trace::Event& event, const trace::Alert& alert) {
    const std::string key = event.node + "|" + alert.monitor + "|" + shape_of(alert.text);
    const auto [at, is_new] = places.try_emplace(key, alarms.size());
    if (is_new) alarms.push_back({&event, &alert, 0, event.time});
    ++alarms[at->second].count;
    alarms[at->second].last = event.time;
  });
  return alarms;
}

/// One thing of the story, to be told at its time.
struct Beat {
  Instant time;
  std::uint64_t seq = 0;
  std::function<void()> print;
};

std::vector<Beat> beats_of(Terminal& t, const Telling& telling, const std::vector<Step>& steps,
                           const std::vector<Effect>& effects, const std::vector<Alarm>& alarms) {
  std::vector<Beat> beats;
  for (const Step& step : steps)
    beats.push_back({step.first(), step.seq(), [&] { print_step(t, step, telling); }});
  for (const Effect& effect : effects)
    beats.push_back({effect.first, effect.seq, [&] { print_effect(t, effect); }});
  for (const Alarm& alarm : alarms)
    beats.push_back({alarm.first->time, alarm.first->seq, [&] {
                       t.line(time_and(t, alarm.first->time,
                                       fmt::format("{} gives alarm ({})",
                                                   t.paint(Role::warning, alarm.first->node),
                                                   alarm.alert->monitor)));
                     }});
  for (const trace::Event& event : telling.events) {
    if (const auto* mark = std::get_if<trace::Mark>(&event.body))
      beats.push_back({event.time, event.seq, [&t, &event, mark] {
                         t.line(time_and(t, event.time, t.paint(Role::heading, mark->text)));
                       }});
    if (const auto* k = std::get_if<trace::AttackKnowledge>(&event.body);
        k && !is_goal(*k) && !is_introduction(*k) && !is_held(*k))
      beats.push_back({event.time, event.seq, [&t, &event, k] { print_learnt(t, event, *k); }});
    if (const auto* d = std::get_if<trace::Diagnostic>(&event.body);
        d != nullptr && d->code.starts_with("E-LUA-"))
      beats.push_back(
          {event.time, event.seq, [&t, &event, d] {
             t.line(time_and(t, event.time, "the script of " + event.node + " was stopped"));
             t.paragraph(fmt::format("{} [{}]", d->message, d->code), text_column);
           }});
  }
  std::stable_sort(beats.begin(), beats.end(), [](const Beat& a, const Beat& b) {
    return std::pair(a.time, a.seq) < std::pair(b.time, b.seq);
  });
  return beats;
}

void print_beats(Terminal& t, const std::vector<Beat>& beats) {
  // a long story keeps its beginning and its end
  const std::size_t head = beats.size() > most_beats ? most_beats - most_beats / 4 : beats.size();
  const std::size_t tail = beats.size() > most_beats ? beats.size() - most_beats / 4 : head;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    if (i == head && tail > head)
      t.paragraph(fmt::format("... {} more (--json has all)", thousands(tail - head)), text_column,
                  Role::muted);
    if (i < head || i >= tail) beats[i].print();
  }
}

// ---- whether it got what it wanted -------------------------------------------------------------

void print_goals(Terminal& t, const Telling& telling) {
  t.heading("Whether it got what it wanted");
  std::set<std::string> decided;
  telling.each<trace::AttackKnowledge>([&](const auto& event, const auto& k) {
    if (!is_goal(k)) return;
    decided.insert(event.node);
    t.line(time_and(t, event.time,
                    fmt::format("{}: {}", k.item.substr(std::string_view(trace::item_goal).size()),
                                t.paint(Role::adversary, k.how))));
    t.paragraph(k.text, text_column);
  });
  for (const std::string& name : telling.adversaries) {
    if (decided.contains(name)) continue;
    t.paragraph(
        fmt::format("{} cannot see that from its place; what happened at the others, above, "
                    "tells.{}",
                    name,
                    telling.run.status != store::RunStatus::finished ? ""
                    : telling.run.expectations_met
                        ? " Everything that the scenario expects of this run came true."
                        : " Something that the scenario expects of this run did not come "
                          "true."),
        2);
  }
}

// ---- who noticed -------------------------------------------------------------------------------

/// When the first adversary began to act, and when the first had what it wanted.
struct Milestones {
  std::optional<Instant> begun, succeeded;
};
Milestones milestones_of(const Telling& telling) {
  Milestones out;
  telling.each<trace::AttackAction>([&](const auto& event, const auto& a) {
    if (!out.begun && a.action != "observe" && a.action != "compute" && a.action != "pass")
      out.begun = event.time;
  });
  telling.each<trace::AttackKnowledge>([&](const auto& event, const auto& k) {
    if (is_goal(k) && k.how == "achieved" && !out.succeeded) out.succeeded = event.time;
  });
  return out;
}

std::string when_noticed(const Milestones& stones, Instant alarm) {
  std::string text;
  if (stones.begun && alarm >= *stones.begun)
    text = alarm == *stones.begun
               ? "with its first act"
               : fmt::format("{} after its first act", at({alarm.ns - stones.begun->ns}));
  if (stones.succeeded && alarm > *stones.succeeded)
    text += (text.empty() ? "" : ", ") + std::string("when it had what it wanted");
  return text;
}

void print_alarms(Terminal& t, const Telling& telling, const std::vector<Alarm>& alarms) {
  const Milestones stones = milestones_of(telling);
  t.heading("Who noticed");
  for (const Alarm& alarm : alarms) {
    const trace::Alert& alert = *alarm.alert;
    t.line(time_and(t, alarm.first->time,
                    fmt::format("{} ({}, {}){}", t.paint(Role::warning, alarm.first->node),
                                alert.monitor, alert.severity, times(alarm.count, alarm.last))));
    t.paragraph(alert.text, text_column);
    std::string place =
        alert.datagram != 0 ? "at " + telling.names.of(alert.datagram) : std::string();
    if (const std::string when = when_noticed(stones, alarm.first->time); !when.empty())
      place += (place.empty() ? "" : ", ") + when;
    if (!place.empty()) t.paragraph(place, text_column, Role::muted);
  }
  std::string unseen;
  telling.each<trace::AttackKnowledge>([&](const auto&, const auto& k) {
    if (k.item == trace::item_unseen) unseen = k.text;
  });
  if (alarms.empty()) t.paragraph("Nobody gave alarm.", 2);
  if (!unseen.empty()) t.paragraph("In the packets alone: " + unseen + ".", 2);
}

}  // namespace

void print_attack(Terminal& t, const store::RunInfo& run, const Events& events,
                  const Story& story) {
  const Telling telling(run, events, story);
  const auto alarms = alarms_of(telling);
  if (telling.adversaries.empty()) {
    t.paragraph(
        "No adversary acted in this run. One appears here when the scenario has `adversaries:`.");
    if (!alarms.empty()) print_alarms(t, telling, alarms);
    return;
  }
  if (!run.about.empty()) t.paragraph(run.about);
  print_who(t, telling);
  const auto steps = steps_of(events, telling.outcomes);
  const auto effects = effects_of(events, telling.names);
  t.heading("What happened");
  if (steps.empty())
    t.paragraph("The adversary did nothing that anybody could see: it listened.", 2);
  print_beats(t, beats_of(t, telling, steps, effects, alarms));
  print_goals(t, telling);
  print_alarms(t, telling, alarms);
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
