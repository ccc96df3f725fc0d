#include "tests/visualizer/sample_run.hpp"

#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"

namespace ikelab::view::samples {
namespace {

using namespace wire;

const IkeSpi spi_i{0xc0c1c2c3c4c5c6c7}, spi_r{0xd0d1d2d3d4d5d6d7};
const std::string address_a = "192.0.2.1:500", address_b = "198.51.100.1:500";

Bytes pattern(std::size_t size, std::uint8_t start, std::uint8_t step = 37) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>(start + step * i + i / 3);
  return out;
}

Transform transform(std::uint8_t type, std::uint16_t id, std::uint16_t bits = 0) {
  Transform t{.type = type, .id = id, .attributes = {}};
  if (bits != 0) t.attributes.push_back({.type = 14, .tv = true, .value = bits, .octets = {}});
  return t;
}

SaPayload ike_proposal() {
  return {{Proposal{.number = 1,
                    .protocol = ProtocolId::ike,
                    .spi = {},
                    .transforms = {transform(1, 20, 256), transform(2, 6), transform(4, 31)}}}};
}
SaPayload esp_proposal(std::uint32_t spi) {
  return {
      {Proposal{.number = 1,
                .protocol = ProtocolId::esp,
                .spi = {static_cast<std::uint8_t>(spi >> 24), static_cast<std::uint8_t>(spi >> 16),
                        static_cast<std::uint8_t>(spi >> 8), static_cast<std::uint8_t>(spi)},
                .transforms = {transform(1, 20, 256), transform(5, 0)}}}};
}

TsPayload selectors(bool responder, const char* from, const char* to) {
  TrafficSelector ts;
  ts.start = IpAddress::parse(from).value();
  ts.end = IpAddress::parse(to).value();
  return {responder, {ts}};
}

NotifyPayload notify(NotifyType type, Bytes data = {}) {
  return {.protocol = ProtocolId::none, .spi = {}, .type = type, .data = std::move(data)};
}

// Emits events as the engine and the network would, with a clock of its own.
class Story {
 public:
  explicit Story(const SampleOptions& options) : options_(options) {}
  std::vector<trace::Event> events;

  void run() {
    emit("", "", trace::Mark{"gw-a brings the tunnel up"});
    init();
    auth();
    traffic();
    rekey();
    traffic();
    remove();
    emit("", "", trace::Mark{"the run ends"});
  }

 private:
  void emit(const std::string& node, const std::string& sa, trace::Body body) {
    events.push_back({{now_}, ++seq_, node, sa, std::move(body)});
  }
  void pass(Duration d) { now_ += d.count(); }

  struct Sent {
    std::uint64_t datagram;
    trace::Message message;
    std::string to;
  };

  // One message on its way: sent now, `landed` 10 ms later unless lost.
  Sent send(bool from_a, ExchangeType exchange, bool response, std::uint32_t id,
            std::vector<Payload> payloads, bool encrypted, std::uint64_t attempt = 0) {
    wire::Message m;
    m.header.spi_i = spi_i;
    m.header.spi_r = exchange == ExchangeType::ike_sa_init && !response ? IkeSpi{} : spi_r;
    m.header.exchange = exchange;
    m.header.initiator = from_a;
    m.header.response = response;
    m.header.message_id = {id};
    trace::Message t;
    t.direction = "sent";
    t.datagram = ++datagram_;
    t.src = from_a ? address_a : address_b;
    t.dst = from_a ? address_b : address_a;
    t.spi_i = to_string(m.header.spi_i);
    t.spi_r = to_string(m.header.spi_r);
    t.exchange = name(exchange);
    t.response = response;
    t.message_id = id;
    t.attempt = attempt;
    t.payloads = payload_summary(payloads, response);
    t.encrypted = encrypted;
    if (encrypted) {
      const EncodedChain chain = encode_chain(payloads);
      t.plain = chain.bytes;
      t.plain_first = static_cast<std::uint64_t>(chain.first);
      m.payloads = {make_payload(SkPayload{
          chain.first,
          pattern(8 + chain.bytes.size() + 1 + 16, static_cast<std::uint8_t>(id * 7 + response))})};
    } else {
      m.payloads = std::move(payloads);
    }
    t.bytes = encode(m);
    const std::string node = from_a ? "gw-a" : "gw-b";
    emit(node, "", t);
    emit(node, "", trace::DatagramSent{t.datagram, "IKE", t.src, t.dst, t.bytes, t.bytes.size()});
    return {t.datagram, t, from_a ? "gw-b" : "gw-a"};
  }

