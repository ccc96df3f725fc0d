// Who the peers are, and how phase 1 proves it: HASH_I and HASH_R, or their RSA signatures (RFC
// 2409, 5, 5.1 and 5.4).
#include <algorithm>

#include "protocol/crypto/pkcs1.hpp"
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev1 {
namespace {

using wire::PayloadType;

constexpr std::uint8_t x509_signature = 4;
constexpr std::size_t chain_most = 8;

bool signs(const IsakmpSa& sa) {
  return sa.method == wire::v1::auth::rsa_signatures;
}

const char* method_name(const IsakmpSa& sa) {
  if (sa.method == wire::v1::auth::psk) return "pre-shared key";
  return signs(sa) ? "RSA signature" : "RSA-encrypted nonces";
}

Result<Bytes> hash_of(IsakmpSa& sa, bool of_initiator) {
  keys::v1::Schedule schedule(sa.services.provider, *sa.suite.prf);
  return schedule.hash_of(of_initiator, sa.keys.skeyid,
                          {sa.g_xi, sa.g_xr, sa.sai_b, sa.cky_i, sa.cky_r},
                          of_initiator ? sa.idii_b : sa.idir_b);
}

policy::Identity identity_of(ByteView id_b) {
  const auto type = id_b.empty() ? std::uint8_t{0} : id_b[0];
  return {static_cast<wire::IdType>(type), to_bytes(id_b.size() > 4 ? id_b.subspan(4) : ByteView{}),
          false};
}

trace::AuthDecided decided(const IsakmpSa& sa, bool of_initiator) {
  trace::AuthDecided body;
  body.subject = of_initiator ? "initiator" : "responder";
  body.local = of_initiator == sa.initiator;
  body.identity = identity_of(of_initiator ? sa.idii_b : sa.idir_b).to_string();
  body.method = method_name(sa);
  body.rfc = "RFC 2409, 5";
  struct Part {
    const char* label;
    ByteView octets;
  };
  const Bytes cookies =
      of_initiator ? keys::v1::cookies(sa.cky_i, sa.cky_r) : keys::v1::cookies(sa.cky_r, sa.cky_i);
  const ByteView first = of_initiator ? sa.g_xi : sa.g_xr,
                 second = of_initiator ? sa.g_xr : sa.g_xi;
  const Part parts[] = {{of_initiator ? "g^xi" : "g^xr", first},
                        {of_initiator ? "g^xr" : "g^xi", second},
                        {of_initiator ? "CKY-I | CKY-R" : "CKY-R | CKY-I", cookies},
                        {"SAi_b", sa.sai_b},
                        {of_initiator ? "IDii_b" : "IDir_b", of_initiator ? sa.idii_b : sa.idir_b}};
  for (const Part& part : parts) {
    const std::size_t begin = body.octets.size();
    body.octets.insert(body.octets.end(), part.octets.begin(), part.octets.end());
    body.parts.push_back({part.label, begin, body.octets.size()});
  }
  return body;
}

bool names(const pki::CertificateInfo& certificate, const policy::Identity& id) {
  if (id.type == wire::IdType::der_asn1_dn)
    return policy::Identity{id.type, certificate.subject_der, false}.matches(id);
  return std::any_of(certificate.alt_names.begin(), certificate.alt_names.end(),
                     [&](const pki::SubjectAltName& name) {
                       const auto named = policy::Identity::parse(name.value);
                       return named && named->matches(id);
                     });
}

Result<void> check_signature(IsakmpSa& sa, const Inbound& in, const policy::Identity& id,
                             const Bytes& hash) {
  std::vector<Bytes> chain;
  for (const wire::Payload& payload : in.payloads)
    if (const auto* cert = std::get_if<wire::v1::CertPayload>(&payload.body);
        cert && !cert->request && cert->encoding == x509_signature && chain.size() < chain_most)
      chain.push_back(cert->data);
  if (chain.empty())
    return Error{"E-IKE1-021", "the peer sent no certificate"}.see("RFC 2409, 5.1");
  const policy::AuthConfig& expected = sa.connection->remote;
  const std::int64_t unix_time = sa.services.config.epoch + in.now.ns / 1'000'000'000;
  const std::vector<Bytes> crls = policy::published(expected.crls, in.now);
  pki::ChainRules rules;
  rules.purpose = pki::Purpose::ike;
  rules.crls = crls;
  IKELAB_TRY(const auto path,
             pki::validate_chain(chain.front(), std::span<const Bytes>(chain).subspan(1),
                                 expected.authorities, unix_time, rules));
  IKELAB_TRY(const auto leaf, pki::parse_certificate(chain.front()));
  if (!names(leaf, id))
    return Error{"E-IKE1-022", "the peer says it is '" + id.to_string() +
                                   "', its certificate is of '" + leaf.subject + "'"}
        .see("RFC 2407, 4.6.2");
  IKELAB_TRY(const auto key, sa.services.provider.public_key(leaf.public_key_der));
  const Bytes* signature = data_of(in.payloads, PayloadType::v1_sig);
  IKELAB_TRY(const Bytes block, key->rsa_bare(*signature));
  const auto signed_hash = crypto::pkcs1::data_of_signing_block(block);
  if (!signed_hash || !equal_constant_time(*signed_hash, hash))
    return Error{"E-IKE1-020", "SIG does not verify"}.see("RFC 2409, 5.1");
  return {};
}

Result<void> verdict_on(IsakmpSa& sa, const Inbound& in, const policy::Identity& id) {
  const policy::Identity& expected = sa.connection->remote.id;
  if (!expected.matches(id))
    return Error{"E-IKE1-023", "the peer says it is '" + id.to_string() + "', but '" +
                                   expected.to_string() + "' is expected"}
        .see("RFC 2407, 4.6.2");
  IKELAB_TRY(const Bytes hash, hash_of(sa, !sa.initiator));
  if (signs(sa)) return check_signature(sa, in, id, hash);
  if (!equal_constant_time(hash, *data_of(in.payloads, PayloadType::v1_hash)))
    return Error{"E-IKE1-020",
                 "HASH does not match: another secret, or the first messages were changed on the "
                 "way"}
        .see("RFC 2409, 5");
  return {};
}

}  // namespace

wire::v1::IdPayload own_id(const IsakmpSa& sa) {
  const policy::AuthConfig& own = sa.connection->local;
  wire::v1::IdPayload out;
  const bool of_certificate = own.id.any_value || own.id.type == wire::IdType::der_asn1_dn;
  if (of_certificate && !own.certificates.empty()) {
    if (const auto certificate = pki::parse_certificate(own.certificates.front())) {
      out.type = wire::v1::id::der_asn1_dn;
      out.data = certificate->subject_der;
      return out;
    }
  }
  if (own.id.any_value) {
    out.type = sa.local.ip.is_v6() ? wire::v1::id::ipv6_addr : wire::v1::id::ipv4_addr;
    out.data = to_bytes(sa.local.ip.octets());
  } else {  // the numbers of both versions agree where both have the type
    out.type = static_cast<std::uint8_t>(own.id.type);
    out.data = own.id.data;
  }
  return out;
}

Result<Payloads> make_proof(IsakmpSa& sa) {
  IKELAB_TRY(Bytes hash, hash_of(sa, sa.initiator));
  trace::AuthDecided event = decided(sa, sa.initiator);
  Payloads out;
  if (signs(sa)) {
    IKELAB_TRY(const auto key, sa.services.provider.private_key(sa.connection->local.private_key));
    IKELAB_TRY(const auto shown, sa.services.provider.public_key(key->public_key_der()));
    const auto numbers = shown->rsa_numbers();
    if (!numbers || numbers->n.size() < hash.size() + crypto::pkcs1::overhead)
      return Error{"E-IKE1-024", "IKEv1 signs with RSA here, and our key is none, or too small"}
          .see("RFC 2409, 5.1");
    //= rfc2409#5.1 "RSA signatures MUST be encoded as a private key encryption in PKCS #1 format
    //= and not as a signature in PKCS #1 format (which includes the OID of the hash algorithm)."
    IKELAB_TRY(Bytes signature, key->rsa_bare(crypto::pkcs1::signing_block(hash, numbers->n.size()),
                                              *sa.services.streams.rsa));
    for (const Bytes& certificate : sa.connection->local.certificates)
      out.push_back(wire::make_payload(wire::v1::CertPayload{false, x509_signature, certificate}));
    out.push_back(data_payload(PayloadType::v1_sig, std::move(signature)));
  } else {
    out.push_back(data_payload(PayloadType::v1_hash, std::move(hash)));
  }
  event.ok = true;
  event.reason = "made with " + event.method;
  sa.emit(std::move(event));
  return out;
}

Result<void> check_proof(IsakmpSa& sa, const Inbound& in) {
  const policy::Identity id = identity_of(sa.initiator ? sa.idir_b : sa.idii_b);
  trace::AuthDecided event = decided(sa, !sa.initiator);
  const auto verdict = verdict_on(sa, in, id);
  event.ok = verdict.ok();
  event.reason = verdict.ok() ? std::string(signs(sa) ? "SIG verifies" : "HASH matches")
                              : verdict.error().message;
  if (verdict.ok()) sa.peer_identity = event.identity;
  sa.emit(std::move(event));
  return verdict;
}

}  // namespace ikelab::ikev1
