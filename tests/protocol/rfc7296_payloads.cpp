// RFC 7296, section 3, sentence by sentence: what stands in payloads, what is ignored in them.
#include <set>

#include "protocol/wire/grammar.hpp"
#include "tests/protocol/rfc7296_support.hpp"
#include "tests/support/eap_world.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

/// Every payload that either side sent.
std::vector<wire::Payload> all_sent(const Pair& pair) {
  std::vector<wire::Payload> out;
  for (const Side* side : {&pair.a, &pair.b})
    for (const auto* m : side->all<trace::Message>())
      if (m->direction == "sent")
        for (wire::Payload& payload : inside(*m)) out.push_back(std::move(payload));
  return out;
}

/// One body of a payload type, decoded; the codes of what was remarked.
std::vector<std::string> remarks(wire::PayloadType type, const std::string& body_hex) {
  const Bytes body = hex(body_hex);
  const auto size = static_cast<std::uint8_t>(body.size() + 4);
  std::vector<std::string> out;
  for (const auto& d : wire::decode_chain(concat({Bytes{0, 0, 0, size}, body}), type).diagnostics)
    if (d.severity == wire::Severity::error) out.push_back(d.code);
  return out;
}

}  // namespace

TEST_CASE("rfc7296 3: reserved octets of each payload: zero when sent, ignored when received",
          "[rfc7296]") {
  const auto certified = certified_sites();
  Pair pair(certified.a, certified.b);
  establish(pair);
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  std::set<wire::PayloadType> seen;
  for (const wire::Payload& payload : all_sent(pair)) {
    seen.insert(payload.type);
    const Bytes body = wire::encode_body(payload.body);
    //= rfc7296#3.3.1 "RESERVED (1 octet) - MUST be sent as zero; MUST be ignored on receipt."
    //= rfc7296#3.3.2 "RESERVED - MUST be sent as zero; MUST be ignored on receipt."
    //= rfc7296#3.5 "RESERVED - MUST be sent as zero; MUST be ignored on receipt."
    //= rfc7296#3.8 "RESERVED - MUST be sent as zero; MUST be ignored on receipt."
    //= rfc7296#3.13 "RESERVED - This field MUST be sent as zero and MUST be ignored on
    //= receipt."
    switch (payload.type) {
      case wire::PayloadType::sa:
        CHECK(body[1] == 0);
        CHECK(body[8U + body[6] + 1] == 0);  // of the first transform, behind the SPI
        CHECK(body[8U + body[6] + 5] == 0);
        break;
      case wire::PayloadType::id_i:
      case wire::PayloadType::id_r:
      case wire::PayloadType::auth:
      case wire::PayloadType::ts_i:
      case wire::PayloadType::ts_r:
        CHECK(to_hex(ByteView(body).subspan(1, 3)) == "000000");
        break;
      default:
        break;
    }
  }
  CHECK(seen.size() >= 10);

  struct Row {
    wire::PayloadType type;
    const char* zero;
    const char* set;
  };
  for (const Row& row : {
           Row{wire::PayloadType::id_i, "02000000 612e62", "02ffffff 612e62"},
           Row{wire::PayloadType::auth, "02000000 0102", "02ffffff 0102"},
           Row{wire::PayloadType::ts_i, "01000000 07000010 0000ffff 0a010000 0a0100ff",
               "01ffffff 07000010 0000ffff 0a010000 0a0100ff"},
           Row{wire::PayloadType::sa, "00000010 01010001 00000008 01000003",
               "00ff0010 01010001 00ff0008 01ff0003"},
           Row{wire::PayloadType::cp, "01000000 00010000", "01ffffff 00010000"},
           //= rfc7296#3.15 "RESERVED (3 octets) - MUST be sent as zero; MUST be ignored on
           //= receipt."
           //= rfc7296#3.15.1 "Reserved (1 bit) - This bit MUST be set to zero and MUST be
           //= ignored on receipt."
           Row{wire::PayloadType::cp, "01000000 00010000", "01000000 80010000"},
       }) {
    CAPTURE(static_cast<int>(row.type), row.set);
    CHECK(remarks(row.type, row.zero) == std::vector<std::string>{});
    CHECK(remarks(row.type, row.set) == std::vector<std::string>{});
  }
}