  void cross(const Sent& s, bool lost = false) {
    trace::PacketOnLink on{s.datagram,
                           "wan",
                           s.to == "gw-b" ? "gw-a" : "gw-b",
                           s.to,
                           "IKE",
                           s.message.bytes.size() + 28,
                           now_,
                           lost ? 0 : now_ + 10'000'000,
                           lost ? "random loss" : ""};
    emit("", "", on);
    pass(lost ? 5ms : 10ms);
    if (lost)
      emit("", "", trace::DatagramDropped{s.datagram, "link wan", "random loss"});
    else
      land(s, s.datagram);
  }
  void land(const Sent& s, std::uint64_t datagram) {
    emit(s.to, "",
         trace::DatagramReceived{datagram, "IKE", s.message.src, s.message.dst, s.message.bytes,
                                 s.message.bytes.size()});
    trace::Message in = s.message;
    in.direction = "received";
    in.datagram = datagram;
    emit(s.to, "", in);
    pass(300us);
  }

  void init() {
    const std::vector<Payload> offer = {
        make_payload(ike_proposal()), make_payload(KePayload{31, pattern(32, 0x20)}),
        make_payload(NoncePayload{pattern(32, 0x40)}),
        make_payload(notify(NotifyType::nat_detection_source_ip, pattern(20, 1))),
        make_payload(notify(NotifyType::nat_detection_destination_ip, pattern(20, 2)))};
    const Sent first = send(true, ExchangeType::ike_sa_init, false, 0, offer, false);
    first_ = first.message.bytes;
    if (options_.adversary) {
      pass(5ms);
      emit("mallory", "",
           trace::AttackAction{"observe", first.datagram, 0, "sees the offer", {}, {}});
      emit("mallory", "",
           trace::AttackKnowledge{
               "peers", "gw-a talks IKE to gw-b", "the header is in the clear", {}});
      pass(5ms);
      land(first, first.datagram);
    } else {
      cross(first);
    }
    emit("gw-b", "gw-b#1",
         trace::Negotiated{"IKE",
                           "responder",
                           "aes256gcm16-prfsha384-x25519",
                           {{1, "IKE", "aes128-sha256-prfsha256-modp2048", false,
                             "no common KE method: offered MODP_2048; configured CURVE25519"},
                            {2, "IKE", "aes256gcm16-prfsha384-x25519", true, ""}}});
    const Sent answer =
        send(false, ExchangeType::ike_sa_init, true, 0,
             {make_payload(ike_proposal()), make_payload(KePayload{31, pattern(32, 0x60)}),
              make_payload(NoncePayload{pattern(32, 0x80)})},
             false);
    second_ = answer.message.bytes;
    keys("gw-b", "gw-b#1");
    cross(answer);
    keys("gw-a", "gw-a#1");
  }

  void keys(const std::string& node, const std::string& sa) {
    const trace::NamedValue ni{"Ni", pattern(32, 0x40), "message 1, Nonce"},
        nr{"Nr", pattern(32, 0x80), "message 2, Nonce"};
    const trace::NamedValue g{"g^ir", pattern(32, 0xa0), "KE of messages 1 and 2"};
    const trace::NamedValue si{"SPIi", hex("c0c1c2c3c4c5c6c7"), "the header"},
        sr{"SPIr", hex("d0d1d2d3d4d5d6d7"), "the header"};
    derive(node, sa, "SKEYSEED", "prf(Ni | Nr, g^ir)", {ni, nr, g}, 48, "RFC 7296, 2.14");
    const trace::NamedValue seed{"SKEYSEED", value_of("SKEYSEED", 48), "SKEYSEED"};
    std::size_t at = 0;
    for (const char* name : {"SK_d", "SK_ei", "SK_er", "SK_pi", "SK_pr"}) {
      const std::size_t size = std::string_view(name).starts_with("SK_e") ? 36 : 48;
      derive(node, sa, name,
             "prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)[" + std::to_string(at) + ".." +
                 std::to_string(at + size) + "]",
             {seed, ni, nr, si, sr}, size, "RFC 7296, 2.14");
      at += size;
    }
  }
  static Bytes value_of(const std::string& name, std::size_t size) {
    return pattern(size, static_cast<std::uint8_t>(name.size() * 31 + name.back()), 91);
  }
  void derive(const std::string& node, const std::string& sa, const std::string& name,
              const std::string& function, std::vector<trace::NamedValue> inputs, std::size_t size,
              const std::string& rfc) {
    emit(node, sa,
         trace::KeyDerived{name, function, "PRF_HMAC_SHA2_384", std::move(inputs),
                           value_of(name, size), size, rfc});
  }

