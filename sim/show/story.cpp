#include "sim/show/story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "protocol/base/address.hpp"

namespace ikelab::show {
namespace {

using trace::Event;

template <class T>
const T* as(const Event& event) {
  return std::get_if<T>(&event.body);
}

bool is_ikev1(const trace::Message& m) {
  return m.bytes.size() > 17 && m.bytes[17] >> 4 == 1;
}

bool begins_an_sa(const trace::Message& m) {
  return !m.response && (m.exchange == "IKE_SA_INIT" || m.exchange == "Main Mode" ||
                         m.exchange == "Aggressive Mode");
}

// What the whole run says about datagrams, gathered before the story is told.
struct Facts {
  std::set<std::string> adversaries;
  std::map<std::string, std::string> node_at;  // "192.0.2.1:500" to the node that sends from there
  std::map<std::uint64_t, std::pair<Instant, std::string>> arrival;  // datagram to when and where
  std::map<std::uint64_t, std::string> lost;
  std::map<std::uint64_t, std::string> senders;  // datagram to the node that put it on the wire
  struct Crossing {
    const trace::PacketOnLink* link = nullptr;
    int times = 1;  // in a row: to and fro, when nobody at either end wants it
  };
  std::map<std::uint64_t, Crossing> first_link, last_link;  // of a datagram
  // Link and the node at its near end to the adversary at its far end.
  std::map<std::pair<std::string, std::string>, std::string> seats;
  std::map<std::uint64_t, std::string> sent_by_nodes;  // datagram to its sender
  std::set<std::uint64_t> messages;                    // datagrams some node told as a message
  std::map<std::uint64_t, std::string>
      attacked;  // datagram to what kept it from arriving as it was
  std::map<std::uint64_t, std::pair<const Event*, const trace::AttackAction*>>
      made_by;  // datagram to the adversary's action
  std::map<std::uint64_t, std::pair<std::string, std::string>> sealed_at;  // ESP datagram to sender
  std::map<std::uint64_t, std::string> opened_by;  // ESP datagram to who opened it first
  std::set<std::string> initiators;  // SPIi + node of who began an IKE SA
};

void gather_message(Facts& facts, const Event& event, const trace::Message& m) {
  facts.messages.insert(m.datagram);
  if (m.direction == "sent") {
    facts.node_at.emplace(m.src, event.node);
    facts.sent_by_nodes.emplace(m.datagram, event.node);
    if (begins_an_sa(m)) facts.initiators.insert(m.spi_i + event.node);
  } else {
    facts.node_at.emplace(m.dst, event.node);
    facts.arrival.emplace(m.datagram, std::pair(event.time, event.node));
  }
}

void gather_attack(Facts& facts, const Event& event, const trace::AttackAction& a) {
  facts.adversaries.insert(event.node);
  if (a.result) facts.made_by.emplace(a.result, std::pair(&event, &a));
  if (a.action == "modify")
    facts.attacked.emplace(a.datagram, event.node + " changed it on the way");
  if (a.action == "drop") facts.attacked.emplace(a.datagram, event.node + " took it off the wire");
}

void gather_link(Facts& facts, const trace::PacketOnLink& p) {
  facts.first_link.emplace(p.id, Facts::Crossing{&p});
  if (!p.lost.empty()) {
    facts.lost.emplace(p.id, fmt::format("link {}: {}", p.link, p.lost));
    return;
  }
  Facts::Crossing& last = facts.last_link[p.id];
  last.times = last.link != nullptr && last.link->link == p.link ? last.times + 1 : 1;
  last.link = &p;
}

// An adversary tells of no receipt: what crosses, the other way, the link on which it sends has
// reached it.
void find_seats(Facts& facts) {
  for (const auto& [datagram, sender] : facts.senders)
    if (const auto link = facts.first_link.find(datagram);
        link != facts.first_link.end() && facts.adversaries.contains(sender)) {
      const trace::PacketOnLink& p = *link->second.link;
      facts.seats.emplace(std::pair(p.link, p.to), sender);
    }
}

const std::string* seat_reached(const Facts& facts, const Facts::Crossing& crossing) {
  if (crossing.times > 1) return nullptr;  // a forged address: it goes round until its TTL ends
  const auto seat = facts.seats.find({crossing.link->link, crossing.link->from});
  return seat == facts.seats.end() ? nullptr : &seat->second;
}

// A remark about a datagram shows that it arrived, unless the sender made it.
void gather_remark(Facts& facts, const Event& event, std::uint64_t datagram) {
  const auto sender = facts.sent_by_nodes.find(datagram);
  if (datagram != 0 && (sender == facts.sent_by_nodes.end() || sender->second != event.node))
    facts.arrival.emplace(datagram, std::pair(event.time, event.node));
}

Facts gather(const std::vector<Event>& events) {
  Facts facts;
  for (const Event& event : events) {
    if (const auto* m = as<trace::Message>(event)) gather_message(facts, event, *m);
    if (const auto* s = as<trace::DatagramSent>(event)) facts.senders.emplace(s->id, event.node);
    if (const auto* r = as<trace::DatagramReceived>(event))
      facts.arrival.emplace(r->id, std::pair(event.time, event.node));
    if (const auto* d = as<trace::DatagramDropped>(event))
      facts.lost.emplace(d->id, fmt::format("{}: {}", d->where, d->reason));
    if (const auto* p = as<trace::PacketOnLink>(event); p && p->id) gather_link(facts, *p);
    if (const auto* a = as<trace::AttackAction>(event)) gather_attack(facts, event, *a);
    if (const auto* d = as<trace::Diagnostic>(event)) gather_remark(facts, event, d->datagram);
    if (const auto* s = as<trace::EspSealed>(event))
      facts.sealed_at.emplace(s->datagram, std::pair(event.node, s->spi));
    if (const auto* o = as<trace::EspOpened>(event))
      facts.opened_by.emplace(o->datagram, event.node);
  }
  find_seats(facts);
  return facts;
}

class Teller {
 public:
  Teller(const std::vector<Event>& events, Facts facts)
      : events_(events), facts_(std::move(facts)) {}

