#include "tests/support/lab_certificates.hpp"

#include "protocol/pki/pki.hpp"

namespace ikelab::test {
namespace {

using pki::CertificateSpec;

std::unique_ptr<crypto::Rng> stream(const std::string& purpose) {
  return crypto::seeded_rng(5, "lab")->stream(purpose);
}

CertificateSpec spec_of(const std::string& subject, const crypto::PrivateKey& key,
                        const LabCertificates& lab) {
  CertificateSpec spec;
  spec.subject = subject;
  spec.public_key_der = key.public_key_der();
  spec.not_before = lab.not_before;
  spec.not_after = lab.not_after;
  return spec;
}

}  // namespace

CertifiedPair certified_sites(const LabCertificates& lab) {
  const auto provider = crypto::openssl_provider();
  const auto issue_ca = [&](const std::string& name, const crypto::PrivateKey& key) {
    CertificateSpec spec = spec_of("CN=" + name + ",O=ikelab", key, lab);
    spec.not_before = 1'700'000'000;
    spec.not_after = 1'900'000'000;
    spec.is_ca = true;
    return pki::issue_certificate(spec, {}, key, *stream(name)).value();
  };
  const auto ca_key = provider->generate_key("p256", *stream("ca")).value(),
             rogue_key = provider->generate_key("p256", *stream("rogue")).value();
  const Bytes ca = issue_ca("Lab CA", *ca_key), rogue = issue_ca("Rogue CA", *rogue_key);
  const auto dress = [&](policy::EndpointConfig& config, const std::string& name,
                         const std::string& alt_name) {
    const auto key = provider->generate_key(lab.key_type, *stream(name)).value();
    CertificateSpec spec = spec_of("CN=" + name + ",O=ikelab", *key, lab);
    spec.alt_names = {{pki::SubjectAltName::Type::dns, alt_name}};
    spec.serial = 2;
    const bool by_rogue = lab.unknown_ca;
    auto& connection = config.connections[0];
    connection.local.kind = connection.remote.kind = policy::AuthKind::pubkey;
    connection.local.psk.clear();
    connection.remote.psk.clear();
    connection.local.certificates = {pki::issue_certificate(spec, by_rogue ? rogue : ca,
                                                            by_rogue ? *rogue_key : *ca_key,
                                                            *stream("sign " + name))
                                         .value()};
    connection.local.private_key = to_bytes(key->private_key_der().reveal());
    connection.remote.authorities = {ca};
  };
  CertifiedPair sites{site_a(), site_b()};
  dress(sites.a, "gw-a", lab.alt_name_of_a);
  dress(sites.b, "gw-b", "gw-b.example");
  return sites;
}

}  // namespace ikelab::test