  void child(const std::string& node, const std::string& sa, std::uint8_t nonce, bool initiator,
             const std::string& in_spi, const std::string& out_spi, const std::string& reason) {
    derive(node, sa, "KEYMAT", "prf+(SK_d, Ni | Nr)",
           {{"SK_d", value_of("SK_d", 48), "SK_d of the IKE SA"},
            {"Ni", pattern(32, nonce), "Nonce"},
            {"Nr", pattern(32, static_cast<std::uint8_t>(nonce + 64)), "Nonce"}},
           72, "RFC 7296, 2.17");
    const trace::NamedValue keymat{"KEYMAT", value_of("KEYMAT", 72), "KEYMAT"};
    derive(node, sa, "ESP encryption key, initiator to responder", "KEYMAT[0..36]", {keymat}, 36,
           "RFC 7296, 2.17");
    derive(node, sa, "ESP encryption key, responder to initiator", "KEYMAT[36..72]", {keymat}, 36,
           "RFC 7296, 2.17");
    const std::string mine = initiator ? "192.0.2.1" : "198.51.100.1",
                      other = initiator ? "198.51.100.1" : "192.0.2.1";
    const std::string net = initiator ? "10.1.0.0/24" : "10.2.0.0/24",
                      far = initiator ? "10.2.0.0/24" : "10.1.0.0/24";
    trace::SaInstalled s;
    s.protocol = "ESP";
    s.name = "net-net";
    s.encryption = "ENCR_AES_GCM_16 (256 bits)";
    s.encryption_key = pattern(36, 0x33);
    s.replay_window = 64;
    s.reason = reason;
    for (const bool in : {true, false}) {
      s.direction = in ? "in" : "out";
      s.spi = in ? in_spi : out_spi;
      s.peer_spi = in ? out_spi : in_spi;
      s.src = in ? other : mine;
      s.dst = in ? mine : other;
      s.ts_src = {in ? far : net};
      s.ts_dst = {in ? net : far};
      emit(node, sa, s);
    }
  }
  void ike_sa(const std::string& node) {
    trace::SaInstalled s;
    s.protocol = "IKE";
    s.spi = to_string(spi_i);
    s.peer_spi = to_string(spi_r);
    s.src = node == "gw-a" ? "192.0.2.1" : "198.51.100.1";
    s.dst = node == "gw-a" ? "198.51.100.1" : "192.0.2.1";
    s.name = "site-to-site";
    s.encryption = "ENCR_AES_GCM_16 (256 bits)";
    s.prf = "PRF_HMAC_SHA2_384";
    s.ke = "CURVE25519";
    s.reason = "new";
    emit(node, node + "#1", s);
    emit(node, node + "#1",
         trace::StateChanged{"IKE", "AUTHENTICATING", "ESTABLISHED", "IKE_AUTH done",
                             "RFC 7296, 1.2"});
  }
  void proof(const std::string& node, const std::string& subject, const Bytes& message) {
    trace::AuthDecided a;
    a.subject = subject;
    a.local = (node == "gw-a") == (subject == "initiator");
    a.method = "Shared Key Message Integrity Code";
    a.identity = subject == "initiator" ? "gw-a.example" : "gw-b.example";
    a.ok = true;
    a.octets = concat({message, pattern(32, 9), pattern(48, 11)});
    a.parts = {{"RealMessage1", 0, message.size()},
               {"NonceRData", message.size(), message.size() + 32},
               {"MACedIDForI", message.size() + 32, message.size() + 80}};
    a.rfc = "RFC 7296, 2.15";
    emit(node, node + "#1", a);
  }

