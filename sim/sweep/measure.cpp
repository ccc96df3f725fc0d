#include "sim/sweep/measure.hpp"

#include <algorithm>
#include <array>
#include <functional>

#include "sim/store/error.hpp"
#include "sim/sweep/statistics.hpp"

namespace ikelab::sweep {
namespace {

using Arguments = std::map<std::string, std::string>;

/// A query that asks each event for numbers. `after`: the end of the warm-up.
struct Query {
  const char* name;
  std::vector<std::string> arguments;
  const char* unit;
  double scale;  ///< from the trace's unit to this one
  std::function<std::optional<std::int64_t>(const trace::Event&, const Arguments&, Instant after)>
      ask;
};

std::string argument(const Arguments& arguments, const char* name, const char* otherwise) {
  const auto found = arguments.find(name);
  return found == arguments.end() ? otherwise : found->second;
}

/// A task that began after the warm-up: its duration in ns.
std::optional<std::int64_t> task_duration(const trace::Event& event, const Arguments& a,
                                          Instant after) {
  const auto* task = std::get_if<trace::TaskEnded>(&event.body);
  if (!task || event.time.ns - task->duration_ns < after.ns) return {};
  const bool wanted = task->task == argument(a, "task", "child_rekey") &&
                      task->role == argument(a, "role", "initiator") &&
                      task->outcome == argument(a, "outcome", "done");
  return wanted ? std::optional(task->duration_ns) : std::nullopt;
}

std::optional<std::int64_t> sent_message(const trace::Event& event, const Arguments& a,
                                         Instant after, bool again) {
  const auto* message = std::get_if<trace::Message>(&event.body);
  if (!message || message->direction != "sent" || event.time < after ||
      (message->attempt > 0) != again)
    return {};
  const std::string exchange = argument(a, "exchange", "");
  if (!exchange.empty() && message->exchange != exchange) return {};
  return static_cast<std::int64_t>(message->bytes.size());
}

std::optional<std::int64_t> metric(const trace::Event& event, const Arguments& a, Instant after) {
  const auto* m = std::get_if<trace::Metric>(&event.body);
  if (!m || event.time < after || m->name != argument(a, "name", "")) return {};
  const std::string subject = argument(a, "subject", "");
  return subject.empty() || subject == m->subject ? std::optional(m->value) : std::nullopt;
}

const std::vector<Query>& queries() {
  static const std::vector<Query> table = {
      {"task_duration", {"task", "role", "outcome"}, "ms", 1e-6, task_duration},
      {"messages",
       {"exchange"},
       "octets",
       1,
       [](const trace::Event& e, const Arguments& a, Instant after) {
         return sent_message(e, a, after, false);
       }},
      {"retransmissions",
       {"exchange"},
       "octets",
       1,
       [](const trace::Event& e, const Arguments& a, Instant after) {
         return sent_message(e, a, after, true);
       }},
      {"metric", {"name", "subject"}, "", 1, metric},
  };
  return table;
}

constexpr const char* esp_lost = "esp_lost";  // a query over pairs of events, see Collector

struct Take {
  const char* name;
  const char* unit;    ///< "": the query's
  bool empty_is_zero;  ///< of no numbers: 0, else no value
  double (*take)(const std::vector<double>&);
};

constexpr std::array takes = {
    Take{"median", "", false, [](const std::vector<double>& v) { return quantile(v, 0.5); }},
    Take{"p95", "", false, [](const std::vector<double>& v) { return quantile(v, 0.95); }},
    Take{"p99", "", false, [](const std::vector<double>& v) { return quantile(v, 0.99); }},
    Take{"min", "", false, [](const std::vector<double>& v) { return quantile(v, 0); }},
    Take{"max", "", false, [](const std::vector<double>& v) { return quantile(v, 1); }},
    Take{"sum", "", true,
         [](const std::vector<double>& v) {
           double sum = 0;
           for (const double x : v) sum += x;
           return sum;
         }},
    Take{"count", "1", true,
         [](const std::vector<double>& v) { return static_cast<double>(v.size()); }},
};

const Query* find_query(const std::string& name) {
  for (const Query& query : queries()) {
    if (name == query.name) return &query;
  }
  return nullptr;
}
const Take* find_take(const std::string& name) {
  for (const Take& take : takes) {
    if (name == take.name) return &take;
  }
  return nullptr;
}

std::string list(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "none" : out;
}

}  // namespace

std::vector<std::string> query_names() {
  std::vector<std::string> out;
  for (const Query& query : queries()) out.emplace_back(query.name);
  out.emplace_back(esp_lost);
  return out;
}
std::vector<std::string> take_names() {
  std::vector<std::string> out;
  for (const Take& take : takes) out.emplace_back(take.name);
  return out;
}

Result<void> check(const Measure& measure) {
  const auto wrong = [&](const std::string& what, const std::vector<std::string>& known) {
    return error("E-SWP-005", "measure '" + measure.name + "': " + what,
                 "expected one of: " + list(known));
  };
  const Query* query = find_query(measure.query);
  if (!query && measure.query != esp_lost)
    return wrong("no such query '" + measure.query + "'", query_names());
  if (!find_take(measure.take)) return wrong("no such take '" + measure.take + "'", take_names());
  const std::vector<std::string> known = query ? query->arguments : std::vector<std::string>();
  for (const auto& [name, value] : measure.arguments) {
    if (std::find(known.begin(), known.end(), name) == known.end())
      return wrong("no such argument '" + name + "'", known);
  }
  return {};
}

// ---- listening ----------------------------------------------------------------------------------

struct Collector::State {
  std::vector<Measure> measures;
  Instant after;
  std::vector<const Query*> asked;           // one a measure; none for esp_lost
  std::vector<std::vector<double>> numbers;  // one list a measure
  bool follow_esp = false;
  std::map<std::uint64_t, std::pair<Instant, double>>
      on_the_way;  // sealed ESP packets not opened yet: when, octets
  Instant last;

