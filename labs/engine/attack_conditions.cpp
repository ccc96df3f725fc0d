// What an adversary of the student's has really got: its claims against what the endpoints have.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "labs/engine/condition_rows.hpp"

namespace ikelab::labs {
namespace {

/// The octets that are to be known. "psk:gw-a" is in the configuration, all else in the trace.
Result<Bytes> secret_of(const RunView& run, std::string_view name) {
  if (!name.starts_with("psk:")) return run.facts->octets(name);
  if (run.scenario != nullptr)
    for (const scenario::Node& node : run.scenario->nodes)
      for (const policy::ConnectionConfig& connection : node.connections)
        if (node.name == name.substr(4) && !connection.local.psk.empty())
          return connection.local.psk;
  return Error{"E-LAB-015", fmt::format("the run has no {}", name)};
}

Result<Holding> judge_knows(const RunView& run, const Arguments& arguments) {
  IKELAB_TRY(const Bytes secret, secret_of(run, argument(arguments, "secret")));
  const std::string_view by = argument(arguments, "by"), item = argument(arguments, "item");
  Holding out{0, 1, "nothing_learnt", "", 0};
  for (const trace::Event& event : run.facts->events()) {
    const auto* learnt = std::get_if<trace::AttackKnowledge>(&event.body);
    if (learnt == nullptr || event.node != by) continue;
    if (!item.empty() && learnt->item != item) continue;
    if (equal(learnt->value, secret)) return Holding{1, 1, "", "", event.seq};
    if (!learnt->value.empty()) {
      out.mistake = "other_value";
      out.event = event.seq;
    }
  }
  return out;
}

/// What was to be found, and what was reported: each with the first event of it.
using Named = std::map<std::string, std::uint64_t>;

/// An ESP packet is named by its SPI and sequence number, its first eight octets.
std::string name_of_packet(ByteView packet) {
  constexpr std::size_t head = 8;
  return packet.size() < head ? "" : "packet " + to_hex(packet.first(head));
}
std::string name_of_handshake(const trace::Message& message) {
  return "handshake " + message.spi_i;
}

/// Each packet that an adversary made or changed so.
Named acts_of(const Facts& facts, std::string_view adversary, std::string_view action) {
  Named out;
  for (const trace::Event& event : facts.events())
    if (const auto* act = std::get_if<trace::AttackAction>(&event.body);
        act != nullptr && event.node == adversary && act->action == action)
      out.emplace(name_of_packet(act->after.empty() ? act->before : act->after), event.seq);
  return out;
}

/// Whether "aes256-sha1-prfsha256-modp2048" has one of the words "sha1 | modp2048".
bool has_word(std::string_view proposal, const std::vector<std::string>& words) {
  for (std::size_t at = 0; at <= proposal.size();) {
    const std::size_t end = std::min(proposal.find('-', at), proposal.size());
    if (std::find(words.begin(), words.end(), proposal.substr(at, end - at)) != words.end())
      return true;
    at = end + 1;
  }
  return false;
}

/// Each handshake whose responder chose one of the algorithms "sha1 | modp2048".
Named handshakes_with(const Facts& facts, std::string_view algorithms) {
  std::set<std::pair<std::string, std::string>> sas;  // node and its name of the IKE SA
  for (const trace::Event& event : facts.events()) {
    const auto* n = std::get_if<trace::Negotiated>(&event.body);
    if (n == nullptr || n->protocol != "IKE" || n->role != "responder") continue;
    if (has_word(n->chosen, alternatives(algorithms))) sas.emplace(event.node, event.sa);
  }
  Named out;
  for (const trace::Event& event : facts.events())
    if (const auto* m = std::get_if<trace::Message>(&event.body);
        m != nullptr && m->exchange == "IKE_SA_INIT" && sas.contains({event.node, event.sa}))
      out.emplace(name_of_handshake(*m), event.seq);
  return out;
}

/// What a monitor's alerts are about. One that points at nothing known is an alarm all the same.
Named alerts_of(const Facts& facts, std::string_view monitor) {
  std::map<std::uint64_t, std::string> names;  // by datagram
  Named out;
  for (const trace::Event& event : facts.events()) {
    if (const auto* message = std::get_if<trace::Message>(&event.body)) {
      names[message->datagram] = name_of_handshake(*message);
    } else if (const auto* sealed = std::get_if<trace::EspSealed>(&event.body)) {
      names[sealed->datagram] = fmt::format("packet {}{:08x}", sealed->spi, sealed->sequence);
    } else if (const auto* act = std::get_if<trace::AttackAction>(&event.body)) {
      if (act->result != 0) names[act->result] = name_of_packet(act->after);
    } else if (const auto* alert = std::get_if<trace::Alert>(&event.body)) {
      if (event.node != monitor) continue;
      const auto name = names.find(alert->datagram);
      out.emplace(name == names.end() ? fmt::format("event {}", event.seq) : name->second,
                  event.seq);
    }
  }
  return out;
}

/// A monitor's alerts against the truth: each thing to be found is a part, and so is each false
/// alarm.
Result<Holding> judge_detected(const RunView& run, const Arguments& arguments) {
  const std::string_view by = argument(arguments, "by"), of = argument(arguments, "of"),
                         action = argument(arguments, "action"),
                         chose = argument(arguments, "chose");
  if (chose.empty() == (of.empty() || action.empty()))
    return Error{"E-LAB-012", "either 'of' and 'action', or 'chose'"};
  const Named truth =
      chose.empty() ? acts_of(*run.facts, of, action) : handshakes_with(*run.facts, chose);
  const Named reports = alerts_of(*run.facts, by);
  Holding out{0, 0, "", "", 0};
  std::uint64_t false_alarms = 0;
  const auto blame = [&](const char* mistake, std::uint64_t event) {
    if (!out.mistake.empty()) return;
    out.mistake = mistake;
    out.event = event;
  };
  for (const auto& [name, seq] : truth)
    reports.contains(name) ? void(++out.held) : blame("missed_some", seq);
  for (const auto& [name, seq] : reports) {
    if (truth.contains(name)) continue;
    ++false_alarms;
    blame("false_alarms", seq);
  }
  out.parts = truth.size() + false_alarms;
  if (out.parts == 0) return Holding{1, 1, "", "", 0};
  out.found = fmt::format("recall {} of {}, precision {} of {}", out.held, truth.size(), out.held,
                          reports.size());
  return out;
}

}  // namespace

Condition detected_condition() {
  return {"detected",
          "a monitor's alerts point at each act of an adversary, or at each handshake that chose "
          "one of these algorithms, and at nothing else",
          {"by"},
          {"of", "action", "chose"},
          {{"missed_some", "Something went by on the wire that the detector did not report."},
           {"false_alarms", "The detector reported what there was nothing wrong with."}},
          judge_detected};
}
Condition knows_condition() {
  return {"knows",
          "the adversary learnt the octets of a secret that the endpoints have",
          {"by", "secret"},
          {"item"},
          {{"nothing_learnt", "The script never called learn() with octets for this."},
           {"other_value", "What the script says it learnt is not what the gateways have."}},
          judge_knows};
}

}  // namespace ikelab::labs
