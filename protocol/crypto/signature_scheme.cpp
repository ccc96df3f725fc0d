// The signature schemes of an AUTH payload (RFC 7427; RFC 8420 for Ed25519) as one table.
#include <algorithm>
#include <array>

#include "protocol/crypto/provider.hpp"

namespace ikelab::crypto {
namespace {

struct Row {
  SignatureScheme scheme;
  HashId hash;
  std::string_view name;
  std::string_view identifier;     ///< DER AlgorithmIdentifier as we send it, in hex
  std::string_view also_accepted;  ///< another encoding that peers send, or empty
};

#define IKELAB_SHA2_OID(n) "30 0d 06 09 60 86 48 01 65 03 04 02 0" n " 05 00"
// RSASSA-PSS-params: hash [0], MGF1 with the same hash [1], salt length [2] (RFC 7427, A.4); the
// default trailer field [3] is left out by DER and present in what some peers send.
#define IKELAB_PSS(outer, inner, n, salt, trailer)                                               \
  "30 " outer " 06 09 2a 86 48 86 f7 0d 01 01 0a 30 " inner                                      \
  " a0 0f " IKELAB_SHA2_OID(n) " a1 1c 30 1a 06 09 2a 86 48 86 f7 0d 01 01 08 " IKELAB_SHA2_OID( \
      n) " a2 03 02 01 " salt trailer
#define IKELAB_PSS_ROW(scheme, hash, name, n, salt)          \
  Row {                                                      \
    scheme, hash, name, IKELAB_PSS("41", "34", n, salt, ""), \
        IKELAB_PSS("46", "39", n, salt, " a3 03 02 01 01")   \
  }

constexpr std::array rows = {
    Row{SignatureScheme::rsa_pkcs1_sha256, HashId::sha2_256, "RSA PKCS #1 v1.5 with SHA-256",
        "30 0d 06 09 2a 86 48 86 f7 0d 01 01 0b 05 00", ""},
    Row{SignatureScheme::rsa_pkcs1_sha384, HashId::sha2_384, "RSA PKCS #1 v1.5 with SHA-384",
        "30 0d 06 09 2a 86 48 86 f7 0d 01 01 0c 05 00", ""},
    Row{SignatureScheme::rsa_pkcs1_sha512, HashId::sha2_512, "RSA PKCS #1 v1.5 with SHA-512",
        "30 0d 06 09 2a 86 48 86 f7 0d 01 01 0d 05 00", ""},
    IKELAB_PSS_ROW(SignatureScheme::rsa_pss_sha256, HashId::sha2_256, "RSASSA-PSS with SHA-256",
                   "1", "20"),
    IKELAB_PSS_ROW(SignatureScheme::rsa_pss_sha384, HashId::sha2_384, "RSASSA-PSS with SHA-384",
                   "2", "30"),
    IKELAB_PSS_ROW(SignatureScheme::rsa_pss_sha512, HashId::sha2_512, "RSASSA-PSS with SHA-512",
                   "3", "40"),
    Row{SignatureScheme::ecdsa_sha256, HashId::sha2_256, "ECDSA with SHA-256",
        "30 0a 06 08 2a 86 48 ce 3d 04 03 02", ""},
    Row{SignatureScheme::ecdsa_sha384, HashId::sha2_384, "ECDSA with SHA-384",
        "30 0a 06 08 2a 86 48 ce 3d 04 03 03", ""},
    Row{SignatureScheme::ecdsa_sha512, HashId::sha2_512, "ECDSA with SHA-512",
        "30 0a 06 08 2a 86 48 ce 3d 04 03 04", ""},
    //= rfc8420#2 "Ed25519 and Ed448 are only defined with the "Identity" hash"
    Row{SignatureScheme::ed25519, HashId::identity, "Ed25519", "30 05 06 03 2b 65 70", ""},
    Row{SignatureScheme::rsa_pkcs1_sha1, HashId::sha1, "RSA PKCS #1 v1.5 with SHA-1",
        "30 0d 06 09 2a 86 48 86 f7 0d 01 01 05 05 00", ""},
};
#undef IKELAB_PSS_ROW
#undef IKELAB_PSS
#undef IKELAB_SHA2_OID

const Row& row_of(SignatureScheme scheme) {
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.scheme == scheme; });
  IKELAB_ASSERT(row != rows.end());
  return *row;
}

}  // namespace

std::string_view to_string(SignatureScheme scheme) {
  return row_of(scheme).name;
}

ByteView algorithm_identifier(SignatureScheme scheme) {
  static const std::vector<Bytes> encoded = [] {
    std::vector<Bytes> out;
    for (const Row& row : rows) out.push_back(hex(row.identifier));
    return out;
  }();
  return encoded[static_cast<std::size_t>(&row_of(scheme) - rows.data())];
}

std::optional<SignatureScheme> scheme_of_identifier(ByteView der) {
  for (const Row& row : rows) {
    if (equal(der, algorithm_identifier(row.scheme))) return row.scheme;
    if (!row.also_accepted.empty() && equal(der, hex(row.also_accepted))) return row.scheme;
  }
  return std::nullopt;
}

HashId hash_of(SignatureScheme scheme) {
  return row_of(scheme).hash;
}

}  // namespace ikelab::crypto
