#include "sim/cli/demo_story.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/trace/attack_items.hpp"

namespace ikelab::cli {

Story story_of(store::RunInfo run, std::vector<trace::Event> events, bool colour) {
  Story story{std::move(run), std::move(events), colour, "", ""};
  for (const auto& [event, message] : story.all<trace::Message>()) {
    if (message->direction != "sent") continue;
    std::string& who = message->response ? story.responder : story.initiator;
    if (who.empty()) who = event->node;
  }
  return story;
}

void say(const std::string& text, std::size_t indent) {
  constexpr std::size_t width = 86;
  const std::string margin(indent, ' ');
  std::string line, word;
  const auto put = [&] {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
      fmt::print("{}{}\n", margin, line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
    word.clear();
  };
  for (const char c : text) {
    if (c != ' ')
      word += c;
    else
      put();
  }
  put();
  fmt::print("{}{}\n", margin, line);
}

void chapter(const Story& story, int number, const std::string& title) {
  fmt::print("\n{}{}. {}{}\n\n", story.colour ? "\033[1m" : "", number, title,
             story.colour ? "\033[0m" : "");
}

namespace {

using trace::Event;

// ---- how it is printed --------------------------------------------------------------------------

std::string at(const Event& event) {
  return fmt::format("{:>10.3f} ms", static_cast<double>(event.time.ns) / 1e6);
}

/// The first octets in hex, and how many there are.
std::string octets(const Bytes& bytes) {
  constexpr std::size_t shown = 16;
  if (bytes.empty()) return "(not disclosed)";
  const ByteView first(bytes.data(), std::min(shown, bytes.size()));
  return to_hex(first) + (bytes.size() > shown ? fmt::format("... ({} octets)", bytes.size()) : "");
}

std::string counted(std::size_t n, const std::string& one) {
  return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

// ---- the chapters -------------------------------------------------------------------------------

void who_is_who(const Story& story) {
  chapter(story, 1, "Who is who");
  for (const store::NodeInfo& node : story.run.nodes) {
    std::string addresses;
    for (const std::string& address : node.addresses)
      addresses += (addresses.empty() ? "" : ", ") + address;
    fmt::print("    {:<12} {:<10} {}\n", node.name, node.role, addresses);
  }
  fmt::print("\n");
  for (const store::LinkInfo& link : story.run.links)
    fmt::print("    {:<12} {} -- {}  {}\n", link.name, link.a, link.b, link.about);
  fmt::print("\n");
  say(
      fmt::format("Two sites want to talk across a network they do not trust. The gateways {} and "
                  "{} build a tunnel between them, so that "
                  "the hosts behind them need not know about it.",
                  story.initiator, story.responder));
}

/// What each message of the first exchanges is for (RFC 7296, 1.2).
struct Explained {
  const char* exchange;
  bool response;
  const char* words;
};
constexpr Explained explained[] = {
    {"IKE_SA_INIT", false,
     "\"These algorithms I can do, this is my half of a Diffie-Hellman exchange, this is my "
     "nonce.\" In the clear."},
    {"IKE_SA_INIT", true,
     "\"I take this combination; here are my half and my nonce.\" From here on both can compute "
     "the same keys."},
    {"IKE_AUTH", false,
     "\"This is who I am, and the proof; this is the traffic I want protected.\" Encrypted."},
    {"IKE_AUTH", true,
     "\"This is who I am, and my proof; agreed.\" Now there is an IKE SA and a first pair of ESP "
     "SAs."},
};

void messages(const Story& story) {
  chapter(story, 2, "Four messages");
  std::size_t shown = 0;
  for (const auto& [event, message] : story.all<trace::Message>(story.initiator)) {
    if (message->exchange != "IKE_SA_INIT" && message->exchange != "IKE_AUTH") continue;
    const bool out = message->direction == "sent";
    fmt::print("  {}  {} {} {}  {} {}  [{}]  {} octets{}\n", at(*event), story.initiator,
               out ? "-->" : "<--", story.responder, message->exchange,
               message->response ? "response" : "request", message->payloads, message->bytes.size(),
               message->attempt > 0 ? ", sent again" : "");
    for (const Explained& e : explained) {
      if (message->exchange == e.exchange && message->response == e.response) say(e.words, 16);
    }
    ++shown;
  }
  if (shown == 0) say("No handshake was recorded.");
  for (const auto& [event, negotiated] : story.all<trace::Negotiated>(story.responder)) {
    if (negotiated->protocol != "IKE" || negotiated->chosen.empty()) continue;
    fmt::print("\n");
    say(fmt::format("{} had to choose from {} and took {}.", story.responder,
                    counted(negotiated->verdicts.size(), "proposal"), negotiated->chosen));
    for (const trace::ProposalVerdict& v : negotiated->verdicts) {
      say(fmt::format("- {} {}: {}", v.accepted ? "took" : "refused", v.text, v.reason), 4);
    }
    break;
  }
}

void keys(const Story& story) {
  chapter(story, 3, "From a secret nobody sent to every key");
  const auto derived = story.all<trace::KeyDerived>(story.initiator);
  const auto first = std::find_if(derived.begin(), derived.end(),
                                  [](const auto& d) { return d.second->name == "SKEYSEED"; });
  if (first == derived.end()) return say("No keys were recorded.");
  say("The two halves of Diffie-Hellman give g^ir at both ends, and only there. Together with the "
      "nonces it becomes SKEYSEED, and SKEYSEED "
      "becomes every key of the IKE SA (RFC 7296, 2.14):");
  fmt::print("\n");
  const std::string sa = first->first->sa;
  for (const auto& [event, key] : derived) {
    if (event->sa != sa || event->time != first->first->time) continue;
    fmt::print("    {:<9} = {}\n", key->name, key->function);
    if (key == first->second) {
      for (const trace::NamedValue& input : key->inputs)
        fmt::print("      {:<9} {}   {}\n", input.name, octets(input.value), input.source);
    }
    fmt::print("              {}\n", octets(key->output));
  }
  const auto last = std::find_if(derived.begin(), derived.end(),
                                 [](const auto& d) { return d.second->name.starts_with("ESP"); });
  if (last != derived.end()) {
    fmt::print("\n");
    say("SK_d is not used on messages at all: the keys of the ESP SAs are made from it (RFC 7296, "
        "2.17):");
    fmt::print("\n    {} = {}\n              {}\n", last->second->name, last->second->function,
               octets(last->second->output));
  }
}

void identities(const Story& story) {
  chapter(story, 4, "Proof of identity");
  say("Whoever sits in the middle can do Diffie-Hellman with both sides. So each side proves who "
      "it is, over its own first message, the "
      "other's nonce, and its name (RFC 7296, 2.15): what an attacker changed, the proof does not "
      "fit.");
  fmt::print("\n");
  for (const auto& [event, auth] : story.all<trace::AuthDecided>()) {
    if (auth->local) continue;
    std::string covers;
    for (const trace::LabelledRange& part : auth->parts) {
      covers += fmt::format("{}{} ({} octets)", covers.empty() ? "" : " | ", part.label,
                            part.end - part.begin);
    }
    fmt::print("  {}  {} {} '{}' by {}\n", at(*event), event->node,
               auth->ok ? "accepts" : "REFUSES", auth->identity, auth->method);
    if (!covers.empty()) fmt::print("                 over {}\n", covers);
    if (!auth->ok) fmt::print("                 {}\n", auth->reason);
  }
}

void tunnel(const Story& story) {
  chapter(story, 5, "The tunnel at work");
  const auto sealed = story.all<trace::EspSealed>();
  const auto opened = story.all<trace::EspOpened>();
  if (sealed.empty()) return say("No packet went through the tunnel.");
  const trace::EspSealed& first = *sealed.front().second;
  fmt::print("  {}  {} seals    {}\n", at(*sealed.front().first), sealed.front().first->node,
             first.summary);
  fmt::print("                 {} octets become {} octets of ESP, SPI {}, sequence number {}\n",
             first.inner_size, first.outer_size, first.spi, first.sequence);
  for (const auto& [event, packet] : opened) {
    if (packet->datagram != first.datagram) continue;
    fmt::print("  {}  {} opens    {}\n", at(*event), event->node, packet->summary);
    break;
  }
  fmt::print("\n");
  say(fmt::format("In the whole run: sealed {}, opened {}, refused {}.",
                  counted(sealed.size(), "packet"), opened.size(),
                  story.all<trace::EspRejected>().size()));
}

void rekeying(const Story& story) {
  chapter(story, 6, "New keys in mid-transfer");
  bool any = false;
  for (const auto& [event, task] : story.all<trace::TaskEnded>()) {
    if (task->role != "initiator" || (task->task != "child_rekey" && task->task != "ike_rekey"))
      continue;
    any = true;
    fmt::print("  {}  {} rekeys its {} SA: {}, after {}\n", at(*event), event->node,
               task->task == "ike_rekey" ? "IKE" : "ESP", task->outcome,
               to_string(Duration(task->duration_ns)));
  }
  if (!any) return say("No SA was rekeyed in this run.");
  for (const auto& [event, sa] : story.all<trace::SaInstalled>(story.initiator)) {
    if (sa->protocol != "ESP" || !sa->reason.starts_with("rekey")) continue;
    fmt::print("  {}  new SA {} ({}), {}\n", at(*event), sa->spi, sa->direction, sa->reason);
  }
  fmt::print("\n");
  std::size_t lost = 0;
  for (const auto& [event, rejected] : story.all<trace::EspRejected>())
    lost += rejected->code == "E-ESP-NO-SA" ? 1 : 0;
  say(
      fmt::format("The new SAs are there before the old ones are deleted, so the transfer goes on: "
                  "{} met no SA.",
                  lost == 0 ? "not one packet" : counted(lost, "packet")));
}

void eavesdropper(const Story& story) {
  chapter(story, 7, "What the eavesdropper got");
  const auto actions = story.all<trace::AttackAction>();
  const auto knowledge = story.all<trace::AttackKnowledge>();
  const auto derived = story.all<trace::KeyDerived>();
  if (actions.empty() && knowledge.empty()) return say("Nobody listened.");
  const std::string& name =
      actions.empty() ? knowledge.front().first->node : actions.front().first->node;
  std::size_t ike = 0, esp = 0;
  for (const auto& [event, datagram] : story.all<trace::DatagramSent>()) {
    ike += datagram->protocol == "IKE" ? 1 : 0;
    esp += datagram->protocol.starts_with("ESP") ? 1 : 0;
  }
  say(fmt::format("{} listened between the gateways, which sent {} of IKE and {} of ESP. It knows:",
                  name, counted(ike, "datagram"), counted(esp, "packet")));
  fmt::print("\n");
  std::vector<std::string> told;
  std::string goals;
  for (const auto& [event, known] : knowledge) {
    if (std::find(told.begin(), told.end(), known->item) != told.end()) continue;
    if (known->item == trace::item_place || known->item == trace::item_plan ||
        known->item == trace::item_unseen)
      continue;
    told.push_back(known->item);
    const std::string how = known->how.empty() ? "" : " (" + known->how + ")";
    if (known->item.starts_with("goal:"))
      goals += known->item.substr(5) + how + "; ";
    else
      say("- " + known->item + ": " + known->text + how, 4);
  }
  if (told.empty()) say("nothing but addresses, sizes and times", 4);
  fmt::print("\n");
  if (!goals.empty()) say("What it wanted to do: " + goals.substr(0, goals.size() - 2) + ".");
  const bool broken = std::any_of(knowledge.begin(), knowledge.end(), [&](const auto& k) {
    return std::any_of(derived.begin(), derived.end(), [&](const auto& d) {
      return !d.second->output.empty() && d.second->output == k.second->value;
    });
  });
  if (broken) return say("One of the keys of chapter 3 is among it: the tunnel is broken.");
  say("None of the keys of chapter 3 is among it: without one half's secret there is no g^ir, "
      "without g^ir no key, and without a key nothing of what the hosts said.");
}

}  // namespace

void tell(const Story& story) {
  for (const auto part : {who_is_who, messages, keys, identities, tunnel, rekeying, eavesdropper})
    part(story);
}

}  // namespace ikelab::cli
