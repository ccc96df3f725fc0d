// The peer and the authenticator of EAP by themselves, packet by packet: what is due, what is not.
#include "protocol/base/bounds.hpp"
#include "protocol/eap/authenticator.hpp"
#include "protocol/eap/peer.hpp"
#include "protocol/eap/tls_fragments.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::eap;

namespace {

struct Table {
  std::unique_ptr<crypto::Provider> provider = crypto::openssl_provider();
  std::unique_ptr<crypto::Rng> rng = crypto::seeded_rng(1, "eap")->stream("eap");
  PeerConfig peer_config;
  ServerConfig server_config;

  Table() {
    peer_config.identity = "anna";
    peer_config.password = to_bytes(as_bytes("clientPass"));
    server_config.name = "vpn.example";
    server_config.password_of = [](const std::string& user) {
      return user == "anna" ? std::optional(to_bytes(as_bytes("clientPass"))) : std::nullopt;
    };
  }
  Peer peer() { return Peer(peer_config, *provider, *rng, true); }
};

Bytes request(EapType type, ByteView data, std::uint8_t identifier = 7) {
  return encode({Code::request, identifier, type, to_bytes(data)});
}
const Bytes success = encode({Code::success, 7, EapType::none, {}});
const Bytes failure = encode({Code::failure, 7, EapType::none, {}});
// OpCode 1, id 7, MS-Length 24, Value-Size 16, Challenge, "vpn"
const Bytes challenge = concat({hex("01 07 0018 10"), Bytes(16, 0xcc), as_bytes("vpn")});

std::string code(const Result<std::optional<Bytes>>& result) {
  return result.ok() ? "" : result.error().code;
}

}  // namespace

TEST_CASE("eap: a packet is read as it was written, or refused", "[eap]") {
  const Packet packet{Code::response, 9, EapType::identity, to_bytes(as_bytes("anna"))};
  const Bytes octets = encode(packet);
  CHECK(octets == hex("02 09 0009 01 616e6e61"));
  REQUIRE(decode(octets).ok());
  CHECK(decode(octets)->data == packet.data);
  //= rfc7296#3.16 "For other codes, the EAP message length MUST be four octets and the Type and
  //= Type_Data fields MUST NOT be present."
  CHECK(encode({Code::success, 9, EapType::none, {}}) == hex("03 09 0004"));
  CHECK(encode({Code::failure, 9, EapType::mschapv2, {1, 2}}) == hex("04 09 0004"));
  CHECK(decode(hex("04 09 0005 01")).error().code == "E-EAP-001");
  for (const char* bad :
       {"", "010200", "01020006", "0102000501ff", "05020004", "00020004", "0302000501", "01020004"})
    CHECK(decode(hex(bad)).error().code == "E-EAP-001");
}

TEST_CASE("eap: Success is a success only when it is due", "[eap]") {
  Table table;
  SECTION("at once") {
    auto peer = table.peer();
    //= rfc3748#4.2 "By default, an EAP peer MUST silently discard a "canned" Success packet (a
    //= Success packet sent immediately upon connection)."
    CHECK(code(peer.take(success)) == "E-EAP-004");
  }
  SECTION("after the identity") {
    auto peer = table.peer();
    REQUIRE(peer.take(request(EapType::identity, {})).ok());
    CHECK(code(peer.take(success)) == "E-EAP-004");
  }
  SECTION("in the middle of EAP-MSCHAPv2, before the server proved itself (CVE-2021-45079)") {
    auto peer = table.peer();
    REQUIRE(peer.take(request(EapType::mschapv2, challenge)).ok());
    CHECK(code(peer.take(success)) == "E-EAP-004");
    CHECK(peer.msk().empty());
  }
  SECTION("after a proof that is wrong") {
    auto peer = table.peer();
    REQUIRE(peer.take(request(EapType::mschapv2, challenge)).ok());
    const std::string said = "S=" + std::string(40, '0') + " M=ok";
    const Bytes proof = concat({hex("03 07 0033"), as_bytes(said)});
    CHECK(code(peer.take(request(EapType::mschapv2, proof))) == "E-EAP-006");
  }
  SECTION("and Failure is the end") {
    auto peer = table.peer();
    CHECK(code(peer.take(failure)) == "E-EAP-003");
  }
}

