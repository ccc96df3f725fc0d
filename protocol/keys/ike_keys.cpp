#include "protocol/keys/ike_keys.hpp"

#include <fmt/format.h>

namespace ikelab::keys {
namespace {

/// Takes keys off the front of prf+ output, in the order the RFC names them.
class Cutter {
 public:
  explicit Cutter(const Secret& from) : from_(from.reveal()) {}
  Secret take(std::size_t octets) {
    IKELAB_ASSERT(at_ + octets <= from_.size());
    begin_ = at_;
    at_ += octets;
    return Secret(to_bytes(from_.subspan(begin_, octets)));
  }
  /// "[32..64]": where the last piece lay.
  [[nodiscard]] std::string range() const { return fmt::format("[{}..{}]", begin_, at_); }
  [[nodiscard]] bool done() const { return at_ == from_.size(); }

 private:
  ByteView from_;
  std::size_t begin_ = 0, at_ = 0;
};

std::size_t encr_octets(const Transforms& t) {
  return t.encr->key_size + t.encr->salt_size;
}
std::size_t integ_octets(const Transforms& t) {
  return t.integ == nullptr ? 0 : t.integ->key_size;
}

std::string nonce_source(const Nonces& nonces, const char* direction) {
  return nonces.exchange + " " + direction + ", Nonce payload";
}

std::vector<trace::NamedValue> shown_nonces(const Nonces& nonces) {
  return {Derivations::shown("Ni", nonces.ni, nonce_source(nonces, "request")),
          Derivations::shown("Nr", nonces.nr, nonce_source(nonces, "response"))};
}

/// "SKEYSEED", "SKEYSEED(1)".
std::string numbered(const char* name, unsigned n) {
  return n == 0 ? std::string(name) : fmt::format("{}({})", name, n);
}

/// " | SK(1) | SK(2)" for two additional secrets.
std::string words_of(std::span<const Secret> more) {
  std::string words;
  for (unsigned n = 1; n <= more.size(); ++n) words += " | " + numbered("SK", n);
  return words;
}

Bytes joined(std::span<const Secret> more) {
  Bytes all;
  for (const Secret& secret : more)
    all.insert(all.end(), secret.reveal().begin(), secret.reveal().end());
  return all;
}

void add_secrets(Derivations& derivations, std::vector<trace::NamedValue>& inputs,
                 std::span<const Secret> more) {
  for (unsigned n = 1; n <= more.size(); ++n)
    inputs.push_back(derivations.secret(numbered("SK", n), more[n - 1].reveal(),
                                        fmt::format("Additional Key Exchange {}", n)));
}

}  // namespace

Result<Secret> prf_plus(crypto::Provider& provider, const crypto::Algorithm& prf, ByteView key,
                        ByteView seed, std::size_t octets) {
  const std::size_t blocks = (octets + prf.output_size - 1) / prf.output_size;
  //= rfc7296#2.13 "The prf+ function is not defined beyond 255 times the size of the prf function
  //= output."
  if (blocks > 255)
    return Error{"E-KEY-001", fmt::format("prf+ of {} octets needs {} blocks", octets, blocks)}
        .see("RFC 7296, 2.13")
        .expect("at most 255 blocks: the counter is one octet");
  Bytes out;
  out.reserve(blocks * prf.output_size);
  Secret block;  // T(n-1); empty before T1
  Bytes input;   // T(n-1) | seed | n
  input.reserve(prf.output_size + seed.size() + 1);
  for (std::size_t n = 1; n <= blocks; ++n) {
    input.assign(block.reveal().begin(), block.reveal().end());
    input.insert(input.end(), seed.begin(), seed.end());
    input.push_back(static_cast<std::uint8_t>(n));
    IKELAB_TRY(block, provider.prf(prf, key, input));
    out.insert(out.end(), block.reveal().begin(), block.reveal().end());
  }
  const Secret wiped(std::move(input));
  out.resize(octets);
  return Secret(std::move(out));
}

KeySchedule::KeySchedule(crypto::Provider& provider, const crypto::Algorithm& prf,
                         Derivations* derivations)
    : provider_(provider),
      prf_(prf),
      derivations_(derivations != nullptr && derivations->wanted() ? derivations : nullptr) {}

void KeySchedule::report_shared_secret(const crypto::Algorithm& ke, ByteView ke_i, ByteView ke_r,
                                       const Secret& g_ir, const std::string& exchange) {
  if (derivations_ == nullptr) return;
  const bool first = exchange == "IKE_SA_INIT";
  derivations_->add(first ? "g^ir" : "g^ir (new)", fmt::format("{}(KEi, KEr)", ke.name), ke,
                    {Derivations::shown("KEi", ke_i, exchange + " request, Key Exchange payload"),
                     Derivations::shown("KEr", ke_r, exchange + " response, Key Exchange payload")},
                    g_ir.reveal(), first ? "RFC 7296, 2.14" : "RFC 7296, 1.3");
}

void KeySchedule::report_additional_secret(const crypto::Algorithm& ke, unsigned n, ByteView ke_i,
                                           ByteView ke_r, const Secret& sk_n,
                                           const std::string& exchange) {
  if (derivations_ == nullptr) return;
  derivations_->add(
      numbered("SK", n), fmt::format("{}(KEi({}), KEr({}))", ke.name, n, n), ke,
      {Derivations::shown(numbered("KEi", n), ke_i, exchange + " request, Key Exchange payload"),
       Derivations::shown(numbered("KEr", n), ke_r, exchange + " response, Key Exchange payload")},
      sk_n.reveal(), exchange == "IKE_INTERMEDIATE" ? "RFC 9370, 2.2.2" : "RFC 9370, 2.2.4");
}

Result<Secret> KeySchedule::skeyseed_of_additional(const Secret& sk_d, const Secret& sk_n,
                                                   unsigned n, const Nonces& nonces) {
  // RFC 9370, 2.2.2: SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr)
  const Secret data(concat({sk_n.reveal(), nonces.ni, nonces.nr}));
  IKELAB_TRY(Secret skeyseed, provider_.prf(prf_, sk_d.reveal(), data.reveal()));
  if (derivations_ != nullptr) {
    auto inputs = shown_nonces(nonces);
    inputs.push_back(derivations_->secret("SK_d", sk_d.reveal(),
                                          fmt::format("SK_d as it was before: SK_d({})", n - 1)));
    inputs.push_back(derivations_->secret(numbered("SK", n), sk_n.reveal(),
                                          fmt::format("Additional Key Exchange {}", n)));
    derivations_->add(numbered("SKEYSEED", n),
                      fmt::format("prf(SK_d({}), SK({}) | Ni | Nr)", n - 1, n), prf_,
                      std::move(inputs), skeyseed.reveal(), "RFC 9370, 2.2.2");
  }
  return skeyseed;
}

Result<Secret> KeySchedule::skeyseed(const Nonces& nonces, const Secret& g_ir) {
  //= rfc7296#2.14 "SKEYSEED = prf(Ni | Nr, g^ir)"
  const Bytes key = concat({nonces.ni, nonces.nr});
  IKELAB_TRY(Secret skeyseed, provider_.prf(prf_, key, g_ir.reveal()));
  if (derivations_ != nullptr) {
    auto inputs = shown_nonces(nonces);
    inputs.push_back(derivations_->secret("g^ir", g_ir.reveal(), "key exchange of IKE_SA_INIT"));
    derivations_->add("SKEYSEED", "prf(Ni | Nr, g^ir)", prf_, std::move(inputs), skeyseed.reveal(),
                      "RFC 7296, 2.14");
  }
  return skeyseed;
}

Result<Secret> KeySchedule::skeyseed_of_rekey(const Secret& sk_d_old, const Secret& g_ir_new,
                                              const Nonces& nonces, std::span<const Secret> more,
                                              bool has_ppk) {
  //= rfc7296#2.18 "SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr)"
  const Secret secrets(joined(more));
  const Secret data(concat({g_ir_new.reveal(), nonces.ni, nonces.nr, secrets.reveal()}));
  IKELAB_TRY(Secret skeyseed, provider_.prf(prf_, sk_d_old.reveal(), data.reveal()));
  if (derivations_ != nullptr) {
    auto inputs = shown_nonces(nonces);
    const std::string root = has_ppk ? "SK_d'" : "SK_d (old)";
    inputs.push_back(derivations_->secret(root, sk_d_old.reveal(),
                                          has_ppk ? "SK_d of the IKE SA being rekeyed, with the PPK"
                                                  : "SK_d of the IKE SA being rekeyed"));
    inputs.push_back(derivations_->secret("g^ir (new)", g_ir_new.reveal(),
                                          "key exchange of " + nonces.exchange));
    add_secrets(*derivations_, inputs, more);
    derivations_->add("SKEYSEED", "prf(" + root + ", g^ir (new) | Ni | Nr" + words_of(more) + ")",
                      prf_, std::move(inputs), skeyseed.reveal(),
                      more.empty() ? "RFC 7296, 2.18" : "RFC 9370, 2.2.4");
  }
  return skeyseed;
}

Result<IkeKeys> KeySchedule::ike_keys(const Secret& skeyseed, const Nonces& nonces, IkeSpi spi_i,
                                      IkeSpi spi_r, const Transforms& ike,
                                      const SeedName& seed_name) {
  IkeKeys keys;
  struct Row {
    const char* name;
    Secret* key;
    std::size_t octets;
  };
  const std::size_t a = integ_octets(ike), e = encr_octets(ike), p = prf_.key_size;
  //= rfc7296#2.14 "{SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+ (SKEYSEED, Ni | Nr
  //= | SPIi | SPIr)"
  const Row rows[] = {{"SK_d", &keys.sk_d, p},   {"SK_ai", &keys.sk_ai, a},
                      {"SK_ar", &keys.sk_ar, a}, {"SK_ei", &keys.sk_ei, e},
                      {"SK_er", &keys.sk_er, e}, {"SK_pi", &keys.sk_pi, p},
                      {"SK_pr", &keys.sk_pr, p}};
  std::size_t total = 0;
  for (const Row& row : rows) total += row.octets;

  const auto spi_i_octets = big_endian<8>(spi_i.value), spi_r_octets = big_endian<8>(spi_r.value);
  const Bytes seed = concat({nonces.ni, nonces.nr, spi_i_octets, spi_r_octets});
  IKELAB_TRY(const Secret output, prf_plus(provider_, prf_, skeyseed.reveal(), seed, total));
  Cutter cutter(output);
  for (const Row& row : rows) {
    *row.key = cutter.take(row.octets);
    if (derivations_ == nullptr || row.octets == 0) continue;
    auto inputs = shown_nonces(nonces);
    inputs.push_back(Derivations::shown("SPIi", spi_i_octets, "initiator's IKE SPI"));
    inputs.push_back(Derivations::shown("SPIr", spi_r_octets, "responder's IKE SPI"));
    inputs.push_back(derivations_->secret(seed_name.name, skeyseed.reveal(), seed_name.name));
    derivations_->add(row.name,
                      "prf+(" + seed_name.name + ", Ni | Nr | SPIi | SPIr)" + cutter.range(), prf_,
                      std::move(inputs), row.key->reveal(), seed_name.rfc);
  }
  IKELAB_ASSERT(cutter.done());
  return keys;
}

SeedName additional_seed(unsigned n) {
  return {numbered("SKEYSEED", n), "RFC 9370, 2.2.2"};
}

Result<Secret> KeySchedule::of_ppk(const std::string& name, const Secret& sk_d, ByteView ppk,
                                   const std::string& ppk_id) {
  IKELAB_TRY(Secret out, prf_plus(provider_, prf_, ppk, sk_d.reveal(), sk_d.size()));
  if (derivations_ != nullptr)
    derivations_->add(
        name, "prf+(PPK, SK_d)", prf_,
        {derivations_->secret("PPK", ppk, "preshared key '" + ppk_id + "' of the configuration"),
         derivations_->secret("SK_d", sk_d.reveal(), "SK_d of the IKE SA")},
        out.reveal(), "RFC 9867, 3");
  return out;
}

Result<IkeKeys> KeySchedule::with_ppk(const IkeKeys& made, ByteView ppk,
                                      const std::string& ppk_id) {
  IkeKeys keys;
  struct Row {
    const char* name;
    const Secret* from;
    Secret* to;
  };
  //= rfc8784#3 "SK_d  = prf+ (PPK, SK_d') SK_pi = prf+ (PPK, SK_pi') SK_pr = prf+ (PPK, SK_pr')"
  const Row rows[] = {{"SK_d", &made.sk_d, &keys.sk_d},
                      {"SK_pi", &made.sk_pi, &keys.sk_pi},
                      {"SK_pr", &made.sk_pr, &keys.sk_pr}};
  for (const Row& row : rows) {
    IKELAB_TRY(*row.to, prf_plus(provider_, prf_, ppk, row.from->reveal(), row.from->size()));
    if (derivations_ == nullptr) continue;
    derivations_->add(
        row.name, fmt::format("prf+(PPK, {}')", row.name), prf_,
        {derivations_->secret("PPK", ppk, "preshared key '" + ppk_id + "' of the configuration"),
         derivations_->secret(row.name, row.from->reveal(),
                              fmt::format("{}' : {} before the PPK", row.name, row.name))},
        row.to->reveal(), "RFC 8784, 3");
  }
  return keys;
}

Result<ChildKeys> KeySchedule::child_keys(const Secret& sk_d, const Secret* g_ir_new,
                                          const Nonces& nonces, const Transforms& child,
                                          std::span<const Secret> more, bool has_ppk) {
  ChildKeys keys;
  struct Row {
    const char* name;
    Secret* key;
    std::size_t octets;
  };
  const std::size_t e = encr_octets(child), a = integ_octets(child);
  //= rfc7296#2.17 "All keys for SAs carrying data from the initiator to the responder are taken
  //= before SAs going from the responder to the initiator."
  //= rfc7296#2.17 "the encryption key (if any) MUST be taken from the first bits and the integrity
  //= key (if any) MUST be taken from the remaining bits"
  const Row rows[] = {
      {"ESP encryption key, initiator to responder", &keys.encr_initiator_to_responder, e},
      {"ESP integrity key, initiator to responder", &keys.integ_initiator_to_responder, a},
      {"ESP encryption key, responder to initiator", &keys.encr_responder_to_initiator, e},
      {"ESP integrity key, responder to initiator", &keys.integ_responder_to_initiator, a}};

  const ByteView g_ir = g_ir_new == nullptr ? ByteView{} : g_ir_new->reveal();
  const Secret secrets(joined(more));
  const Secret seed(concat({g_ir, nonces.ni, nonces.nr, secrets.reveal()}));
  IKELAB_TRY(const Secret keymat,
             prf_plus(provider_, prf_, sk_d.reveal(), seed.reveal(), 2 * (e + a)));
  if (derivations_ != nullptr) {
    auto inputs = shown_nonces(nonces);
    const std::string root = has_ppk ? "SK_d'" : "SK_d";
    inputs.push_back(derivations_->secret(root, sk_d.reveal(), root + " of the IKE SA"));
    if (g_ir_new != nullptr)
      inputs.push_back(
          derivations_->secret("g^ir (new)", g_ir, "key exchange of " + nonces.exchange));
    add_secrets(*derivations_, inputs, more);
    //= rfc7296#2.17 "KEYMAT = prf+(SK_d, Ni | Nr)"
    //= rfc7296#2.17 "KEYMAT = prf+(SK_d, g^ir (new) | Ni | Nr)"
    const std::string g_ir_word = g_ir_new == nullptr ? "" : "g^ir (new) | ";
    derivations_->add(
        "KEYMAT", "prf+(" + root + ", " + g_ir_word + "Ni | Nr" + words_of(more) + ")", prf_,
        std::move(inputs), keymat.reveal(), more.empty() ? "RFC 7296, 2.17" : "RFC 9370, 2.2.4");
  }

  Cutter cutter(keymat);
  for (const Row& row : rows) {
    *row.key = cutter.take(row.octets);
    if (derivations_ == nullptr || row.octets == 0) continue;
    derivations_->add(row.name, "KEYMAT" + cutter.range(), prf_,
                      {derivations_->secret("KEYMAT", keymat.reveal(), "KEYMAT")},
                      row.key->reveal(), "RFC 7296, 2.17");
  }
  IKELAB_ASSERT(cutter.done());
  return keys;
}

}  // namespace ikelab::keys
