// The key exchange methods: Curve25519 (RFC 8031), the ECP groups (RFC 5903), MODP (RFC 3526), with
// the tests on a peer's public value that RFC 6989 asks for.
#include <array>

#include "protocol/crypto/openssl/internal.hpp"

namespace ikelab::crypto::openssl {
namespace {

Error refused(const Algorithm& ke, const std::string& why, std::string rfc) {
  return failure("E-CRYPTO-KE", std::string(ke.name) + " public value: " + why, std::move(rfc));
}

/// The parts every method has: its row, its public value, the length test, the counting.
class Exchange : public KeyExchange {
 public:
  Exchange(std::shared_ptr<Shared> shared, const Algorithm& ke)
      : shared_(std::move(shared)), ke_(ke) {}
  [[nodiscard]] const Bytes& public_value() const override { return public_value_; }

  [[nodiscard]] Result<void> check(ByteView peer_public) const override {
    if (peer_public.size() != ke_.output_size)
      return refused(ke_,
                     std::to_string(peer_public.size()) + " octets instead of " +
                         std::to_string(ke_.output_size),
                     "RFC 7296, 3.4");
    return validate(peer_public);
  }
  Result<Secret> derive(ByteView peer_public) override {
    shared_->count(Operation::ke_derive);
    IKELAB_CHECK(check(peer_public));
    return shared_secret(peer_public);
  }

 protected:
  /// Of the right length.
  [[nodiscard]] virtual Result<void> validate(ByteView peer_public) const = 0;
  virtual Result<Secret> shared_secret(ByteView peer_public) = 0;

  std::shared_ptr<Shared> shared_;
  const Algorithm& ke_;
  Bytes public_value_;
};

// ---- Curve25519 -------------------------------------------------------------------------------

constexpr std::size_t x25519_octets = 32;

/// The u-coordinates of low order (the orders divide 8), least significant octet first: a shared
/// secret with one of them is zero, whatever the scalar. The last two are p and p + 1, which are 0
/// and 1 again.
constexpr std::array<std::array<std::uint8_t, x25519_octets>, 7> low_order = {{
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
     0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
     0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
}};

class X25519 : public Exchange {
 public:
  X25519(std::shared_ptr<Shared> shared, const Algorithm& ke, Rng& rng)
      : Exchange(std::move(shared), ke) {
    const Secret scalar(rng.bytes(32));
    own_ = shared_->x25519(OSSL_PKEY_PARAM_PRIV_KEY, scalar.reveal());
    public_value_.resize(32);
    std::size_t size = public_value_.size();
    IKELAB_ASSERT(EVP_PKEY_get_raw_public_key(own_.get(), public_value_.data(), &size) == 1);
  }

 protected:
  // Every other 32 octets are a public value (RFC 7748, 5).
  [[nodiscard]] Result<void> validate(ByteView peer_public) const override {
    Bytes u = to_bytes(peer_public);
    u.back() &= 0x7f;  // RFC 7748, 5: the topmost bit is masked
    for (const auto& point : low_order)
      if (equal(u, point))
        return refused(ke_, "of low order, the shared secret would be zero", "RFC 7748, 6.1");
    return {};
  }
  Result<Secret> shared_secret(ByteView peer_public) override {
    EVP_PKEY* peer = shared_->x25519_peer(peer_public);
    const PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(nullptr, own_.get(), nullptr));
    Bytes out(32);
    std::size_t size = out.size();
    // OpenSSL itself refuses an all-zero result; the second test does not rely on that.
    //= rfc7748#6.1 "check, without leaking extra information about the value of K, whether K is the
    //= all-zero value and abort if so"
    const bool derived = EVP_PKEY_derive_init(context.get()) == 1 &&
                         EVP_PKEY_derive_set_peer_ex(context.get(), peer, 0) == 1 &&
                         EVP_PKEY_derive(context.get(), out.data(), &size) == 1;
    Secret secret(std::move(out));
    if (!derived || equal_constant_time(secret.reveal(), Bytes(32)))
      return refused(ke_, "of low order, the shared secret would be zero", "RFC 7748, 6.1");
    return secret;
  }

 private:
  Pkey own_;
};

}  // namespace

