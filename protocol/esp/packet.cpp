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
// is salt | IV. An HMAC covers SPI
// .. ciphertext, and with ESN the high 32 bits behind them, which are never sent (RFC 4303, 2.2.1).
// Invariant: nothing is decrypted before its ICV was found good.
#include "protocol/esp/packet.hpp"

#include <fmt/format.h>

#include "protocol/wire/writer.hpp"

namespace ikelab::esp {
namespace {

constexpr std::size_t header_octets = 8;   // SPI and sequence number
constexpr std::size_t trailer_octets = 2;  // Pad Length and Next Header

std::uint32_t read_u32(ByteView octets) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : octets.first(4)) value = (value << 8) | octet;
  return value;
}

std::uint32_t high_half(std::uint64_t sequence) {
  return static_cast<std::uint32_t>(sequence >> 32);
}

Bytes associated_data(const SaParameters& sa, std::uint64_t sequence) {
  wire::Writer out;
  out.u32(sa.spi.value);
  if (sa.suite.esn) out.u32(high_half(sequence));
  out.u32(static_cast<std::uint32_t>(sequence));
  return out.take();
}

/// What the integrity algorithm reads when encryption has none of its own.
Bytes mac_input(const SaParameters& sa, std::uint64_t sequence, ByteView packet_without_icv) {
  wire::Writer out;
  out.octets(packet_without_icv);
  if (sa.suite.esn) out.u32(high_half(sequence));
  return out.take();
}

std::size_t icv_size(const policy::Suite& suite) {
  if (suite.encr->aead) return suite.encr->icv_size;
  return suite.integ != nullptr ? suite.integ->icv_size : 0;
}

//= rfc4303#2.4 "Padding also may be required, irrespective of encryption algorithm requirements, to
//= ensure that the resulting ciphertext terminates on a 4-byte boundary."
std::size_t alignment(const policy::Suite& suite) {
  return std::max<std::size_t>(4, suite.encr->block_size);
}

//= rfc4303#2.4 "The first padding byte appended to the plaintext is numbered 1, with subsequent
//= padding bytes making up a monotonically increasing sequence: 1, 2, 3, ...."
Bytes with_trailer(const policy::Suite& suite, ByteView payload, std::uint8_t next_header) {
  const std::size_t align = alignment(suite);
  const std::size_t padding = (align - (payload.size() + trailer_octets) % align) % align;
  wire::Writer out;
  out.octets(payload);
  for (std::size_t i = 1; i <= padding; ++i) out.u8(static_cast<std::uint8_t>(i));
  out.u8(static_cast<std::uint8_t>(padding));
  out.u8(next_header);
  return out.take();
}

Error too_short(std::string message) {
  return Error{"E-ESP-SHORT", std::move(message)}.see("RFC 4303, 2");
}
Error bad_padding(std::string message) {
  return Error{"E-ESP-PAD", std::move(message)}.see("RFC 4303, 2.4");
}

/// The sizes that the SA's algorithms fix, checked before any octet gets a meaning.
Result<void> check_sizes(const policy::Suite& suite, std::size_t size) {
  const std::size_t around = header_octets + suite.encr->iv_size + icv_size(suite);
  if (size < around + trailer_octets)
    return too_short(
        fmt::format("{} octets are fewer than header, IV, trailer and ICV of {} need ({})", size,
                    suite.encr->name, around + trailer_octets));
  const std::size_t block = std::max<std::size_t>(1, suite.encr->block_size);
  if ((size - around) % block != 0)
    return too_short(fmt::format("{} octets of ciphertext are no whole number of {}-octet blocks",
                                 size - around, block));
  return {};
}

}  // namespace

std::optional<PacketHeader> header_of(ByteView esp_packet) {
  if (esp_packet.size() < header_octets) return std::nullopt;
  return PacketHeader{EspSpi{read_u32(esp_packet)}, read_u32(esp_packet.subspan(4))};
}

Result<Bytes> seal_packet(crypto::Provider& provider, const SaParameters& sa,
                          std::uint64_t sequence, ByteView iv, ByteView payload,
                          std::uint8_t next_header) {
  IKELAB_ASSERT(sa.suite.encr != nullptr && iv.size() == sa.suite.encr->iv_size);
  const Bytes plaintext = with_trailer(sa.suite, payload, next_header);
  const Bytes aad = sa.suite.encr->aead ? associated_data(sa, sequence) : Bytes{};
  IKELAB_TRY(const Bytes ciphertext,
             provider.seal(*sa.suite.encr, sa.encryption_key.reveal(), iv, aad, plaintext));
  wire::Writer out;
  out.u32(sa.spi.value);
  out.u32(static_cast<std::uint32_t>(sequence));
  out.octets(iv);
  out.octets(ciphertext);
  Bytes packet = out.take();
  if (sa.suite.integ != nullptr) {
    IKELAB_TRY(const Bytes icv, provider.mac(*sa.suite.integ, sa.integrity_key.reveal(),
                                             mac_input(sa, sequence, packet)));
    packet.insert(packet.end(), icv.begin(), icv.end());
  }
  return packet;
}

Result<Bytes> decrypt_packet(crypto::Provider& provider, const SaParameters& sa,
                             std::uint64_t sequence, ByteView packet) {
  IKELAB_CHECK(check_sizes(sa.suite, packet.size()));
  const Error wrong_icv{
      "E-ESP-ICV", "the integrity check value is wrong: altered, forged, or under another key",
      {},          "RFC 4303, 3.4.4",
      {},          {}};
  const ByteView iv = packet.subspan(header_octets, sa.suite.encr->iv_size);
  ByteView ciphertext = packet.subspan(header_octets + iv.size());
  if (sa.suite.integ != nullptr) {
    const std::size_t covered = packet.size() - sa.suite.integ->icv_size;
    IKELAB_TRY(const Bytes icv, provider.mac(*sa.suite.integ, sa.integrity_key.reveal(),
                                             mac_input(sa, sequence, packet.first(covered))));
    if (!equal_constant_time(icv, packet.subspan(covered))) return wrong_icv;
    ciphertext = ciphertext.first(ciphertext.size() - sa.suite.integ->icv_size);
  }
  const Bytes aad = sa.suite.encr->aead ? associated_data(sa, sequence) : Bytes{};
  auto plain = provider.open(*sa.suite.encr, sa.encryption_key.reveal(), iv, aad, ciphertext);
  if (!plain.ok() && plain.error().code == "E-CRYPTO-ICV") return wrong_icv;
  return plain;
}

Result<Plain> strip_padding(Bytes decrypted) {
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
  return Plain{std::move(decrypted), next_header};
}

}  // namespace ikelab::esp
