#include "tests/support/pair.hpp"

namespace ikelab::test {

Pair::Pair(policy::EndpointConfig a_config, policy::EndpointConfig b_config, std::uint64_t seed) {
  const auto make = [&](Side& side, policy::EndpointConfig config) {
    const std::string node = config.node;
    side.provider = crypto::openssl_provider();
    side.endpoint = std::make_unique<ikev2::Endpoint>(std::move(config), *side.provider, crypto::seeded_rng(seed, node));
  };
  make(a, std::move(a_config));
  make(b, std::move(b_config));
}

void Pair::drain(Side& side) {
  while (auto event = side.endpoint->poll_event()) side.events.push_back(std::move(*event));
  while (auto change = side.endpoint->poll_sad()) {
    if (const auto* install = std::get_if<esp::InstallSa>(&*change))
      side.sad.push_back(std::string("install ") + (install->inbound ? "in " : "out ") + to_string(install->sa.spi));
    else if (const auto* remove = std::get_if<esp::RemoveSa>(&*change))
      side.sad.push_back(std::string("remove ") + (remove->inbound ? "in " : "out ") + to_string(remove->spi));
  }
  while (auto datagram = side.endpoint->poll_transmit()) {
    ++side.sent;
    wire.push_back(*datagram);
    if (tamper) tamper(side, *datagram);
    if (lose && lose(side, side.sent, *datagram)) continue;
    flying_.push_back({now + latency, &side == &a ? &b : &a, std::move(*datagram)});
  }
}

Result<void> Pair::command(Side& side, const ikev2::Command& command) {
  auto result = side.endpoint->command(now, command);
  drain(side);
  return result;
}

void Pair::deliver(Side& to, const ikev2::Datagram& datagram) {
  to.endpoint->handle_datagram(now, datagram);
  drain(to);
}

bool Pair::step(Instant until) {
  std::optional<Instant> next;
  Side* timer_of = nullptr;
  for (Side* side : {&a, &b})
    if (const auto at = side->endpoint->poll_timeout(); at && (!next || *at < *next)) next = at, timer_of = side;
  const bool datagram_first = !flying_.empty() && (!next || flying_.front().at <= *next);
  if (datagram_first) next = flying_.front().at;
  if (!next || *next > until) return false;
  if (*next > now) now = *next;
  if (datagram_first) {
    const InFlight flight = std::move(flying_.front());
    flying_.pop_front();
    deliver(*flight.to, flight.datagram);
  } else {
    timer_of->endpoint->handle_timeout(now);
    drain(*timer_of);
  }
  return true;
}

void Pair::drive(Duration time) {
  const Instant until = now + time;
  for (unsigned steps = 0; step(until); ++steps) IKELAB_ASSERT(steps < 100'000);
  now = until;
}

namespace {

policy::EndpointConfig site(bool is_a) {
  const auto address = [](const char* text) { return IpAddress::parse(text).value(); };
  const auto net = [](const char* text) { return policy::parse_traffic_selector(text).value(); };
  policy::EndpointConfig config;
  config.node = is_a ? "gw-a" : "gw-b";
  config.datagram_id_base = is_a ? 1ULL << 32 : 2ULL << 32;
  config.disclose_secrets = true;
  config.epoch = 1'790'000'000;
  policy::ConnectionConfig connection;
  connection.name = "site";
  connection.local_addr = address(is_a ? "192.0.2.1" : "192.0.2.2");
  connection.remote_addr = address(is_a ? "192.0.2.2" : "192.0.2.1");
  connection.proposals = {policy::parse_proposal("aes256gcm16-prfsha256-x25519", wire::ProtocolId::ike).value()};
  connection.local.id = policy::Identity::parse(is_a ? "gw-a.example" : "gw-b.example").value();
  connection.remote.id = policy::Identity::parse(is_a ? "gw-b.example" : "gw-a.example").value();
  connection.local.psk = connection.remote.psk = to_bytes(as_bytes("a long shared secret"));
  policy::ChildConfig child;
  child.name = "net";
  child.local_ts = {net(is_a ? "10.1.0.0/24" : "10.2.0.0/24")};
  child.remote_ts = {net(is_a ? "10.2.0.0/24" : "10.1.0.0/24")};
  child.esp_proposals = {policy::parse_proposal("aes256gcm16", wire::ProtocolId::esp).value()};
  connection.children.push_back(std::move(child));
  config.connections.push_back(std::move(connection));
  return config;
}

}  // namespace

policy::EndpointConfig site_a() { return site(true); }
policy::EndpointConfig site_b() { return site(false); }

}  // namespace ikelab::test
