#include "visualizer/models/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ikelab::view {
namespace {

// The first row whose kind fits and whose word stands in what tells events of that kind apart.
struct EventWords {
  std::string_view kind;
  std::string_view word;  ///< "": any
  std::string_view text, rfc;
};
constexpr std::array<EventWords, 54> event_words = {{
    {"datagram_sent", "keepalive",
     "One octet, 0xff, so that the NAT box on the way does not forget its mapping. The receiver "
     "throws it away.",
     "RFC 3948, 2.3"},
    {"datagram_sent", "",
     "A datagram leaves the node. UDP promises nothing: it may be lost, doubled, or overtaken.",
     "RFC 7296, 2"},
    {"datagram_received", "",
     "The datagram has come through. Whether what is in it is believed is decided next.", ""},
    {"datagram_dropped", "",
     "It went no further. Nobody is told: the sender finds out when no answer comes, and sends "
     "again.",
     "RFC 7296, 2.1"},
    {"packet_on_link", "",
     "A packet on one link of its way: when it was sent, how large it is, when it arrives.", ""},
    {"nat_mapping", "made",
     "The box wrote down which inner address and port hide behind the outer ones; answers find "
     "back by it.",
     "RFC 3948, 1"},
    {"nat_mapping", "",
     "Without its mapping a NAT box cannot tell where an answer belongs. Keepalives are there so "
     "that it does not come to this.",
     "RFC 3948, 2.3"},
    {"message", "", "An IKE message, with what it says.", "RFC 7296, 1"},
    {"diagnostic", "error",
     "What came breaks a rule, so it is not processed. As a rule nothing is answered, so that a "
     "forger learns nothing.",
     "RFC 7296, 2.21"},
    {"diagnostic", "", "Not as it should be, but harmless: it is accepted.", "RFC 7296, 2.5"},
    {"state_changed", "ESTABLISHED",
     "Both sides are authenticated. From now on the IKE SA may make, rekey and delete tunnels.",
     "RFC 7296, 1.2"},
    {"state_changed", "HALF_OPEN",
     "The responder has answered a first message and keeps state for somebody it does not know. "
     "Floods aim at exactly this; cookies and puzzles are the answer.",
     "RFC 7296, 2.6"},
    {"state_changed", "REKEYED",
     "A successor has taken over. This one stays until it is deleted, so that nothing under way is "
     "lost.",
     "RFC 7296, 2.8"},
    {"state_changed", "DELETING",
     "The end has been announced; what is left is to hear that the peer knows.", "RFC 7296, 1.4.1"},
    {"state_changed", "DEAD", "It is gone, with its keys and its Child SAs.", "RFC 7296, 1.4.1"},
    {"state_changed", "",
     "An IKE SA is always in one state of a table; what may come next depends on it.",
     "RFC 7296, 2.2"},
    {"task_started", "", "An exchange begins: a request, and exactly one response to it.",
     "RFC 7296, 2.1"},
    {"task_ended", "failed",
     "The exchange came to nothing. What existed before stays as it was, unless the failure was "
     "authentication itself.",
     "RFC 7296, 2.21"},
    {"task_ended", "retry", "Not now: the same will be tried again.", "RFC 7296, 2.25"},
    {"task_ended", "", "The exchange is complete: both sides agree on what it made.",
     "RFC 7296, 2.1"},
    {"negotiated", "none",
     "No proposal has an algorithm of every kind that both sides allow. There is no lower common "
     "ground in IKE: the exchange fails with NO_PROPOSAL_CHOSEN.",
     "RFC 7296, 2.7"},
    {"negotiated", "",
     "The initiator offers in its order, the responder picks the first that it allows. The others "
     "are listed with the reason why not.",
     "RFC 7296, 2.7"},
    {"auth_decided", "made",
     "AUTH is computed over the own first message, the peer's nonce and the own identity: whoever "
     "changed any of it on the way is found out.",
     "RFC 7296, 2.15"},
    {"auth_decided", "believed",
     "The peer's AUTH fits its first message, our nonce and its identity, and the secret or "
     "certificate is the configured one: it is who it says, and nobody stands between.",
     "RFC 7296, 2.15"},
    {"auth_decided", "",
     "AUTH does not fit. Either the peer has other credentials, or somebody changed a message on "
     "its way. The IKE SA is given up.",
     "RFC 7296, 2.21.2"},
    {"key_derived", "", "A value of the key schedule, computed by both sides alike.",
     "RFC 7296, 2.14"},
    {"sa_installed", "rekey",
     "Fresh keys take over from old ones: less lies under one key, and who gets that key gets "
     "less.",
     "RFC 7296, 2.8"},
    {"sa_installed", "in",
     "From now on packets with this SPI are opened: the receiver chose the number.",
     "RFC 4301, 4.1"},
    {"sa_installed", "out",
     "From now on packets that its selectors fit are sealed with it, and carry the peer's SPI.",
     "RFC 4301, 4.1"},
    {"sa_installed", "", "The IKE SA has its keys: what follows is encrypted.", "RFC 7296, 2.14"},
    {"sa_removed", "",
     "Its keys are wiped. A packet that still comes with this SPI has no SA and is dropped.",
     "RFC 7296, 1.4.1"},
    {"sa_moved", "",
     "The outer addresses change, the SA stays: keys, sequence numbers and inner addresses go on, "
     "and so do the connections inside.",
     "RFC 4555, 1"},
    {"configured", "given", "An address of the pool is the client's as long as its IKE SA lives.",
     "RFC 7296, 2.19"},
    {"configured", "got",
     "With this address the client is at home in the network behind the gateway.",
     "RFC 7296, 2.19"},
    {"configured", "", "The address is free for the next client.", "RFC 7296, 2.19"},
    {"timer_fired", "retransmit",
     "No answer yet. The request goes out again, the same octets: only the side that asked "
     "repeats, and it waits longer each time.",
     "RFC 7296, 2.1"},
    {"timer_fired", "rekey", "The keys are old enough to be replaced.", "RFC 7296, 2.8"},
    {"timer_fired", "dpd", "It has been quiet: is the peer still there?", "RFC 7296, 2.4"},
    {"timer_fired", "", "A deadline that was set earlier has come.", "RFC 7296, 2.4"},
    {"esp_sealed", "",
     "A packet of the inner network fits a policy, gets the next sequence number, is encrypted and "
     "goes out between the gateways.",
     "RFC 4303, 3.3"},
    {"esp_opened", "",
     "SPI, sequence number, ICV, padding, selectors: all fit, and the inner packet goes on its "
     "way.",
     "RFC 4303, 3.4"},
    {"esp_rejected", "REPLAY",
     "Its number is behind the window or came before. The first of two equal packets is taken, the "
     "other never.",
     "RFC 4303, 3.4.3"},
    {"esp_rejected", "ICV",
     "The integrity check value does not fit: an octet was changed, or it was made with another "
     "key.",
     "RFC 4303, 3.4.4"},
    {"esp_rejected", "NO-SA", "No SA has this SPI: it was never there, or is gone already.",
     "RFC 4303, 3.4.2"},
    {"esp_rejected", "", "The packet is not what the SA and its policy allow.", "RFC 4301, 5.2"},
    {"attack_action", "drop", "Who stands on the way can take a packet out. IKE sends again.",
     "RFC 7296, 2.1"},
    {"attack_action", "modify",
     "Who stands on the way can change every octet. What AUTH or an ICV covers gives it away; the "
     "rest does not.",
     "RFC 7296, 2.15"},
    {"attack_action", "replay",
     "The same packet once more. Message ids and the replay window are there against it.",
     "RFC 4303, 3.4.3"},
    {"attack_action", "inject",
     "A packet nobody asked for, with whatever sender the adversary likes.", "RFC 7296, 2.6"},
    {"attack_action", "", "The adversary sees a packet, and thinks its part.", "RFC 7296, 5"},
    {"attack_knowledge", "",
     "From here on the adversary has this. What follows from it is marked in the graph of keys.",
     "RFC 7296, 5"},
    {"alert", "",
     "A detector has seen something that honest traffic does not do. It sees packets only, no "
     "keys; it may be wrong.",
     ""},
    {"metric", "", "A number that was measured in the run.", ""},
    {"mark", "", "A chapter of the run.", ""},
}};

// What tells events of a kind apart, in one text.
struct Circumstances {
  std::string operator()(const trace::DatagramSent& b) const { return b.protocol; }
  std::string operator()(const trace::NatMapping& b) const { return b.action; }
  std::string operator()(const trace::Diagnostic& b) const { return b.severity; }
  std::string operator()(const trace::StateChanged& b) const { return b.to; }
  std::string operator()(const trace::TaskEnded& b) const { return b.outcome; }
  std::string operator()(const trace::Negotiated& b) const {
    return b.chosen.empty() ? "none" : "chosen";
  }
  std::string operator()(const trace::AuthDecided& b) const {
    return b.local ? "made" : b.ok ? "believed" : "refused";
  }
  std::string operator()(const trace::SaInstalled& b) const {
    return b.reason.starts_with("rekey") ? "rekey" : b.direction;
  }
  std::string operator()(const trace::Configured& b) const { return b.action; }
  std::string operator()(const trace::TimerFired& b) const { return b.timer; }
  std::string operator()(const trace::EspRejected& b) const { return b.code; }
  std::string operator()(const trace::AttackAction& b) const { return b.action; }
  template <class Body>
  std::string operator()(const Body&) const {
    return {};
  }
};

// What happened last at `now`: an event with a line of its own, or a message.
Selection last_step(const RunModel& run, Instant now) {
  const std::ptrdiff_t row = run.ladder().row_at(now);
  const auto& listed = run.listed();
  const auto after = std::upper_bound(listed.begin(), listed.end(), now,
                                      [](Instant t, EventPtr e) { return t < e->time; });
  const EventPtr event = after == listed.begin() ? nullptr : *std::prev(after);
  if (row < 0) return event == nullptr ? Selection{} : select_event(event->seq);
  const LadderRow& r = run.ladder().rows()[static_cast<std::size_t>(row)];
  return event != nullptr && event->time > r.time ? select_event(event->seq) : r.selection;
}

}  // namespace

Explanation explain_event(const trace::Event& event) {
  const std::string_view kind = trace::kind_of(event.body);
  const std::string how = std::visit(Circumstances{}, event.body);
  for (const EventWords& w : event_words)
    if (w.kind == kind && (w.word.empty() || how.find(w.word) != std::string::npos))
      return {std::string(w.text), std::string(w.rfc)};
  return {};
}

StepWords step_words(const RunModel& run, const Selection& selection, Instant now) {
  Selection s = selection;
  s.begin = s.end = 0;
  if (s.kind == Selection::Kind::none) s = last_step(run, now);
  Inspection i = inspect(run, s);
  if (i.title.empty())
    return {"Nothing has happened yet.", "Right goes on by one row, Shift+Right by one event.", ""};
  return {std::move(i.sentence), std::move(i.explanation), std::move(i.rfc)};
}

}  // namespace ikelab::view
