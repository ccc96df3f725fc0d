// IKEv1's octets: read, named, written again; the grammar; what is broken stays readable.
#include "protocol/policy/ikev1_proposal.hpp"
#include "protocol/wire/dissect.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"
#include "protocol/wire/ikev1_grammar.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::wire;

namespace {

// Main mode, message 1, written by hand from RFC 2408 (3.1, 3.4 to 3.6) and RFC 2409 (appendix A):
// AES-CBC of 128 bits, SHA, MODP-1024, pre-shared key, 8 hours.
const char* const first_message =
    "c0c1c2c3c4c5c6c7 0000000000000000 01 10 02 00 00000000 00000068"
    "0d 00 0038 00000001 00000001"
    "  00 00 002c 01 01 00 01"
    "    00 00 0024 01 01 0000"
    "    8001 0007 8002 0002 8004 0002 8003 0001 800e 0080 800b 0001 800c 7080"
    "00 00 0014 4a131c81070358455c5728f20e95452f";

wire::Message message_of(Payload payload) {
  Message message;
  message.header.spi_i = {1};
  message.header.major = 1;
  message.header.exchange = ExchangeType::v1_informational;
  message.payloads = {std::move(payload)};
  return message;
}

}  // namespace

TEST_CASE("ikev1 wire: the first message of main mode reads as the RFC says", "[wire][ikev1]") {
  const Bytes octets = hex(first_message);
  const Decoded decoded = decode(octets);
  REQUIRE(decoded.diagnostics.empty());
  CHECK(decoded.message.header.major == 1);
  CHECK(name(decoded.message.header.exchange) == "Main Mode");
  const auto* sa = first<v1::SaPayload>(decoded.message.payloads);
  REQUIRE(sa != nullptr);
  const auto offers = policy::v1::offers(*sa, v1::protocol_isakmp);
  REQUIRE(offers.size() == 1);
  CHECK(policy::to_string(offers[0].words) == "aes128-sha1-prfsha1-modp1024");
  CHECK(offers[0].transform->value_of(v1::phase1::life_duration) == 28'800);
  CHECK(payload_summary(decoded.message.payloads, false) == "SA, VID");
  CHECK(encode(decoded.message) == octets);
}

TEST_CASE("ikev1 wire: every octet has a name, and one name only", "[wire][ikev1]") {
  const Bytes octets = hex(first_message);
  const Dissection tree = dissect(octets);
  std::size_t at = 0;
  for (const Field* leaf : leaves(tree.root)) {
    CHECK(leaf->begin == at);
    CHECK_FALSE(leaf->meaning.empty());
    at = leaf->end;
  }
  CHECK(at == octets.size());
  REQUIRE(find_field(tree.root, "Initiator Cookie") != nullptr);
  CHECK(find_field(tree.root, "Vendor ID")->value == "NAT traversal (RFC 3947)");
  CHECK(find_field(tree.root, "Exchange Type")->value == "2 (Main Mode)");
}

TEST_CASE("ikev1 wire: a lifetime that needs four octets is written long", "[wire][ikev1]") {
  const auto proposal = policy::parse_proposal("aes128-sha1-modp2048", ProtocolId::ike).value();
  const auto sa = policy::v1::isakmp_sa({proposal}, v1::auth::psk, Duration(48h));
  const v1::Transform& t = sa.proposals.at(0).transforms.at(0);
  CHECK(t.value_of(v1::phase1::life_duration) == 172'800);
  const Message message = message_of(make_payload(sa));
  const Decoded again = decode(encode(message));
  REQUIRE(again.ok());
  CHECK(first<v1::SaPayload>(again.message.payloads)
            ->proposals[0]
            .transforms[0]
            .value_of(v1::phase1::life_duration) == 172'800);
}

TEST_CASE("ikev1 wire: a transaction's attributes read as what they are", "[wire][ikev1][xauth]") {
  // REPLY, XAUTH-USER-NAME "anna", XAUTH-STATUS 1, INTERNAL_IP4_ADDRESS 10.8.0.1, and one asked for
  const Bytes plain = hex(
      "00 00 0024 02 00 0007  4089 0004 616e6e61  c08f 0001  0001 0004 0a080001  0003 0000"
      " 0002 0000");
  const ChainDissection inside = dissect_chain(plain, PayloadType::v1_attributes);
  CHECK(inside.diagnostics.empty());
  std::vector<std::string> values;
  for (const Field* leaf : leaves(inside.root))
    if (leaf->name == "Attribute Value") values.push_back(leaf->value);
  CHECK(values == std::vector<std::string>{"\"anna\"", "1", "10.8.0.1"});
  const auto chain = decode_chain(plain, PayloadType::v1_attributes);
  CHECK(payload_summary(chain.payloads, true) == "ATTR(ISAKMP_CFG_REPLY)");
}

TEST_CASE("ikev1 wire: an encrypted message is one ciphertext; what is inside has its padding",
          "[wire][ikev1]") {
  Message message =
      message_of(make_payload(v1::EncryptedPayload{PayloadType::v1_id, Bytes(32, 7)}));
  message.header.encrypted = true;
  const Bytes octets = encode(message);
  CHECK(octets.size() == 60);
  CHECK(octets[16] == 5);
  const Decoded decoded = decode(octets);
  REQUIRE(decoded.ok());
  CHECK(std::get<v1::EncryptedPayload>(decoded.message.payloads.at(0).body).body == Bytes(32, 7));
  const Bytes plain = hex("00 00 000c 02 00 0000 67772d61 00000000");  // ID_FQDN gw-a, four zeros
  const ChainDissection inside = dissect_chain(plain, PayloadType::v1_id);
  CHECK(inside.diagnostics.empty());
  CHECK(find_field(inside.root, "Padding") != nullptr);
  CHECK(find_field(inside.root, "Identification Data")->value == "\"gw-a\"");
  // the same octets in the clear end too late
  CHECK_FALSE(decode(encode(message_of(make_payload(UnknownPayload{PayloadType::v1_id, plain}))))
                  .message.payloads.empty());
}

TEST_CASE("ikev1 wire: lengths that cannot be are refused, and the message stays readable",
          "[wire][ikev1]") {
  struct Broken {
    std::size_t at;
    std::uint8_t value;
    const char* code;
  };
  const Broken all[] = {
      {31, 0xff, "E-WIRE-007"},  // the SA payload's length
      {43, 0xff, "E-WIRE-020"},  // the proposal's
      {47, 3, "E-WIRE-020"},     // three transforms, one is there
      {51, 0xff, "E-WIRE-020"},  // the transform's
      {27, 0xff, "E-WIRE-002"},  // the message's
  };
  for (const Broken& broken : all) {
    INFO(broken.at);
    Bytes octets = hex(first_message);
    octets[broken.at] = broken.value;
    const Decoded decoded = decode(octets);
    REQUIRE_FALSE(decoded.ok());
    if (broken.at != 47) CHECK(first_error(decoded.diagnostics)->code == broken.code);
    const Dissection tree = dissect(octets);
    CHECK(leaves(tree.root).back()->end == octets.size());
  }
}

TEST_CASE("ikev1 wire: notifications and deletions", "[wire][ikev1]") {
  v1::NotifyPayload notification;
  notification.type = v1::notify::r_u_there;
  notification.spi = Bytes(16, 1);
  notification.data = {0, 0, 0, 9};
  const Decoded there = decode(encode(message_of(make_payload(notification))));
  REQUIRE(there.ok());
  CHECK(payload_summary(there.message.payloads, false) == "N(R-U-THERE)");
  v1::DeletePayload gone;
  gone.protocol = v1::protocol_esp;
  gone.spi_size = 4;
  gone.spis = {Bytes(4, 1), Bytes(4, 2)};
  Bytes octets = encode(message_of(make_payload(gone)));
  CHECK(first<v1::DeletePayload>(decode(octets).message.payloads)->spis.size() == 2);
  octets[28 + 4 + 7] = 3;  // three SPIs are promised
  CHECK(first_error(decode(octets).diagnostics)->code == "E-WIRE-050");
}

TEST_CASE("ikev1 grammar: what must be there, and how often", "[wire][ikev1]") {
  const auto payload = [](PayloadType type) {
    Payload out;
    out.type = type;
    return out;
  };
  using E = ExchangeType;
  using P = PayloadType;
  const auto codes = [&](E exchange, unsigned number, std::uint16_t method,
                         std::vector<Payload> payloads) {
    const auto found = v1::check(exchange, number, method, payloads);
    return found.empty() ? std::string() : found.front().code;
  };
  CHECK(codes(E::main_mode, 3, v1::auth::psk, {payload(P::v1_ke), payload(P::v1_nonce)}).empty());
  CHECK(codes(E::main_mode, 3, v1::auth::psk, {payload(P::v1_ke)}) == "E-WIRE-101");
  CHECK(codes(E::main_mode, 3, v1::auth::rsa_encryption,
              {payload(P::v1_ke), payload(P::v1_nonce)}) == "E-WIRE-101");
  CHECK(codes(E::main_mode, 1, 0, {payload(P::v1_sa), payload(P::v1_sa)}) == "E-WIRE-102");
  CHECK(codes(E::main_mode, 7, 0, {}) == "E-WIRE-100");
  CHECK(codes(E::main_mode, 5, v1::auth::rsa_signatures,
              {payload(P::v1_id), payload(P::v1_hash)}) == "E-WIRE-101");
}

TEST_CASE("historic groups are for those who ask for them", "[policy][ikev1]") {
  const auto refused = policy::parse_proposal("aes128-sha1-modp1024", ProtocolId::ike);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == "E-POL-003");
  CHECK(
      policy::parse_proposal("aes128-sha1-modp1024", ProtocolId::ike, policy::Era::historic).ok());
}
