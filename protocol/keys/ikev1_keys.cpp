#include "protocol/keys/ikev1_keys.hpp"

namespace ikelab::keys::v1 {
namespace {

constexpr std::uint8_t protocol_esp = 3;  // PROTO_IPSEC_ESP (RFC 2407, 4.4.1)

std::vector<trace::NamedValue> shown(const Nonces& nonces) {
  return {Derivations::shown("Ni_b", nonces.ni_b, "initiator's Nonce payload"),
          Derivations::shown("Nr_b", nonces.nr_b, "responder's Nonce payload")};
}

void show_cookies(std::vector<trace::NamedValue>& inputs, ByteView both) {
  inputs.push_back(Derivations::shown("CKY-I", both.first(8), "initiator's cookie, header"));
  inputs.push_back(Derivations::shown("CKY-R", both.last(8), "responder's cookie, header"));
}

Secret cut(const Secret& from, std::size_t begin, std::size_t octets) {
  return Secret(to_bytes(from.reveal().subspan(begin, octets)));
}

}  // namespace

Bytes cookies(IkeSpi cky_i, IkeSpi cky_r) {
  Bytes out;
  for (const IkeSpi cookie : {cky_i, cky_r})
    for (int shift = 56; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(cookie.value >> shift));
  return out;
}

crypto::HashId hash_of_prf(const crypto::Algorithm& prf) {
  struct Row {
    std::uint16_t prf;
    crypto::HashId hash;
  };
  static constexpr Row rows[] = {{2, crypto::HashId::sha1},
                                 {5, crypto::HashId::sha2_256},
                                 {6, crypto::HashId::sha2_384},
                                 {7, crypto::HashId::sha2_512}};
  for (const Row& row : rows)
    if (row.prf == prf.id) return row.hash;
  IKELAB_ASSERT(!"a PRF that is no HMAC");
  return crypto::HashId::sha1;
}

void Schedule::report_shared_secret(const crypto::Algorithm& ke, ByteView g_xi, ByteView g_xr,
                                    const Secret& g_xy, const std::string& exchange) {
  if (derivations_ == nullptr) return;
  const bool quick = exchange == "Quick Mode";
  derivations_->add(
      quick ? "g(qm)^xy" : "g^xy", std::string(ke.name) + "(g^xi, g^xr)", ke,
      {Derivations::shown("g^xi", g_xi, exchange + ", initiator's Key Exchange payload"),
       Derivations::shown("g^xr", g_xr, exchange + ", responder's Key Exchange payload")},
      g_xy.reveal(), quick ? "RFC 2409, 5.5" : "RFC 2409, 5");
}

Result<Secret> Schedule::skeyid(std::string function, ByteView key, ByteView data,
                                std::vector<trace::NamedValue> inputs) {
  IKELAB_TRY(Secret made, provider_.prf(prf_, key, data));
  if (derivations_ != nullptr)
    derivations_->add("SKEYID", std::move(function), prf_, std::move(inputs), made.reveal(),
                      "RFC 2409, 5");
  return made;
}

Result<Secret> Schedule::skeyid_of_psk(ByteView psk, const Nonces& nonces) {
  //= rfc2409#5 "For pre-shared keys: SKEYID = prf(pre-shared-key, Ni_b | Nr_b)"
  auto inputs = shown(nonces);
  if (derivations_ != nullptr)
    inputs.push_back(derivations_->secret("pre-shared-key", psk, "configuration"));
  return skeyid("prf(pre-shared-key, Ni_b | Nr_b)", psk, concat({nonces.ni_b, nonces.nr_b}),
                std::move(inputs));
}

Result<Secret> Schedule::skeyid_of_signatures(const Secret& g_xy, const Nonces& nonces) {
  //= rfc2409#5 "For signatures: SKEYID = prf(Ni_b | Nr_b, g^xy)"
  auto inputs = shown(nonces);
  if (derivations_ != nullptr)
    inputs.push_back(derivations_->secret("g^xy", g_xy.reveal(), "key exchange"));
  return skeyid("prf(Ni_b | Nr_b, g^xy)", concat({nonces.ni_b, nonces.nr_b}), g_xy.reveal(),
                std::move(inputs));
}

Result<Secret> Schedule::skeyid_of_encryption(const Nonces& nonces, IkeSpi cky_i, IkeSpi cky_r) {
  //= rfc2409#5 "SKEYID = prf(hash(Ni_b | Nr_b), CKY-I | CKY-R)"
  const Secret both(concat({nonces.ni_b, nonces.nr_b}));
  IKELAB_TRY(const Bytes digest, provider_.hash(hash_of_prf(prf_), both.reveal()));
  const Bytes cookie_octets = cookies(cky_i, cky_r);
  std::vector<trace::NamedValue> inputs;
  if (derivations_ != nullptr)
    inputs = {derivations_->secret("Ni_b", nonces.ni_b, "Nonce payload, decrypted with our key"),
              derivations_->secret("Nr_b", nonces.nr_b, "Nonce payload, decrypted with our key")};
  show_cookies(inputs, cookie_octets);
  return skeyid("prf(hash(Ni_b | Nr_b), CKY-I | CKY-R)", digest, cookie_octets, std::move(inputs));
}

Result<Secret> Schedule::next(const char* name, const Secret& skeyid, const Secret* before,
                              const Secret& g_xy, ByteView cookie_octets, std::uint8_t number) {
  const std::uint8_t octet[] = {number};
  const Secret data(concat(
      {before == nullptr ? ByteView{} : before->reveal(), g_xy.reveal(), cookie_octets, octet}));
  IKELAB_TRY(Secret made, provider_.prf(prf_, skeyid.reveal(), data.reveal()));
  if (derivations_ == nullptr) return made;
  static constexpr const char* earlier[] = {"", "SKEYID_d", "SKEYID_a"};
  std::vector<trace::NamedValue> inputs = {
      derivations_->secret("SKEYID", skeyid.reveal(), "SKEYID")};
  if (before != nullptr)
    inputs.push_back(derivations_->secret(earlier[number], before->reveal(), earlier[number]));
  inputs.push_back(derivations_->secret("g^xy", g_xy.reveal(), "key exchange"));
  show_cookies(inputs, cookie_octets);
  derivations_->add(name,
                    "prf(SKEYID, " +
                        (before == nullptr ? "" : earlier[number] + std::string(" | ")) +
                        "g^xy | CKY-I | CKY-R | " + std::to_string(number) + ")",
                    prf_, std::move(inputs), made.reveal(), "RFC 2409, 5");
  return made;
}

Result<Skeyids> Schedule::skeyids(Secret skeyid, const Secret& g_xy, IkeSpi cky_i, IkeSpi cky_r) {
  const Bytes cookie_octets = cookies(cky_i, cky_r);
  Skeyids out;
  out.skeyid = std::move(skeyid);
  //= rfc2409#5 "SKEYID_d = prf(SKEYID, g^xy | CKY-I | CKY-R | 0)"
  IKELAB_TRY(out.skeyid_d, next("SKEYID_d", out.skeyid, nullptr, g_xy, cookie_octets, 0));
  //= rfc2409#5 "SKEYID_a = prf(SKEYID, SKEYID_d | g^xy | CKY-I | CKY-R | 1)"
  IKELAB_TRY(out.skeyid_a, next("SKEYID_a", out.skeyid, &out.skeyid_d, g_xy, cookie_octets, 1));
  //= rfc2409#5 "SKEYID_e = prf(SKEYID, SKEYID_a | g^xy | CKY-I | CKY-R | 2)"
  IKELAB_TRY(out.skeyid_e, next("SKEYID_e", out.skeyid, &out.skeyid_a, g_xy, cookie_octets, 2));
  return out;
}

Result<Secret> Schedule::cipher_key(const Secret& skeyid_e, const crypto::Algorithm& encr) {
  Secret made = skeyid_e.copy();
  const bool stretched = encr.key_size > skeyid_e.size();
  if (stretched) {
    // RFC 2409, appendix B: Ka = K1 | K2 | K3, each the prf of the one before.
    Bytes all;
    const std::uint8_t zero[] = {0};
    Secret block(to_bytes(zero));
    while (all.size() < encr.key_size) {
      IKELAB_TRY(block, provider_.prf(prf_, skeyid_e.reveal(), block.reveal()));
      all.insert(all.end(), block.reveal().begin(), block.reveal().end());
    }
    made = Secret(std::move(all));
  }
  made = cut(made, 0, encr.key_size);
  if (derivations_ != nullptr)
    derivations_->add("Ka", stretched ? "K1 | K2 ..., K1 = prf(SKEYID_e, 0)" : "SKEYID_e, cut",
                      prf_, {derivations_->secret("SKEYID_e", skeyid_e.reveal(), "SKEYID_e")},
                      made.reveal(), "RFC 2409, appendix B");
  return made;
}

Result<Bytes> Schedule::iv(ByteView first, ByteView second, const crypto::Algorithm& encr) {
  IKELAB_TRY(Bytes digest, provider_.hash(hash_of_prf(prf_), concat({first, second})));
  digest.resize(encr.block_size);
  return digest;
}

Result<Bytes> Schedule::hash_of(bool initiator, const Secret& skeyid, const HashInputs& in,
                                ByteView id_b) {
  //= rfc2409#5 "HASH_I = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b )"
  //= rfc2409#5 "HASH_R = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b )"
  const Bytes both = initiator ? cookies(in.cky_i, in.cky_r) : cookies(in.cky_r, in.cky_i);
  const Bytes data = initiator ? concat({in.g_xi, in.g_xr, both, in.sai_b, id_b})
                               : concat({in.g_xr, in.g_xi, both, in.sai_b, id_b});
  IKELAB_TRY(const Secret made, provider_.prf(prf_, skeyid.reveal(), data));
  return to_bytes(made.reveal());
}

Result<Bytes> Schedule::hash(const Secret& skeyid_a, std::initializer_list<ByteView> parts) {
  IKELAB_TRY(const Secret made, provider_.prf(prf_, skeyid_a.reveal(), concat(parts)));
  return to_bytes(made.reveal());
}

Result<EspKeys> Schedule::keymat(const Secret& skeyid_d, const Secret* g_xy, ByteView spi,
                                 const Nonces& nonces, const crypto::Algorithm& encr,
                                 const crypto::Algorithm* integ, const std::string& direction) {
  const std::size_t e = encr.key_size + encr.salt_size, a = integ == nullptr ? 0 : integ->key_size;
  const std::uint8_t protocol[] = {protocol_esp};
  const ByteView secret = g_xy == nullptr ? ByteView{} : g_xy->reveal();
  const Secret seed(concat({secret, protocol, spi, nonces.ni_b, nonces.nr_b}));
  //= rfc2409#5.5 "KEYMAT = K1 | K2 | K3 | ..."
  Bytes all;
  Secret block;
  while (all.size() < e + a) {
    const Secret data(concat({block.reveal(), seed.reveal()}));
    IKELAB_TRY(block, provider_.prf(prf_, skeyid_d.reveal(), data.reveal()));
    all.insert(all.end(), block.reveal().begin(), block.reveal().end());
  }
  all.resize(e + a);
  const Secret whole(std::move(all));
  EspKeys keys{cut(whole, 0, e), cut(whole, e, a)};
  if (derivations_ == nullptr) return keys;
  auto inputs = shown(nonces);
  inputs.push_back(Derivations::shown("SPI", spi, "the receiver's SPI, SA payload"));
  inputs.push_back(derivations_->secret("SKEYID_d", skeyid_d.reveal(), "SKEYID_d"));
  if (g_xy != nullptr)
    inputs.push_back(derivations_->secret("g(qm)^xy", secret, "key exchange of Quick Mode"));
  derivations_->add("KEYMAT",
                    g_xy == nullptr ? "prf(SKEYID_d, protocol | SPI | Ni_b | Nr_b)"
                                    : "prf(SKEYID_d, g(qm)^xy | protocol | SPI | Ni_b | Nr_b)",
                    prf_, std::move(inputs), whole.reveal(), "RFC 2409, 5.5");
  const auto tell = [&](const char* what, const Secret& key, std::size_t begin) {
    if (key.empty()) return;
    derivations_->add(
        std::string("ESP ") + what + " key, " + direction,
        "KEYMAT[" + std::to_string(begin) + ".." + std::to_string(begin + key.size()) + "]", prf_,
        {derivations_->secret("KEYMAT", whole.reveal(), "KEYMAT")}, key.reveal(),
        "RFC 2407, 4.4.4");
  };
  tell("encryption", keys.encryption, 0);
  tell("integrity", keys.integrity, e);
  return keys;
}

}  // namespace ikelab::keys::v1
