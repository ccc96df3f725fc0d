// The certificates of a scenario: lab CAs, what they issue and what they take back, all derived
// from the run's seed.
#pragma once
#include <map>

#include "protocol/policy/connection.hpp"
#include "sim/scenario/yaml.hpp"

namespace ikelab::scenario {

struct LabCertificate {
  Bytes certificate, private_key;      ///< DER; the key PKCS #8
  std::string issuer;                  ///< name of the CA, "" when it issued itself
  std::vector<Bytes> chain;            ///< of one from a file: the CAs that stood behind it there
  std::optional<Duration> revoked_at;  ///< into the run
  std::string url, bundle_url;  ///< where it, and its whole chain, can be had (RFC 7296, 3.6)
};

struct LabPki {
  /// By name; the one under `ca:` is named "ca". Empty without a `pki:` section.
  std::map<std::string, LabCertificate> authorities;
  std::map<std::string, LabCertificate> issued;  ///< by `name`
  std::vector<policy::Published> crls;
  std::map<std::string, std::vector<policy::Published>> ocsp_responses;  ///< by certificate
  std::vector<policy::Published> store;                                  ///< what can be had by URL

  /// A certificate and the CAs above it, without the one at the top, which a peer must have itself.
  [[nodiscard]] std::vector<Bytes> chain_of(const std::string& name) const;
  /// The URLs of that chain, "" where there is none.
  [[nodiscard]] std::vector<std::string> urls_of(const std::string& name) const;
};

/// Reads `pki:`; keys and signatures come from the seed's own streams, so a new certificate changes
/// no other. Times of publication are into the run, times of validity are dates.
///
///   pki:
///     ca: {subject: "CN=Lab CA,O=ikelab", key: p256}
///     authorities:                  more CAs: without `issuer` roots, else intermediates
///       - {name: branch, subject: "CN=Branch CA,O=ikelab", issuer: ca, permitted:
///       [branch.example]}
///     certificates:
///       - {name: gw-a, subject: "CN=gw-a", issuer: branch, san: [gw-a.branch.example]}
///       - {name: stolen, subject: "CN=stolen", revoked_at: 20s}
///     crls:                         one entry for each time a CA publishes a list
///       - {issuer: ca, at: 20s, valid_for: 1h}
///     ocsp_responses:
///       - {certificate: gw-a, at: 0s, valid_for: 10m}
///
///     store:                        what stands under a URL beside what `url` says
///       - {url: "http://pki.example/gw-a.der", certificate: stolen, at: 20s}
///
/// Keys of an authority: name, subject, key (p256, p384, ed25519, rsa2048, rsa3072), issuer,
/// valid_from, valid_for, path_length, permitted and excluded (name constraints: DNS names, mail
/// domains after an @, networks), crl_uri and ocsp_uri (what it issues names them), revoked_at,
/// url. Keys of a certificate: name, subject, key, issuer (the default is ca), san, valid_from,
/// valid_for, key_usage (sign, encipher), extended_key_usage (ike, server, client, ocsp, any),
/// revoked_at, url, bundle_url (where it, and its whole chain, can be had by who looks up).
/// A certificate made elsewhere (for `ikelab peer`): ca and authorities with `file`, certificates
/// with `file` (its chain may follow in it) and `key_file` (PKCS #8); PEM, paths from the scenario.
/// Keys of a CRL: issuer, at, valid_for. Keys of an OCSP response: certificate, at, valid_for,
/// status (the default follows from revoked_at), signer (the default is the issuer).
LabPki read_pki(const YAML::Node& node, std::uint64_t seed, std::int64_t epoch, Problems& problems);

}  // namespace ikelab::scenario
