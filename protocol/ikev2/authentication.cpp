#include "protocol/ikev2/authentication.hpp"

#include "protocol/ikev2/auth_legacy.hpp"
#include "protocol/ikev2/auth_signature.hpp"
#include "protocol/keys/auth_octets.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::AuthMethod;

Result<keys::SignedOctets> signed_octets(IkeSa& sa, bool of_initiator, const wire::IdPayload& id) {
  const InitTranscript& t = sa.transcript;
  const Bytes rest_of_id = wire::encode_body(id);
  return of_initiator
             ? keys::initiator_signed_octets(sa.services.provider, *sa.suite.prf, t.real_message_1,
                                             t.nr, sa.keys.sk_pi, rest_of_id, t.int_auth,
                                             t.full ? ByteView(t.real_message_2) : ByteView{})
             : keys::responder_signed_octets(sa.services.provider, *sa.suite.prf, t.real_message_2,
                                             t.ni, sa.keys.sk_pr, rest_of_id, t.int_auth,
                                             t.full ? ByteView(t.real_message_1) : ByteView{});
}

trace::AuthDecided decided(const IkeSa& sa, bool local, const wire::IdPayload& id,
                           const keys::SignedOctets& covered) {
  trace::AuthDecided body;
  body.subject = (local == sa.original_initiator) ? "initiator" : "responder";
  body.local = local;
  body.identity = policy::Identity{id.type, id.data, false}.to_string();
  if (!sa.services.tells<trace::AuthDecided>()) return body;
  // MACedID is made with SK_p: without disclosure only its place is shown, not the octets.
  if (sa.services.config.disclose_secrets) body.octets = covered.octets;
  body.parts = covered.parts;
  return body;
}

// ---- the secrets of a MIC -----------------------------------------------------------------------

/// The first key that is configured, ours before the peer's.
const Bytes& psk_of(const policy::ConnectionConfig& connection) {
  static const Bytes none;
  for (const auto& rounds : {connection.local_rounds(), connection.remote_rounds()})
    for (const policy::AuthConfig* round : rounds)
      if (round->kind == policy::AuthKind::psk && !round->psk.empty()) return round->psk;
  return none;
}

/// SK_pi of the initiator, SK_pr of the responder.
ByteView sk_p(const IkeSa& sa, bool local) {
  return local == sa.original_initiator ? sa.keys.sk_pi.reveal() : sa.keys.sk_pr.reveal();
}

Result<Bytes> mic(IkeSa& sa, ByteView secret, const keys::SignedOctets& covered) {
  return keys::shared_key_auth(sa.services.provider, *sa.suite.prf, Secret(to_bytes(secret)),
                               covered.octets);
}

ByteView eap_secret(const IkeSa& sa, bool local, const EapKey& key) {
  //= rfc7296#2.16 "that shared key MUST be used by both the initiator and responder to generate AUTH
  //= payloads in messages 7 and 8 using the syntax for shared secrets specified in Section 2.15."
  //= rfc7296#2.16 "If EAP methods that do not generate a shared key are used, the AUTH payloads in
  //= messages 7 and 8 MUST be generated using SK_pi and SK_pr, respectively."
  return key.msk.empty() ? sk_p(sa, local) : key.msk.reveal();
}

std::string eap_method(const EapKey& key) {
  return wire::name(AuthMethod::shared_key) +
         (key.msk.empty() ? " with SK_p, as " + key.method + " gives no key"
                          : " with the MSK of " + key.method);
}

/// The MIC of the peer over what it must cover; the event says how it went.
Result<void> check_mic(IkeSa& sa, ByteView secret, const keys::SignedOctets& covered,
                       const wire::AuthPayload& auth, const char* otherwise) {
  IKELAB_TRY(const Bytes expected, mic(sa, secret, covered));
  if (equal_constant_time(expected, auth.data)) return {};
  return Error{"E-AUTH-011", otherwise}.see("RFC 7296, 2.15");
}

