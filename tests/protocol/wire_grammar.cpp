#include "tests/protocol/wire_samples.hpp"

using namespace ikelab;
using namespace ikelab::wire;
using namespace ikelab::wire::samples;

namespace {

using Codes = std::vector<std::string>;
constexpr auto INIT = ExchangeType::ike_sa_init;
constexpr auto AUTH = ExchangeType::ike_auth;
constexpr auto CHILD = ExchangeType::create_child_sa;
constexpr auto INFO = ExchangeType::informational;

Payload sa() {
  return make_payload(SaPayload{{{1, ProtocolId::esp, Bytes(4, 1), {{5, 0, {}}}}}});
}
Payload ke() {
  return make_payload(KePayload{31, Bytes(32, 1)});
}
Payload nonce() {
  return make_payload(NoncePayload{Bytes(32, 1)});
}
Payload id(bool responder) {
  return make_payload(IdPayload{responder, IdType::fqdn, to_bytes(as_bytes("x"))});
}
Payload auth() {
  return make_payload(AuthPayload{AuthMethod::shared_key, Bytes(32, 1)});
}
Payload ts(bool responder) {
  return make_payload(TsPayload{responder, {TrafficSelector{}}});
}
Payload unknown(bool critical) {
  Payload p = make_payload(UnknownPayload{static_cast<PayloadType>(200), Bytes(3)});
  p.critical = critical;
  return p;
}

Codes judge_clear(bool response, std::vector<Payload> payloads) {
  return codes(check(received(message(INIT, response, std::move(payloads))), nullptr));
}
Codes judge_inner(ExchangeType exchange, bool response, const std::vector<Payload>& inner) {
  const auto chain = encode_chain(inner);
  const Message outer =
      received(message(exchange, response, {make_payload(SkPayload{chain.first, Bytes(40)})}));
  const DecodedChain decoded = decode_chain(chain.bytes, chain.first);
  REQUIRE(decoded.ok());
  return codes(check(outer, &decoded.payloads));
}

}  // namespace

TEST_CASE("grammar: IKE_SA_INIT", "[wire]") {
  CHECK(judge_clear(false, {sa(), ke(), nonce()}).empty());
  CHECK(judge_clear(false, {notify(NotifyType::cookie, "aabb"), sa(), ke(), nonce(),
                            notify(NotifyType::ikev2_fragmentation_supported)})
            .empty());
  CHECK(judge_clear(true, {sa(), ke(), nonce(), make_payload(CertreqPayload{4, {}})}).empty());
  CHECK(judge_clear(true, {notify(NotifyType::cookie, "aabb")}).empty());
  CHECK(judge_clear(true, {notify(NotifyType::invalid_ke_payload, "001f")}).empty());
  CHECK(judge_clear(true, {notify(NotifyType::no_proposal_chosen)}).empty());

  CHECK(judge_clear(false, {ke(), nonce()}) == Codes{"E-WIRE-101"});
  CHECK(judge_clear(false, {sa(), nonce()}) == Codes{"E-WIRE-101"});
  CHECK(judge_clear(false, {sa(), ke()}) == Codes{"E-WIRE-101"});
  CHECK(judge_clear(false, {}) == Codes{"E-WIRE-101", "E-WIRE-101", "E-WIRE-101"});
  CHECK(judge_clear(false, {sa(), sa(), ke(), nonce()}) == Codes{"E-WIRE-102"});
  CHECK(judge_clear(false, {sa(), ke(), nonce(), nonce()}) == Codes{"E-WIRE-102"});
  CHECK(judge_clear(false, {notify(NotifyType::cookie, "aa"), notify(NotifyType::cookie, "bb"),
                            sa(), ke(), nonce()}) == Codes{"E-WIRE-102"});
  CHECK(judge_clear(false, {sa(), ke(), nonce(), id(false)}) ==
        Codes{"E-WIRE-103"});  // a warning: it is ignored
  CHECK(judge_clear(false, {notify(NotifyType::cookie, "aabb")}) ==
        Codes{"E-WIRE-101", "E-WIRE-101", "E-WIRE-101"});  // a request must be whole
  CHECK(judge_clear(true, {notify(NotifyType::initial_contact)}).size() ==
        3);  // a status alone is no answer
}

