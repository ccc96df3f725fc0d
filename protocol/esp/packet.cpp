// Sealing and opening one ESP packet (RFC 4303, 2).
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ ---
//   |               Security Parameters Index (SPI)                 |  ^
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  |
//   |               Sequence Number (the low 32 bits)               |  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  | the ICV
//   ~         IV: 8 octets with AEAD (RFC 4106), 16 with CBC        ~  | covers
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  | this
//   ~         Payload Data: the whole inner IP packet (tunnel mode) ~ ^|
//   +               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ ||
//   |               | Padding: 1, 2, 3 ...          +-+-+-+-+-+-+-+-+ | encrypted
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  Pad Length   |  Next Header  | vv
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ ---
//   ~   Integrity Check Value (ICV): AEAD tag, or truncated HMAC    ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// An AEAD's associated data is SPI | sequence (RFC 4106, 5; with ESN: SPI | high | low); its nonce
// is salt | IV. An HMAC covers SPI .. ciphertext, and with ESN the high 32 bits behind them, which
// are never sent (RFC 4303, 2.2.1). Invariant: nothing is decrypted before its ICV was found good.
#include "protocol/esp/packet.hpp"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace ikelab::esp {
namespace {

constexpr std::size_t header_octets = 8;   // SPI and sequence number
constexpr std::size_t trailer_octets = 2;  // Pad Length and Next Header
constexpr std::size_t icv_octets_most = 32;
constexpr std::size_t block_octets = 16;    // of PacketCipher::seal's `head`
constexpr std::size_t copied_octets = 256;  // a shorter payload is copied: that costs less

std::uint32_t read_u32(ByteView octets) {
  IKELAB_ASSERT(octets.size() >= 4);
  return std::uint32_t{octets[0]} << 24 | std::uint32_t{octets[1]} << 16 |
         std::uint32_t{octets[2]} << 8 | octets[3];
}

void write_u32(std::uint8_t* at, std::uint32_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 24);
  at[1] = static_cast<std::uint8_t>(value >> 16);
  at[2] = static_cast<std::uint8_t>(value >> 8);
  at[3] = static_cast<std::uint8_t>(value);
}

std::uint32_t high_half(std::uint64_t sequence) {
  return static_cast<std::uint32_t>(sequence >> 32);
}

/// SPI, the high half of an extended sequence number, the low half.
struct Associated {
  std::array<std::uint8_t, 12> octets{};
  std::size_t size = 0;
  Associated(EspSpi spi, std::uint64_t sequence, bool esn) {
    const auto put = [&](std::uint32_t value) {
      write_u32(octets.data() + size, value);
      size += 4;
    };
    put(spi.value);
    if (esn) put(high_half(sequence));
    put(static_cast<std::uint32_t>(sequence));
  }
  [[nodiscard]] ByteView view() const { return {octets.data(), size}; }
};

/// What an integrity algorithm reads behind the packet.
//= rfc4303#2.2.1 "Only the low-order 32 bits of the sequence number are transmitted in the plaintext
//= ESP header of each packet, thus minimizing packet overhead."
struct ImplicitHigh {
  std::array<std::uint8_t, 4> octets{};
  std::size_t size = 0;
  ImplicitHigh(std::uint64_t sequence, bool esn) : size(esn ? 4 : 0) {
    write_u32(octets.data(), high_half(sequence));
  }
  [[nodiscard]] ByteView view() const { return {octets.data(), size}; }
};

//= rfc4303#2.4 "Padding also may be required, irrespective of encryption algorithm requirements, to
//= ensure that the resulting ciphertext terminates on a 4-byte boundary."
std::size_t alignment(const crypto::Algorithm& encr) {
  return std::max<std::size_t>(4, encr.block_size);
}

std::size_t padding_of(const crypto::Algorithm& encr, std::size_t payload_octets) {
  const std::size_t align = alignment(encr);
  return (align - (payload_octets + trailer_octets) % align) % align;
}

Error too_short(std::string message) {
  return Error{"E-ESP-SHORT", std::move(message)}.see("RFC 4303, 2");
}
Error bad_padding(std::string message) {
  return Error{"E-ESP-PAD", std::move(message)}.see("RFC 4303, 2.4");
}

}  // namespace

std::optional<PacketHeader> header_of(ByteView esp_packet) {
  if (esp_packet.size() < header_octets) return std::nullopt;
  return PacketHeader{EspSpi{read_u32(esp_packet)}, read_u32(esp_packet.subspan(4))};
}

Result<Transform> Transform::make(crypto::Provider& provider, const SaParameters& sa,
                                  bool outbound) {
  IKELAB_ASSERT(sa.suite.encr != nullptr);
  Transform made;
  made.spi_ = sa.spi;
  made.encr_ = sa.suite.encr;
  made.esn_ = sa.suite.esn;
  made.icv_octets_ = sa.suite.encr->icv_size;
  IKELAB_TRY(made.cipher_,
             provider.packet_cipher(*sa.suite.encr, sa.encryption_key.reveal(), outbound));
  if (sa.suite.integ != nullptr) {
    IKELAB_ASSERT(!sa.suite.encr->aead);
    made.icv_octets_ = sa.suite.integ->icv_size;
    IKELAB_TRY(made.mac_, provider.packet_mac(*sa.suite.integ, sa.integrity_key.reveal()));
  }
  return made;
}

std::size_t Transform::sealed_size(std::size_t payload_octets) const {
  return header_octets + encr_->iv_size + payload_octets + padding_of(*encr_, payload_octets) +
         trailer_octets + icv_octets_;
}

