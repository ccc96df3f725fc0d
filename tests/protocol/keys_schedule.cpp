// The key schedule against NIST's answers, and what it tells the trace.
#include <set>

#include "protocol/keys/auth_octets.hpp"
#include "protocol/keys/ike_keys.hpp"
#include "tests/support/vec.hpp"

using namespace ikelab;
using namespace ikelab::keys;
using crypto::TransformType;
using test::read_vec;

namespace {

const crypto::Algorithm& row(TransformType type, const std::string& keyword) {
  const crypto::Algorithm* found = crypto::find_keyword(type, keyword);
  REQUIRE(found != nullptr);
  return *found;
}

IkeSpi spi(const test::VecCase& c, const char* name) {
  IkeSpi out;
  for (std::uint8_t octet : c.bytes(name)) out.value = out.value << 8 | octet;
  return out;
}

Bytes joined(const IkeKeys& k) {
  return concat({k.sk_d.reveal(), k.sk_ai.reveal(), k.sk_ar.reveal(), k.sk_ei.reveal(),
                 k.sk_er.reveal(), k.sk_pi.reveal(), k.sk_pr.reveal()});
}
Bytes joined(const ChildKeys& k) {
  return concat({k.encr_initiator_to_responder.reveal(), k.integ_initiator_to_responder.reveal(),
                 k.encr_responder_to_initiator.reveal(), k.integ_responder_to_initiator.reveal()});
}
std::string begin_of(const std::string& hex_text, std::size_t octets) {
  return hex_text.substr(0, 2 * octets);
}

}  // namespace

TEST_CASE("keys: NIST's key schedule, step by step", "[keys][vectors]") {
  const auto provider = crypto::openssl_provider();
  for (const auto& c : read_vec("ikev2_kdf.vec")) {
    INFO(c.label());
    const crypto::Algorithm& prf = row(TransformType::prf, c.section);
    KeySchedule schedule(*provider, prf);
    const Bytes ni = c.bytes("Ni"), nr = c.bytes("Nr"), dkm = c.bytes("DKM");
    const Nonces nonces{ni, nr, "IKE_SA_INIT"};
    const Secret g_ir(c.bytes("g^ir")), g_ir_new(c.bytes("g^ir (new)"));

    const Secret skeyseed = schedule.skeyseed(nonces, g_ir).value();
    CHECK(to_hex(skeyseed.reveal()) == c.text("SKEYSEED"));

    const Bytes seed = concat({ni, nr, c.bytes("SPIi"), c.bytes("SPIr")});
    CHECK(to_hex(prf_plus(*provider, prf, skeyseed.reveal(), seed, dkm.size()).value().reveal()) ==
          c.text("DKM"));
    const Transforms gcm = {&row(TransformType::encr, "aes128gcm16"), nullptr};
    const IkeKeys keys =
        schedule.ike_keys(skeyseed, nonces, spi(c, "SPIi"), spi(c, "SPIr"), gcm).value();
    // CAVS's lengths are no suite's: with a long PRF its DKM ends before our last key does.
    const std::size_t both = std::min(joined(keys).size(), dkm.size());
    CHECK(both > keys.sk_d.size());
    CHECK(begin_of(to_hex(joined(keys)), both) == begin_of(c.text("DKM"), both));
    CHECK(keys.sk_d.size() == prf.output_size);

    const Transforms child = {&row(TransformType::encr, "aes256gcm16"), nullptr};
    const Bytes plain = joined(schedule.child_keys(keys.sk_d, nullptr, nonces, child).value());
    CHECK(to_hex(plain) == begin_of(c.text("DKM(Child SA)"), plain.size()));
    const Bytes fresh = joined(schedule.child_keys(keys.sk_d, &g_ir_new, nonces, child).value());
    CHECK(to_hex(fresh) == begin_of(c.text("DKM(Child SA D-H)"), fresh.size()));

    const Secret rekeyed = schedule.skeyseed_of_rekey(keys.sk_d, g_ir_new, nonces).value();
    CHECK(to_hex(rekeyed.reveal()) == c.text("SKEYSEED(Rekey)"));
  }
}