TEST_CASE("grammar: the IKE_SA_INIT error answer may not replace a payload of a normal answer",
          "[wire]") {
  CHECK(judge_clear(true, {sa(), ke(), notify(NotifyType::no_proposal_chosen)}) ==
        Codes{"E-WIRE-101"});
}

TEST_CASE("grammar: critical payloads", "[wire]") {
  CHECK(judge_clear(false, {sa(), ke(), nonce(), unknown(false)}).empty());
  const auto remarks =
      check(received(message(INIT, false, {sa(), ke(), nonce(), unknown(true)})), nullptr);
  CHECK(codes(remarks) == Codes{"E-WIRE-105"});
  CHECK(has_error(remarks));
  CHECK(remarks[0].end - remarks[0].begin == 7);
  Payload critical_nonce = nonce();
  critical_nonce.critical = true;
  const auto ignored = check(received(message(INIT, false, {sa(), ke(), critical_nonce})), nullptr);
  CHECK(codes(ignored) == Codes{"E-WIRE-106"});
  CHECK_FALSE(has_error(ignored));
  CHECK(judge_inner(INFO, false, {unknown(true)}) == Codes{"E-WIRE-105"});
}

TEST_CASE("grammar: IKE_AUTH", "[wire]") {
  const std::vector<Payload> request{id(false), auth(), sa(), ts(false), ts(true)};
  CHECK(judge_inner(AUTH, false, request).empty());
  CHECK(judge_inner(AUTH, false,
                    {id(false), make_payload(CertPayload{4, Bytes(9)}), id(true), auth(), sa(),
                     ts(false), ts(true)})
            .empty());
  for (std::size_t i = 0; i < request.size(); ++i) {
    auto without = request;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    INFO("without " << notation(request[i].type));
    // without AUTH the initiator asks for EAP (RFC 7296, 2.16): the task knows whether it may
    CHECK(judge_inner(AUTH, false, without) ==
          (request[i].type == PayloadType::auth ? Codes{} : Codes{"E-WIRE-101"}));
  }
  CHECK(judge_inner(AUTH, true, {id(true), auth(), sa(), ts(false), ts(true)}).empty());
  CHECK(judge_inner(AUTH, true, {notify(NotifyType::authentication_failed)}).empty());
  CHECK(judge_inner(AUTH, true, {id(true), auth(), notify(NotifyType::ts_unacceptable)}).empty());
  CHECK(judge_inner(AUTH, true, {id(true), auth(), sa(), ts(false)}) == Codes{"E-WIRE-101"});
  CHECK(judge_inner(AUTH, true, {id(true), auth(), auth(), sa(), ts(false), ts(true)}) ==
        Codes{"E-WIRE-102"});
}

