#include "labs/engine/rule_functions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "labs/engine/placeholder.hpp"
#include "labs/engine/yaml.hpp"
#include "protocol/crypto/provider.hpp"

namespace ikelab::labs::rules {
namespace {

constexpr std::uint64_t most_prf_plus = 1024;

Result<std::uint64_t> number_of(const Value& value) {
  const auto number = value.is_octets ? std::nullopt : parse_integer(value.text);
  if (!number || *number < 0)
    return rule_error(fmt::format("a number is expected, not '{}'", value.written()));
  return static_cast<std::uint64_t>(*number);
}
Result<std::int64_t> signed_of(const Value& value) {
  const auto number = value.is_octets ? std::nullopt : parse_integer(value.text);
  if (!number) return rule_error(fmt::format("a number is expected, not '{}'", value.written()));
  return *number;
}
std::string range(const Octets& octets) {
  return fmt::format("{}..{}", octets.begin, octets.end - 1);
}

Result<Value> call_prf(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const auto* prf, facts.prf());
  IKELAB_TRY(const ByteView key, octets_of(in[0]));
  IKELAB_TRY(const ByteView data, octets_of(in[1]));
  if (in.size() == 3) {
    prf = crypto::find_keyword(crypto::TransformType::prf, in[2].text);
    if (prf == nullptr) return rule_error(fmt::format("unknown PRF '{}'", in[2].text));
  }
  IKELAB_TRY(const Secret out, crypto::openssl_provider()->prf(*prf, key, data));
  return of(to_bytes(out.reveal()));
}
Result<Value> call_octets(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  if (in.size() == 2) {
    IKELAB_TRY(const Octets field, facts.field(number, in[1].text));
    return of(std::to_string(field.size()));
  }
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::to_string(message->content->bytes.size()));
}
Result<Value> call_range(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  if (in.size() == 2) {
    IKELAB_TRY(const Octets field, facts.field(number, in[1].text));
    return of(range(field));
  }
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(range({0, message->content->bytes.size()}));
}
/// identity(N, responder): the octets of the ID payload of message N after its generic header.
Result<Value> call_identity(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  const auto type = in[1].text == "responder" ? wire::PayloadType::id_r : wire::PayloadType::id_i;
  IKELAB_TRY(const Octets payload, facts.inner_payload(number, type));
  return of(range({4, payload.size()}));
}
Result<Value> call_exchange(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::string(message->content->exchange));
}
Result<Value> call_message_id(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::to_string(message->content->message_id));
}
Result<Value> call_sender(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::string(message->node));
}
/// count(): all messages. count("IKE_AUTH"): those of that exchange.
Result<Value> call_count(const Facts& facts, const Operands& in) {
  const auto& all = facts.messages();
  const auto matches = [&](const SentMessage& m) {
    return in.empty() || m.content->exchange == in[0].text;
  };
  return of(std::to_string(std::count_if(all.begin(), all.end(), matches)));
}
Result<Value> call_field(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const std::string value, facts.field_value(number, in[1].text));
  return of(value.substr(0, value.find(' ')));
}
Result<Value> call_chosen(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const auto* row, facts.negotiated(in[0].text));
  return of(std::string(row->chosen));
}
/// shift(a..b, x, y): a+x..b+y. shift(n, x): n+x.
Result<Value> call_shift(const Facts&, const Operands& in) {
  IKELAB_TRY(const std::int64_t by, signed_of(in[1]));
  if (in.size() == 2) {
    IKELAB_TRY(const std::int64_t number, signed_of(in[0]));
    return of(std::to_string(number + by));
  }
  IKELAB_TRY(const std::int64_t last_by, signed_of(in[2]));
  const std::size_t dots = in[0].text.find("..");
  if (dots == std::string::npos) return rule_error("shift wants a range and two numbers");
  const auto first = parse_integer(std::string_view(in[0].text).substr(0, dots));
  const auto last = parse_integer(std::string_view(in[0].text).substr(dots + 2));
  if (!first || !last) return rule_error("shift wants a range and two numbers");
  return of(fmt::format("{}..{}", *first + by, *last + last_by));
}
/// text(x): the hex digits of octets, as octets. first(x, n): the first n octets.
Result<Value> call_text(const Facts&, const Operands& in) {
  IKELAB_TRY(const ByteView octets, octets_of(in[0]));
  return of(to_bytes(as_bytes(to_hex(octets))));
}
Result<Value> call_first(const Facts&, const Operands& in) {
  IKELAB_TRY(const ByteView octets, octets_of(in[0]));
  IKELAB_TRY(const std::uint64_t count, number_of(in[1]));
  return of(to_bytes(octets.first(std::min<std::size_t>(count, octets.size()))));
}
/// choose(x, a, A, b, B, ...): the value beside the word that x is.
Result<Value> call_choose(const Facts&, const Operands& in) {
  for (std::size_t i = 1; i + 1 < in.size(); i += 2)
    if (in[i].text == in[0].text) return in[i + 1];
  return rule_error(fmt::format("choose has nothing for '{}'", in[0].written()));
}

