#include "tests/support/ikev1_pair.hpp"

#include <algorithm>

namespace ikelab::test {
namespace {

policy::EndpointConfig in_v1(policy::EndpointConfig config, bool aggressive, const char* ike,
                             const char* esp) {
  const auto parsed = [](const char* text, wire::ProtocolId protocol) {
    return policy::parse_proposal(text, protocol, policy::Era::historic).value();
  };
  config.connections.at(0).proposals = {parsed(ike, wire::ProtocolId::ike)};
  config.connections.at(0).children.at(0).esp_proposals = {parsed(esp, wire::ProtocolId::esp)};
  config.connections.at(0).ikev1 = policy::Ikev1Config{};
  config.connections.at(0).ikev1->aggressive = aggressive;
  return config;
}

}  // namespace

std::string V1Side::state() const {
  const auto all = engine->sas();
  return all.empty() ? "none" : all.size() > 1 ? "several" : all[0].state;
}

bool V1Side::diagnosed(const std::string& code) const {
  const auto found = all<trace::Diagnostic>();
  return std::any_of(found.begin(), found.end(), [&](const auto* d) { return d->code == code; });
}

std::vector<std::string> V1Side::said() const {
  std::vector<std::string> out;
  for (const auto* m : all<trace::Message>())
    if (m->direction == "sent")
      out.push_back(m->exchange + (m->encrypted ? ": {" + m->payloads + "}" : ": " + m->payloads) +
                    (m->attempt == 0 ? "" : " again " + std::to_string(m->attempt)));
  return out;
}

Bytes V1Side::derived(const std::string& name) const {
  Bytes value;
  for (const auto* k : all<trace::KeyDerived>())
    if (k->name == name) value = k->output;
  return value;
}

V1Pair::V1Pair(policy::EndpointConfig a_config, policy::EndpointConfig b_config,
               ikev1::Habits b_habits, std::uint64_t seed) {
  const auto make = [&](V1Side& side, policy::EndpointConfig config, ikev1::Habits habits) {
    const std::string node = config.node;
    side.address = config.connections.at(0).local_addr;
    side.provider = crypto::openssl_provider();
    side.engine = std::make_unique<engine::Engine>(
        std::move(config), *side.provider, crypto::seeded_rng(seed, node),
        crypto::seeded_rng(seed, node), ikev2::Decisions{}, habits);
  };
  make(a, std::move(a_config), {});
  make(b, std::move(b_config), b_habits);
}

void V1Pair::drain(V1Side& side) {
  while (auto event = side.engine->poll_event()) side.events.push_back(std::move(*event));
  while (auto change = side.engine->poll_sad()) {
    if (auto* install = std::get_if<esp::InstallSa>(&*change))
      (install->inbound ? side.inbound : side.outbound)[install->sa.spi] = std::move(install->sa);
    if (const auto* remove = std::get_if<esp::RemoveSa>(&*change))
      (remove->inbound ? side.inbound : side.outbound).erase(remove->spi);
  }
  while (auto datagram = side.engine->poll_transmit()) {
    side.sent.push_back(*datagram);
    if (lose && lose(side, *datagram)) continue;
    V1Side& to = &side == &a ? b : a;
    if (datagram->dst.ip == to.address) flying_.emplace_back(&to, std::move(*datagram));
  }
}

Result<void> V1Pair::command(V1Side& side, const ikev2::Command& command) {
  auto done = side.engine->command(now, command);
  drain(side);
  return done;
}

void V1Pair::deliver(V1Side& to, const ikev2::Datagram& datagram) {
  to.engine->handle_datagram(now, datagram);
  drain(to);
}

void V1Pair::settle() {
  for (unsigned steps = 0; !flying_.empty(); ++steps) {
    IKELAB_ASSERT(steps < 10'000);
    auto [to, datagram] = std::move(flying_.front());
    flying_.pop_front();
    now = now + 10ms;
    deliver(*to, datagram);
  }
}

void V1Pair::drive(Duration time) {
  const Instant until = now + time;
  for (unsigned steps = 0;; ++steps) {
    IKELAB_ASSERT(steps < 10'000);
    settle();
    V1Side* next = nullptr;
    std::optional<Instant> at;
    for (V1Side* side : {&a, &b})
      if (const auto due = side->engine->poll_timeout(); due && (!at || *due < *at))
        at = due, next = side;
    if (!at || *at > until) break;
    now = std::max(now, *at);
    next->engine->handle_timeout(now);
    drain(*next);
  }
  now = std::max(now, until);
}

bool V1Pair::consistent() const {
  const auto ours = a.engine->sas(), theirs = b.engine->sas();
  if (ours.size() != 1 || theirs.size() != 1 || ours[0].state != "ESTABLISHED" ||
      theirs[0].state != "ESTABLISHED" || ours[0].spi_i != theirs[0].spi_i ||
      ours[0].spi_r != theirs[0].spi_r)
    return false;
  const auto match = [](const V1Side& from, const V1Side& to) {
    return from.outbound.size() == to.inbound.size() &&
           std::all_of(from.outbound.begin(), from.outbound.end(), [&](const auto& row) {
             const auto in = to.inbound.find(row.first);
             return in != to.inbound.end() &&
                    equal(in->second.encryption_key.reveal(), row.second.encryption_key.reveal()) &&
                    equal(in->second.integrity_key.reveal(), row.second.integrity_key.reveal()) &&
                    in->second.ts_src == row.second.ts_src &&
                    in->second.ts_dst == row.second.ts_dst &&
                    in->second.udp.has_value() == row.second.udp.has_value();
           });
  };
  return match(a, b) && match(b, a) && ours[0].children.size() == a.inbound.size();
}

policy::EndpointConfig v1_site_a(bool aggressive, const char* ike, const char* esp) {
  return in_v1(site_a(), aggressive, ike, esp);
}
policy::EndpointConfig v1_site_b(bool aggressive, const char* ike, const char* esp) {
  return in_v1(site_b(), aggressive, ike, esp);
}

}  // namespace ikelab::test