TEST_CASE("grammar: IKE_AUTH in several exchanges", "[wire]") {
  const Payload eap = make_payload(EapPayload{hex("03 01 0004")});
  // RFC 7296, 2.16, messages 4 to 8
  CHECK(judge_inner(AUTH, true, {id(true), make_payload(CertPayload{4, Bytes(9)}), auth(), eap})
            .empty());
  CHECK(judge_inner(AUTH, false, {eap}).empty());
  CHECK(judge_inner(AUTH, true, {eap}).empty());
  CHECK(judge_inner(AUTH, false, {auth()}).empty());
  CHECK(judge_inner(AUTH, true, {auth(), sa(), ts(false), ts(true)}).empty());
  CHECK(judge_inner(AUTH, true, {auth(), notify(NotifyType::ts_unacceptable)}).empty());
  CHECK(judge_inner(AUTH, true, {eap, notify(NotifyType::authentication_failed)}).empty());
  // RFC 4739, 2.3 to 2.5
  CHECK(judge_inner(AUTH, true, {id(true), auth(), notify(NotifyType::another_auth_follows)})
            .empty());
  CHECK(judge_inner(AUTH, false, {id(false), make_payload(CertPayload{4, Bytes(9)}), auth()})
            .empty());
  CHECK(judge_inner(AUTH, false, {id(false)}).empty());
  CHECK(judge_inner(AUTH, false, {}).empty());
  CHECK(judge_inner(AUTH, true, {sa(), ts(false), ts(true)}).empty());
  // what never stands together
  CHECK(judge_inner(AUTH, false, {eap, eap}) == Codes{"E-WIRE-102"});
  CHECK(judge_inner(AUTH, false, {eap, id(false)}) == Codes{"E-WIRE-103"});
  CHECK(judge_inner(AUTH, true, {auth(), eap, sa()}) == Codes{"E-WIRE-103"});
  CHECK(judge_inner(AUTH, false, {id(false), auth(), sa()}) == Codes{"E-WIRE-101", "E-WIRE-101"});
  CHECK(judge_inner(INFO, false, {eap}) == Codes{"E-WIRE-103"});
}

TEST_CASE("grammar: CREATE_CHILD_SA and INFORMATIONAL", "[wire]") {
  for (const bool response : {false, true}) {
    CHECK(judge_inner(CHILD, response, {sa(), nonce(), ts(false), ts(true)}).empty());
    CHECK(judge_inner(CHILD, response, {sa(), nonce(), ke(), ts(false), ts(true)}).empty());
    CHECK(judge_inner(CHILD, response, {sa(), nonce(), ke()}).empty());  // rekeys the IKE SA
    CHECK(judge_inner(CHILD, response, {sa(), nonce()}) == Codes{"E-WIRE-101"});  // which needs KE
    CHECK(judge_inner(CHILD, response, {sa(), ts(false), ts(true)}) == Codes{"E-WIRE-101"});
    CHECK(judge_inner(CHILD, response, {sa(), nonce(), ts(false)}) == Codes{"E-WIRE-101"});
    CHECK(judge_inner(INFO, response, {}).empty());
    CHECK(
        judge_inner(INFO, response, {make_payload(DeletePayload{ProtocolId::ike, {}, 0})}).empty());
    CHECK(judge_inner(INFO, response, {nonce()}) == Codes{"E-WIRE-103"});
  }
  CHECK(judge_inner(CHILD, true, {notify(NotifyType::temporary_failure)}).empty());
  CHECK_FALSE(judge_inner(CHILD, false, {notify(NotifyType::temporary_failure)}).empty());
}

TEST_CASE("grammar: a puzzle's solution stands in the clear of IKE_AUTH requests alone", "[wire]") {
  const auto judge_outer = [](ExchangeType exchange, bool response, std::vector<Payload> outer) {
    return codes(check(received(message(exchange, response, std::move(outer))), nullptr));
  };
  const Payload ps = make_payload(PuzzleSolutionPayload{Bytes(16)});
  const Payload sk = make_payload(SkPayload{PayloadType::none, Bytes(40)});
  const auto part = [](std::uint16_t number) {
    return make_payload(SkfPayload{PayloadType::none, number, 3, Bytes(40)});
  };
  //= rfc8019#7.2.2 "The PS payload MUST be placed outside the Encrypted payload"
  CHECK(judge_outer(AUTH, false, {ps, sk}).empty());
  CHECK(judge_outer(AUTH, false, {ps, part(1)}).empty());
  CHECK(judge_outer(AUTH, false, {ps, ps, sk}) == Codes{"E-WIRE-102", "E-WIRE-102"});
  //= rfc7383#2.5.3 "all unprotected payloads MUST be placed in the first fragment"
  CHECK(judge_outer(AUTH, false, {ps, part(2)}) == Codes{"E-WIRE-113"});
  CHECK(judge_outer(AUTH, true, {ps, sk}) == Codes{"E-WIRE-111"});
  CHECK(judge_outer(CHILD, false, {ps, sk}) == Codes{"E-WIRE-111"});
  CHECK(judge_outer(AUTH, false, {ps}) == Codes{"E-WIRE-110"});
  // Inside it is none that anybody looks for.
  CHECK(judge_inner(AUTH, false, {id(false), auth(), sa(), ts(false), ts(true), ps}) ==
        Codes{"E-WIRE-103"});
  const Message outer = received(message(AUTH, false, {ps, sk}));
  const std::vector<Payload> inner = {id(false), auth()};
  CHECK(summary(outer, &inner) == "IKE_AUTH request PS {IDi, AUTH}");
  CHECK(payload_summary(outer, inner) == "PS, IDi, AUTH");
}

