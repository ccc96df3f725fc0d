#include "tests/protocol/wire_samples.hpp"

using namespace ikelab;
using namespace ikelab::wire;
using namespace ikelab::wire::samples;

TEST_CASE("wire: an IKE_SA_INIT request of ike-scan reads as ike-scan meant it", "[wire]") {
  const Decoded d = decode(ike_scan_init());
  CHECK(d.diagnostics.empty());
  const Header& h = d.message.header;
  CHECK(h.spi_i.value == 0x4f00a8d1cfd9203c);
  CHECK(h.spi_r.value == 0);
  CHECK(h.exchange == ExchangeType::ike_sa_init);
  CHECK(h.initiator);
  CHECK_FALSE(h.response);
  CHECK(h.message_id.value == 0);
  CHECK(h.length == 296);
  CHECK(payload_summary(d.message.payloads, false) == "SA, KE, Ni");

  const auto* sa = first<SaPayload>(d.message.payloads);
  REQUIRE(sa);
  REQUIRE(sa->proposals.size() == 1);
  const Proposal& p = sa->proposals[0];
  CHECK(p.protocol == ProtocolId::ike);
  REQUIRE(p.transforms.size() == 11);
  CHECK(transform_name(p.transforms[0].type, p.transforms[0].id) == "ENCR_AES_CBC");
  CHECK(p.transforms[0].key_bits() == 256);
  CHECK(p.transforms[1].key_bits() == 128);
  CHECK(p.transforms[2].key_bits() == 0);
  CHECK(transform_name(p.transforms[10].type, p.transforms[10].id) == "MODP_2048");
  CHECK_FALSE(p.transforms[0] == p.transforms[1]);  // another key length is another transform
  CHECK(first<KePayload>(d.message.payloads)->method == 2);
  CHECK(first<KePayload>(d.message.payloads)->data.size() == 128);
  CHECK(first<NoncePayload>(d.message.payloads)->data.size() == 20);
  CHECK(check(d.message, nullptr).empty());
}

TEST_CASE("wire: the message of RFC 7634, appendix B", "[wire]") {
  const Decoded d = decode(rfc7634_message());
  CHECK(d.diagnostics.empty());
  const auto* sk = first<SkPayload>(d.message.payloads);
  REQUIRE(sk);
  CHECK(sk->first_inner == PayloadType::notify);
  CHECK(sk->body.size() == 37);
  CHECK(d.message.payloads[0].begin == 28);  // the associated data of RFC 5282 ends 4 octets later
  CHECK(d.message.payloads[0].end == 69);

  const DecodedChain inner = decode_chain(rfc7634_plain(), sk->first_inner);
  CHECK(inner.diagnostics.empty());
  const auto* n = first<NotifyPayload>(inner.payloads);
  REQUIRE(n);
  CHECK(n->type == NotifyType::set_window_size);
  CHECK(n->data == hex("0000000a"));
  CHECK(summary(d.message, &inner.payloads) == "INFORMATIONAL request {N(SET_WINDOW_SIZE)}");
  CHECK(check(d.message, &inner.payloads).empty());
}

