#include "labs/engine/draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "labs/engine/yaml.hpp"
#include "protocol/crypto/provider.hpp"

namespace ikelab::labs {
namespace {

constexpr std::size_t least_secret_octets = 16;   // 128 bit if it is random
constexpr std::uint64_t most_seed = 999'999'999;  // nine digits: short enough to read to somebody

/// Each text with its length before it, so that no two lists of texts give the same octets.
Bytes framed(std::string_view label, const std::vector<std::string>& parts) {
  Bytes out;
  const auto add = [&](std::string_view text) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(text.size() >> shift));
    out.insert(out.end(), text.begin(), text.end());
  };
  add(label);
  for (const std::string& part : parts) add(part);
  return out;
}

std::uint64_t first_64_bits(const Bytes& mac) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | mac[i];
  return value;
}

/// One of the orders of the words: the number in the factorial number system says which.
std::string shuffled(std::vector<std::string> words, std::uint64_t number) {
  std::string out;
  while (!words.empty()) {
    const auto at = static_cast<std::ptrdiff_t>(number % words.size());
    number /= words.size();
    out += (out.empty() ? "" : ",") + words[static_cast<std::size_t>(at)];
    words.erase(words.begin() + at);
  }
  return out;
}

/// `number` modulo the size of the range; the bias is below 2^-30 for every range of ours.
std::string drawn_value(const Parameter& parameter, std::uint64_t number) {
  switch (parameter.kind) {
    case Parameter::Kind::choice:
      return parameter.choices[number % parameter.choices.size()];
    case Parameter::Kind::integer: {
      const auto span = static_cast<std::uint64_t>(parameter.max - parameter.min) + 1;
      return std::to_string(parameter.min + static_cast<std::int64_t>(number % span));
    }
    case Parameter::Kind::order:
      return shuffled(parameter.choices, number);
    case Parameter::Kind::seed:
      break;
  }
  return std::to_string(1 + number % most_seed);
}

}  // namespace

Course Course::demo() {
  Course out;
  out.name_ = "demo";
  out.secret_ = Secret(to_bytes(as_bytes("ikelab demo course: this secret is public")));
  out.demo_ = true;
  return out;
}

Result<Course> Course::load(const std::filesystem::path& file) {
  IKELAB_TRY(const Yaml yaml, Yaml::load(file));
  IKELAB_CHECK(yaml.require_map(yaml.root(), {"course", "secret", "deadlines"}));
  Course out;
  IKELAB_TRY(out.name_, yaml.text(yaml.root(), "course"));
  IKELAB_TRY(const std::string secret, yaml.text(yaml.root(), "secret"));
  if (!check_student(out.name_).ok() || out.name_ == "demo")
    return yaml.error(*yaml.root().find("course"), "E-LAB-040", "not a name for a course",
                      "letters, digits, '.', '_', '-'; 'demo' is taken");
  if (secret.size() < least_secret_octets)
    return yaml.error(*yaml.root().find("secret"), "E-LAB-040",
                      fmt::format("the secret has fewer than {} characters", least_secret_octets),
                      "make one with: openssl rand -hex 32");
  out.secret_ = Secret(to_bytes(as_bytes(secret)));
  IKELAB_TRY(out.deadlines_, yaml.text_map(yaml.root(), "deadlines"));
  for (const auto& [lab, time] : out.deadlines_)
    if (!parse_utc(time))
      return yaml.error(*yaml.root().find("deadlines"), "E-LAB-040",
                        fmt::format("'{}' of '{}' is no time", time, lab),
                        "as 2026-12-01T23:59:00Z");
  return out;
}

std::string Course::deadline(const std::string& lab) const {
  for (const auto& [name, time] : deadlines_)
    if (name == lab) return time;
  return "";
}

std::string Course::lateness(const std::string& lab, const std::string& made_at) const {
  const auto due = parse_utc(deadline(lab)), made = parse_utc(made_at);
  if (!due || !made || *made <= *due) return "";
  const std::int64_t minutes = (*made - *due + 59) / 60;
  return fmt::format("handed in {} d {} h {} min after the deadline, by the student's clock",
                     minutes / 1440, minutes / 60 % 24, minutes % 60);
}

std::optional<std::int64_t> parse_utc(const std::string& text) {
  constexpr std::string_view form = "0000-00-00T00:00:00Z";
  const bool good =
      std::equal(text.begin(), text.end(), form.begin(), form.end(),
                 [](char c, char f) { return f == '0' ? c >= '0' && c <= '9' : c == f; });
  if (!good) return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t digits) {
    return *parse_integer(std::string_view(text).substr(at, digits));
  };
  const auto month = static_cast<unsigned>(number(5, 2)), day = static_cast<unsigned>(number(8, 2));
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))),
                                         std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400} +
         number(11, 2) * 3600 + number(14, 2) * 60 + number(17, 2);
}

Bytes Course::mac(std::string_view label, const std::vector<std::string>& parts) const {
  const auto provider = crypto::openssl_provider();
  const auto* hmac = crypto::find_keyword(crypto::TransformType::prf, "prfsha256");
  IKELAB_ASSERT(hmac != nullptr);
  const auto out = provider->prf(*hmac, secret_.reveal(), framed(label, parts));
  return to_bytes(out.value().reveal());
}

const std::string* Draw::value(std::string_view parameter) const {
  for (const auto& [name, drawn] : values)
    if (name == parameter) return &drawn;
  return nullptr;
}

Result<void> check_student(const std::string& student) {
  const auto letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool good = !student.empty() && student.size() <= 64 && letter_or_digit(student[0]) &&
                    std::all_of(student.begin(), student.end(), [&](char c) {
                      return letter_or_digit(c) || c == '.' || c == '_' || c == '-';
                    });
  if (good) return {};
  return Error{"E-LAB-022", "not a student's name"}.expect(
      "letters, digits, '.', '_', '-', at most 64, beginning with a letter or digit");
}

Result<Draw> draw(const Course& course, const Lab& lab, const std::string& student) {
  IKELAB_CHECK(check_student(student));
  Draw out{course.name(), student, lab.id, lab.version, {}, 0, ""};
  std::vector<std::string> bound{course.name(), student, lab.id, std::to_string(lab.version)};
  for (const Parameter& parameter : lab.parameters) {
    const auto mac = course.mac("ikelab draw 1", {student, lab.id, parameter.name});
    const std::string value = drawn_value(parameter, first_64_bits(mac));
    if (parameter.kind == Parameter::Kind::seed) out.seed = first_64_bits(mac) % most_seed + 1;
    out.values.emplace_back(parameter.name, value);
    bound.push_back(parameter.name);
    bound.push_back(value);
  }
  out.binding = to_hex(course.mac("ikelab binding 1", bound));
  return out;
}

}  // namespace ikelab::labs