  void auth() {
    proof("gw-a", "initiator", first_);
    const Sent ask =
        send(true, ExchangeType::ike_auth, false, 1,
             {make_payload(IdPayload{false, IdType::fqdn, to_bytes(as_bytes("gw-a.example"))}),
              make_payload(AuthPayload{AuthMethod::shared_key, pattern(48, 3)}),
              make_payload(esp_proposal(0x1a2b3c4d)),
              make_payload(selectors(false, "10.1.0.0", "10.1.0.255")),
              make_payload(selectors(true, "10.2.0.0", "10.2.0.255"))},
             true);
    cross(ask);
    proof("gw-b", "initiator", first_);
    proof("gw-b", "responder", second_);
    emit("gw-b", "gw-b#1",
         trace::Negotiated{
             "ESP", "responder", "aes256gcm16", {{1, "ESP", "aes256gcm16", true, ""}}});
    ike_sa("gw-b");
    child("gw-b", "gw-b#1", 0x40, false, "5e6f7a8b", "1a2b3c4d", "new");
    const Sent answer =
        send(false, ExchangeType::ike_auth, true, 1,
             {make_payload(IdPayload{true, IdType::fqdn, to_bytes(as_bytes("gw-b.example"))}),
              make_payload(AuthPayload{AuthMethod::shared_key, pattern(48, 5)}),
              make_payload(esp_proposal(0x5e6f7a8b)),
              make_payload(selectors(false, "10.1.0.0", "10.1.0.255")),
              make_payload(selectors(true, "10.2.0.0", "10.2.0.255"))},
             true);
    cross(answer);
    proof("gw-a", "responder", second_);
    ike_sa("gw-a");
    child("gw-a", "gw-a#1", 0x40, true, "1a2b3c4d", "5e6f7a8b", "new");
    in_a_ = "1a2b3c4d";
    in_b_ = "5e6f7a8b";
  }

  void esp(bool from_a) {
    const std::string from = from_a ? "gw-a" : "gw-b", to = from_a ? "gw-b" : "gw-a";
    const std::string spi = from_a ? in_b_ : in_a_;
    const std::uint64_t id = ++datagram_, n = ++sequence_;
    const Bytes packet = concat({hex(spi), hex("000000"), Bytes{static_cast<std::uint8_t>(n)},
                                 pattern(108, static_cast<std::uint8_t>(n))});
    const std::string what = from_a ? "ICMP echo request 10.1.0.10 > 10.2.0.10"
                                    : "ICMP echo reply 10.2.0.10 > 10.1.0.10";
    emit(from, from + "#1", trace::EspSealed{id, spi, n, 84, packet.size(), what, {}});
    emit(from, "",
         trace::DatagramSent{id, "ESP", from_a ? "192.0.2.1" : "198.51.100.1",
                             from_a ? "198.51.100.1" : "192.0.2.1", packet, packet.size()});
    emit("", "",
         trace::PacketOnLink{id, "wan", from, to, "ESP", packet.size() + 20, now_,
                             now_ + 10'000'000, ""});
    pass(10ms);
    emit(to, "",
         trace::DatagramReceived{id, "ESP", from_a ? "192.0.2.1" : "198.51.100.1",
                                 from_a ? "198.51.100.1" : "192.0.2.1", packet, packet.size()});
    emit(to, to + "#1", trace::EspOpened{id, spi, n, 84, what, {}});
    last_esp_ = id;
  }
  void traffic() {
    pass(500ms);
    for (std::size_t i = 0; i < options_.esp_packets; ++i) {
      esp(i % 2 == 0);
      pass(i % 2 == 0 ? 100us : 80ms);
    }
    if (!options_.adversary) return;
    pass(50ms);
    const std::uint64_t copy = ++datagram_;
    const Bytes octets = pattern(116, 77);
    emit("mallory", "",
         trace::AttackAction{"replay", last_esp_, copy, "sends a recorded packet again", octets,
                             octets});
    pass(5ms);
    emit("gw-b", "",
         trace::DatagramReceived{copy, "ESP", "192.0.2.1", "198.51.100.1", octets, 116});
    emit("gw-b", "gw-b#1",
         trace::EspRejected{copy, in_b_, sequence_, "E-ESP-REPLAY",
                            "its sequence number was seen before"});
    emit("mallory", "",
         trace::AttackKnowledge{
             "window", "gw-b refuses packets it has seen", "no answer came to the replay", {}});
  }

