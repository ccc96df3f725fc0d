#include "sim/scenario/lab_pki.hpp"

#include <fmt/format.h>

#include "protocol/base/bounds.hpp"
#include "protocol/pki/bundle.hpp"
#include "protocol/pki/pki.hpp"
#include "sim/scenario/pem.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

constexpr std::int64_t day = 86400;
const std::vector<std::string> key_types = {"p256",    "p384",    "ed25519", "rsa2048",
                                            "rsa3072", "rsa1024", "rsa512",  "rsa505"};
const std::vector<std::string> purposes = {"ike", "server", "client", "ocsp", "any"};
const std::vector<std::string> authority_keys = {
    "name",      "subject",  "key",     "issuer",   "valid_from", "valid_for", "path_length",
    "permitted", "excluded", "crl_uri", "ocsp_uri", "revoked_at", "file",      "url"};
const std::vector<std::string> certificate_keys = {"name",       "subject",   "san",
                                                   "key",        "valid_for", "valid_from",
                                                   "issuer",     "key_usage", "extended_key_usage",
                                                   "revoked_at", "file",      "key_file",
                                                   "url",        "bundle_url"};

pki::SubjectAltName alt_name(const std::string& text) {
  using Type = pki::SubjectAltName::Type;
  if (IpAddress::parse(text.substr(0, text.find('/')))) return {Type::ip, text};
  const std::size_t at = text.find('@');
  if (at == std::string::npos) return {Type::dns, text};
  return {Type::email, at == 0 ? text.substr(1) : text};  // "@b.example": all mail of a domain
}

std::vector<std::string> keys_of(const std::map<std::string, LabCertificate>& all) {
  std::vector<std::string> names;
  for (const auto& [name, holder] : all) names.push_back(name);
  return names;
}

/// One reading of a `pki:` section, in the order of its parts.
class Reader {
 public:
  Reader(std::uint64_t seed, std::int64_t epoch, Problems& problems)
      : provider_(crypto::openssl_provider()),
        streams_(crypto::seeded_rng(seed, "pki")),
        epoch_(epoch),
        problems_(problems) {}

  LabPki read(const YAML::Node& node) {
    Section section(node, "'pki'",
                    {"ca", "authorities", "certificates", "crls", "ocsp_responses", "store"},
                    problems_);
    if (!section.has("ca")) return section.text("ca", true), std::move(pki_);
    read_root(section.at("ca"));
    section.each("authorities", [this](const YAML::Node& entry) { read_authority(entry); });
    section.each("certificates", [this](const YAML::Node& entry) { read_certificate(entry); });
    section.each("crls", [this](const YAML::Node& entry) { read_crl(entry); });
    section.each("ocsp_responses", [this](const YAML::Node& entry) { read_ocsp(entry); });
    publish();
    section.each("store", [this](const YAML::Node& entry) { read_store(entry); });
    return std::move(pki_);
  }

 private:
  using Keys = std::map<std::string, std::unique_ptr<crypto::PrivateKey>>;

  /// What a CA puts into everything it issues.
  struct Uris {
    std::string crl, ocsp;
  };

  void read_root(const YAML::Node& node) {
    Section section(node, "'ca'", {"subject", "key", "crl_uri", "ocsp_uri", "file"}, problems_);
    if (section.has("file")) return read_files(section, "ca", pki_.authorities);
    pki::CertificateSpec spec;
    spec.not_before = epoch_ - 365 * day;
    spec.not_after = epoch_ + 3650 * day;
    spec.is_ca = true;
    issue(section, "ca", spec, "", *streams_->stream("ca"), pki_.authorities);
  }

