// Numbers and octets as both formats of captures are written here: little endian.
#pragma once
#include <ostream>

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

namespace ikelab::capture {

inline constexpr std::uint32_t longest_packet = 65'535;  // what both headers promise

/// Octets that become a header or a block.
class LittleEndian {
 public:
  LittleEndian& u16(std::uint16_t value) { return number(value, 2); }
  LittleEndian& u32(std::uint32_t value) { return number(value, 4); }
  LittleEndian& u64(std::uint64_t value) { return number(value, 8); }
  LittleEndian& octets(ByteView value) {
    octets_.insert(octets_.end(), value.begin(), value.end());
    return *this;
  }
  LittleEndian& pad_to(std::size_t multiple) {
    octets_.resize((octets_.size() + multiple - 1) / multiple * multiple);
    return *this;
  }
  [[nodiscard]] std::size_t size() const { return octets_.size(); }
  void write(std::ostream& out) const {
    const std::string text = to_text(octets_);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
  }

 private:
  LittleEndian& number(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i)
      octets_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }
  Bytes octets_;
};

inline Error not_written(const std::string& file) {
  return Error{"E-RUN-003", "the capture cannot be written"}.in(file).expect(
      "expected a folder that can be written, on a disk that is not full");
}

}  // namespace ikelab::capture
