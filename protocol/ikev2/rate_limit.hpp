// What messages of anybody may make us do, and how often (RFC 7296, 2.4).
#pragma once
#include "protocol/base/time.hpp"

namespace ikelab::ikev2 {

/// So many in each second that begins with one of them.
class RateLimit {
 public:
  explicit RateLimit(unsigned a_second) : a_second_(a_second) {}
  [[nodiscard]] bool allows(Instant now) {
    if (count_ == 0 || now - begun_ >= 1s) {
      begun_ = now;
      count_ = 0;
    }
    if (count_ == a_second_) return false;
    ++count_;
    return true;
  }

 private:
  unsigned a_second_, count_ = 0;
  Instant begun_;
};

}  // namespace ikelab::ikev2