TEST_CASE("keys: prf+ ends at 255 blocks", "[keys]") {
  const auto provider = crypto::openssl_provider();
  const crypto::Algorithm& prf = row(TransformType::prf, "prfsha256");
  const Bytes key(32, 1), seed(8, 2);
  const auto make = [&](std::size_t octets) { return prf_plus(*provider, prf, key, seed, octets); };
  CHECK(make(255 * 32).value().size() == 255 * 32);
  CHECK(make(255 * 32 + 1).error().code == "E-KEY-001");
  CHECK(make(0).value().empty());
  CHECK(equal(make(33).value().reveal(), make(8160).value().reveal().first(33)));
}

TEST_CASE("keys: sizes and order of the ESP keys", "[keys]") {
  const auto provider = crypto::openssl_provider();
  KeySchedule schedule(*provider, row(TransformType::prf, "prfsha256"));
  const Bytes n(16, 3);
  const Nonces nonces{n, n, "IKE_SA_INIT"};
  const Secret sk_d(Bytes(32, 9));
  const Transforms cbc = {&row(TransformType::encr, "aes192"),
                          &row(TransformType::integ, "sha384")};
  const ChildKeys keys = schedule.child_keys(sk_d, nullptr, nonces, cbc).value();
  CHECK(keys.encr_initiator_to_responder.size() == 24);
  CHECK(keys.integ_initiator_to_responder.size() == 48);
  CHECK(keys.encr_responder_to_initiator.size() == 24);
  CHECK(keys.integ_responder_to_initiator.size() == 48);
  const Transforms gcm = {&row(TransformType::encr, "aes128gcm16"), nullptr};
  const ChildKeys aead = schedule.child_keys(sk_d, nullptr, nonces, gcm).value();
  CHECK(aead.encr_initiator_to_responder.size() == 20);  // key | salt
  CHECK(aead.integ_initiator_to_responder.empty());
}

TEST_CASE("keys: the trace tells every step, and its names join into one graph", "[keys][trace]") {
  const auto provider = crypto::openssl_provider();
  const auto tell = [&](bool disclose) {
    Derivations told(disclose);
    KeySchedule schedule(*provider, row(TransformType::prf, "prfsha256"), &told);
    const Bytes ni(32, 1), nr(32, 2), ke_i(32, 3), ke_r(32, 4);
    const Nonces nonces{ni, nr, "IKE_SA_INIT"};
    const Secret g_ir(Bytes(32, 5));
    const Transforms suite = {&row(TransformType::encr, "aes128"),
                              &row(TransformType::integ, "sha256")};
    schedule.report_shared_secret(row(TransformType::ke, "x25519"), ke_i, ke_r, g_ir,
                                  "IKE_SA_INIT");
    const Secret skeyseed = schedule.skeyseed(nonces, g_ir).value();
    const IkeKeys keys = schedule.ike_keys(skeyseed, nonces, {1}, {2}, suite).value();
    (void)schedule.child_keys(keys.sk_d, nullptr, nonces, suite).value();
    auto steps = told.take();
    CHECK(told.take().empty());
    return steps;
  };

  const auto steps = tell(true);
  std::vector<std::string> names;
  std::set<std::string> known = {"KEi", "KEr", "Ni", "Nr", "SPIi", "SPIr"};  // from the wire
  std::map<std::string, Bytes> values;
  for (const auto& step : steps) {
    INFO(step.name);
    names.push_back(step.name);
    for (const auto& input : step.inputs) {
      CHECK(known.count(input.name) == 1);
      CHECK_FALSE(input.source.empty());
      if (values.count(input.name) != 0) CHECK(values[input.name] == input.value);
    }
    CHECK(step.output.size() == step.length);
    CHECK(known.insert(step.name).second);
    values[step.name] = step.output;
  }
  CHECK(names == std::vector<std::string>{"g^ir", "SKEYSEED", "SK_d", "SK_ai", "SK_ar", "SK_ei",
                                          "SK_er", "SK_pi", "SK_pr", "KEYMAT",
                                          "ESP encryption key, initiator to responder",
                                          "ESP integrity key, initiator to responder",
                                          "ESP encryption key, responder to initiator",
                                          "ESP integrity key, responder to initiator"});
  CHECK(steps[5].function == "prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)[96..112]");
  CHECK(steps[11].function == "KEYMAT[16..48]");

  const std::set<std::string> wire = {"KEi", "KEr", "Ni", "Nr", "SPIi", "SPIr"};
  const auto hidden = tell(false);
  REQUIRE(hidden.size() == steps.size());
  for (std::size_t i = 0; i < hidden.size(); ++i) {
    INFO(hidden[i].name);
    CHECK(hidden[i].output.empty());
    CHECK(hidden[i].length == steps[i].length);
    for (const auto& input : hidden[i].inputs)
      CHECK(input.value.empty() == (wire.count(input.name) == 0));
  }
}

