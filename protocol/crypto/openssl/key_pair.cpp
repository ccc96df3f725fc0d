// Keys that sign and verify: RSA (PKCS #1 v1.5 and PSS), ECDSA on P-256, P-384 and P-521, Ed25519.
#include <openssl/rsa.h>

#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto::openssl {
namespace {

/// A family of keys: what it is called, and its schemes, best first.
struct KeyType {
  std::string_view type;
  const char* algorithm;  ///< OpenSSL's name
  const char* curve;      ///< of an EC key, as OpenSSL reports it, else null
  std::vector<SignatureScheme> schemes;
};

const std::vector<KeyType>& key_types() {
  using enum SignatureScheme;
  static const std::vector<KeyType> types = {
      {"Ed25519", "ED25519", nullptr, {ed25519}},
      {"EC P-256", "EC", "prime256v1", {ecdsa_sha256, ecdsa_sha384, ecdsa_sha512}},
      {"EC P-384", "EC", "secp384r1", {ecdsa_sha384, ecdsa_sha512, ecdsa_sha256}},
      {"EC P-521", "EC", "secp521r1", {ecdsa_sha512, ecdsa_sha384, ecdsa_sha256}},
      {"RSA",
       "RSA",
       nullptr,
       {rsa_pss_sha256, rsa_pss_sha384, rsa_pss_sha512, rsa_pkcs1_sha256, rsa_pkcs1_sha384,
        rsa_pkcs1_sha512, rsa_pkcs1_sha1}},
  };
  return types;
}

/// Null when it is a kind of key that we do not sign with.
const KeyType* type_of(const EVP_PKEY* key) {
  char group[32] = "";
  std::size_t size = 0;
  for (const KeyType& type : key_types()) {
    if (EVP_PKEY_is_a(key, type.algorithm) != 1) continue;
    if (type.curve == nullptr) return &type;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
        std::string_view(group) == type.curve)
      return &type;
  }
  return nullptr;
}

bool has_scheme(const KeyType& type, SignatureScheme scheme) {
  for (SignatureScheme s : type.schemes)
    if (s == scheme) return true;
  return false;
}

bool is_pss(SignatureScheme scheme) {
  return scheme == SignatureScheme::rsa_pss_sha256 || scheme == SignatureScheme::rsa_pss_sha384 ||
         scheme == SignatureScheme::rsa_pss_sha512;
}

/// Padding of an RSA operation; nothing to do for other keys.
//= rfc7427#A.4.3 "the parameters are present and contain hashAlgorithm of SHA-256, maskGenAlgorithm
//= of SHA-256, saltLength of 32, and trailerField of 1."
bool set_padding(EVP_PKEY_CTX* context, SignatureScheme scheme) {
  if (!is_pss(scheme)) return true;  // PKCS #1 v1.5 is OpenSSL's default
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

/// block^e or block^d mod n.
Result<Bytes> rsa_bare_with(EVP_PKEY* key, OSSL_LIB_CTX* library, bool private_key,
                            ByteView block) {
  const auto refused = [] {
    return failure("E-CRYPTO-RSA", "no RSA block, or no RSA key", "RFC 8017, 5.1");
  };
  if (EVP_PKEY_is_a(key, "RSA") != 1) return refused();
  const PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(library, key, nullptr));
  const auto init = private_key ? EVP_PKEY_decrypt_init : EVP_PKEY_encrypt_init;
  const auto run = private_key ? EVP_PKEY_decrypt : EVP_PKEY_encrypt;
  Bytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key)));
  std::size_t size = out.size();
  if (block.size() != out.size() || init(context.get()) != 1 ||
      EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING) != 1 ||
      run(context.get(), out.data(), &size, block.data(), block.size()) != 1)
    return refused();
  return out;
}