namespace {

struct Case {
  const char* code;  // "" when nothing may be remarked
  PayloadType type;
  const char* body;
};
constexpr auto SA = PayloadType::sa;
constexpr auto N = PayloadType::notify;
constexpr auto D = PayloadType::delete_;
constexpr auto TS = PayloadType::ts_i;

// For each diagnostic about payload bodies: a body that earns it; and for each payload, bodies that
// earn none.
const Case cases[] = {
    // One ESP proposal, SPI 01020304, with ENCR_AES_GCM_16 256 and no ESN.
    {"", SA, "00000020 01030402 01020304 0300000c 01000014 800e0100 00000008 05000000"},
    {"", SA, "00000014 01030401 01020304 00000008 05000000"},
    {"E-WIRE-020", SA, "00000014 010304"},                               // shorter than a proposal
    {"E-WIRE-020", SA, "00000015 01030401 01020304 00000008 05000000"},  // longer than the payload
    {"E-WIRE-020", SA, "0000000b 01030401 01020304 00000008 05000000"},  // shorter than its SPI
    {"E-WIRE-020", SA, "02000014 01030401 01020304 00000008 05000000"},  // another is promised
    {"E-WIRE-020", SA, "00000014 01030401 01020304 00000008 05000000 ff"},  // octets after the last
    {"E-WIRE-021", SA,
     "01000014 01030401 01020304 00000008 05000000 00000014 02030401 01020304 00000008 05000000"},
    {"E-WIRE-022", SA,
     "02000014 01030401 01020304 00000008 05000000 00000014 03030401 01020304 00000008 05000000"},
    {"E-WIRE-023", SA, "00000010 01030001 00000008 05000000"},           // ESP without an SPI
    {"E-WIRE-023", SA, "00000014 01010401 01020304 00000008 05000000"},  // IKE with 4 octets of SPI
    {"E-WIRE-024", SA, "00000013 01030401 01020304 00000008 050000"},    // a transform cut short
    {"E-WIRE-024", SA, "00000014 01030401 01020304 00000009 05000000"},  // longer than its proposal
    {"E-WIRE-024", SA, "00000014 01030402 01020304 03000008 05000000"},  // another is promised
    {"E-WIRE-025", SA, "00000014 01030402 01020304 00000008 05000000"},  // counts two, holds one
    {"E-WIRE-025", SA,
     "00000018 01030401 01020304 00000008 05000000 00000000"},  // octets after the last transform
    {"E-WIRE-026", SA,
     "00000016 01030401 01020304 0000000a 05000000 800e"},  // an attribute cut short
    {"E-WIRE-026", SA,
     "00000018 01030401 01020304 0000000c 01000014 000e0001"},  // its value is not there
    {"E-WIRE-028", SA, ""},
    {"E-WIRE-010", SA, "00ff0014 01030401 01020304 00000008 05000000"},
    {"", PayloadType::ke, "001f0000 0011"},
    {"E-WIRE-012", PayloadType::ke, "001f00"},
    {"E-WIRE-030", PayloadType::ke, "001f0000"},
    {"E-WIRE-010", PayloadType::ke, "001f0001 0011"},
    {"", PayloadType::id_i, "01000000 c0000201"},
    {"", PayloadType::id_r, "05000000 20010db8000000000000000000000001"},
    {"E-WIRE-012", PayloadType::id_i, "010000"},
    {"E-WIRE-035", PayloadType::id_i, "01000000 c00002"},
    {"E-WIRE-035", PayloadType::id_r, "05000000 c0000201"},
    {"", PayloadType::cert, "04 3003020101"},
    {"E-WIRE-012", PayloadType::cert, ""},
    {"", PayloadType::certreq, "04"},
    {"E-WIRE-012", PayloadType::certreq, ""},
    {"", PayloadType::auth, "02000000 0011223344"},
    {"", PayloadType::auth, "0e000000 02aabb 0102"},
    {"E-WIRE-012", PayloadType::auth, "020000"},
    {"E-WIRE-036", PayloadType::auth, "0e000000 05aabb 0102"},
    {"", PayloadType::nonce, "000102030405060708090a0b0c0d0e0f"},
    {"E-WIRE-040", PayloadType::nonce, "000102030405060708090a0b0c0d0e"},
    {"", N, "00004000"},           // INITIAL_CONTACT
    {"", N, "03044009 01020304"},  // REKEY_SA
    {"", N, "00000011 001f"},      // INVALID_KE_PAYLOAD: CURVE25519
    {"", N, "00009c40 ff"},        // a type nobody knows may say anything
    {"E-WIRE-012", N, "000040"},
    {"E-WIRE-045", N, "03044009 010203"},
    {"E-WIRE-046", N, "00000011 00"},      // INVALID_KE_PAYLOAD without a whole group number
    {"E-WIRE-046", N, "00004006"},         // COOKIE without a cookie
    {"E-WIRE-046", N, "00004004 00"},      // NAT_DETECTION_SOURCE_IP is 20 octets
    {"E-WIRE-046", N, "0000402f 000200"},  // half a hash identifier
    {"", D, "03040002 01020304 05060708"},
    {"", D, "01000000"},
    {"E-WIRE-012", D, "030400"},
    {"E-WIRE-050", D, "03040002 01020304"},
    {"E-WIRE-051", D, "0300ffff"},
    {"E-WIRE-052", D, "03080001 0102030405060708"},
    {"E-WIRE-052", D, "01080001 0102030405060708"},
    {"", TS, "01000000 07000010 0000ffff 0a010000 0a0100ff"},
    {"", TS, "00000000"},
    {"E-WIRE-012", TS, "010000"},
    {"E-WIRE-055", TS, "01000000 07000010 0000ffff 0a010000 0a0100ff 00"},
    {"E-WIRE-056", TS, "01000000"},
    {"E-WIRE-056", TS, "01000000 07000011 0000ffff 0a010000 0a0100ff 00"},
    {"E-WIRE-056", TS, "02000000 07000010 0000ffff 0a010000 0a0100ff"},
    {"E-WIRE-057", TS, "01000000 0a00000800001234"},  // TS_SECLABEL (RFC 9478)
    {"E-WIRE-058", TS, "ff000000"},
    {"", PayloadType::cp, "01000000 00010000 00030004 0a000035"},
    {"E-WIRE-012", PayloadType::cp, "010000"},
    {"E-WIRE-060", PayloadType::cp, "01000000 000100"},
    {"E-WIRE-060", PayloadType::cp, "01000000 00010001"},
    {"", PayloadType::eap, "01010005 01"},
    {"", PayloadType::eap, "03010004"},
    {"E-WIRE-012", PayloadType::eap, "010100"},
    {"E-WIRE-065", PayloadType::eap, "01010006 01"},
    {"E-WIRE-012", PayloadType::skf, "0001"},
    {"", PayloadType::skf, "00010001"},
    {"", PayloadType::skf, "ffffffff 0102"},
    {"E-WIRE-071", PayloadType::skf, "00000002 0102"},
    {"E-WIRE-071", PayloadType::skf, "00000000 0102"},
    {"E-WIRE-071", PayloadType::skf, "00030002 0102"},
    {"", static_cast<PayloadType>(200), "0102030405"},
};

}  // namespace

