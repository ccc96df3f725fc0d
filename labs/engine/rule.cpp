#include "labs/engine/rule.hpp"

#include <fmt/format.h>

#include "labs/engine/rule_functions.hpp"
#include "labs/engine/yaml.hpp"

namespace ikelab::labs {
namespace {

using namespace rules;

constexpr std::size_t deepest = 16;  // of nested calls; ours have four

class Evaluator {
 public:
  Evaluator(std::string_view rule, const Facts& facts, const Values& parameters)
      : rule_(rule), facts_(facts), parameters_(parameters) {}

  Result<Value> whole() {
    IKELAB_TRY(Value value, expression(0));
    if (peek() != '\0') return here("an operator or the end is expected");
    return value;
  }

 private:
  Result<Value> expression(std::size_t depth) {
    if (depth > deepest) return here("nested too deeply");
    IKELAB_TRY(Value value, term(depth));
    while (peek() == '|') {
      ++at_;
      IKELAB_TRY(const Value right, term(depth));
      IKELAB_TRY(const ByteView a, octets_of(value));
      IKELAB_TRY(const ByteView b, octets_of(right));
      value = of(concat({a, b}));
    }
    return value;
  }

  Result<Value> term(std::size_t depth) {
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

  Result<Value> quoted() {
    const std::size_t close = rule_.find('"', at_ + 1);
    if (close == std::string_view::npos) return here("a closing \" is expected");
    const std::string_view text = rule_.substr(at_ + 1, close - at_ - 1);
    at_ = close + 1;
    return of(std::string(text));
  }

  Result<Value> call(std::string_view name, std::size_t depth) {
    const auto row = functions().find(name);
    if (row == functions().end()) return here(fmt::format("there is no function '{}'", name));
    ++at_;
    Operands operands;
    while (peek() != ')') {
      if (!operands.empty()) {
        if (peek() != ',') return here("',' or ')' is expected");
        ++at_;
      }
      IKELAB_TRY(Value value, expression(depth + 1));
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
  IKELAB_TRY(const Value value, Evaluator(rule, facts, parameters).whole());
  return value.written();
}

Result<std::string> evaluate_all(std::string_view text, const Facts& facts,
                                 const Values& parameters) {
  return substitute(text, [&](std::string_view rule) { return evaluate(rule, facts, parameters); });
}

}  // namespace ikelab::labs