class PublicKeyImpl : public PublicKey {
 public:
  [[nodiscard]] std::optional<RsaNumbers> rsa_numbers() const override {
    BIGNUM *n = nullptr, *e = nullptr;
    const bool found = EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                       EVP_PKEY_get_bn_param(key_.get(), OSSL_PKEY_PARAM_RSA_E, &e) == 1;
    const Bn own_n(n), own_e(e);
    if (!found) return std::nullopt;
    const auto octets = [](const BIGNUM* number) {
      return padded(number, static_cast<std::size_t>(BN_num_bytes(number)));
    };
    return RsaNumbers{octets(n), octets(e)};
  }
  Result<Bytes> rsa_bare(ByteView block) const override {
    shared_->count(Operation::verify);
    return rsa_bare_with(key_.get(), nullptr, false, block);
  }
  PublicKeyImpl(std::shared_ptr<Shared> shared, Pkey key, const KeyType& type)
      : shared_(std::move(shared)), key_(std::move(key)), type_(type) {}
  [[nodiscard]] std::string_view type() const override { return type_.type; }
  [[nodiscard]] bool supports(SignatureScheme scheme) const override {
    return has_scheme(type_, scheme);
  }
  Result<void> verify(SignatureScheme scheme, ByteView data, ByteView signature) const override {
    shared_->count(Operation::verify);
    if (!supports(scheme))
      return failure(
          "E-CRYPTO-SIG",
          std::string(type_.type) + " key cannot verify " + std::string(to_string(scheme)),
          "RFC 7427, 3");
    const MdCtx context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;  // owned by `context`
    const bool good =
        EVP_DigestVerifyInit_ex(context.get(), &parameters, hash_name(hash_of(scheme)), nullptr,
                                nullptr, key_.get(), nullptr) == 1 &&
        set_padding(parameters, scheme) &&
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(),
                         data.size()) == 1;
    if (!good)
      return failure("E-CRYPTO-SIG", std::string(to_string(scheme)) + " signature does not verify",
                     "RFC 7427, 3");
    return {};
  }

 private:
  std::shared_ptr<Shared> shared_;
  Pkey key_;
  const KeyType& type_;
};

class PrivateKeyImpl : public PrivateKey {
 public:
  PrivateKeyImpl(std::shared_ptr<Shared> shared, Pkey key, const KeyType& type)
      : shared_(std::move(shared)), key_(std::move(key)), type_(type) {}
  [[nodiscard]] std::string_view type() const override { return type_.type; }
  [[nodiscard]] std::vector<SignatureScheme> schemes() const override { return type_.schemes; }

  Result<Bytes> rsa_bare(ByteView block, Rng& rng) const override {
    shared_->count(Operation::sign);
    LentRandomness& randomness = shared_->randomness();
    const LentRandomness::Lease lease(randomness, rng);
    return rsa_bare_with(key_.get(), randomness.context(), true, block);
  }

  Result<Bytes> sign(SignatureScheme scheme, ByteView data, Rng& rng) const override {
    shared_->count(Operation::sign);
    if (!has_scheme(type_, scheme))
      return failure("E-CRYPTO-SIG",
                     std::string(type_.type) + " key cannot make " + std::string(to_string(scheme)),
                     "RFC 7427, 3");
    LentRandomness& randomness = shared_->randomness();
    const LentRandomness::Lease lease(randomness, rng);
    const MdCtx context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* parameters = nullptr;  // owned by `context`
    std::size_t size = 0;
    Bytes signature;
    const bool ready =
        EVP_DigestSignInit_ex(context.get(), &parameters, hash_name(hash_of(scheme)),
                              randomness.context(), nullptr, key_.get(), nullptr) == 1 &&
        set_padding(parameters, scheme) &&
        EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) == 1;
    if (ready) signature.resize(size);
    if (!ready ||
        EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) != 1)
      return failure("E-CRYPTO-SIG", "signing failed: " + std::string(to_string(scheme)));
    signature.resize(size);
    return signature;
  }

  [[nodiscard]] Bytes public_key_der() const override { return to_der(&i2d_PUBKEY, key_.get()); }
  [[nodiscard]] Secret private_key_der() const override {
    const Pkcs8 info(EVP_PKEY2PKCS8(key_.get()));
    IKELAB_ASSERT(info != nullptr);
    return Secret(to_der(&i2d_PKCS8_PRIV_KEY_INFO, info.get()));
  }

 private:
  std::shared_ptr<Shared> shared_;
  Pkey key_;
  const KeyType& type_;
};

