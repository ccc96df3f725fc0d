// Numbers that must not be mixed up.
#pragma once
#include <compare>
#include <cstdint>
#include <string>

namespace ikelab {

/// RFC 7296, 3.1: an IKE SA's SPI of one side, 8 octets; zero means "not yet chosen".
struct IkeSpi {
  std::uint64_t value = 0;
  auto operator<=>(const IkeSpi&) const = default;
};
/// RFC 4303, 2.1: an ESP SA's SPI, 4 octets; 0 to 255 are reserved.
struct EspSpi {
  std::uint32_t value = 0;
  auto operator<=>(const EspSpi&) const = default;
};
/// RFC 7296, 2.2: counts the exchanges of one direction of one IKE SA.
struct MessageId {
  std::uint32_t value = 0;
  auto operator<=>(const MessageId&) const = default;
};

std::string to_string(IkeSpi spi);  ///< 16 hex digits
std::string to_string(EspSpi spi);  ///< 8 hex digits

}  // namespace ikelab
