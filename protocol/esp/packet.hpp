// One ESP packet, made and read with the keys of one SA (RFC 4303, 2 and 3): no SAD, no SPD, no
// replay window here.
#pragma once
#include "protocol/crypto/provider.hpp"
#include "protocol/esp/sa.hpp"

namespace ikelab::esp {

/// What Next Header says of the payload in tunnel mode (RFC 4303, 2.6).
inline constexpr std::uint8_t next_header_ipv4 = 4, next_header_ipv6 = 41, next_header_dummy = 59;

struct PacketHeader {
  EspSpi spi;
  std::uint32_t sequence = 0;
};
/// The clear head of an ESP packet, when it is long enough to have one.
std::optional<PacketHeader> header_of(ByteView esp_packet);

/// SPI | sequence | IV | ciphertext | ICV. `sequence` is the full number; without ESN it fits 32
/// bits. `iv` has iv_size octets.
Result<Bytes> seal_packet(crypto::Provider& provider, const SaParameters& sa,
                          std::uint64_t sequence, ByteView iv, ByteView payload,
                          std::uint8_t next_header);

/// The decrypted octets: payload | padding | Pad Length | Next Header, authentic but not yet looked
/// into. Errors: E-ESP-SHORT (cannot be a packet of this SA), E-ESP-ICV.
Result<Bytes> decrypt_packet(crypto::Provider& provider, const SaParameters& sa,
                             std::uint64_t sequence, ByteView packet);

struct Plain {
  Bytes payload;
  std::uint8_t next_header = 0;
};
/// Takes padding and trailer off. Errors: E-ESP-PAD.
Result<Plain> strip_padding(Bytes decrypted);

}  // namespace ikelab::esp