Result<std::unique_ptr<PrivateKey>> wrap(const std::shared_ptr<Shared>& shared, Pkey key) {
  const KeyType* type = type_of(key.get());
  if (type == nullptr) return failure("E-CRYPTO-KEY", "a kind of private key we do not sign with");
  return {std::make_unique<PrivateKeyImpl>(shared, std::move(key), *type)};
}

/// A stream for work in the lent context whose result does not depend on it (blinding).
class NoRng : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& octet : out) octet = 0;
  }
};

/// The key pair of these parts, in the context whose randomness is lent.
Pkey key_of(LentRandomness& randomness, const char* algorithm, const ParamBuild& parts) {
  const Params params(OSSL_PARAM_BLD_to_param(parts.get()));
  NoRng none;
  const LentRandomness::Lease lease(randomness, none);
  const PkeyCtx context(EVP_PKEY_CTX_new_from_name(randomness.context(), algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  IKELAB_ASSERT(EVP_PKEY_fromdata_init(context.get()) == 1);
  IKELAB_ASSERT(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params.get()) == 1);
  return Pkey(key);
}

/// A prime of `bits` bits whose two highest bits are set, so that two of them make a modulus of
/// full length, and with p - 1 prime to e (FIPS 186-5, A.1.3). The candidates come from `rng` one
/// by one, so that the same stream gives the same prime with every version of OpenSSL.
Bn random_prime(unsigned bits, const BIGNUM* e, Rng& rng) {
  const BnCtx context(BN_CTX_secure_new());
  const Bn less_one(BN_secure_new()), divisor(BN_secure_new());
  for (unsigned draw = 0; draw < 100 * bits; ++draw) {  // about bits / 3 are needed
    const Secret octets(rng.bytes(bits / 8));
    Bn candidate(BN_secure_new());
    BN_bin2bn(octets.reveal().data(), static_cast<int>(octets.size()), candidate.get());
    BN_set_bit(candidate.get(), static_cast<int>(bits) - 1);
    BN_set_bit(candidate.get(), static_cast<int>(bits) - 2);
    BN_set_bit(candidate.get(), 0);
    if (BN_check_prime(candidate.get(), context.get(), nullptr) != 1) continue;
    BN_sub(less_one.get(), candidate.get(), BN_value_one());
    BN_gcd(divisor.get(), less_one.get(), e, context.get());
    if (BN_is_one(divisor.get())) return candidate;
  }
  IKELAB_ASSERT(!"no prime in a hundred times the draws one takes: not a random stream");
  return nullptr;
}

/// RFC 8017, 3.2: n = p q, d = 1/e mod (p - 1)(q - 1), and the parts for the Chinese remainder.
Pkey generate_rsa(LentRandomness& randomness, unsigned bits, Rng& rng) {
  const Bn e(BN_new());
  BN_set_word(e.get(), 65537);
  const unsigned p_bits = (bits / 2 + 7) / 8 * 8;  // whole octets; q has the rest
  const Bn p = random_prime(p_bits, e.get(), rng), q = random_prime(bits - p_bits, e.get(), rng);
  IKELAB_ASSERT(BN_cmp(p.get(), q.get()) != 0);
  const BnCtx context(BN_CTX_secure_new());
  const auto fresh = [] { return Bn(BN_secure_new()); };
  const Bn n = fresh(), p_1 = fresh(), q_1 = fresh(), phi = fresh(), d = fresh(), dp = fresh(),
           dq = fresh(), q_inverse = fresh();
  BN_mul(n.get(), p.get(), q.get(), context.get());
  BN_sub(p_1.get(), p.get(), BN_value_one());
  BN_sub(q_1.get(), q.get(), BN_value_one());
  BN_mul(phi.get(), p_1.get(), q_1.get(), context.get());
  for (BIGNUM* secret : {phi.get(), p.get(), q.get()}) BN_set_flags(secret, BN_FLG_CONSTTIME);
  BN_mod_inverse(d.get(), e.get(), phi.get(), context.get());
  BN_mod(dp.get(), d.get(), p_1.get(), context.get());
  BN_mod(dq.get(), d.get(), q_1.get(), context.get());
  BN_mod_inverse(q_inverse.get(), q.get(), p.get(), context.get());

  const ParamBuild build(OSSL_PARAM_BLD_new());
  const std::pair<const char*, const BIGNUM*> parts[] = {
      {OSSL_PKEY_PARAM_RSA_N, n.get()},
      {OSSL_PKEY_PARAM_RSA_E, e.get()},
      {OSSL_PKEY_PARAM_RSA_D, d.get()},
      {OSSL_PKEY_PARAM_RSA_FACTOR1, p.get()},
      {OSSL_PKEY_PARAM_RSA_FACTOR2, q.get()},
      {OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get()},
      {OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get()},
      {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, q_inverse.get()}};
  for (const auto& [name, part] : parts) OSSL_PARAM_BLD_push_BN(build.get(), name, part);
  return key_of(randomness, "RSA", build);
}

Pkey generate_ec(Shared& shared, const char* curve, Rng& rng) {
  const EC_GROUP* group = shared.curve(curve);
  const Bn d = random_scalar(group, rng);
  const std::uint8_t uncompressed[] = {0x04};
  const Bytes point = concat({uncompressed, public_point(group, d.get())});
  const ParamBuild build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get());
  return key_of(shared.randomness(), "EC", build);
}

