// SUPPORTED_AUTH_METHODS: how each side can verify the other, said before the other proves itself
// (RFC 9593).
//
//   HDR, SAi1, KEi, Ni  -->   <--  HDR, SAr1, KEr, Nr, [CERTREQ,] N(SUPPORTED_AUTH_METHODS)(...)
//   HDR, SK {IDi, ..., AUTH, ..., N(SUPPORTED_AUTH_METHODS)(...)}  -->
//
// The data is a list of announcements:
//
//   | Length = 2 | Auth Method |                            a shared key, NULL
//   | Length = 3 | Auth Method | Cert Link |                a signature as before RFC 7427
//   | Length > 3 | Auth Method | Cert Link | AlgorithmIdentifier ...   Digital Signature
//
// Cert Link 0: whatever CA. SIGNATURE_HASH_ALGORITHMS names hashes alone; this tells PSS from PKCS
// #1.
#include <algorithm>
#include <array>

#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using crypto::SignatureScheme;
using policy::AuthKind;
using wire::AuthMethod;
using wire::ExchangeType;
using wire::NotifyType;

constexpr std::uint8_t of_any_ca = 0;
/// All that we verify, the best first.
constexpr std::array schemes = {
    SignatureScheme::ed25519,          SignatureScheme::ecdsa_sha512,
    SignatureScheme::ecdsa_sha384,     SignatureScheme::ecdsa_sha256,
    SignatureScheme::rsa_pss_sha512,   SignatureScheme::rsa_pss_sha384,
    SignatureScheme::rsa_pss_sha256,   SignatureScheme::rsa_pkcs1_sha512,
    SignatureScheme::rsa_pkcs1_sha384, SignatureScheme::rsa_pkcs1_sha256};

/// What the peer announced.
struct Announced {
  bool heard = false;
  std::vector<std::uint8_t> methods;
  std::vector<SignatureScheme> schemes;
};

Bytes announcement(AuthMethod method) {
  return {2, static_cast<std::uint8_t>(method)};
}
Bytes announcement(SignatureScheme scheme) {
  const ByteView identifier = crypto::algorithm_identifier(scheme);
  const Bytes head = {static_cast<std::uint8_t>(3 + identifier.size()),
                      static_cast<std::uint8_t>(AuthMethod::digital_signature), of_any_ca};
  return concat({head, identifier});
}

/// What this connection takes of its peer, in any round. EAP has no method of its own: its AUTH is
/// that of a shared key.
Bytes announcements(const policy::ConnectionConfig& connection) {
  Bytes out;
  const auto append = [&](const Bytes& one) { out.insert(out.end(), one.begin(), one.end()); };
  const auto rounds = connection.remote_rounds();
  const auto any = [&](AuthKind kind) {
    return std::any_of(rounds.begin(), rounds.end(),
                       [kind](const policy::AuthConfig* round) { return round->kind == kind; });
  };
  if (any(AuthKind::pubkey) && connection.signature_authentication)
    for (const SignatureScheme scheme : schemes) append(announcement(scheme));
  if (any(AuthKind::psk) || any(AuthKind::eap)) append(announcement(AuthMethod::shared_key));
  if (any(AuthKind::null)) append(announcement(AuthMethod::null_auth));
  return out;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (!sa.connection->announce_auth) return;
  const auto* heard = sa.notes.find<Announced>();
  const bool responder = out.exchange == ExchangeType::ike_sa_init && out.response &&
                         wire::first<wire::SaPayload>(payloads) != nullptr;
  const bool initiator = out.exchange == ExchangeType::ike_auth && !out.response &&
                         wire::first<wire::IdPayload>(payloads) != nullptr && heard != nullptr &&
                         heard->heard;
  if (responder || initiator)
    payloads.push_back(notify(NotifyType::supported_auth_methods, announcements(*sa.connection)));
}

/// An announcement that is not understood is left out; one that does not end where the data ends
/// takes the rest with it.
Announced read_announcements(ByteView data) {
  Announced heard;
  heard.heard = true;
  while (data.size() >= 2 && data[0] >= 2 && data[0] <= data.size()) {
    const ByteView one = data.first(data[0]);
    data = data.subspan(one.size());
    heard.methods.push_back(one[1]);
    if (one[1] != static_cast<std::uint8_t>(AuthMethod::digital_signature) || one.size() <= 3)
      continue;
    if (const auto scheme = crypto::scheme_of_identifier(one.subspan(3)))
      heard.schemes.push_back(*scheme);
  }
  return heard;
}

void read(IkeSa& sa, const Inbound& in) {
  const auto* told = find_notify(in.payloads, NotifyType::supported_auth_methods);
  const bool due =
      in.header.exchange == ExchangeType::ike_sa_init ? in.header.response : !in.header.response;
  if (told == nullptr || !due || !sa.connection->announce_auth) return;
  if (!told->data.empty()) sa.notes.of<Announced>() = read_announcements(told->data);
}

/// Whether the peer takes our first round at all.
bool will_do(const Announced& heard, AuthKind kind) {
  const auto has = [&](AuthMethod method) {
    return std::find(heard.methods.begin(), heard.methods.end(),
                     static_cast<std::uint8_t>(method)) != heard.methods.end();
  };
  switch (kind) {
    case AuthKind::psk:
    case AuthKind::eap:
      return has(AuthMethod::shared_key);
    case AuthKind::pubkey:
      return std::any_of(heard.methods.begin(), heard.methods.end(), [](std::uint8_t method) {
        return method != static_cast<std::uint8_t>(AuthMethod::shared_key) &&
               method != static_cast<std::uint8_t>(AuthMethod::null_auth);
      });
    case AuthKind::null:
      return has(AuthMethod::null_auth);
  }
  return true;
}

/// Better to say nothing than one's name to who will not believe it.
void keyed(IkeSa& sa, Instant now) {
  const auto* heard = sa.notes.find<Announced>();
  if (heard == nullptr || will_do(*heard, sa.connection->local.kind)) return;
  const Error why =
      Error{"E-AUTH-041", "the responder announces no method of authentication that we have"}.see(
          "RFC 9593, 3");
  sa.diagnose(why);
  sa.die(now, Trigger::auth_failed, why.message);
}

const std::vector<SignatureScheme>* verifies(const IkeSa& sa) {
  const auto* heard = sa.notes.find<Announced>();
  return heard == nullptr || heard->schemes.empty() ? nullptr : &heard->schemes;
}

}  // namespace

Extension auth_announce_extension() {
  return {.name = "auth_announce",
          .rfc = "RFC 9593",
          .add = add,
          .read = read,
          .keyed = keyed,
          .verifies = verifies};
}

}  // namespace ikelab::ikev2
