// What an AUTH payload covers, and the AUTH value of a shared key (RFC 7296, 2.15).
//
//   InitiatorSignedOctets = RealMessage1 | NonceRData | MACedIDForI
//   ResponderSignedOctets = RealMessage2 | NonceIData | MACedIDForR
//   MACedIDForI = prf(SK_pi, RestOfInitIDPayload)
//   MACedIDForR = prf(SK_pr, RestOfRespIDPayload)
//   AUTH = prf(prf(Shared Secret, "Key Pad for IKEv2"), <SignedOctets>)
#pragma once
#include <vector>

#include "protocol/base/secret.hpp"
#include "protocol/crypto/provider.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::keys {

/// The octets, and which part is what: "RealMessage1", "NonceRData", "MACedIDForI".
struct SignedOctets {
  Bytes octets;
  std::vector<trace::LabelledRange> parts;
};

/// `real_message_1`: the IKE_SA_INIT request from the first octet of its header, the last one sent
/// when there was a COOKIE or INVALID_KE_PAYLOAD. `nonce_r`: Nr without the payload header.
/// `rest_of_id_i`: the IDi payload without its generic header (type, reserved, data).
Result<SignedOctets> initiator_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_1,
                                             ByteView nonce_r, const Secret& sk_pi,
                                             ByteView rest_of_id_i);
/// The same from the other side: the IKE_SA_INIT response, Ni, SK_pr and the IDr payload.
Result<SignedOctets> responder_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_2,
                                             ByteView nonce_i, const Secret& sk_pr,
                                             ByteView rest_of_id_r);

/// AUTH of the Shared Key Message Integrity Code method: output_size octets of the PRF.
Result<Bytes> shared_key_auth(crypto::Provider& provider, const crypto::Algorithm& prf,
                              const Secret& shared_secret, ByteView signed_octets);

}  // namespace ikelab::keys
