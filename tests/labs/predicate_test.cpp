// Predicates: the right answer is right in every spelling, and each usual mistake is told by its
// name.
#include "labs/engine/rule.hpp"
#include "labs/engine/verify.hpp"
#include "tests/labs/lab_support.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::labs;
using test::mistake_of;

namespace {

/// One student's run, with a shorthand for answers given as rules.
struct Class {
  explicit Class(const Values& values = {})
      : draw(test::draw_with("anna", values)),
        facts(test::pair_run(test::first_contact(), draw).value().events) {}
  std::string rule(const std::string& text) const {
    return evaluate(text, facts, draw.values).value();
  }
  std::string told(const std::string& path, const std::string& text) const {
    return mistake_of(facts, draw, path, rule(text));
  }
  std::string answered(const std::string& path, const std::string& answer) const {
    return mistake_of(facts, draw, path, answer);
  }
  Draw draw;
  Facts facts;
};

}  // namespace

TEST_CASE("labs predicates: SKEYSEED, right and every usual way wrong") {
  const Class c;
  const std::string path = "skeyseed.skeyseed";
  CHECK(c.told(path, "prf(Ni | Nr, g^ir)").empty());
  CHECK(c.told(path, "SKEYSEED").empty());
  CHECK(c.told(path, "prf(Nr | Ni, g^ir)") == "nonces_swapped");
  CHECK(c.told(path, "prf(g^ir, Ni | Nr)") == "key_and_data_swapped");
  CHECK(c.told(path, "prf(g^ir, Nr | Ni)") == "key_and_data_swapped");
  CHECK(c.told(path, "prf(Ni, g^ir)") == "one_nonce");
  CHECK(c.told(path, "prf(Nr, g^ir)") == "one_nonce");
  CHECK(c.told(path, "prf(Ni | Nr, g^ir, \"prfsha384\")") == "other_prf");
  CHECK(c.told(path, "prf(text(Ni | Nr), text(g^ir))") == "hex_as_text");
  CHECK(c.told(path, "prf(text(Ni | Nr), g^ir)") == "hex_as_text");
  CHECK(c.told(path, "prf(Ni | Nr, text(g^ir))") == "hex_as_text");
  CHECK(c.told(path, "prf(Ni | Nr, KEi)") == "public_value");
  CHECK(c.told(path, "KEr") == "public_value");
  CHECK(c.told(path, "g^ir") == "shared_secret");
  CHECK(c.told(path, "SK_d") == "other_key");
  CHECK(c.told(path, "first(SKEYSEED, 20)") == "truncated");
  CHECK(c.told(path, "first(SK_d, 20)") == "wrong_length");
  CHECK(c.told(path, "prf(SPIi, SPIr)") == "wrong");
  CHECK(c.answered(path, "") == "unanswered");
  CHECK(c.answered(path, "not hex at all") == "malformed");
  CHECK(c.answered(path, std::string(100'000, 'a')) == "malformed");
}

TEST_CASE("labs predicates: answers may be spelled as people do") {
  const Class c;
  std::string spaced;
  for (const char ch : c.rule("SKEYSEED"))
    spaced += std::string(1, static_cast<char>(std::toupper(ch))) + " ";
  CHECK(c.answered("skeyseed.skeyseed", "0x" + c.rule("SKEYSEED")).empty());
  CHECK(c.answered("skeyseed.skeyseed", spaced).empty());
  CHECK(c.answered("speakers.third", " ike_auth ").empty());
  CHECK(c.answered("speakers.messages", "0x4").empty());
  CHECK(c.answered("auth.own_message",
                   "0 - " + std::to_string(c.facts.message(1).value()->content->bytes.size() - 1))
            .empty());
}

TEST_CASE("labs predicates: who, how many, which, how long") {
  const Class c(Values{{"starter", "gw-b"}});
  CHECK(c.answered("speakers.initiator", "gw-b").empty());
  CHECK(c.answered("speakers.initiator", "gw-a") == "other_role");
  CHECK(c.answered("speakers.initiator", "initiator") == "role_itself");
  CHECK(c.answered("speakers.initiator", "gw-c") == "wrong");
  CHECK(c.answered("speakers.messages", "4").empty());
  CHECK(c.answered("speakers.messages", "2") == "exchanges_counted");
  CHECK(c.answered("speakers.messages", "8") == "both_ends");
  CHECK(c.answered("speakers.third", "IKE_SA_INIT") == "other_message");
  CHECK(c.told("names.spi_i", "SPIi").empty());
  CHECK(c.told("names.spi_i", "SPIr") == "other_side");
  CHECK(c.answered("names.spi_r", "0000 0000 0000 0000") == "not_yet_chosen");
  CHECK(c.answered("names.id_of_3", "1").empty());
  CHECK(c.answered("names.id_of_3", "3") == "counted_messages");
  CHECK(c.answered("names.id_of_3", "0") == "other_message");
  CHECK(c.told("lengths.message_2", "octets(2)").empty());
  CHECK(c.told("lengths.message_2", "shift(octets(2), 8)") == "with_udp_header");
  CHECK(c.told("lengths.message_2", "shift(octets(2), 28)") == "with_ip_header");
  CHECK(c.told("lengths.message_2", "shift(octets(2), -28)") == "without_ike_header");
  CHECK(c.told("lengths.message_2", "octets(3)") == "other_message");
  CHECK(c.told("lengths.ke_data", "octets(1, \"Key Exchange Data\")").empty());
  CHECK(c.told("lengths.ke_data", "shift(octets(1, \"Key Exchange Data\"), 8)") ==
        "with_payload_header");
  CHECK(c.answered("lengths.ke_data", "64") == "hex_digits");
  CHECK(c.answered("lengths.ke_data", "256") == "in_bits");
  CHECK(c.answered("lengths.ke_data", "-1") == "wrong");
  CHECK(c.answered("lengths.ke_data", "99999999999999999999") == "malformed");
}

TEST_CASE("labs predicates: what AUTH covers, of both sides") {
  for (const bool initiator : {true, false}) {
    const Class c(Values{{"signer", initiator ? "initiator" : "responder"}});
    const std::string own = initiator ? "1" : "2", other = initiator ? "2" : "1",
                      auth = initiator ? "3" : "4";
    const std::string message = "range(" + own + ")",
                      nonce = "range(" + other + ", \"Nonce Data\")";
    const std::string identity = "identity(" + auth + ", signer)";
    INFO("signer is the " << *c.draw.value("signer"));
    CHECK(c.told("auth.own_message", message).empty());
    CHECK(c.told("auth.own_message", "shift(" + message + ", 28, 0)") == "header_left_out");
    CHECK(c.told("auth.own_message", "shift(" + message + ", 0, 1)") == "end_exclusive");
    CHECK(c.told("auth.own_message", "shift(" + message + ", 1, 1)") == "counted_from_one");
    CHECK(c.answered("auth.own_message", "0..27") == "only_header");
    CHECK(c.told("auth.nonce", nonce).empty());
    CHECK(c.told("auth.nonce", "shift(" + nonce + ", -4, 0)") == "payload_header");
    CHECK(c.told("auth.nonce", "shift(" + nonce + ", 0, 1)") == "end_exclusive");
    CHECK(c.told("auth.nonce", "range(" + other + ")") == "whole_message");
    CHECK(c.told("auth.identity", identity).empty());
    CHECK(c.told("auth.identity", "shift(" + identity + ", -4, 0)") == "whole_payload");
    CHECK(c.told("auth.identity", "shift(" + identity + ", 4, 0)") == "data_only");
    CHECK(c.answered("auth.nonce", "7..3") == "malformed");
    CHECK(c.answered("auth.nonce", "100000..200000") == "wrong");
  }
}

TEST_CASE("labs predicates: rows that First contact does not use") {
  const Class c;
  const auto verdict = [&](const char* kind, const Arguments& with, const std::string& answer) {
    return judge(*find_predicate(kind), c.facts, with, answer).value();
  };
  const std::string chosen = c.rule("chosen(\"IKE\")");
  CHECK(verdict("proposal", {{"protocol", "IKE"}}, chosen).met);
  CHECK(verdict("proposal", {{"protocol", "ESP"}}, chosen).mistake == "other_protocol");
  CHECK(verdict("message_field", {{"message", "1"}, {"field", "Message ID"}}, "0").met);
  CHECK(verdict("message_field", {{"message", "1"}, {"field", "Message ID"}}, "1").mistake ==
        "other_message");
  CHECK(verdict("message_count", {}, "4").met);
}

TEST_CASE("labs predicates: a lab that asks for what the run has not is an error, not a verdict") {
  const Class c;
  const auto code = [&](const char* kind, const Arguments& with) {
    return judge(*find_predicate(kind), c.facts, with, "1").error().code;
  };
  CHECK(code("message_octets", {{"message", "77"}}) == "E-LAB-015");
  CHECK(code("message_octets", {{"message", "x"}}) == "E-LAB-012");
  CHECK(code("field_octets", {{"message", "1"}, {"field", "Nonsense"}}) == "E-LAB-015");
  CHECK(code("key", {{"name", "SK_x"}}) == "E-LAB-015");
  CHECK(code("role", {{"role", "boss"}}) == "E-LAB-012");
  CHECK(code("auth_octets", {{"subject", "initiator"}, {"part", "all"}}) == "E-LAB-012");
}

TEST_CASE(
    "labs predicates: every mistake a predicate tells has words that do not hold the answer") {
  for (const Predicate& row : predicates()) {
    for (const Mistake& mistake : row.mistakes) {
      CHECK(mistake.feedback.size() > 20);
      CHECK(mistake.feedback.find("{{") == std::string_view::npos);
    }
  }
}

TEST_CASE("labs predicates: feedback does not give the solution away") {
  const Class c;
  const std::string right = c.rule("SKEYSEED");
  for (const char* wrong : {"prf(Nr | Ni, g^ir)", "prf(Ni, g^ir)", "first(SKEYSEED, 20)"}) {
    const auto result =
        grade(test::first_contact(), c.draw, c.facts, {{"skeyseed.skeyseed", c.rule(wrong)}})
            .value();
    CHECK(result.check("skeyseed.skeyseed")->feedback.find(right.substr(0, 8)) ==
          std::string::npos);
  }
}