TEST_CASE("grammar: what must be encrypted is refused in the clear, errors too", "[wire]") {
  const auto judge_outer = [](ExchangeType exchange, std::vector<Payload> outer) {
    return codes(check(received(message(exchange, true, std::move(outer))), nullptr));
  };
  const Payload sk = make_payload(SkPayload{PayloadType::none, Bytes(40)});
  const Payload skf = make_payload(SkfPayload{PayloadType::none, 2, 3, Bytes(40)});
  CHECK(judge_outer(AUTH, {sk}).empty());
  CHECK(judge_outer(AUTH, {skf}).empty());
  CHECK(judge_outer(AUTH, {notify(NotifyType::initial_contact), skf}) == Codes{"E-WIRE-111"});
  CHECK(judge_clear(false, {sa(), ke(), nonce(), skf}) == Codes{"E-WIRE-112", "E-WIRE-103"});
  CHECK(judge_outer(AUTH, {notify(NotifyType::authentication_failed)}) ==
        Codes{"E-WIRE-110", "E-WIRE-111"});
  CHECK(judge_outer(INFO, {}) == Codes{"E-WIRE-110"});
  CHECK(judge_outer(INFO, {notify(NotifyType::initial_contact), sk}) == Codes{"E-WIRE-111"});
  CHECK(judge_clear(false, {sa(), ke(), nonce(), sk}) == Codes{"E-WIRE-112", "E-WIRE-103"});
  CHECK(judge_outer(static_cast<ExchangeType>(99), {sk}) == Codes{"E-WIRE-100"});
}

TEST_CASE("grammar: every exchange and direction has a form of last resort", "[wire]") {
  for (const ExchangeType exchange : {INIT, AUTH, CHILD, INFO})
    for (const bool response : {false, true})
      CHECK(form_of(message(exchange, response, {}).header, {}) != nullptr);
  for (const Form& form : forms()) {
    CHECK(std::string(form.name).starts_with(name(form.exchange)));
    CHECK(std::string(form.name).find(form.response ? "response" : "request") != std::string::npos);
    for (const Rule& rule : form.rules) CHECK(rule.min <= rule.max);
  }
}

TEST_CASE("summary: the RFC's notation", "[wire]") {
  const std::vector<Payload> inner{id(false), auth(), sa(), ts(false), ts(true)};
  const Message outer =
      message(AUTH, false, {make_payload(SkPayload{PayloadType::id_i, Bytes(40)})});
  CHECK(summary(outer, &inner) == "IKE_AUTH request {IDi, AUTH, SA, TSi, TSr}");
  CHECK(summary(outer, nullptr) == "IKE_AUTH request SK");
  CHECK(payload_summary({sa(), ke(), nonce(), notify(NotifyType::nat_detection_source_ip, "00")},
                        true) == "SA, KE, Nr, N(NAT_DETECTION_SOURCE_IP)");
  CHECK(payload_summary({}, false).empty());
  CHECK(payload_summary({unknown(false), make_payload(DeletePayload{})}, false) ==
        "payload 200, D");
}