Pkey Shared::x25519(const char* parameter, ByteView octets) {
  if (!x25519_) {
    x25519_.reset(EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr));
    IKELAB_ASSERT(EVP_PKEY_fromdata_init(x25519_.get()) == 1);
  }
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(parameter, const_cast<std::uint8_t*>(octets.data()),
                                        octets.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  IKELAB_ASSERT(EVP_PKEY_fromdata(x25519_.get(), &made, EVP_PKEY_KEYPAIR, parameters) == 1);
  return Pkey(made);
}

EVP_PKEY* Shared::x25519_peer(ByteView public_value) {
  if (!x25519_peer_)
    x25519_peer_ = x25519(OSSL_PKEY_PARAM_PUB_KEY, public_value);
  else
    IKELAB_ASSERT(EVP_PKEY_set1_encoded_public_key(x25519_peer_.get(), public_value.data(),
                                                   public_value.size()) == 1);
  return x25519_peer_.get();
}

namespace {

// ---- ECP: the public value is x | y, the shared secret x alone (RFC 5903, 7) -------------------

class Ecp : public Exchange {
 public:
  Ecp(std::shared_ptr<Shared> shared, const Algorithm& ke, Rng& rng)
      : Exchange(std::move(shared), ke),
        group_(shared_->curve(ke.openssl)),
        scalar_(random_scalar(group_, rng)) {
    public_value_ = public_point(group_, scalar_.get());
  }

 protected:
  [[nodiscard]] Result<void> validate(ByteView peer_public) const override {
    return point_of(peer_public, EcPoint(EC_POINT_new(group_)).get());
  }
  Result<Secret> shared_secret(ByteView peer_public) override {
    const EcPoint peer(EC_POINT_new(group_));
    const BnCtx context(BN_CTX_secure_new());
    IKELAB_CHECK(point_of(peer_public, peer.get()));
    const EcPoint shared_point(EC_POINT_new(group_));
    const Bn x(BN_secure_new());
    //= rfc5903#7 "The Diffie-Hellman shared secret value consists of the x value of the
    //= Diffie-Hellman common value"
    if (EC_POINT_mul(group_, shared_point.get(), nullptr, peer.get(), scalar_.get(),
                     context.get()) != 1 ||
        EC_POINT_get_affine_coordinates(group_, shared_point.get(), x.get(), nullptr,
                                        context.get()) != 1)
      return refused(ke_, "the shared point is at infinity", "RFC 6989, 2.3");
    return Secret(padded(x.get(), ke_.output_size / 2));
  }

 private:
  // RFC 6989, 2.3: x and y must satisfy the curve's equation and be below the field's prime;
  // EC_POINT_oct2point tests both.
  [[nodiscard]] Result<void> point_of(ByteView peer_public, EC_POINT* point) const {
    const std::uint8_t uncompressed[] = {0x04};
    const Bytes encoded = concat({uncompressed, peer_public});
    const BnCtx context(BN_CTX_secure_new());
    if (EC_POINT_oct2point(group_, point, encoded.data(), encoded.size(), context.get()) != 1)
      return refused(ke_, "not a point of the curve", "RFC 6989, 2.3");
    return {};
  }