  /// Packets that were sealed and never opened, unless they may still have been under way when the
  /// run ended.
  [[nodiscard]] std::vector<double> lost() const {
    constexpr Duration under_way = std::chrono::seconds(1);
    std::vector<double> out;
    for (const auto& [datagram, packet] : on_the_way) {
      if (packet.first + under_way <= last) out.push_back(packet.second);
    }
    return out;
  }
};

Collector::Collector(std::vector<Measure> measures, Duration warm_up)
    : state_(std::make_unique<State>()) {
  state_->after = Instant{} + warm_up;
  state_->numbers.resize(measures.size());
  for (const Measure& measure : measures) {
    state_->asked.push_back(find_query(measure.query));
    state_->follow_esp |= measure.query == esp_lost;
  }
  state_->measures = std::move(measures);
}
Collector::~Collector() = default;

void Collector::record(const trace::Event& event) {
  State& s = *state_;
  s.last = event.time;
  for (std::size_t i = 0; i < s.measures.size(); ++i) {
    if (!s.asked[i]) continue;
    if (const auto number = s.asked[i]->ask(event, s.measures[i].arguments, s.after)) {
      s.numbers[i].push_back(static_cast<double>(*number) * s.asked[i]->scale);
    }
  }
  if (!s.follow_esp) return;
  if (const auto* sealed = std::get_if<trace::EspSealed>(&event.body);
      sealed && event.time >= s.after) {
    s.on_the_way[sealed->datagram] = {event.time, static_cast<double>(sealed->outer_size)};
  } else if (const auto* opened = std::get_if<trace::EspOpened>(&event.body)) {
    s.on_the_way.erase(opened->datagram);
  }
}

std::vector<Collector::Value> Collector::values() const {
  std::vector<Value> out;
  for (std::size_t i = 0; i < state_->measures.size(); ++i) {
    const Measure& measure = state_->measures[i];
    const Query* query = state_->asked[i];
    const Take* take = find_take(measure.take);
    IKELAB_ASSERT(take != nullptr);
    const std::vector<double> numbers = query ? state_->numbers[i] : state_->lost();
    Value value{measure.name, {}, *take->unit ? take->unit : query ? query->unit : "octets"};
    if (!numbers.empty() || take->empty_is_zero) value.value = take->take(numbers);
    out.push_back(std::move(value));
  }
  return out;
}

}  // namespace ikelab::sweep
