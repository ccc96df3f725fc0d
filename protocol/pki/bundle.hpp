// CertificateBundle: certificates and CRLs in one file, as a URL in a CERT payload may stand for
// (RFC 7296, 3.6).
//
//   CertificateOrCRL  ::= CHOICE { cert [0] Certificate, crl [1] CertificateList }
//   CertificateBundle ::= SEQUENCE OF CertificateOrCRL          explicit tags
#pragma once
#include <span>
#include <vector>

#include "protocol/base/bytes.hpp"
#include "protocol/base/result.hpp"

namespace ikelab::pki {

struct Bundle {
  std::vector<Bytes> certificates;  ///< DER, the end entity's first
  std::vector<Bytes> crls;
};

Bytes make_bundle(std::span<const Bytes> certificates);
/// Only the shell is read: what is in it is a certificate or not is for others to say. At most
/// bounds::certificates_in_chain entries. Errors: E-PKI-043 not a bundle.
Result<Bundle> read_bundle(ByteView der);

}  // namespace ikelab::pki
