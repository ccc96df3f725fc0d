#include "protocol/ikev2/auth_legacy.hpp"

#include <algorithm>

namespace ikelab::ikev2 {
namespace {

using crypto::SignatureScheme;
using wire::AuthMethod;

struct Row {
  AuthMethod method;
  std::string_view key;
  SignatureScheme scheme;
  std::size_t half;  ///< ECDSA: octets of r, and of s; RSA: 0
  const char* rfc;
};
constexpr Row rows[] = {
    //= rfc7296#3.8 "SHOULD use SHA-1 as the default hash function when generating signatures"
    {AuthMethod::rsa_signature, "RSA", SignatureScheme::rsa_pkcs1_sha1, 0, "RFC 7296, 3.8"},
    {AuthMethod::ecdsa_256, "EC P-256", SignatureScheme::ecdsa_sha256, 32, "RFC 4754, 3"},
    {AuthMethod::ecdsa_384, "EC P-384", SignatureScheme::ecdsa_sha384, 48, "RFC 4754, 3"},
    {AuthMethod::ecdsa_521, "EC P-521", SignatureScheme::ecdsa_sha512, 66, "RFC 4754, 3"},
};

/// The two INTEGERs of Ecdsa-Sig-Value (RFC 5480, A), each as `half` octets; the adapter made it.
Bytes from_der(ByteView der, std::size_t half) {
  const std::size_t head = der[1] == 0x81 ? 3 : 2;
  ByteView rest = der.subspan(head);
  Bytes out;
  for (int i = 0; i < 2; ++i) {
    ByteView number = rest.subspan(2, rest[1]);
    rest = rest.subspan(2 + number.size());
    while (!number.empty() && number[0] == 0) number = number.subspan(1);
    IKELAB_ASSERT(number.size() <= half);
    out.resize(out.size() + half - number.size());
    out.insert(out.end(), number.begin(), number.end());
  }
  return out;
}

Bytes integer(ByteView number) {
  while (number.size() > 1 && number[0] == 0) number = number.subspan(1);
  Bytes out = {0x02, static_cast<std::uint8_t>(number.size())};
  if ((number[0] & 0x80) != 0) ++out[1], out.push_back(0);
  out.insert(out.end(), number.begin(), number.end());
  return out;
}

Bytes to_der(ByteView r_and_s) {
  const Bytes r = integer(r_and_s.first(r_and_s.size() / 2)),
              s = integer(r_and_s.subspan(r_and_s.size() / 2));
  const std::size_t size = r.size() + s.size();
  Bytes head = {0x30};
  if (size > 0x7f) head.push_back(0x81);
  head.push_back(static_cast<std::uint8_t>(size));
  return concat({head, r, s});
}

}  // namespace

bool is_legacy_signature(AuthMethod method) {
  return std::any_of(std::begin(rows), std::end(rows),
                     [&](const Row& row) { return row.method == method; });
}

Result<wire::AuthPayload> sign_legacy(const crypto::PrivateKey& key, ByteView octets,
                                      crypto::Rng& rng, std::string& method) {
  for (const Row& row : rows) {
    if (row.key != key.type()) continue;
    IKELAB_TRY(Bytes signature, key.sign(row.scheme, octets, rng));
    method = wire::name(row.method);
    return wire::AuthPayload{row.method,
                             row.half == 0 ? std::move(signature) : from_der(signature, row.half)};
  }
  return Error{"E-AUTH-002", "the peer knows nothing of RFC 7427, which our key needs"}.see(
      "RFC 7427, 4");
}

Result<void> check_legacy(const crypto::PublicKey& key, const wire::AuthPayload& auth,
                          ByteView octets, std::string& method) {
  const auto refuse = [](const char* why, const char* rfc) {
    return Error{"E-AUTH-011", why}.see(rfc);
  };
  for (const Row& row : rows) {
    if (row.method != auth.method) continue;
    method = wire::name(row.method);
    if (row.key != key.type())
      return refuse("the AUTH method does not fit the certificate's key", row.rfc);
    //= rfc4754#7 "the signature payload SHALL contain an encoding of the computed signature
    //= consisting of the concatenation of a pair of integers r and s."
    if (row.half != 0 && auth.data.size() != 2 * row.half)
      return refuse("an ECDSA signature of another size than its curve's", row.rfc);
    const Bytes signature = row.half == 0 ? auth.data : to_der(auth.data);
    if (!key.verify(row.scheme, octets, signature))
      return refuse("the signature in AUTH does not verify", row.rfc);
    return {};
  }
  return refuse("no signature method", "RFC 7296, 3.8");
}

}  // namespace ikelab::ikev2