Error another_method(const trace::AuthDecided& event, const char* expected, const char* rfc) {
  return Error{"E-AUTH-013",
               "the peer authenticates by " + event.method + ", " + expected + " is expected"}
      .see(rfc);
}

Result<void> judge(IkeSa& sa, const policy::AuthConfig& expected,
                   const std::vector<wire::Payload>& payloads, const wire::IdPayload& id,
                   const wire::AuthPayload& auth, const keys::SignedOctets& covered, Instant now,
                   trace::AuthDecided& event, std::string& remarks) {
  //= rfc7619#2.2 "The content of the Identification payload MUST NOT be used for any trust and
  //= policy checking in IKE_AUTH exchange when NULL authentication is employed"
  if (expected.kind != policy::AuthKind::null &&
      !expected.id.matches(policy::Identity{id.type, id.data, false}))
    return Error{"E-AUTH-010", "the peer says it is '" + event.identity + "', but '" +
                                   expected.id.to_string() + "' is expected"}
        .see("RFC 7296, 2.15");
  switch (expected.kind) {
    case policy::AuthKind::psk:
      if (auth.method != AuthMethod::shared_key)
        return another_method(event, "a shared key", "RFC 7296, 2.15");
      return check_mic(sa, psk_of(*sa.connection), covered, auth,
                       "AUTH does not match: another shared key, or the IKE_SA_INIT messages were "
                       "changed on the way");
    case policy::AuthKind::pubkey:
      if (auth.method != AuthMethod::digital_signature &&
          !(is_legacy_signature(auth.method) && speaks_legacy(sa)))
        return another_method(event, "a signature", "RFC 7427, 3");
      return check_signature(sa, expected, payloads, id, auth, covered, now, event.method, remarks);
    case policy::AuthKind::null:
      if (auth.method != AuthMethod::null_auth)
        return another_method(event, "NULL authentication", "RFC 7619, 2.1");
      return check_mic(sa, sk_p(sa, false), covered, auth,
                       "AUTH does not match: the IKE_SA_INIT messages were changed on the way");
    case policy::AuthKind::eap:
      break;
  }
  return another_method(event, "EAP", "RFC 7296, 2.16");
}

}  // namespace

policy::Identity local_identity(const IkeSa& sa, const policy::AuthConfig& own) {
  //= rfc7619#2.2 "If NULL authentication is in use and anonymity is a concern, then ID_NULL SHOULD
  //= be used in the Identification payload."
  if (own.kind == policy::AuthKind::null) return {wire::IdType::null, {}, false};
  const bool of_certificate = own.id.any_value || own.id.type == wire::IdType::der_asn1_dn;
  if (of_certificate && !own.certificates.empty())
    if (const auto certificate = sa.services.certificates.read(own.certificates.front()))
      return {wire::IdType::der_asn1_dn, (*certificate)->subject_der, false};
  if (!own.id.any_value) return own.id;
  return {sa.local.ip.is_v6() ? wire::IdType::ipv6_addr : wire::IdType::ipv4_addr,
          to_bytes(sa.local.ip.octets()), false};
}

std::optional<wire::Payload> certificate_request(const IkeSa& sa) {
  Bytes hashes;
  bool wanted = false;
  for (const policy::AuthConfig* round : sa.connection->remote_rounds()) {
    if (round->kind != policy::AuthKind::pubkey) continue;
    wanted = true;
    for (const Bytes& authority : round->authorities)
      if (auto hash = sa.services.certificates.authority_hash(authority))
        hashes = concat({hashes, *hash});
  }
  if (!wanted) return std::nullopt;
  return wire::make_payload(wire::CertreqPayload{x509_signature, std::move(hashes)});
}