TEST_CASE("rfc7296 3.3: an SA payload whose lengths and counts disagree is malformed",
          "[rfc7296]") {
  //= rfc7296#3.3 "When parsing an SA, an implementation MUST check that the total Payload Length
  //= is consistent with the payload's internal lengths and counts."
  const std::string good = "00000014 01010001 0000000c 0100000c 800e0100";
  CHECK(remarks(wire::PayloadType::sa, good).empty());
  for (const char* bad : {
           "00000015 01010001 0000000c 0100000c 800e0100",  // the proposal is longer than there is
           "00000014 01010002 0000000c 0100000c 800e0100",  // two transforms are said, one is there
           "00000014 01010001 0000000d 0100000c 800e0100",  // the transform is longer
           "00000014 01010401 0000000c 0100000c 800e0100",  // an SPI that is not there
           "02000014 01010001 0000000c 0100000c 800e0100",  // another proposal should follow
       })
    CHECK_FALSE(remarks(wire::PayloadType::sa, bad).empty());
}

TEST_CASE("rfc7296 3.3.5: attributes keep their form", "[rfc7296]") {
  // A transform with Key Length 256 (fixed), and an attribute of two octets with a length.
  const std::string octets = "0000001a 01010001 00000012 0100000c 800e0100 40010002 0102";
  const Bytes body = hex(octets);
  Bytes chain = {0, 0, 0, static_cast<std::uint8_t>(body.size() + 4)};
  const auto decoded = wire::decode_chain(concat({chain, body}), wire::PayloadType::sa);
  REQUIRE_FALSE(wire::has_error(decoded.diagnostics));
  const auto attributes =
      wire::first<wire::SaPayload>(decoded.payloads)->proposals.at(0).transforms.at(0).attributes;
  REQUIRE(attributes.size() == 2);
  CHECK(attributes[0].tv);
  CHECK(attributes[0].value == 256);
  CHECK_FALSE(attributes[1].tv);
  CHECK(to_hex(attributes[1].octets) == "0102");
  //= rfc7296#3.3.5 "Variable-length attributes MUST NOT be encoded as fixed-length even if their
  //= value can fit into two octets."
  CHECK(wire::encode_body(decoded.payloads[0].body) == body);
}

TEST_CASE("rfc7296 3.4: public values have their method's length", "[rfc7296]") {
  // A public value with leading zeros comes once in 256 handshakes: none is shorter for it.
  const auto provider = crypto::openssl_provider();
  const auto rng = crypto::seeded_rng(3, "modp")->stream("ke");
  const auto& modp = *crypto::find_keyword(crypto::TransformType::ke, "modp2048");
  bool leading_zero = false;
  for (int i = 0; i < 1500 && !leading_zero; ++i) {
    const auto pair = provider->key_exchange(modp, *rng).value();
    //= rfc7296#3.4 "of the Diffie-Hellman public value for MODP groups MUST be equal to the
    //= length of the prime modulus over which"
    REQUIRE(pair->public_value().size() == 256);
    leading_zero = pair->public_value()[0] == 0;
  }
  CHECK(leading_zero);
}

