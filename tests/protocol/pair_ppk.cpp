// Post-quantum preshared keys (RFC 8784): every row of its Table 1, both sides, and what an
// attacker who takes USE_PPK away gets.
#include <algorithm>

#include "protocol/ikev2/protect.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

const policy::Ppk key_1{"ppk-1", to_bytes(as_bytes("0123456789abcdef0123456789abcdef"))};
const policy::Ppk key_2{"ppk-2", to_bytes(as_bytes("fedcba9876543210fedcba9876543210"))};

void set_ppk(policy::EndpointConfig& config, std::vector<policy::Ppk> ppks, std::string id,
             bool is_required = false) {
  config.connections[0].ppks = std::move(ppks);
  config.connections[0].ppk_id = std::move(id);
  config.connections[0].ppk_required = is_required;
}

struct Case {
  explicit Case(policy::EndpointConfig a_in = site_a(), policy::EndpointConfig b_in = site_b())
      : a(std::move(a_in)), b(std::move(b_in)) {}
  policy::EndpointConfig a, b;
  std::unique_ptr<Pair> pair;
  Pair& run() {
    pair = std::make_unique<Pair>(a, b);
    REQUIRE(pair->command(pair->a, Initiate{"site", "net"}).ok());
    pair->settle();
    return *pair;
  }
};

bool says(const Side& side, const std::string& exchange, const char* what) {
  const auto all = side.all<trace::Message>();
  return std::any_of(all.begin(), all.end(), [&](const auto* m) {
    return m->exchange == exchange && m->direction == "sent" &&
           m->payloads.find(what) != std::string::npos;
  });
}

std::vector<const trace::KeyDerived*> steps(const Side& side, const std::string& name) {
  std::vector<const trace::KeyDerived*> found;
  for (const auto* step : side.all<trace::KeyDerived>())
    if (step->name == name) found.push_back(step);
  return found;
}

bool uses_ppk(const Side& side) {
  const auto all = steps(side, "SK_d");
  return !all.empty() && all.back()->function == "prf+(PPK, SK_d')";
}

/// Somebody on the path takes USE_PPK out of IKE_SA_INIT.
void strip_use_ppk(Pair& pair) {
  pair.tamper = [](const Side&, Datagram& d) {
    auto decoded = wire::decode(d.payload);
    if (decoded.message.header.exchange != wire::ExchangeType::ike_sa_init) return;
    std::erase_if(decoded.message.payloads, [](const wire::Payload& p) {
      const auto* n = std::get_if<wire::NotifyPayload>(&p.body);
      return n && n->type == wire::NotifyType::use_ppk;
    });
    d.payload = wire::encode(decoded.message);
  };
}

}  // namespace

TEST_CASE("pair: a preshared key in the keys, message by message", "[pair][ikev2][ppk]") {
  const bool is_required = GENERATE(false, true);
  Case c;
  set_ppk(c.a, {key_2, key_1}, "ppk-1", is_required);
  set_ppk(c.b, {key_1, key_2}, "", is_required);
  Pair& pair = c.run();
  CHECK(pair.consistent());
  CHECK(pair.a.diagnostics().empty());
  CHECK(pair.b.diagnostics().empty());
  //= rfc8784#3 "If the initiator is configured to use a PPK with the responder (whether or not the
  //= use of the PPK is mandatory), then it MUST include a notification USE_PPK in the IKE_SA_INIT
  //= request message"
  CHECK(says(pair.a, "IKE_SA_INIT", "N(USE_PPK)"));
  CHECK(says(pair.b, "IKE_SA_INIT", "N(USE_PPK)"));
  CHECK(says(pair.a, "IKE_AUTH", "N(PPK_IDENTITY)"));
  //= rfc8784#3 "then the initiator MUST include a NO_PPK_AUTH notification in the above message."
  CHECK(says(pair.a, "IKE_AUTH", "N(NO_PPK_AUTH)") != is_required);
  CHECK(says(pair.b, "IKE_AUTH", "N(PPK_IDENTITY)"));
  for (const Side* side : {&pair.a, &pair.b}) CHECK(uses_ppk(*side));
  CHECK(steps(pair.a, "SK_d").back()->output == steps(pair.b, "SK_d").back()->output);
  CHECK(steps(pair.a, "SK_d")[0]->output != steps(pair.a, "SK_d")[1]->output);
  // The Child SA's keys come of it.
  const auto& inputs = steps(pair.a, "KEYMAT")[0]->inputs;
  const auto at =
      std::find_if(inputs.begin(), inputs.end(), [](const auto& in) { return in.name == "SK_d"; });
  REQUIRE(at != inputs.end());
  CHECK(at->value == steps(pair.a, "SK_d").back()->output);
}

