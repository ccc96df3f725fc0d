// Key material: wipes itself, does not print, is copied only by name.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab {

/// Octets that are secret. Moves leave the source empty; copy() says that a copy is wanted;
/// reveal() that it is read.
class Secret {
 public:
  Secret() = default;
  explicit Secret(Bytes bytes) : bytes_(std::move(bytes)) {}
  Secret(Secret&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  [[nodiscard]] Secret copy() const { return Secret(Bytes(bytes_)); }
  [[nodiscard]] ByteView reveal() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  void wipe() noexcept;
  Bytes bytes_;
};

}  // namespace ikelab