TEST_CASE("rfc7296 3.5: identities of each type, without terminators", "[rfc7296]") {
  struct Row {
    const char* text;
    wire::IdType type;
    const char* octets;
  };
  //= rfc7296#3.5 "The string MUST NOT contain any terminators (e.g., NULL, CR, etc.)."
  //= rfc7296#3.5 "The string MUST NOT contain any terminators."
  //= rfc7296#3.5 "To assure maximum interoperability, implementations MUST be configurable to
  //= send at least one of ID_IPV4_ADDR,"
  //= rfc7296#3.5 "IPv6-capable implementations MUST additionally be configurable to accept
  //= ID_IPV6_ADDR."
  for (const Row& row :
       {Row{"192.0.2.7", wire::IdType::ipv4_addr, "c0000207"},
        Row{"gw.example", wire::IdType::fqdn, "67772e6578616d706c65"},
        Row{"a@b.example", wire::IdType::rfc822_addr, "6140622e6578616d706c65"},
        Row{"2001:db8::7", wire::IdType::ipv6_addr, "20010db8000000000000000000000007"},
        Row{"@#6b6579", wire::IdType::key_id, "6b6579"}}) {
    CAPTURE(row.text);
    const auto id = policy::Identity::parse(row.text).value();
    CHECK(id.type == row.type);
    CHECK(to_hex(id.data) == row.octets);
    auto a = site_a(), b = site_b();
    a.connections[0].local.id = id;
    b.connections[0].remote.id = id;
    Pair pair(a, b);
    establish(pair);
    CHECK(pair.b.all<trace::AuthDecided>().at(0)->identity == id.to_string());
  }
}

