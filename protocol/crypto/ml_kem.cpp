// FIPS 203, in its own order: arithmetic, sampling, encoding, K-PKE (5), ML-KEM (6, 7).
#include "protocol/crypto/ml_kem.hpp"

#include <array>

#include "protocol/crypto/keccak.hpp"

namespace ikelab::crypto::ml_kem {
namespace {

constexpr std::uint32_t q = 3329;
constexpr std::size_t n = 256;
using Poly = std::array<std::uint16_t, n>;  // coefficients below q; in the NTT domain or not
using Vector = std::vector<Poly>;

// ---- arithmetic modulo q (2.4.1, 4.3) ----------------------------------------------------------

/// x / q without a division: exact for x below 2^24.
constexpr std::uint32_t quotient(std::uint32_t x) {
  constexpr std::uint64_t reciprocal = ((std::uint64_t{1} << 36U) + q - 1) / q;
  return static_cast<std::uint32_t>(x * reciprocal >> 36U);
}
constexpr std::uint16_t reduce(std::uint32_t x) {
  return static_cast<std::uint16_t>(x - q * quotient(x));
}
constexpr std::uint16_t plus(std::uint32_t a, std::uint32_t b) {
  return reduce(a + b);
}
constexpr std::uint16_t minus(std::uint32_t a, std::uint32_t b) {
  return reduce(a + q - b);
}
constexpr std::uint16_t times(std::uint32_t a, std::uint32_t b) {
  return reduce(a * b);
}

/// zeta^BitRev7(i), zeta = 17 (appendix A).
constexpr std::array<std::uint16_t, 128> make_zetas() {
  std::array<std::uint16_t, 128> out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::size_t exponent = 0;
    for (std::size_t bit = 0; bit < 7; ++bit) exponent |= (i >> bit & 1U) << (6U - bit);
    std::uint16_t power = 1;
    for (std::size_t e = 0; e < exponent; ++e) power = times(power, 17);
    out[i] = power;
  }
  return out;
}
constexpr auto zetas = make_zetas();

void ntt(Poly& f) {  // algorithm 9
  std::size_t i = 1;
  for (std::size_t length = 128; length >= 2; length /= 2)
    for (std::size_t start = 0; start < n; start += 2 * length) {
      const std::uint16_t zeta = zetas[i++];
      for (std::size_t j = start; j < start + length; ++j) {
        const std::uint16_t t = times(zeta, f[j + length]);
        f[j + length] = minus(f[j], t);
        f[j] = plus(f[j], t);
      }
    }
}

void inverse_ntt(Poly& f) {  // algorithm 10
  std::size_t i = 127;
  for (std::size_t length = 2; length <= 128; length *= 2)
    for (std::size_t start = 0; start < n; start += 2 * length) {
      const std::uint16_t zeta = zetas[i--];
      for (std::size_t j = start; j < start + length; ++j) {
        const std::uint16_t t = f[j];
        f[j] = plus(t, f[j + length]);
        f[j + length] = times(zeta, minus(f[j + length], t));
      }
    }
  constexpr std::uint16_t one_over_128 = 3303;
  for (std::uint16_t& c : f) c = times(c, one_over_128);
}

void add_to(Poly& a, const Poly& b) {
  for (std::size_t i = 0; i < n; ++i) a[i] = plus(a[i], b[i]);
}

/// sum += a * b, all in the NTT domain (algorithms 11 and 12).
void add_product(Poly& sum, const Poly& a, const Poly& b) {
  for (std::size_t i = 0; i < n / 2; ++i) {
    // gamma = zeta^(2 BitRev7(i) + 1): the square of zetas[i], times zeta
    const std::uint16_t gamma = times(times(zetas[i], zetas[i]), 17);
    const std::uint16_t c0 =
        plus(times(a[2 * i], b[2 * i]), times(times(a[2 * i + 1], b[2 * i + 1]), gamma));
    const std::uint16_t c1 = plus(times(a[2 * i], b[2 * i + 1]), times(a[2 * i + 1], b[2 * i]));
    sum[2 * i] = plus(sum[2 * i], c0);
    sum[2 * i + 1] = plus(sum[2 * i + 1], c1);
  }
}

// ---- sampling (4.2.2) --------------------------------------------------------------------------

/// Algorithm 7; `rho` is public, so that the loop may end when it will.
Poly sample_ntt(ByteView rho, std::size_t j, std::size_t i) {
  Keccak xof = shake128();
  xof.absorb(rho);
  const std::uint8_t place[] = {static_cast<std::uint8_t>(j), static_cast<std::uint8_t>(i)};
  xof.absorb(place);
  Poly out{};
  for (std::size_t count = 0; count < n;) {
    std::array<std::uint8_t, 3> c{};
    xof.squeeze(std::span(c));
    const std::uint32_t d1 = c[0] | (c[1] & 0x0fU) << 8U, d2 = c[1] >> 4U | c[2] << 4U;
    if (d1 < q) out[count++] = static_cast<std::uint16_t>(d1);
    if (d2 < q && count < n) out[count++] = static_cast<std::uint16_t>(d2);
  }
  return out;
}

/// SamplePolyCBD_eta(PRF_eta(s, b)) (algorithm 8).
Poly sample_noise(std::size_t eta, ByteView s, std::uint8_t b) {
  Keccak prf = shake256();
  prf.absorb(s);
  prf.absorb({&b, 1});
  const Secret octets(prf.squeeze(64 * eta));
  const auto bit = [&](std::size_t at) {
    return static_cast<std::uint32_t>(octets.reveal()[at / 8] >> (at % 8) & 1U);
  };
  Poly out{};
  for (std::size_t i = 0; i < n; ++i) {
    std::uint32_t x = 0, y = 0;
    for (std::size_t j = 0; j < eta; ++j) {
      x += bit(2 * i * eta + j);
      y += bit(2 * i * eta + eta + j);
    }
    out[i] = minus(x, y);
  }
  return out;
}

// ---- encoding and compression (4.2.1) ----------------------------------------------------------

void encode(Bytes& out, const Poly& f, std::size_t d) {  // algorithm 5
  std::uint32_t bits = 0;
  std::size_t held = 0;
  for (const std::uint16_t c : f) {
    bits |= static_cast<std::uint32_t>(c) << held;
    for (held += d; held >= 8; held -= 8) {
      out.push_back(static_cast<std::uint8_t>(bits));
      bits >>= 8U;
    }
  }
}

Poly decode(ByteView octets, std::size_t d) {  // algorithm 6, without its reduction for d = 12
  Poly out{};
  std::uint32_t bits = 0;
  std::size_t held = 0, at = 0;
  for (std::uint16_t& c : out) {
    for (; held < d; held += 8) bits |= static_cast<std::uint32_t>(octets[at++]) << held;
    c = static_cast<std::uint16_t>(bits & ((1U << d) - 1U));
    bits >>= d;
    held -= d;
  }
  return out;
}

Poly compress(const Poly& f, std::size_t d) {
  Poly out{};
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<std::uint16_t>(quotient((static_cast<std::uint32_t>(f[i]) << d) + q / 2) &
                                        ((1U << d) - 1U));
  return out;
}

Poly decompress(const Poly& f, std::size_t d) {
  Poly out{};
  for (std::size_t i = 0; i < n; ++i)
    out[i] = static_cast<std::uint16_t>((f[i] * q + (1U << (d - 1U))) >> d);
  return out;
}

ByteView part(ByteView whole, std::size_t index, std::size_t octets) {
  return whole.subspan(index * octets, octets);
}

// ---- K-PKE (5) ---------------------------------------------------------------------------------

struct SplitKey {
  Vector t_hat;
  ByteView rho;
};
SplitKey split(const Parameters& p, ByteView ek) {
  SplitKey out{{}, ek.subspan(384 * p.k)};
  for (std::size_t i = 0; i < p.k; ++i) out.t_hat.push_back(decode(part(ek, i, 384), 12));
  return out;
}

Bytes encrypt(const Parameters& p, ByteView ek, ByteView m, ByteView r) {  // algorithm 14
  const SplitKey key = split(p, ek);
  std::uint8_t counter = 0;
  Vector y_hat;
  for (std::size_t i = 0; i < p.k; ++i) {
    y_hat.push_back(sample_noise(p.eta1, r, counter++));
    ntt(y_hat.back());
  }
  Bytes out;
  for (std::size_t i = 0; i < p.k; ++i) {
    Poly u{};
    for (std::size_t j = 0; j < p.k; ++j) add_product(u, sample_ntt(key.rho, i, j), y_hat[j]);
    inverse_ntt(u);
    add_to(u, sample_noise(p.eta2, r, counter++));
    encode(out, compress(u, p.du), p.du);
  }
  Poly v{};
  for (std::size_t j = 0; j < p.k; ++j) add_product(v, key.t_hat[j], y_hat[j]);
  inverse_ntt(v);
  add_to(v, sample_noise(p.eta2, r, counter));
  add_to(v, decompress(decode(m, 1), 1));
  encode(out, compress(v, p.dv), p.dv);
  return out;
}

Secret decrypt(const Parameters& p, ByteView dk_pke, ByteView c) {  // algorithm 15
  Poly product{};
  for (std::size_t i = 0; i < p.k; ++i) {
    Poly u = decompress(decode(part(c, i, 32 * p.du), p.du), p.du);
    ntt(u);
    add_product(product, decode(part(dk_pke, i, 384), 12), u);
  }
  inverse_ntt(product);
  Poly w = decompress(decode(c.subspan(32 * p.du * p.k), p.dv), p.dv);
  for (std::size_t i = 0; i < n; ++i) w[i] = minus(w[i], product[i]);
  Bytes m;
  encode(m, compress(w, 1), 1);
  return Secret(std::move(m));
}

// ---- the hash functions G, H, J (4.1) ----------------------------------------------------------

Secret g(std::initializer_list<ByteView> parts) {
  Keccak hash = sha3_512();
  for (const ByteView piece : parts) hash.absorb(piece);
  return Secret(hash.squeeze(64));
}
Bytes h(ByteView data) {
  Keccak hash = sha3_256();
  hash.absorb(data);
  return hash.squeeze(32);
}

Error refused(const std::string& why) {
  return Error{"E-CRYPTO-KE", "ML-KEM " + why}.see("FIPS 203, 7");
}

}  // namespace