/// item("b,c,a", 2): "c".
Result<Value> call_item(const Facts&, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[1]));
  const auto words = words_of(in[0].text);
  if (number < 1 || number > words.size())
    return rule_error(fmt::format("there is no item {} of '{}'", number, in[0].text));
  return of(std::string(words[number - 1]));
}
/// place("b,c,a", "a"): "3".
Result<Value> call_place(const Facts&, const Operands& in) {
  const auto words = words_of(in[0].text);
  const auto at = std::find(words.begin(), words.end(), in[1].text);
  if (at == words.end()) return rule_error(fmt::format("'{}' is not in the list", in[1].text));
  return of(std::to_string(at - words.begin() + 1));
}
/// when(x, "a", then, else): `then` if x is a.
Result<Value> call_when(const Facts&, const Operands& in) {
  return in[0].written() == in[1].written() ? in[2] : in[3];
}
/// join(a, b, ...): texts one after another.
Result<Value> call_join(const Facts&, const Operands& in) {
  std::string out;
  for (const Value& value : in) out += value.written();
  return of(std::move(out));
}
/// slice(octets, first, past).
Result<Value> call_slice(const Facts&, const Operands& in) {
  IKELAB_TRY(const ByteView octets, octets_of(in[0]));
  IKELAB_TRY(const std::uint64_t first, number_of(in[1]));
  IKELAB_TRY(const std::uint64_t past, number_of(in[2]));
  if (past < first || past > octets.size())
    return rule_error(fmt::format("there are no octets {}..{}", first, past));
  return of(to_bytes(octets.subspan(first, past - first)));
}
/// prfplus(key, seed, length): prf+ of RFC 7296, 2.13, with the negotiated PRF.
Result<Value> call_prf_plus(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const auto* prf, facts.prf());
  IKELAB_TRY(const ByteView key, octets_of(in[0]));
  IKELAB_TRY(const ByteView seed, octets_of(in[1]));
  IKELAB_TRY(const std::uint64_t length, number_of(in[2]));
  if (length > most_prf_plus) return rule_error("prfplus gives at most 1024 octets");
  Bytes out, block;
  for (std::uint8_t count = 1; out.size() < length; ++count) {
    const std::uint8_t last[] = {count};
    const Bytes data = concat({block, seed, last});
    IKELAB_TRY(const Secret next, crypto::openssl_provider()->prf(*prf, key, data));
    block = to_bytes(next.reveal());
    out.insert(out.end(), block.begin(), block.end());
  }
  out.resize(length);
  return of(std::move(out));
}
/// octets("00a1"): hex digits as octets.
Result<Value> call_hex(const Facts&, const Operands& in) {
  auto octets = from_hex(in[0].text);
  if (!octets.ok()) return rule_error(fmt::format("'{}' is not hex", in[0].text));
  return of(std::move(*octets));
}
/// number(octets): as a number, most significant octet first; at most four octets.
Result<Value> call_number(const Facts&, const Operands& in) {
  IKELAB_TRY(const ByteView octets, octets_of(in[0]));
  if (octets.size() > 4) return rule_error("number takes at most four octets");
  std::uint64_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return of(std::to_string(value));
}
/// key("SK_d"), key("SK_d", "gw-a"): the output of the first derivation of that name.
Result<Value> call_key(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const auto* key, facts.key(in[0].text, in.size() == 2 ? in[1].text : ""));
  return of(Bytes(key->output));
}
/// key_length("SK_ei"): its octets.
Result<Value> call_key_length(const Facts& facts, const Operands& in) {
  for (const trace::Event& event : facts.events())
    if (const auto* key = std::get_if<trace::KeyDerived>(&event.body);
        key && key->name == in[0].text)
      return of(std::to_string(key->length));
  return Error{"E-LAB-015", fmt::format("the run has no key {}", in[0].text)};
}

