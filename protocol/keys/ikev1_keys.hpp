// The IKEv1 key schedule (RFC 2409, 5 and appendix B), in the RFC's own names:
//
//   SKEYID   = prf(pre-shared-key, Ni_b | Nr_b)                      pre-shared keys
//   SKEYID   = prf(Ni_b | Nr_b, g^xy)                                signatures
//   SKEYID   = prf(hash(Ni_b | Nr_b), CKY-I | CKY-R)                 public key encryption
//   SKEYID_d = prf(SKEYID, g^xy | CKY-I | CKY-R | 0)
//   SKEYID_a = prf(SKEYID, SKEYID_d | g^xy | CKY-I | CKY-R | 1)
//   SKEYID_e = prf(SKEYID, SKEYID_a | g^xy | CKY-I | CKY-R | 2)
//   HASH_I   = prf(SKEYID, g^xi | g^xr | CKY-I | CKY-R | SAi_b | IDii_b)
//   HASH_R   = prf(SKEYID, g^xr | g^xi | CKY-R | CKY-I | SAi_b | IDir_b)
//   KEYMAT   = prf(SKEYID_d, [g(qm)^xy |] protocol | SPI | Ni_b | Nr_b)
//
// Every step can be reported (derivations.hpp), so that a person sees what was made from what.
#pragma once
#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/crypto/provider.hpp"
#include "protocol/keys/derivations.hpp"

namespace ikelab::keys::v1 {

/// CKY-I and CKY-R as octets.
Bytes cookies(IkeSpi cky_i, IkeSpi cky_r);
/// The negotiated hash algorithm, of which the PRF is the HMAC (RFC 2409, 4).
crypto::HashId hash_of_prf(const crypto::Algorithm& prf);

struct Nonces {
  ByteView ni_b, nr_b;
};
struct Skeyids {
  Secret skeyid, skeyid_d, skeyid_a, skeyid_e;
};
/// What HASH_I and HASH_R cover; all but the roles.
struct HashInputs {
  ByteView g_xi, g_xr, sai_b;
  IkeSpi cky_i, cky_r;
};
/// The keys of one ESP SA; key | salt with AEAD.
struct EspKeys {
  Secret encryption, integrity;
};

class Schedule {
 public:
  /// `derivations` null: nothing is reported. Both references must outlive this.
  Schedule(crypto::Provider& provider, const crypto::Algorithm& prf,
           Derivations* derivations = nullptr)
      : provider_(provider), prf_(prf), derivations_(derivations) {}
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;

  /// Reports g^xy; KeyExchange::derive computed it. `exchange`: "Main Mode", "Quick Mode" ...
  void report_shared_secret(const crypto::Algorithm& ke, ByteView g_xi, ByteView g_xr,
                            const Secret& g_xy, const std::string& exchange);

  Result<Secret> skeyid_of_psk(ByteView psk, const Nonces& nonces);
  Result<Secret> skeyid_of_signatures(const Secret& g_xy, const Nonces& nonces);
  Result<Secret> skeyid_of_encryption(const Nonces& nonces, IkeSpi cky_i, IkeSpi cky_r);
  /// SKEYID_d, SKEYID_a, SKEYID_e; takes `skeyid` with them.
  Result<Skeyids> skeyids(Secret skeyid, const Secret& g_xy, IkeSpi cky_i, IkeSpi cky_r);
  /// The cipher's key: SKEYID_e, cut, or stretched when it is too short (appendix B).
  Result<Secret> cipher_key(const Secret& skeyid_e, const crypto::Algorithm& encr);
  /// hash(g^xi | g^xr), or hash(last block of phase 1 | M-ID): as much as the cipher's block.
  Result<Bytes> iv(ByteView first, ByteView second, const crypto::Algorithm& encr);
  /// HASH_I or HASH_R.
  Result<Bytes> hash_of(bool initiator, const Secret& skeyid, const HashInputs& inputs,
                        ByteView id_b);
  /// prf(SKEYID_a, the parts one after another): HASH(1), HASH(2), HASH(3).
  Result<Bytes> hash(const Secret& skeyid_a, std::initializer_list<ByteView> parts);
  /// 5.5: the keys of the SA whose receiver chose `spi`. `g_xy` null: without PFS.
  Result<EspKeys> keymat(const Secret& skeyid_d, const Secret* g_xy, ByteView spi,
                         const Nonces& nonces, const crypto::Algorithm& encr,
                         const crypto::Algorithm* integ, const std::string& direction);

 private:
  Result<Secret> skeyid(std::string function, ByteView key, ByteView data,
                        std::vector<trace::NamedValue> inputs);
  Result<Secret> next(const char* name, const Secret& skeyid, const Secret* before,
                      const Secret& g_xy, ByteView cookie_octets, std::uint8_t number);

  crypto::Provider& provider_;
  const crypto::Algorithm& prf_;
  Derivations* derivations_;
};

}  // namespace ikelab::keys::v1
