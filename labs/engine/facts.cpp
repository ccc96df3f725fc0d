#include "labs/engine/facts.hpp"

#include <fmt/format.h>

#include "sim/show/story.hpp"

namespace ikelab::labs {
namespace {

Error absent(std::string what) {
  return Error{"E-LAB-015", "the run has no " + std::move(what)};
}

/// An event in a few words; of most kinds its name is enough.
struct Words {
  std::string operator()(const trace::Diagnostic& d) const { return d.code + " " + d.message; }
  std::string operator()(const trace::TaskEnded& t) const {
    return fmt::format("{} {}{}{}", t.task, t.outcome, t.detail.empty() ? "" : ": ", t.detail);
  }
  std::string operator()(const trace::AuthDecided& a) const {
    return fmt::format("AUTH of the {} {}{}{}", a.subject, a.ok ? "accepted" : "refused",
                       a.reason.empty() ? "" : ": ", a.reason);
  }
  std::string operator()(const trace::Negotiated& n) const {
    return fmt::format("{} proposal: {}", n.protocol, n.chosen.empty() ? "none fits" : n.chosen);
  }
  std::string operator()(const trace::EspRejected& r) const { return r.code + " " + r.reason; }
  std::string operator()(const trace::SaInstalled& sa) const {
    return fmt::format("{} SA {} installed ({} {})", sa.protocol, sa.spi, sa.encryption, sa.ke);
  }
  std::string operator()(const trace::Alert& a) const {
    return fmt::format("alert of {}: {}", a.monitor, a.text);
  }
  std::string operator()(const trace::AttackKnowledge& k) const {
    return fmt::format("it learns {}: {}", k.item, k.how);
  }
  std::string operator()(const trace::Message& m) const {
    return fmt::format("{} {} {}", m.exchange, m.response ? "response" : "request", m.message_id);
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return std::string(Other::kind);
  }
};

}  // namespace

Facts::Facts(std::vector<trace::Event> events) : events_(std::move(events)) {
  for (const show::IkeMessage& m : show::tell(events_).messages)
    messages_.push_back({m.number, m.from, m.seq, m.content});
}

Result<const SentMessage*> Facts::message(std::uint64_t number) const {
  if (number == 0 || number > messages_.size()) return absent(fmt::format("message {}", number));
  return &messages_[number - 1];
}

std::uint64_t Facts::message_before(std::uint64_t seq) const {
  std::uint64_t number = 0;
  for (const SentMessage& m : messages_)
    if (m.seq <= seq) number = m.number;
  return number;
}

std::string Facts::told(std::uint64_t seq) const {
  for (const trace::Event& event : events_) {
    if (event.seq != seq) continue;
    const std::string words = std::visit(Words{}, event.body);
    return fmt::format("event {} at {:.3f} s, {}: {}", seq,
                       static_cast<double>(event.time.ns) / 1e9,
                       event.node.empty() ? "the network" : event.node, words);
  }
  return "";
}

Result<std::string> Facts::initiator() const {
  for (const SentMessage& m : messages_)
    if (m.content->exchange == "IKE_SA_INIT" && !m.content->response) return m.node;
  return absent("IKE_SA_INIT request");
}

Result<std::string> Facts::responder() const {
  IKELAB_TRY(const std::string first, initiator());
  for (const SentMessage& m : messages_)
    if (m.node != first) return m.node;
  return absent("answer");
}

Result<const trace::KeyDerived*> Facts::key(std::string_view name, std::string_view node) const {
  for (const trace::Event& event : events_) {
    const auto* key = std::get_if<trace::KeyDerived>(&event.body);
    if (key == nullptr || key->name != name || key->output.empty()) continue;
    if (node.empty() || event.node == node) return key;
  }
  return absent(fmt::format("disclosed key {}", name));
}

Result<const trace::AuthDecided*> Facts::auth(std::string_view subject) const {
  for (const trace::Event& event : events_) {
    const auto* auth = std::get_if<trace::AuthDecided>(&event.body);
    if (auth != nullptr && auth->subject == subject && auth->ok && !auth->octets.empty())
      return auth;
  }
  return absent(fmt::format("accepted AUTH of the {}", subject));
}

Result<const trace::Negotiated*> Facts::negotiated(std::string_view protocol) const {
  for (const trace::Event& event : events_) {
    const auto* row = std::get_if<trace::Negotiated>(&event.body);
    if (row != nullptr && row->protocol == protocol && !row->chosen.empty()) return row;
  }
  return absent(fmt::format("negotiated {} proposal", protocol));
}

Result<Bytes> Facts::octets(std::string_view name) const {
  if (const auto found = key(name); found.ok()) return (*found)->output;
  for (const trace::Event& event : events_) {
    const auto* derived = std::get_if<trace::KeyDerived>(&event.body);
    if (derived == nullptr) continue;
    for (const trace::NamedValue& input : derived->inputs)
      if (input.name == name && !input.value.empty()) return input.value;
  }
  return absent(fmt::format("value {}", name));
}

Result<const crypto::Algorithm*> Facts::prf() const {
  for (const trace::Event& event : events_) {
    const auto* derived = std::get_if<trace::KeyDerived>(&event.body);
    if (derived == nullptr || derived->name != "SKEYSEED") continue;
    for (const crypto::Algorithm& row : crypto::algorithms())
      if (row.type == crypto::TransformType::prf && row.name == derived->algorithm) return &row;
  }
  return absent("SKEYSEED");
}

Result<Octets> Facts::field(std::uint64_t number, std::string_view name, bool inside) const {
  IKELAB_TRY(const SentMessage* sent, message(number));
  const trace::Message& m = *sent->content;
  const wire::Field root =
      inside ? wire::dissect_chain(m.plain, static_cast<wire::PayloadType>(m.plain_first)).root
             : wire::dissect(m.bytes).root;
  const wire::Field* found = wire::find_field(root, name);
  if (found == nullptr) return absent(fmt::format("field '{}' in message {}", name, number));
  return Octets{found->begin, found->end};
}

Result<std::string> Facts::field_value(std::uint64_t number, std::string_view name) const {
  IKELAB_TRY(const SentMessage* sent, message(number));
  const wire::Field root = wire::dissect(sent->content->bytes).root;
  const wire::Field* found = wire::find_field(root, name);
  if (found == nullptr) return absent(fmt::format("field '{}' in message {}", name, number));
  return found->value;
}

Result<Octets> Facts::inner_payload(std::uint64_t number, wire::PayloadType type) const {
  IKELAB_TRY(const SentMessage* sent, message(number));
  const trace::Message& m = *sent->content;
  const auto chain = wire::decode_chain(m.plain, static_cast<wire::PayloadType>(m.plain_first));
  for (const wire::Payload& payload : chain.payloads)
    if (payload.type == type) return Octets{payload.begin, payload.end};
  return absent(fmt::format("{} payload in message {}", wire::notation(type), number));
}

}  // namespace ikelab::labs
