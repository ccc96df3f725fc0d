#include "protocol/base/secret.hpp"

#include <cstring>

namespace ikelab {

void Secret::wipe() noexcept {
  if (bytes_.empty()) return;
  std::memset(bytes_.data(), 0, bytes_.size());
  // Somebody may read it, says this: the stores stay, although the memory is about to be freed.
  __asm__ __volatile__("" : : "r"(bytes_.data()) : "memory");
  bytes_.clear();
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    bytes_ = std::move(other.bytes_);
    other.bytes_.clear();
  }
  return *this;
}

Secret::~Secret() {
  wipe();
}

}  // namespace ikelab
