// Preshared keys in IKE_INTERMEDIATE and CREATE_CHILD_SA (RFC 9867): what is agreed on, the keys by
// hand, and every way in which two sides may not have the same key.
#include <algorithm>

#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

using policy::PpkExchange;

const policy::Ppk key_1{"ppk-1", to_bytes(as_bytes("0123456789abcdef0123456789abcdef"))};
const policy::Ppk key_2{"ppk-2", to_bytes(as_bytes("fedcba9876543210fedcba9876543210"))};
const policy::Ppk key_3{"ppk-3", to_bytes(as_bytes("abcdefabcdefabcdefabcdefabcdefab"))};

policy::EndpointConfig with(policy::EndpointConfig config, std::vector<policy::Ppk> ppks,
                            std::string id, PpkExchange exchange = PpkExchange::intermediate,
                            bool is_required = false) {
  policy::ConnectionConfig& connection = config.connections[0];
  connection.ppks = std::move(ppks);
  connection.ppk_id = std::move(id);
  connection.ppk_exchange = exchange;
  connection.ppk_required = is_required;
  return config;
}

void run(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
}

/// The payloads of the last message of an exchange that a side sent.
std::string said(const Side& side, const std::string& exchange) {
  std::string last;
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent") last = message->payloads;
  return last;
}

bool says(const Side& side, const std::string& exchange, const char* what) {
  return said(side, exchange).find(what) != std::string::npos;
}

std::vector<const trace::KeyDerived*> steps(const Side& side, const std::string& name) {
  std::vector<const trace::KeyDerived*> found;
  for (const auto* step : side.all<trace::KeyDerived>())
    if (step->name == name) found.push_back(step);
  return found;
}

Bytes input(const trace::KeyDerived& step, const std::string& name) {
  const auto at = std::find_if(step.inputs.begin(), step.inputs.end(),
                               [&](const auto& in) { return in.name == name; });
  REQUIRE(at != step.inputs.end());
  return at->value;
}

const crypto::Algorithm& prf() {
  return *crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
}

Bytes prf_of(Pair& pair, const Bytes& key, const Bytes& data) {
  return to_bytes(pair.a.provider->prf(prf(), key, data).value().reveal());
}

}  // namespace

TEST_CASE("ppk in IKE_INTERMEDIATE: message by message", "[pair][ikev2][ppk][rfc9867]") {
  const bool is_required = GENERATE(false, true);
  Pair pair(with(site_a(), {key_2, key_1}, "ppk-1", PpkExchange::intermediate, is_required),
            with(site_b(), {key_1, key_2}, "", PpkExchange::intermediate, is_required));
  run(pair);
  CHECK(pair.consistent());
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
  CHECK(says(pair.a, "IKE_SA_INIT", "N(USE_PPK_INT)"));
  CHECK_FALSE(says(pair.a, "IKE_SA_INIT", "N(USE_PPK)"));
  CHECK(says(pair.a, "IKE_SA_INIT", "N(INTERMEDIATE_EXCHANGE_SUPPORTED)"));
  CHECK(says(pair.b, "IKE_SA_INIT", "N(USE_PPK_INT)"));
  // ppk_id first, the others behind it; the responder takes one, and nothing is said in IKE_AUTH.
  CHECK(said(pair.a, "IKE_INTERMEDIATE") == "N(PPK_IDENTITY_KEY), N(PPK_IDENTITY_KEY)");
  CHECK(said(pair.b, "IKE_INTERMEDIATE") == "N(PPK_IDENTITY)");
  CHECK_FALSE(says(pair.a, "IKE_AUTH", "PPK"));
  CHECK_FALSE(says(pair.b, "IKE_AUTH", "PPK"));
}