  Story tell() {
    for (const Event& event : events_) visit(event);
    flush_esp();
    attach();
    return std::move(story_);
  }

 private:
  void visit(const Event& event) {
    if (const auto* m = as<trace::Message>(event)) return message(event, *m);
    if (as<trace::EspSealed>(event) || as<trace::EspOpened>(event) || as<trace::EspRejected>(event))
      return esp(event);
    if (const auto* a = as<trace::AttackAction>(event)) return attack(event, *a);
    if (const auto* d = as<trace::Diagnostic>(event); d && !facts_.messages.contains(d->datagram))
      return note(event,
                  fmt::format("{} {}: {}", d->severity == "error" ? "refuses" : "remarks", d->code,
                              d->message),
                  d->severity == "error");
    if (const auto* s = as<trace::SaInstalled>(event);
        s && s->direction != "in")  // one note a pair
      return note(event, installed_text(*s));
    if (const auto* r = as<trace::SaRemoved>(event); r && r->direction != "in")
      return note(event, fmt::format("{} SA {} removed: {}", r->protocol, r->spi, r->reason));
    if (const auto* mark = as<trace::Mark>(event)) chapter(event, mark->text);
  }

  void message(const Event& event, const trace::Message& m) {
    const bool sent = m.direction == "sent";
    if (!sent && facts_.sent_by_nodes.contains(m.datagram))
      return;  // the other end of a message already told
    flush_esp();
    IkeMessage out;
    out.number = story_.messages.size() + 1;
    out.seq = event.seq;
    out.content = &m;
    out.sent = event.time;
    out.sa = event.sa;
    if (sent) {
      out.from = event.node;
      const auto to = facts_.node_at.find(m.dst);
      out.to = to == facts_.node_at.end() ? m.dst : to->second;
    } else {
      out.to = event.node;
      out.made_by_adversary = true;
      const auto maker = facts_.made_by.find(m.datagram);
      out.from = maker == facts_.made_by.end() ? m.src : maker->second.first->node;
      if (maker != facts_.made_by.end()) out.sent = maker->second.first->time;
    }
    fate(out);
    out.by_initiator = by_initiator(out);
    story_.rows.push_back(
        {Row::Kind::message, out.sent, story_.messages.size(), {}, {}, {}, false, false});
    story_.messages.push_back(std::move(out));
  }

