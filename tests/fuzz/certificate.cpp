// Fuzz target: certificates, CRLs, OCSP responses, keys and names as a hostile peer would send
// them. The first octet says as what the rest is read. Nothing that was not signed by the lab's CA
// is believed, and nothing that is revoked.
#include "protocol/pki/pki.hpp"
#include "protocol/policy/distinguished_name.hpp"
#include "protocol/policy/identity.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;

namespace ikelab::fuzz {
namespace {

struct World : test::TestAuthority {
  test::Holder root = ca("CN=Root,O=ikelab"), sub = ca("CN=Sub,O=ikelab", &root),
               gw = issue("CN=gw-a,O=ikelab", &sub);
  std::unique_ptr<crypto::Provider> provider = crypto::openssl_provider();
};

const World& world() {
  static const World one;
  return one;
}

/// gw's path with `certificate` beside the intermediate, and these statements.
bool believed(ByteView leaf, const Bytes& beside, std::span<const Bytes> crls,
              std::span<const Bytes> ocsp) {
  const Bytes intermediates[] = {world().sub.certificate, beside};
  const Bytes anchors[] = {world().root.certificate};
  return pki::validate_chain(leaf, std::span(intermediates).first(beside.empty() ? 1 : 2), anchors,
                             test::test_epoch,
                             {pki::Purpose::ike, pki::RevocationPolicy::strict, crls, ocsp})
      .ok();
}

}  // namespace

void certificate(ByteView octets) {
  if (octets.empty()) return;
  const Bytes der = to_bytes(octets.subspan(1));
  const Bytes one[] = {der};
  const Bytes& gw = world().gw.certificate;
  switch (octets[0] % 7) {
    case 0: {
      const auto read = pki::parse_certificate(der);
      IKELAB_ASSERT(!read || read->der == der);
      IKELAB_ASSERT(!believed(der, {}, {}, {}));
      if (read) static_cast<void>(world().provider->public_key(read->public_key_der));
      break;
    }
    case 1:
      IKELAB_ASSERT(!believed(gw, der, {}, {}));  // strict, and nothing is known
      static_cast<void>(pki::authority_hash(der));
      break;
    case 2:
      IKELAB_ASSERT(!believed(gw, {}, one, {}));  // one list cannot answer for two issuers
      break;
    case 3:
      IKELAB_ASSERT(!believed(gw, {}, {}, one));
      break;
    case 4:
      if (const auto key = world().provider->public_key(der))
        IKELAB_ASSERT(!(*key)->verify(crypto::SignatureScheme::ecdsa_sha256, gw, der).ok());
      break;
    case 5:
      static_cast<void>(world().provider->private_key(der));
      break;
    default: {
      const policy::Identity id{wire::IdType::der_asn1_dn, der, false};
      static_cast<void>(id.to_string());
      static_cast<void>(id.matches(id));
      static_cast<void>(policy::distinguished_name_text(der));
      static_cast<void>(policy::Identity::parse(to_text(der)));
    }
  }
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::certificate({data, size});
  return 0;
}
#endif
