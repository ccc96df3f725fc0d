// Quantities as people write them in scenarios: "10ms", "100Mbps", "64KiB", "10%",
// "2026-11-23T09:00:00Z". A bare number where a unit belongs is an error that shows the right form.
#pragma once
#include <string_view>

#include "protocol/base/result.hpp"
#include "protocol/base/time.hpp"

namespace ikelab::scenario {

/// ns, us, ms, s, m, h. Errors (all of these): E-SCN-012.
Result<Duration> parse_duration(std::string_view text);
/// bps, kbps, Mbps, Gbps; bits per second.
Result<std::uint64_t> parse_rate(std::string_view text);
/// B, KiB, MiB, GiB; octets.
Result<std::uint64_t> parse_size(std::string_view text);
/// "10%" or "0.5%"; a fraction of 0 to 1.
Result<double> parse_fraction(std::string_view text);
/// ISO 8601 in UTC; Unix seconds.
Result<std::int64_t> parse_time_of_day(std::string_view text);

}  // namespace ikelab::scenario