  void read_authority(const YAML::Node& node) {
    Section section(node, "an authority", authority_keys, problems_);
    const std::string name = section.text("name", true);
    if (section.has("file")) return read_files(section, name, pki_.authorities);
    pki::CertificateSpec spec;
    spec.is_ca = true;
    read_validity(section, 365 * day, 3650 * day, spec);
    if (section.has("path_length"))
      spec.path_length = static_cast<unsigned>(section.number("path_length", 0, 8));
    for (const std::string& text : section.texts("permitted"))
      spec.permitted.push_back(alt_name(text));
    for (const std::string& text : section.texts("excluded"))
      spec.excluded.push_back(alt_name(text));
    spec.serial = 1'000'000 + pki_.authorities.size();
    issue(section, name, spec, issuer_of(section, ""), *streams_->stream("authority " + name),
          pki_.authorities);
  }

  void read_certificate(const YAML::Node& node) {
    Section section(node, "a certificate", certificate_keys, problems_);
    const std::string name = section.text("name", true);
    if (section.has("file")) return read_files(section, name, pki_.issued);
    pki::CertificateSpec spec;
    read_validity(section, 30 * day, 365 * day, spec);
    for (const std::string& san : section.texts("san")) spec.alt_names.push_back(alt_name(san));
    spec.may_sign = section.word("key_usage", {"sign", "encipher"}, 0) == 0;
    spec.purposes = section.parsed_list<pki::KeyPurpose>("extended_key_usage", parse_purpose);
    spec.serial = 2 + pki_.issued.size();
    issue(section, name, spec, issuer_of(section, "ca"), *streams_->stream("certificate " + name),
          pki_.issued);
  }

  /// A certificate that was made elsewhere, with its chain and, when it is ours, its key.
  void read_files(Section& section, const std::string& name,
                  std::map<std::string, LabCertificate>& into) {
    const auto folder = std::filesystem::path(problems_.file()).parent_path();
    LabCertificate holder;
    auto certificates = read_pem(folder / section.text("file"), "CERTIFICATE");
    if (!certificates) return section.problem("file", certificates.error());
    for (const Bytes& der : *certificates)
      if (const auto good = pki::parse_certificate(der); !good)
        return section.problem("file", good.error());
    holder.certificate = std::move(certificates->front());
    holder.chain.assign(certificates->begin() + 1, certificates->end());
    if (&into == &pki_.issued) {
      auto key = read_pem(folder / section.text("key_file", true), "PRIVATE KEY");
      if (!section.has("key_file")) return;
      if (!key) return section.problem("key_file", key.error());
      if (const auto good = provider_->private_key(key->front()); !good)
        return section.problem("key_file", good.error());
      holder.private_key = std::move(key->front());
    }
    read_urls(section, holder);
    into[name] = std::move(holder);
  }

  static void read_urls(Section& section, LabCertificate& holder) {
    holder.url = section.text("url");
    holder.bundle_url = section.text("bundle_url");
  }

  static Result<pki::KeyPurpose> parse_purpose(std::string_view text) {
    using enum pki::KeyPurpose;
    constexpr pki::KeyPurpose values[] = {ipsec_ike, server_auth, client_auth, ocsp_signing, any};
    for (std::size_t i = 0; i < purposes.size(); ++i)
      if (purposes[i] == text) return values[i];
    return Error{"E-SCN-012", fmt::format("'{}' is no purpose of a key", text)}.expect(
        "expected ike, server, client, ocsp or any");
  }

