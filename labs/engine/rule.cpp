#include "labs/engine/rule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "labs/engine/predicate.hpp"
#include "labs/engine/yaml.hpp"
#include "protocol/crypto/provider.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t deepest = 16;  // of nested calls; ours have four

/// Octets of the run, or words: numbers, ranges and names.
struct RuleValue {
  bool is_octets = false;
  Bytes octets;
  std::string text;
  [[nodiscard]] std::string written() const { return is_octets ? to_hex(octets) : text; }
};
RuleValue of(Bytes octets) {
  return {true, std::move(octets), ""};
}
RuleValue of(std::string text) {
  return {false, {}, std::move(text)};
}

Error rule_error(std::string message) {
  return Error{"E-LAB-014", std::move(message)};
}

Result<std::uint64_t> number_of(const RuleValue& value) {
  const auto number = value.is_octets ? std::nullopt : parse_integer(value.text);
  if (!number || *number < 0)
    return rule_error(fmt::format("a number is expected, not '{}'", value.written()));
  return static_cast<std::uint64_t>(*number);
}
Result<std::int64_t> signed_of(const RuleValue& value) {
  const auto number = value.is_octets ? std::nullopt : parse_integer(value.text);
  if (!number) return rule_error(fmt::format("a number is expected, not '{}'", value.written()));
  return *number;
}
Result<ByteView> octets_of(const RuleValue& value) {
  if (!value.is_octets) return rule_error(fmt::format("octets are expected, not '{}'", value.text));
  return ByteView(value.octets);
}

using Operands = std::vector<RuleValue>;
struct Function {
  std::size_t least, most;  ///< operands
  Result<RuleValue> (*call)(const Facts&, const Operands&);
};

std::string range(const Octets& octets) {
  return fmt::format("{}..{}", octets.begin, octets.end - 1);
}

