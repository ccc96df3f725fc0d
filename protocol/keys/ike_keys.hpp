// The IKEv2 key schedule (RFC 7296, 2.13, 2.14, 2.17, 2.18), in the RFC's own names:
//
//   g^ir      = key exchange of KEi and KEr
//   SKEYSEED  = prf(Ni | Nr, g^ir)                                      2.14, a new IKE SA
//   SKEYSEED  = prf(SK_d (old), g^ir (new) | Ni | Nr)                   2.18, a rekeyed IKE SA
//   {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr}
//             = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)                   2.14
//   KEYMAT    = prf+(SK_d, Ni | Nr)                                     2.17, a Child SA
//   KEYMAT    = prf+(SK_d, g^ir (new) | Ni | Nr)                        2.17, with a key exchange
//
// and with Additional Key Exchanges, whose secrets are SK(1), SK(2), ... (RFC 9370, 2.2.2 and
// 2.2.4):
//
//   SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr)                       after each IKE_INTERMEDIATE
//   SKEYSEED    = prf(SK_d (old), g^ir (new) | Ni | Nr | SK(1) | ...)   a rekeyed IKE SA
//   KEYMAT      = prf+(SK_d, g^ir (new) | Ni | Nr | SK(1) | ...)        a Child SA
//
// and with a post-quantum preshared key (RFC 9867, 3.1.2 and 3.2):
//
//   SKEYSEED' = prf+(PPK, SK_d)              after the last IKE_INTERMEDIATE; then as in 2.14
//   SK_d'     = prf+(PPK, SK_d)              in SK_d's place in one CREATE_CHILD_SA
//
// Every step can be reported (derivations.hpp), so that a person sees what was made from what.
#pragma once
#include <span>
#include <string>

#include "protocol/base/ids.hpp"
#include "protocol/base/secret.hpp"
#include "protocol/crypto/provider.hpp"
#include "protocol/keys/derivations.hpp"

namespace ikelab::keys {

/// The first `octets` of prf+ (K,S) = T1 | T2 | T3 | ..., where T1 = prf(K, S | 0x01),
/// T2 = prf(K, T1 | S | 0x02), ... (RFC 7296, 2.13).
/// Errors: E-KEY-001 when more than 255 blocks are asked for.
Result<Secret> prf_plus(crypto::Provider& provider, const crypto::Algorithm& prf, ByteView key,
                        ByteView seed, std::size_t octets);

/// The nonces of one exchange; `exchange` names it for the trace: "IKE_SA_INIT", "CREATE_CHILD_SA".
/// The views must outlive the call they are given to. Ni is the nonce of the exchange's request.
struct Nonces {
  ByteView ni, nr;
  std::string exchange = "IKE_SA_INIT";
};

/// The transforms that keys are made for: an IKE SA's or a Child SA's. `integ` is null with AEAD.
struct Transforms {
  const crypto::Algorithm* encr = nullptr;
  const crypto::Algorithm* integ = nullptr;
};

/// The seven secrets of an IKE SA. With AEAD SK_ai and SK_ar are empty, and SK_ei and SK_er are
/// key | salt (RFC 5282, 7.1).
struct IkeKeys {
  Secret sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};

/// The keys of a pair of ESP SAs; the initiator is who began the exchange that made them. encr is
/// key | salt with AEAD (RFC 4106, 8.1), and integ is empty then.
struct ChildKeys {
  Secret encr_initiator_to_responder, integ_initiator_to_responder;
  Secret encr_responder_to_initiator, integ_responder_to_initiator;
};

/// Which SKEYSEED the seven secrets come from, for the trace.
struct SeedName {
  std::string name = "SKEYSEED";  ///< "SKEYSEED(1)" of RFC 9370, "SKEYSEED'" of RFC 9867
  std::string rfc = "RFC 7296, 2.14";
};
/// "SKEYSEED(n)".
SeedName additional_seed(unsigned n);

/// What the keys of a CREATE_CHILD_SA are made of.
struct Root {
  Secret sk_d;
  bool has_ppk = false;  ///< it is SK_d' (RFC 9867, 3.2)
};

/// The steps, for one PRF. When a rekey negotiates another PRF there are two schedules: SKEYSEED
/// comes from the old IKE SA's PRF (2.18), everything else from the new one's.
class KeySchedule {
 public:
  /// `derivations` null: nothing is reported. Both references must outlive this.
  KeySchedule(crypto::Provider& provider, const crypto::Algorithm& prf,
              Derivations* derivations = nullptr);
  KeySchedule(const KeySchedule&) = delete;
  KeySchedule& operator=(const KeySchedule&) = delete;

  /// Reports g^ir ("g^ir (new)" in any exchange but IKE_SA_INIT) as made from KEi and KEr. Computes
  /// nothing: KeyExchange::derive did. `exchange` as in Nonces.
  void report_shared_secret(const crypto::Algorithm& ke, ByteView ke_i, ByteView ke_r,
                            const Secret& g_ir, const std::string& exchange);

  /// Reports SK(n), the secret of Additional Key Exchange n, in the same way.
  void report_additional_secret(const crypto::Algorithm& ke, unsigned n, ByteView ke_i,
                                ByteView ke_r, const Secret& sk_n, const std::string& exchange);

  /// 2.14: SKEYSEED = prf(Ni | Nr, g^ir).
  Result<Secret> skeyseed(const Nonces& nonces, const Secret& g_ir);
  /// 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr). For the schedule of the old PRF.
  /// `more`: SK(1), SK(2), ... of RFC 9370, 2.2.4. `has_ppk`: as Root's.
  Result<Secret> skeyseed_of_rekey(const Secret& sk_d_old, const Secret& g_ir_new,
                                   const Nonces& nonces, std::span<const Secret> more = {},
                                   bool has_ppk = false);
  /// RFC 9370, 2.2.2: SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr). The nonces are IKE_SA_INIT's.
  Result<Secret> skeyseed_of_additional(const Secret& sk_d, const Secret& sk_n, unsigned n,
                                        const Nonces& nonces);
  /// RFC 9867: prf+(PPK, SK_d), as long as SK_d. `name`: "SKEYSEED'" or "SK_d'".
  Result<Secret> of_ppk(const std::string& name, const Secret& sk_d, ByteView ppk,
                        const std::string& ppk_id);
  /// 2.14: the seven secrets. After a rekey the SPIs are the new IKE SA's.
  Result<IkeKeys> ike_keys(const Secret& skeyseed, const Nonces& nonces, IkeSpi spi_i, IkeSpi spi_r,
                           const Transforms& ike, const SeedName& seed = {});
  /// RFC 8784, 3: SK_d, SK_pi and SK_pr with a post-quantum preshared key in them; the other keys
  /// stay empty. `made`: SK_d', SK_pi', SK_pr' as RFC 7296 makes them.
  Result<IkeKeys> with_ppk(const IkeKeys& made, ByteView ppk, const std::string& ppk_id);
  /// 2.17: KEYMAT, cut into the keys of two ESP SAs. `g_ir_new` null: no key exchange of its own.
  /// `more` as above.
  Result<ChildKeys> child_keys(const Secret& sk_d, const Secret* g_ir_new, const Nonces& nonces,
                               const Transforms& child, std::span<const Secret> more = {},
                               bool has_ppk = false);

 private:
  crypto::Provider& provider_;
  const crypto::Algorithm& prf_;
  Derivations* derivations_;
};

}  // namespace ikelab::keys
