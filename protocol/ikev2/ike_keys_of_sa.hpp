// From two nonces and g^ir to the seven secrets of an IKE SA, reported to the trace (RFC 7296, 2.14
// and 2.18).
#pragma once
#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// A new IKE SA: SKEYSEED = prf(Ni | Nr, g^ir). Sets sa.keys; sa's SPIs, suite and transcript
/// nonces are set before.
Result<void> derive_ike_keys(IkeSa& sa, const Secret& g_ir);
/// The keys after Additional Key Exchange `n`: SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr) (RFC
/// 9370, 2.2.2). They take the place of the present ones with IkeSa::replace_keys().
Result<keys::IkeKeys> derive_additional_ike_keys(IkeSa& sa, const Secret& sk_n, unsigned n);
/// The keys with a preshared key in all of them: SKEYSEED' = prf+(PPK, SK_d) (RFC 9867, 3.1.2).
/// They take the place of the present ones with IkeSa::replace_keys().
Result<keys::IkeKeys> derive_ppk_ike_keys(IkeSa& sa, const policy::Ppk& ppk);
/// SK_d' = prf+(PPK, SK_d) (RFC 9867, 3.2).
Result<Secret> ppk_sk_d(IkeSa& sa, const policy::Ppk& ppk);
/// What stands in SK_d's place in a CREATE_CHILD_SA that we (`ours`) or the peer began: SK_d
/// itself, unless an extension mixes something in. To be called in that exchange, when its request
/// and, of ours, its response were read.
Result<keys::Root> root_of_exchange(IkeSa& sa, bool ours);
/// A rekeyed one: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), with the old SA's PRF. `root`:
/// of root_of_exchange(). `more`: SK(1), SK(2), ... (RFC 9370, 2.2.4).
Result<void> derive_rekeyed_ike_keys(IkeSa& fresh, const IkeSa& old, const keys::Root& root,
                                     const Secret& g_ir, ByteView ni, ByteView nr,
                                     std::span<const Secret> more = {});

/// The octets of 16 to 256 that a nonce has (RFC 7296, 2.10): 32.
Bytes make_nonce(IkeSa& sa);
/// Negotiation of an IKE proposal, for the trace.
void emit_ike_negotiation(IkeSa& sa, const char* role, const policy::Selection& selection);
void emit_ike_answer(IkeSa& sa, const std::vector<wire::Proposal>& offered,
                     const wire::Proposal& answer);

}  // namespace ikelab::ikev2
