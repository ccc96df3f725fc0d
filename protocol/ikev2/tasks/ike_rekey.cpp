// Rekeying the IKE SA: new SPIs, nonces and keys; the children move over; the old SA is deleted
// (RFC 7296, 1.3.2, 2.8.2, 2.18, 2.25.2).
//
//   HDR, SK {SA, Ni, KEi}  -->   <--  HDR, SK {SA, Nr, KEr}          SPIs of the new IKE SA stand
//   in the proposals
#include <algorithm>

#include "protocol/ikev2/followup.hpp"
#include "protocol/ikev2/ike_keys_of_sa.hpp"
#include "protocol/ikev2/lifetimes.hpp"
#include "protocol/ikev2/tasks/child_exchange.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

IkeSpi ike_spi_of(const wire::Proposal& proposal) {
  std::uint64_t value = 0;
  for (const std::uint8_t octet : proposal.spi) value = value << 8 | octet;
  return IkeSpi{value};
}

/// The new IKE SA, not yet established; whoever initiates this exchange is its original initiator
/// (RFC 7296, 2.18).
std::unique_ptr<IkeSa> successor(IkeSa& old, bool exchange_initiator, IkeSpi spi_i, IkeSpi spi_r,
                                 const policy::Suite& suite) {
  auto fresh = std::make_unique<IkeSa>(old.services, *old.connection, exchange_initiator, old.local,
                                       old.peer);
  fresh->spi_i = spi_i;
  fresh->spi_r = spi_r;
  fresh->suite = suite;
  fresh->by_rekey = true;
  fresh->peer_identity = old.peer_identity;
  fresh->peer_hashes = old.peer_hashes;
  for (const Extension& extension : extensions())
    if (extension.inherit != nullptr) extension.inherit(*fresh, old);
  return fresh;
}

/// The peer's half of a simultaneous rekey of the IKE SA, which we answered (RFC 7296, 2.8.2).
struct PeersRekey {
  Bytes lowest_nonce;  ///< of its Ni and our Nr
  IkeSpi made;  ///< the new IKE SA, by our own SPI; 0: further key exchanges are still to come
  Bytes link;   ///< to these
};

