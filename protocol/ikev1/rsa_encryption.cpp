// Authentication by public key encryption: nonce and identity go encrypted with the peer's RSA key,
// and who can say HASH has read them (RFC 2409, 5.2).
//
// A receiver that lets the sender know whether a ciphertext was well-formed answers questions about
// every ciphertext of that key (Bleichenbacher, 1998). So it never does: what does not decrypt is
// replaced by random octets, and the exchange goes on to fail where a wrong nonce fails.
#include "protocol/crypto/pkcs1.hpp"
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev1 {
namespace {

using wire::PayloadType;

Result<wire::Payload> hidden(IsakmpSa& sa, const crypto::PublicKey& key, PayloadType type,
                             ByteView body) {
  const auto numbers = key.rsa_numbers();
  if (!numbers || numbers->n.size() < body.size() + crypto::pkcs1::overhead)
    return Error{"E-IKE1-025", "the peer's key is not RSA, or too small for " +
                                   std::to_string(body.size()) + " octets"}
        .see("RFC 2409, 5.2");
  //= rfc2409#5.2 "RSA encryption MUST be encoded in PKCS #1 format."
  IKELAB_TRY(Bytes sealed, key.rsa_bare(crypto::pkcs1::encryption_block(body, numbers->n.size(),
                                                                        *sa.services.streams.rsa)));
  wire::Payload payload;
  payload.type = type;
  payload.body = wire::UnknownPayload{type, std::move(sealed)};
  return payload;
}

/// What is inside, or random octets; `well_formed` is for habits that tell, and for nothing else.
Bytes reveal(IsakmpSa& sa, const crypto::PrivateKey& key, ByteView sealed, std::size_t otherwise,
             bool& well_formed) {
  const auto block = key.rsa_bare(sealed, *sa.services.streams.rsa);
  Bytes instead = sa.services.streams.nonce->bytes(otherwise);
  well_formed = block.ok() && (*block)[0] == 0 && (*block)[1] == 2;
  if (!block) return instead;
  const auto data = crypto::pkcs1::data_of_encryption_block(*block);
  return data ? *data : instead;
}

}  // namespace

Result<Payloads> hidden_key_exchange(IsakmpSa& sa) {
  IKELAB_TRY(const auto certificate,
             pki::parse_certificate(sa.connection->ikev1->peer_certificate));
  IKELAB_TRY(const auto key, sa.services.provider.public_key(certificate.public_key_der));
  const Bytes id_b = wire::encode_body(own_id(sa));
  (sa.initiator ? sa.idii_b : sa.idir_b) = id_b;
  IKELAB_TRY(wire::Payload id, hidden(sa, *key, PayloadType::v1_id, id_b));
  IKELAB_TRY(wire::Payload nonce,
             hidden(sa, *key, PayloadType::v1_nonce, sa.initiator ? sa.ni_b : sa.nr_b));
  Payloads out;
  out.push_back(data_payload(PayloadType::v1_ke, sa.initiator ? sa.g_xi : sa.g_xr));
  out.push_back(std::move(id));
  out.push_back(std::move(nonce));
  return out;
}

Result<void> take_hidden_key_exchange(IsakmpSa& sa, const Inbound& in) {
  IKELAB_TRY(const auto key, sa.services.provider.private_key(sa.connection->local.private_key));
  (sa.initiator ? sa.g_xr : sa.g_xi) = *data_of(in.payloads, PayloadType::v1_ke);
  const auto sealed = [&](PayloadType type) { return in.body_of(*find(in.payloads, type)); };
  bool id_fits = false, nonce_fits = false;
  (sa.initiator ? sa.idir_b : sa.idii_b) =
      reveal(sa, *key, sealed(PayloadType::v1_id), 16, id_fits);
  (sa.initiator ? sa.nr_b : sa.ni_b) =
      reveal(sa, *key, sealed(PayloadType::v1_nonce), 32, nonce_fits);
  if (sa.services.habits.tells_bad_padding && !nonce_fits)
    return Error{"E-IKE1-026", "the nonce does not decrypt, and this node lets it be seen"}.see(
        "RFC 2409, 5.2");
  return {};
}

}  // namespace ikelab::ikev1
