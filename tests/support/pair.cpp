#include "tests/support/pair.hpp"

#include <algorithm>

#include "protocol/trace/encode.hpp"

namespace ikelab::test {

namespace {

/// A node's streams, but for nonces whose first octet a test has chosen.
class ScriptedRng : public crypto::Rng {
 public:
  ScriptedRng(std::unique_ptr<crypto::Rng> rng, std::deque<std::uint8_t>& begins)
      : rng_(std::move(rng)), begins_(begins) {}
  void fill(std::span<std::uint8_t> out) override {
    rng_->fill(out);
    if (begins_.empty()) return;
    out.front() = begins_.front();
    begins_.pop_front();
  }

 private:
  std::unique_ptr<crypto::Rng> rng_;
  std::deque<std::uint8_t>& begins_;
};

class ScriptedSource : public crypto::RngSource {
 public:
  ScriptedSource(std::unique_ptr<crypto::RngSource> source, std::deque<std::uint8_t>& begins)
      : source_(std::move(source)), begins_(begins) {}
  std::unique_ptr<crypto::Rng> stream(std::string_view purpose) override {
    auto stream = source_->stream(purpose);
    if (purpose != "nonce") return stream;
    return std::make_unique<ScriptedRng>(std::move(stream), begins_);
  }

 private:
  std::unique_ptr<crypto::RngSource> source_;
  std::deque<std::uint8_t>& begins_;
};

}  // namespace

Pair::Pair(policy::EndpointConfig a_config, policy::EndpointConfig b_config, std::uint64_t seed) {
  const auto make = [&](Side& side, policy::EndpointConfig config) {
    const std::string node = config.node;
    side.address = config.connections.at(0).local_addr;
    side.provider = crypto::openssl_provider();
    side.endpoint = std::make_unique<ikev2::Endpoint>(
        std::move(config), *side.provider,
        std::make_unique<ScriptedSource>(crypto::seeded_rng(seed, node), side.nonces_begin));
  };
  make(a, std::move(a_config));
  make(b, std::move(b_config));
  journal.attach(sink);
}

std::vector<ikev2::IkeSaInfo> Side::sas() const {
  auto all = endpoint->sas();
  std::erase_if(all, [](const auto& sa) { return sa.state == "DEAD"; });
  return all;
}

std::string Side::state() const {
  const auto all = sas();
  return all.empty() ? "none" : all.size() > 1 ? "several" : all[0].state;
}

std::vector<std::string> Side::diagnostics() const {
  std::vector<std::string> codes;
  for (const auto* d : all<trace::Diagnostic>()) codes.push_back(d->code);
  return codes;
}

bool Side::diagnosed(const std::string& code) const {
  const auto codes = diagnostics();
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

std::vector<std::string> Side::messages_sent() const {
  std::vector<std::string> found;
  for (const auto* m : all<trace::Message>()) {
    if (m->direction != "sent") continue;
    std::string text =
        m->exchange + (m->response ? " response " : " request ") + std::to_string(m->message_id);
    if (m->attempt != 0) text += " again " + std::to_string(m->attempt);
    found.push_back(text);
  }
  return found;
}

void Pair::note_sad(Side& side, esp::SadChange change) {
  if (auto* install = std::get_if<esp::InstallSa>(&change)) {
    side.sad.push_back(std::string("install ") + (install->inbound ? "in " : "out ") +
                       to_string(install->sa.spi));
    if (!install->inbound) side.outbound_order.push_back(install->sa.spi);
    (install->inbound ? side.inbound : side.outbound)[install->sa.spi] = std::move(install->sa);
  } else if (const auto* move = std::get_if<esp::MoveSa>(&change)) {
    side.sad.push_back(std::string("move ") + (move->inbound ? "in " : "out ") +
                       to_string(move->spi));
    esp::SaParameters& sa = (move->inbound ? side.inbound : side.outbound).at(move->spi);
    sa.src = move->src;
    sa.dst = move->dst;
    sa.udp = move->udp;
  } else if (const auto* inner = std::get_if<esp::InnerAddress>(&change)) {
    if (inner->ours)
      side.inner_addresses.push_back(inner->address);
    else
      std::erase(side.inner_addresses, inner->address);
  } else {
    const auto& remove = std::get<esp::RemoveSa>(change);
    side.sad.push_back(std::string("remove ") + (remove.inbound ? "in " : "out ") +
                       to_string(remove.spi));
    (remove.inbound ? side.inbound : side.outbound).erase(remove.spi);
    if (!remove.inbound) std::erase(side.outbound_order, remove.spi);
  }
}

// What the network and the NAT make of the addresses; false: it never arrives.
bool Pair::route(const Side& from, SocketAddress& src, SocketAddress& dst) {
  if (!nat) return dst.ip == (&from == &a ? b : a).address;
  if (&from == &a) {
    if (src.port == 0) return false;
    const auto [mapping, fresh] = nat->port_of.try_emplace(src.port, nat->next_port);
    if (fresh) ++nat->next_port;
    src = {nat->outside, mapping->second};
    return dst.ip == b.address;
  }
  for (const auto& [inside, outside] : nat->port_of)
    if (dst == SocketAddress{nat->outside, outside}) {
      dst = {a.address, inside};
      return true;
    }
  return false;
}

void Pair::drain(Side& side) {
  take_outputs(side);
  fly();
}

void Pair::take_outputs(Side& side) {
  while (auto event = side.endpoint->poll_event()) {
    side.events.push_back(*event);
    journal.emit(now, &side == &a ? "a" : "b", std::move(*event));
  }
  while (auto change = side.endpoint->poll_sad()) note_sad(side, std::move(*change));
  while (auto datagram = side.endpoint->poll_transmit()) {
    ++side.sent;
    wire.push_back(*datagram);
    if (tamper) tamper(side, *datagram);
    if (lose && lose(side, side.sent, *datagram)) continue;
    Side& to = &side == &a ? b : a;
    if (route(side, datagram->src, datagram->dst))
      flying_.push_back({now + latency, &to, std::move(*datagram), {}});
  }
}

// A marker of an ESP packet from each side, on the SA that its data path would take now.
void Pair::fly() {
  for (Side* side : {&a, &b}) {
    if (side->outbound_order.empty()) continue;
    const esp::SaParameters& sa = side->outbound.at(side->outbound_order.back());
    const esp::UdpPorts ports = sa.udp.value_or(esp::UdpPorts{0, 0});
    ikev2::Datagram outer{0, {sa.src, ports.src}, {sa.dst, ports.dst}, {}};
    if (route(*side, outer.src, outer.dst))
      flying_.push_back({now + latency, side == &a ? &b : &a, std::move(outer), sa.spi});
    else
      ++probes, ++lost_probes;
  }
}

void Pair::lose_nth(const Side& from, unsigned nth) {
  const unsigned which = from.sent + nth;
  lose = [&from, which](const Side& sender, unsigned count, const ikev2::Datagram&) {
    return &sender == &from && count == which;
  };
}

void Pair::settle() {
  for (unsigned steps = 0; !flying_.empty(); ++steps) {
    IKELAB_ASSERT(steps < 100'000);
    const InFlight flight = std::move(flying_.front());
    flying_.pop_front();
    if (flight.at > now) now = flight.at;
    arrive(flight);
  }
}

void Pair::arrive(const InFlight& flight) {
  if (flight.probe.value == 0) return deliver(*flight.to, flight.datagram);
  ++probes;
  const auto in = flight.to->inbound.find(flight.probe);
  if (in == flight.to->inbound.end()) {
    ++lost_probes;
    return;
  }
  const esp::SaParameters& sa = in->second;
  const SocketAddress known{sa.src, sa.udp ? sa.udp->src : std::uint16_t{0}};
  if (flight.datagram.src == known) return;
  flight.to->endpoint->handle_esp_source(flight.probe, flight.datagram.src);
  take_outputs(*flight.to);
}

bool Pair::consistent() const {
  const auto ours = a.sas(), theirs = b.sas();
  if (ours.size() != 1 || theirs.size() != 1 || ours[0].state != "ESTABLISHED" ||
      theirs[0].state != "ESTABLISHED")
    return false;
  if (ours[0].spi_i != theirs[0].spi_i || ours[0].spi_r != theirs[0].spi_r) return false;
  const auto match = [](const Side& from, const Side& to) {
    return from.outbound.size() == to.inbound.size() &&
           std::all_of(from.outbound.begin(), from.outbound.end(), [&](const auto& row) {
             const auto in = to.inbound.find(row.first);
             return in != to.inbound.end() &&
                    equal(in->second.encryption_key.reveal(), row.second.encryption_key.reveal()) &&
                    equal(in->second.integrity_key.reveal(), row.second.integrity_key.reveal()) &&
                    in->second.ts_src == row.second.ts_src &&
                    in->second.ts_dst == row.second.ts_dst;
           });
  };
  return match(a, b) && match(b, a) && ours[0].children.size() == a.inbound.size() &&
         theirs[0].children.size() == b.inbound.size();
}

Bytes Pair::encoded() const {
  Bytes all;
  for (const trace::Event& event : sink.events) {
    const Bytes one = trace::encode_event(event);
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
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
    if (const auto at = side->endpoint->poll_timeout(); at && (!next || *at < *next))
      next = at, timer_of = side;
  const bool datagram_first = !flying_.empty() && (!next || flying_.front().at <= *next);
  if (datagram_first) next = flying_.front().at;
  if (!next || *next > until) return false;
  if (*next > now) now = *next;
  if (datagram_first) {
    const InFlight flight = std::move(flying_.front());
    flying_.pop_front();
    arrive(flight);
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

std::string without_extensions(const std::string& payloads) {
  std::string out;
  for (std::size_t at = 0; at < payloads.size();) {
    const std::size_t end = std::min(payloads.find(", ", at), payloads.size());
    const std::string one = payloads.substr(at, end - at);
    if (at == 0 || !one.starts_with("N(")) out += (out.empty() ? "" : ", ") + one;
    at = end + 2;
  }
  return out;
}

namespace {

policy::EndpointConfig site(bool is_a, const char* ike, const char* esp) {
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
  connection.proposals = {policy::parse_proposal(ike, wire::ProtocolId::ike).value()};
  connection.local.id = policy::Identity::parse(is_a ? "gw-a.example" : "gw-b.example").value();
  connection.remote.id = policy::Identity::parse(is_a ? "gw-b.example" : "gw-a.example").value();
  connection.local.psk = connection.remote.psk = to_bytes(as_bytes("a long shared secret"));
  policy::ChildConfig child;
  child.name = "net";
  child.local_ts = {net(is_a ? "10.1.0.0/24" : "10.2.0.0/24")};
  child.remote_ts = {net(is_a ? "10.2.0.0/24" : "10.1.0.0/24")};
  child.esp_proposals = {policy::parse_proposal(esp, wire::ProtocolId::esp).value()};
  connection.children.push_back(std::move(child));
  config.connections.push_back(std::move(connection));
  return config;
}

}  // namespace

policy::EndpointConfig site_a(const char* ike, const char* esp) {
  return site(true, ike, esp);
}
policy::EndpointConfig site_b(const char* ike, const char* esp) {
  return site(false, ike, esp);
}

}  // namespace ikelab::test