const Parameters* parameters_of(std::uint16_t transform_id) {
  switch (transform_id) {
    case 35:
      return &ml_kem_512;
    case 36:
      return &ml_kem_768;
    case 37:
      return &ml_kem_1024;
    default:
      return nullptr;
  }
}

KeyPair generate(const Parameters& p, const Secret& seed) {
  IKELAB_ASSERT(seed.size() == seed_octets);
  const ByteView d = seed.reveal().first(32), z = seed.reveal().subspan(32);
  const std::uint8_t rank[] = {static_cast<std::uint8_t>(p.k)};
  const Secret rho_sigma = g({d, rank});  // algorithm 13: K-PKE.KeyGen
  const ByteView rho = rho_sigma.reveal().first(32), sigma = rho_sigma.reveal().subspan(32);
  std::uint8_t counter = 0;
  Vector s_hat;
  for (std::size_t i = 0; i < p.k; ++i) {
    s_hat.push_back(sample_noise(p.eta1, sigma, counter++));
    ntt(s_hat.back());
  }
  Bytes ek, dk;
  for (std::size_t i = 0; i < p.k; ++i) {
    Poly t_hat = sample_noise(p.eta1, sigma, counter++);
    ntt(t_hat);
    for (std::size_t j = 0; j < p.k; ++j) add_product(t_hat, sample_ntt(rho, j, i), s_hat[j]);
    encode(ek, t_hat, 12);
    encode(dk, s_hat[i], 12);
  }
  ek.insert(ek.end(), rho.begin(), rho.end());
  const Secret dk_pke(std::move(dk));
  Secret whole(concat({dk_pke.reveal(), ek, h(ek), z}));
  return {std::move(ek), std::move(whole)};
}