TEST_CASE("ppk in IKE_INTERMEDIATE: the keys by hand", "[pair][ikev2][ppk][rfc9867][keys]") {
  Pair pair(with(site_a(), {key_1}, "ppk-1"), with(site_b(), {key_1}, ""));
  run(pair);
  REQUIRE(pair.consistent());
  const auto sk_d = steps(pair.a, "SK_d");
  const auto seeds = steps(pair.a, "SKEYSEED'");
  REQUIRE(sk_d.size() == 2);
  REQUIRE(seeds.size() == 1);
  // SKEYSEED' = prf+(PPK, SK_d): one block, as the PRF's key is as long as its output.
  CHECK(prf_of(pair, key_1.secret, concat({sk_d[0]->output, Bytes{1}})) == seeds[0]->output);
  // {SK_d | ...} = prf+(SKEYSEED', Ni | Nr | SPIi | SPIr): SK_d is its first block.
  const auto& step = *sk_d[1];
  const Bytes seed =
      concat({input(step, "Ni"), input(step, "Nr"), input(step, "SPIi"), input(step, "SPIr")});
  CHECK(prf_of(pair, seeds[0]->output, concat({seed, Bytes{1}})) == step.output);
  // All seven are new, those of encryption as well: that is what RFC 8784 does not do.
  for (const char* name : {"SK_ei", "SK_er", "SK_pi", "SK_pr"}) {
    CAPTURE(name);
    const auto all = steps(pair.a, name);
    REQUIRE(all.size() == 2);
    CHECK(all[0]->output != all[1]->output);
    CHECK(all[1]->output == steps(pair.b, name).back()->output);
  }
}

TEST_CASE("ppk in IKE_INTERMEDIATE: after an additional key exchange", "[pair][ikev2][rfc9867]") {
  constexpr const char* ike = "aes256gcm16-prfsha256-x25519-ke1_ecp256";
  Pair pair(with(site_a(ike), {key_1}, "ppk-1", PpkExchange::intermediate, true),
            with(site_b(ike), {key_1}, "", PpkExchange::intermediate, true));
  run(pair);
  CHECK(pair.consistent());
  // The PPK goes into what the additional key exchange left, last of all.
  const auto sk_d = steps(pair.b, "SK_d");
  REQUIRE(sk_d.size() == 3);
  CHECK(input(*steps(pair.b, "SKEYSEED'")[0], "SK_d") == sk_d[1]->output);
  CHECK(input(*steps(pair.b, "KEYMAT")[0], "SK_d") == sk_d[2]->output);
}

TEST_CASE("ppk: which of the two RFCs is used", "[pair][ikev2][ppk][rfc9867]") {
  struct Row {
    PpkExchange a, b;
    const char* answer;
  };
  const auto row = GENERATE(values<Row>({
      {PpkExchange::either, PpkExchange::either, "N(USE_PPK_INT)"},
      {PpkExchange::either, PpkExchange::intermediate, "N(USE_PPK_INT)"},
      {PpkExchange::either, PpkExchange::auth, "N(USE_PPK)"},
      {PpkExchange::auth, PpkExchange::either, "N(USE_PPK)"},
      {PpkExchange::intermediate, PpkExchange::either, "N(USE_PPK_INT)"},
      {PpkExchange::intermediate, PpkExchange::auth, nullptr},
      {PpkExchange::auth, PpkExchange::intermediate, nullptr},
  }));
  const bool is_required = GENERATE(false, true);
  Pair pair(with(site_a(), {key_1}, "ppk-1", row.a, is_required),
            with(site_b(), {key_1}, "", row.b, is_required));
  run(pair);
  CAPTURE(static_cast<int>(row.a), static_cast<int>(row.b), is_required);
  if (row.answer != nullptr) {
    CHECK(pair.consistent());
    CHECK(says(pair.b, "IKE_SA_INIT", row.answer));
  } else {
    // Nothing in common: an IKE SA without, or none at all.
    CHECK(pair.consistent() != is_required);
    CHECK_FALSE(says(pair.b, "IKE_SA_INIT", "USE_PPK"));
    CHECK(pair.a.diagnosed("E-AUTH-030"));
  }
}

