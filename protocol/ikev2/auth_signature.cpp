#include "protocol/ikev2/auth_signature.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/auth_legacy.hpp"
#include "protocol/pki/pki.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::AuthMethod;

std::optional<pki::SubjectAltName::Type> alt_name_type(wire::IdType type) {
  using Type = pki::SubjectAltName::Type;
  switch (type) {
    case wire::IdType::fqdn:
      return Type::dns;
    case wire::IdType::rfc822_addr:
      return Type::email;
    case wire::IdType::ipv4_addr:
    case wire::IdType::ipv6_addr:
      return Type::ip;
    default:
      return std::nullopt;
  }
}

bool names(const pki::CertificateInfo& certificate, const wire::IdPayload& id) {
  const policy::Identity presented{id.type, id.data, false};
  if (id.type == wire::IdType::der_asn1_dn)
    return policy::Identity{id.type, certificate.subject_der, false}.matches(presented);
  if (id.type == wire::IdType::key_id)  // as strongSwan: the key is meant
    return !id.data.empty() && id.data == certificate.subject_key_id;
  return std::any_of(certificate.alt_names.begin(), certificate.alt_names.end(),
                     [&](const pki::SubjectAltName& name) {
                       const auto named = policy::Identity::parse(name.value);
                       return name.type == alt_name_type(id.type) && named &&
                              named->matches(presented);
                     });
}

std::vector<Bytes> certs(const std::vector<wire::Payload>& payloads, std::uint8_t encoding,
                         std::size_t most) {
  std::vector<Bytes> out;
  for (const wire::Payload& payload : payloads)
    if (const auto* cert = std::get_if<wire::CertPayload>(&payload.body);
        cert != nullptr && cert->encoding == encoding && out.size() < most)
      out.push_back(cert->data);
  return out;
}

pki::RevocationPolicy revocation_policy(policy::Revocation configured) {
  switch (configured) {
    case policy::Revocation::relaxed:
      break;
    case policy::Revocation::ifuri:
      return pki::RevocationPolicy::ifuri;
    case policy::Revocation::strict:
      return pki::RevocationPolicy::strict;
  }
  return pki::RevocationPolicy::relaxed;
}

}  // namespace

namespace {

/// nullptr: it said nothing of them.
const std::vector<crypto::SignatureScheme>* verified_by_peer(const IkeSa& sa) {
  for (const Extension& extension : extensions())
    if (extension.verifies != nullptr)
      if (const auto* schemes = extension.verifies(sa)) return schemes;
  return nullptr;
}

}  // namespace

Result<void> check_identity(const pki::CertificateInfo& certificate, const wire::IdPayload& id) {
  //= rfc4945#3.1 "The ID in the ID payload MUST match the contents of the corresponding field
  //= (listed) in the certificate exactly, with no other lookup."
  if (names(certificate, id)) return {};
  std::string known = "'" + certificate.subject + "'";
  for (const pki::SubjectAltName& name : certificate.alt_names) known += ", '" + name.value + "'";
  return Error{"E-AUTH-012",
               fmt::format("the peer says it is '{}', its certificate names {} instead",
                           policy::Identity{id.type, id.data, false}.to_string(), known)}
      .see("RFC 4945, 3.1");
}

bool speaks_legacy(const IkeSa& sa) {
  return sa.peer_hashes.empty() || !sa.connection->signature_authentication;
}

Result<wire::AuthPayload> sign(IkeSa& sa, const policy::AuthConfig& own,
                               const keys::SignedOctets& covered, std::string& method) {
  IKELAB_TRY(const auto key, sa.services.certificates.private_key(own.private_key));
  if (speaks_legacy(sa))
    return sign_legacy(*key, covered.octets, *sa.services.streams.sign, method);
  const auto* verified = verified_by_peer(sa);
  for (const crypto::SignatureScheme scheme : key->schemes()) {
    if (verified != nullptr &&
        std::find(verified->begin(), verified->end(), scheme) == verified->end())
      continue;
    if (std::find(sa.peer_hashes.begin(), sa.peer_hashes.end(), crypto::hash_of(scheme)) ==
        sa.peer_hashes.end())
      continue;
    IKELAB_TRY(const Bytes signature, key->sign(scheme, covered.octets, *sa.services.streams.sign));
    const ByteView identifier = crypto::algorithm_identifier(scheme);
    // RFC 7427, 3: ASN.1 length, AlgorithmIdentifier, signature
    const Bytes length = {static_cast<std::uint8_t>(identifier.size())};
    method = crypto::to_string(scheme);
    return wire::AuthPayload{AuthMethod::digital_signature,
                             concat({length, identifier, signature})};
  }
  if (verified != nullptr)
    return Error{"E-AUTH-002", "the peer announces no signature that our key can make"}.see(
        "RFC 9593, 3");
  return Error{"E-AUTH-002", "the peer verifies no hash that our key can sign with"}.see(
      "RFC 7427, 4");
}

Result<void> check_signature(IkeSa& sa, const policy::AuthConfig& expected,
                             const std::vector<wire::Payload>& payloads, const wire::IdPayload& id,
                             const wire::AuthPayload& auth, const keys::SignedOctets& covered,
                             Instant now, std::string& method, std::string& remarks) {
  const std::vector<Bytes> chain = certs(payloads, x509_signature, bounds::certificates_in_chain);
  if (chain.empty())
    return Error{"E-AUTH-012", "the peer sent no certificate"}.see("RFC 7296, 3.6");
  Certificates& certificates = sa.services.certificates;
  const std::int64_t unix_time = sa.services.config.epoch + now.ns / 1'000'000'000;
  const std::vector<Bytes> crls = policy::published(expected.crls, now);
  const std::vector<Bytes> ocsp = certs(payloads, ocsp_content, bounds::certificates_in_chain);
  IKELAB_TRY(const pki::ValidatedChain path,
             certificates.validate(
                 chain, expected.authorities, unix_time,
                 {pki::Purpose::ike, revocation_policy(expected.revocation), crls, ocsp}));
  for (const std::string& remark : path.remarks) remarks += "; " + remark;
  // Only what a CA of ours stands for is remembered.
  IKELAB_TRY(const auto leaf, certificates.read(chain.front()));
  IKELAB_CHECK(check_identity(*leaf, id));
  IKELAB_TRY(const auto key, certificates.public_key(leaf->public_key_der));
  if (is_legacy_signature(auth.method)) return check_legacy(*key, auth, covered.octets, method);
  const std::size_t identifier = auth.data.empty() ? 0 : auth.data.front();
  const auto scheme = auth.data.size() > identifier + 1
                          ? crypto::scheme_of_identifier(ByteView(auth.data).subspan(1, identifier))
                          : std::nullopt;
  if (!scheme || crypto::hash_of(*scheme) == crypto::HashId::sha1)
    return Error{"E-AUTH-011", "AUTH names no signature algorithm that we know"}.see("RFC 7427, 3");
  method = crypto::to_string(*scheme);
  if (!key->supports(*scheme))
    return Error{"E-AUTH-011",
                 "AUTH names a signature algorithm that does not fit the certificate's key"}
        .see("RFC 7427, 3");
  if (!key->verify(*scheme, covered.octets, ByteView(auth.data).subspan(1 + identifier)))
    return Error{"E-AUTH-011", "the signature in AUTH does not verify"}.see("RFC 7296, 2.15");
  return {};
}

}  // namespace ikelab::ikev2