  void rekey() {
    pass(2s);
    emit("", "", trace::Mark{"the tunnel's keys have served their time"});
    emit("gw-a", "gw-a#1", trace::TimerFired{"child rekey", "net-net"});
    const std::vector<Payload> payloads = {
        make_payload(NotifyPayload{ProtocolId::esp, hex("1a2b3c4d"), NotifyType::rekey_sa, {}}),
        make_payload(esp_proposal(0x99887766)), make_payload(NoncePayload{pattern(32, 0xc0)}),
        make_payload(selectors(false, "10.1.0.0", "10.1.0.255")),
        make_payload(selectors(true, "10.2.0.0", "10.2.0.255"))};
    Sent ask = send(true, ExchangeType::create_child_sa, false, 2, payloads, true);
    if (options_.loss) {
      cross(ask, true);
      pass(495ms);
      ask = send(true, ExchangeType::create_child_sa, false, 2, payloads, true, 1);
    }
    cross(ask);
    child("gw-b", "gw-b#1", 0xc0, false, "11223344", "99887766", "rekey of 5e6f7a8b");
    cross(
        send(false, ExchangeType::create_child_sa, true, 2,
             {make_payload(esp_proposal(0x11223344)), make_payload(NoncePayload{pattern(32, 0xe0)}),
              make_payload(selectors(false, "10.1.0.0", "10.1.0.255")),
              make_payload(selectors(true, "10.2.0.0", "10.2.0.255"))},
             true));
    child("gw-a", "gw-a#1", 0xc0, true, "99887766", "11223344", "rekey of 1a2b3c4d");
    cross(send(true, ExchangeType::informational, false, 3,
               {make_payload(DeletePayload{ProtocolId::esp, {hex("1a2b3c4d")}, 4})}, true));
    for (const char* spi : {"5e6f7a8b", "1a2b3c4d"})
      emit("gw-b", "gw-b#1", trace::SaRemoved{"ESP", spi == in_b_ ? "in" : "out", spi, "replaced"});
    cross(send(false, ExchangeType::informational, true, 3,
               {make_payload(DeletePayload{ProtocolId::esp, {hex("5e6f7a8b")}, 4})}, true));
    for (const char* spi : {"5e6f7a8b", "1a2b3c4d"})
      emit("gw-a", "gw-a#1", trace::SaRemoved{"ESP", spi == in_a_ ? "in" : "out", spi, "replaced"});
    in_a_ = "99887766";
    in_b_ = "11223344";
    sequence_ = 0;
  }

  void remove() {
    pass(1s);
    cross(send(true, ExchangeType::informational, false, 4,
               {make_payload(DeletePayload{ProtocolId::ike, {}, 0})}, true));
    emit("gw-b", "gw-b#1", trace::SaRemoved{"IKE", "", to_string(spi_i), "deleted by the peer"});
    cross(send(false, ExchangeType::informational, true, 4, {}, true));
    emit("gw-a", "gw-a#1", trace::SaRemoved{"IKE", "", to_string(spi_i), "deleted"});
  }

  SampleOptions options_;
  std::int64_t now_ = 100'000'000;
  std::uint64_t seq_ = 0, datagram_ = 0, sequence_ = 0, last_esp_ = 0;
  Bytes first_, second_;
  std::string in_a_, in_b_;
};

}  // namespace

store::RunInfo sample_info() {
  store::RunInfo info;
  info.id = 1;
  info.scenario = "site-to-site";
  info.about = "Two sites behind two gateways, and somebody on the wide-area link";
  info.seed = 7;
  info.versions = "ikelab 0.1.0; OpenSSL 3.0.19; ns-3.37; g++ 12.2";
  info.epoch = 1'767'225'600;
  info.disclosed = true;
  info.status = store::RunStatus::finished;
  info.expectations_met = true;
  info.nodes = {{"h1", "host", {"10.1.0.10/24"}, 0.0, 0.5},
                {"gw-a", "gateway", {"192.0.2.1/24", "10.1.0.1/24"}, 0.28, 0.5},
                {"mallory", "adversary", {}, 0.5, 0.15},
                {"gw-b", "gateway", {"198.51.100.1/24", "10.2.0.1/24"}, 0.72, 0.5},
                {"h2", "host", {"10.2.0.10/24"}, 1.0, 0.5}};
  info.links = {{"lan-a", "h1", "gw-a", "1 Gbps"},
                {"wan", "gw-a", "gw-b", "10 Mbps, 10 ms"},
                {"lan-b", "gw-b", "h2", "1 Gbps"}};
  return info;
}

std::vector<trace::Event> sample_events(const SampleOptions& options) {
  Story story(options);
  story.run();
  return std::move(story.events);
}

}  // namespace ikelab::view::samples
