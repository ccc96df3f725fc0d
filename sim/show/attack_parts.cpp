#include "sim/show/attack_parts.hpp"

#include <fmt/format.h>

namespace ikelab::show {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

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
    return Outcome{false,
                   fmt::format("{} answered {}, and kept nothing of it", event.node, m->payloads)};
  if (const auto* s = std::get_if<trace::StateChanged>(&event.body))
    return says(fmt::format("its {} SA goes from {} to {}", s->what, s->from, s->to));
  if (const auto* r = std::get_if<trace::SaRemoved>(&event.body))
    return says(fmt::format("an {} SA ends: {}", r->protocol, r->reason));
  if (const auto* m = std::get_if<trace::Metric>(&event.body); m && m->name == "path_mtu")
    return says(fmt::format("its path takes {} {}", m->value, m->unit));
  return std::nullopt;
}

/// A flaw of history at work (sim/historic).
bool is_flaw(const trace::Diagnostic& d) {
  return d.code == "E-BUG-001" && d.datagram != 0;
}

/// What a node said of a datagram in so many words.
void note_words(Outcomes& out, const trace::Event& event) {
  const auto refused = [&](const std::string& code, const std::string& why) {
    return Outcome{false, fmt::format("{} refused it: {} {}", event.node, code, why)};
  };
  if (const auto* o = std::get_if<trace::EspOpened>(&event.body))
    out.emplace(o->datagram,
                Outcome{true, fmt::format("{} accepted it: {}", event.node, o->summary)});
  if (const auto* r = std::get_if<trace::EspRejected>(&event.body))
    out.emplace(r->datagram, refused(r->code, r->reason));
  if (const auto* d = std::get_if<trace::Diagnostic>(&event.body);
      d && d->severity == "error" && d->datagram)
    out.insert_or_assign(d->datagram, refused(d->code, d->message));
  if (const auto* d = std::get_if<trace::Diagnostic>(&event.body); d && is_flaw(*d))
    out.emplace(d->datagram,
                Outcome{true, fmt::format("the flaw of {} shows: {}", event.node, d->message)});
  if (const auto* x = std::get_if<trace::DatagramDropped>(&event.body))
    out.emplace(x->id, Outcome{false, fmt::format("dropped at {}: {}", x->where, x->reason)});
  if (const auto* m = std::get_if<trace::Message>(&event.body); m && m->direction == "received")
    out.emplace(m->datagram,
                Outcome{true, fmt::format("{} processed it as {} {}", event.node, m->exchange,
                                          m->response ? "response" : "request")});
}

/// Of a message's payloads those that carry it: notifications only where there is nothing else.
std::string essence_of(const std::string& payloads) {
  std::string out;
  for (std::size_t begin = 0; begin < payloads.size();) {
    const std::size_t end = std::min(payloads.find(", ", begin), payloads.size());
    const std::string one = payloads.substr(begin, end - begin);
    if (!one.starts_with("N(")) out += (out.empty() ? "" : ", ") + one;
    begin = end + 2;
  }
  return !out.empty() ? out : payloads.empty() ? "nothing but an empty message" : payloads;
}

/// Which request each response answers, and how.
class Answers {
 public:
  void note(const trace::Event& event) {
    const auto* m = std::get_if<trace::Message>(&event.body);
    if (m == nullptr || m->fragments > 0) return;
    const Key key{event.node, m->spi_i, m->exchange, m->message_id};
    if (m->direction == "received" && !m->response) asked_[key] = m->datagram;
    if (m->direction != "sent" || !m->response || m->attempt > 0) return;
    if (const auto at = asked_.find(key); at != asked_.end())
      answers_.emplace(at->second, essence_of(m->payloads));
  }
  void add_to(Outcomes& outcomes) const {
    for (const auto& [datagram, payloads] : answers_)
      if (const auto at = outcomes.find(datagram); at != outcomes.end())
        at->second.text += ", and answered: " + payloads;
  }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::uint64_t>;
  std::map<Key, std::uint64_t> asked_;
  std::map<std::uint64_t, std::string> answers_;
};

}  // namespace

std::string shape_of(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_hex(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const bool digits = !word.empty() && word.find_first_not_of("0123456789") == word.npos;
    if (word.size() >= 8 || digits) {
      out += '#';
    } else if (!word.empty()) {
      for (const char c : word) out += c >= '0' && c <= '9' ? '#' : c;
    } else {
      out += text[end++];
    }
    i = end;
  }
  return out;
}

std::set<std::string> adversaries_of(const Events& events) {
  std::set<std::string> out;
  for (const trace::Event& event : events)
    if (std::holds_alternative<trace::AttackAction>(event.body) ||
        std::holds_alternative<trace::AttackKnowledge>(event.body))
      out.insert(event.node);
  return out;
}

Outcomes outcomes_of(const Events& events) {
  Outcomes out;
  Arrivals arrivals;
  Answers answers;
  for (const trace::Event& event : events) {
    arrivals.note(event);
    answers.note(event);
    note_words(out, event);
    if (const std::uint64_t id = arrivals.behind(event))
      if (auto outcome = deed_without_words(event)) out.emplace(id, std::move(*outcome));
  }
  for (const auto& [id, node] : arrivals.ends())
    out.emplace(id, Outcome{false, node + " got it, and says nothing of it"});
  answers.add_to(out);
  return out;
}

// ---- names -------------------------------------------------------------------------------------

