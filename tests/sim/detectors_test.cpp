// The shipped detectors on packets made by hand: each at the packet where it is due, and at no
// other. (How they do on whole runs: matrix_test.cpp, and `expect:` of the scenarios.)
#include <fstream>

#include "protocol/wire/encode.hpp"
#include "tests/sim/script_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace {

class Detector {
 public:
  explicit Detector(const std::string& name, bool blocks = false) {
    std::ifstream in(std::string(IKELAB_SOURCE_DIR) + "/sim/monitor/detectors/" + name + ".lua");
    const std::string source((std::istreambuf_iterator<char>(in)), {});
    script::AdversaryOptions options;
    options.name = "ids";
    options.side = script::Side::monitor;
    options.blocks = blocks;
    auto loaded = script::load_adversary(source, name + ".lua", options);
    if (!loaded.ok()) FAIL(loaded.error().to_string());
    script_ = std::move(loaded).value();
  }
  /// The packet comes by; the alerts that it gives.
  std::vector<trace::Alert> sees(const script::TappedPacket& packet) {
    decision_ = script_->on_packet(Instant{++now_}, packet);
    const auto events = drain(*script_);
    for (const auto& wrong : of_kind<trace::Diagnostic>(events)) FAIL(wrong.message);
    return of_kind<trace::Alert>(events);
  }
  [[nodiscard]] bool took_it_out() const { return decision_.fate == script::Decision::Fate::drop; }
  [[nodiscard]] const std::string& position() const { return script_->position(); }

 private:
  std::unique_ptr<script::Adversary> script_;
  script::Decision decision_;
  std::int64_t now_ = 0;
};

wire::Message message(wire::ExchangeType exchange, bool response, std::uint64_t spi,
                      std::vector<wire::Payload> payloads) {
  wire::Message m;
  m.header.spi_i = {spi};
  m.header.spi_r = {exchange == wire::ExchangeType::ike_sa_init && !response ? 0U : 7U};
  m.header.exchange = exchange;
  m.header.response = response;
  m.header.initiator = !response;
  m.payloads = std::move(payloads);
  return m;
}

std::vector<wire::Payload> init(const Bytes& public_value) {
  using namespace wire;
  return {make_payload(SaPayload{{{1, ProtocolId::ike, {}, {{1, 20, {}}, {4, 31, {}}}}}}),
          make_payload(KePayload{31, public_value}), make_payload(NoncePayload{Bytes(32, 0x4e)})};
}

script::TappedPacket ike_packet(const wire::Message& m, std::uint64_t datagram = 1) {
  script::TappedPacket packet = tapped(wire::encode(m), datagram, "IKE");
  if (m.header.response) {
    std::swap(packet.src, packet.dst);
    std::swap(packet.from, packet.to);
  }
  return packet;
}

script::TappedPacket leaving(script::TappedPacket packet) {
  packet.leaving = true;
  return packet;
}

constexpr auto sa_init = wire::ExchangeType::ike_sa_init;

}  // namespace

TEST_CASE("not-as-sent: what arrives must have left, octet for octet and as often", "[monitor]") {
  Detector detector("not-as-sent", true);
  CHECK(detector.position() == "both-ends");
  const auto sent = ike_packet(message(sa_init, false, 1, init(Bytes(32, 0x4b))));
  CHECK(detector.sees(leaving(sent)).empty());
  CHECK(detector.sees(sent).empty());
  CHECK_FALSE(detector.took_it_out());
  // sent twice by its sender: it may arrive twice; a third time somebody repeats it
  for (int i = 0; i < 2; ++i) CHECK(detector.sees(leaving(sent)).empty());
  for (int i = 0; i < 2; ++i) CHECK(detector.sees(sent).empty());
  const auto again = detector.sees(sent);
  REQUIRE(again.size() == 1);
  CHECK(again[0].datagram == 1);
  CHECK(again[0].text.find("sent once more") != std::string::npos);
  CHECK(detector.took_it_out());
  // one octet is another
  const auto other = ike_packet(message(sa_init, false, 2, init(Bytes(32, 0x4b))), 2);
  auto changed = other;
  changed.payload.back() ^= 1;
  changed.datagram = 3;
  CHECK(detector.sees(leaving(other)).empty());
  const auto found = detector.sees(changed);
  REQUIRE(found.size() == 1);
  CHECK(found[0].datagram == 3);
  CHECK(found[0].text.find("changed on the way") != std::string::npos);
  // in the name of a gateway that has sent nothing
  const auto forged = detector.sees(ike_packet(message(sa_init, true, 2, init(Bytes(32, 1))), 4));
  REQUIRE(forged.size() == 1);
  CHECK(forged[0].text.find("never left gw-b") != std::string::npos);
  // what was lost, or held back, gives no alarm; nor does what is neither IKE nor ESP
  CHECK(detector.sees(leaving(ike_packet(message(sa_init, false, 9, init(Bytes(32, 2)))))).empty());
  CHECK(detector.sees(tapped(Bytes(40, 9), 0, "ICMP")).empty());
}

