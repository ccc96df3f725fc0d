#include "visualizer/models/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

// Text without what differs in every run: SPIs, nonces and keys in hex.
std::string without_octets(std::string_view text) {
  constexpr std::size_t least = 8;  // digits: an SPI of ESP
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_word(text[end])) ++end;
    const std::string_view word = text.substr(i, std::max<std::size_t>(end - i, 1));
    const std::string_view digits = word.starts_with("0x") ? word.substr(2) : word;
    const bool octets = digits.size() >= least && std::all_of(digits.begin(), digits.end(), is_hex);
    out += octets ? "#" : word;
    i += word.size();
  }
  return out;
}

std::string fate_of(const LadderRow& row) {
  if (row.legs.empty()) return "";
  const Leg& last = row.legs.back();
  if (last.lost) return row.note.empty() ? "lost" : row.note;
  return last.changed ? "changed on its way" : "";
}

Step step_of(const LadderRow& row, const RunModel& run) {
  Step s;
  s.text = row.title;
  s.time = row.time;
  s.seq = row.seq;
  s.selection = row.selection;
  const auto lane = [&](int i) {
    return i < 0 ? std::string() : run.ladder().lanes()[static_cast<std::size_t>(i)].node;
  };
  if (!row.legs.empty()) s.node = lane(row.legs.front().from);
  switch (row.kind) {
    case LadderRow::Kind::message: {
      const std::string inside = contents_of(row);
      const std::string again = row.repeats == 0 ? "" : ", again";
      const std::string fate = fate_of(row);
      const MessageRow& m = *run.traffic().message(row.number);  // its lane may be shared
      s.kind = fmt::format("{} > {} {}{}", m.from, m.to, m.title(), again);
      s.detail = inside;
      s.fate = without_octets(fate);
      s.by_dice = row.by_chance || row.repeats != 0;
      s.text = fmt::format("{}{} {}{}{}", row.title, again, inside,
                           fate.empty() ? "" : " \xE2\x80\x93 ", fate);
      s.number = fmt::format("{}", row.number);
      break;
    }
    case LadderRow::Kind::esp:
      s.kind = fmt::format("ESP {} {}", std::min(s.node, lane(row.legs.front().to)),
                           std::max(s.node, lane(row.legs.front().to)));
      s.is_fold = true;
      s.text = fmt::format("ESP, {}", counted(row.packets, "packet", "packets"));
      break;
    case LadderRow::Kind::attack:
    case LadderRow::Kind::refusal:
      s.kind = row.title;
      s.detail = without_octets(row.note);
      if (!row.note.empty()) s.text = fmt::format("{}: {}", row.title, row.note);
      break;
    case LadderRow::Kind::mark:
      s.kind = "mark " + row.title;
      s.is_mark = true;
      break;
  }
  return s;
}

// Decisions and their consequences: what has no arrow and yet tells two runs apart.
std::optional<Step> step_of(const trace::Event& e) {
  Step s;
  s.text = event_sentence(e);
  s.node = e.node;
  s.selection = select_event(e.seq);
  s.time = e.time;
  s.seq = e.seq;
  if (const auto* n = std::get_if<trace::Negotiated>(&e.body)) {
    s.kind = fmt::format("{} chooses for {} as {}", e.node, n->protocol, n->role);
    s.detail = n->chosen;
  } else if (const auto* a = std::get_if<trace::AuthDecided>(&e.body)) {
    if (a->local) return {};
    s.kind = fmt::format("{} judges the {}", e.node, a->subject);
    s.detail = fmt::format("{} {} {}", a->ok, a->method, a->identity);
  } else if (const auto* i = std::get_if<trace::SaInstalled>(&e.body)) {
    if (i->direction == "out") return {};
    const auto algorithms = i->encryption + (i->integrity.empty() ? "" : ", " + i->integrity);
    s.kind = fmt::format("{} installs {} {}", e.node, i->protocol, i->name);
    s.detail =
        fmt::format("{} {} {}", algorithms, fmt::join(i->ts_src, ","), fmt::join(i->ts_dst, ","));
    s.text = i->protocol == "IKE"
                 ? fmt::format("{} has the keys of the IKE SA: {}", e.node, algorithms)
                 : fmt::format("{} has the tunnel {}: {}", e.node, i->name, algorithms);
  } else if (const auto* k = std::get_if<trace::AttackKnowledge>(&e.body)) {
    s.kind = fmt::format("{} learns {}", e.node, without_octets(k->item));
  } else if (const auto* alert = std::get_if<trace::Alert>(&e.body)) {
    s.kind = fmt::format("alert {} {}", alert->monitor, alert->severity);
  } else if (const auto* t = std::get_if<trace::TaskEnded>(&e.body)) {
    if (t->outcome != "failed") return {};
    s.kind = fmt::format("{} fails in {}", e.node, t->task);
    s.detail = without_octets(t->detail);
  } else {
    return {};
  }
  return s;
}

