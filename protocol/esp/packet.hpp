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

/// The transforms of an SA with its keys, for one direction. Packets are worked on in place;
/// buffers that the caller keeps are not allocated anew.
class Transform {
 public:
  /// Errors: E-CRYPTO-LEN keys that do not fit the suite.
  static Result<Transform> make(crypto::Provider& provider, const SaParameters& sa, bool outbound);

  /// `packet` becomes SPI | sequence | IV | ciphertext | ICV. `sequence` is the full number;
  /// without ESN it fits 32 bits. `iv` has iv_size octets. `tfc_octets` zeros stand between payload
  /// and padding (RFC 4303, 2.7).
  void seal(std::uint64_t sequence, ByteView iv, ByteView payload, std::uint8_t next_header,
            std::size_t tfc_octets, Bytes& packet) const;
  /// `plain` becomes payload | padding | Pad Length | Next Header, authentic but not yet looked
  /// into. Errors: E-ESP-SHORT (cannot be a packet of this SA), E-ESP-ICV.
  Result<void> open(std::uint64_t sequence, ByteView packet, Bytes& plain) const;

  [[nodiscard]] const crypto::Algorithm& encryption() const { return *encr_; }
  /// The size of the packet that seals `payload_octets`.
  [[nodiscard]] std::size_t sealed_size(std::size_t payload_octets) const;
  /// The most payload whose packet is no longer than `packet_octets`; 0 when none fits.
  [[nodiscard]] std::size_t most_payload(std::size_t packet_octets) const;

 private:
  Transform() = default;
  [[nodiscard]] Result<void> check_sizes(std::size_t size) const;

  EspSpi spi_;
  const crypto::Algorithm* encr_ = nullptr;
  bool esn_ = false;
  std::size_t icv_octets_ = 0;
  std::unique_ptr<crypto::PacketCipher> cipher_;
  std::unique_ptr<crypto::PacketMac> mac_;  ///< null with AEAD, and without integrity
};

/// Takes padding and trailer off `decrypted`, and returns the Next Header. Errors: E-ESP-PAD.
Result<std::uint8_t> strip_padding(Bytes& decrypted);

/// One packet with keys used once: for tests and tools.
Result<Bytes> seal_packet(crypto::Provider& provider, const SaParameters& sa,
                          std::uint64_t sequence, ByteView iv, ByteView payload,
                          std::uint8_t next_header, std::size_t tfc_octets = 0);

}  // namespace ikelab::esp
