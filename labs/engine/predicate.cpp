#include "labs/engine/predicate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "labs/engine/predicate_rows.hpp"
#include "labs/engine/rule.hpp"
#include "labs/engine/yaml.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t most_answer_octets = 4096;  // the longest right answer of ours has 128

constexpr Mistake common[] = {
    {"unanswered", "Not answered yet."},
    {"malformed",
     "This is not written as an answer of this kind; the form is shown in answers.yaml."},
    {"truncated", "The first octets are right, but some are missing: copy the whole value."},
    {"wrong_length",
     "The value has not the length it must have. Which algorithm gives how many octets?"},
    {"wrong",
     "Not right, and not one of the usual mistakes. Ask for a hint, and read the handout's "
     "step for this goal again."},
};

std::string without_spaces(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') out += c;
  return out;
}

std::optional<std::string> canonical_range(const std::string& text) {
  std::size_t cut = text.find("..");
  const std::size_t dots = cut == std::string::npos ? 1 : 2;
  if (cut == std::string::npos) cut = text.find('-', 1);
  if (cut == std::string::npos) return std::nullopt;
  const auto first = parse_integer(std::string_view(text).substr(0, cut));
  const auto last = parse_integer(std::string_view(text).substr(cut + dots));
  if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
  return fmt::format("{}..{}", *first, *last);
}

std::optional<std::string> canonical_hex(const std::string& text) {
  const auto octets = from_hex(text);
  if (!octets.ok() || octets->empty()) return std::nullopt;
  return to_hex(*octets);
}

std::optional<std::string> canonical_word(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

/// The answer is what a rule of the lab gives; the lab tells its own mistakes (`ways:`).
Predicate value_predicate(std::string_view kind, Form form) {
  return {kind,
          "the answer is the value of a rule over the run",
          {"rule"},
          {"message"},
          form,
          {},
          [](const Facts& facts, const Arguments& arguments) -> Result<Truth> {
            IKELAB_TRY(std::string value, evaluate(argument(arguments, "rule"), facts, {}));
            return Truth{std::move(value), {}};
          }};
}

}  // namespace

std::span<const Mistake> common_mistakes() {
  return common;
}

std::span<const Predicate> predicates() {
  static const std::vector<Predicate> rows{
      key_predicate(),
      role_predicate(),
      message_count_predicate(),
      exchange_predicate(),
      message_id_predicate(),
      message_octets_predicate(),
      field_octets_predicate(),
      message_field_predicate(),
      ike_spi_predicate(),
      proposal_predicate(),
      auth_octets_predicate(),
      auth_identity_predicate(),
      value_predicate("hex_value", Form::hex),
      value_predicate("number_value", Form::number),
      value_predicate("range_value", Form::range),
      value_predicate("word_value", Form::word),
  };
  return rows;
}

const Predicate* find_predicate(std::string_view kind) {
  for (const Predicate& row : predicates())
    if (row.kind == kind) return &row;
  return nullptr;
}

const Mistake* find_mistake(const Predicate& predicate, std::string_view mistake) {
  for (const Mistake& row : predicate.mistakes)
    if (row.name == mistake) return &row;
  for (const Mistake& row : common)
    if (row.name == mistake) return &row;
  return nullptr;
}

std::string_view argument(const Arguments& arguments, std::string_view name) {
  for (const auto& [key, value] : arguments)
    if (key == name) return value;
  return {};
}

Result<std::uint64_t> message_argument(const Arguments& arguments) {
  const auto number = parse_integer(argument(arguments, "message"));
  if (number && *number > 0) return static_cast<std::uint64_t>(*number);
  return Error{"E-LAB-012", "'message' must be the number of a message, from 1"};
}

Result<std::string> word_argument(const Arguments& arguments, std::string_view name,
                                  const std::vector<std::string>& allowed) {
  const std::string word(argument(arguments, name));
  if (std::find(allowed.begin(), allowed.end(), word) != allowed.end()) return word;
  return Error{"E-LAB-012", fmt::format("'{}' is '{}'", name, word)}.expect(
      fmt::format("expected one of {}", fmt::join(allowed, ", ")));
}

std::string range_text(std::size_t first, std::size_t last) {
  return fmt::format("{}..{}", first, last);
}

std::optional<std::string> canonical(Form form, std::string_view answer) {
  if (answer.size() > most_answer_octets) return std::nullopt;
  const std::string text = without_spaces(answer);
  switch (form) {
    case Form::hex:
      return canonical_hex(text);
    case Form::range:
      return canonical_range(text);
    case Form::word:
      return canonical_word(text);
    case Form::number:
      break;
  }
  const auto value = parse_integer(text);
  return value ? std::optional(std::to_string(*value)) : std::nullopt;
}

std::uint64_t event_of(const Facts& facts, const Arguments& arguments) {
  const auto number = parse_integer(argument(arguments, "message"));
  const std::string_view name = argument(arguments, "name"),
                         protocol = argument(arguments, "protocol"),
                         subject = argument(arguments, "subject");
  for (const SentMessage& m : facts.messages())
    if (number && m.number == static_cast<std::uint64_t>(*number)) return m.seq;
  for (const trace::Event& event : facts.events()) {
    if (const auto* key = std::get_if<trace::KeyDerived>(&event.body))
      if (!name.empty() && key->name == name) return event.seq;
    if (const auto* row = std::get_if<trace::Negotiated>(&event.body))
      if (!protocol.empty() && row->protocol == protocol) return event.seq;
    if (const auto* auth = std::get_if<trace::AuthDecided>(&event.body))
      if (!subject.empty() && auth->subject == subject) return event.seq;
  }
  return 0;
}

Result<Verdict> judge(const Predicate& predicate, const Facts& facts, const Arguments& arguments,
                      const std::string& answer, const std::vector<OwnWay>& own) {
  IKELAB_TRY(const Truth truth, predicate.truth(facts, arguments));
  const auto right = canonical(predicate.form, truth.answer);
  if (!right)
    return Error{"E-LAB-012", fmt::format("'{}' gives '{}', which is no such answer",
                                          predicate.kind, truth.answer)};
  if (without_spaces(answer).empty()) return Verdict{false, "unanswered"};
  const auto given = canonical(predicate.form, answer);
  if (!given) return Verdict{false, "malformed"};
  if (*given == *right) return Verdict{true, ""};
  for (const WrongWay& way : truth.wrong_ways) {
    IKELAB_ASSERT(find_mistake(predicate, way.mistake) != nullptr);
    if (canonical(predicate.form, way.answer) == given)
      return Verdict{false, std::string(way.mistake)};
  }
  for (const OwnWay& way : own)
    if (canonical(predicate.form, way.answer) == given) return Verdict{false, way.mistake};
  if (predicate.form == Form::hex && given->size() != right->size()) {
    const bool prefix = given->size() >= 8 && right->starts_with(*given);
    return Verdict{false, prefix ? "truncated" : "wrong_length"};
  }
  return Verdict{false, "wrong"};
}

}  // namespace ikelab::labs
