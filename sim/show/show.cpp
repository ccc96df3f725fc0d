#include "sim/show/show.hpp"

#include <fmt/format.h>

#include "sim/show/filtered.hpp"
#include "sim/show/views.hpp"
#include "sim/store/words.hpp"

namespace ikelab::show {
namespace {

struct Counts {
  std::uint64_t ike = 0, esp = 0, refused = 0, keys = 0, sas = 0, negotiations = 0, attacks = 0,
                alerts = 0;
  Instant end;
};

Counts count(const Events& events) {
  Counts c;
  for (const trace::Event& event : events) {
    c.end = std::max(c.end, event.time);
    if (const auto* m = std::get_if<trace::Message>(&event.body)) c.ike += m->direction == "sent";
    c.esp += std::holds_alternative<trace::EspSealed>(event.body);
    c.refused += std::holds_alternative<trace::EspRejected>(event.body);
    c.keys += std::holds_alternative<trace::KeyDerived>(event.body);
    c.sas += std::holds_alternative<trace::SaInstalled>(event.body);
    c.negotiations += std::holds_alternative<trace::Negotiated>(event.body);
    c.attacks += std::holds_alternative<trace::AttackAction>(event.body) ||
                 std::holds_alternative<trace::AttackKnowledge>(event.body);
    c.alerts += std::holds_alternative<trace::Alert>(event.body);
  }
  return c;
}

Json run_json(const store::RunInfo& run) {
  return {{"id", run.id},
          {"scenario", run.scenario},
          {"seed", run.seed},
          {"status", store::to_string(run.status)},
          {"expectations_met", run.expectations_met},
          {"fingerprint", run.fingerprint}};
}

std::string run_line(const store::RunInfo& run) {
  return fmt::format("Run {}: {}, seed {}{}", run.id, run.scenario, run.seed,
                     run.status == store::RunStatus::finished
                         ? ""
                         : fmt::format(" ({})", store::to_string(run.status)));
}

const IkeMessage* find_message(const Story& story, std::uint64_t number) {
  return number >= 1 && number <= story.messages.size() ? &story.messages[number - 1] : nullptr;
}

using Print = void (*)(Terminal&, const store::RunInfo&, const Events&, const Story&);
using ToJson = Json (*)(const store::RunInfo&, const Events&, const Story&);
struct View {
  std::string_view name;
  Print print;
  ToJson json;
};
constexpr View views[] = {
    {"",
     [](Terminal& t, const store::RunInfo& r, const Events& e, const Story&) {
       print_overview(t, r, e);
     },
     [](const store::RunInfo& r, const Events& e, const Story&) { return overview_json(r, e); }},
    {"messages",
     [](Terminal& t, const store::RunInfo&, const Events&, const Story& s) {
       print_messages(t, s);
     },
     [](const store::RunInfo&, const Events&, const Story& s) { return messages_json(s); }},
    {"keys",
     [](Terminal& t, const store::RunInfo&, const Events& e, const Story&) { print_keys(t, e); },
     [](const store::RunInfo&, const Events& e, const Story&) { return keys_json(e); }},
    {"sas",
     [](Terminal& t, const store::RunInfo&, const Events& e, const Story&) { print_sas(t, e); },
     [](const store::RunInfo&, const Events& e, const Story&) { return sas_json(e); }},
    {"why",
     [](Terminal& t, const store::RunInfo&, const Events& e, const Story&) { print_why(t, e); },
     [](const store::RunInfo&, const Events& e, const Story&) { return why_json(e); }},
    {"attack",
     [](Terminal& t, const store::RunInfo& r, const Events& e, const Story& s) {
       print_attack(t, r, e, s);
     },
     [](const store::RunInfo&, const Events& e, const Story& s) { return attack_json(e, s); }},
};

/// One event a line (JSON Lines), for other programs: the trace whole, whatever --json says.
constexpr std::string_view trace_view = "trace";

int usage_error(std::ostream& err, const std::string& line) {
  err << line << '\n';
  return 2;
}

void write_json(std::ostream& out, const store::RunInfo& run, Json view) {
  Json all{{"run", run_json(run)}};
  all.update(view);
  out << all.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

int show_message(const store::RunInfo& run, const Events& events, const ShowOptions& options,
                 std::ostream& out, std::ostream& err) {
  const Story story = tell(events);
  const IkeMessage* message = find_message(story, options.number);
  if (!message)
    return usage_error(
        err, fmt::format(
                 "E-SHOW-002: there is no message {}; run {} has {}", options.number, run.id,
                 story.messages.empty() ? "none"
                                        : fmt::format("messages 1 to {}", story.messages.size())));
  if (options.json) {
    write_json(out, run, message_json(events, *message));
  } else {
    Terminal terminal(out, options.colour, options.width);
    print_message(terminal, events, story, *message);
  }
  return 0;
}

int show_event(const store::RunInfo& run, const Events& events, const ShowOptions& options,
               std::ostream& out, std::ostream& err) {
  const auto event = std::find_if(events.begin(), events.end(),
                                  [&](const trace::Event& e) { return e.seq == options.number; });
  if (event == events.end())
    return usage_error(
        err, fmt::format("E-SHOW-002: there is no event {}; run {} has {}", options.number, run.id,
                         events.empty() ? "none"
                                        : fmt::format("those from {} to {}", events.front().seq,
                                                      events.back().seq)));
  if (options.json) {
    write_json(out, run, event_json(*event));
  } else {
    Terminal terminal(out, options.colour, options.width);
    print_event(terminal, tell(events), *event);
  }
  return 0;
}

}  // namespace

// "2,061.500 ms": one unit in a column, thousands separated.
std::string at(Instant time) {
  const std::uint64_t us = static_cast<std::uint64_t>(std::max<std::int64_t>(time.ns, 0)) / 1000;
  return fmt::format("{}.{:03} ms", thousands(us / 1000), us % 1000);
}

void print_overview(Terminal& t, const store::RunInfo& run, const Events& events) {
  const Counts c = count(events);
  if (!run.about.empty()) {
    t.paragraph(run.about, 2);
    t.line();
  }
  if (run.status == store::RunStatus::finished)
    t.entry("expected",
            run.expectations_met ? "everything that had to be true was"
                                 : "something that had to be true was not",
            2, 12, run.expectations_met ? Role::text : Role::warning);
  t.entry("messages",
          fmt::format("{} of IKE, {} of ESP{}", thousands(c.ike), thousands(c.esp),
                      c.refused ? fmt::format(" ({} refused)", thousands(c.refused)) : ""),
          2, 12);
  t.entry("keys", count_of(c.keys, "derived value"), 2, 12);
  t.entry("sas", fmt::format("{} installed", thousands(c.sas)), 2, 12);
  t.entry("why", count_of(c.negotiations, "negotiation"), 2, 12);
  t.entry("attack", c.attacks ? count_of(c.attacks, "event") : "no adversary acted", 2, 12);
  if (c.alerts) t.entry("alerts", thousands(c.alerts), 2, 12, Role::warning);
  t.entry("lasted", at(c.end), 2, 12);
  if (!run.fingerprint.empty()) t.entry("fingerprint", run.fingerprint, 2, 12);
  t.line();
  t.paragraph("More: show messages | message N | event N | keys | sas | why | attack | trace", 2,
              Role::muted);
}

Json overview_json(const store::RunInfo& run, const Events& events) {
  const Counts c = count(events);
  return {{"about", run.about},     {"duration_ns", c.end.ns},        {"ike_messages", c.ike},
          {"esp_packets", c.esp},   {"esp_refused", c.refused},       {"derived_values", c.keys},
          {"sas_installed", c.sas}, {"negotiations", c.negotiations}, {"attack_events", c.attacks},
          {"alerts", c.alerts}};
}

int show(const store::RunInfo& run, const std::vector<trace::Event>& events,
         const ShowOptions& options, std::ostream& out, std::ostream& err) {
  if (options.what == "message") return show_message(run, events, options, out, err);
  if (options.what == "event") return show_event(run, events, options, out, err);
  if (options.what == trace_view) return write_trace(out, events), 0;
  const auto* view = std::find_if(std::begin(views), std::end(views),
                                  [&](const View& v) { return v.name == options.what; });
  if (view == std::end(views))
    return usage_error(err, fmt::format("E-SHOW-001: there is no view '{}'; expected messages, "
                                        "message N, event N, keys, sas, why, attack or trace",
                                        options.what));
  const auto filter = filter::Filter::parse(options.filter);
  if (!filter.ok()) return usage_error(err, filter.error().to_string());
  if (!filter->empty() && options.what != "messages")
    return usage_error(err, "E-SHOW-003: --filter goes with `show messages` alone");
  const Events kept = filter->empty() ? Events() : without_esp(events, *filter);
  const Events& shown = filter->empty() ? events : kept;
  Story story = tell(shown);
  if (!filter->empty()) narrow(story, *filter);
  if (options.json) {
    write_json(out, run, view->json(run, shown, story));
    return 0;
  }
  Terminal terminal(out, options.colour, options.width);
  terminal.heading(run_line(run));
  terminal.line();
  if (!filter->empty() && story.rows.empty())
    terminal.paragraph(fmt::format("Nothing in this run fits \"{}\".", filter->text()));
  else
    view->print(terminal, run, shown, story);
  return 0;
}

}  // namespace ikelab::show
