// Certificate authorities for tests: roots, intermediates, certificates, CRLs and OCSP responses
// around the epoch of site_a(), 1,790,000,000.
#pragma once
#include "protocol/pki/pki.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

constexpr std::int64_t test_epoch = 1'790'000'000, one_day = 86'400;

/// A certificate with its key. Of a CA as of anybody else.
struct Holder {
  std::shared_ptr<const crypto::PrivateKey> key;
  Bytes certificate;
};

class TestAuthority {
 public:
  /// "CN=..." issued by `issuer`, by itself when that is nullptr. What `change` does not set is
  /// valid from a month before to a year after the epoch, with the next serial number.
  Holder issue(const std::string& subject, const Holder* issuer,
               const std::function<void(pki::CertificateSpec&)>& change = {},
               const char* key_type = "p256");
  Holder ca(const std::string& subject, const Holder* issuer = nullptr,
            const std::function<void(pki::CertificateSpec&)>& change = {});
  /// A CRL of `issuer`, good from a day before to a day after `at`.
  Bytes crl(const Holder& issuer, const std::vector<const Holder*>& revoked,
            std::int64_t at = test_epoch);
  /// An OCSP response about `subject`, good from a day before to a day after `at`.
  Bytes ocsp(pki::OcspStatus status, const Holder& subject, const Holder& issuer,
             const Holder& responder, std::int64_t at = test_epoch);

 private:
  std::unique_ptr<crypto::Provider> provider_ = crypto::openssl_provider();
  std::unique_ptr<crypto::Rng> rng_ = crypto::seeded_rng(3, "authority")->stream("all");
  std::uint64_t serial_ = 0;
};

/// gw-a and gw-b authenticate each other by certificates of `root`; `chain_of_a` follows gw-a's.
struct CertifiedConfigs {
  policy::EndpointConfig a = site_a(), b = site_b();
  policy::AuthConfig& local_a() { return a.connections[0].local; }
  policy::AuthConfig& remote_a() { return a.connections[0].remote; }
  policy::AuthConfig& local_b() { return b.connections[0].local; }
  policy::AuthConfig& remote_b() { return b.connections[0].remote; }
};
CertifiedConfigs certified(const Holder& root, const Holder& gw_a, const Holder& gw_b,
                           const std::vector<const Holder*>& chain_of_a = {});

}  // namespace ikelab::test