TEST_CASE("keys: SK_d of a PPK, by hand", "[pair][ikev2][ppk][keys]") {
  Case c;
  set_ppk(c.a, {key_1}, "ppk-1");
  set_ppk(c.b, {key_1}, "ppk-1");
  Pair& pair = c.run();
  const auto all = steps(pair.a, "SK_pi");
  REQUIRE(all.size() == 2);
  // RFC 8784, 3: for PRFs whose output is as long as their key, prf (PPK, SK_pi' | 0x01).
  const auto* prf = crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
  const Bytes data = concat({all[0]->output, Bytes{1}});
  CHECK(to_bytes(pair.a.provider->prf(*prf, key_1.secret, data).value().reveal()) ==
        all[1]->output);
}

TEST_CASE("pair: the key is not mixed in again when the IKE SA is rekeyed", "[pair][ikev2][ppk]") {
  //= rfc8784#3 "It MUST NOT be used when these subkeys are calculated as result of IKE SA rekey,
  //= resumption, or other similar operations."
  Case c;
  set_ppk(c.a, {key_1}, "ppk-1", true);
  set_ppk(c.b, {key_1}, "", true);
  Pair& pair = c.run();
  REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
  pair.settle();
  CHECK(pair.consistent());
  CHECK_FALSE(uses_ppk(pair.a));
  REQUIRE(pair.command(pair.b, RekeyChild{"net"}).ok());
  pair.settle();
  CHECK(pair.consistent());
}

TEST_CASE("pair: one side has no preshared key and needs none", "[pair][ikev2][ppk]") {
  const bool a_has = GENERATE(true, false);
  Case c;
  set_ppk(a_has ? c.a : c.b, {key_1}, "ppk-1");
  Pair& pair = c.run();
  CHECK(pair.consistent());
  CHECK_FALSE(uses_ppk(pair.a));
  CHECK_FALSE(uses_ppk(pair.b));
  //= rfc8784#6 "if a PPK was configured but was not used for a particular IKE SA, then
  //= implementations SHOULD audit this event."
  if (a_has) CHECK(pair.a.diagnosed("E-AUTH-030"));
}

TEST_CASE("pair: another key than the responder's, and none is required", "[pair][ikev2][ppk]") {
  const bool signatures = GENERATE(false, true);
  auto sites = certified_sites();
  Case c = signatures ? Case(sites.a, sites.b) : Case();
  set_ppk(c.a, {key_1}, "ppk-1");
  set_ppk(c.b, {key_2}, "");
  Pair& pair = c.run();
  // NO_PPK_AUTH proves the initiator without the key, and the SA is as it was before RFC 8784.
  //= rfc8784#3 "the authentication method used for computing the authentication data MUST be the
  //= same as the method indicated in the AUTH payload."
  //= rfc8784#3 "If the initiator does not receive the PPK_IDENTITY, it MUST either fail the IKE SA
  //= negotiation sending the AUTHENTICATION_FAILED notification in the INFORMATIONAL exchange (if
  //= the PPK was configured as mandatory) or continue without using the PPK"
  CHECK(pair.consistent());
  CHECK(pair.b.diagnosed("E-AUTH-032"));
  CHECK(pair.a.diagnosed("E-AUTH-031"));
  CHECK_FALSE(uses_ppk(pair.b));
  CHECK_FALSE(says(pair.b, "IKE_AUTH", "N(PPK_IDENTITY)"));
  // Which SK_d the Child SA has says the SAD: both sides the same.
  CHECK(steps(pair.a, "KEYMAT")[0]->output == steps(pair.b, "KEYMAT")[0]->output);
}