Names::Names(const Events& events, const Story& story) {
  for (const IkeMessage& m : story.messages) {
    told_.emplace(m.content->datagram, fmt::format("message {} ({})", m.number, title(m)));
    if (m.arrived) receiver_.emplace(m.content->datagram, m.to);
  }
  for (const trace::Event& event : events) {
    if (const auto* s = std::get_if<trace::EspSealed>(&event.body))
      told_.emplace(s->datagram, fmt::format("ESP packet {} of SA {}", s->sequence, s->spi));
    if (const auto* a = std::get_if<trace::AttackAction>(&event.body); a && a->result)
      made_.emplace(a->result, fmt::format("a packet of {}'s ({})", event.node, a->note));
    if (const auto* d = std::get_if<trace::DatagramSent>(&event.body))
      sent_.emplace(d->id, "a packet of " + event.node);
    if (const auto* p = std::get_if<trace::PacketOnLink>(&event.body);
        p && p->id && p->lost.empty())
      receiver_.insert_or_assign(p->id, p->to);
  }
}

std::string Names::of(std::uint64_t datagram) const {
  for (const auto* names : {&told_, &made_, &sent_})
    if (const auto at = names->find(datagram); at != names->end()) return at->second;
  return fmt::format("datagram {}", datagram);
}

std::string Names::receiver(std::uint64_t datagram) const {
  const auto at = receiver_.find(datagram);
  return at == receiver_.end() ? std::string() : at->second;
}

// ---- the honest side ---------------------------------------------------------------------------

namespace {

/// "no SA selects this: this" without the repetition.
std::string once(const std::string& reason) {
  const auto colon = reason.rfind(": ");
  return colon != reason.npos && reason.find(reason.substr(colon + 2)) < colon
             ? reason.substr(0, colon)
             : reason;
}

class EffectTeller {
 public:
  EffectTeller(const Events& events, const Names& names) : names_(names) {
    for (const trace::Event& event : events)
      if (const auto* a = std::get_if<trace::AttackAction>(&event.body)) {
        if (a->result) attacked_.insert(a->result);
        if (a->action == "delay") attacked_.insert(a->datagram);
      }
  }
  void note(const trace::Event& event) {
    if (const auto* sa = std::get_if<trace::SaInstalled>(&event.body); sa && sa->direction != "in")
      installed(event, *sa);
    if (const auto* r = std::get_if<trace::SaRemoved>(&event.body); r && r->direction != "in")
      add(event, event.node, fmt::format(": {} SA {} ends: {}", r->protocol, r->spi, r->reason));
    // a task that ends with a refusal that was just told
    if (const auto* t = std::get_if<trace::TaskEnded>(&event.body);
        t && t->outcome == "failed" && !refusals_.contains({event.node, event.time.ns, t->detail}))
      add(event, event.node,
          fmt::format(": {} failed{}{}", t->task, t->detail.empty() ? "" : ": ", t->detail), true);
    // what became of the adversary's own packets stands with its deeds
    if (const auto* d = std::get_if<trace::Diagnostic>(&event.body);
        d && d->severity == "error" && !attacked_.contains(d->datagram) &&
        !d->code.starts_with("E-LUA-"))
      refused(event,
              fmt::format("{}: {} {}", d->datagram ? " refuses " + names_.of(d->datagram) : "",
                          d->code, d->message),
              d->message);
    if (const auto* d = std::get_if<trace::Diagnostic>(&event.body);
        d && is_flaw(*d) && !attacked_.contains(d->datagram))
      add(event, event.node,
          fmt::format(" gets {}, and its flaw shows: {}", names_.of(d->datagram), d->message),
          true);
    if (const auto* r = std::get_if<trace::EspRejected>(&event.body);
        r && !attacked_.contains(r->datagram))
      add(event, event.node,
          fmt::format(" refuses {}: {} {}",
                      r->datagram ? names_.of(r->datagram) : "a packet of its own network", r->code,
                      once(r->reason)),
          true);
    if (const auto* x = std::get_if<trace::DatagramDropped>(&event.body);
        x && !attacked_.contains(x->id) && x->reason.starts_with("blocked by "))
      add(event, x->where, fmt::format(" drops {}: {}", names_.of(x->id), x->reason), true);
  }
  std::vector<Effect> take() { return std::move(effects_); }

 private:
  void refused(const trace::Event& event, std::string text, const std::string& why) {
    refusals_.insert({event.node, event.time.ns, why});
    add(event, event.node, std::move(text), true);
  }
  void add(const trace::Event& event, const std::string& node, std::string text,
           bool warning = false) {
    auto [at, is_new] = places_.try_emplace(node + "\n" + shape_of(text), effects_.size());
    if (is_new)
      return effects_.push_back(
          {event.time, event.time, event.seq, 1, node, std::move(text), warning});
    ++effects_[at->second].count;
    effects_[at->second].last = event.time;
  }
  /// An SA has two ends; who has the other end of a told one is told with it.
  void installed(const trace::Event& event, const trace::SaInstalled& sa) {
    const auto ends = std::minmax(sa.spi, sa.peer_spi);
    const auto [at, is_new] =
        ends_.try_emplace({sa.protocol, ends.first, ends.second}, effects_.size());
    if (!is_new) {
      std::string& node = effects_[at->second].node;
      node += node == event.node ? " with itself" : " and " + event.node;
      return;
    }
    effects_.push_back(
        {event.time, event.time, event.seq, 1, event.node, ": " + installed_text(sa), false});
  }

  const Names& names_;
  std::set<std::uint64_t> attacked_;
  std::set<std::tuple<std::string, std::int64_t, std::string>> refusals_;
  std::map<std::string, std::size_t> places_;
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> ends_;
  std::vector<Effect> effects_;
};

}  // namespace

std::vector<Effect> effects_of(const Events& events, const Names& names) {
  EffectTeller teller(events, names);
  for (const trace::Event& event : events) teller.note(event);
  return teller.take();
}

}  // namespace ikelab::show
