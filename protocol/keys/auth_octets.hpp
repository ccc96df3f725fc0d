// What an AUTH payload covers, and the AUTH value of a shared key (RFC 7296, 2.15).
//
//   InitiatorSignedOctets = RealMessage1 | NonceRData | MACedIDForI
//   ResponderSignedOctets = RealMessage2 | NonceIData | MACedIDForR
//   MACedIDForI = prf(SK_pi, RestOfInitIDPayload)
//   MACedIDForR = prf(SK_pr, RestOfRespIDPayload)
//   IntAuth, if there were IKE_INTERMEDIATE exchanges, ends both (RFC 9242, 3.3.2)
//   AUTH = prf(prf(Shared Secret, "Key Pad for IKEv2"), <SignedOctets>)
#pragma once
#include <vector>

#include "protocol/base/secret.hpp"
#include "protocol/crypto/provider.hpp"
#include "protocol/keys/derivations.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::keys {

/// The octets, and which part is what: "RealMessage1", "NonceRData", "MACedIDForI".
struct SignedOctets {
  Bytes octets;
  std::vector<trace::LabelledRange> parts;
};

/// What the IKE_INTERMEDIATE exchanges were, for AUTH to cover (RFC 9242, 3.3.2):
///   IntAuth = IntAuth_iN | IntAuth_rN | IKE_AUTH_MID
struct IntAuth {
  Bytes i, r;  ///< empty: there were none
  std::uint32_t exchanges = 0;
  [[nodiscard]] bool empty() const { return exchanges == 0; }
};

/// One direction of one IKE_INTERMEDIATE exchange, before encryption and fragmentation.
struct IntAuthMessage {
  ByteView header;           ///< the IKE header as on the wire, of any fragment
  std::uint8_t first_inner;  ///< Next Payload of the Encrypted payload
  std::uint8_t reserved;     ///< its critical bit and RESERVED, those of fragment 1
  ByteView content;          ///< the inner payloads in plaintext
};
/// IntAuth_*A: header and generic header, their lengths without IV, padding and ICV.
Bytes int_auth_associated(const IntAuthMessage& message);
/// IntAuth_in or IntAuth_rn from the value before (empty for the first), with SK_pi or SK_pr as
/// they were before the exchange. `which`: 'i' or 'r', `n` from 1, both for the trace.
Result<Bytes> next_int_auth(crypto::Provider& provider, const crypto::Algorithm& prf,
                            const Secret& sk_p, ByteView previous, const IntAuthMessage& message,
                            char which, std::uint32_t n, Derivations& derivations);

/// `also`: with IKE_SA_INIT_FULL_TRANSCRIPT_AUTH, the other message of IKE_SA_INIT, which the
/// signer received. Then eight octets of zero and this message come first. `real_message_1`: the
/// IKE_SA_INIT request from the first octet of its header, the last one sent when there was a
/// COOKIE or INVALID_KE_PAYLOAD. `nonce_r`: Nr without the payload header. `rest_of_id_i`: the IDi
/// payload without its generic header (type, reserved, data).
Result<SignedOctets> initiator_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_1,
                                             ByteView nonce_r, const Secret& sk_pi,
                                             ByteView rest_of_id_i, const IntAuth& int_auth = {},
                                             ByteView also = {});
/// The same from the other side: the IKE_SA_INIT response, Ni, SK_pr and the IDr payload.
Result<SignedOctets> responder_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_2,
                                             ByteView nonce_i, const Secret& sk_pr,
                                             ByteView rest_of_id_r, const IntAuth& int_auth = {},
                                             ByteView also = {});

/// AUTH of the Shared Key Message Integrity Code method: output_size octets of the PRF.
Result<Bytes> shared_key_auth(crypto::Provider& provider, const crypto::Algorithm& prf,
                              const Secret& shared_secret, ByteView signed_octets);

}  // namespace ikelab::keys
