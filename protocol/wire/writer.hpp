// Octets in network order, with places to come back to for lengths.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab::wire {

class Writer {
 public:
  Writer() = default;
  /// As many octets are expected; there may be more.
  explicit Writer(std::size_t expected) { out_.reserve(expected); }
  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { number(value, 2); }
  void u32(std::uint32_t value) { number(value, 4); }
  void u64(std::uint64_t value) { number(value, 8); }
  void octets(ByteView view) { out_.insert(out_.end(), view.begin(), view.end()); }
  void zeros(std::size_t count) { out_.resize(out_.size() + count); }

  [[nodiscard]] std::size_t size() const { return out_.size(); }
  /// Overwrites what stands at `place`; asserts that the value fits.
  void put_u8(std::size_t place, std::size_t value) { put(place, value, 1); }
  void put_u16(std::size_t place, std::size_t value) { put(place, value, 2); }
  void put_u32(std::size_t place, std::size_t value) { put(place, value, 4); }
  Bytes take() { return std::move(out_); }

 private:
  void number(std::uint64_t value, unsigned size) {
    for (unsigned i = size; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void put(std::size_t place, std::size_t value, unsigned size) {
    IKELAB_ASSERT(place + size <= out_.size() && (value >> (8 * size)) == 0);
    for (unsigned i = 0; i < size; ++i)
      out_[place + i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
  }
  Bytes out_;
};

}  // namespace ikelab::wire
