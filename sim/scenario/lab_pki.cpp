#include "sim/scenario/lab_pki.hpp"

#include "protocol/pki/pki.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

constexpr std::int64_t day = 86400;
const std::vector<std::string> key_types = {"p256", "p384", "ed25519", "rsa2048", "rsa3072"};

pki::SubjectAltName alt_name(const std::string& text) {
  using Type = pki::SubjectAltName::Type;
  if (IpAddress::parse(text)) return {Type::ip, text};
  return {text.find('@') != std::string::npos ? Type::email : Type::dns, text};
}

}  // namespace

LabPki read_pki(const YAML::Node& node, std::uint64_t seed, std::int64_t epoch,
                Problems& problems) {
  LabPki pki;
  if (!node.IsDefined()) return pki;
  Section section(node, "'pki'", {"ca", "certificates"}, problems);
  const YAML::Node ca_node = section.at("ca");
  if (!ca_node.IsDefined()) return section.text("ca", true), pki;
  Section ca(ca_node, "'ca'", {"subject", "key"}, problems);
  const auto provider = crypto::openssl_provider();
  const auto streams = crypto::seeded_rng(seed, "pki");
  const auto issue_stream = streams->stream("ca");

  const std::string ca_type = key_types[ca.word("key", key_types, 0)];
  auto ca_key = provider->generate_key(ca_type, *issue_stream);
  if (!ca_key) return ca.problem("key", ca_key.error()), pki;
  pki::CertificateSpec spec;
  spec.subject = ca.text("subject", true);
  spec.public_key_der = (*ca_key)->public_key_der();
  spec.not_before = epoch - 365 * day;
  spec.not_after = epoch + 3650 * day;
  spec.is_ca = true;
  auto authority = pki::issue_certificate(spec, {}, **ca_key, *issue_stream);
  if (!authority) return ca.problem("subject", authority.error()), pki;
  pki.authority = std::move(*authority);

  section.each("certificates", [&](const YAML::Node& entry) {
    Section cert(entry, "a certificate",
                 {"name", "subject", "san", "key", "valid_for", "valid_from"}, problems);
    const std::string name = cert.text("name", true);
    const auto stream = streams->stream("certificate " + name);
    auto key = provider->generate_key(key_types[cert.word("key", key_types, 0)], *stream);
    if (!key) return cert.problem("key", key.error());
    pki::CertificateSpec leaf;
    leaf.subject = cert.text("subject", true);
    for (const std::string& san : cert.texts("san")) leaf.alt_names.push_back(alt_name(san));
    leaf.public_key_der = (*key)->public_key_der();
    leaf.not_before = cert.parsed("valid_from", parse_time_of_day, epoch - 30 * day);
    const Duration lifetime =
        cert.parsed("valid_for", parse_duration, Duration(365 * day * 1'000'000'000));
    leaf.not_after = leaf.not_before + lifetime.count() / 1'000'000'000;
    leaf.serial = 2 + pki.issued.size();
    auto der = pki::issue_certificate(leaf, pki.authority, **ca_key, *stream);
    if (!der) return cert.problem("subject", der.error());
    pki.issued[name] = {std::move(*der), to_bytes((*key)->private_key_der().reveal())};
  });
  return pki;
}

}  // namespace ikelab::scenario