TEST_CASE("wire: each payload's bounds, with a body that keeps them and bodies that break them",
          "[wire]") {
  for (const Case& c : cases) {
    INFO(notation(c.type) << " " << c.body);
    const Bytes octets = one_payload(c.body);
    const DecodedChain d = decode_chain(octets, c.type);
    INFO("got " << (d.diagnostics.empty()
                        ? ""
                        : d.diagnostics[0].code + " " + d.diagnostics[0].message));
    if (*c.code)
      CHECK(has_code(d.diagnostics, c.code));
    else
      CHECK(d.diagnostics.empty());
    for (const Diagnostic& remark : d.diagnostics) {
      CHECK(remark.begin <= remark.end);
      CHECK(remark.end <= octets.size());
      CHECK_FALSE(remark.message.empty());
    }
    CHECK(d.payloads.size() == 1);
    CHECK(d.payloads[0].type == c.type);
    const ChainDissection tree = dissect_chain(octets, c.type);
    CHECK(covers(tree.root, octets.size()));
    CHECK(tree.diagnostics == d.diagnostics);
  }
}

TEST_CASE("wire: upper bounds of counts", "[wire]") {
  const auto body_codes = [](const PayloadBody& body) {
    const auto chain = encode_chain({make_payload(body)});
    return codes(decode_chain(chain.bytes, chain.first).diagnostics);
  };
  SaPayload sa;
  for (std::uint8_t i = 0; i < bounds::proposals_in_sa; ++i)
    sa.proposals.push_back({static_cast<std::uint8_t>(i + 1), ProtocolId::ike, {}, {{2, 5, {}}}});
  CHECK(body_codes(sa).empty());
  sa.proposals.push_back({33, ProtocolId::ike, {}, {{2, 5, {}}}});
  CHECK(body_codes(sa) == std::vector<std::string>{"E-WIRE-027"});

  SaPayload wide{{{1,
                   ProtocolId::ike,
                   {},
                   std::vector<Transform>(bounds::transforms_in_proposal, {2, 5, {}})}}};
  CHECK(body_codes(wide).empty());
  wide.proposals[0].transforms.push_back({2, 5, {}});
  CHECK(body_codes(wide) == std::vector<std::string>{"E-WIRE-027"});

  SaPayload deep{{{1,
                   ProtocolId::ike,
                   {},
                   {{1, 12,
                     std::vector<TransformAttribute>(bounds::attributes_in_transform,
                                                     {14, true, 128, {}})}}}}};
  CHECK(body_codes(deep).empty());
  deep.proposals[0].transforms[0].attributes.push_back({14, true, 128, {}});
  CHECK(body_codes(deep) == std::vector<std::string>{"E-WIRE-027"});

  CHECK(body_codes(NoncePayload{Bytes(bounds::nonce_octets_max, 1)}).empty());
  CHECK(body_codes(NoncePayload{Bytes(bounds::nonce_octets_max + 1, 1)}) ==
        std::vector<std::string>{"E-WIRE-040"});
  CHECK(body_codes(NotifyPayload{ProtocolId::none, {}, NotifyType::cookie, Bytes(64, 1)}).empty());
  CHECK(body_codes(NotifyPayload{ProtocolId::none, {}, NotifyType::cookie, Bytes(65, 1)}) ==
        std::vector<std::string>{"E-WIRE-046"});
  CHECK(body_codes(
            DeletePayload{ProtocolId::esp, std::vector<Bytes>(bounds::spis_in_delete, Bytes(4)), 4})
            .empty());
  CHECK(body_codes(DeletePayload{ProtocolId::esp,
                                 std::vector<Bytes>(bounds::spis_in_delete + 1, Bytes(4)), 4}) ==
        std::vector<std::string>{"E-WIRE-051"});
  CHECK(
      body_codes(TsPayload{false, std::vector<TrafficSelector>(bounds::selectors_in_ts)}).empty());
  CHECK(body_codes(TsPayload{false, std::vector<TrafficSelector>(bounds::selectors_in_ts + 1)}) ==
        std::vector<std::string>{"E-WIRE-058"});
  CHECK(body_codes(
            ConfigPayload{1, std::vector<ConfigPayload::Attribute>(bounds::attributes_in_config)})
            .empty());
  CHECK(body_codes(ConfigPayload{
            1, std::vector<ConfigPayload::Attribute>(bounds::attributes_in_config + 1)}) ==
        std::vector<std::string>{"E-WIRE-061"});

  std::vector<Payload> many(bounds::payloads_in_message, notify(NotifyType::initial_contact));
  CHECK(decode_chain(encode_chain(many).bytes, PayloadType::notify).diagnostics.empty());
  many.push_back(many[0]);
  CHECK(codes(decode_chain(encode_chain(many).bytes, PayloadType::notify).diagnostics) ==
        std::vector<std::string>{"E-WIRE-005"});
}

