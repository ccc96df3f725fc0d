// The Encrypted payload: sealing and opening SK (RFC 7296, 3.14; with AEAD RFC 5282), and its
// fragments SKF (RFC 7383, 2.5).
#pragma once
#include "protocol/crypto/provider.hpp"
#include "protocol/policy/proposal.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {

/// The keys of one direction: SK_ei and SK_ai, or SK_er and SK_ar.
struct DirectionKeys {
  ByteView sk_e, sk_a;  ///< sk_a is empty with AEAD
};

/// Encodes `header` with one SK payload around `inner`; `iv` is iv_size octets, never used twice
/// with one key. `outside` stands before it, in the clear and covered by its ICV.
Result<Bytes> seal_message(crypto::Provider& provider, const policy::Suite& suite,
                           const DirectionKeys& keys, const wire::Header& header,
                           wire::EncodedChain inner, ByteView iv,
                           const std::vector<wire::Payload>& outside = {});
inline Result<Bytes> seal_message(crypto::Provider& provider, const policy::Suite& suite,
                                  const DirectionKeys& keys, const wire::Header& header,
                                  const std::vector<wire::Payload>& inner, ByteView iv,
                                  const std::vector<wire::Payload>& outside = {}) {
  return seal_message(provider, suite, keys, header, wire::encode_chain(inner), iv, outside);
}

/// The same with an SKF payload around `chunk`; `part` says all but its body.
Result<Bytes> seal_fragment(crypto::Provider& provider, const policy::Suite& suite,
                            const DirectionKeys& keys, const wire::Header& header,
                            const wire::SkfPayload& part, ByteView chunk, ByteView iv,
                            const std::vector<wire::Payload>& outside = {});
/// Octets of the message that `content` octets make, as SK or as SKF payload.
std::size_t sealed_size(const policy::Suite& suite, std::size_t content, bool fragment);

/// The plaintext of the SK or SKF payload that stands in `datagram` as decoded: padding and pad
/// length taken off. Errors: E-IKE-010 too short, E-IKE-011 the integrity check failed, E-IKE-012
/// impossible padding.
Result<Bytes> open_message(crypto::Provider& provider, const policy::Suite& suite,
                           const DirectionKeys& keys, ByteView datagram,
                           const wire::Payload& sealed);

}  // namespace ikelab::ikev2