Result<RuleValue> call_prf(const Facts& facts, const Operands& in) {
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
Result<RuleValue> call_octets(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  if (in.size() == 2) {
    IKELAB_TRY(const Octets field, facts.field(number, in[1].text));
    return of(std::to_string(field.size()));
  }
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::to_string(message->content->bytes.size()));
}
Result<RuleValue> call_range(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  if (in.size() == 2) {
    IKELAB_TRY(const Octets field, facts.field(number, in[1].text));
    return of(range(field));
  }
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(range({0, message->content->bytes.size()}));
}
/// identity(N, responder): the octets of the ID payload of message N after its generic header.
Result<RuleValue> call_identity(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  const auto type = in[1].text == "responder" ? wire::PayloadType::id_r : wire::PayloadType::id_i;
  IKELAB_TRY(const Octets payload, facts.inner_payload(number, type));
  return of(range({4, payload.size()}));
}
Result<RuleValue> call_exchange(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::string(message->content->exchange));
}
Result<RuleValue> call_message_id(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::to_string(message->content->message_id));
}
Result<RuleValue> call_sender(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const auto* message, facts.message(number));
  return of(std::string(message->node));
}
/// count(): all messages. count("IKE_AUTH"): those of that exchange.
Result<RuleValue> call_count(const Facts& facts, const Operands& in) {
  const auto& all = facts.messages();
  const auto matches = [&](const SentMessage& m) {
    return in.empty() || m.content->exchange == in[0].text;
  };
  return of(std::to_string(std::count_if(all.begin(), all.end(), matches)));
}
Result<RuleValue> call_field(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const std::uint64_t number, number_of(in[0]));
  IKELAB_TRY(const std::string value, facts.field_value(number, in[1].text));
  return of(value.substr(0, value.find(' ')));
}
Result<RuleValue> call_chosen(const Facts& facts, const Operands& in) {
  IKELAB_TRY(const auto* row, facts.negotiated(in[0].text));
  return of(std::string(row->chosen));
}
/// shift(a..b, x, y): a+x..b+y. shift(n, x): n+x.
Result<RuleValue> call_shift(const Facts&, const Operands& in) {
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
Result<RuleValue> call_text(const Facts&, const Operands& in) {
  IKELAB_TRY(const ByteView octets, octets_of(in[0]));
  return of(to_bytes(as_bytes(to_hex(octets))));
}
Result<RuleValue> call_first(const Facts&, const Operands& in) {
  IKELAB_TRY(const ByteView octets, octets_of(in[0]));
  IKELAB_TRY(const std::uint64_t count, number_of(in[1]));
  return of(to_bytes(octets.first(std::min<std::size_t>(count, octets.size()))));
}
/// choose(x, a, A, b, B, ...): the value beside the word that x is.
Result<RuleValue> call_choose(const Facts&, const Operands& in) {
  for (std::size_t i = 1; i + 1 < in.size(); i += 2)
    if (in[i].text == in[0].text) return in[i + 1];
  return rule_error(fmt::format("choose has nothing for '{}'", in[0].written()));
}

const std::map<std::string_view, Function>& functions() {
  static const std::map<std::string_view, Function> rows{
      {"prf", {2, 3, call_prf}},           {"octets", {1, 2, call_octets}},
      {"range", {1, 2, call_range}},       {"identity", {2, 2, call_identity}},
      {"exchange", {1, 1, call_exchange}}, {"message_id", {1, 1, call_message_id}},
      {"sender", {1, 1, call_sender}},     {"count", {0, 1, call_count}},
      {"field", {2, 2, call_field}},       {"chosen", {1, 1, call_chosen}},
      {"shift", {2, 3, call_shift}},       {"text", {1, 1, call_text}},
      {"first", {2, 2, call_first}},       {"choose", {3, 16, call_choose}},
  };
  return rows;
}

class Evaluator {
 public:
  Evaluator(std::string_view rule, const Facts& facts, const Values& parameters)
      : rule_(rule), facts_(facts), parameters_(parameters) {}

  Result<RuleValue> whole() {
    IKELAB_TRY(RuleValue value, expression(0));
    if (peek() != '\0') return here("an operator or the end is expected");
    return value;
  }

 private:
  Result<RuleValue> expression(std::size_t depth) {
    if (depth > deepest) return here("nested too deeply");
    IKELAB_TRY(RuleValue value, term(depth));
    while (peek() == '|') {
      ++at_;
      IKELAB_TRY(const RuleValue right, term(depth));
      IKELAB_TRY(const ByteView a, octets_of(value));
      IKELAB_TRY(const ByteView b, octets_of(right));
      value = of(concat({a, b}));
    }
    return value;
  }

  Result<RuleValue> term(std::size_t depth) {
    const char c = peek();
    if (c == '"') return quoted();
    const std::string_view word = take_word();
    if (word.empty()) return here("a name, a number or a text is expected");
    if (peek() == '(') return call(word, depth);
    if (parse_integer(word)) return of(std::string(word));
    for (const auto& [name, value] : parameters_)
      if (name == word) return of(std::string(value));
    IKELAB_TRY(Bytes octets, facts_.octets(word));
    return of(std::move(octets));
  }

  Result<RuleValue> quoted() {
    const std::size_t close = rule_.find('"', at_ + 1);
    if (close == std::string_view::npos) return here("a closing \" is expected");
    const std::string_view text = rule_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    return of(std::string(text));
  }

  Result<RuleValue> call(std::string_view name, std::size_t depth) {
    const auto row = functions().find(name);
    if (row == functions().end()) return here(fmt::format("there is no function '{}'", name));
    ++at_;
    Operands operands;
    while (peek() != ')') {
      if (!operands.empty()) {
        if (peek() != ',') return here("',' or ')' is expected");
        ++at_;
      }
      IKELAB_TRY(RuleValue value, expression(depth + 1));
      operands.push_back(std::move(value));
    }
    ++at_;
    if (operands.size() < row->second.least || operands.size() > row->second.most)
      return here(fmt::format("'{}' takes another number of values", name));
    return row->second.call(facts_, operands);
  }

  char peek() {
    while (at_ < rule_.size() && (rule_[at_] == ' ' || rule_[at_] == '\n')) ++at_;
    return at_ < rule_.size() ? rule_[at_] : '\0';
  }
  std::string_view take_word() {
    const std::size_t begin = at_;
    const auto part_of_word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '^' || c == '-';
    };
    while (at_ < rule_.size() && part_of_word(rule_[at_])) ++at_;
    return rule_.substr(begin, at_ - begin);
  }
  [[nodiscard]] Error here(std::string message) const {
    return rule_error(fmt::format("rule '{}', column {}: {}", rule_, at_ + 1, message));
  }

  std::string_view rule_;
  const Facts& facts_;
  const Values& parameters_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::string> evaluate(std::string_view rule, const Facts& facts, const Values& parameters) {
  IKELAB_TRY(const RuleValue value, Evaluator(rule, facts, parameters).whole());
  return value.written();
}

Result<std::string> evaluate_all(std::string_view text, const Facts& facts,
                                 const Values& parameters) {
  return substitute(text, [&](std::string_view rule) { return evaluate(rule, facts, parameters); });
}

}  // namespace ikelab::labs