class IkeRekey : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "ike_rekey"; }
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return followups_.under_way() ? wire::ExchangeType::ike_followup_ke
                                  : wire::ExchangeType::create_child_sa;
  }

  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    if (followups_.under_way()) return followups_.request(sa);
    if (sa.state() != State::established)
      return Error{"E-CMD-002", "the IKE SA is not established"};
    if (ni_.empty()) {
      ni_ = make_nonce(sa);
      spi_ = IkeSpi{sa.services.streams.ike_spi->u64() | 1};
    }
    offered_ = sa.connection->proposals;
    for (std::size_t i = 0; i < offered_.size(); ++i) {
      offered_[i].number = static_cast<std::uint8_t>(i + 1);
      offered_[i].spi = to_bytes(octets_of(spi_));
    }
    // The method that the peer took last is the best guess.
    if (method_ == 0) method_ = sa.suite.ke->id;
    IKELAB_TRY(ke_, make_key_exchange(sa, method_));
    return std::vector{wire::make_payload(wire::SaPayload{offered_}),
                       wire::make_payload(wire::NoncePayload{ni_}),
                       wire::make_payload(wire::KePayload{method_, ke_->public_value()})};
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    const auto* invalid = find_notify(in.payloads, NotifyType::invalid_ke_payload);
    if (const std::uint16_t wanted = invalid ? wanted_method(*invalid, offered_) : 0;
        wanted != 0 && !retried_) {
      retried_ = true;
      method_ = wanted;
      return Outcome::retry;
    }
    auto fresh = accept(sa, in);
    IkeSa* peers = peers_successor(sa);
    if (fresh && *fresh == nullptr && gives_way(sa)) {
      //= rfc9370#2.2.4 "the initiator of this exchange just stops the rekeying process and it MUST
      //= NOT initiate the IKE_FOLLOWUP_KE exchange."
      detail = "both sides rekey at once; ours has the lowest nonce and goes no further";
      if (peers != nullptr) sa.hand_over_to(*peers, in.now);
      return Outcome::done;
    }
    if (fresh && peers_ && !gives_way(sa)) forget_keys(sa, peers_->link);
    if (fresh && *fresh == nullptr) return Outcome::more;
    if (!fresh) {
      detail = fresh.error().message;
      sa.diagnose(fresh.error(), in.datagram);
      if (peers != nullptr) {  // the peer's rekey stands alone after all
        sa.hand_over_to(*peers, in.now);
        return Outcome::failed;
      }
      begin_anew_if_told(sa, in);
      sa.set_timer(Timer::rekey_ike, in.now + retry_delay(sa));
      return Outcome::failed;
    }
    IkeSa& made = **fresh;
    sa.services.adopted.push_back(std::move(*fresh));
    made.become_established(in.now, Trigger::created_by_rekey, "rekey of " + to_string(sa.spi_i));
    if (gives_way(sa)) {
      //= rfc7296#2.8.2 "The new IKE SA containing the lowest nonce SHOULD be deleted by the node
      //= that created it, and the other surviving new IKE SA MUST inherit all the Child SAs."
      detail = "both sides rekeyed at once; ours has the lowest nonce and goes";
      if (peers != nullptr) sa.hand_over_to(*peers, in.now);
      made.enqueue(in.now, make_ike_delete());
      return Outcome::done;
    }
    sa.hand_over_to(made, in.now);
    if (peers != nullptr) peers->become_redundant(in.now);
    sa.enqueue(in.now, make_ike_delete());
    return Outcome::done;
  }

  //= rfc7296#2.25.2 "If a peer receives a request to close an IKE SA that it is currently
  //= rekeying, it SHOULD reply as usual, and forget about its own rekeying request."
  void abandoned(IkeSa& sa, Instant now) override {
    if (sa.state() != State::established) return;
    if (IkeSa* heir = peers_successor(sa)) sa.hand_over_to(*heir, now);
  }
  [[nodiscard]] bool collides() const { return peers_.has_value(); }
  [[nodiscard]] bool is_answered() const { return followups_.under_way(); }
  void collides_with(PeersRekey peers) { peers_ = std::move(peers); }

 private:
  /// Ours is the redundant one; unless what the peer made is gone already.
  [[nodiscard]] bool gives_way(IkeSa& sa) const {
    return peers_ && std::min(ni_, nr_) < peers_->lowest_nonce &&
           (peers_->made.value == 0 || peers_successor(sa) != nullptr);
  }
  /// What the peer's half made, if it still lives.
  [[nodiscard]] IkeSa* peers_successor(IkeSa& sa) const {
    IkeSa* made = peers_ && peers_->made.value != 0 ? sa.services.find(peers_->made) : nullptr;
    return made != nullptr && made->state() == State::established ? made : nullptr;
  }

  /// The new IKE SA; nullptr while further key exchanges follow.
  Result<std::unique_ptr<IkeSa>> accept(IkeSa& sa, const Inbound& in) {
    if (followups_.under_way()) {
      IKELAB_TRY(const bool all, followups_.response(sa, in));
      if (!all) return std::unique_ptr<IkeSa>();
      return make(sa);
    }
    if (const auto* error = find_error(in.payloads))
      return Error{"E-IKE-020", "the peer refused: " + wire::name(error->type)}.see(
          "RFC 7296, 3.10.1");
    const auto* answer = wire::first<wire::SaPayload>(in.payloads);
    const auto* ke = wire::first<wire::KePayload>(in.payloads);
    const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
    if (answer == nullptr || answer->proposals.size() != 1 || ke == nullptr || nonce == nullptr)
      return Error{"E-IKE-027", "the response is incomplete"}.see("RFC 7296, 1.3.2");
    const wire::Proposal& chosen = answer->proposals.front();
    IKELAB_TRY(const policy::Suite suite, policy::check_answer(offered_, chosen));
    if (suite.ke == nullptr || suite.ke->id != ke->method || ke->method != method_ ||
        chosen.spi.size() != 8 || ike_spi_of(chosen).value == 0)
      return Error{"E-IKE-026", "the response's KE payload or SPI does not fit the proposal"}.see(
          "RFC 7296, 1.3.2");
    emit_ike_answer(sa, offered_, chosen);
    nr_ = nonce->data;
    IKELAB_TRY(g_ir_, shared_secret(sa, *ke_, *ke, "CREATE_CHILD_SA"));
    spi_r_ = ike_spi_of(chosen);
    suite_ = suite;
    IKELAB_TRY(root_, root_of_exchange(sa, true));
    IKELAB_TRY(const bool more, followups_.begin(suite, in));
    if (more) return std::unique_ptr<IkeSa>();
    return make(sa);
  }
  Result<std::unique_ptr<IkeSa>> make(IkeSa& sa) {
    auto fresh = successor(sa, true, spi_, spi_r_, suite_);
    IKELAB_CHECK(derive_rekeyed_ike_keys(*fresh, sa, root_, g_ir_, ni_, nr_, followups_.secrets()));
    return fresh;
  }

  Bytes ni_, nr_;
  IkeSpi spi_, spi_r_;
  policy::Suite suite_;
  Secret g_ir_;
  keys::Root root_;
  FollowUps followups_;
  std::vector<wire::Proposal> offered_;
  std::unique_ptr<crypto::KeyExchange> ke_;
  std::uint16_t method_ = 0;
  bool retried_ = false;
  std::optional<PeersRekey> peers_;
};