std::size_t Transform::most_payload(std::size_t packet_octets) const {
  const std::size_t around = header_octets + encr_->iv_size + icv_octets_;
  if (packet_octets < around + alignment(*encr_)) return 0;
  const std::size_t room = packet_octets - around;
  return room - room % alignment(*encr_) - trailer_octets;
}

//= rfc4303#2.4 "The first padding byte appended to the plaintext is numbered 1, with subsequent
//= padding bytes making up a monotonically increasing sequence: 1, 2, 3, ...."
void Transform::seal(std::uint64_t sequence, ByteView iv, ByteView payload,
                     std::uint8_t next_header, std::size_t tfc_octets, Bytes& packet) const {
  IKELAB_ASSERT(iv.size() == encr_->iv_size);
  const std::size_t content = payload.size() + tfc_octets, padding = padding_of(*encr_, content);
  packet.resize(sealed_size(content));
  std::uint8_t* at = packet.data();
  write_u32(at, spi_.value);
  write_u32(at + 4, static_cast<std::uint32_t>(sequence));
  if (!iv.empty()) std::memcpy(at + header_octets, iv.data(), iv.size());
  std::uint8_t* text = at + header_octets + iv.size();
  // Whole blocks of the payload are encrypted from where they are; what is left of it goes along
  // with padding and trailer.
  const ByteView blocks = payload.size() < copied_octets
                              ? ByteView{}
                              : payload.first(payload.size() - payload.size() % block_octets);
  const ByteView left = payload.subspan(blocks.size());
  if (!left.empty()) std::memcpy(text + blocks.size(), left.data(), left.size());
  std::uint8_t* end = std::fill_n(text + payload.size(), tfc_octets, std::uint8_t{0});
  for (std::size_t i = 1; i <= padding; ++i) *end++ = static_cast<std::uint8_t>(i);
  *end++ = static_cast<std::uint8_t>(padding);
  *end++ = next_header;

  const std::span<std::uint8_t> plaintext(text, end), icv(end, icv_octets_);
  if (mac_ == nullptr) {
    const Associated aad(spi_, sequence, esn_);
    cipher_->seal(iv, encr_->aead ? aad.view() : ByteView{}, blocks, plaintext, icv);
    return;
  }
  cipher_->seal(iv, {}, blocks, plaintext, {});
  const std::size_t covered = packet.size() - icv_octets_;
  mac_->mac(ByteView(packet).first(covered), ImplicitHigh(sequence, esn_).view(), icv);
}

/// The sizes that the SA's algorithms fix, checked before any octet gets a meaning.
Result<void> Transform::check_sizes(std::size_t size) const {
  const std::size_t around = header_octets + encr_->iv_size + icv_octets_;
  if (size < around + trailer_octets)
    return too_short(
        fmt::format("{} octets are fewer than header, IV, trailer and ICV of {} need ({})", size,
                    encr_->name, around + trailer_octets));
  if ((size - around) % encr_->block_size != 0)
    return too_short(fmt::format("{} octets of ciphertext are no whole number of {}-octet blocks",
                                 size - around, encr_->block_size));
  return {};
}

Result<void> Transform::open(std::uint64_t sequence, ByteView packet, Bytes& plain) const {
  IKELAB_CHECK(check_sizes(packet.size()));
  const auto wrong_icv = [] {
    return Error{"E-ESP-ICV",
                 "the integrity check value is wrong: altered, forged, or under another key"}
        .see("RFC 4303, 3.4.4");
  };
  const std::size_t covered = packet.size() - icv_octets_;
  const ByteView icv = packet.subspan(covered);
  if (mac_ != nullptr) {
    std::array<std::uint8_t, icv_octets_most> computed{};
    const std::span<std::uint8_t> ours(computed.data(), icv_octets_);
    mac_->mac(packet.first(covered), ImplicitHigh(sequence, esn_).view(), ours);
    if (!equal_constant_time(ours, icv)) return wrong_icv();
  }
  const std::size_t head = header_octets + encr_->iv_size;
  const ByteView ciphertext = packet.subspan(head, covered - head);
  plain.resize(ciphertext.size());
  const Associated aad(spi_, sequence, esn_);
  const bool good = cipher_->open(packet.subspan(header_octets, encr_->iv_size),
                                  encr_->aead ? aad.view() : ByteView{}, ciphertext, plain,
                                  encr_->aead ? icv : ByteView{});
  if (!good) return wrong_icv();
  return {};
}

Result<Bytes> seal_packet(crypto::Provider& provider, const SaParameters& sa,
                          std::uint64_t sequence, ByteView iv, ByteView payload,
                          std::uint8_t next_header, std::size_t tfc_octets) {
  IKELAB_TRY(const Transform transform, Transform::make(provider, sa, true));
  Bytes packet;
  transform.seal(sequence, iv, payload, next_header, tfc_octets, packet);
  return packet;
}

Result<std::uint8_t> strip_padding(Bytes& decrypted) {
  if (decrypted.size() < trailer_octets)
    return bad_padding("no room for Pad Length and Next Header");
  const std::size_t room = decrypted.size() - trailer_octets;
  const std::uint8_t next_header = decrypted.back();
  const std::size_t padding = decrypted[room];
  if (padding > room)
    return bad_padding(fmt::format("Pad Length says {} octets, only {} are there", padding, room));
  //= rfc4303#2.4 "When this padding scheme is employed, the receiver SHOULD inspect the Padding
  //= field."
  for (std::size_t i = 0; i < padding; ++i)
    if (decrypted[room - padding + i] != i + 1)
      return bad_padding(fmt::format("padding octet {} is {}, not {}", i + 1,
                                     decrypted[room - padding + i], i + 1));
  decrypted.resize(room - padding);
  return next_header;
}

}  // namespace ikelab::esp