/// The nth event of a kind at a node for which `take` gives something.
template <class Body, class Take>
Result<Value> nth(const Facts& facts, const std::string& node, std::uint64_t n,
                  std::string_view what, Take take) {
  for (const trace::Event& event : facts.events()) {
    const auto* body = std::get_if<Body>(&event.body);
    if (body == nullptr || (!node.empty() && event.node != node)) continue;
    if (std::optional<Value> value = take(*body); value && --n == 0) return std::move(*value);
  }
  return Error{"E-LAB-015", fmt::format("the run has not so many {} at '{}'", what, node)};
}
/// esp_spi("gw-a", "out", 2): the SPI of the second such SA.
Result<Value> call_esp_spi(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t n, number_of(in[2]));
  return nth<trace::SaInstalled>(facts, in[0].text, n, "ESP SAs",
                                 [&](const trace::SaInstalled& sa) -> std::optional<Value> {
                                   if (sa.protocol != "ESP" || sa.direction != in[1].text)
                                     return std::nullopt;
                                   return of(from_hex(sa.spi).value());
                                 });
}
/// inner("gw-a", n): the nth packet that gw-a sealed, as it was inside.
Result<Value> call_inner(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t n, number_of(in[1]));
  return nth<trace::EspSealed>(facts, in[0].text, n, "ESP packets", [](const trace::EspSealed& p) {
    return std::optional(of(p.inner));
  });
}
/// rejected("gw-b", "E-ESP-REPLAY"): how many. sealed("gw-a"), opened("gw-b"): the same.
Result<Value> call_rejected(const Facts& facts, const Operands& in) {
  std::size_t count = 0;
  for (const trace::Event& event : facts.events())
    if (const auto* r = std::get_if<trace::EspRejected>(&event.body))
      count += event.node == in[0].text && (in.size() == 1 || r->code == in[1].text);
  return of(std::to_string(count));
}
template <class Body>
Result<Value> call_count_of(const Facts& facts, const Operands& in) {
  std::size_t count = 0;
  for (const trace::Event& event : facts.events())
    count += event.node == in[0].text && std::holds_alternative<Body>(event.body);
  return of(std::to_string(count));
}
/// diagnostic("gw-b", n): the code of the nth refusal at a node.
Result<Value> call_diagnostic(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t n, number_of(in[1]));
  return nth<trace::Diagnostic>(facts, in[0].text, n, "diagnostics",
                                [](const trace::Diagnostic& d) -> std::optional<Value> {
                                  if (d.severity != "error") return std::nullopt;
                                  return of(std::string(d.code));
                                });
}
/// who("initiator"): the identity that side proved or claimed.
Result<Value> call_who(const Facts& facts, const Operands& in) {
  return nth<trace::AuthDecided>(facts, "", 1, "identities",
                                 [&](const trace::AuthDecided& a) -> std::optional<Value> {
                                   if (a.subject != in[0].text) return std::nullopt;
                                   return of(std::string(a.identity));
                                 });
}
/// learnt("eve", "identity"): the octets an adversary noted under that name.
Result<Value> call_learnt(const Facts& facts, const Operands& in) {
  return nth<trace::AttackKnowledge>(facts, in[0].text, 1, "things learnt",
                                     [&](const trace::AttackKnowledge& k) -> std::optional<Value> {
                                       if (k.item != in[1].text) return std::nullopt;
                                       return of(k.value);
                                     });
}
/// inside(N, "Authentication Data"): the octets of a field in the decrypted content of message N.
Result<Value> call_inside(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  IKELAB_TRY(const Octets field, facts.field(number, in[1].text, true));
  return of(
      to_bytes(ByteView(message->content->plain).subspan(field.begin, field.end - field.begin)));
}
/// payloads(N): the payloads of message N, as `show messages` names them.
Result<Value> call_payloads(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::string(message->content->payloads));
}
/// find("gw-a", "CREATE_CHILD_SA", "request", n): the number of the nth such message of a node.
Result<Value> call_find(const Facts& facts, const Operands& in) {
  IKELAB_TRY(std::uint64_t n, number_of(in[3]));
  for (const SentMessage& m : facts.messages())
    if (m.node == in[0].text && m.content->exchange == in[1].text && m.content->attempt == 0 &&
        m.content->response == (in[2].text == "response") && --n == 0)
      return of(std::to_string(m.number));
  return Error{"E-LAB-015", fmt::format("{} sent no such {}", in[0].text, in[1].text)};
}
/// metric("ping host-a", "received"): the last value.
Result<Value> call_metric(const Facts& facts, const Operands& in) {
  std::optional<std::int64_t> value;
  for (const trace::Event& event : facts.events())
    if (const auto* m = std::get_if<trace::Metric>(&event.body))
      if (m->subject.starts_with(in[0].text) && m->name == in[1].text) value = m->value;
  if (value) return of(std::to_string(*value));
  return Error{"E-LAB-015", fmt::format("the run has no {} of '{}'", in[1].text, in[0].text)};
}

}  // namespace

