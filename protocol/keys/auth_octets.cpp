#include "protocol/keys/auth_octets.hpp"

namespace ikelab::keys {
namespace {

struct Names {
  const char *message, *nonce, *maced_id, *also;
};

Result<SignedOctets> signed_octets(crypto::Provider& provider, const crypto::Algorithm& prf,
                                   ByteView real_message, ByteView nonce, const Secret& sk_p,
                                   ByteView rest_of_id, const IntAuth& int_auth, ByteView also,
                                   const Names& names) {
  IKELAB_TRY(const Secret maced_id, provider.prf(prf, sk_p.reveal(), rest_of_id));
  SignedOctets out;
  out.octets.reserve(real_message.size() + nonce.size() + maced_id.size());
  const auto append = [&out](const char* label, ByteView part) {
    const std::size_t begin = out.octets.size();
    out.octets.insert(out.octets.end(), part.begin(), part.end());
    out.parts.push_back({label, begin, out.octets.size()});
  };
  // draft-ietf-ipsecme-ikev2-downgrade-prevention: no message begins with SPIi of zero, so that
  // these octets can never be taken for the shorter ones.
  if (!also.empty()) {
    append("zero prefix", Bytes(8));
    append(names.also, also);
  }
  append(names.message, real_message);
  append(names.nonce, nonce);
  append(names.maced_id, maced_id.reveal());
  //= rfc9242#3.3.2 "InitiatorSignedOctets = RealMsg1 | NonceRData | MACedIDForI | IntAuth"
  //= rfc9242#3.3.2 "ResponderSignedOctets = RealMsg2 | NonceIData | MACedIDForR | IntAuth"
  if (!int_auth.empty()) {
    append("IntAuth_i", int_auth.i);
    append("IntAuth_r", int_auth.r);
    // The Message IDs of IKE_INTERMEDIATE are 1 to N, so that of IKE_AUTH is N + 1.
    append("IKE_AUTH_MID", big_endian<4>(int_auth.exchanges + 1));
  }
  return out;
}

}  // namespace

Bytes int_auth_associated(const IntAuthMessage& message) {
  constexpr std::size_t ike_header = 28, generic_header = 4, encrypted_payload = 46;
  IKELAB_ASSERT(message.header.size() >= ike_header);
  const std::size_t payload = generic_header + message.content.size();
  //= rfc9242#3.3.2 "the Length field in the IKE Header (denoted as Adjusted Length in Figure 1) is
  //= set to the sum of the lengths of IntAuth_[i/ r]*A and IntAuth_[i/r]*P"
  //= rfc9242#3.3.2 "While reconstructing, the RESERVED field in the reconstructed Encrypted payload
  //= header MUST be set to the value of the RESERVED field in the Encrypted Fragment payload header
  //= from the first fragment (with the Fragment Number field set to 1)."
  return concat({message.header.first(16), Bytes{encrypted_payload}, message.header.subspan(17, 7),
                 big_endian<4>(ike_header + payload), Bytes{message.first_inner, message.reserved},
                 big_endian<2>(payload)});
}

Result<Bytes> next_int_auth(crypto::Provider& provider, const crypto::Algorithm& prf,
                            const Secret& sk_p, ByteView previous, const IntAuthMessage& message,
                            char which, std::uint32_t n, Derivations& derivations) {
  const auto name = [&](std::uint32_t number, const char* suffix = "") {
    return std::string("IntAuth_") + which + std::to_string(number) + suffix;
  };
  const std::string sk_p_name = std::string("SK_p") + which;
  const Bytes associated = int_auth_associated(message);
  //= rfc9242#3.3.2 "IntAuth_iN = prf(SK_piN, IntAuth_iN-1 | IntAuth_iNA [| IntAuth_iNP])"
  const Secret data(concat({previous, associated, message.content}));
  IKELAB_TRY(const Secret value, provider.prf(prf, sk_p.reveal(), data.reveal()));
  std::vector<trace::NamedValue> inputs = {derivations.secret(sk_p_name, sk_p.reveal(), sk_p_name)};
  if (!previous.empty())
    inputs.push_back(derivations.secret(name(n - 1), previous, "the exchange before"));
  inputs.push_back(Derivations::shown(name(n, "A"), associated,
                                      "IKE header and generic header, lengths of plaintext"));
  inputs.push_back(derivations.secret(name(n, "P"), message.content,
                                      "the inner payloads before they are encrypted"));
  derivations.add(name(n),
                  "prf(" + sk_p_name + (previous.empty() ? ", " : ", " + name(n - 1) + " | ") +
                      name(n, "A") + " | " + name(n, "P") + ")",
                  prf, std::move(inputs), value.reveal(), "RFC 9242, 3.3.2");
  return to_bytes(value.reveal());
}

Result<SignedOctets> initiator_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_1,
                                             ByteView nonce_r, const Secret& sk_pi,
                                             ByteView rest_of_id_i, const IntAuth& int_auth,
                                             ByteView also) {
  //= rfc7296#2.15 "InitiatorSignedOctets = RealMessage1 | NonceRData | MACedIDForI"
  //= rfc7296#2.15 "MACedIDForI = prf(SK_pi, RestOfInitIDPayload)"
  return signed_octets(provider, prf, real_message_1, nonce_r, sk_pi, rest_of_id_i, int_auth, also,
                       {"RealMessage1", "NonceRData", "MACedIDForI", "RealMessage2"});
}

Result<SignedOctets> responder_signed_octets(crypto::Provider& provider,
                                             const crypto::Algorithm& prf, ByteView real_message_2,
                                             ByteView nonce_i, const Secret& sk_pr,
                                             ByteView rest_of_id_r, const IntAuth& int_auth,
                                             ByteView also) {
  //= rfc7296#2.15 "ResponderSignedOctets = RealMessage2 | NonceIData | MACedIDForR"
  //= rfc7296#2.15 "MACedIDForR = prf(SK_pr, RestOfRespIDPayload)"
  return signed_octets(provider, prf, real_message_2, nonce_i, sk_pr, rest_of_id_r, int_auth, also,
                       {"RealMessage2", "NonceIData", "MACedIDForR", "RealMessage1"});
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