// "here without N(X); only there N(Y)": which payloads or words one detail has and the other lacks.
std::string difference(const Step& a, const Step& b) {
  if (a.detail == b.detail)
    return fmt::format("left {}; right {}", a.fate.empty() ? "arrives" : a.fate,
                       b.fate.empty() ? "arrives" : b.fate);
  const auto words = [](const std::string& detail) {
    const std::size_t close = detail.find('}');
    if (!detail.starts_with("{") || close == std::string::npos) return std::vector<std::string>{};
    return split_list(detail.substr(1, close - 1));
  };
  const auto missing = [](const std::vector<std::string>& from,
                          const std::vector<std::string>& in) {
    std::string out;
    for (const std::string& w : from)
      if (std::find(in.begin(), in.end(), w) == in.end()) out += (out.empty() ? "" : ", ") + w;
    return out;
  };
  const auto of_a = words(a.detail), of_b = words(b.detail);
  const std::string only_a = missing(of_a, of_b), only_b = missing(of_b, of_a);
  std::string out;
  if (!only_a.empty()) out = "only left: " + only_a;
  if (!only_b.empty()) out += (out.empty() ? "only right: " : "; only right: ") + only_b;
  return out;
}

int indent_of(std::string_view line) {
  return static_cast<int>(std::min(line.find_first_not_of(' '), line.size()));
}

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

// A mark of the scenario cuts a fold of ESP in two; it is the same fold.
bool continues_fold(const std::vector<Step>& steps, const Step& fold) {
  const auto last =
      std::find_if(steps.rbegin(), steps.rend(), [](const Step& s) { return !s.is_mark; });
  return last != steps.rend() && last->kind == fold.kind;
}

}  // namespace

std::vector<Step> steps_of(const RunModel& run) {
  std::vector<Step> steps;
  for (const LadderRow& row : run.ladder().rows()) {
    if (steps.size() >= most_steps) break;
    if (row.kind == LadderRow::Kind::message && row.legs.empty()) continue;
    Step step = step_of(row, run);
    if (step.is_fold && continues_fold(steps, step)) continue;
    steps.push_back(std::move(step));
  }
  for (const EventPtr e : run.listed()) {
    if (steps.size() >= most_steps) break;
    if (auto s = step_of(*e)) steps.push_back(std::move(*s));
  }
  std::stable_sort(steps.begin(), steps.end(),
                   [](const Step& a, const Step& b) { return a.seq < b.seq; });
  return steps;
}

