// RFC 7296, sections 2 to 2.7, sentence by sentence: repetition, message ids, versions, cookies,
// negotiation.
#include <set>

#include "protocol/base/bounds.hpp"
#include "tests/protocol/rfc7296_support.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

const wire::SaPayload& sa_of(const trace::Message& m) {
  static std::vector<std::vector<wire::Payload>> kept;
  kept.push_back(wire::decode(m.bytes).message.payloads);
  return *wire::first<wire::SaPayload>(kept.back());
}

}  // namespace

TEST_CASE("rfc7296 2: messages of 3000 octets are sent and processed", "[rfc7296]") {
  //= rfc7296#2 "All IKEv2 implementations MUST be able to send, receive, and process IKE messages
  //= that are up to 1280 octets long,"
  const auto configs = certified_sites();
  auto a = configs.a, b = configs.b;
  for (auto* config : {&a, &b}) {
    config->connections[0].fragmentation = policy::Fragmentation::no;
    auto& own = config->connections[0].local.certificates;
    while (own.size() < 6) own.push_back(own.front());  // filling, after the first (3.6)
  }
  Pair pair(a, b);
  establish(pair);
  CHECK(sent(pair.a, "IKE_AUTH", false).at(0)->bytes.size() > 2000);
  CHECK(sent(pair.b, "IKE_AUTH", true).at(0)->bytes.size() > 2000);
}

TEST_CASE("rfc7296 2.1: requests are repeated to the bit, responses only on request", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
  REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  pair.drive(12s);
  const auto requests = sent(pair.a, "INFORMATIONAL", false);
  REQUIRE(requests.size() >= 3);
  //= rfc7296#2.1 "IKE is a reliable protocol: the initiator MUST retransmit a request until it
  //= either receives a corresponding response"
  //= rfc7296#2.1 "The initiator MUST remember each request until it receives the corresponding
  //= response."
  //= rfc7296#2.3 "An IKE endpoint MUST keep a copy of (or be able to regenerate exactly) each
  //= request it has sent until it receives the corresponding response."
  //= rfc7296#2.1 "A retransmission from the initiator MUST be bitwise identical to the original
  //= request."
  //= rfc7296#2.2 "Retransmission of a message MUST use the same Message ID as the original
  //= message."
  for (const auto* m : requests) {
    CHECK(to_hex(m->bytes) == to_hex(requests[0]->bytes));
    CHECK(m->message_id == requests[0]->message_id);
  }
  // One response for each request that came, the same from the cache, and none besides.
  //= rfc7296#2.1 "The responder MUST never retransmit a response unless it receives a
  //= retransmission of the request."
  //= rfc7296#2.1 "In that event, the responder MUST ignore the retransmitted request except
  //= insofar as it causes a retransmission of the response."
  //= rfc7296#2.1 "The responder MUST remember each response until it receives a request whose
  //= sequence number is larger than or equal"
  //= rfc7296#2.3 "An IKE endpoint MUST keep a copy of (or be able to regenerate exactly) the
  //= number of previous responses equal to"
  const auto responses = sent(pair.b, "INFORMATIONAL", true);
  CHECK(responses.size() == requests.size());
  for (const auto* m : responses) CHECK(to_hex(m->bytes) == to_hex(responses[0]->bytes));
  pair.lose = nullptr;
  pair.drive(60s);
  CHECK(sent(pair.a, "INFORMATIONAL", false).size() <= requests.size() + 1);  // answered: silent
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 2.1: a request whose response is forgotten is ignored", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  const Datagram auth = pair.wire.at(2);
  for (int i = 0; i < 2; ++i) {
    REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
    pair.settle();
  }
  const unsigned before = pair.b.sent;
  //= rfc7296#2.1 "it has already forgotten the response, it MUST ignore the request (and not, for
  //= example, attempt constructing a"
  pair.deliver(pair.b, auth);
  CHECK(pair.b.sent == before);
  CHECK(pair.b.diagnosed("E-IKE-014"));
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 2.1, 2.4: repetitions come ever later, then the SA is given up", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  pair.lose = [](const Side&, unsigned, const Datagram&) { return true; };
  REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  std::vector<Instant> times;
  const std::size_t before = sent(pair.a, "INFORMATIONAL", false).size() - 1;
  for (int steps = 0; steps < 1000 && pair.a.state() == "ESTABLISHED"; ++steps) {
    const std::size_t count = sent(pair.a, "INFORMATIONAL", false).size() - before;
    while (times.size() < count) times.push_back(pair.now);
    if (!pair.step(pair.now + 600s)) break;
  }
  REQUIRE(times.size() == 6);  // as configured: five repetitions
  //= rfc7296#2.4 "a good network citizen, retransmission times MUST increase exponentially to
  //= avoid flooding the network and making"
  for (std::size_t i = 2; i < times.size(); ++i) {
    const double before_it = static_cast<double>((times[i - 1] - times[i - 2]).count());
    CHECK(static_cast<double>((times[i] - times[i - 1]).count()) > 1.5 * before_it);
  }
  //= rfc7296#2.4 "An endpoint MUST conclude that the other endpoint has failed only when repeated
  //= attempts to contact it have gone"
  CHECK(pair.a.state() == "none");
}

