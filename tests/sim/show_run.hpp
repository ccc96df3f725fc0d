// A small run made by hand, with real octets: what `show` is tested on.
#pragma once
#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"
#include "sim/show/show.hpp"

namespace ikelab::show::test {

class Script {
 public:
  std::vector<trace::Event> events;
  void at_ms(double ms) { now_ = Instant{static_cast<std::int64_t>(ms * 1e6)}; }
  void add(const std::string& node, trace::Body body, const std::string& sa = {}) {
    events.push_back({now_, events.size() + 1, node, sa, std::move(body)});
  }

  /// A message as its sender tells it; `inner` is what SK holds.
  trace::Message message(std::uint64_t datagram, bool from_a, const wire::Message& m,
                         const std::vector<wire::Payload>* inner = nullptr) {
    trace::Message t;
    t.direction = "sent";
    t.datagram = datagram;
    t.src = from_a ? "192.0.2.1:500" : "198.51.100.1:500";
    t.dst = from_a ? "198.51.100.1:500" : "192.0.2.1:500";
    t.spi_i = to_string(m.header.spi_i);
    t.spi_r = to_string(m.header.spi_r);
    t.exchange = name(m.header.exchange);
    t.response = m.header.response;
    t.message_id = m.header.message_id.value;
    t.encrypted = inner != nullptr;
    t.payloads = payload_summary(inner ? *inner : m.payloads, m.header.response);
    t.bytes = encode(m);
    if (inner) {
      const auto chain = wire::encode_chain(*inner);
      t.plain = chain.bytes;
      t.plain_first = static_cast<std::uint64_t>(chain.first);
    }
    return t;
  }
  void received(const std::string& node, trace::Message m) {
    m.direction = "received";
    add(node, std::move(m));
  }

