// Numbers and times as people read them: units always, thousands separated.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "protocol/base/bytes.hpp"
#include "protocol/base/time.hpp"

namespace ikelab::view {

/// "12,345".
std::string thousands(std::uint64_t n);
/// "1 packet", "12,345 packets".
std::string counted(std::uint64_t n, std::string_view one, std::string_view many);
/// "148 octets"; from 10,000 on "12.3 kB" (1 kB = 1,000 octets).
std::string octets_text(std::uint64_t n);
/// Time since the run began: "120.432 ms" below a second, "12.345 678 s" from there on.
std::string clock_text(Instant t);
/// A duration with three significant places: "10 ms", "1.2 s", "3 min 20 s".
std::string span_text(Duration d);
/// The first of 1, 2, 5 times a power of ten that is at least `least`, in ns; from an hour on whole
/// hours, days, years.
double round_step(double least);
/// A figure of a time axis whose steps are `step` apart: "0", "20 ms", "1.5 s", "3:20 min", "2 d".
std::string tick_text(double ns, double step);
/// Absolute time: simulated epoch (Unix seconds) plus `t`, "2026-01-01 00:00:02.345 UTC".
std::string absolute_text(std::int64_t epoch, Instant t);
/// "c0c1c2c3 … fcfdfeff": the first and last four octets; all of them when there are at most eight.
std::string short_hex(ByteView bytes);
/// Hex in groups of four octets: "c0c1c2c3 c4c5c6c7".
std::string grouped_hex(ByteView bytes);
/// "SA, KE, Ni" to its parts.
std::vector<std::string> split_list(std::string_view list);
/// With a full stop at its end. The first letter stays: many sentences begin with a node's name.
std::string sentence(std::string text);

}  // namespace ikelab::view