TEST_CASE("rfc7296 2.3: a request is served while one of ours is outstanding", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  REQUIRE(pair.command(pair.a, CheckLiveness{}).ok());
  REQUIRE(pair.command(pair.b, CheckLiveness{}).ok());
  pair.settle();
  //= rfc7296#2.3 "An IKE endpoint MUST be prepared to accept and process a request while it has a
  //= request outstanding in order to avoid a deadlock in this situation."
  CHECK(sent(pair.a, "INFORMATIONAL", true).size() == 1);
  CHECK(sent(pair.b, "INFORMATIONAL", true).size() == 1);
}

TEST_CASE("rfc7296 2.3: without SET_WINDOW_SIZE one request at a time", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  pair.lose = [&](const Side& from, unsigned, const Datagram&) { return &from == &pair.b; };
  for (int i = 0; i < 3; ++i) static_cast<void>(pair.command(pair.a, CheckLiveness{}));
  REQUIRE(pair.command(pair.a, RekeyChild{"net"}).ok());
  pair.drive(10s);
  //= rfc7296#2.3 "An IKE endpoint MUST wait for a response to each of its messages before sending
  //= a subsequent message unless it"
  //= rfc7296#2.3 "An IKE endpoint MUST NOT exceed the peer's stated window size for transmitted
  //= IKE requests."
  //= rfc7296#2.3 "the initiator needs to make a request X, it MUST wait until it has received
  //= responses to all requests up through"
  std::set<std::uint64_t> ids;
  for (const auto* m : sent(pair.a, "INFORMATIONAL", false)) ids.insert(m->message_id);
  CHECK(ids.size() == 1);
  CHECK(sent(pair.a, "CREATE_CHILD_SA", false).empty());
}

TEST_CASE("rfc7296 2.3: outside the window nothing is acknowledged", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Insider insider(pair, pair.a);
  insider.header.message_id = {77};
  const std::size_t before = sent(pair.b, "INFORMATIONAL", true).size();
  static_cast<void>(insider.ask({}));
  //= rfc7296#2.3 "This Notify message MUST NOT be sent in a response; the invalid request MUST
  //= NOT be acknowledged."
  CHECK(sent(pair.b, "INFORMATIONAL", true).size() == before);
  CHECK(pair.b.diagnosed("E-IKE-014"));
  CHECK(pair.consistent());
}

TEST_CASE("rfc7296 2.4: notices to anybody are limited in rate", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  Datagram of_version_3 = pair.wire.front(), with_critical = pair.wire.front();
  pair.settle();
  of_version_3.payload[17] = 0x30;
  with_critical.payload[16] = 200;  // the first payload's type, which nobody knows
  with_critical.payload[29] = 0x80;
  with_critical.payload[3] ^= 1;
  Datagram& message = GENERATE(true, false) ? of_version_3 : with_critical;
  const auto answers = [&](unsigned times) {
    const unsigned before = pair.b.sent;
    for (unsigned i = 0; i < times; ++i) pair.deliver(pair.b, message);
    return pair.b.sent - before;
  };
  //= rfc7296#2.4 "Implementations MUST limit the rate at which they take actions based on
  //= unprotected messages."
  CHECK(answers(1) == 1);
  CHECK(answers(1000) == bounds::notices_in_a_second - 1);
  pair.now = pair.now + 999ms;
  CHECK(answers(1) == 0);
  pair.now = pair.now + 1ms;
  CHECK(answers(1) == 1);
  // and all the while others are served
  answers(1000);
  REQUIRE(pair.command(pair.b, Initiate{"site", ""}).ok());
  pair.settle();
  CHECK(pair.a.sas().size() == 2);
}

