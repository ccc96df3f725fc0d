#include "sim/monitor/invariants.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ikelab::monitor {
namespace {

constexpr std::size_t shortest_secret = 16;
constexpr std::size_t most_known = 1024;  // values that adversaries learnt, looked at again

bool is_secret(const std::string& name) {
  return name == "g^ir" || name == "SKEYSEED" || name.starts_with("SK_") ||
         name.starts_with("ESP ") || name == "KEYMAT";
}

}  // namespace

const std::vector<InvariantRow>& invariants() {
  static const std::vector<InvariantRow> rows = {
      {"aliveness", "who is believed to be the peer has taken part in some run"},
      {"weak-agreement", "who is believed to be the peer was in a run with the believer"},
      {"agreement", "both ends of an IKE SA have the same SPIs and the same SK_d"},
      {"session-uniqueness", "no two IKE SAs of a node have the same SPIs or the same SK_d"},
      {"key-secrecy", "no adversary knows a key of an SA between honest nodes"},
      {"consistency", "both ends of a Child SA have the same algorithms and keys"}};
  return rows;
}

Invariants::Invariants(std::set<std::string> honest, const std::vector<std::string>& names)
    : honest_(std::move(honest)) {
  for (const InvariantRow& row : invariants())
    for (const std::string& name : names)
      if (name == "all" || name == row.name) wanted_.insert(row.name);
}

/// Once for each text: the first packet is the one that matters.
void Invariants::fire(const char* name, std::uint64_t datagram, std::string text) {
  if (!wanted_.contains(name) || !told_.insert(name + text).second) return;
  fired_.push_back({name, "critical", std::move(text), datagram});
}

void Invariants::record(const trace::Event& event) {
  const Sa sa{event.node, event.sa};
  if (const auto* message = std::get_if<trace::Message>(&event.body)) {
    Session& session = sessions_[sa];
    session.spi_i = message->spi_i;
    if (message->spi_r != "0000000000000000") session.spi_r = message->spi_r;
    if (message->direction == "received") session.datagram = message->datagram;
  } else if (const auto* auth = std::get_if<trace::AuthDecided>(&event.body)) {
    on_auth(sa, *auth);
  } else if (const auto* key = std::get_if<trace::KeyDerived>(&event.body)) {
    on_key(sa, *key);
  } else if (const auto* installed = std::get_if<trace::SaInstalled>(&event.body)) {
    if (!honest(event.node)) return;
    if (installed->protocol == "IKE")
      on_installed(sa, *installed);
    else
      on_esp(event.node, *installed);
  } else if (const auto* known = std::get_if<trace::AttackKnowledge>(&event.body)) {
    on_knowledge(event.node, *known);
  }
}

void Invariants::on_auth(const Sa& sa, const trace::AuthDecided& auth) {
  if (!auth.ok) return;
  Session& session = sessions_[sa];
  (auth.local ? session.claimed : session.peer) = auth.identity;
  if (auth.local || !honest(sa.first)) return;
  const auto is_peer = [&](const auto& entry) {
    return entry.first != sa && honest(entry.first.first) && entry.first.first != sa.first &&
           entry.second.claimed == auth.identity;
  };
  if (std::none_of(sessions_.begin(), sessions_.end(), is_peer)) {
    fire("aliveness", session.datagram,
         fmt::format("{} believes to talk to {}, who has not proven itself to anybody", sa.first,
                     auth.identity));
    return;
  }
  const auto in_this_run = [&](const auto& entry) {
    return is_peer(entry) && entry.second.spi_i == session.spi_i;
  };
  if (std::none_of(sessions_.begin(), sessions_.end(), in_this_run))
    fire("weak-agreement", session.datagram,
         fmt::format("{} believes to talk to {}, who is in other runs and not in this one",
                     sa.first, auth.identity));
}

void Invariants::on_key(const Sa& sa, const trace::KeyDerived& key) {
  if (key.output.empty() || !is_secret(key.name)) return;
  if (!honest(sa.first)) {
    if (key.name == "SK_d") adversary_keys_[key.output] = sa.first;
    return;
  }
  const auto [at, fresh] =
      secrets_.emplace(key.output, fmt::format("{} of {}", key.name, sa.second));
  // A responder derives keys when it needs them: an adversary may have been there before.
  if (fresh)
    for (Known& known : known_) compare(known, at->first, at->second);
  if (key.name == "SK_d") sessions_[sa].sk_d = key.output;
}

void Invariants::on_installed(const Sa& sa, const trace::SaInstalled& installed) {
  Session& session = sessions_[sa];
  session.spi_i = installed.spi;
  if (!installed.peer_spi.empty()) session.spi_r = installed.peer_spi;
  bool other_end = false;
  for (const auto& [other, theirs] : sessions_) {
    if (other == sa || !honest(other.first)) continue;
    const bool same_spis = theirs.spi_i == session.spi_i && theirs.spi_r == session.spi_r;
    const bool same_key = !session.sk_d.empty() && theirs.sk_d == session.sk_d;
    if (other.first == sa.first && (same_spis || same_key))
      fire("session-uniqueness", session.datagram,
           fmt::format("{} has two IKE SAs with the same {}: {} and {}", sa.first,
                       same_key ? "SK_d" : "SPIs", other.second, sa.second));
    other_end = other_end || (other.first != sa.first && same_spis &&
                              (session.sk_d.empty() || theirs.sk_d.empty() || same_key));
  }
  if (!other_end && installed.reason == "new")
    fire("agreement", session.datagram,
         fmt::format("{} established IKE SA {}, and no other node has its SPIs and keys", sa.first,
                     session.spi_i));
  if (const auto known = adversary_keys_.find(session.sk_d);
      !session.sk_d.empty() && known != adversary_keys_.end())
    fire("key-secrecy", session.datagram,
         fmt::format("{} established an IKE SA whose SK_d {} has made as well", sa.first,
                     known->second));
}

void Invariants::on_esp(const std::string& node, const trace::SaInstalled& installed) {
  const auto [first, fresh] = esp_.emplace(installed.spi + installed.dst, installed);
  if (fresh || first->second.direction == installed.direction) return;
  const trace::SaInstalled& other = first->second;
  if (other.encryption != installed.encryption || other.integrity != installed.integrity ||
      other.encryption_key != installed.encryption_key)
    fire("consistency", 0,
         fmt::format("the ends of ESP SA {} differ in algorithm or key; {} was the second to "
                     "install it",
                     installed.spi, node));
}

void Invariants::compare(Known& known, const Bytes& secret, const std::string& name) {
  if (known.told || secret.size() < shortest_secret ||
      std::search(known.value.begin(), known.value.end(), secret.begin(), secret.end()) ==
          known.value.end())
    return;
  known.told = true;
  fire("key-secrecy", 0, fmt::format("{} knows {} ({})", known.node, name, known.how));
}

void Invariants::on_knowledge(const std::string& node, const trace::AttackKnowledge& known) {
  if (known.value.size() < shortest_secret) return;
  known_.push_back({node, known.value, known.how, false});
  if (known_.size() > most_known) known_.pop_front();
  for (const auto& [secret, name] : secrets_) compare(known_.back(), secret, name);
}

}  // namespace ikelab::monitor
