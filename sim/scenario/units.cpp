#include "sim/scenario/units.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>

namespace ikelab::scenario {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};
constexpr std::array durations = {Unit{"ns", 1},  Unit{"us", 1e3}, Unit{"ms", 1e6},
                                  Unit{"s", 1e9}, Unit{"m", 60e9}, Unit{"h", 3600e9}};
constexpr std::array rates = {Unit{"bps", 1}, Unit{"kbps", 1e3}, Unit{"Mbps", 1e6},
                              Unit{"Gbps", 1e9}};
constexpr std::array sizes = {Unit{"B", 1}, Unit{"KiB", 1024}, Unit{"MiB", 1048576},
                              Unit{"GiB", 1073741824}};
constexpr std::array fractions = {Unit{"%", 0.01}};

Result<double> parse_quantity(std::string_view text, std::span<const Unit> units,
                              const char* example) {
  std::size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.'))
    ++digits;
  const std::string_view unit = text.substr(digits);
  std::string names;
  for (const Unit& row : units) {
    names += (names.empty() ? "" : ", ") + std::string(row.name);
    if (row.name != unit || digits == 0 || digits > 15) continue;
    double value = 0;
    int used = 0;
    const std::string number(text.substr(0, digits));
    if (std::sscanf(number.c_str(), "%lf%n", &value, &used) == 1 &&
        used == static_cast<int>(digits))
      return value * row.factor;
  }
  return Error{"E-SCN-012", fmt::format("'{}' is not a quantity with its unit", text)}.expect(
      fmt::format("expected a number and one of {}, e.g. {}", names, example));
}

/// Days from 1970-01-01 of a civil date (the proleptic Gregorian calendar).
std::int64_t days_from_civil(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int year_of_era = y - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return std::int64_t{era} * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
         day_of_year - 719468;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  IKELAB_TRY(const double ns, parse_quantity(text, durations, "10ms"));
  if (ns > 9e17)
    return Error{"E-SCN-012", fmt::format("'{}' is too long", text)}.expect(
        "expected at most 28 years");
  return Duration(std::llround(ns));
}

Result<std::uint64_t> parse_rate(std::string_view text) {
  IKELAB_TRY(const double bps, parse_quantity(text, rates, "100Mbps"));
  return static_cast<std::uint64_t>(bps);
}

Result<std::uint64_t> parse_size(std::string_view text) {
  IKELAB_TRY(const double octets, parse_quantity(text, sizes, "64KiB"));
  return static_cast<std::uint64_t>(octets);
}

Result<double> parse_fraction(std::string_view text) {
  IKELAB_TRY(const double fraction, parse_quantity(text, fractions, "10%"));
  if (fraction > 1)
    return Error{"E-SCN-012", fmt::format("'{}' is more than all", text)}.expect(
        "expected 0% to 100%");
  return fraction;
}

Result<std::int64_t> parse_time_of_day(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const std::string copy(text);
  if (copy.size() != 20 ||
      std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute,
                  &second, &used) != 6 ||
      used != 20 || year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
      minute > 59 || second > 60)
    return Error{"E-SCN-012", fmt::format("'{}' is not a time", text)}.expect(
        "expected e.g. 2026-11-23T09:00:00Z");
  return days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace ikelab::scenario