  void read_validity(Section& section, std::int64_t before, std::int64_t lifetime,
                     pki::CertificateSpec& spec) const {
    spec.not_before = section.parsed("valid_from", parse_time_of_day, epoch_ - before);
    spec.not_after =
        spec.not_before +
        section.parsed("valid_for", parse_duration, Duration(lifetime * 1'000'000'000)).count() /
            1'000'000'000;
  }

  /// A CA that was named before; "" is the certificate itself.
  std::string issuer_of(Section& section, const std::string& fallback) {
    const std::string name = section.text("issuer", false, fallback);
    if (name.empty() || pki_.authorities.count(name) > 0) return name;
    unknown(section, "issuer", "authority", name, keys_of(pki_.authorities));
    return fallback;
  }

  static void unknown(Section& section, const std::string& key, const char* kind,
                      const std::string& name, const std::vector<std::string>& names) {
    const std::string near = nearest(name, names);
    section.problem(key, Error{"E-SCN-013", fmt::format("no {} is named '{}'", kind, name)}.expect(
                             near.empty() ? "expected a name from before it in pki:"
                                          : "did you mean '" + near + "'?"));
  }

  void issue(Section& section, const std::string& name, pki::CertificateSpec& spec,
             const std::string& issuer, crypto::Rng& stream,
             std::map<std::string, LabCertificate>& into) {
    if (pki_.authorities.count(name) + pki_.issued.count(name) > 0)
      return section.problem("name",
                             Error{"E-SCN-013", fmt::format("two certificates are '{}'", name)});
    if (!issuer.empty() && keys_.count(issuer) == 0)
      return section.problem(
          "issuer", Error{"E-SCN-013", fmt::format("the key of '{}' is not here", issuer)}.expect(
                        "expected file and key_file, or a CA without file"));
    auto key = provider_->generate_key(key_types[section.word("key", key_types, 0)], stream);
    if (!key) return section.problem("key", key.error());
    spec.subject = section.text("subject", true);
    spec.public_key_der = (*key)->public_key_der();
    Bytes issuer_certificate;
    if (!issuer.empty()) {
      issuer_certificate = pki_.authorities[issuer].certificate;
      spec.crl_uri = uris_[issuer].crl;
      spec.ocsp_uri = uris_[issuer].ocsp;
    }
    if (spec.is_ca) uris_[name] = {section.text("crl_uri"), section.text("ocsp_uri")};
    auto der = pki::issue_certificate(spec, issuer_certificate,
                                      issuer.empty() ? **key : *keys_[issuer], stream);
    if (!der) return section.problem("subject", der.error());
    LabCertificate holder;
    holder.certificate = std::move(*der);
    holder.private_key = to_bytes((*key)->private_key_der().reveal());
    holder.issuer = issuer;
    if (section.has("revoked_at"))
      holder.revoked_at = section.parsed("revoked_at", parse_duration, Duration{0});
    read_urls(section, holder);
    into[name] = std::move(holder);
    keys_[name] = std::move(*key);
  }

  [[nodiscard]] std::int64_t date(Duration into_run) const {
    return epoch_ + into_run.count() / 1'000'000'000;
  }

  /// What has a URL stands under it from the beginning.
  void publish() {
    for (const auto* all : {&pki_.authorities, &pki_.issued})
      for (const auto& [name, holder] : *all) {
        if (!holder.url.empty()) pki_.store.push_back({holder.url, Instant{}, holder.certificate});
        if (!holder.bundle_url.empty())
          pki_.store.push_back(
              {holder.bundle_url, Instant{}, pki::make_bundle(pki_.chain_of(name))});
      }
  }

  void read_store(const YAML::Node& node) {
    Section section(node, "an entry of 'store'", {"url", "certificate", "at"}, problems_);
    const std::string name = section.text("certificate", true);
    const LabCertificate* holder = holder_of(name);
    if (holder == nullptr)
      return unknown(section, "certificate", "certificate", name, keys_of(pki_.issued));
    const Duration at = section.parsed("at", parse_duration, Duration{0});
    pki_.store.push_back({section.text("url", true), Instant{at.count()}, holder->certificate});
  }

  void read_crl(const YAML::Node& node) {
    Section section(node, "a CRL", {"issuer", "at", "valid_for"}, problems_);
    const std::string issuer = issuer_of(section, "ca");
    if (keys_.count(issuer) == 0) return;
    const Duration at = section.parsed("at", parse_duration, Duration{0});
    pki::CrlSpec spec;
    spec.this_update = date(at);
    spec.next_update = date(at + section.parsed("valid_for", parse_duration, Duration(24h)));
    spec.number = pki_.crls.size() + 1;
    for (const auto* all : {&pki_.authorities, &pki_.issued})
      for (const auto& [name, holder] : *all)
        if (holder.issuer == issuer && holder.revoked_at && *holder.revoked_at <= at)
          spec.revoked.push_back(
              {pki::parse_certificate(holder.certificate)->serial, date(*holder.revoked_at)});
    const auto stream = streams_->stream(fmt::format("crl {} {}", issuer, spec.number));
    auto der = pki::issue_crl(spec, pki_.authorities[issuer].certificate, *keys_[issuer], *stream);
    if (!der) return section.problem("issuer", der.error());
    pki_.crls.push_back({issuer, Instant{at.count()}, std::move(*der)});
  }

  void read_ocsp(const YAML::Node& node) {
    Section section(node, "an OCSP response",
                    {"certificate", "at", "valid_for", "status", "signer"}, problems_);
    const std::string name = section.text("certificate", true);
    const auto found = pki_.issued.find(name);
    if (found == pki_.issued.end())
      return unknown(section, "certificate", "certificate", name, keys_of(pki_.issued));
    const LabCertificate& subject = found->second;
    const std::string signer = section.text("signer", false, subject.issuer);
    const LabCertificate* responder = holder_of(signer);
    if (responder == nullptr || keys_.count(signer) == 0)
      return unknown(section, "signer", "certificate", signer, keys_of(pki_.issued));
    const Duration at = section.parsed("at", parse_duration, Duration{0});
    const bool revoked = subject.revoked_at && *subject.revoked_at <= at;
    pki::OcspSpec spec;
    spec.status = static_cast<pki::OcspStatus>(
        section.word("status", {"good", "revoked", "unknown"}, revoked ? 1 : 0));
    spec.this_update = date(at);
    spec.next_update = date(at + section.parsed("valid_for", parse_duration, Duration(24h)));
    spec.revoked_at = date(subject.revoked_at.value_or(at));
    auto& responses = pki_.ocsp_responses[name];
    const auto stream = streams_->stream(fmt::format("ocsp {} {}", name, responses.size() + 1));
    auto der = pki::issue_ocsp_response(spec, subject.certificate,
                                        pki_.authorities[subject.issuer].certificate,
                                        responder->certificate, *keys_[signer], *stream);
    if (!der) return section.problem("certificate", der.error());
    responses.push_back({name, Instant{at.count()}, std::move(*der)});
  }

  [[nodiscard]] const LabCertificate* holder_of(const std::string& name) const {
    for (const auto* all : {&pki_.authorities, &pki_.issued})
      if (const auto at = all->find(name); at != all->end()) return &at->second;
    return nullptr;
  }

  std::unique_ptr<crypto::Provider> provider_;
  std::unique_ptr<crypto::RngSource> streams_;
  std::int64_t epoch_;
  Problems& problems_;
  LabPki pki_;
  Keys keys_;
  std::map<std::string, Uris> uris_;
};

}  // namespace

std::vector<Bytes> LabPki::chain_of(const std::string& name) const {
  std::vector<Bytes> out;
  const auto leaf = issued.find(name);
  if (leaf == issued.end()) return out;
  out.push_back(leaf->second.certificate);
  out.insert(out.end(), leaf->second.chain.begin(), leaf->second.chain.end());
  for (auto at = authorities.find(leaf->second.issuer);
       at != authorities.end() && !at->second.issuer.empty() &&
       out.size() < bounds::certificates_in_chain;
       at = authorities.find(at->second.issuer))
    out.push_back(at->second.certificate);
  return out;
}

std::vector<std::string> LabPki::urls_of(const std::string& name) const {
  std::vector<std::string> out;
  for (const Bytes& der : chain_of(name)) {
    std::string url;
    for (const auto* all : {&authorities, &issued})
      for (const auto& [other, holder] : *all)
        if (holder.certificate == der) url = holder.url;
    out.push_back(std::move(url));
  }
  return out;
}

LabPki read_pki(const YAML::Node& node, std::uint64_t seed, std::int64_t epoch,
                Problems& problems) {
  if (!node.IsDefined()) return {};
  return Reader(seed, epoch, problems).read(node);
}

}  // namespace ikelab::scenario