TEST_CASE("pair: a required key that the other side lacks", "[pair][ikev2][ppk]") {
  Case c;
  std::string code_a, code_b;
  SECTION("the responder has none at all: the initiator ends it after IKE_SA_INIT") {
    set_ppk(c.a, {key_1}, "ppk-1", true);
    //= rfc8784#3 "then the initiator MUST abort the exchange."
    code_a = "E-AUTH-030";
  }
  SECTION("the initiator has none: the responder says AUTHENTICATION_FAILED") {
    set_ppk(c.b, {key_1}, "", true);
    code_b = "E-AUTH-030";
  }
  //= rfc8784#3 "If using PPKs is mandatory or no NO_PPK_AUTH notification is found, then the
  //= responder MUST send back an AUTHENTICATION_FAILED notification and then fail the negotiation."
  SECTION("the responder does not know the initiator's, which requires it") {
    set_ppk(c.a, {key_1}, "ppk-1", true);
    set_ppk(c.b, {key_2}, "");
    code_b = "E-AUTH-032";
  }
  SECTION("the responder does not know the initiator's, and requires its own") {
    set_ppk(c.a, {key_1}, "ppk-1");
    set_ppk(c.b, {key_2}, "", true);
    code_b = "E-AUTH-032";
  }
  SECTION("the responder knows it, but not for this connection") {
    set_ppk(c.a, {key_1}, "ppk-1", true);
    set_ppk(c.b, {key_1, key_2}, "ppk-2");
    code_b = "E-AUTH-032";
  }
  SECTION("the same name for two keys") {
    set_ppk(c.a, {key_1}, "ppk-1", true);
    set_ppk(c.b, {{"ppk-1", key_2.secret}}, "", true);
    code_b = "E-AUTH-011";
  }
  Pair& pair = c.run();
  CHECK(pair.a.state() == "none");
  CHECK((pair.b.state() == "none" || pair.b.state() == "HALF_OPEN"));
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  if (!code_a.empty()) CHECK(pair.a.diagnosed(code_a));
  if (!code_b.empty()) CHECK(pair.b.diagnosed(code_b));
}

TEST_CASE("pair: USE_PPK is taken away on the path", "[pair][ikev2][ppk][attack]") {
  Case c;
  const bool is_required = GENERATE(false, true);
  set_ppk(c.a, {key_1}, "ppk-1", is_required);
  set_ppk(c.b, {key_1}, "");
  c.pair = std::make_unique<Pair>(c.a, c.b);
  strip_use_ppk(*c.pair);
  REQUIRE(c.pair->command(c.pair->a, Initiate{"site", "net"}).ok());
  c.pair->settle();
  // AUTH covers IKE_SA_INIT; with ppk_required it does not come to that.
  CHECK(c.pair->a.state() == "none");
  CHECK(c.pair->b.inbound.empty());
  if (is_required) CHECK(c.pair->a.diagnosed("E-AUTH-030"));
}

TEST_CASE("pair: a PPK after additional key exchanges", "[pair][ikev2][ppk][kex]") {
  const char* ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem512";
  Case c(site_a(ike), site_b(ike));
  set_ppk(c.a, {key_1}, "ppk-1", true);
  set_ppk(c.b, {key_1}, "", true);
  Pair& pair = c.run();
  CHECK(pair.consistent());
  CHECK(uses_ppk(pair.a));
  CHECK(steps(pair.a, "SK_d").size() == 3);
}

