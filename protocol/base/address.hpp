// IPv4 and IPv6 addresses and UDP endpoints as values, without any socket header.
#pragma once
#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "protocol/base/bytes.hpp"

namespace ikelab {

/// An IPv4 or IPv6 address in network order. The unspecified IPv4 address by default.
class IpAddress {
 public:
  IpAddress() = default;
  static IpAddress v4(std::uint32_t host_order);
  /// 4 or 16 octets. Errors: E-ADDR-002.
  static Result<IpAddress> from_octets(ByteView octets);
  /// "10.0.0.1" or "2001:db8::1". Errors: E-ADDR-001.
  static Result<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v6() const { return v6_; }
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] ByteView octets() const { return {octets_.data(), v6_ ? 16U : 4U}; }
  [[nodiscard]] std::uint32_t to_v4() const;  ///< host order; asserts !is_v6()
  [[nodiscard]] std::string to_string() const;
  /// The one after it or before it in counting; past the last one it begins anew.
  [[nodiscard]] IpAddress next() const;
  [[nodiscard]] IpAddress previous() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  bool v6_ = false;
  std::array<std::uint8_t, 16> octets_{};
};

/// An address and a UDP port.
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;
  [[nodiscard]] std::string to_string() const;  ///< "10.0.0.1:500", "[2001:db8::1]:500"
  auto operator<=>(const SocketAddress&) const = default;
};

}  // namespace ikelab