TEST_CASE("eap: a peer answers what it should", "[eap]") {
  Table table;
  auto peer = table.peer();
  CHECK(**peer.take(request(EapType::identity, {})) == hex("02 07 0009 01 616e6e61"));
  CHECK(**peer.take(request(EapType::notification, as_bytes("hello"))) == hex("02 07 0005 02"));
  //= rfc3748#5.3.1 "The Response contains one or more authentication Types desired by the Peer."
  CHECK(**peer.take(request(static_cast<EapType>(6), {})) == hex("02 07 0008 03 1a0d04"));
  //= rfc7296#3.16 "In a response message, this octet MUST be set to match the identifier in the
  //= corresponding request."
  //= rfc7296#3.16 "In a Response (2) message, Type MUST either be Nak or match the type of the data
  //= requested."
  for (const std::uint8_t identifier : Bytes{0, 1, 200, 255})
    for (const EapType type : {EapType::identity, EapType::notification, EapType::tls,
                               EapType::mschapv2, static_cast<EapType>(21)}) {
      const Bytes data = type == EapType::mschapv2 ? challenge : Bytes{};
      auto asked = table.peer();
      const auto answer = asked.take(request(type, data, identifier));
      if (!answer) continue;  // EAP-TLS that does not begin as it should
      const Packet response = *decode(**answer);
      CHECK(response.identifier == identifier);
      CHECK((response.type == type || response.type == EapType::nak));
      CHECK((response.type == EapType::nak) == (type == static_cast<EapType>(21)));
    }
  REQUIRE(peer.take(request(EapType::mschapv2, challenge)).ok());
  CHECK(code(peer.take(request(EapType::md5_challenge, Bytes(17, 16)))) == "E-EAP-007");
  CHECK(code(table.peer().take(hex("02 07 0009 01 616e6e61"))) == "E-EAP-001");
  auto endless = table.peer();
  for (std::size_t i = 0; i < bounds::eap_packets; ++i)
    REQUIRE(endless.take(request(EapType::notification, {})).ok());
  CHECK(code(endless.take(request(EapType::notification, {}))) == "E-EAP-002");
}

TEST_CASE("eap: an authenticator takes only responses to its last request", "[eap]") {
  Table table;
  using Verdict = Authenticator::Verdict;
  const auto fails = [&](auto change) {
    Authenticator server(table.server_config, *table.provider, *table.rng, true);
    Packet response = *decode(server.begin().packet);
    response.code = Code::response;
    response.data = to_bytes(as_bytes("anna"));
    change(response);
    const auto step = server.take(encode(response));
    CHECK(decode(step.packet)->code ==
          (step.verdict == Verdict::failure ? Code::failure : Code::request));
    return step.verdict == Verdict::failure;
  };
  // What a peer may not answer, an authenticator does not take.
  CHECK_FALSE(fails([](Packet&) {}));
  CHECK(fails([](Packet& p) { ++p.identifier; }));
  CHECK(fails([](Packet& p) { p.code = Code::request; }));
  CHECK(fails([](Packet& p) { p.data.clear(); }));
  CHECK(fails([](Packet& p) { p.type = EapType::mschapv2; }));
  CHECK(fails([](Packet& p) { p.data.resize(bounds::eap_identity_octets + 1, 'a'); }));
}

TEST_CASE("eap: TLS messages are cut, acknowledged and put together", "[eap][tls]") {
  TlsFragments from, to;
  Bytes message(2500);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i);
  from.give(message);
  const Bytes first = from.next();
  //= rfc5216#2.1.5 "The L flag is set to indicate the presence of the four-octet TLS Message Length
  //= field, and MUST be set for the first fragment of a fragmented TLS message or set of messages."
  CHECK(to_hex(ByteView(first).first(5)) == "c0000009c4");
  CHECK_FALSE(to.take(first)->has_value());
  const Bytes second = from.next();
  CHECK(second[0] == TlsFragments::more_fragments);
  CHECK_FALSE(to.take(second)->has_value());
  CHECK(from.waiting());
  const Bytes third = from.next();
  CHECK(third[0] == 0);
  CHECK(**to.take(third) == message);
  CHECK_FALSE(from.waiting());
  SECTION("small ones go whole") {
    from.give(Bytes(10, 1));
    CHECK(to_hex(from.next()) == "0001010101010101010101");
    from.give({});
    CHECK(to_hex(from.next()) == "00");
  }
  SECTION("and nothing grows without bound") {
    const auto refused = [](std::initializer_list<Bytes> packets) {
      TlsFragments fragments;
      std::string last;
      for (const Bytes& packet : packets) {
        const auto taken = fragments.take(packet);
        last = taken.ok() ? "" : taken.error().code;
      }
      return last;
    };
    CHECK(refused({{}}) == "E-EAP-005");
    CHECK(refused({hex("80 0000")}) == "E-EAP-005");
    CHECK(refused({hex("40")}) == "E-EAP-005");
    CHECK(refused({hex("c0 00000002 0102 03")}) == "E-EAP-002");
    CHECK(refused({hex("c0 00000008 01"), hex("c0 00000009 02")}) == "E-EAP-005");
    CHECK(refused({hex("c0 ffffffff 01")}).empty());  // announced, but nothing is kept for it
    TlsFragments flooded;
    bool ended = false;
    for (int i = 0; i < 100 && !ended; ++i)
      ended = !flooded.take(concat({hex("40"), Bytes(1024, 1)})).ok();
    CHECK(ended);
  }
}