Pkey generate_ed25519(LentRandomness& randomness, Rng& rng) {
  const Secret seed(rng.bytes(32));
  Pkey key(EVP_PKEY_new_raw_private_key_ex(randomness.context(), "ED25519", nullptr,
                                           seed.reveal().data(), seed.size()));
  IKELAB_ASSERT(key != nullptr);
  return key;
}

}  // namespace

Result<std::unique_ptr<PrivateKey>> read_private_key(const std::shared_ptr<Shared>& shared,
                                                     ByteView der) {
  const unsigned char* at = der.data();
  const Pkcs8 info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  NoRng none;
  const LentRandomness::Lease lease(shared->randomness(), none);
  Pkey key;
  if (info != nullptr && at == der.data() + der.size())
    key.reset(EVP_PKCS82PKEY_ex(info.get(), shared->randomness().context(), nullptr));
  if (key == nullptr) return failure("E-CRYPTO-KEY", "not a PKCS #8 private key", "RFC 5958, 2");
  return wrap(shared, std::move(key));
}

Result<std::unique_ptr<PublicKey>> read_public_key(const std::shared_ptr<Shared>& shared,
                                                   ByteView der) {
  Pkey key = decode_public_key(der);
  if (key == nullptr) return failure("E-CRYPTO-KEY", "not a SubjectPublicKeyInfo", "RFC 5280, 4.1");
  const KeyType* type = type_of(key.get());
  if (type == nullptr) return failure("E-CRYPTO-KEY", "a kind of public key we do not verify with");
  return {std::make_unique<PublicKeyImpl>(shared, std::move(key), *type)};
}

Result<std::unique_ptr<PrivateKey>> make_private_key(const std::shared_ptr<Shared>& shared,
                                                     std::string_view type, Rng& rng) {
  LentRandomness& randomness = shared->randomness();
  if (type == "p256") return wrap(shared, generate_ec(*shared, "P-256", rng));
  if (type == "p384") return wrap(shared, generate_ec(*shared, "P-384", rng));
  if (type == "ed25519") return wrap(shared, generate_ed25519(randomness, rng));
  if (type == "rsa2048") return wrap(shared, generate_rsa(randomness, 2048, rng));
  for (const unsigned toy : {505U, 512U, 1024U})  // for attacks that must end in a lesson's time
    if (type == "rsa" + std::to_string(toy))
      return wrap(shared, generate_rsa(randomness, toy, rng));
  if (type == "rsa3072") return wrap(shared, generate_rsa(randomness, 3072, rng));
  Error error = failure("E-CRYPTO-KEY", "no kind of key is called '" + std::string(type) + "'");
  error.hint = "rsa2048, rsa3072, p256, p384 or ed25519";
  return error;
}

}  // namespace ikelab::crypto::openssl
