// ML-KEM (FIPS 203) by OpenSSL where it has it (3.5 and later, found out at run time), by our own
// reference implementation otherwise. Both get their randomness from the run's stream and give the
// same octets, so that a run has one fingerprint on every system.
#include "protocol/crypto/ml_kem.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto::openssl {
namespace {

// OpenSSL 3.5's names of parameters, which the headers of 3.0 lack.
constexpr const char* seed_parameter = "seed";     // OSSL_PKEY_PARAM_ML_KEM_SEED
constexpr const char* entropy_parameter = "ikme";  // OSSL_KEM_PARAM_IKME

bool openssl_has(std::string_view name) {
  EVP_KEYMGMT* found = EVP_KEYMGMT_fetch(nullptr, std::string(name).c_str(), nullptr);
  const bool has = found != nullptr;
  EVP_KEYMGMT_free(found);
  return has;
}

Error refused(const Algorithm& ke, const std::string& why) {
  return failure("E-CRYPTO-KE", std::string(ke.name) + ": " + why, "FIPS 203, 7");
}

Secret random_secret(Rng& rng, std::size_t octets) {
  return Secret(rng.bytes(octets));
}

OSSL_PARAM octets_parameter(const char* name, Bytes& octets) {
  return OSSL_PARAM_construct_octet_string(name, octets.data(), octets.size());
}

Result<void> check_length(const Algorithm& ke, ByteView octets, std::size_t expected) {
  if (octets.size() == expected) return {};
  return refused(ke,
                 std::to_string(octets.size()) + " octets instead of " + std::to_string(expected));
}

class Reference : public KeyExchange {
 public:
  Reference(std::shared_ptr<Shared> shared, const Algorithm& ke, Rng& rng)
      : shared_(std::move(shared)),
        ke_(ke),
        p_(*ml_kem::parameters_of(ke.id)),
        pair_(ml_kem::generate(p_, random_secret(rng, ml_kem::seed_octets))) {}
  [[nodiscard]] const Bytes& public_value() const override { return pair_.encapsulation_key; }
  [[nodiscard]] Result<void> check(ByteView ciphertext) const override {
    return check_length(ke_, ciphertext, ke_.answer_size);
  }
  Result<Secret> derive(ByteView ciphertext) override {
    shared_->count(Operation::ke_derive);
    return ml_kem::decapsulate(p_, pair_.decapsulation_key, ciphertext);
  }

 private:
  std::shared_ptr<Shared> shared_;
  const Algorithm& ke_;
  const ml_kem::Parameters& p_;
  ml_kem::KeyPair pair_;
};

class OpensslMlKem : public KeyExchange {
 public:
  OpensslMlKem(std::shared_ptr<Shared> shared, const Algorithm& ke, Rng& rng)
      : shared_(std::move(shared)), ke_(ke), public_value_(ke.output_size) {
    Bytes seed = rng.bytes(ml_kem::seed_octets);
    const OSSL_PARAM params[] = {octets_parameter(seed_parameter, seed),
                                 OSSL_PARAM_construct_end()};
    const PkeyCtx context(
        EVP_PKEY_CTX_new_from_name(nullptr, std::string(ke.openssl).c_str(), nullptr));
    EVP_PKEY* made = nullptr;
    IKELAB_ASSERT(EVP_PKEY_keygen_init(context.get()) == 1 &&
                  EVP_PKEY_CTX_set_params(context.get(), params) == 1 &&
                  EVP_PKEY_generate(context.get(), &made) == 1);
    own_.reset(made);
    OPENSSL_cleanse(seed.data(), seed.size());
    std::size_t size = 0;
    IKELAB_ASSERT(EVP_PKEY_get_octet_string_param(made, OSSL_PKEY_PARAM_PUB_KEY,
                                                  public_value_.data(), public_value_.size(),
                                                  &size) == 1 &&
                  size == public_value_.size());
  }
  [[nodiscard]] const Bytes& public_value() const override { return public_value_; }
  [[nodiscard]] Result<void> check(ByteView ciphertext) const override {
    return check_length(ke_, ciphertext, ke_.answer_size);
  }
  Result<Secret> derive(ByteView ciphertext) override {
    shared_->count(Operation::ke_derive);
    IKELAB_CHECK(check(ciphertext));
    const PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, own_.get(), nullptr));
    Bytes out(ml_kem::shared_octets);
    std::size_t size = out.size();
    if (EVP_PKEY_decapsulate_init(context.get(), nullptr) != 1 ||
        EVP_PKEY_decapsulate(context.get(), out.data(), &size, ciphertext.data(),
                             ciphertext.size()) != 1)
      return refused(ke_, "decapsulation failed");
    return Secret(std::move(out));
  }

 private:
  std::shared_ptr<Shared> shared_;
  const Algorithm& ke_;
  Bytes public_value_;
  Pkey own_;
};

