#include "sim/run/expectations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/run/expectation_kind.hpp"

namespace ikelab::run {
namespace {

/// The last value of a metric, by subject prefix.
std::optional<std::int64_t> last_metric(const Evidence& evidence, const std::string& subject,
                                        const std::string& name) {
  std::optional<std::int64_t> value;
  evidence.each<trace::Metric>([&](const auto&, const trace::Metric& m) {
    if (m.subject.starts_with(subject) && m.name == name) value = m.value;
  });
  return value;
}

// `- established: all` or a node's name: it has an IKE SA and, both ways, an ESP SA at the end.
ExpectationOutcome established(const Expectation& e, const Evidence& evidence) {
  std::map<std::string, std::set<std::string>> ike, esp;
  evidence.each<trace::SaInstalled>([&](const auto& event, const trace::SaInstalled& sa) {
    (sa.protocol == "IKE" ? ike : esp)[event.node].insert(sa.direction + sa.spi);
  });
  evidence.each<trace::SaRemoved>([&](const auto& event, const trace::SaRemoved& sa) {
    (sa.protocol == "IKE" ? ike : esp)[event.node].erase(sa.direction + sa.spi);
  });
  std::size_t wanted = 0, up = 0;
  std::string missing;
  for (const scenario::Node& node : evidence.scenario.nodes) {
    if (node.connections.empty() ||
        (argument(e, "value") != "all" && argument(e, "value") != node.name))
      continue;
    ++wanted;
    if (!ike[node.name].empty() && esp[node.name].size() >= 2)
      ++up;
    else if (missing.empty())
      missing = node.name;
  }
  return outcome(e, wanted > 0 && up == wanted,
                 fmt::format("{} of {} have an IKE SA and ESP SAs at the end{}", up, wanted,
                             missing.empty() ? "" : "; not " + missing));
}

// `- ping: {from: host-a, received_at_least: 10}` and/or `received_at_most`, `lost_at_most`.
ExpectationOutcome ping(const Expectation& e, const Evidence& evidence) {
  const std::string subject = "ping " + argument(e, "from");
  const auto sent = last_metric(evidence, subject, "sent"),
             received = last_metric(evidence, subject, "received");
  if (!sent || !received) return outcome(e, false, "no such ping ran");
  const std::uint64_t least = e.arguments.contains("received_at_most") ? 0 : 1;
  const bool enough =
      *received >= static_cast<std::int64_t>(number(e, "received_at_least", least)) &&
      *received <= static_cast<std::int64_t>(number(e, "received_at_most", UINT32_MAX));
  const bool few_lost =
      *sent - *received <= static_cast<std::int64_t>(number(e, "lost_at_most", UINT32_MAX));
  return outcome(e, enough && few_lost, fmt::format("{} of {} answered", *received, *sent));
}

// `- tcp: {to: host-a}`: the whole download arrived.
ExpectationOutcome tcp(const Expectation& e, const Evidence& evidence) {
  std::int64_t bytes = -1, asked = 0;
  evidence.each<trace::Metric>([&](const auto&, const trace::Metric& m) {
    if (!m.subject.starts_with("tcp ") || !m.subject.ends_with("> " + argument(e, "to"))) return;
    if (m.name == "bytes") bytes = m.value;
    if (m.name == "asked") asked = m.value;
  });
  if (bytes < 0) return outcome(e, false, "no such download ran");
  return outcome(e, bytes >= asked, fmt::format("{} of {} octets arrived", bytes, asked));
}

// `- task: {name: child_rekey, done_at_least: 1}` and/or `failed_at_least`, `failed_at_most`;
// `node` restricts it.
ExpectationOutcome task(const Expectation& e, const Evidence& evidence) {
  std::uint64_t done = 0, failed = 0;
  evidence.each<trace::TaskEnded>([&](const auto& event, const trace::TaskEnded& t) {
    if (t.task != argument(e, "name") || t.role != argument(e, "role", "initiator")) return;
    if (const std::string node = argument(e, "node"); !node.empty() && node != event.node) return;
    ++(t.outcome == "done" ? done : failed);
  });
  const bool met = done >= number(e, "done_at_least", 0) &&
                   failed >= number(e, "failed_at_least", 0) &&
                   failed <= number(e, "failed_at_most", UINT64_MAX);
  return outcome(e, met, fmt::format("{} done, {} failed", done, failed));
}

// `- retransmissions: {at_least: 1}` and/or at_most.
ExpectationOutcome retransmissions(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::Message>([&](const auto&, const trace::Message& m) {
    count += m.direction == "sent" && m.attempt > 0;
  });
  return outcome(e, count >= number(e, "at_least", 0) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} messages were repeated", count));
}

// `- attack: {by: mallory, goal: "replay", achieved: true}`: the script's own verdict (Metric
// "achieved"; the goal is in its subject).
ExpectationOutcome attack(const Expectation& e, const Evidence& evidence) {
  std::optional<std::int64_t> achieved;
  evidence.each<trace::Metric>([&](const auto& event, const trace::Metric& m) {
    const bool of_it = event.node == argument(e, "by") || m.subject.starts_with(argument(e, "by"));
    const std::string goal = argument(e, "goal");
    if (of_it && m.name.starts_with("achieved") &&
        (goal.empty() || m.name.find(goal) != std::string::npos ||
         m.subject.find(goal) != std::string::npos))
      achieved = m.value;
  });
  if (!achieved) return outcome(e, false, "the adversary said nothing of its goal");
  return outcome(e, (*achieved != 0) == (argument(e, "achieved", "true") == "true"),
                 *achieved != 0 ? "it succeeded" : "it failed");
}

// `- esp_rejected: {code: E-ESP-REPLAY, at_least: 1}` and/or at_most; `node` restricts it.
ExpectationOutcome esp_rejected(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::EspRejected>([&](const auto& event, const trace::EspRejected& r) {
    const std::string code = argument(e, "code"), node = argument(e, "node");
    count += (code.empty() || r.code == code) && (node.empty() || node == event.node);
  });
  return outcome(e, count >= number(e, "at_least", 0) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} packets were rejected", count));
}

// `- diagnostic: {code: E-AUTH-011, at_least: 1}` and/or at_most; without a code all errors count.
ExpectationOutcome diagnostic(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  std::string first;
  evidence.each<trace::Diagnostic>([&](const auto&, const trace::Diagnostic& d) {
    const std::string code = argument(e, "code");
    if (d.severity != "error" || (!code.empty() && d.code != code)) return;
    if (count++ == 0) first = "; first: " + d.code + " " + d.message;
  });
  return outcome(e, count >= number(e, "at_least", 0) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} diagnostics{}", count, first));
}

// `- address: {node: laptop, is: 10.8.0.1, action: got}`: an inner address that the node got or
// gave (RFC 7296, 2.19).
ExpectationOutcome address(const Expectation& e, const Evidence& evidence) {
  const std::string node = argument(e, "node"), action = argument(e, "action", "got");
  std::string last = "none";
  bool met = false;
  evidence.each<trace::Configured>([&](const trace::Event& event, const trace::Configured& body) {
    if (event.node != node || body.action != action) return;
    last = body.address;
    met = met || body.address == argument(e, "is");
  });
  return outcome(e, met, fmt::format("{} {} {}", node, action, last));
}

// `- learnt: {by: eve, item: "..."}`, at_least and/or at_most: what the adversary knows.
ExpectationOutcome learnt(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::AttackKnowledge>([&](const auto& event, const trace::AttackKnowledge& k) {
    count +=
        event.node == argument(e, "by") && k.item.find(argument(e, "item")) != std::string::npos;
  });
  const std::uint64_t least = e.arguments.contains("at_most") ? 0 : 1;
  return outcome(e,
                 count >= number(e, "at_least", least) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} items", count));
}

// `- alert: {by: ids, detector: replay, at_least: 1}` and/or at_most: what the monitors said.
ExpectationOutcome alert(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  std::string first;
  evidence.each<trace::Alert>([&](const auto& event, const trace::Alert& a) {
    const std::string by = argument(e, "by"), detector = argument(e, "detector");
    if ((!by.empty() && by != event.node) || (!detector.empty() && detector != a.monitor)) return;
    if (count++ == 0) first = "; first, at " + to_string(Duration(event.time.ns)) + ": " + a.text;
  });
  const std::uint64_t least = e.arguments.contains("at_most") ? 0 : 1;
  return outcome(e,
                 count >= number(e, "at_least", least) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} alerts{}", count, first));
}

// `- half_open: {node: gw-b, at_most: 20}` and/or at_least: the most IKE SAs it kept at one time
// for initiators that had not yet proven anything.
ExpectationOutcome half_open(const Expectation& e, const Evidence& evidence) {
  std::uint64_t now = 0, most = 0;
  evidence.each<trace::StateChanged>([&](const auto& event, const trace::StateChanged& s) {
    if (s.what != "IKE" || event.node != argument(e, "node")) return;
    if (s.to == "HALF_OPEN") most = std::max(most, ++now);
    if (s.from == "HALF_OPEN" && now > 0) --now;
  });
  return outcome(e, most >= number(e, "at_least", 0) && most <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} at most", most));
}

// `- derived: {name: SK_d, function: PPK, at_least: 2}` and/or at_most; `node` restricts it: keys
// made by a function that has these words.
ExpectationOutcome derived(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::KeyDerived>([&](const auto& event, const trace::KeyDerived& k) {
    const std::string name = argument(e, "name"), node = argument(e, "node");
    count += (name.empty() || k.name == name) && (node.empty() || node == event.node) &&
             k.function.find(argument(e, "function")) != std::string::npos;
  });
  return outcome(e,
                 count >= number(e, "at_least", e.arguments.contains("at_most") ? 0 : 1) &&
                     count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} were made so", count));
}

// `- message: {payloads: "N(PUZZLE)", at_least: 1}` and/or at_most; `node` restricts it: messages
// sent, repetitions aside, whose payloads have these words.
ExpectationOutcome message(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  evidence.each<trace::Message>([&](const auto& event, const trace::Message& m) {
    const std::string node = argument(e, "node");
    count += m.direction == "sent" && m.attempt == 0 && (node.empty() || node == event.node) &&
             m.payloads.find(argument(e, "payloads")) != std::string::npos;
  });
  return outcome(e,
                 count >= number(e, "at_least", e.arguments.contains("at_most") ? 0 : 1) &&
                     count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} such messages", count));
}

// `- timer: {name: cert_lookup, node: gw-b, at_least: 1}` and/or at_most: what happened of itself,
// by the name that the trace gives it.
ExpectationOutcome timer(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  std::string last;
  evidence.each<trace::TimerFired>([&](const auto& event, const trace::TimerFired& t) {
    const std::string node = argument(e, "node");
    if (t.timer != argument(e, "name") || (!node.empty() && node != event.node)) return;
    ++count;
    last = "; last: " + t.detail;
  });
  const std::uint64_t least = e.arguments.contains("at_most") ? 0 : 1;
  return outcome(e,
                 count >= number(e, "at_least", least) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} times{}", count, last));
}

// `- auth: {node: vpn, method: EAP-MSCHAPv2, identity: anna@example, ok: true, at_least: 1}`: how
// often a node was convinced of a peer (or, ok: false, was not).
ExpectationOutcome auth(const Expectation& e, const Evidence& evidence) {
  std::uint64_t count = 0;
  std::string last;
  evidence.each<trace::AuthDecided>([&](const auto& event, const trace::AuthDecided& d) {
    const auto fits = [&](const char* key, const std::string& value) {
      const std::string wanted = argument(e, key);
      return wanted.empty() || value.find(wanted) != std::string::npos;
    };
    if (d.local || d.ok != (argument(e, "ok", "true") == "true") || !fits("node", event.node) ||
        !fits("method", d.method) || !fits("identity", d.identity))
      return;
    ++count;
    last = "; last: " + d.identity + " by " + d.method;
  });
  const std::uint64_t least = e.arguments.contains("at_most") ? 0 : 1;
  return outcome(e,
                 count >= number(e, "at_least", least) && count <= number(e, "at_most", UINT64_MAX),
                 fmt::format("{} decisions{}", count, last));
}

/// Of kinds that count something.
std::vector<Argument> counted(std::vector<Argument> arguments) {
  arguments.push_back({"at_least", Takes::count});
  arguments.push_back({"at_most", Takes::count});
  return arguments;
}

const std::vector<Kind>& kinds() {
  using namespace trace;  // NOLINT(google-build-using-namespace)
  using enum Takes;
  static const std::vector<Kind> rows = with_network_kinds({
      {"established", {{"value", word}}, established, kinds_of<SaInstalled, SaRemoved>()},
      {"ping",
       {{"from", node},
        {"received_at_least", count},
        {"received_at_most", count},
        {"lost_at_most", count}},
       ping,
       kinds_of<Metric>()},
      {"tcp", {{"to", node}}, tcp, kinds_of<Metric>()},
      {"task",
       {{"name", word},
        {"node", node},
        {"role", word},
        {"done_at_least", count},
        {"failed_at_least", count},
        {"failed_at_most", count}},
       task,
       kinds_of<TaskEnded>()},
      {"retransmissions", counted({}), retransmissions, kinds_of<Message>()},
      {"attack",
       {{"by", adversary}, {"goal", word}, {"achieved", yes_no}},
       attack,
       kinds_of<Metric>()},
      {"esp_rejected", counted({{"code", word}, {"node", node}}), esp_rejected,
       kinds_of<EspRejected>()},
      {"message", counted({{"payloads", word}, {"node", node}}), message, kinds_of<Message>()},
      {"timer", counted({{"name", word}, {"node", node}}), timer, kinds_of<TimerFired>()},
      {"derived", counted({{"name", word}, {"function", word}, {"node", node}}), derived,
       kinds_of<KeyDerived>()},
      {"alert", counted({{"by", monitor}, {"detector", word}}), alert, kinds_of<Alert>()},
      {"half_open", counted({{"node", node}}), half_open, kinds_of<StateChanged>()},
      {"diagnostic", counted({{"code", word}}), diagnostic, kinds_of<Diagnostic>()},
      {"auth", counted({{"node", node}, {"method", word}, {"identity", word}, {"ok", yes_no}}),
       auth, kinds_of<AuthDecided>()},
      {"address",
       {{"node", node}, {"is", word}, {"action", word}},
       address,
       kinds_of<Configured>()},
      {"learnt", counted({{"by", adversary}, {"item", word}}), learnt, kinds_of<AttackKnowledge>()},
  });
  return rows;
}

std::string in_words(const Kind& kind) {
  std::string out;
  for (const Argument& a : kind.arguments) out += (out.empty() ? "" : ", ") + std::string(a.name);
  return out;
}

template <class Named>
bool names_one(const std::vector<Named>& all, const std::string& name) {
  return std::any_of(all.begin(), all.end(), [&](const Named& one) { return one.name == name; });
}

/// What is wrong with a value, in words; nothing when it fits.
std::optional<std::string> misfit(Takes takes, const std::string& value,
                                  const scenario::Scenario& scenario) {
  switch (takes) {
    case Takes::count:
      if (!value.empty() && value.size() < 19 &&
          std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
      return fmt::format("'{}' is not a number", value);
    case Takes::yes_no:
      if (value == "true" || value == "false") return std::nullopt;
      return fmt::format("'{}' is neither true nor false", value);
    case Takes::node:
      if (names_one(scenario.nodes, value) || names_one(scenario.clouds, value))
        return std::nullopt;
      return fmt::format("no node is named '{}'", value);
    case Takes::adversary:
      if (names_one(scenario.adversaries, value)) return std::nullopt;
      return fmt::format("no adversary is named '{}'", value);
    case Takes::monitor:
      if (names_one(scenario.monitors, value)) return std::nullopt;
      return fmt::format("no monitor is named '{}'", value);
    case Takes::word:
      break;
  }
  return std::nullopt;
}

const Kind* find_kind(const std::string& name) {
  for (const Kind& kind : kinds())
    if (name == kind.name) return &kind;
  return nullptr;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> expectation_kinds() {
  std::vector<std::pair<std::string, std::string>> out;
  for (const Kind& kind : kinds()) out.emplace_back(kind.name, in_words(kind));
  return out;
}

Result<void> check_expectations(const scenario::Scenario& scenario) {
  for (const Expectation& e : scenario.expectations) {
    const std::string place = fmt::format("{}:{}", scenario.file.string(), e.line);
    const Kind* kind = find_kind(e.what);
    if (kind == nullptr) {
      std::string names;
      for (const Kind& k : kinds()) names += (names.empty() ? "" : ", ") + std::string(k.name);
      return Error{"E-SCN-015", fmt::format("unknown expectation '{}'", e.what)}.in(place).expect(
          "expected one of " + names);
    }
    for (const auto& [key, value] : e.arguments) {
      const auto row = std::find_if(kind->arguments.begin(), kind->arguments.end(),
                                    [&, &key = key](const Argument& a) { return key == a.name; });
      if (row == kind->arguments.end())
        return Error{"E-SCN-015", fmt::format("'{}' takes no '{}'", e.what, key)}.in(place).expect(
            "expected " + in_words(*kind));
      if (const auto wrong = misfit(row->takes, value, scenario))
        return Error{"E-SCN-015", fmt::format("{} of '{}': {}", key, e.what, *wrong)}.in(place);
    }
  }
  return {};
}

namespace {

/// Events that somebody has in memory anyway.
class ListedEvents : public EventSource {
 public:
  explicit ListedEvents(const std::vector<trace::Event>& events) : events_(events) {}
  void each(std::string_view kind,
            const std::function<void(const trace::Event&)>& visit) const override {
    for (const trace::Event& event : events_)
      if (trace::kind_of(event.body) == kind) visit(event);
  }

 private:
  const std::vector<trace::Event>& events_;
};

}  // namespace

std::vector<ExpectationOutcome> evaluate(const scenario::Scenario& scenario,
                                         const EventSource& events) {
  std::vector<ExpectationOutcome> out;
  for (const Expectation& e : scenario.expectations)
    out.push_back(find_kind(e.what)->evaluate(e, {scenario, events}));
  return out;
}
std::vector<ExpectationOutcome> evaluate(const scenario::Scenario& scenario,
                                         const std::vector<trace::Event>& events) {
  return evaluate(scenario, ListedEvents(events));
}

ExpectationSink::ExpectationSink(const scenario::Scenario& scenario) {
  using namespace trace;
  const Kinds data_path =
      kinds_of<PacketOnLink, EspSealed, EspOpened, DatagramSent, DatagramReceived>();
  kept_ = kinds_of<Diagnostic>();  // the report tells of scripts that stopped
  for (const Expectation& e : scenario.expectations) {
    const Kind* kind = find_kind(e.what);
    if (kind == nullptr || kind->needs.none()) {
      kept_ = ~data_path;
      everything_ = true;
      return;
    }
    kept_ |= kind->needs & ~data_path;
    first_sendings_ = first_sendings_ || e.what == "message";
    if (e.what == "task") tasks_.insert(argument(e, "name"));
  }
}

void ExpectationSink::record(const trace::Event& event) {
  using namespace trace;
  if (everything_) return events.push(event);
  // of these kinds there are many, and what is asked of them is little
  Event less{event.time, event.seq, event.node, {}, {}};
  if (const auto* message = std::get_if<Message>(&event.body)) {
    if (message->attempt == 0 && !first_sendings_) return;
    Message body;
    body.direction = message->direction;
    body.attempt = message->attempt;
    body.payloads = message->payloads;
    less.body = std::move(body);
  } else if (const auto* sa = std::get_if<SaInstalled>(&event.body)) {
    SaInstalled body;
    body.protocol = sa->protocol;
    body.direction = sa->direction;
    body.spi = sa->spi;
    less.body = std::move(body);
  } else if (const auto* task = std::get_if<TaskEnded>(&event.body)) {
    if (tasks_.contains(task->task)) events.push(event);
    return;
  } else {
    return events.push(event);
  }
  events.push(less);
}

}  // namespace ikelab::run