TEST_CASE("rfc7296 2.5: versions", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  Datagram init = pair.wire.front();
  init.payload[3] ^= 1;  // another SPIi: an initiator that b does not know
  SECTION("a higher minor version is not looked at") {
    //= rfc7296#2.5 "The minor version number indicates new capabilities, and MUST be ignored by a
    //= node with a smaller minor version"
    //= rfc7296#3.1 "They MUST ignore the minor version number of received messages."
    init.payload[17] = 0x2f;
    pair.deliver(pair.b, init);
    const auto* answer = sent(pair.b, "IKE_SA_INIT", true).back();
    CHECK(answer->payloads.starts_with("SA, KE, Nr"));
    //= rfc7296#2.5 "If it receives a message with a major version that it supports, it MUST
    //= respond with that version number."
    //= rfc7296#3.1 "Implementations based on this version of IKE MUST set the major version to
    //= 2."
    //= rfc7296#3.1 "Implementations based on this version of IKE MUST set the minor version to
    //= 0."
    CHECK(answer->bytes[17] == 0x20);
  }
  SECTION("a higher major version is dropped, and told so") {
    //= rfc7296#2.5 "with a higher major version number, it MUST drop the message and SHOULD send
    //= an unauthenticated Notify message"
    //= rfc7296#3.1 "this document's version (version 2) of IKE MUST reject or ignore messages
    //= containing a version number greater than"
    init.payload[17] = 0x30;
    const std::size_t half_open = pair.b.endpoint->half_open();
    pair.deliver(pair.b, init);
    CHECK(pair.b.endpoint->half_open() == half_open);
    CHECK(sent(pair.b, "IKE_SA_INIT", true).back()->payloads == "N(INVALID_MAJOR_VERSION)");
  }
}

TEST_CASE("rfc7296 2.5, 3.1, 3.2: what is reserved is zero when sent, ignored when received",
          "[rfc7296]") {
  Pair pair(site_a(), site_b());
  establish(pair);
  //= rfc7296#2.5 "for forward compatibility, all fields marked RESERVED MUST be set to zero by an
  //= implementation running version"
  //= rfc7296#3.1 "'1', while 'cleared' means its value is '0'. 'X' bits MUST be cleared when
  //= sending and MUST be ignored on receipt."
  //= rfc7296#3.1 "Implementations of IKEv2 MUST clear this bit when sending and MUST ignore it in
  //= incoming messages."
  //= rfc7296#3.2 "MUST be set to zero for payload types defined in this document."
  //= rfc7296#3.2 "RESERVED (7 bits) - MUST be sent as zero; MUST be ignored on receipt."
  //= rfc7296#2.5 "Payloads sent in IKE response messages MUST NOT have the critical flag set."
  for (const Side* side : {&pair.a, &pair.b})
    for (const auto* m : side->all<trace::Message>()) {
      CHECK((m->bytes[19] & 0xd7) == 0);  // of the flags only R and I
      const auto payloads =
          m->encrypted ? wire::decode_chain(m->plain, wire::PayloadType(m->plain_first)).payloads
                       : wire::decode(m->bytes).message.payloads;
      const Bytes& octets = m->encrypted ? m->plain : m->bytes;
      for (const wire::Payload& payload : payloads) CHECK(octets[payload.begin + 1] == 0);
      //= rfc7296#3.1 "This bit MUST be cleared in all request messages and MUST be set in all
      //= responses."
      CHECK(((m->bytes[19] & 0x20) != 0) == m->response);
      //= rfc7296#3.1 "I (Initiator) - This bit MUST be set in messages sent by the original
      //= initiator of the IKE SA and MUST be cleared"
      CHECK(((m->bytes[19] & 0x08) != 0) == ((side == &pair.a) == (m->direction == "sent")));
      //= rfc7296#3.1 "This value MUST NOT be zero."
      CHECK(m->spi_i != "0000000000000000");
    }
  //= rfc7296#3.1 "This value MUST be zero in the first message of an IKE initial exchange
  //= (including repeats of that message including a cookie)."
  CHECK(sent(pair.a, "IKE_SA_INIT", false).at(0)->spi_r == "0000000000000000");

  // IKE_SA_INIT of another initiator with every reserved bit set that there is
  Datagram init = pair.wire.front();
  init.payload[3] ^= 1;
  init.payload[19] |= 0xd7;
  for (const wire::Payload& p : wire::decode(init.payload).message.payloads)
    init.payload[p.begin + 1] |= 0x7f;  // not the critical bit: 3.2-3 below
  pair.deliver(pair.b, init);
  CHECK(sent(pair.b, "IKE_SA_INIT", true).back()->payloads.starts_with("SA, KE, Nr"));
  // the critical bit of payloads that are known
  //= rfc7296#3.2 "MUST be ignored by the recipient if the recipient understands the payload type
  //= code."
  //= rfc7296#3.2 "in this document is that all implementations MUST understand all payload types
  //= defined in this document and therefore"
  init.payload[2] ^= 1;
  for (const wire::Payload& p : wire::decode(init.payload).message.payloads)
    init.payload[p.begin + 1] |= 0x80;
  pair.deliver(pair.b, init);
  CHECK(sent(pair.b, "IKE_SA_INIT", true).back()->payloads.starts_with("SA, KE, Nr"));
}

