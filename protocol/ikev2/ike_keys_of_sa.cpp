#include "protocol/ikev2/ike_keys_of_sa.hpp"

namespace ikelab::ikev2 {

Result<void> derive_ike_keys(IkeSa& sa, const Secret& g_ir) {
  keys::Derivations derivations = sa.services.derivations();
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  const keys::Nonces nonces{sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
  IKELAB_TRY(const Secret skeyseed, schedule.skeyseed(nonces, g_ir));
  IKELAB_TRY(sa.keys, schedule.ike_keys(skeyseed, nonces, sa.spi_i, sa.spi_r,
                                        {sa.suite.encr, sa.suite.integ}));
  sa.emit_keys(derivations);
  return {};
}

Result<keys::IkeKeys> derive_additional_ike_keys(IkeSa& sa, const Secret& sk_n, unsigned n) {
  keys::Derivations derivations = sa.services.derivations();
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  const keys::Nonces nonces{sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
  IKELAB_TRY(const Secret skeyseed, schedule.skeyseed_of_additional(sa.keys.sk_d, sk_n, n, nonces));
  IKELAB_TRY(keys::IkeKeys keys,
             schedule.ike_keys(skeyseed, nonces, sa.spi_i, sa.spi_r,
                               {sa.suite.encr, sa.suite.integ}, keys::additional_seed(n)));
  sa.emit_keys(derivations);
  return keys;
}

Result<keys::IkeKeys> derive_ppk_ike_keys(IkeSa& sa, const policy::Ppk& ppk) {
  const keys::SeedName seed{"SKEYSEED'", "RFC 9867, 3.1.2"};
  keys::Derivations derivations = sa.services.derivations();
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  const keys::Nonces nonces{sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
  IKELAB_TRY(const Secret skeyseed, schedule.of_ppk(seed.name, sa.keys.sk_d, ppk.secret, ppk.id));
  IKELAB_TRY(keys::IkeKeys keys, schedule.ike_keys(skeyseed, nonces, sa.spi_i, sa.spi_r,
                                                   {sa.suite.encr, sa.suite.integ}, seed));
  sa.emit_keys(derivations);
  return keys;
}

Result<Secret> ppk_sk_d(IkeSa& sa, const policy::Ppk& ppk) {
  keys::Derivations derivations = sa.services.derivations();
  keys::KeySchedule schedule(sa.services.provider, *sa.suite.prf, &derivations);
  IKELAB_TRY(Secret mixed, schedule.of_ppk("SK_d'", sa.keys.sk_d, ppk.secret, ppk.id));
  sa.emit_keys(derivations);
  return mixed;
}

Result<keys::Root> root_of_exchange(IkeSa& sa, bool ours) {
  keys::Root root{sa.keys.sk_d.copy()};
  for (const Extension& extension : extensions())
    if (extension.mixes != nullptr) IKELAB_CHECK(extension.mixes(sa, ours, root));
  return root;
}

Result<void> derive_rekeyed_ike_keys(IkeSa& fresh, const IkeSa& old, const keys::Root& root,
                                     const Secret& g_ir, ByteView ni, ByteView nr,
                                     std::span<const Secret> more) {
  keys::Derivations derivations = fresh.services.derivations();
  keys::KeySchedule of_old(fresh.services.provider, *old.suite.prf, &derivations);
  keys::KeySchedule of_new(fresh.services.provider, *fresh.suite.prf, &derivations);
  const keys::Nonces nonces{ni, nr, "CREATE_CHILD_SA"};
  IKELAB_TRY(const Secret skeyseed,
             of_old.skeyseed_of_rekey(root.sk_d, g_ir, nonces, more, root.has_ppk));
  IKELAB_TRY(fresh.keys, of_new.ike_keys(skeyseed, nonces, fresh.spi_i, fresh.spi_r,
                                         {fresh.suite.encr, fresh.suite.integ}));
  fresh.emit_keys(derivations);
  fresh.transcript.ni = to_bytes(ni);
  fresh.transcript.nr = to_bytes(nr);
  return {};
}

Bytes make_nonce(IkeSa& sa) {
  constexpr std::size_t octets = 32;
  return sa.services.streams.nonce->bytes(octets);
}

void emit_ike_negotiation(IkeSa& sa, const char* role, const policy::Selection& selection) {
  if (!sa.services.tells<trace::Negotiated>()) return;
  trace::Negotiated body{"IKE", role, "", selection.verdicts};
  if (selection.chosen) body.chosen = policy::to_string(*selection.chosen);
  sa.emit(std::move(body));
}

void emit_ike_answer(IkeSa& sa, const std::vector<wire::Proposal>& offered,
                     const wire::Proposal& answer) {
  if (!sa.services.tells<trace::Negotiated>()) return;
  policy::Selection selection;
  selection.chosen = answer;
  for (const wire::Proposal& proposal : offered) {
    const bool won = proposal.number == answer.number;
    selection.verdicts.push_back({proposal.number, "IKE", policy::to_string(proposal), won,
                                  won ? "the responder chose it" : "the responder chose another"});
  }
  emit_ike_negotiation(sa, "initiator", selection);
}

}  // namespace ikelab::ikev2