Value of(Bytes octets) {
  return {true, std::move(octets), ""};
}
Value of(std::string text) {
  return {false, {}, std::move(text)};
}
Error rule_error(std::string message) {
  return Error{"E-LAB-014", std::move(message)};
}
Result<ByteView> octets_of(const Value& value) {
  if (!value.is_octets) return rule_error(fmt::format("octets are expected, not '{}'", value.text));
  return ByteView(value.octets);
}

const std::map<std::string_view, Function>& functions() {
  static const std::map<std::string_view, Function> rows{
      {"prf", {2, 3, call_prf}},
      {"octets", {1, 2, call_octets}},
      {"range", {1, 2, call_range}},
      {"identity", {2, 2, call_identity}},
      {"exchange", {1, 1, call_exchange}},
      {"message_id", {1, 1, call_message_id}},
      {"sender", {1, 1, call_sender}},
      {"count", {0, 1, call_count}},
      {"field", {2, 2, call_field}},
      {"chosen", {1, 1, call_chosen}},
      {"shift", {2, 3, call_shift}},
      {"text", {1, 1, call_text}},
      {"first", {2, 2, call_first}},
      {"choose", {3, 16, call_choose}},
      {"item", {2, 2, call_item}},
      {"place", {2, 2, call_place}},
      {"when", {4, 4, call_when}},
      {"join", {1, 16, call_join}},
      {"slice", {3, 3, call_slice}},
      {"prfplus", {3, 3, call_prf_plus}},
      {"hex", {1, 1, call_hex}},
      {"key", {1, 2, call_key}},
      {"key_length", {1, 1, call_key_length}},
      {"esp_spi", {3, 3, call_esp_spi}},
      {"inner", {2, 2, call_inner}},
      {"rejected", {1, 2, call_rejected}},
      {"sealed", {1, 1, call_count_of<trace::EspSealed>}},
      {"opened", {1, 1, call_count_of<trace::EspOpened>}},
      {"diagnostic", {2, 2, call_diagnostic}},
      {"who", {1, 1, call_who}},
      {"learnt", {2, 2, call_learnt}},
      {"inside", {2, 2, call_inside}},
      {"number", {1, 1, call_number}},
      {"payloads", {1, 1, call_payloads}},
      {"find", {4, 4, call_find}},
      {"metric", {2, 2, call_metric}},
  };
  return rows;
}

}  // namespace ikelab::labs::rules
