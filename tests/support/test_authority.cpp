#include "tests/support/test_authority.hpp"

namespace ikelab::test {

Holder TestAuthority::issue(const std::string& subject, const Holder* issuer,
                            const std::function<void(pki::CertificateSpec&)>& change,
                            const char* key_type) {
  Holder holder;
  holder.key = provider_->generate_key(key_type, *rng_).value();
  pki::CertificateSpec spec;
  spec.subject = subject;
  spec.public_key_der = holder.key->public_key_der();
  spec.not_before = test_epoch - 30 * one_day;
  spec.not_after = test_epoch + 365 * one_day;
  spec.serial = ++serial_;
  if (change) change(spec);
  const Bytes none;
  holder.certificate = pki::issue_certificate(spec, issuer ? issuer->certificate : none,
                                              issuer ? *issuer->key : *holder.key, *rng_)
                           .value();
  return holder;
}

Holder TestAuthority::ca(const std::string& subject, const Holder* issuer,
                         const std::function<void(pki::CertificateSpec&)>& change) {
  return issue(subject, issuer, [&](pki::CertificateSpec& spec) {
    spec.is_ca = true;
    if (change) change(spec);
  });
}

Bytes TestAuthority::crl(const Holder& issuer, const std::vector<const Holder*>& revoked,
                         std::int64_t at) {
  pki::CrlSpec spec;
  spec.this_update = at - one_day;
  spec.next_update = at + one_day;
  for (const Holder* holder : revoked)
    spec.revoked.push_back({pki::parse_certificate(holder->certificate)->serial, at - one_day});
  return pki::issue_crl(spec, issuer.certificate, *issuer.key, *rng_).value();
}

Bytes TestAuthority::ocsp(pki::OcspStatus status, const Holder& subject, const Holder& issuer,
                          const Holder& responder, std::int64_t at) {
  pki::OcspSpec spec;
  spec.status = status;
  spec.this_update = spec.revoked_at = at - one_day;
  spec.next_update = at + one_day;
  return pki::issue_ocsp_response(spec, subject.certificate, issuer.certificate,
                                  responder.certificate, *responder.key, *rng_)
      .value();
}

CertifiedConfigs certified(const Holder& root, const Holder& gw_a, const Holder& gw_b,
                           const std::vector<const Holder*>& chain_of_a) {
  CertifiedConfigs out;
  const auto dress = [&](policy::EndpointConfig& config, const Holder& own) {
    policy::ConnectionConfig& connection = config.connections[0];
    connection.local.kind = connection.remote.kind = policy::AuthKind::pubkey;
    connection.local.psk.clear();
    connection.remote.psk.clear();
    connection.local.certificates = {own.certificate};
    connection.local.private_key = to_bytes(own.key->private_key_der().reveal());
    connection.remote.authorities = {root.certificate};
  };
  dress(out.a, gw_a);
  dress(out.b, gw_b);
  for (const Holder* holder : chain_of_a) out.local_a().certificates.push_back(holder->certificate);
  return out;
}

}  // namespace ikelab::test
