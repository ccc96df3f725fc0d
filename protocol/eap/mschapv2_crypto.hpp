// The functions of MS-CHAPv2 under the RFC's own names (RFC 2759, 8), and its keys (RFC 3079, 3.3;
// their place in EAP's MSK: draft-kamath-pppext-eap-mschapv2, 4).
#pragma once
#include <string>

#include "protocol/crypto/provider.hpp"

namespace ikelab::eap {

/// MD4 of the password in UTF-16, little endian (8.3). `password`: UTF-8.
Bytes nt_password_hash(crypto::Provider& provider, ByteView password);
/// 8 octets of SHA-1 over both challenges and the user's name (8.2).
Bytes challenge_hash(crypto::Provider& provider, ByteView peer_challenge,
                     ByteView authenticator_challenge, std::string_view user_name);
/// 24 octets: the challenge under DES, three times (8.5).
Bytes challenge_response(crypto::Provider& provider, ByteView challenge, ByteView password_hash);
/// "S=" and 40 hex digits: what the authenticator proves itself with (8.7).
std::string authenticator_response(crypto::Provider& provider, ByteView password_hash,
                                   ByteView nt_response, ByteView challenge);

/// 16 octets each (RFC 3079, 3.4).
Bytes master_key(crypto::Provider& provider, ByteView password_hash_hash, ByteView nt_response);
/// `server_sends`: the key of what the server sends and the client receives, or the other way.
Bytes asymmetric_start_key(crypto::Provider& provider, ByteView master_key, bool server_sends);
/// The key of what the server receives | of what it sends | 32 zeros.
Secret mschapv2_msk(crypto::Provider& provider, ByteView password_hash, ByteView nt_response);

}  // namespace ikelab::eap
