// SubjectPublicKeyInfo (RFC 5280, 4.1) taken apart by hand, because OpenSSL's decoder tries every
// format it knows and takes five times as long:
//
//   SEQUENCE { SEQUENCE { algorithm OBJECT IDENTIFIER, parameters }, BIT STRING }
//
// What does not look exactly like one of the keys we expect goes to the decoder.
#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto::openssl {
namespace {

/// Takes a DER value with this tag off the front of `in`. Nothing: it does not begin with one.
std::optional<ByteView> take(ByteView& in, std::uint8_t tag) {
  if (in.size() < 2 || in[0] != tag) return std::nullopt;
  std::size_t length = in[1], header = 2;
  if (length >= 0x80) {
    const std::size_t octets = length - 0x80;
    if (octets == 0 || octets > 3 || in.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | in[2 + i];
    header += octets;
  }
  if (in.size() - header < length) return std::nullopt;
  const ByteView content = in.subspan(header, length);
  in = in.subspan(header + length);
  return content;
}

/// A whole value and nothing behind it.
std::optional<ByteView> only(ByteView in, std::uint8_t tag) {
  const auto content = take(in, tag);
  return in.empty() ? content : std::nullopt;
}

constexpr std::uint8_t sequence = 0x30, integer = 0x02, bit_string = 0x03, oid = 0x06, null = 0x05;

Pkey from_parts(const char* algorithm, const ParamBuild& parts) {
  const Params params(OSSL_PARAM_BLD_to_param(parts.get()));
  const PkeyCtx context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return Pkey(key);
}

Pkey ec_key(ByteView parameters, ByteView point) {
  struct Curve {
    const char *oid_hex, *name;
  };
  constexpr Curve curves[] = {
      {"2a8648ce3d030107", "P-256"}, {"2b81040022", "P-384"}, {"2b81040023", "P-521"}};
  const auto named = only(parameters, oid);
  if (!named) return nullptr;
  for (const Curve& curve : curves) {
    if (!equal(*named, hex(curve.oid_hex))) continue;
    const ParamBuild parts(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.name, 0);
    OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
    return from_parts("EC", parts);
  }
  return nullptr;
}

/// RSAPublicKey = SEQUENCE { modulus INTEGER, publicExponent INTEGER } (RFC 8017, A.1.1)
Pkey rsa_key(ByteView parameters, ByteView octets) {
  const auto none = only(parameters, null);
  const auto key = only(octets, sequence);
  if (!none || !none->empty() || !key) return nullptr;
  ByteView rest = *key;
  const auto n = take(rest, integer), e = take(rest, integer);
  const auto positive = [](const auto& value) {
    return value && !value->empty() && ((*value)[0] & 0x80) == 0;
  };
  if (!positive(n) || !positive(e) || !rest.empty()) return nullptr;
  const Bn modulus = number(*n), exponent = number(*e);
  const ParamBuild parts(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return from_parts("RSA", parts);
}

Pkey quickly(ByteView der) {
  const auto info = only(der, sequence);
  if (!info) return nullptr;
  ByteView rest = *info;
  auto identifier = take(rest, sequence);
  const auto bits = only(rest, bit_string);
  if (!identifier || !bits || bits->empty() || (*bits)[0] != 0) return nullptr;
  const ByteView key = bits->subspan(1);
  const auto algorithm = take(*identifier, oid);
  if (!algorithm) return nullptr;
  if (equal(*algorithm, hex("2a8648ce3d0201"))) return ec_key(*identifier, key);
  if (equal(*algorithm, hex("2a864886f70d010101"))) return rsa_key(*identifier, key);
  if (equal(*algorithm, hex("2b6570")) && identifier->empty())
    return Pkey(
        EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, key.data(), key.size()));
  return nullptr;
}

}  // namespace

Pkey decode_public_key(ByteView der) {
  if (Pkey key = quickly(der)) return key;
  ERR_clear_error();
  const unsigned char* at = der.data();
  Pkey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (at != der.data() + der.size()) key.reset();
  return key;
}

}  // namespace ikelab::crypto::openssl