TEST_CASE("keys: a rekey names what is old and what is new", "[keys][trace]") {
  const auto provider = crypto::openssl_provider();
  Derivations told(true);
  KeySchedule schedule(*provider, row(TransformType::prf, "prfsha384"), &told);
  const Bytes ni(32, 1), nr(32, 2);
  const Nonces nonces{ni, nr, "CREATE_CHILD_SA"};
  const Secret g_ir(Bytes(32, 5)), sk_d(Bytes(48, 6));
  schedule.report_shared_secret(row(TransformType::ke, "x25519"), ni, nr, g_ir, "CREATE_CHILD_SA");
  CHECK(schedule.skeyseed_of_rekey(sk_d, g_ir, nonces).ok());
  const auto steps = told.take();
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].name == "g^ir (new)");
  CHECK(steps[1].function == "prf(SK_d (old), g^ir (new) | Ni | Nr)");
  CHECK(steps[1].inputs[0].source == "CREATE_CHILD_SA request, Nonce payload");
  CHECK(steps[1].inputs[2].name == "SK_d (old)");
  CHECK(steps[1].inputs[3].name == "g^ir (new)");
}

TEST_CASE("keys: the octets AUTH covers, part by part", "[keys]") {
  const auto provider = crypto::openssl_provider();
  const crypto::Algorithm& prf = row(TransformType::prf, "prfsha256");
  const Bytes message(40, 0xaa), nonce(32, 0xbb), id = hex("0200000067772d61");  // FQDN "gw-a"
  const Secret sk_p(Bytes(32, 0xcc));
  const auto i = initiator_signed_octets(*provider, prf, message, nonce, sk_p, id).value();
  const auto r = responder_signed_octets(*provider, prf, message, nonce, sk_p, id).value();
  CHECK(i.octets == r.octets);
  REQUIRE(i.parts.size() == 3);
  CHECK(i.parts[0].label == "RealMessage1");
  CHECK(r.parts[0].label == "RealMessage2");
  CHECK(i.parts[1].label == "NonceRData");
  CHECK(r.parts[1].label == "NonceIData");
  CHECK(i.parts[2].label == "MACedIDForI");
  CHECK(r.parts[2].label == "MACedIDForR");
  CHECK((i.parts[0].begin == 0 && i.parts[0].end == 40));
  CHECK((i.parts[1].begin == 40 && i.parts[1].end == 72));
  CHECK((i.parts[2].begin == 72 && i.parts[2].end == i.octets.size()));
  CHECK(equal(ByteView(i.octets).subspan(72),
              provider->prf(prf, sk_p.reveal(), id).value().reveal()));

  // AUTH = prf(prf(Shared Secret, "Key Pad for IKEv2"), octets); computed with Python's hmac.
  const Secret psk(to_bytes(as_bytes("secret")));
  CHECK(to_hex(shared_key_auth(*provider, prf, psk, i.octets).value()) ==
        "09efeec5f5691f4241b6313abe1f48e1e7aaeeaa1d3e783cf595a0fdf53a8ff1");
}