TEST_CASE("rfc7296 2.5: unknown payloads, critical and not", "[rfc7296]") {
  constexpr auto unknown = wire::PayloadType(200);
  SECTION("not critical: skipped") {
    Pair pair(site_a(), site_b());
    establish(pair);
    Insider insider(pair, pair.a);
    //= rfc7296#2.5 "implementations of a version where they are undefined MUST skip over those
    //= payloads and ignore their contents."
    //= rfc7296#2.5 "If the critical flag is not set and the payload type is unsupported, that
    //= payload MUST be ignored."
    //= rfc7296#3.2 "Critical (1 bit) - MUST be set to zero if the sender wants the recipient to
    //= skip this payload if it does not"
    //= rfc7296#4 "To assure interoperability, all implementations MUST be capable of parsing all
    //= payload types (if only to skip over"
    CHECK(insider.ask({Insider::raw(unknown, Bytes(8, 0xee))}) == "(empty)");
    CHECK(pair.consistent());
  }
  SECTION("critical: the message is rejected in words, the SA stays") {
    Pair pair(site_a(), site_b());
    establish(pair);
    Insider insider(pair, pair.a);
    //= rfc7296#2.5 "and the payload type is unrecognized, the message MUST be rejected and the
    //= response to the IKE request containing"
    //= rfc7296#3.2 "MUST be set to one if the sender wants the recipient to reject this entire
    //= message if it does not understand the payload type."
    //= rfc7296#4 "If the critical bit is set in an unsupported payload header, all
    //= implementations MUST reject the messages containing those payloads."
    CHECK(insider.ask({Insider::raw(unknown, {}, true)}) == "N(UNSUPPORTED_CRITICAL_PAYLOAD)");
    const auto* answer = sent(pair.b, "INFORMATIONAL", true).back();
    CHECK(answer->plain.back() == 200);
    CHECK(pair.consistent());
  }
  SECTION("before anybody is authenticated only that is said, and no SA is made") {
    Pair pair(site_a(), site_b());
    pair.tamper = nullptr;
    pair.lose = [&](const Side& from, unsigned nth, const Datagram&) {
      return &from == &pair.a && nth >= 2;
    };
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    Insider insider(pair, pair.a);
    insider.header.exchange = wire::ExchangeType::ike_auth;
    insider.header.message_id = {1};
    //= rfc7296#2.21.2 "is malformed (rather than just bad payload contents), MUST be rejected in
    //= their entirety, and MUST only lead to"
    CHECK(insider.ask({Insider::raw(unknown, {}, true)}) == "N(UNSUPPORTED_CRITICAL_PAYLOAD)");
    CHECK(pair.b.inbound.empty());
    CHECK(pair.b.state() == "none");
  }
}