TEST_CASE("ppk in IKE_INTERMEDIATE: no key in common", "[pair][ikev2][ppk][rfc9867]") {
  const bool a_requires = GENERATE(false, true), b_requires = GENERATE(false, true);
  const policy::Ppk same_name{"ppk-1", key_2.secret};
  const bool other_secret = GENERATE(false, true);
  CAPTURE(a_requires, b_requires, other_secret);
  Pair pair(with(site_a(), {key_1}, "ppk-1", PpkExchange::intermediate, a_requires),
            with(site_b(), {other_secret ? same_name : key_2}, "", PpkExchange::intermediate,
                 b_requires));
  run(pair);
  pair.drive(40s);
  CHECK(pair.b.diagnosed("E-AUTH-032"));
  // The confirmation tells a wrong secret under a known name from an unknown name.
  CHECK(pair.b.diagnosed("E-AUTH-033") == other_secret);
  if (a_requires || b_requires) {
    CHECK(pair.a.state() == "none");
    CHECK(pair.b.state() == "none");
    CHECK(steps(pair.a, "KEYMAT").empty());
  } else {
    CHECK(pair.consistent());
    CHECK(pair.a.diagnosed("E-AUTH-031"));
  }
  CHECK(steps(pair.a, "SKEYSEED'").empty());
}

TEST_CASE("ppk in IKE_INTERMEDIATE: ppk_id of the responder restricts it",
          "[pair][ikev2][ppk][rfc9867]") {
  Pair pair(with(site_a(), {key_1, key_2}, "ppk-1"), with(site_b(), {key_1, key_2}, "ppk-2"));
  run(pair);
  CHECK(pair.consistent());
  CHECK(steps(pair.a, "SKEYSEED'").size() == 1);
  CHECK(input(*steps(pair.a, "SKEYSEED'")[0], "PPK") == key_2.secret);
}

TEST_CASE("ppk in IKE_INTERMEDIATE: USE_PPK_INT taken away on the way",
          "[pair][ikev2][ppk][rfc9867]") {
  const bool is_required = GENERATE(false, true);
  Pair pair(with(site_a(), {key_1}, "ppk-1", PpkExchange::intermediate, is_required),
            with(site_b(), {key_1}, "", PpkExchange::intermediate, is_required));
  pair.tamper = [](const Side&, Datagram& d) {
    auto decoded = wire::decode(d.payload);
    if (decoded.message.header.exchange != wire::ExchangeType::ike_sa_init) return;
    std::erase_if(decoded.message.payloads, [](const wire::Payload& p) {
      const auto* n = std::get_if<wire::NotifyPayload>(&p.body);
      return n != nullptr && n->type == wire::NotifyType::use_ppk_int;
    });
    d.payload = wire::encode(decoded.message);
  };
  run(pair);
  pair.drive(40s);
  // AUTH covers IKE_SA_INIT; with ppk_required it does not come to that.
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.a.diagnosed("E-AUTH-030"));
}

TEST_CASE("ppk in IKE_INTERMEDIATE: its answer is lost and comes again",
          "[pair][ikev2][ppk][rfc9867]") {
  Pair pair(with(site_a(), {key_1}, "ppk-1", PpkExchange::intermediate, true),
            with(site_b(), {key_1}, "", PpkExchange::intermediate, true));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.lose_nth(pair.b, 2);  // the responder has the new keys already, and repeats under the old
  pair.drive(10s);
  CHECK(pair.consistent());
}

