#include "protocol/base/secret.hpp"

namespace ikelab {

void Secret::wipe() noexcept {
  // volatile, so that the stores survive optimisation although the memory is about to be freed
  volatile std::uint8_t* p = bytes_.data();
  for (std::size_t i = 0; i < bytes_.size(); ++i) p[i] = 0;
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
