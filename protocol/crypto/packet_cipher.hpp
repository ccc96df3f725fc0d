// What an SA does a million times: one key, scheduled once, over packets in place, without
// allocating (RFC 4303, 3.3.2 and 3.4.4).
#pragma once
#include <span>

#include "protocol/base/bytes.hpp"

namespace ikelab::crypto {

/// An encryption transform with its key, for one direction. A nonce never repeats under a key: that
/// is the caller's to see to (RFC 4106, 3.1).
class PacketCipher {
 public:
  virtual ~PacketCipher() = default;
  /// Encrypts into `text`: its first octets are `head`, which stands elsewhere and is never copied;
  /// what follows them is encrypted in place. `head` is empty or whole blocks of 16 octets, `text`
  /// whole blocks with CBC. An AEAD writes its ICV to `icv` (icv_size octets) and authenticates
  /// `aad`, and GMAC the IV and the text too (RFC 4543, 3.3); the others take an empty `aad` and
  /// `icv`. `iv` has iv_size octets.
  virtual void seal(ByteView iv, ByteView aad, ByteView head, std::span<std::uint8_t> text,
                    std::span<std::uint8_t> icv) = 0;
  /// The inverse, from `sealed` into `text` of the same size. False: the ICV is wrong, and what
  /// `text` holds means nothing.
  [[nodiscard]] virtual bool open(ByteView iv, ByteView aad, ByteView sealed,
                                  std::span<std::uint8_t> text, ByteView icv) = 0;
};

/// An integrity transform with its key.
class PacketMac {
 public:
  virtual ~PacketMac() = default;
  /// The ICV over `head` | `tail`: icv.size() octets, at most icv_size.
  virtual void mac(ByteView head, ByteView tail, std::span<std::uint8_t> icv) = 0;
};

}  // namespace ikelab::crypto
