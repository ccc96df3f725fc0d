#include "protocol/ikev2/authentication.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/keys/auth_octets.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::AuthMethod;

// Certificate Encodings (RFC 7296, 3.6; RFC 4806, 3)
constexpr std::uint8_t x509_signature = 4, ocsp_content = 14;

Result<keys::SignedOctets> signed_octets(IkeSa& sa, bool of_initiator, const wire::IdPayload& id) {
  const InitTranscript& t = sa.transcript;
  const Bytes rest_of_id = wire::encode_body(id);
  return of_initiator
             ? keys::initiator_signed_octets(sa.services.provider, *sa.suite.prf, t.real_message_1,
                                             t.nr, sa.keys.sk_pi, rest_of_id)
             : keys::responder_signed_octets(sa.services.provider, *sa.suite.prf, t.real_message_2,
                                             t.ni, sa.keys.sk_pr, rest_of_id);
}

trace::AuthDecided decided(const IkeSa& sa, bool local, const wire::IdPayload& id,
                           const keys::SignedOctets& covered) {
  trace::AuthDecided body;
  body.subject = (local == sa.original_initiator) ? "initiator" : "responder";
  body.local = local;
  body.identity = policy::Identity{id.type, id.data, false}.to_string();
  // MACedID is made with SK_p: without disclosure only its place is shown, not the octets.
  if (sa.services.config.disclose_secrets) body.octets = covered.octets;
  body.parts = covered.parts;
  return body;
}

// ---- shared key --------------------------------------------------------------------------------

const Bytes& psk_of(const policy::ConnectionConfig& connection) {
  return connection.local.psk.empty() ? connection.remote.psk : connection.local.psk;
}

Result<Bytes> psk_auth(IkeSa& sa, const Bytes& psk, const keys::SignedOctets& covered) {
  return keys::shared_key_auth(sa.services.provider, *sa.suite.prf, Secret(psk), covered.octets);
}

// ---- signatures --------------------------------------------------------------------------------

Result<wire::AuthPayload> sign(IkeSa& sa, const policy::AuthConfig& own,
                               const keys::SignedOctets& covered, std::string& method) {
  IKELAB_TRY(const auto key, sa.services.certificates.private_key(own.private_key));
  for (const crypto::SignatureScheme scheme : key->schemes()) {
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
  return Error{"E-AUTH-002", "the peer verifies no hash that our key can sign with"}.see(
      "RFC 7427, 4");
}

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
  return std::any_of(certificate.alt_names.begin(), certificate.alt_names.end(),
                     [&](const pki::SubjectAltName& name) {
                       const auto named = policy::Identity::parse(name.value);
                       return name.type == alt_name_type(id.type) && named &&
                              named->matches(presented);
                     });
}

/// A peer may be who its certificate says it is, and nobody else.
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

/// `remarks`: what was not known about revocation and the policy forgave.
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
  const std::size_t identifier = auth.data.empty() ? 0 : auth.data.front();
  const auto scheme = auth.data.size() > identifier + 1
                          ? crypto::scheme_of_identifier(ByteView(auth.data).subspan(1, identifier))
                          : std::nullopt;
  if (!scheme)
    return Error{"E-AUTH-011", "AUTH names no signature algorithm that we know"}.see("RFC 7427, 3");
  method = crypto::to_string(*scheme);
  IKELAB_TRY(const auto key, certificates.public_key(leaf->public_key_der));
  if (!key->supports(*scheme))
    return Error{"E-AUTH-011",
                 "AUTH names a signature algorithm that does not fit the certificate's key"}
        .see("RFC 7427, 3");
  if (!key->verify(*scheme, covered.octets, ByteView(auth.data).subspan(1 + identifier)))
    return Error{"E-AUTH-011", "the signature in AUTH does not verify"}.see("RFC 7296, 2.15");
  return {};
}

}  // namespace

policy::Identity local_identity(const IkeSa& sa) {
  const policy::AuthConfig& own = sa.connection->local;
  const bool of_certificate = own.id.any_value || own.id.type == wire::IdType::der_asn1_dn;
  if (of_certificate && !own.certificates.empty())
    if (const auto certificate = sa.services.certificates.read(own.certificates.front()))
      return {wire::IdType::der_asn1_dn, (*certificate)->subject_der, false};
  if (!own.id.any_value) return own.id;
  return {sa.local.ip.is_v6() ? wire::IdType::ipv6_addr : wire::IdType::ipv4_addr,
          to_bytes(sa.local.ip.octets()), false};
}

