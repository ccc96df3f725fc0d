#include "tests/protocol/wire_samples.hpp"

using namespace ikelab;
using namespace ikelab::wire;
using namespace ikelab::wire::samples;

TEST_CASE("encode: what others wrote comes back to the octet", "[wire]") {
  for (const Bytes& octets : {ike_scan_init(), rfc7634_message()})
    CHECK(encode(decode(octets).message) == octets);
  const auto plain = decode_chain(rfc7634_plain(), PayloadType::notify);
  CHECK(encode_chain(plain.payloads).bytes == rfc7634_plain());
  CHECK(encode_chain(plain.payloads).first == PayloadType::notify);
}

TEST_CASE("encode: every payload survives a round trip", "[wire]") {
  const auto payloads = every_payload();
  const Message m = message(ExchangeType::ike_auth, true, payloads);
  const Bytes octets = encode(m);
  const Decoded d = decode(octets);
  CHECK(d.diagnostics.empty());
  CHECK(d.message.header.length == octets.size());
  CHECK(d.message.header.spi_r == m.header.spi_r);
  CHECK(d.message.header.response);
  REQUIRE(d.message.payloads.size() == payloads.size());
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    CHECK(d.message.payloads[i].type == payloads[i].type);
    CHECK(d.message.payloads[i].body.index() == payloads[i].body.index());
    CHECK(encode_body(d.message.payloads[i].body) == encode_body(payloads[i].body));
  }
  CHECK(encode(d.message) == octets);
  const auto* ts = first<TsPayload>(d.message.payloads);
  CHECK(ts->selectors == first<TsPayload>(payloads)->selectors);
}

TEST_CASE("encode: an IKE_SA_INIT written by hand from the RFC's diagrams", "[wire]") {
  Message m = message(ExchangeType::ike_sa_init, false, {});
  m.payloads.push_back(make_payload(
      SaPayload{{{1, ProtocolId::ike, {}, {{1, 20, {{14, true, 128, {}}}}, {4, 31, {}}}}}}));
  m.payloads.push_back(make_payload(NoncePayload{Bytes(16, 0xaa)}));
  CHECK(to_hex(encode(m)) ==
        "1122334455667788"
        "0000000000000000"
        "21"
        "20"
        "22"
        "08"
        "00000000"
        "00000050"
        "28000020"
        "0000001c01010002"
        "0300000c01000014800e0080"
        "000000080400001f"
        "00000014"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

TEST_CASE("encode: an empty message, an empty chain, and where the sealed octets go", "[wire]") {
  CHECK(encode(message(ExchangeType::informational, false, {})).size() == 28);
  CHECK(encode_chain({}).bytes.empty());
  CHECK(encode_chain({}).first == PayloadType::none);

  Message m = message(ExchangeType::informational, false, {});
  m.payloads.push_back(make_payload(SkPayload{PayloadType::none, Bytes(26, 0xee)}));
  m.payloads.insert(m.payloads.begin(), notify(NotifyType::initial_contact));
  const Bytes octets = encode(m);
  CHECK(octets.size() == 66);
  CHECK(octets[39] == 30);  // SK's length: its generic header and 26 octets
  CHECK(octets[40] == 0xee);
  m.payloads[1].critical = true;
  CHECK(encode(m)[37] == 0x80);
}