namespace {

/// Changes the inside of IKE_AUTH on its way: somebody who has the keys of IKE_SA_INIT.
void change_auth(Pair& pair, bool response, void (*change)(std::vector<wire::Payload>&)) {
  pair.tamper = [&pair, response, change](const Side&, Datagram& d) {
    const auto message = wire::decode(d.payload).message;
    if (message.header.exchange != wire::ExchangeType::ike_auth ||
        message.header.response != response)
      return;
    policy::Suite suite;
    suite.encr = crypto::find(crypto::TransformType::encr, 20, 256);
    const Bytes key = steps(pair.a, response ? "SK_er" : "SK_ei").back()->output;
    const auto& sealed = message.payloads.front();
    const Bytes plain = open_message(*pair.a.provider, suite, {key, {}}, d.payload, sealed).value();
    auto inside =
        wire::decode_chain(plain, std::get<wire::SkPayload>(sealed.body).first_inner).payloads;
    change(inside);
    d.payload =
        seal_message(*pair.a.provider, suite, {key, {}}, message.header, inside, Bytes(8, 9))
            .value();
  };
}

}  // namespace

TEST_CASE("pair: both use a PPK, and the initiator does not say which", "[pair][ikev2][ppk]") {
  Case c;
  set_ppk(c.a, {key_1}, "ppk-1");
  set_ppk(c.b, {key_1}, "");
  c.pair = std::make_unique<Pair>(c.a, c.b);
  Pair& pair = *c.pair;
  change_auth(pair, false, [](std::vector<wire::Payload>& inside) {
    std::erase_if(inside, [](const wire::Payload& p) {
      const auto* n = std::get_if<wire::NotifyPayload>(&p.body);
      return n && n->type == wire::NotifyType::ppk_identity;
    });
  });
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc8784#3 "If no PPK_IDENTITY notification is found and the peers successfully exchanged
  //= USE_PPK notifications in the IKE_SA_INIT exchange, then the responder MUST send back an
  //= AUTHENTICATION_FAILED notification and then fail the negotiation."
  CHECK(pair.b.diagnosed("E-AUTH-032"));
  CHECK(says(pair.b, "IKE_AUTH", "N(AUTHENTICATION_FAILED)"));
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
}

TEST_CASE("pair: what the responder's PPK_IDENTITY holds is of no interest", "[pair][ikev2][ppk]") {
  Case c;
  set_ppk(c.a, {key_1}, "ppk-1", true);
  set_ppk(c.b, {key_1}, "");
  c.pair = std::make_unique<Pair>(c.a, c.b);
  Pair& pair = *c.pair;
  change_auth(pair, true, [](std::vector<wire::Payload>& inside) {
    for (wire::Payload& p : inside)
      if (auto* n = std::get_if<wire::NotifyPayload>(&p.body);
          n && n->type == wire::NotifyType::ppk_identity)
        n->data = {2, 'x'};
  });
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  //= rfc8784#3 "the content of the received PPK_IDENTITY (if any) MUST be ignored."
  CHECK(pair.consistent());
}

TEST_CASE("pair: NULL authentication stands on the PPK alone", "[pair][ikev2][ppk]") {
  //= rfc8784#5.2.3 "Using PPKs MUST be mandatory for the peers if they advertise support for PPKs
  //= in IKE_SA_INIT and use NULL Authentication."
  const bool same = GENERATE(true, false);
  Case c;
  for (policy::EndpointConfig* side : {&c.a, &c.b}) {
    side->connections[0].local.kind = policy::AuthKind::null;
    side->connections[0].remote.kind = policy::AuthKind::null;
  }
  set_ppk(c.a, {key_1}, "ppk-1");
  set_ppk(c.b, {same ? key_1 : key_2}, "");
  Pair& pair = c.run();
  CHECK(pair.consistent() == same);
  CHECK_FALSE(says(pair.a, "IKE_AUTH", "N(NO_PPK_AUTH)"));
}
