// Octets to values (RFC 7296, section 3). Total and lenient: every input gives a message and
// diagnostics, never a failure. What could not be read stays in the message as far as it goes; a
// payload whose body is malformed becomes an UnknownPayload.
#pragma once
#include "protocol/wire/diagnostic.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::wire {

struct Decoded {
  Message message;
  std::vector<Diagnostic> diagnostics;
  [[nodiscard]] bool ok() const { return !has_error(diagnostics); }
};

struct DecodedChain {
  std::vector<Payload> payloads;
  std::vector<Diagnostic> diagnostics;
  [[nodiscard]] bool ok() const { return !has_error(diagnostics); }
};

/// One IKE message: a UDP payload without the non-ESP marker. The octets an SK payload's
/// authentication covers without its ICV are [0, size - icv); its AEAD associated data is [0,
/// sk.begin + 4) (RFC 5282, 5.1).
Decoded decode(ByteView datagram);
/// The decrypted content of an SK payload, padding and pad length taken off: a chain whose first
/// payload has type `first` (SkPayload::first_inner). Offsets count from the start of `plain`.
DecodedChain decode_chain(ByteView plain, PayloadType first);

}  // namespace ikelab::wire
