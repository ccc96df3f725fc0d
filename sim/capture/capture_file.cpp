#include "sim/capture/capture_file.hpp"

#include <fmt/format.h>

#include <fstream>

namespace ikelab::capture {
namespace {

constexpr std::uint32_t pcapng_section = 0x0a0d0d0a;
constexpr std::size_t most_interfaces = 65'536;

/// Reads numbers in the byte order of the file (pcapng: of the section).
class Cursor {
 public:
  explicit Cursor(ByteView content) : content_(content) {}
  bool big_endian = false;

  [[nodiscard]] std::uint16_t u16(std::size_t at) const {
    return static_cast<std::uint16_t>(number(at, 2));
  }
  [[nodiscard]] std::uint32_t u32(std::size_t at) const {
    return static_cast<std::uint32_t>(number(at, 4));
  }
  [[nodiscard]] std::uint64_t u64(std::size_t at) const { return number(at, 8); }
  [[nodiscard]] bool has(std::size_t at, std::size_t octets) const {
    return at <= content_.size() && octets <= content_.size() - at;
  }
  [[nodiscard]] std::size_t size() const { return content_.size(); }
  [[nodiscard]] ByteView view(std::size_t at, std::size_t octets) const {
    return content_.subspan(at, octets);
  }

 private:
  [[nodiscard]] std::uint64_t number(std::size_t at, std::size_t octets) const {
    IKELAB_ASSERT(has(at, octets));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < octets; ++i)
      value = value << 8 | content_[at + (big_endian ? i : octets - 1 - i)];
    return value;
  }
  ByteView content_;
};

Error broken(const std::string& name, std::size_t at, const std::string& what) {
  return Error{"E-CAP-003", what}.at(at).in(name);
}

/// Whole units and their fraction as nanoseconds; saturates instead of overflowing.
std::int64_t nanoseconds(std::uint64_t ticks, std::uint64_t per_second) {
  constexpr std::uint64_t last_second = 9'000'000'000;  // the year 2255
  const std::uint64_t seconds = std::min(ticks / per_second, last_second);
  // long double: 2^-63 units are allowed, and rounding them to nanoseconds loses nothing
  const long double part = static_cast<long double>(ticks % per_second) /
                           static_cast<long double>(per_second) * 1'000'000'000.0L;
  return static_cast<std::int64_t>(seconds * 1'000'000'000) + static_cast<std::int64_t>(part);
}

// ---- pcap --------------------------------------------------------------------------------------
//
//   magic | version | reserved | reserved | snap length | link type          24 octets
//   seconds | fraction | captured length | original length | octets          each packet

struct Magic {
  std::uint32_t value;
  bool big_endian;
  std::uint64_t per_second;
};
constexpr Magic magics[] = {{0xa1b2c3d4, false, 1'000'000},
                            {0xa1b2c3d4, true, 1'000'000},
                            {0xa1b23c4d, false, 1'000'000'000},
                            {0xa1b23c4d, true, 1'000'000'000}};

const Magic* find_magic(Cursor& cursor) {
  if (!cursor.has(0, 24)) return nullptr;
  for (const Magic& magic : magics) {
    cursor.big_endian = magic.big_endian;
    if (cursor.u32(0) == magic.value) return &magic;
  }
  return nullptr;
}

void read_pcap(Cursor& cursor, const Magic& magic, CaptureFile& out) {
  out.interfaces.push_back({static_cast<LinkType>(cursor.u32(20) & 0xffff), ""});
  std::size_t at = 24;
  while (at < cursor.size()) {
    if (!cursor.has(at, 16) || !cursor.has(at + 16, cursor.u32(at + 8))) {
      out.remark = fmt::format("the file ends in the middle of packet {}", out.packets.size() + 1);
      return;
    }
    const std::uint32_t size = cursor.u32(at + 8);
    const std::int64_t ns =
        static_cast<std::int64_t>(cursor.u32(at)) * 1'000'000'000 +
        static_cast<std::int64_t>(cursor.u32(at + 4) * (1'000'000'000 / magic.per_second));
    out.packets.push_back({ns, 0, at + 16, size, cursor.u32(at + 12)});
    at += 16 + size;
  }
}

// ---- pcapng ------------------------------------------------------------------------------------
//
//   block type | block total length | body, padded to 32 bits | block total length

struct Clock {
  std::uint64_t per_second = 1'000'000;
  std::int64_t offset_s = 0;
};

class PcapngReader {
 public:
  PcapngReader(Cursor& cursor, const std::string& name, CaptureFile& out)
      : cursor_(cursor), name_(name), out_(out) {}

  Result<void> read() {
    std::size_t at = 0;
    while (at < cursor_.size()) {
      if (!cursor_.has(at, 12)) return cut("block");
      if (cursor_.u32(at) == pcapng_section) IKELAB_CHECK(section(at));
      const std::uint32_t length = cursor_.u32(at + 4);
      if (length < 12 || length % 4 != 0)
        return broken(name_, at + 4, fmt::format("a block of {} octets cannot be", length));
      if (!cursor_.has(at, length)) return cut("block");
      IKELAB_CHECK(block(at, length));
      at += length;
    }
    return {};
  }

 private:
  Result<void> cut(const char* what) {
    out_.remark = fmt::format("the file ends in the middle of a {}, after {} packets", what,
                              out_.packets.size());
    return {};
  }

  Result<void> section(std::size_t at) {
    if (!cursor_.has(at, 28)) return broken(name_, at, "a section header is cut short");
    cursor_.big_endian = false;
    if (cursor_.u32(at + 8) != 0x1a2b3c4d) cursor_.big_endian = true;
    if (cursor_.u32(at + 8) != 0x1a2b3c4d)
      return broken(name_, at + 8, "the byte-order magic of a section is neither order's");
    first_interface_ = out_.interfaces.size();
    return {};
  }

  Result<void> block(std::size_t at, std::size_t length) {
    constexpr std::uint32_t interface_description = 1, simple_packet = 3, enhanced_packet = 6;
    const std::size_t body = at + 8, end = at + length - 4;
    switch (cursor_.u32(at)) {
      case interface_description:
        return interface(body, end);
      case enhanced_packet:
        return packet(body, end);
      case simple_packet:
        return simple(body, end);
      default:
        return {};  // name resolution, statistics, secrets, custom: nothing of the wire
    }
  }

  Result<void> interface(std::size_t body, std::size_t end) {
    if (end - body < 8 || out_.interfaces.size() == most_interfaces)
      return broken(name_, body, "an interface description that cannot be");
    Interface made{static_cast<LinkType>(cursor_.u16(body)), ""};
    Clock clock;
    for (std::size_t at = body + 8; at + 4 <= end;) {
      const std::uint16_t code = cursor_.u16(at), size = cursor_.u16(at + 2);
      if (code == 0 || size > end - at - 4) break;
      option(code, at + 4, size, made, clock);
      at += 4 + (size + 3U) / 4 * 4;
    }
    out_.interfaces.push_back(std::move(made));
    clocks_.push_back(clock);
    return {};
  }

  void option(std::uint16_t code, std::size_t at, std::size_t size, Interface& made, Clock& clock) {
    constexpr std::uint16_t if_name = 2, if_tsresol = 9, if_tsoffset = 14;
    if (code == if_name) made.name = to_text(cursor_.view(at, std::min<std::size_t>(size, 64)));
    if (code == if_tsoffset && size == 8)
      clock.offset_s = static_cast<std::int64_t>(cursor_.u64(at));
    if (code != if_tsresol || size != 1) return;
    const std::uint8_t resolution = cursor_.view(at, 1)[0];
    const unsigned power = resolution & 0x7fU;
    clock.per_second = 1;
    for (unsigned i = 0; i < std::min(power, (resolution & 0x80U) ? 62U : 18U); ++i)
      clock.per_second *= (resolution & 0x80U) ? 2 : 10;
  }

  Result<void> packet(std::size_t body, std::size_t end) {
    if (end - body < 20) return broken(name_, body, "a packet block is too short");
    const std::size_t interface = first_interface_ + cursor_.u32(body);
    const std::uint32_t size = cursor_.u32(body + 12);
    if (interface >= out_.interfaces.size())
      return broken(name_, body, "a packet of an interface that was not described");
    if (size > end - body - 20)
      return broken(name_, body + 12, "a packet is longer than the block it stands in");
    const std::uint64_t ticks =
        static_cast<std::uint64_t>(cursor_.u32(body + 4)) << 32 | cursor_.u32(body + 8);
    const Clock& clock = clocks_[interface];
    // Beyond a century from 1970 an offset is no time, but an attempt to overflow.
    constexpr std::int64_t most_offset_s = 3'000'000'000;
    const std::int64_t offset = std::clamp(clock.offset_s, -most_offset_s, most_offset_s);
    last_ns_ = std::clamp<std::int64_t>(nanoseconds(ticks, clock.per_second), 0,
                                        std::int64_t{6'000'000'000} * 1'000'000'000) +
               offset * 1'000'000'000;
    out_.packets.push_back({last_ns_, interface, body + 20, size, cursor_.u32(body + 16)});
    return {};
  }

  /// It has no time: that of its predecessor.
  Result<void> simple(std::size_t body, std::size_t end) {
    if (end - body < 4 || first_interface_ >= out_.interfaces.size())
      return broken(name_, body, "a simple packet without an interface");
    const std::uint32_t original = cursor_.u32(body);
    const std::size_t size = std::min<std::size_t>(original, end - body - 4);
    out_.packets.push_back({last_ns_, first_interface_, body + 4, size, original});
    return {};
  }

  Cursor& cursor_;
  const std::string& name_;
  CaptureFile& out_;
  std::vector<Clock> clocks_;  // as out_.interfaces
  std::size_t first_interface_ = 0;
  std::int64_t last_ns_ = 0;
};

}  // namespace

Result<CaptureFile> parse_capture(Bytes content, const std::string& name) {
  CaptureFile out;
  out.content = std::move(content);
  Cursor cursor(out.content);
  if (cursor.has(0, 12) && cursor.u32(0) == pcapng_section) {
    IKELAB_CHECK(PcapngReader(cursor, name, out).read());
    return out;
  }
  if (const Magic* magic = find_magic(cursor)) {
    read_pcap(cursor, *magic, out);
    return out;
  }
  return Error{"E-CAP-002", "this is no capture"}.in(name).expect("expected pcap or pcapng");
}

Result<CaptureFile> read_capture(const std::filesystem::path& file) {
  std::error_code failed;
  const bool regular = std::filesystem::is_regular_file(file, failed);
  const auto size = regular ? std::filesystem::file_size(file, failed) : 0;
  std::ifstream in(file, std::ios::binary);
  if (!regular || failed || !in)
    return Error{"E-CAP-001", "the capture cannot be read"}
        .in(file.string())
        .expect("expected a pcap or pcapng file");
  if (size > largest_capture)
    return Error{"E-CAP-001", "the capture is larger than 1 GiB"}
        .in(file.string())
        .expect("cut it with editcap, or filter it with tshark -Y 'isakmp or esp'");
  Bytes content(size);
  in.read(reinterpret_cast<char*>(content.data()), static_cast<std::streamsize>(size));
  content.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return parse_capture(std::move(content), file.string());
}

}  // namespace ikelab::capture
