// An Rng that hands out given octets, for known answers whose private values are given. It fails
// the test when more is drawn than it holds.
#pragma once
#include "protocol/crypto/rng.hpp"
#include "tests/support/catch.hpp"

namespace ikelab::test {

class FixedRng : public crypto::Rng {
 public:
  explicit FixedRng(Bytes octets) : octets_(std::move(octets)) {}
  void fill(std::span<std::uint8_t> out) override {
    if (out.size() > octets_.size() - at_) FAIL("the fixed random octets are used up");
    std::copy_n(octets_.begin() + static_cast<std::ptrdiff_t>(at_), out.size(), out.begin());
    at_ += out.size();
  }
  [[nodiscard]] std::size_t drawn() const { return at_; }

 private:
  Bytes octets_;
  std::size_t at_ = 0;
};

}  // namespace ikelab::test