TEST_CASE("rfc7296 2.5: payloads in any order", "[rfc7296]") {
  Pair pair(site_a(), site_b());
  pair.lose = [&](const Side& from, unsigned nth, const Datagram&) {
    return &from == &pair.a && nth >= 2;
  };
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.settle();
  const auto* auth = sent(pair.a, "IKE_AUTH", false).at(0);
  auto payloads = wire::decode_chain(auth->plain, wire::PayloadType(auth->plain_first)).payloads;
  std::reverse(payloads.begin(), payloads.end());
  Insider insider(pair, pair.a);
  insider.header.exchange = wire::ExchangeType::ike_auth;
  insider.header.message_id = {1};
  //= rfc7296#2.5 "the figures in Sections 1 and 2; implementations MUST NOT reject as invalid a
  //= message with those payloads in any"
  CHECK(insider.ask(payloads) == "IDr, AUTH, SA, TSi, TSr");
  CHECK(pair.b.state() == "ESTABLISHED");
}

TEST_CASE("rfc7296 2.6: SPIs identify, cookies come back", "[rfc7296]") {
  SECTION("each IKE SA has SPIs of its own") {
    Pair pair(site_a(), site_b());
    establish(pair);
    std::set<std::uint64_t> spis;
    for (int i = 0; i < 50; ++i) {
      REQUIRE(pair.command(pair.a, RekeyIke{}).ok());
      pair.settle();
      const auto sa = pair.a.sas()[0];
      //= rfc7296#2.6 "Each endpoint chooses one of the two SPIs and MUST choose them so as to be
      //= unique identifiers of an IKE SA."
      CHECK(spis.insert(sa.spi_i.value).second);
      CHECK(spis.insert(sa.spi_r.value).second);
    }
  }
  auto b = site_b();
  b.cookie_threshold = 0;
  SECTION("COOKIE first, everything else as it was") {
    Pair pair(site_a(), b);
    establish(pair);
    const auto requests = sent(pair.a, "IKE_SA_INIT", false);
    REQUIRE(requests.size() == 2);
    const auto first = wire::decode(requests[0]->bytes).message.payloads;
    const auto second = wire::decode(requests[1]->bytes).message.payloads;
    const auto cookie = wire::decode(sent(pair.b, "IKE_SA_INIT", true).at(0)->bytes).message;
    const Bytes data = wire::first<wire::NotifyPayload>(cookie.payloads)->data;
    //= rfc7296#2.6 "The data associated with this notification MUST be between 1 and 64 octets in
    //= length (inclusive), and its generation"
    CHECK(data.size() >= 1);
    CHECK(data.size() <= 64);
    //= rfc7296#2.6 "includes the COOKIE notification, the initiator MUST then retry the
    //= IKE_SA_INIT request, and include the COOKIE"
    REQUIRE(second.size() == first.size() + 1);
    CHECK(to_hex(wire::first<wire::NotifyPayload>(second)->data) == to_hex(data));
    CHECK(std::holds_alternative<wire::NotifyPayload>(second[0].body));
    for (std::size_t i = 0; i < first.size(); ++i)
      CHECK(to_hex(wire::encode_body(first[i].body)) ==
            to_hex(wire::encode_body(second[i + 1].body)));
  }
  SECTION("a wrong cookie is none") {
    Pair pair(site_a(), b);
    establish(pair);
    Datagram again = pair.wire.at(2);  // the request with the cookie
    again.payload[3] ^= 1;             // of another SPIi: the cookie is not for it
    pair.deliver(pair.b, again);
    //= rfc7296#2.6 "contents do not match the value expected, that party MUST ignore the cookie
    //= and process the message as if no cookie"
    CHECK(sent(pair.b, "IKE_SA_INIT", true).back()->payloads == "N(COOKIE)");
  }
  SECTION("COOKIE, then INVALID_KE_PAYLOAD, then COOKIE again: nobody gives up") {
    auto other = site_b("aes256gcm16-prfsha256-ecp256");
    other.cookie_threshold = 0;
    Pair pair(site_a("aes256gcm16-prfsha256-x25519-ecp256"), other);
    //= rfc7296#2.6.1 "Implementations SHOULD support this shorter exchange, but MUST NOT fail if
    //= other implementations do not support this shorter exchange."
    establish(pair);
  }
}