std::vector<std::pair<std::size_t, std::size_t>> common(const std::vector<int>& a,
                                                        const std::vector<int>& b,
                                                        std::size_t most) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) {
    out.emplace_back(head, head);
    ++head;
  }
  const auto n = static_cast<int>(a.size() - head), m = static_cast<int>(b.size() - head);
  const int limit = static_cast<int>(std::min<std::size_t>(most, a.size() + b.size() - 2 * head));
  // reach[d][k + d]: how far down `a` d differences come on diagonal k = x - y.
  std::vector<std::vector<int>> reach;
  const auto at = [&](int d, int k) -> int {
    return d < 0 || k < -d || k > d
               ? -1
               : reach[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  };
  int found = -1;
  for (int d = 0; d <= limit && found < 0; ++d) {
    reach.emplace_back(static_cast<std::size_t>(2 * d + 1), -1);
    for (int k = -d; k <= d; k += 2) {
      const int left = at(d - 1, k - 1);
      int x = d == 0 ? 0 : std::max(left < 0 ? -1 : left + 1, at(d - 1, k + 1));
      if (x < 0 || x - k < 0 || x > n || x - k > m) continue;
      while (x < n && x - k < m &&
             a[head + static_cast<std::size_t>(x)] == b[head + static_cast<std::size_t>(x - k)])
        ++x;
      reach.back()[static_cast<std::size_t>(k + d)] = x;
      if (x == n && x - k == m) found = d;
    }
  }
  if (found < 0) return out;  // too different: the rest stays unmatched
  std::vector<std::pair<std::size_t, std::size_t>> tail;
  int x = n, y = m;
  for (int d = found; d >= 0; --d) {
    const int k = x - y;
    const int from_left = at(d - 1, k - 1), from_above = at(d - 1, k + 1);
    const bool left = d > 0 && from_left >= 0 && from_left + 1 >= from_above;
    const int start = d == 0 ? 0 : left ? from_left + 1 : from_above;
    for (; x > start; --x, --y)
      tail.emplace_back(head + static_cast<std::size_t>(x - 1),
                        head + static_cast<std::size_t>(y - 1));
    if (d == 0) break;
    (left ? x : y) -= 1;
  }
  out.insert(out.end(), tail.rbegin(), tail.rend());
  return out;
}

std::vector<std::pair<std::string, std::string>> settings_of(std::string_view yaml) {
  struct Level {
    int indent;
    std::string name;
    int entries;  ///< of the list that stands below, so far
    bool is_entry;
  };
  std::vector<Level> path = {{-1, "", 0, false}};
  std::vector<std::pair<std::string, std::string>> out;
  const auto joined = [&] {
    std::string text;
    for (const Level& l : path)
      if (!l.name.empty()) text += (text.empty() ? "" : ".") + l.name;
    return text;
  };
  while (!yaml.empty()) {
    std::string_view line = yaml.substr(0, yaml.find('\n'));
    yaml.remove_prefix(std::min(yaml.size(), line.size() + 1));
    if (const std::size_t comment = line.find(" #"); comment != std::string_view::npos)
      line = line.substr(0, comment);
    int indent = indent_of(line);
    line = trimmed(line);
    if (line.empty() || line.front() == '#' || line == "---") continue;
    const bool entry =
        line.starts_with("- ") || line == "-";  // may stand under its key's first letter
    while (path.size() > 1 && (path.back().indent > indent ||
                               (path.back().indent == indent && (!entry || path.back().is_entry))))
      path.pop_back();
    while (line.starts_with("- ") || line == "-") {
      std::string name = fmt::format("{}", ++path.back().entries);
      if (line.starts_with("- name:")) name = std::string(trimmed(line.substr(7)));
      path.push_back({indent, std::move(name), 0, true});
      line = trimmed(line.substr(1));
      indent += 2;
    }
    if (line.empty()) continue;
    const std::size_t colon =
        line.front() == '{' || line.front() == '[' || line.front() == '"'
            ? std::string_view::npos
            : std::min(line.find(": "), line.ends_with(":") ? line.size() - 1 : line.npos);
    if (colon == std::string_view::npos) {
      out.emplace_back(joined(), line);
      continue;
    }
    path.push_back({indent, std::string(trimmed(line.substr(0, colon))), 0, false});
    const std::string_view value = trimmed(line.substr(std::min(line.size(), colon + 1)));
    if (!value.empty()) out.emplace_back(joined(), value);
  }
  return out;
}