TEST_CASE("wire: what is wrong around the payloads", "[wire]") {
  const Bytes good = ike_scan_init();
  const auto first_code = [](const Bytes& octets) {
    const Decoded d = decode(octets);
    CHECK(dissect(octets).diagnostics == d.diagnostics);
    CHECK(covers(dissect(octets).root, octets.size()));
    return d.diagnostics.empty() ? std::string() : d.diagnostics[0].code;
  };
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = good;
    changed[at] = value;
    return changed;
  };
  CHECK(first_code(good).empty());
  CHECK(first_code({}) == "E-WIRE-001");
  CHECK(first_code(Bytes(good.begin(), good.begin() + 27)) == "E-WIRE-001");
  CHECK(first_code(Bytes(good.begin(), good.end() - 1)) == "E-WIRE-002");
  CHECK(first_code(with(26, 0)) ==
        "E-WIRE-003");  // Length 40: a message that ends inside the SA payload
  CHECK(decode(with(26, 0)).ok() == false);
  CHECK(first_code(concat({good, Bytes{0}})) == "E-WIRE-003");
  CHECK(decode(concat({good, Bytes{0}})).ok());  // trailing octets are a warning
  CHECK(first_code(with(17, 0x40)) == "E-WIRE-004");
  CHECK(first_code(with(17, 0x30)) == "E-WIRE-004");
  CHECK(first_code(with(17, 0x21)).empty());  // a minor version is ignored
  CHECK(first_code(with(19, 0x48)) == "E-WIRE-010");
  CHECK(first_code(with(16, 0)) == "E-WIRE-008");  // no payload announced, yet octets follow
  CHECK(first_code(with(30, 0x7f)) == "E-WIRE-007");
  CHECK(first_code(with(31, 3)) != "");
  CHECK(first_code(with(good.size() - 24, 41)) == "E-WIRE-006");  // another payload after the last
  CHECK(first_code(Bytes(bounds::message_octets + 1, 0)) == "E-WIRE-013");

  Bytes after_sk = concat({rfc7634_message(), Bytes{0, 0, 0, 4}});
  after_sk[27] = static_cast<std::uint8_t>(after_sk.size());
  CHECK(first_code(after_sk) == "E-WIRE-008");
  CHECK(first_error(decode(after_sk).diagnostics)->rfc == "RFC 7296, 3.14");
}

TEST_CASE("wire: a malformed payload is kept as unknown, its neighbours are read", "[wire]") {
  const auto chain =
      encode_chain({notify(NotifyType::initial_contact), make_payload(KePayload{31, Bytes(3)}),
                    notify(NotifyType::cookie, "aa")});
  Bytes octets = chain.bytes;
  octets[8 + 2] = 0, octets[8 + 3] = 6;  // KE now ends after two octets of body,
  octets.erase(octets.begin() + 8 + 6,
               octets.begin() + 8 + 11);  // which are all that is left of it
  const DecodedChain d = decode_chain(octets, PayloadType::notify);
  CHECK(codes(d.diagnostics) == std::vector<std::string>{"E-WIRE-012"});
  REQUIRE(d.payloads.size() == 3);
  CHECK(std::get<UnknownPayload>(d.payloads[1].body).data == hex("001f"));
  CHECK(std::get<NotifyPayload>(d.payloads[2].body).type == NotifyType::cookie);
}