Result<KeyAnswer> encapsulate(const Algorithm& ke, ByteView encapsulation_key, Rng& rng) {
  IKELAB_CHECK(check_length(ke, encapsulation_key, ke.output_size));
  Bytes key = to_bytes(encapsulation_key), m = rng.bytes(ml_kem::message_octets);
  OSSL_PARAM of_key[] = {octets_parameter(OSSL_PKEY_PARAM_PUB_KEY, key),
                         OSSL_PARAM_construct_end()};
  const OSSL_PARAM of_operation[] = {octets_parameter(entropy_parameter, m),
                                     OSSL_PARAM_construct_end()};
  const PkeyCtx import(
      EVP_PKEY_CTX_new_from_name(nullptr, std::string(ke.openssl).c_str(), nullptr));
  EVP_PKEY* imported = nullptr;
  if (EVP_PKEY_fromdata_init(import.get()) != 1 ||
      EVP_PKEY_fromdata(import.get(), &imported, EVP_PKEY_PUBLIC_KEY, of_key) != 1)
    return refused(ke, "not an encapsulation key");
  const Pkey peer(imported);
  const PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, peer.get(), nullptr));
  Bytes ciphertext(ke.answer_size), shared(ml_kem::shared_octets);
  std::size_t ciphertext_size = ciphertext.size(), shared_size = shared.size();
  const bool done = EVP_PKEY_encapsulate_init(context.get(), of_operation) == 1 &&
                    EVP_PKEY_encapsulate(context.get(), ciphertext.data(), &ciphertext_size,
                                         shared.data(), &shared_size) == 1;
  OPENSSL_cleanse(m.data(), m.size());
  Secret secret(std::move(shared));
  if (!done) return refused(ke, "encapsulation failed");
  return KeyAnswer{std::move(ciphertext), std::move(secret)};
}

}  // namespace

Result<std::unique_ptr<KeyExchange>> make_ml_kem(const std::shared_ptr<Shared>& shared,
                                                 const Algorithm& ke, Rng& rng) {
  if (openssl_has(ke.openssl)) return {std::make_unique<OpensslMlKem>(shared, ke, rng)};
  return {std::make_unique<Reference>(shared, ke, rng)};
}

Result<KeyAnswer> answer_ml_kem(const std::shared_ptr<Shared>& shared, const Algorithm& ke,
                                ByteView encapsulation_key, Rng& rng) {
  shared->count(Operation::ke_derive);
  if (openssl_has(ke.openssl)) return encapsulate(ke, encapsulation_key, rng);
  IKELAB_TRY(ml_kem::Encapsulated made,
             ml_kem::encapsulate(*ml_kem::parameters_of(ke.id), encapsulation_key,
                                 random_secret(rng, ml_kem::message_octets)));
  return KeyAnswer{std::move(made.ciphertext), std::move(made.shared)};
}

}  // namespace ikelab::crypto::openssl

namespace ikelab::crypto {

std::string ml_kem_implementation() {
  if (openssl::openssl_has("ML-KEM-768"))
    return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
  return "ikelab's reference implementation of FIPS 203";
}

}  // namespace ikelab::crypto
