#include "protocol/keys/auth_octets.hpp"

namespace ikelab::keys {
namespace {

struct Names {
  const char *message, *nonce, *maced_id;
};

Result<SignedOctets> signed_octets(crypto::Provider& provider, const crypto::Algorithm& prf,
                                   ByteView real_message, ByteView nonce, const Secret& sk_p,
                                   ByteView rest_of_id, const Names& names) {
  IKELAB_TRY(const Secret maced_id, provider.prf(prf, sk_p.reveal(), rest_of_id));
  SignedOctets out;
  const auto append = [&out](const char* label, ByteView part) {
    const std::size_t begin = out.octets.size();
    out.octets.insert(out.octets.end(), part.begin(), part.end());
    out.parts.push_back({label, begin, out.octets.size()});
  };
  append(names.message, real_message);
  append(names.nonce, nonce);
  append(names.maced_id, maced_id.reveal());
  return out;
}

}  // namespace

Result<SignedOctets> initiator_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_1,
                                             ByteView nonce_r, const Secret& sk_pi,
                                             ByteView rest_of_id_i) {
  //= rfc7296#2.15 "InitiatorSignedOctets = RealMessage1 | NonceRData | MACedIDForI"
  //= rfc7296#2.15 "MACedIDForI = prf(SK_pi, RestOfInitIDPayload)"
  return signed_octets(provider, prf, real_message_1, nonce_r, sk_pi, rest_of_id_i,
                       {"RealMessage1", "NonceRData", "MACedIDForI"});
}

Result<SignedOctets> responder_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_2,
                                             ByteView nonce_i, const Secret& sk_pr,
                                             ByteView rest_of_id_r) {
  //= rfc7296#2.15 "ResponderSignedOctets = RealMessage2 | NonceIData | MACedIDForR"
  //= rfc7296#2.15 "MACedIDForR = prf(SK_pr, RestOfRespIDPayload)"
  return signed_octets(provider, prf, real_message_2, nonce_i, sk_pr, rest_of_id_r,
                       {"RealMessage2", "NonceIData", "MACedIDForR"});
}

Result<Bytes> shared_key_auth(crypto::Provider& provider, const crypto::Algorithm& prf,
                              const Secret& shared_secret, ByteView signed_octets) {
  //= rfc7296#2.15 "AUTH = prf( prf(Shared Secret, "Key Pad for IKEv2"), <InitiatorSignedOctets>)"
  IKELAB_TRY(const Secret key,
             provider.prf(prf, shared_secret.reveal(), as_bytes("Key Pad for IKEv2")));
  IKELAB_TRY(const Secret auth, provider.prf(prf, key.reveal(), signed_octets));
  return to_bytes(auth.reveal());
}

}  // namespace ikelab::keys
