#include "protocol/ikev2/eap_round.hpp"

#include <algorithm>

#include "protocol/ikev2/auth_signature.hpp"

namespace ikelab::ikev2 {
namespace {

std::string text_of(const wire::IdPayload& id) {
  return policy::Identity{id.type, id.data, false}.to_string();
}

crypto::TlsConfig tls_config(const IkeSa& sa, const policy::AuthConfig& identity,
                             const std::vector<Bytes>& authorities, unsigned version_max,
                             Instant now) {
  crypto::TlsConfig tls;
  tls.highest = version_max;
  tls.certificates = identity.certificates;
  tls.private_key = identity.private_key;
  tls.authorities = authorities;
  tls.unix_time = sa.services.config.epoch + now.ns / 1'000'000'000;
  return tls;
}

/// The certificate that TLS showed must name `id`.
Result<void> judge(IkeSa& sa, ByteView der, const wire::IdPayload& id) {
  IKELAB_TRY(const auto certificate, sa.services.certificates.read(der));
  return check_identity(*certificate, id);
}

/// Our round with a certificate: what a gateway shows in IKE it shows in TLS too.
const policy::AuthConfig& round_with_certificate(const policy::ConnectionConfig& connection) {
  const auto rounds = connection.local_rounds();
  const auto at = std::find_if(rounds.begin(), rounds.end(), [](const policy::AuthConfig* round) {
    return !round->certificates.empty();
  });
  return at == rounds.end() ? connection.local : **at;
}

std::optional<Bytes> password_of(const policy::EndpointConfig& config, const std::string& user) {
  for (const policy::EapUser& known : config.eap_users)
    if (known.id == user) return known.secret;
  return std::nullopt;
}

}  // namespace

std::unique_ptr<eap::Peer> make_eap_peer(IkeSa& sa, const policy::AuthConfig& own,
                                         const wire::IdPayload& responder, Instant now) {
  eap::PeerConfig config;
  config.identity = own.eap_id.empty() ? local_identity(sa, own).to_string() : own.eap_id;
  config.password = own.psk;
  config.only = own.eap_method;
  config.find = sa.services.decisions.eap_method;
  config.tls = tls_config(sa, own, sa.connection->remote.authorities, own.tls_version_max, now);
  config.judge = [&sa, responder](ByteView der) { return judge(sa, der, responder); };
  return std::make_unique<eap::Peer>(std::move(config), sa.services.provider,
                                     *sa.services.streams.eap, sa.services.config.disclose_secrets);
}

std::unique_ptr<eap::Authenticator> make_eap_authenticator(IkeSa& sa,
                                                           const policy::AuthConfig& expected,
                                                           const wire::IdPayload& initiator,
                                                           Instant now) {
  eap::ServerConfig config;
  config.method = expected.eap_method;
  config.find = sa.services.decisions.eap_method;
  // The initiator has said who it is in IDi; EAP asks again only where it is told to (RFC 7296,
  // 3.16).
  config.expected_identity = expected.eap_id.empty()     ? text_of(initiator)
                             : expected.eap_id == "%any" ? std::string()
                                                         : expected.eap_id;
  const policy::AuthConfig& own = round_with_certificate(*sa.connection);
  config.name = local_identity(sa, own).to_string();
  config.password_of = [&sa](const std::string& user) {
    return password_of(sa.services.config, user);
  };
  config.tls = tls_config(sa, own, expected.authorities, expected.tls_version_max, now);
  config.judge = [&sa](const std::string& user, ByteView der) -> Result<void> {
    IKELAB_TRY(const policy::Identity id, policy::Identity::parse(user));
    return judge(sa, der, id.payload(false));
  };
  return std::make_unique<eap::Authenticator>(std::move(config), sa.services.provider,
                                              *sa.services.streams.eap,
                                              sa.services.config.disclose_secrets);
}

template <class Conversation>
void tell_eap(IkeSa& sa, bool local, Conversation& conversation, const std::string& failure) {
  for (trace::KeyDerived& step : conversation.take_derived()) sa.emit(std::move(step));
  trace::AuthDecided event;
  event.subject = (local == sa.original_initiator) ? "initiator" : "responder";
  event.local = local;
  event.method = conversation.method() == nullptr ? "EAP" : wire::name(conversation.method()->type);
  event.identity = conversation.identity();
  event.ok = failure.empty();
  event.rfc = "RFC 7296, 2.16";
  event.reason = !failure.empty()             ? failure
                 : conversation.msk().empty() ? "EAP succeeded, without a key"
                                              : "EAP succeeded, and gave the MSK";
  sa.emit(std::move(event));
}
template void tell_eap(IkeSa&, bool, eap::Peer&, const std::string&);
template void tell_eap(IkeSa&, bool, eap::Authenticator&, const std::string&);

}  // namespace ikelab::ikev2