TEST_CASE("rfc7296 3.10: Notify payloads", "[rfc7296]") {
  SECTION("those about Child SAs name ESP and its SPI, those about the IKE SA nothing") {
    Pair pair(site_a(), site_b());
    establish(pair);
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    pair.settle();
    unsigned of_child = 0;
    //= rfc7296#3.10 "For notifications concerning Child SAs, this field MUST contain either (2)
    //= to indicate AH or (3) to indicate ESP."
    //= rfc7296#3.10 "If the SPI field is empty, this field MUST be sent as zero and MUST be
    //= ignored on receipt."
    //= rfc7296#3.10 "For a notification concerning the IKE SA, the SPI Size MUST be zero and the
    //= field must be empty."
    for (const wire::Payload& payload : all_sent(pair)) {
      const auto* notify = std::get_if<wire::NotifyPayload>(&payload.body);
      if (notify == nullptr) continue;
      const bool about_child = notify->type == wire::NotifyType::rekey_sa;
      of_child += about_child;
      CHECK((notify->protocol == wire::ProtocolId::esp) == about_child);
      CHECK(notify->spi.size() == (about_child ? 4 : 0));
    }
    CHECK(of_child == 1);
  }
  SECTION("unknown status types anywhere and unknown errors in requests are ignored") {
    Pair pair(site_a(), site_b());
    establish(pair);
    Insider insider(pair, pair.a);
    //= rfc7296#3.10.1 "Unrecognized error types in a request and status types in a request or
    //= response MUST be ignored, and they should be logged."
    //= rfc7296#3.10.1 "Notify payloads with status types MAY be added to any message and MUST be
    //= ignored if not recognized."
    CHECK(insider.ask({notify(wire::NotifyType{40'959}, Bytes{1, 2})}) == "(empty)");
    ++insider.header.message_id.value;
    CHECK(insider.ask({notify(wire::NotifyType{8'191})}) == "(empty)");
    CHECK(pair.consistent());
  }
  SECTION("an unknown error in a response: the request has failed") {
    Pair pair(site_a(), site_b());
    establish(pair);
    pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
    REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
    pair.step(pair.now + 100ms);
    const auto child = pair.a.sas()[0].children[0];
    Insider insider(pair, pair.b);
    insider.header.exchange = wire::ExchangeType::create_child_sa;
    insider.header.response = true;
    insider.header.message_id = {2};
    //= rfc7296#3.10.1 "types that it does not recognize in a response MUST assume that the
    //= corresponding request has failed entirely."
    pair.deliver(pair.a, insider.message({notify(wire::NotifyType{8'191})}));
    CHECK(pair.a.all<trace::TaskEnded>().back()->outcome == "failed");
    CHECK(pair.a.sas()[0].children.at(0).spi_in == child.spi_in);
  }
}

TEST_CASE("rfc7296 3.12: unknown Vendor IDs are ignored, and change nothing", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider insider(pair, pair.a);
  //= rfc7296#3.12 "A Vendor ID payload MUST NOT change the interpretation of any information
  //= defined in this specification (i.e., the critical bit MUST be set to 0)."
  //= rfc7296#3.12 "such as private payloads, private exchanges, private notifications, etc.
  //= Unfamiliar Vendor IDs MUST be ignored."
  CHECK(insider.ask({wire::make_payload(wire::VendorIdPayload{Bytes(16, 0x42)})}) == "(empty)");
  CHECK(pair.consistent());
  for (const wire::Payload& payload : all_sent(pair)) CHECK_FALSE(payload.critical);
}

TEST_CASE("rfc7296 3.13.1: ports of traffic selectors", "[rfc7296]") {
  //= rfc7296#3.13.1 "For protocols for which port is undefined (including protocol 0), or if all
  //= ports are allowed, this field MUST be zero."
  //= rfc7296#3.13.1 "For protocols for which port is undefined (including protocol 0), or if all
  //= ports are allowed, this field MUST be 65535."
  //= rfc7296#3.13.1 "complying with [IPSECARCH] that wish to indicate "ANY" ports MUST set the
  //= start port to 0 and the end port to 65535;"
  const auto any = policy::parse_traffic_selector("10.1.0.0/24").value();
  CHECK(any.protocol == 0);
  CHECK(any.start_port == 0);
  CHECK(any.end_port == 65'535);
  const auto tcp = policy::parse_traffic_selector("10.1.0.0/24[tcp]").value();
  CHECK(tcp.protocol == 6);
  CHECK(tcp.start_port == 0);
  CHECK(tcp.end_port == 65'535);
  //= rfc7296#3.13.1 "Systems working with [IPSECARCH] that wish to indicate "OPAQUE" ports, but
  //= not "ANY" ports, MUST set the start port to 65535 and the end port to 0."
  const auto opaque = policy::parse_traffic_selector("10.1.0.0/24[tcp/opaque]").value();
  CHECK(opaque.start_port == 65'535);
  CHECK(opaque.end_port == 0);
}

TEST_CASE("rfc7296 3.1, 3.14: the Encrypted payload", "[rfc7296]") {
  SECTION("it is the last one, and holds no other") {
    Pair pair(site_a(), site_b());
    establish(pair);
    //= rfc7296#3.1 "An Encrypted payload MUST be the last payload in a packet and an Encrypted
    //= payload MUST NOT contain another Encrypted payload."
    //= rfc7296#3.14 "The Encrypted payload, if present in a message, MUST be the last payload in
    //= the message."
    for (const Datagram& datagram : pair.wire) {
      const auto payloads = wire::decode(datagram.payload).message.payloads;
      for (std::size_t i = 0; i < payloads.size(); ++i)
        if (std::holds_alternative<wire::SkPayload>(payloads[i].body))
          CHECK(i + 1 == payloads.size());
    }
    for (const wire::Payload& payload : all_sent(pair))
      CHECK_FALSE(std::holds_alternative<wire::SkPayload>(payload.body));
    Insider insider(pair, pair.a);
    const std::string answer =
        insider.ask({wire::make_payload(wire::SkPayload{wire::PayloadType::none, Bytes(32)})});
    CHECK(answer == "(empty)");  // one inside is a payload like any that has no business there
    CHECK(pair.consistent());
  }
  const auto provider = crypto::openssl_provider();
  policy::Suite suite;
  suite.encr = crypto::find_keyword(crypto::TransformType::encr, "aes256");
  suite.integ = crypto::find_keyword(crypto::TransformType::integ, "sha256");
  const Bytes sk_e(32, 1), sk_a(32, 2), iv(16, 3);
  wire::Header header;
  header.exchange = wire::ExchangeType::informational;
  SECTION("padding to the block, as short as it may be") {
    //= rfc7296#3.14 "contain any value chosen by the sender, and MUST have a length that makes
    //= the combination of the payloads, the"
    //= rfc7296#3.14 "Length a multiple of the block size, but the recipient MUST accept any
    //= length that results in proper alignment."
    for (std::size_t size = 0; size < 40; ++size) {
      const std::vector<wire::Payload> inner = {
          wire::make_payload(wire::VendorIdPayload{Bytes(size, 7)})};
      const Bytes sealed = seal_message(*provider, suite, {sk_e, sk_a}, header, inner, iv).value();
      const std::size_t ciphertext = sealed.size() - 28 - 4 - 16 - 16;
      CHECK(ciphertext % 16 == 0);
      CHECK(ciphertext - (size + 4 + 1) < 16);
    }
  }
  SECTION("the checksum covers the encrypted message: any changed octet is noticed") {
    const Bytes sealed = seal_message(*provider, suite, {sk_e, sk_a}, header,
                                      {wire::make_payload(wire::VendorIdPayload{{1, 2}})}, iv)
                             .value();
    const auto opens = [&](const Bytes& octets) {
      const auto decoded = wire::decode(octets);
      if (decoded.message.payloads.empty()) return false;
      return open_message(*provider, suite, {sk_e, sk_a}, octets, decoded.message.payloads[0]).ok();
    };
    REQUIRE(opens(sealed));
    //= rfc7296#3.14 "The checksum MUST be computed over the encrypted message."
    for (std::size_t at = 28 + 4; at < sealed.size(); ++at) {
      Bytes changed = sealed;
      changed[at] ^= 1;
      CHECK_FALSE(opens(changed));
    }
  }
  SECTION("CBC: a new IV a message, that nobody can foresee") {
    Pair pair(site_a("aes256-sha256-x25519"), site_b("aes256-sha256-x25519"));
    establish(pair);
    for (int i = 0; i < 20; ++i) {
      REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
      pair.settle();
    }
    std::set<std::string> ivs;
    std::size_t count = 0;
    for (const Datagram& datagram : pair.wire) {
      const auto decoded = wire::decode(datagram.payload);
      const auto* sk = wire::first<wire::SkPayload>(decoded.message.payloads);
      if (sk == nullptr) continue;
      ++count;
      ivs.insert(to_hex(ByteView(sk->body).first(16)));
    }
    //= rfc7296#3.14 "Senders MUST select a new unpredictable IV for every message; recipients
    //= MUST accept any value."
    CHECK(ivs.size() == count);
    CHECK(count == 42);
  }
}

TEST_CASE("rfc7296 3.15, 3.16: configuration attributes and EAP in messages", "[rfc7296]") {
  //= rfc7296#3.15.1 "Unrecognized or unsupported attributes MUST be ignored in both requests and
  //= responses."
  CHECK(remarks(wire::PayloadType::cp, "01000000 00050004 00000e10 7fff0002 abcd").empty());
  CHECK_FALSE(remarks(wire::PayloadType::cp, "01000000 00050005 00000e10").empty());
  //= rfc7296#3.16 "MUST be four less than the Payload Length of the encapsulating payload."
  CHECK(remarks(wire::PayloadType::eap, "02010005 01").empty());
  CHECK_FALSE(remarks(wire::PayloadType::eap, "02010004 01").empty());
  CHECK_FALSE(remarks(wire::PayloadType::eap, "02010006 01").empty());
}

TEST_CASE("rfc7296 3.16: EAP whose own length is not the payload's ends IKE_AUTH", "[rfc7296]") {
  const int wrong_by = GENERATE(0, -1, 1);
  CAPTURE(wrong_by);
  EapWorld world;
  Pair pair(world.a, world.b);
  Forge forge(pair);
  pair.tamper = [&](const Side& from, Datagram& d) {
    const wire::Header header = wire::decode(d.payload).message.header;
    if (&from != &pair.a || header.message_id.value != 2) return;
    auto payloads = inside(*sent(pair.a, "IKE_AUTH", false).back());
    REQUIRE(std::holds_alternative<wire::EapPayload>(payloads.front().body));
    auto& eap = std::get<wire::EapPayload>(payloads.front().body).data;
    eap[3] = static_cast<std::uint8_t>(eap[3] + wrong_by);
    d = forge.instead(pair.a, d, payloads);
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc7296#3.16 "MUST be four less than the Payload Length of the encapsulating payload."
  if (wrong_by == 0) {
    CHECK(pair.consistent());
  } else {
    CHECK(sent(pair.b, "IKE_AUTH", true).back()->payloads == "N(INVALID_SYNTAX)");
    CHECK(pair.b.state() == "none");
  }
}