TEST_CASE("rfc7296 2.7, 3.3: one proposal, one transform of each type", "[rfc7296]") {
  Pair pair(site_a("aes128-aes256-sha1-sha256-x25519-ecp256", "aes128-aes256-sha1-sha256"),
            site_b("aes256-sha256-x25519", "aes256-sha256"));
  establish(pair);
  const auto& offer = sa_of(*sent(pair.a, "IKE_SA_INIT", false).at(0));
  const auto& answer = sa_of(*sent(pair.b, "IKE_SA_INIT", true).at(0));
  //= rfc7296#2.7 "The responder MUST choose a single suite, which may be any subset of the SA
  //= proposal following the rules below."
  //= rfc7296#2.7 "The responder MUST accept a single proposal or reject them all and return an
  //= error."
  //= rfc7296#3.3.6 "Responders MUST select a single complete set of parameters from the offers
  //= (or reject all offers if none are acceptable)."
  //= rfc7296#3.3.6 "If there are multiple proposals, the responder MUST choose a single
  //= proposal."
  REQUIRE(answer.proposals.size() == 1);
  //= rfc7296#2.7 "If a proposal is accepted, the SA response MUST contain the same protocol."
  CHECK(answer.proposals[0].protocol == offer.proposals[0].protocol);
  //= rfc7296#2.7 "The accepted cryptographic suite MUST contain exactly one transform of each
  //= type included in the proposal."
  //= rfc7296#2.7 "256, AUTH_HMAC_MD5, and AUTH_HMAC_SHA, the accepted suite MUST contain one of
  //= the ENCR_ transforms and one of the"
  //= rfc7296#3.3.6 "If the selected proposal has multiple transforms with the same type, the
  //= responder MUST choose a single one."
  std::multiset<int> types;
  for (const wire::Transform& t : answer.proposals[0].transforms) types.insert(t.type);
  CHECK(types == std::multiset<int>{1, 2, 3, 4});
  //= rfc7296#3.3.1 "When a proposal is accepted, the proposal number in the SA payload MUST match
  //= the number on the proposal sent that was accepted."
  CHECK(answer.proposals[0].number == offer.proposals[0].number);
  //= rfc7296#3.3.6 "Any attributes of a selected transform MUST be returned unmodified."
  //= rfc7296#3.3.5 "The Key Length attribute specifies the key length in bits (MUST use network
  //= byte order) for certain transforms as follows:"
  for (const wire::Transform& t : answer.proposals[0].transforms)
    if (t.type == 1) {
      REQUIRE(t.attributes.size() == 1);
      CHECK(t.attributes[0].type == 14);
      CHECK(t.attributes[0].value == 256);
      //= rfc7296#3.3.5 "Attributes described as fixed length MUST NOT be encoded using the
      //= variable-length encoding unless that length exceeds two bytes."
      CHECK(t.attributes[0].tv);
    }
  // several key lengths are several transforms, each with one attribute
  //= rfc7296#3.3 "A transform MUST NOT have multiple attributes of the same type."
  //= rfc7296#3.3 "the AES encryption algorithm), an implementation MUST include multiple
  //= transforms with the same Transform Type"
  //= rfc7296#3.3.5 "The Key Length attribute MUST NOT be used with transforms that use a
  //= fixed-length key."
  int ciphers = 0;
  for (const wire::Transform& t : offer.proposals[0].transforms) {
    ciphers += t.type == 1;
    CHECK(t.attributes.size() == (t.type == 1 ? 1U : 0U));
  }
  CHECK(ciphers == 2);
  const std::string child = pair.a.all<trace::SaInstalled>().back()->encryption;
  CHECK(child == "ENCR_AES_CBC");
}

TEST_CASE("rfc7296 3.3: proposals are numbered from one, AEAD goes alone, best first",
          "[rfc7296]") {
  auto a = site_a();
  a.connections[0].proposals = {
      policy::parse_proposal("aes256gcm16-prfsha384-ecp384", wire::ProtocolId::ike).value(),
      policy::parse_proposal("aes256gcm16-prfsha256-x25519", wire::ProtocolId::ike).value(),
      policy::parse_proposal("aes256-sha256-modp2048", wire::ProtocolId::ike).value()};
  Pair pair(a, site_b());
  // The KE payload is for the first proposal, the answer asks for the second one's group.
  establish(pair);
  const auto& offer = sa_of(*sent(pair.a, "IKE_SA_INIT", false).at(0));
  //= rfc7296#3.3 "Each structure MUST have a proposal number one (1) greater than the previous
  //= structure."
  //= rfc7296#3.3 "The first Proposal in the initiator's SA payload MUST have a Proposal Num of
  //= one (1)."
  //= rfc7296#3.3.1 "is made, the first proposal in an SA payload MUST be 1, and subsequent
  //= proposals MUST be one more than the previous"
  for (std::size_t i = 0; i < offer.proposals.size(); ++i)
    CHECK(offer.proposals[i].number == i + 1);
  //= rfc7296#3.3 "If there is more than one, they MUST be ordered from most preferred to least
  //= preferred."
  CHECK(policy::to_string(offer.proposals[0]) == "aes256gcm16-prfsha384-ecp384");
  //= rfc7296#3.3 "encryption in a single encryption algorithm, and MUST either offer no integrity
  //= algorithm or a single integrity"
  for (const wire::Transform& t : offer.proposals[0].transforms) CHECK(t.type != 3);
  //= rfc7296#3.3.1 "SPI Size (1 octet) - For an initial IKE SA negotiation, this field MUST be
  //= zero; the SPI is obtained from the outer header."
  for (const wire::Proposal& proposal : offer.proposals) CHECK(proposal.spi.empty());
  const auto& answer = sa_of(*sent(pair.b, "IKE_SA_INIT", true).back());
  CHECK(answer.proposals[0].number == 2);
}

