// A lab CA with certificates for gw-a and gw-b, and the configurations that use them.
#pragma once
#include "tests/support/pair.hpp"

namespace ikelab::test {

/// What a test may want to be wrong.
struct LabCertificates {
  std::string key_type = "p256";  ///< Provider::generate_key
  std::int64_t not_before = 1'780'000'000,
               not_after = 1'800'000'000;  ///< around the epoch of site_a(), 1,790,000,000
  bool unknown_ca = false;                 ///< issued by a CA that nobody trusts
  std::string alt_name_of_a = "gw-a.example";
};
/// site_a() and site_b() with `pubkey` on both sides.
struct CertifiedPair {
  policy::EndpointConfig a, b;
};
CertifiedPair certified_sites(const LabCertificates& lab = {});

}  // namespace ikelab::test