/// Why the IKE SA cannot be rekeyed now (RFC 7296, 2.25.2), or nullopt.
std::optional<std::string> busy(const IkeSa& sa) {
  if (sa.state() == State::rekeyed || sa.state() == State::deleting)
    return "the IKE SA is already being replaced or closed";
  if (sa.under_way_as<ChildExchange>() != nullptr) return "a Child SA is being made or rekeyed";
  return std::nullopt;
}

/// The responder's part of a rekeying from the choice to the new IKE SA.
struct RekeyMaking {
  policy::Suite suite;
  IkeSpi spi_i, spi_r;
  Bytes ni, nr;
  Secret g_ir;
  keys::Root root;

  std::optional<wire::Payload> finish(IkeSa& sa, Instant now, std::span<const Secret> more,
                                      std::string& detail) {
    auto* ours = sa.under_way_as<IkeRekey>();
    if (auto why = busy(sa)) return detail = *why, notify(NotifyType::temporary_failure);
    auto fresh = successor(sa, false, spi_i, spi_r, suite);
    if (auto derived = derive_rekeyed_ike_keys(*fresh, sa, root, g_ir, ni, nr, more); !derived)
      return detail = derived.error().message, notify(NotifyType::no_proposal_chosen);
    IkeSa& made = *fresh;
    sa.services.adopted.push_back(std::move(fresh));
    made.become_established(now, Trigger::created_by_rekey, "rekey of " + to_string(sa.spi_i));
    if (ours != nullptr) {
      detail = "both sides rekey at once";
      ours->collides_with({std::min(ni, nr), made.local_spi(), {}});
    } else {
      sa.hand_over_to(made, now);
    }
    return std::nullopt;
  }
};

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  failed = true;
  const auto refuse = [&](NotifyType type, std::string why, Bytes data = {}) {
    detail = std::move(why);
    return std::vector{notify(type, std::move(data))};
  };
  auto* ours = sa.under_way_as<IkeRekey>();
  if (auto why = busy(sa)) return refuse(NotifyType::temporary_failure, *why);
  if (ours != nullptr && ours->collides())
    return refuse(NotifyType::temporary_failure, "a rekey of this IKE SA was just answered");
  //= rfc9370#2.2.4 "a TEMPORARY_FAILURE notification MUST be sent in response to such a request."
  if (ours != nullptr && ours->is_answered())
    return refuse(NotifyType::temporary_failure,
                  "we are rekeying it, and further key exchanges are under way");
  const auto* offered = wire::first<wire::SaPayload>(in.payloads);
  const auto* ke = wire::first<wire::KePayload>(in.payloads);
  const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
  if (ke == nullptr || nonce == nullptr)
    return refuse(NotifyType::invalid_syntax, "KE or nonce is missing");
  const policy::Selection selection = policy::select(offered->proposals, sa.connection->proposals);
  emit_ike_negotiation(sa, "responder", selection);
  if (!selection.chosen || selection.chosen->spi.size() != 8 ||
      ike_spi_of(*selection.chosen).value == 0)
    return refuse(NotifyType::no_proposal_chosen, "no IKE proposal was acceptable");
  const std::uint16_t method = selection.suite.ke->id;
  if (ke->method != method)
    return refuse(NotifyType::invalid_ke_payload,
                  "the KE payload is of another method than the chosen proposal",
                  {static_cast<std::uint8_t>(method >> 8), static_cast<std::uint8_t>(method)});
  auto root = root_of_exchange(sa, false);
  if (!root) return refuse(NotifyType::no_proposal_chosen, root.error().message);
  auto own = answer_key_exchange(sa, *ke, "CREATE_CHILD_SA");
  if (!own) return refuse(NotifyType::invalid_syntax, own.error().message);

  auto making = std::make_shared<RekeyMaking>();
  making->suite = selection.suite;
  making->spi_i = ike_spi_of(*selection.chosen);
  making->spi_r = IkeSpi{sa.services.streams.ike_spi->u64() | 1};
  making->ni = nonce->data;
  making->nr = make_nonce(sa);
  making->g_ir = std::move(own->shared);
  making->root = std::move(*root);
  wire::Proposal answer = *selection.chosen;
  answer.spi = to_bytes(octets_of(making->spi_r));
  std::vector<wire::Payload> out = {
      wire::make_payload(wire::SaPayload{{answer}}),
      wire::make_payload(wire::NoncePayload{making->nr}),
      wire::make_payload(wire::KePayload{method, std::move(own->public_value)})};
  if (auto methods = making->suite.additional(); !methods.empty()) {
    AwaitedKeys awaited;
    awaited.methods = std::move(methods);
    awaited.finish = [making](IkeSa& of, Instant now, std::span<const Secret> more,
                              std::string& words) { return making->finish(of, now, more, words); };
    awaited.given_up = [](IkeSa& of, Instant now) {
      if (of.state() == State::established && !of.has_queued("ike_rekey") &&
          of.connection->rekey_time > Duration::zero())
        of.set_timer(Timer::rekey_ike, now + retry_delay(of));
    };
    const Bytes link = await_keys(sa, in.now, std::move(awaited));
    out.push_back(notify(NotifyType::additional_key_exchange, link));
    if (ours != nullptr) ours->collides_with({std::min(making->ni, making->nr), {}, link});
    detail = "waits for further key exchanges";
  } else if (auto refusal = making->finish(sa, in.now, {}, detail)) {
    return {std::move(*refusal)};
  }
  failed = false;
  return out;
}

}  // namespace

std::unique_ptr<Task> make_ike_rekey() {
  return std::make_unique<IkeRekey>();
}

ResponderRow respond_ike_rekey() {
  return {"ike_rekey", wire::ExchangeType::create_child_sa,
          [](const Inbound& in) {
            const auto* sa = wire::first<wire::SaPayload>(in.payloads);
            return sa != nullptr && !sa->proposals.empty() &&
                   sa->proposals.front().protocol == wire::ProtocolId::ike;
          },
          respond};
}

}  // namespace ikelab::ikev2