TEST_CASE("not-as-sent: a long day fills no memory", "[monitor]") {
  Detector detector("not-as-sent");  // an error, or too much memory, fails the test
  for (std::uint32_t i = 0; i < 60'000; ++i) {
    Bytes octets(40, 0x11);
    for (std::size_t at = 0; at < 4; ++at)
      octets[4 + at] = static_cast<std::uint8_t>(i >> (24 - 8 * at));
    const auto packet = tapped(octets, i + 1);
    REQUIRE(detector.sees(leaving(packet)).empty());
    if (i % 3 != 0) REQUIRE(detector.sees(packet).empty());  // every third is lost
  }
  CHECK(detector.sees(tapped(Bytes(40, 0x22), 99)).size() == 1);
}

TEST_CASE("not-as-sent: ESP that its sender did not seal", "[monitor]") {
  Detector detector("not-as-sent");
  const auto packet = tapped(Bytes(60, 0x11), 5);
  CHECK(detector.sees(leaving(packet)).empty());
  CHECK(detector.sees(packet).empty());
  const auto found = detector.sees(packet);
  REQUIRE(found.size() == 1);
  CHECK(found[0].text.starts_with("ESP packet"));
  CHECK_FALSE(detector.took_it_out());   // it may not: blocks is off
  CHECK(detector.sees(packet).empty());  // told once a line
}

TEST_CASE("before-auth: CREATE_CHILD_SA before anybody has said who he is", "[monitor]") {
  using wire::ExchangeType;
  Detector detector("before-auth");
  const auto init_of = [](std::uint64_t spi) {
    return ike_packet(message(sa_init, false, spi, init(Bytes(32, 0x4b))));
  };
  CHECK(detector.sees(init_of(1)).empty());
  CHECK(detector.sees(ike_packet(message(ExchangeType::ike_auth, false, 1, {}))).empty());
  CHECK(detector.sees(ike_packet(message(ExchangeType::create_child_sa, false, 1, {}))).empty());
  CHECK(detector.sees(init_of(2)).empty());
  CHECK(detector.sees(ike_packet(message(ExchangeType::create_child_sa, false, 2, {}), 8)).size() ==
        1);
  // an IKE SA that a rekey made was never seen to begin
  CHECK(detector.sees(ike_packet(message(ExchangeType::create_child_sa, false, 3, {}))).empty());
}

TEST_CASE("weak-public-value: zero and one, and nothing that an honest peer draws", "[monitor]") {
  Detector detector("weak-public-value");
  const auto with = [](Bytes value) {
    static std::uint64_t spi = 0;
    return ike_packet(message(sa_init, false, ++spi, init(std::move(value))));
  };
  Bytes one(32, 0), first(32, 0), small(32, 0), inner(32, 0);
  one.back() = 1, first.front() = 1, small.back() = 2, inner[16] = 1;
  CHECK(detector.sees(with(Bytes(32, 0))).size() == 1);
  CHECK(detector.sees(with(one)).size() == 1);
  CHECK(detector.sees(with(first)).size() == 1);  // X25519 counts from the other end
  CHECK(detector.sees(with(small)).empty());
  CHECK(detector.sees(with(inner)).empty());
  CHECK(detector.sees(with(Bytes(32, 0x4b))).empty());
}

TEST_CASE("reused-ke: one public value in two IKE SAs of one peer", "[monitor]") {
  Detector detector("reused-ke");
  const auto value = Bytes(32, 0x4b);
  CHECK(detector.sees(ike_packet(message(sa_init, false, 1, init(value)))).empty());
  CHECK(detector.sees(ike_packet(message(sa_init, false, 1, init(value)))).empty());  // repeated
  CHECK(detector.sees(ike_packet(message(sa_init, true, 1, init(value)))).empty());   // the other's
  CHECK(detector.sees(ike_packet(message(sa_init, false, 2, init(Bytes(32, 7))))).empty());
  CHECK(detector.sees(ike_packet(message(sa_init, false, 5, init(value)))).empty());  // a flood's
  CHECK(detector.sees(ike_packet(message(wire::ExchangeType::ike_auth, false, 1, {}))).empty());
  const auto found = detector.sees(ike_packet(message(sa_init, false, 3, init(value)), 6));
  REQUIRE(found.size() == 1);
  CHECK(found[0].datagram == 6);
  CHECK(detector.sees(ike_packet(message(sa_init, false, 4, init(value)))).empty());  // told
}

TEST_CASE("probing: refused four times in a row, and gone on with none", "[monitor]") {
  Detector detector("probing");
  const auto refusal = [](std::uint64_t spi) {
    return ike_packet(
        message(sa_init, true, spi,
                {wire::make_payload(wire::NotifyPayload{
                    wire::ProtocolId{}, {}, wire::NotifyType::no_proposal_chosen, {}})}));
  };
  for (std::uint64_t spi = 1; spi <= 3; ++spi) CHECK(detector.sees(refusal(spi)).empty());
  CHECK(detector.sees(refusal(3)).empty());  // the same once more
  CHECK(detector.sees(ike_packet(message(sa_init, true, 4, init(Bytes(32, 1))))).empty());
  for (std::uint64_t spi = 5; spi <= 7; ++spi) CHECK(detector.sees(refusal(spi)).empty());
  CHECK(detector.sees(refusal(8)).size() == 1);
  CHECK(detector.sees(refusal(9)).empty());  // told
}

TEST_CASE("both ends are for monitors alone", "[monitor][script]") {
  const auto loaded = load_script("function on_packet() end", {},
                                  "attack = { name = 't', about = 'a', position = 'both-ends' }\n");
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().code == "E-LUA-001");
  CHECK(loaded.error().to_string().find("one of passive, on-path, off-path") != std::string::npos);
}