Result<Encapsulated> encapsulate(const Parameters& p, ByteView encapsulation_key, const Secret& m) {
  IKELAB_ASSERT(m.size() == message_octets);
  if (encapsulation_key.size() != p.encapsulation_key_octets())
    return refused("encapsulation key of " + std::to_string(encapsulation_key.size()) + " octets");
  for (const Poly& t : split(p, encapsulation_key).t_hat)  // 7.2: the modulus check
    for (const std::uint16_t c : t)
      if (c >= q) return refused("encapsulation key with a coefficient above q");
  const Secret k_r = g({m.reveal(), h(encapsulation_key)});
  Bytes c = encrypt(p, encapsulation_key, m.reveal(), k_r.reveal().subspan(32));
  return Encapsulated{Secret(to_bytes(k_r.reveal().first(32))), std::move(c)};
}

Result<Secret> decapsulate(const Parameters& p, const Secret& decapsulation_key,
                           ByteView ciphertext) {
  if (ciphertext.size() != p.ciphertext_octets())
    return refused("ciphertext of " + std::to_string(ciphertext.size()) + " octets");
  const ByteView dk = decapsulation_key.reveal();
  const std::size_t ek_octets = p.encapsulation_key_octets();
  IKELAB_ASSERT(dk.size() == 384 * p.k + ek_octets + 64);
  const ByteView dk_pke = dk.first(384 * p.k), ek = dk.subspan(384 * p.k, ek_octets),
                 hash = dk.subspan(384 * p.k + ek_octets, 32), z = dk.last(32);
  const Secret m = decrypt(p, dk_pke, ciphertext);
  const Secret k_r = g({m.reveal(), hash});
  Keccak j = shake256();
  j.absorb(z);
  j.absorb(ciphertext);
  const Secret rejected(j.squeeze(shared_octets));
  const Secret again(encrypt(p, ek, m.reveal(), k_r.reveal().subspan(32)));
  // Which of the two it is must not be told by time.
  const auto mask = static_cast<std::uint8_t>(
      0U - static_cast<unsigned>(equal_constant_time(again.reveal(), ciphertext)));
  Bytes out(shared_octets);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>((k_r.reveal()[i] & mask) |
                                       (rejected.reveal()[i] & static_cast<std::uint8_t>(~mask)));
  return Secret(std::move(out));
}

}  // namespace ikelab::crypto::ml_kem