 private:
  Instant now_;
};

inline wire::Message ike(wire::ExchangeType exchange, bool response, std::uint32_t id,
                         std::vector<wire::Payload> payloads) {
  wire::Message m;
  m.header.spi_i = {0x1122334455667788};
  m.header.spi_r = {exchange == wire::ExchangeType::ike_sa_init && !response ? 0U
                                                                             : 0x99aabbccddeeff00U};
  m.header.exchange = exchange;
  m.header.response = response;
  m.header.initiator = !response;
  m.header.message_id = {id};
  m.payloads = std::move(payloads);
  return m;
}

inline std::vector<wire::Payload> init_payloads() {
  using namespace wire;
  return {
      make_payload(SaPayload{
          {{1, ProtocolId::ike, {}, {{1, 20, {{14, true, 256, {}}}}, {2, 6, {}}, {4, 31, {}}}}}}),
      make_payload(KePayload{31, Bytes(32, 0x4b)}), make_payload(NoncePayload{Bytes(32, 0x4e)})};
}

inline std::vector<wire::Payload> auth_payloads() {
  using namespace wire;
  const TrafficSelector ts{0, 0, 65535, IpAddress::parse("10.1.0.0").value(),
                           IpAddress::parse("10.1.0.255").value()};
  return {make_payload(IdPayload{false, IdType::fqdn, to_bytes(as_bytes("gw-a"))}),
          make_payload(AuthPayload{AuthMethod::shared_key, Bytes(16, 0xaa)}),
          make_payload(SaPayload{{{1,
                                   ProtocolId::esp,
                                   Bytes{0xca, 0xfe, 0, 1},
                                   {{1, 20, {{14, true, 256, {}}}}, {5, 0, {}}}}}}),
          make_payload(TsPayload{false, {ts}}), make_payload(TsPayload{true, {ts}})};
}

inline void negotiation(Script& s) {
  s.add("gw-b",
        trace::Negotiated{
            "IKE",
            "responder",
            "aes256gcm16-prfsha384-x25519",
            {{1, "IKE", "aes128-sha256-modp2048", false,
              "no common KE method: offered MODP_2048; configured CURVE25519"},
             {2, "IKE", "aes256gcm16-prfsha384-x25519", true, "every transform is configured"}}},
        "gw-b#1");
}

inline void keys(Script& s, const std::string& node, bool disclosed) {
  const Bytes out = disclosed ? Bytes(48, 0x5e) : Bytes{};
  s.add(node,
        trace::KeyDerived{"SKEYSEED",
                          "prf(Ni | Nr, g^ir)",
                          "PRF_HMAC_SHA2_384",
                          {{"Ni", Bytes(32, 0x4e), "message 1, Nonce"},
                           {"g^ir", disclosed ? Bytes(32, 0x61) : Bytes{}, ""}},
                          out,
                          48,
                          "RFC 7296, 2.14"},
        node + "#1");
}

inline void ike_sa(Script& s, const std::string& node) {
  trace::SaInstalled sa;
  sa.protocol = "IKE", sa.spi = "1122334455667788", sa.peer_spi = "99aabbccddeeff00",
  sa.src = "192.0.2.1:500", sa.dst = "198.51.100.1:500";
  sa.name = "site-to-site", sa.encryption = "ENCR_AES_GCM_16", sa.prf = "PRF_HMAC_SHA2_384",
  sa.ke = "CURVE25519", sa.reason = "new";
  s.add(node, sa, node + "#1");
}

inline void esp_sa(Script& s, const std::string& node, const std::string& direction,
                   const std::string& spi, const std::string& peer, std::uint64_t window) {
  trace::SaInstalled sa;
  sa.protocol = "ESP", sa.direction = direction, sa.spi = spi, sa.peer_spi = peer,
  sa.src = "192.0.2.1", sa.dst = "198.51.100.1", sa.name = "net";
  sa.encryption = "ENCR_AES_GCM_16", sa.ts_src = {"10.1.0.0/24"}, sa.ts_dst = {"10.2.0.0/24"},
  sa.replay_window = window, sa.reason = "new";
  s.add(node, sa, node + "#1");
}

/// Two gateways, a lost IKE_AUTH request and its retransmission, ESP with a replayed packet, an
/// adversary on the link.
inline Script run_of_two() {
  using wire::ExchangeType;
  Script s;
  s.add("", trace::Mark{"gw-a brings up the tunnel"});
  const auto one = s.message(1, true, ike(ExchangeType::ike_sa_init, false, 0, init_payloads()));
  s.add("gw-a", one, "gw-a#1");
  s.at_ms(20.5);
  s.received("gw-b", one);
  negotiation(s);
  keys(s, "gw-b", true);
  const auto two = s.message(2, false, ike(ExchangeType::ike_sa_init, true, 0, init_payloads()));
  s.add("gw-b", two, "gw-b#1");
  s.at_ms(41);
  s.received("gw-a", two);
  keys(s, "gw-a", true);
  const auto inner = auth_payloads();
  const wire::Message auth =
      ike(ExchangeType::ike_auth, false, 1,
          {wire::make_payload(wire::SkPayload{wire::PayloadType::id_i, Bytes(60, 0xee)})});
  auto three = s.message(3, true, auth, &inner);
  s.add("gw-a", three, "gw-a#1");
  s.add("", trace::DatagramDropped{3, "link wan", "random loss"});
  s.at_ms(2041);
  three.datagram = 4, three.attempt = 1;
  s.add("gw-a", three, "gw-a#1");
  s.at_ms(2061.5);
  s.received("gw-b", three);
  ike_sa(s, "gw-b");
  esp_sa(s, "gw-b", "in", "cafe0002", "cafe0001", 0);
  esp_sa(s, "gw-b", "out", "cafe0001", "cafe0002", 0);
  for (std::uint64_t i = 10; i < 13; ++i)
    s.add("gw-a",
          trace::EspSealed{
              i, "cafe0002", i - 9, 84, 140, "ICMP echo request 10.1.0.10 > 10.2.0.10", {}});
  for (std::uint64_t i = 10; i < 12; ++i)
    s.add("gw-b", trace::EspOpened{
                      i, "cafe0002", i - 9, 84, "ICMP echo request 10.1.0.10 > 10.2.0.10", {}});
  s.at_ms(3000);
  s.add("mallory", trace::AttackAction{"replay", 10, 20, "the first ESP packet once more", {}, {}});
  s.at_ms(3010);
  s.add("gw-b",
        trace::EspRejected{20, "cafe0002", 1, "E-ESP-REPLAY", "sequence number 1 was seen before"});
  s.add("mallory", trace::AttackKnowledge{
                       "lengths", "how long every packet is", "ESP hides content, not size", {}});
  return s;
}

inline store::RunInfo run_info() {
  store::RunInfo run;
  run.id = 3, run.scenario = "site-to-site", run.seed = 7, run.status = store::RunStatus::finished;
  return run;
}

}  // namespace ikelab::show::test
