#include "visualizer/models/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace ikelab::view {
namespace {

// A count of days since 1970-01-01 as a date (Howard Hinnant's algorithm, by std::chrono).
std::string date_text(std::int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

}  // namespace

std::string thousands(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", thousands(n), n == 1 ? one : many);
}

std::string octets_text(std::uint64_t n) {
  if (n < 10'000) return counted(n, "octet", "octets");
  if (n < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(n) / 1e3);
  return fmt::format("{:.2f} MB", static_cast<double>(n) / 1e6);
}

std::string clock_text(Instant t) {
  const std::int64_t us = t.ns / 1000;
  if (us < 1'000'000) return fmt::format("{}.{:03} ms", us / 1000, us % 1000);
  return fmt::format("{}.{:03} s", thousands(static_cast<std::uint64_t>(us / 1'000'000)),
                     us / 1000 % 1000);
}

std::string span_text(Duration d) {
  const double s = static_cast<double>(d.count()) / 1e9;
  if (s < 1e-3) return fmt::format("{:.0f} \xC2\xB5s", s * 1e6);
  if (s < 0.01) return fmt::format("{:.1f} ms", s * 1e3);
  if (s < 1) return fmt::format("{:.0f} ms", s * 1e3);
  if (s < 60) return fmt::format("{:.1f} s", s);
  return fmt::format("{} min {} s", static_cast<int>(s) / 60, static_cast<int>(s) % 60);
}

double round_step(double least) {
  static constexpr std::array<double, 14> long_steps = {
      60e9,       120e9,       300e9,       600e9,       1800e9,       3600e9,       7200e9,
      6 * 3600e9, 24 * 3600e9, 48 * 3600e9, 7 * 86400e9, 30 * 86400e9, 91 * 86400e9, 365 * 86400e9};
  if (least > 30e9) {
    for (const double step : long_steps)
      if (step >= least) return step;
    return std::ceil(least / (365 * 86400e9)) * 365 * 86400e9;
  }
  double step = 1;
  for (int i = 0; step < least; ++i) step *= i % 3 == 1 ? 2.5 : 2.0;
  return step;
}

std::string tick_text(double ns, double step) {
  if (ns == 0) return "0";
  struct Unit {
    double size, below;
    std::string_view name;
  };
  static constexpr std::array<Unit, 4> units = {
      {{1, 1e3, "ns"}, {1e3, 1e6, "\xC2\xB5s"}, {1e6, 1e9, "ms"}, {1e9, 120e9, "s"}}};
  for (const Unit& u : units)
    if (ns < u.below) {
      const int places =
          std::clamp(static_cast<int>(std::ceil(-std::log10(step / u.size) - 1e-9)), 0, 9);
      return fmt::format("{:.{}f} {}", ns / u.size, places, u.name);
    }
  if (ns < 2 * 3600e9) {
    const double rest = std::fmod(ns / 1e9, 60);
    const int places =
        std::clamp(static_cast<int>(std::ceil(-std::log10(step / 1e9) - 1e-9)), 0, 9);
    return fmt::format("{:.0f}:{:0{}.{}f} min", std::floor(ns / 60e9), rest,
                       places == 0 ? 2 : 3 + places, places);
  }
  if (ns < 48 * 3600e9) return fmt::format("{:g} h", ns / 3600e9);
  return fmt::format("{:g} d", ns / 86400e9);
}

std::string absolute_text(std::int64_t epoch, Instant t) {
  const std::int64_t seconds = epoch + t.ns / 1'000'000'000;
  const std::int64_t of_day = ((seconds % 86'400) + 86'400) % 86'400;
  return fmt::format("{} {:02}:{:02}:{:02}.{:03} UTC", date_text((seconds - of_day) / 86'400),
                     of_day / 3600, of_day / 60 % 60, of_day % 60, t.ns / 1'000'000 % 1000);
}

std::string short_hex(ByteView bytes) {
  if (bytes.size() <= 8) return to_hex(bytes);
  return to_hex(bytes.first(4)) + " \xE2\x80\xA6 " + to_hex(bytes.last(4));
}

std::string grouped_hex(ByteView bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    if (i > 0) out += ' ';
    out += to_hex(bytes.subspan(i, std::min<std::size_t>(4, bytes.size() - i)));
  }
  return out;
}

std::vector<std::string> split_list(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view part = list.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    if (!part.empty()) parts.emplace_back(part);
    list.remove_prefix(std::min(list.size(), comma + 1));
  }
  return parts;
}

std::string sentence(std::string text) {
  if (text.empty()) return text;
  if (text.back() != '.' && text.back() != '?' && text.back() != '!') text += '.';
  return text;
}

}  // namespace ikelab::view