  void fate(IkeMessage& out) const {
    const std::uint64_t id = out.content->datagram;
    if (const auto at = facts_.arrival.find(id); at != facts_.arrival.end()) {
      out.arrived = at->second.first;
      out.to = at->second.second;
    } else if (const auto attacked = facts_.attacked.find(id); attacked != facts_.attacked.end()) {
      out.lost = attacked->second;
    } else if (const auto lost = facts_.lost.find(id); lost != facts_.lost.end()) {
      out.lost = lost->second;
    } else if (const auto link = facts_.last_link.find(id);
               link != facts_.last_link.end() && seat_reached(facts_, link->second) != nullptr) {
      out.arrived = Instant{link->second.link->arrives_ns};
      out.to = *seat_reached(facts_, link->second);
    } else {
      out.lost = "never arrived";
    }
  }

  // The I flag says which side of the IKE SA sent it (RFC 7296, 3.1); without octets, and in IKEv1,
  // who began the SA does.
  bool by_initiator(const IkeMessage& m) const {
    if (m.content->bytes.size() > 19 && !is_ikev1(*m.content))
      return (m.content->bytes[19] & 0x08) != 0;
    return facts_.initiators.contains(m.content->spi_i + m.from);
  }

  void attack(const Event& event, const trace::AttackAction& a) {
    attacks_.push_back({event.time, event.node, &a});
    if (a.action == "observe" || a.action == "pass") return;
    flush_esp();
    const std::string what = a.note.empty() ? a.action : a.action + ": " + a.note;
    story_.rows.push_back({Row::Kind::attack, event.time, 0, {}, event.node, what, true, false});
  }

  void note(const Event& event, std::string text, bool warning = false) {
    flush_esp();
    story_.rows.push_back(
        {Row::Kind::note, event.time, 0, {}, event.node, std::move(text), false, warning});
  }
  void chapter(const Event& event, const std::string& text) {
    flush_esp();
    story_.rows.push_back({Row::Kind::chapter, event.time, 0, {}, event.node, text, false, false});
  }

  EspFold& fold(const Event& event) {
    if (!fold_) fold_ = Row{Row::Kind::esp, event.time, 0, {}, {}, {}, false, false};
    return fold_->esp;
  }
  EspFold::Direction& direction(const Event& event, const std::string& from,
                                const std::string& to) {
    std::vector<EspFold::Direction>& directions = fold(event).directions;
    for (EspFold::Direction& d : directions)
      if (d.from == from && (d.to == to || d.to.empty() || to.empty())) {
        if (d.to.empty()) d.to = to;
        return d;
      }
    directions.push_back({from, to, 0, 0, 0});
    return directions.back();
  }

  // A packet stands where it was sealed, its arrival too; what else opens it stands where it did.
  void esp(const Event& event) {
    if (const auto* sealed = as<trace::EspSealed>(event)) {
      // Who seals knows how much; a capture without keys shows that a packet came by, no more.
      const bool only_seen = sealed->inner_size == 0;
      const auto opener = facts_.opened_by.find(sealed->datagram);
      const auto at = facts_.arrival.find(sealed->datagram);
      const bool opens = opener != facts_.opened_by.end();
      const bool arrives = only_seen && at != facts_.arrival.end();
      EspFold::Direction& way = direction(
          event, event.node, opens ? opener->second : arrives ? at->second.second : "");
      ++way.sealed;
      way.opened += opens ? 1 : 0;
      way.seen += only_seen ? 1 : 0;
      if (fold(event).first.empty()) fold(event).first = sealed->summary;
    } else if (const auto* opened = as<trace::EspOpened>(event)) {
      const auto from = facts_.sealed_at.find(opened->datagram);
      const auto maker = facts_.made_by.find(opened->datagram);
      if (from != facts_.sealed_at.end()) {
        if (!opened_.insert(opened->datagram).second)
          ++direction(event, from->second.first, event.node).opened;
      } else if (maker != facts_.made_by.end()) {
        ++direction(event, maker->second.first->node, event.node).opened;
      }
    } else if (const auto* rejected = as<trace::EspRejected>(event)) {
      ++fold(event).refused[event.node + ": " + rejected->code];
    }
  }
  void flush_esp() {
    if (fold_) story_.rows.push_back(std::move(*fold_));
    fold_.reset();
  }

