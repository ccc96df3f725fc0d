#include "protocol/pki/der.hpp"

#include <fmt/format.h>

#include <chrono>

namespace ikelab::pki::der {

Bytes value(std::uint8_t tag, ByteView content) {
  Bytes out = {tag};
  if (content.size() < 0x80) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {  // the long form: how many octets the length has, then the length
    Bytes length;
    for (std::size_t rest = content.size(); rest != 0; rest >>= 8)
      length.insert(length.begin(), static_cast<std::uint8_t>(rest));
    out.push_back(static_cast<std::uint8_t>(0x80 | length.size()));
    out.insert(out.end(), length.begin(), length.end());
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

Bytes value(std::uint8_t tag, std::initializer_list<ByteView> parts) {
  return value(tag, concat(parts));
}

Bytes integer(std::uint64_t number) {
  Bytes content;
  do {
    content.insert(content.begin(), static_cast<std::uint8_t>(number));
    number >>= 8;
  } while (number != 0);
  if ((content[0] & 0x80) != 0) content.insert(content.begin(), 0);  // not negative
  return value(tag_integer, content);
}

Bytes boolean(bool truth) {
  const std::uint8_t content[] = {static_cast<std::uint8_t>(truth ? 0xff : 0x00)};
  return value(tag_boolean, content);
}

Bytes bit_string(ByteView octets, std::uint8_t unused) {
  const std::uint8_t first[] = {unused};
  return value(tag_bit_string, {first, octets});
}

Bytes integer_of(ByteView magnitude) {
  while (!magnitude.empty() && magnitude.front() == 0) magnitude = magnitude.subspan(1);
  if (magnitude.empty()) return integer(0);
  const Bytes zero(1);
  return value(tag_integer,
               {(magnitude.front() & 0x80) != 0 ? ByteView(zero) : ByteView(), magnitude});
}

namespace {
/// Year, and the rest as MMDDHHMMSSZ.
std::pair<int, std::string> calendar(std::int64_t unix_time) {
  using namespace std::chrono;
  const sys_seconds instant{seconds(unix_time)};
  const auto day = floor<days>(instant);
  const year_month_day date(day);
  const hh_mm_ss clock(instant - day);
  const int year = static_cast<int>(date.year());
  IKELAB_ASSERT(year >= 1950 && year <= 9999);
  return {year, fmt::format("{:02}{:02}{:02}{:02}{:02}Z", static_cast<unsigned>(date.month()),
                            static_cast<unsigned>(date.day()), clock.hours().count(),
                            clock.minutes().count(), clock.seconds().count())};
}
}  // namespace

Bytes time(std::int64_t unix_time) {
  const auto [year, rest] = calendar(unix_time);
  //= rfc5280#4.1.2.5 "CAs conforming to this profile MUST always encode certificate validity dates
  //= through the year 2049 as UTCTime"
  if (year < 2050) return value(tag_utc_time, as_bytes(fmt::format("{:02}{}", year % 100, rest)));
  return generalized_time(unix_time);
}

Bytes generalized_time(std::int64_t unix_time) {
  const auto [year, rest] = calendar(unix_time);
  return value(tag_generalized_time, as_bytes(fmt::format("{:04}{}", year, rest)));
}

}  // namespace ikelab::pki::der