Comparison::Comparison(const RunModel& a, std::shared_ptr<RunModel> b)
    : other_(std::move(b)), a_(steps_of(a)), b_(steps_of(*other_)) {
  std::map<std::string, int> kinds;
  const auto numbered = [&](const std::vector<Step>& steps) {
    std::vector<int> out;
    for (const Step& s : steps)
      out.push_back(kinds.try_emplace(s.kind, static_cast<int>(kinds.size())).first->second);
    return out;
  };
  const std::vector<int> left = numbered(a_), right = numbered(b_);
  int i = 0, j = 0;
  const auto alone = [&](int to_i, int to_j) {
    for (; i < to_i; ++i) rows_.push_back({Beside::What::only_a, i, -1, "", false});
    for (; j < to_j; ++j) rows_.push_back({Beside::What::only_b, -1, j, "", false});
  };
  for (const auto& [x, y] : common(left, right)) {
    alone(static_cast<int>(x), static_cast<int>(y));
    const bool same = a_[x].detail == b_[y].detail && a_[x].fate == b_[y].fate;
    rows_.push_back({same ? Beside::What::same : Beside::What::other, i++, j++,
                     same ? "" : difference(a_[x], b_[y]), false});
  }
  alone(static_cast<int>(a_.size()), static_cast<int>(b_.size()));
  weigh(a.info().seed == other_->info().seed);

  const auto mine = settings_of(a.info().config), theirs = settings_of(other_->info().config);
  std::map<std::string, std::string> values(theirs.begin(), theirs.end());
  for (const auto& [path, value] : mine) {
    const auto found = values.find(path);
    if (found == values.end())
      settings_.push_back({path, value, ""});
    else if (found->second != value)
      settings_.push_back({path, value, found->second});
    if (found != values.end()) values.erase(found);
  }
  for (const auto& [path, value] : theirs)
    if (values.contains(path)) settings_.push_back({path, "", value});
  // What a scenario is called and what it must come to is no setting.
  std::erase_if(settings_, [](const Setting& s) {
    return s.path == "about" || s.path == "name" || s.path.starts_with("expect.");
  });
}

std::optional<std::size_t> Comparison::first_difference() const {
  for (std::size_t i = 0; i < rows_.size(); ++i)
    if (rows_[i].weighs) return i;
  return {};
}

// Of a fold that one run has alone: whether the other has such packets before and after it. Then
// something else has cut it, which is told on its own.
void Comparison::weigh(bool same_dice) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> folds[2];  // kind to first, last row
  const auto step = [&](const Beside& row, bool of_b) -> const Step* {
    const int at = of_b ? row.b : row.a;
    return at < 0 ? nullptr : &(of_b ? b_ : a_)[static_cast<std::size_t>(at)];
  };
  for (std::size_t i = 0; i < rows_.size(); ++i)
    for (const bool of_b : {false, true})
      if (const Step* s = step(rows_[i], of_b); s != nullptr && s->is_fold)
        folds[of_b ? 1 : 0].try_emplace(s->kind, i, i).first->second.second = i;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    Beside& row = rows_[i];
    const Step *a = step(row, false), *b = step(row, true);
    const bool by_dice =
        !same_dice && ((a != nullptr && a->by_dice) || (b != nullptr && b->by_dice));
    if (row.what == Beside::What::same) continue;
    if (row.what == Beside::What::other) {
      row.weighs = a->detail != b->detail || !by_dice;
      continue;
    }
    const Step& one = a != nullptr ? *a : *b;
    const auto& others = folds[a != nullptr ? 1 : 0];
    const auto around = others.find(one.kind);
    const bool cut = one.is_fold && around != others.end() && around->second.first < i &&
                     around->second.second > i;
    row.weighs = !one.is_mark && !by_dice && !cut;
  }
}

std::size_t Comparison::weightless() const {
  return static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), [](const Beside& r) {
    return !r.weighs && r.what != Beside::What::same;
  }));
}

std::size_t Comparison::count(Beside::What what) const {
  return static_cast<std::size_t>(std::count_if(rows_.begin(), rows_.end(), [&](const Beside& r) {
    return r.what == what && (r.weighs || what == Beside::What::same);
  }));
}

std::string Comparison::outcome(const RunModel& run) {
  std::string text = counted(run.traffic().messages().size(), "message", "messages");
  if (const auto n = run.adversary().alerts().size(); n > 0)
    text += ", " + counted(n, "alert", "alerts");
  if (const auto n = run.adversary().knowledge().size(); n > 0)
    text += fmt::format(", the adversary knows {}", counted(n, "thing", "things"));
  text += run.info().status == store::RunStatus::unfinished ? "; unfinished"
          : run.info().expectations_met                     ? "; as expected"
                                                            : "; not as expected";
  return text;
}

}  // namespace ikelab::view
