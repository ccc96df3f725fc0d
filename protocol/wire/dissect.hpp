// The same reading as decode.hpp, with every octet named: one pass over one code, so that what is
// shown is what the engine saw.
#pragma once
#include "protocol/wire/decode.hpp"
#include "protocol/wire/field.hpp"

namespace ikelab::wire {

struct Dissection {
  Field root;
  Message message;
  std::vector<Diagnostic> diagnostics;
};
struct ChainDissection {
  Field root;
  std::vector<Payload> payloads;
  std::vector<Diagnostic> diagnostics;
};
struct PacketDissection {
  Field root;
  std::vector<Diagnostic> diagnostics;
};

/// Sizes the SA's algorithms fix; without them ciphertext is one field (RFC 7296, 3.14; RFC 4303,
/// 2).
struct CipherHint {
  std::size_t iv_size = 0, icv_size = 0;
};

/// An IKE message; of an SK payload IV | ciphertext | ICV when the hint is given.
Dissection dissect(ByteView datagram, std::optional<CipherHint> hint = std::nullopt);
/// The decrypted content of an SK payload (see decode_chain).
ChainDissection dissect_chain(ByteView plain, PayloadType first);
/// An ESP packet: the payload of IP protocol 50, or of UDP 4500 (RFC 4303, 2).
PacketDissection dissect_esp(ByteView packet, std::optional<CipherHint> hint = std::nullopt);
/// What decryption gave: inner packet, padding, pad length, next header (RFC 4303, 2.4 to 2.6).
PacketDissection dissect_esp_plain(ByteView plain);
/// An IPv4 or IPv6 packet with ICMP, TCP or UDP inside.
PacketDissection dissect_ip(ByteView packet);

}  // namespace ikelab::wire