TEST_CASE("fresh ppk in CREATE_CHILD_SA: Child and IKE SA, keys by hand",
          "[pair][ikev2][ppk][rfc9867][keys]") {
  const char* esp = GENERATE("aes256gcm16", "aes256gcm16-x25519");
  auto a = with(site_a("aes256gcm16-prfsha256-x25519", esp), {key_1, key_2, key_3}, "ppk-1");
  a.connections[0].ppk_rekey_ids = {"ppk-2", "ppk-3"};
  Pair pair(a, with(site_b("aes256gcm16-prfsha256-x25519", esp), {key_1, key_2, key_3}, ""));
  run(pair);
  REQUIRE(pair.consistent());
  const Bytes sk_d = steps(pair.a, "SK_d").back()->output;

  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  const auto mixed = steps(pair.a, "SK_d'");
  REQUIRE(mixed.size() == 1);
  CHECK(prf_of(pair, key_2.secret, concat({sk_d, Bytes{1}})) == mixed[0]->output);
  CHECK(input(*steps(pair.a, "KEYMAT").back(), "SK_d'") == mixed[0]->output);
  CHECK(input(*steps(pair.b, "KEYMAT").back(), "SK_d'") == mixed[0]->output);

  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  pair.settle();
  CHECK(pair.consistent());
  REQUIRE(steps(pair.a, "SK_d'").size() == 2);
  CHECK(input(*steps(pair.a, "SK_d'")[1], "PPK") == key_3.secret);
  CHECK(input(*steps(pair.b, "SKEYSEED").back(), "SK_d'") == steps(pair.a, "SK_d'")[1]->output);

  // All are spent, and the heir knows that: RFC 7296's keys again.
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK(steps(pair.a, "SK_d'").size() == 2);
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.lost_probes == 0);
}

TEST_CASE("fresh ppk in CREATE_CHILD_SA: confirmed after a rekey of the IKE SA",
          "[pair][ikev2][ppk][rfc9867]") {
  // The confirmation is over the nonces of the rekey then: both sides remember them.
  const auto b = with(site_b(), {key_1}, "");
  auto fresh = with(site_a(), {key_1}, "");
  fresh.connections[0].ppk_rekey_ids = {"ppk-1"};
  Pair other(fresh, b);
  run(other);
  REQUIRE(other.command(other.b, RekeyIke{}).ok());
  other.settle();
  REQUIRE(other.command(other.a, RekeyChild{"net"}).ok());
  other.settle();
  CHECK(other.consistent());
  CHECK(steps(other.b, "SK_d'").size() == 1);
}

TEST_CASE("fresh ppk in CREATE_CHILD_SA: the peer lacks it", "[pair][ikev2][ppk][rfc9867]") {
  auto a = with(site_a(), {key_2}, "");
  a.connections[0].ppk_rekey_ids = {"ppk-2"};
  const bool other_secret = GENERATE(false, true);
  const std::vector<policy::Ppk> theirs =
      other_secret ? std::vector<policy::Ppk>{{"ppk-2", key_1.secret}} : std::vector<policy::Ppk>{};
  Pair pair(a, with(site_b(), theirs, ""));
  run(pair);
  for (const bool of_ike : {false, true}) {
    REQUIRE(pair.command(pair.a, of_ike ? Command(RekeyIke{}) : Command(RekeyChild{"net"})).ok());
    pair.settle();
    CHECK(pair.consistent());
  }
  CHECK(steps(pair.a, "SK_d'").empty());
  CHECK(pair.a.diagnosed("E-AUTH-034"));
  CHECK(pair.b.diagnosed("E-AUTH-034"));
}

TEST_CASE("fresh ppk in CREATE_CHILD_SA: both sides rekey at once", "[pair][ikev2][rfc9867]") {
  auto a = with(site_a(), {key_1, key_2, key_3}, ""), b = with(site_b(), {key_1, key_2, key_3}, "");
  a.connections[0].ppk_rekey_ids = {"ppk-1"};
  b.connections[0].ppk_rekey_ids = {"ppk-2"};
  Pair pair(a, b);
  run(pair);
  const bool of_ike = GENERATE(false, true);
  for (Side* side : {&pair.a, &pair.b})
    REQUIRE(pair.command(*side, of_ike ? Command(RekeyIke{}) : Command(RekeyChild{"net"})).ok());
  pair.drive(5s);
  CHECK(pair.consistent());
  CHECK(pair.lost_probes == 0);
}