  const EC_GROUP* group_;
  Bn scalar_;
};

// ---- MODP -------------------------------------------------------------------------------------

/// The private exponent's length in bits: RFC 3526, 8 estimates the strength of each group, and
/// advises an exponent of twice that many bits; these are its larger estimates.
struct ModpGroup {
  std::uint16_t id;
  BIGNUM* (*prime)(BIGNUM*);
  std::size_t exponent_bits;
};

/// A safe prime of 31 bits, in which 2 has the order (p-1)/2: for lessons.
BIGNUM* toy_prime(BIGNUM*) {
  BIGNUM* prime = BN_new();
  BN_set_word(prime, 2'147'481'143);
  return prime;
}

constexpr ModpGroup modp_groups[] = {{1031, toy_prime, 32},
                                     {1, BN_get_rfc2409_prime_768, 160},  // below RFC 3526's table
                                     {2, BN_get_rfc2409_prime_1024, 160},
                                     {5, BN_get_rfc3526_prime_1536, 240},
                                     {14, BN_get_rfc3526_prime_2048, 320},
                                     {15, BN_get_rfc3526_prime_3072, 424},
                                     {16, BN_get_rfc3526_prime_4096, 480}};

class Modp : public Exchange {
 public:
  Modp(std::shared_ptr<Shared> shared, const Algorithm& ke, const ModpGroup& group, Rng& rng)
      : Exchange(std::move(shared), ke), prime_(group.prime(nullptr)), exponent_(BN_secure_new()) {
    Secret octets(rng.bytes(group.exponent_bits / 8));
    BN_bin2bn(octets.reveal().data(), static_cast<int>(octets.size()), exponent_.get());
    BN_set_bit(exponent_.get(), static_cast<int>(group.exponent_bits) - 1);  // never short
    BN_set_flags(exponent_.get(), BN_FLG_CONSTTIME);
    const Bn generator(BN_new());
    BN_set_word(generator.get(), 2);
    public_value_ = power(generator.get());
  }

 protected:
  [[nodiscard]] Result<void> validate(ByteView peer_public) const override {
    const Bn peer = number(peer_public);
    const Bn most(BN_dup(prime_.get()));
    BN_sub_word(most.get(), 1);
    // RFC 6989, 2.1: a peer's value r must be in the legal range, 1 < r < p-1.
    if (BN_is_zero(peer.get()) || BN_is_one(peer.get()) || BN_cmp(peer.get(), most.get()) >= 0)
      return refused(ke_, "not between 1 and p-1", "RFC 6989, 2.1");
    return {};
  }
  Result<Secret> shared_secret(ByteView peer_public) override {
    return Secret(power(number(peer_public).get()));
  }

 private:
  /// base ^ exponent mod p.
  //= rfc7296#2.14 "g^ir is represented as a string of octets in big endian order padded with zeros
  //= if necessary to make it the length of the modulus."
  Bytes power(const BIGNUM* base) const {
    const BnCtx context(BN_CTX_secure_new());
    const Bn result(BN_secure_new());
    IKELAB_ASSERT(BN_mod_exp_mont_consttime(result.get(), base, exponent_.get(), prime_.get(),
                                            context.get(), nullptr) == 1);
    return padded(result.get(), ke_.output_size);
  }

  Bn prime_, exponent_;
};

}  // namespace

Bn random_scalar(const EC_GROUP* group, Rng& rng) {
  const BIGNUM* order = EC_GROUP_get0_order(group);
  const auto octets = static_cast<std::size_t>(BN_num_bytes(order));
  const int surplus_bits = static_cast<int>(octets) * 8 - BN_num_bits(order);
  for (int draw = 0; draw < 128; ++draw) {
    Bytes candidate = rng.bytes(octets);
    candidate[0] = static_cast<std::uint8_t>(candidate[0] & (0xff >> surplus_bits));
    const Secret octets_of_d(std::move(candidate));
    Bn d(BN_secure_new());
    BN_bin2bn(octets_of_d.reveal().data(), static_cast<int>(octets), d.get());
    if (!BN_is_zero(d.get()) && BN_cmp(d.get(), order) < 0) return d;
  }
  IKELAB_ASSERT(!"128 draws outside the group's order: not a random stream");
  return nullptr;
}

Bytes public_point(const EC_GROUP* group, const BIGNUM* d) {
  const BnCtx context(BN_CTX_secure_new());
  const EcPoint point(EC_POINT_new(group));
  const Bn x(BN_new()), y(BN_new());
  IKELAB_ASSERT(EC_POINT_mul(group, point.get(), d, nullptr, nullptr, context.get()) == 1);
  IKELAB_ASSERT(
      EC_POINT_get_affine_coordinates(group, point.get(), x.get(), y.get(), context.get()) == 1);
  const auto octets = static_cast<std::size_t>((EC_GROUP_get_degree(group) + 7) / 8);
  return concat({padded(x.get(), octets), padded(y.get(), octets)});
}

Result<std::unique_ptr<KeyExchange>> make_key_exchange(const std::shared_ptr<Shared>& shared,
                                                       const Algorithm& ke, Rng& rng) {
  IKELAB_ASSERT(ke.type == TransformType::ke);
  shared->count(Operation::ke_generate);
  if (ke.openssl == "X25519") return {std::make_unique<X25519>(shared, ke, rng)};
  if (ke.openssl.starts_with("P-")) return {std::make_unique<Ecp>(shared, ke, rng)};
  if (ke.answer_size != 0) return make_ml_kem(shared, ke, rng);
  for (const ModpGroup& group : modp_groups)
    if (group.id == ke.id) return {std::make_unique<Modp>(shared, ke, group, rng)};
  return failure("E-CRYPTO-ALG", "no key exchange method " + std::string(ke.name));
}

}  // namespace ikelab::crypto::openssl
