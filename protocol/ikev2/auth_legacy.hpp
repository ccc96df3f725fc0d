// The signature methods from before RFC 7427, each bound to one hash: RSA (RFC 7296, 3.8), ECDSA on
// P-256, P-384 and P-521 (RFC 4754). Used with peers that sent no SIGNATURE_HASH_ALGORITHMS, as
// strongSwan does, and with no others: what both could do better is not taken from them.
#pragma once
#include "protocol/crypto/provider.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::ikev2 {

bool is_legacy_signature(wire::AuthMethod method);
/// AUTH with the method of the key's kind. Errors: E-AUTH-002 there is none (Ed25519).
Result<wire::AuthPayload> sign_legacy(const crypto::PrivateKey& key, ByteView octets,
                                      crypto::Rng& rng, std::string& method);
/// Errors: E-AUTH-011 another kind of key, or the signature does not verify.
Result<void> check_legacy(const crypto::PublicKey& key, const wire::AuthPayload& auth,
                          ByteView octets, std::string& method);

}  // namespace ikelab::ikev2