Result<std::vector<wire::Payload>> make_auth(IkeSa& sa, const policy::AuthConfig& own,
                                             const wire::IdPayload& id) {
  IKELAB_ASSERT(own.kind != policy::AuthKind::eap);
  IKELAB_TRY(const keys::SignedOctets covered, signed_octets(sa, sa.original_initiator, id));
  trace::AuthDecided event = decided(sa, true, id, covered);
  std::vector<wire::Payload> out;
  if (own.kind == policy::AuthKind::pubkey) {
    for (const Bytes& certificate : own.certificates)
      out.push_back(wire::make_payload(wire::CertPayload{x509_signature, certificate}));
    IKELAB_TRY(wire::AuthPayload auth, sign(sa, own, covered, event.method));
    event.rfc = "RFC 7427, 3";
    out.push_back(wire::make_payload(std::move(auth)));
  } else {
    const bool null = own.kind == policy::AuthKind::null;
    const ByteView secret = null ? sk_p(sa, true) : ByteView(psk_of(*sa.connection));
    if (secret.empty())
      return Error{"E-AUTH-001", "no shared key is configured"}.see("RFC 7296, 2.15");
    IKELAB_TRY(Bytes data, mic(sa, secret, covered));
    const AuthMethod method = null ? AuthMethod::null_auth : AuthMethod::shared_key;
    event.method = wire::name(method);
    event.rfc = null ? "RFC 7619, 2.1" : "RFC 7296, 2.15";
    out.push_back(wire::make_payload(wire::AuthPayload{method, std::move(data)}));
  }
  event.ok = true;
  event.reason = "made with " + event.method;
  sa.emit(std::move(event));
  return out;
}

Result<wire::Payload> make_eap_auth(IkeSa& sa, const EapKey& key, const wire::IdPayload& id) {
  IKELAB_TRY(const keys::SignedOctets covered, signed_octets(sa, sa.original_initiator, id));
  trace::AuthDecided event = decided(sa, true, id, covered);
  IKELAB_TRY(Bytes data, mic(sa, eap_secret(sa, true, key), covered));
  event.method = eap_method(key);
  event.rfc = "RFC 7296, 2.16";
  event.ok = true;
  event.reason = "made with " + event.method;
  sa.emit(std::move(event));
  return wire::make_payload(wire::AuthPayload{AuthMethod::shared_key, std::move(data)});
}

Result<void> check_eap_auth(IkeSa& sa, const EapKey& key, const wire::IdPayload& id,
                            const wire::AuthPayload& auth) {
  IKELAB_TRY(const keys::SignedOctets covered, signed_octets(sa, !sa.original_initiator, id));
  trace::AuthDecided event = decided(sa, false, id, covered);
  event.rfc = "RFC 7296, 2.16";
  event.method = auth.method == AuthMethod::shared_key ? eap_method(key) : wire::name(auth.method);
  const auto verdict =
      auth.method != AuthMethod::shared_key
          ? Result<void>(another_method(event, "a key of EAP", "RFC 7296, 2.16"))
          : check_mic(sa, eap_secret(sa, false, key), covered, auth,
                      "AUTH does not match what EAP gave: somebody else was authenticated there");
  event.ok = verdict.ok();
  event.reason = verdict.ok() ? "AUTH verifies" : verdict.error().message;
  if (verdict.ok()) sa.peer_identity = event.identity;
  sa.emit(std::move(event));
  return verdict;
}

Result<void> check_auth(IkeSa& sa, const policy::AuthConfig& expected, const wire::IdPayload& id,
                        const std::vector<wire::Payload>& payloads, Instant now) {
  const auto& auth = *wire::first<wire::AuthPayload>(payloads);
  IKELAB_TRY(const keys::SignedOctets covered, signed_octets(sa, !sa.original_initiator, id));
  trace::AuthDecided event = decided(sa, false, id, covered);
  event.rfc = "RFC 7296, 2.15";
  event.method = wire::name(auth.method);
  std::string remarks;
  const auto verdict = judge(sa, expected, payloads, id, auth, covered, now, event, remarks);
  event.ok = verdict.ok();
  event.reason = verdict.ok() ? "AUTH verifies" + remarks : verdict.error().message;
  if (verdict.ok()) sa.peer_identity = event.identity;
  sa.emit(std::move(event));
  return verdict;
}

}  // namespace ikelab::ikev2