Result<std::vector<wire::Payload>> make_auth(IkeSa& sa, const wire::IdPayload& id) {
  const policy::AuthConfig& own = sa.connection->local;
  IKELAB_TRY(const keys::SignedOctets covered, signed_octets(sa, sa.original_initiator, id));
  trace::AuthDecided event = decided(sa, true, id, covered);
  std::vector<wire::Payload> out;
  if (own.kind == policy::AuthKind::psk) {
    if (psk_of(*sa.connection).empty())
      return Error{"E-AUTH-001", "no shared key is configured"}.see("RFC 7296, 2.15");
    IKELAB_TRY(Bytes mac, psk_auth(sa, psk_of(*sa.connection), covered));
    event.method = "Shared Key Message Integrity Code";
    event.rfc = "RFC 7296, 2.15";
    out.push_back(wire::make_payload(wire::AuthPayload{AuthMethod::shared_key, std::move(mac)}));
  } else {
    for (const Bytes& certificate : own.certificates)
      out.push_back(wire::make_payload(wire::CertPayload{x509_signature, certificate}));
    IKELAB_TRY(wire::AuthPayload auth, sign(sa, own, covered, event.method));
    event.rfc = "RFC 7427, 3";
    out.push_back(wire::make_payload(std::move(auth)));
  }
  event.ok = true;
  event.reason = "made with " + event.method;
  sa.emit(std::move(event));
  return out;
}

Result<void> check_auth(IkeSa& sa, const policy::AuthConfig& expected,
                        const std::vector<wire::Payload>& payloads, Instant now) {
  const wire::IdPayload* id = nullptr;
  for (const wire::Payload& payload : payloads)
    if (const auto* found = std::get_if<wire::IdPayload>(&payload.body);
        found != nullptr && found->responder == sa.original_initiator)
      id = found;
  const auto* auth = wire::first<wire::AuthPayload>(payloads);
  if (id == nullptr || auth == nullptr)
    return Error{"E-AUTH-011", "ID or AUTH is missing"}.see("RFC 7296, 1.2");
  IKELAB_TRY(const keys::SignedOctets covered, signed_octets(sa, !sa.original_initiator, *id));
  trace::AuthDecided event = decided(sa, false, *id, covered);
  event.rfc = "RFC 7296, 2.15";
  event.method = wire::name(auth->method);

  std::string remarks;
  const auto verdict = [&]() -> Result<void> {
    if (!expected.id.matches(policy::Identity{id->type, id->data, false}))
      return Error{"E-AUTH-010", "the peer says it is '" + event.identity + "', but '" +
                                     expected.id.to_string() + "' is expected"}
          .see("RFC 7296, 2.15");
    if (expected.kind == policy::AuthKind::psk) {
      if (auth->method != AuthMethod::shared_key)
        return Error{"E-AUTH-013",
                     "the peer authenticates by " + event.method + ", a shared key is expected"}
            .see("RFC 7296, 2.15");
      IKELAB_TRY(const Bytes mac, psk_auth(sa, psk_of(*sa.connection), covered));
      if (!equal_constant_time(mac, auth->data))
        return Error{"E-AUTH-011",
                     "AUTH does not match: another shared key, or the IKE_SA_INIT messages were "
                     "changed on the way"}
            .see("RFC 7296, 2.15");
      return {};
    }
    if (auth->method != AuthMethod::digital_signature)
      return Error{"E-AUTH-013",
                   "the peer authenticates by " + event.method + ", a signature is expected"}
          .see("RFC 7427, 3");
    return check_signature(sa, expected, payloads, *id, *auth, covered, now, event.method, remarks);
  }();
  event.ok = verdict.ok();
  event.reason = verdict.ok() ? "AUTH verifies" + remarks : verdict.error().message;
  if (verdict.ok()) sa.peer_identity = event.identity;
  sa.emit(std::move(event));
  return verdict;
}

}  // namespace ikelab::ikev2