TEST_CASE("rfc7296 3.3.4, 3.3.6: only what is configured, and nothing that is not understood",
          "[rfc7296]") {
  const auto configured = std::vector{
      policy::parse_proposal("aes256gcm16-prfsha256-x25519", wire::ProtocolId::ike).value()};
  auto offered = configured;
  offered[0].number = 1;
  const auto chosen = [&] { return policy::select(offered, configured).chosen.has_value(); };
  //= rfc7296#3.3.4 "All implementations of IKEv2 MUST include a management facility that enables
  //= a user or system administrator to"
  //= rfc7296#3.3.4 "set of Transform IDs, the implementation MUST compare the transmitted
  //= Transform IDs against those locally configured"
  REQUIRE(chosen());
  SECTION("another suite is rejected") {
    offered = {policy::parse_proposal("aes128-sha256-modp2048", wire::ProtocolId::ike).value()};
    //= rfc7296#3.3.4 "The implementation MUST reject SA proposals that are not authorized by
    //= these IKE suite controls."
    CHECK_FALSE(chosen());
  }
  SECTION("an unknown transform type spoils its proposal, not the next") {
    //= rfc7296#3.3.6 "missing a mandatory Transform Type, it MUST consider this proposal
    //= unacceptable; however, other proposals in the"
    //= rfc7296#3.3.3 "A compliant implementation MUST understand all mandatory and optional types
    //= for each protocol it supports (though"
    offered[0].transforms.push_back({200, 1, {}});
    CHECK_FALSE(chosen());
    offered.push_back(configured[0]);
    offered[1].number = 2;
    const auto selection = policy::select(offered, configured);
    REQUIRE(selection.chosen);
    CHECK(selection.chosen->number == 2);
  }
  SECTION("a mandatory type is missing") {
    std::erase_if(offered[0].transforms, [](const wire::Transform& t) { return t.type == 2; });
    CHECK_FALSE(chosen());
  }
  SECTION("an unknown transform spoils only itself") {
    //= rfc7296#3.3.6 "Attribute it does not understand, it MUST consider this transform
    //= unacceptable; other transforms with the same"
    offered[0].transforms.insert(offered[0].transforms.begin(), {1, 4711, {}});
    CHECK(chosen());
  }
  SECTION("an unknown attribute spoils its transform") {
    for (wire::Transform& t : offered[0].transforms)
      if (t.type == 1) t.attributes.push_back({99, true, 1, {}});
    CHECK_FALSE(chosen());
  }
  SECTION("Key Length is missing where it is needed") {
    //= rfc7296#3.3.5 "transforms specify that the Key Length attribute MUST be always included
    //= (omitting the attribute is not allowed,"
    for (wire::Transform& t : offered[0].transforms) t.attributes.clear();
    CHECK_FALSE(chosen());
  }
  SECTION("an answer that was not offered ends the exchange") {
    //= rfc7296#3.3.6 "The initiator of an exchange MUST check that the accepted offer is
    //= consistent with one of its proposals, and if not MUST terminate the exchange."
    auto answer = configured[0];
    for (wire::Transform& t : answer.transforms)
      if (t.type == 1) t.attributes[0].value = 128;
    CHECK_FALSE(policy::check_answer(offered, answer).ok());
    CHECK(policy::check_answer(offered, offered[0]).ok());
  }
}