  // Remarks and attacks belong to the message that travelled as their datagram.
  void attach() {
    std::map<std::uint64_t, IkeMessage*> by_datagram;
    for (IkeMessage& m : story_.messages) by_datagram[m.content->datagram] = &m;
    for (const Event& event : events_) {
      const auto* d = as<trace::Diagnostic>(event);
      if (!d || d->datagram == 0) continue;
      if (const auto at = by_datagram.find(d->datagram); at != by_datagram.end())
        at->second->remarks.push_back({event.node, d});
    }
    for (const Attack& a : attacks_)
      for (const std::uint64_t id : {a.action->datagram, a.action->result})
        if (const auto at = by_datagram.find(id); id != 0 && at != by_datagram.end())
          at->second->attacks.push_back(a);
  }

  const std::vector<Event>& events_;
  Facts facts_;
  Story story_;
  std::vector<Attack> attacks_;
  std::optional<Row> fold_;
  std::set<std::uint64_t> opened_;  // datagrams whose first opening is told
};

/// A fragment that does not complete its message.
bool is_part(const IkeMessage& m) {
  return m.content->fragments > 1 && m.content->payloads.empty();
}

bool has(const IkeMessage& m, std::string_view payload) {
  const std::string list = ", " + m.content->payloads + ",";
  return list.find(fmt::format(", {},", payload)) != std::string::npos;
}

std::string error_in(const IkeMessage& m) {
  for (const char* error : {"NO_PROPOSAL_CHOSEN", "AUTHENTICATION_FAILED", "TS_UNACCEPTABLE",
                            "TEMPORARY_FAILURE", "CHILD_SA_NOT_FOUND", "INVALID_SYNTAX",
                            "UNSUPPORTED_CRITICAL_PAYLOAD", "NO_ADDITIONAL_SAS", "STATE_NOT_FOUND"})
    if (has(m, fmt::format("N({})", error))) return error;
  return {};
}

std::string init_in_words(const IkeMessage& m) {
  if (!m.content->response) {
    if (has(m, "PS"))
      return fmt::format("{} begins again with the cookie and the puzzle's solution.", m.from);
    if (has(m, "N(COOKIE)"))
      return fmt::format("{} begins again and returns the cookie: it can receive at its address.",
                         m.from);
    return fmt::format("{} offers algorithms, its public key exchange value and a nonce.", m.from);
  }
  if (has(m, "N(PUZZLE)"))
    return fmt::format("{} gives {} a puzzle: it keeps nothing until that work is done.", m.from,
                       m.to);
  if (has(m, "N(COOKIE)"))
    return fmt::format(
        "{} asks {} to show with a cookie that it can receive, before any costly work.", m.from,
        m.to);
  if (has(m, "N(INVALID_KE_PAYLOAD)"))
    return fmt::format("{} asks for another key exchange method.", m.from);
  return fmt::format(
      "{} chooses one proposal and answers with its own public value; now both can derive keys.",
      m.from);
}

// IKEv1 has no requests and responses, only steps (RFC 2409, 5).
std::string ikev1_in_words(const IkeMessage& m) {
  const trace::Message& c = *m.content;
  const bool answers = c.response;
  if (has(m, "N(R-U-THERE)"))
    return fmt::format("{} asks whether {} is still there.", m.from, m.to);
  if (has(m, "N(R-U-THERE-ACK)")) return fmt::format("{} is still there.", m.from);
  if (c.exchange == "Quick Mode") {
    if (!has(m, "SA")) return fmt::format("{} confirms: the ESP SAs are used from now on.", m.from);
    return answers ? fmt::format("{} agrees; both derive the keys of two ESP SAs.", m.from)
                   : fmt::format("{} asks for a pair of ESP SAs.", m.from);
  }
  if (has(m, "D")) return fmt::format("{} closes an SA.", m.from);
  if (c.exchange == "Aggressive Mode" && has(m, "SA"))
    return answers ? fmt::format(
                         "{} chooses, says who it is, and proves it in the clear: with a "
                         "pre-shared key whoever sees this can try secrets at leisure.",
                         m.from)
                   : fmt::format(
                         "{} says all at once: algorithms, public value, nonce, and who it "
                         "is, in the clear.",
                         m.from);
  if (has(m, "SA"))
    return fmt::format(fmt::runtime(answers ? "{} chooses one of the suites on offer."
                                            : "{} offers suites of algorithms."),
                       m.from);
  if (has(m, "KE"))
    return fmt::format(
        fmt::runtime(answers ? "{} answers with its own; now both can derive keys."
                             : "{} sends its Diffie-Hellman public value and a nonce."),
        m.from);
  if (has(m, "HASH") || has(m, "SIG")) return fmt::format("{} proves who it is.", m.from);
  return fmt::format("{} sends {}: {}.", m.from, c.exchange, c.payloads);
}

// IKE_AUTH, by what stands in it; the first row that fits says it (RFC 7296, 2.16; RFC 4739).
struct AuthWords {
  bool response;
  std::string_view has, lacks;  ///< payloads, or how they begin ("EAP("); "" for any
  std::string_view does;        ///< "{}": its sender
};
constexpr AuthWords auth_words[] = {
    {false, "EAP(Response/Identity", "", "{} tells EAP who it is."},
    {false, "EAP(Response/Nak", "", "{} wants another EAP method."},
    {false, "EAP(", "", "{} answers in EAP."},
    {false, "SA", "AUTH", "{} says who it is, but proves nothing yet: it wants EAP."},
    {false, "SA", "", "{} proves who it is and asks for the first Child SA."},
    {false, "AUTH", "IDi", "{} proves with the outcome of EAP that it was EAP's peer."},
    {false, "IDi", "AUTH", "{} begins another round of authentication, by EAP."},
    {false, "IDi", "", "{} proves another identity."},
    {false, "", "", "{} waits for the rest."},
    {true, "EAP(Success", "", "{} is content with EAP; AUTH must still follow."},
    {true, "EAP(Failure", "", "{} ends EAP: it does not believe the peer."},
    {true, "EAP(", "AUTH", "{} asks on in EAP."},
    {true, "EAP(", "", "{} proves who it is, and begins EAP."},
    {true, "SA", "", "{} proves who it is; the first Child SA is ready."},
    {true, "", "", "{} proves who it is; another round of authentication follows."},
};

std::string auth_in_words(const IkeMessage& m) {
  const std::string list = ", " + m.content->payloads + ",";
  const auto carries = [&](std::string_view payload) {
    const bool beginning = payload.find('(') != std::string_view::npos;
    return list.find(fmt::format(", {}{}", payload, beginning ? "" : ",")) != std::string::npos;
  };
  for (const AuthWords& row : auth_words)
    if (row.response == m.content->response && (row.has.empty() || carries(row.has)) &&
        (row.lacks.empty() || !carries(row.lacks)))
      return fmt::format(fmt::runtime(row.does), m.from);
  return {};
}

std::string child_in_words(const IkeMessage& m) {
  const bool ike = !has(m, "TSi");
  if (!m.content->response) {
    if (ike)
      return fmt::format("{} wants to replace the IKE SA by a new one with fresh keys.", m.from);
    if (has(m, "N(REKEY_SA)"))
      return fmt::format("{} wants to replace a Child SA by a new one with fresh keys.", m.from);
    return fmt::format("{} asks for another Child SA.", m.from);
  }
  return fmt::format("{} agrees: the new {} has its keys.", m.from, ike ? "IKE SA" : "Child SA");
}

}  // namespace

std::uint64_t Story::number_of(std::uint64_t datagram) const {
  for (const IkeMessage& m : messages)
    if (datagram != 0 && m.content->datagram == datagram) return m.number;
  return 0;
}

Story tell(const std::vector<trace::Event>& events) {
  return Teller(events, gather(events)).tell();
}

std::string in_words(const IkeMessage& m) {
  const trace::Message& c = *m.content;
  if (is_part(m))
    return fmt::format("{} sends part {} of {} of a message too large for one datagram.", m.from,
                       c.fragment, c.fragments);
  if (const std::string error = error_in(m); !error.empty())
    return fmt::format("{} refuses: {}.", m.from, error);
  if (is_ikev1(c)) return ikev1_in_words(m);
  if (c.exchange == "IKE_SA_INIT") return init_in_words(m);
  if (c.encrypted && c.payloads.empty() && c.exchange == "INFORMATIONAL")
    return c.response ? fmt::format("{} confirms.", m.from)
                      : fmt::format("{} asks whether {} is still there.", m.from, m.to);
  if (c.exchange == "IKE_AUTH") return auth_in_words(m);
  if (c.exchange == "IKE_INTERMEDIATE" && has(m, "KE"))
    return fmt::format(fmt::runtime(c.response ? "{} answers: another secret is part of the keys."
                                               : "{} begins an additional key exchange, encrypted "
                                                 "with the keys of the one before."),
                       m.from);
  if (c.exchange == "IKE_FOLLOWUP_KE")
    return fmt::format(
        fmt::runtime(!c.response ? "{} goes on with a further key exchange for the new SA."
                     : has(m, "N(ADDITIONAL_KEY_EXCHANGE)")
                         ? "{} answers, and one more key exchange is to follow."
                         : "{} answers: the last key exchange, and the new SA has its keys."),
        m.from);
  if (c.exchange == "CREATE_CHILD_SA" && has(m, "N(ADDITIONAL_KEY_EXCHANGE)"))
    return fmt::format("{} agrees; the new SA waits for further key exchanges.", m.from);
  if (c.exchange == "CREATE_CHILD_SA") return child_in_words(m);
  if (has(m, "D"))
    return fmt::format(
        fmt::runtime(c.response ? "{} has closed its side of the SA too." : "{} closes an SA."),
        m.from);
  return fmt::format("{} sends {}.", m.from, title(m));
}

std::string title(const IkeMessage& m) {
  std::string text = m.content->exchange;
  if (!is_ikev1(*m.content)) text += m.content->response ? " response" : " request";
  if (m.content->fragments > 0)
    text += fmt::format(", fragment {} of {}", m.content->fragment, m.content->fragments);
  if (m.content->attempt > 0) text += fmt::format(", retransmission {}", m.content->attempt);
  return text;
}

std::string contents(const IkeMessage& m) {
  if (is_part(m)) return {};
  return m.content->encrypted ? "{" + m.content->payloads + "}" : m.content->payloads;
}

std::string installed_text(const trace::SaInstalled& sa) {
  if (sa.reason == "seen in the capture")  // whether anybody was believed, a capture cannot tell
    return sa.protocol == "IKE" ? fmt::format("IKE SA {} is agreed on, as far as is seen", sa.spi)
                                : fmt::format("ESP SA {} is in use, as far as is seen", sa.spi);
  if (sa.protocol == "IKE")
    return fmt::format("IKE SA {} is up ({})", sa.spi, sa.reason.empty() ? "new" : sa.reason);
  return fmt::format("Child SA '{}' is up: out {}, in {} ({})", sa.name, sa.spi, sa.peer_spi,
                     sa.reason.empty() ? "new" : sa.reason);
}

}  // namespace ikelab::show
