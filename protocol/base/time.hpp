// Time is an argument. An Instant counts integer nanoseconds since the run began; a Duration is a
// difference of two.
#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace ikelab {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

struct Instant {
  std::int64_t ns = 0;
  auto operator<=>(const Instant&) const = default;
};
inline Instant operator+(Instant t, Duration d) {
  return {t.ns + d.count()};
}
inline Instant operator-(Instant t, Duration d) {
  return {t.ns - d.count()};
}
inline Duration operator-(Instant a, Instant b) {
  return Duration(a.ns - b.ns);
}

/// For people: "12.345 ms" at most three decimals, unit chosen among ns, us, ms, s.
std::string to_string(Duration d);

}  // namespace ikelab
