// Rekeying a Child SA: a new one with N(REKEY_SA), then the old one is deleted (RFC
// 7296, 1.3.3, 2.8, 2.8.1, 2.25.1).
#include <algorithm>

#include "protocol/ikev2/lifetimes.hpp"
#include "protocol/ikev2/tasks/child_exchange.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

/// The peer's half of a simultaneous rekey of one Child SA, which we answered (RFC 7296, 2.8.1).
struct PeersRekey {
  Bytes lowest_nonce;  ///< of its Ni and our Nr
  EspSpi made;  ///< the Child SA, by our inbound SPI; 0: further key exchanges are still to come
  Bytes link;   ///< to these
};

class ChildRekey : public ChildExchange {
 public:
  explicit ChildRekey(EspSpi old) : old_(old) {}
  [[nodiscard]] std::string_view name() const override { return "child_rekey"; }
  [[nodiscard]] Scope scope() const override { return {false, old_}; }
  [[nodiscard]] EspSpi old() const { return old_; }
  [[nodiscard]] bool is_answered() const { return goes_on(); }
  void collides_with(PeersRekey peers) { peers_ = std::move(peers); }

  Result<std::vector<wire::Payload>> begin(IkeSa& sa, Instant) override {
    const auto at = sa.children.find(old_.value);
    if (sa.state() != State::established || at == sa.children.end() ||
        (at->second.state != ChildState::installed && at->second.state != ChildState::rekeying))
      return Error{"E-CMD-002", "the Child SA to rekey is gone or already replaced"}.see(
          "RFC 7296, 2.25.1");
    ChildSa& child = at->second;
    if (child.state == ChildState::installed)
      sa.set_child_state(child, ChildState::rekeying, "rekeying", "RFC 7296, 1.3.3");
    IKELAB_TRY(std::vector<wire::Payload> out, offer(sa, *child.config));
    //= rfc7296#1.3.3 "The REKEY_SA notification MUST be included in a CREATE_CHILD_SA exchange if
    //= the purpose of the exchange is to replace an existing ESP or AH SA."
    out.insert(out.begin(),
               notify(NotifyType::rekey_sa, {}, wire::ProtocolId::esp, octets_of(child.spi_in)));
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    std::optional<Outcome> goes_on;
    auto made = accept(sa, in, "rekey of " + to_string(old_), goes_on);
    if (goes_on && *goes_on == Outcome::done) {
      detail = "both sides rekey at once; ours has the lowest nonce and goes no further";
      yield_to_peers(sa);
    }
    if (goes_on && peers_ && !redundant()) forget_keys(sa, peers_->link);
    if (goes_on) return *goes_on;
    if (!made) return failed(sa, in, made.error());
    ChildSa& fresh = **made;
    const auto old = sa.children.find(old_.value);
    if (peers_) {
      //= rfc7296#2.8.1 "the SA created with the lowest of the four nonces used in the two exchanges
      //= SHOULD be closed by the endpoint that created it."
      if (redundant()) {
        detail = "both sides rekeyed at once; ours has the lowest nonce and goes";
        yield_to_peers(sa);
        sa.set_child_state(fresh, ChildState::deleting, "redundant", "RFC 7296, 2.8.1");
        sa.enqueue(in.now, make_child_delete(fresh.spi_in));
        return Outcome::done;
      }
      detail = "both sides rekeyed at once; the peer's has the lowest nonce and goes";
      forget_keys(sa, peers_->link);
    }
    if (old == sa.children.end()) return Outcome::done;
    old->second.replaced_by = fresh.spi_in;
    sa.set_child_state(old->second, ChildState::rekeyed, "replaced by " + to_string(fresh.spi_in),
                       "RFC 7296, 2.8");
    sa.enqueue(in.now, make_child_delete(old_));
    return Outcome::done;
  }

 protected:
  [[nodiscard]] bool redundant() const override {
    return peers_ && std::min(ni_, nr_) < peers_->lowest_nonce;
  }

 private:
  /// What the peer's half makes takes the old one's place, now or when it is made.
  void yield_to_peers(IkeSa& sa) {
    const auto old = sa.children.find(old_.value);
    if (old == sa.children.end() || peers_->made.value == 0) return;
    old->second.replaced_by = peers_->made;
    sa.set_child_state(old->second, ChildState::rekeyed, "replaced by " + to_string(peers_->made),
                       "RFC 7296, 2.8.1");
  }

  Outcome failed(IkeSa& sa, const Inbound& in, const Error& error) {
    detail = error.message;
    sa.diagnose(error, in.datagram);
    delete_refused(sa, in);
    const auto old = sa.children.find(old_.value);
    if (old == sa.children.end()) return Outcome::failed;
    if (error.code == "E-IKE-085") {  // what replaces it is gone: so goes the old one
      sa.enqueue(in.now, make_child_delete(old_));
      return Outcome::failed;
    }
    if (peers_) {  // the peer's own rekey goes through: it deletes the old one
      yield_to_peers(sa);
      return Outcome::failed;
    }
    if (find_notify(in.payloads, NotifyType::child_sa_not_found) != nullptr) {
      //= rfc7296#2.25 "A peer that receives a CHILD_SA_NOT_FOUND notification SHOULD silently
      //= delete the Child SA (if it still exists) and send a request to create a new Child SA from
      //= scratch"
      std::string name = old->second.config->name;
      sa.remove_child(old_, "the peer does not have it");
      sa.enqueue(in.now, make_child_create(std::move(name)));
      return Outcome::failed;
    }
    if (old->second.state == ChildState::rekeying)
      sa.set_child_state(old->second, ChildState::installed, "the rekey failed", "RFC 7296, 2.25");
    begin_anew_if_told(sa, in);
    old->second.rekey_at = in.now + retry_delay(sa);
    return Outcome::failed;
  }

  EspSpi old_;
  std::optional<PeersRekey> peers_;
};

/// The Child SA that the peer wants to replace, by what it calls it; or why that cannot be now.
ChildSa* to_replace(IkeSa& sa, const Bytes& spi_octets, std::optional<wire::Payload>& refusal,
                    std::string& detail) {
  refusal = not_now(sa, detail);
  if (refusal) return nullptr;
  std::uint32_t spi = 0;
  for (const std::uint8_t octet : spi_octets) spi = spi << 8 | octet;
  ChildSa* old = sa.child_by_out(EspSpi{spi});
  if (old == nullptr || spi_octets.size() != 4) {
    detail = "no Child SA has the SPI " + to_string(EspSpi{spi});
    refusal = notify(NotifyType::child_sa_not_found, {}, wire::ProtocolId::esp, spi_octets);
    return nullptr;
  }
  //= rfc7296#2.25.1 "If a peer receives a request to rekey a Child SA that it is currently trying
  //= to close, it SHOULD reply with TEMPORARY_FAILURE."
  if (old->state == ChildState::deleting || old->state == ChildState::rekeyed) {
    detail = "the Child SA is being closed";
    refusal = notify(NotifyType::temporary_failure);
    return nullptr;
  }
  return old;
}

/// Our own rekey of that Child SA, if it is under way.
ChildRekey* our_rekey(IkeSa& sa, EspSpi old) {
  for (Task* task : sa.under_way())
    if (auto* rekey = dynamic_cast<ChildRekey*>(task); rekey && rekey->old() == old) return rekey;
  return nullptr;
}

/// `fresh` takes the place of `old_spi`, for the peer; ours may be under way, too.
void replace(IkeSa& sa, EspSpi old_spi, ChildSa& fresh, const Bytes& lowest_nonce,
             std::string& detail) {
  ChildSa& replaced = sa.children.at(old_spi.value);
  ChildRekey* ours = our_rekey(sa, old_spi);
  replaced.replaced_by = fresh.spi_in;
  if (ours != nullptr && replaced.state == ChildState::rekeying) {
    detail = "both sides rekey at once";
    ours->collides_with({lowest_nonce, fresh.spi_in, {}});
    return;
  }
  sa.set_child_state(replaced, ChildState::rekeyed, "replaced by " + to_string(fresh.spi_in),
                     "RFC 7296, 2.8");
}

/// The peer does not finish what it began, and ours gave way to it: the old one stays as it is.
void keep(IkeSa& sa, Instant now, EspSpi old_spi) {
  const auto old = sa.children.find(old_spi.value);
  if (old == sa.children.end() || old->second.state != ChildState::rekeying ||
      our_rekey(sa, old_spi) != nullptr)
    return;
  sa.set_child_state(old->second, ChildState::installed, "the peer's rekey came to nothing",
                     "RFC 9370, 2.2.4");
  old->second.rekey_at = now + retry_delay(sa);
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  failed = true;
  const Bytes spi = find_notify(in.payloads, NotifyType::rekey_sa)->spi;
  std::optional<wire::Payload> refusal;
  const ChildSa* old = to_replace(sa, spi, refusal, detail);
  if (old == nullptr) return {std::move(*refusal)};
  const EspSpi old_spi = old->spi_in;
  //= rfc9370#2.2.4 "a TEMPORARY_FAILURE notification MUST be sent in response to such a request."
  if (const ChildRekey* ours = our_rekey(sa, old_spi); ours != nullptr && ours->is_answered()) {
    detail = "we are rekeying it, and further key exchanges are under way";
    return {notify(NotifyType::temporary_failure)};
  }
  ChildWish wish;
  wish.only = old->config;
  wish.reason = "rekey of " + to_string(old_spi);
  wish.hold_outbound = true;
  wish.refusal = [spi](IkeSa& of, std::string& words) {
    std::optional<wire::Payload> why;
    to_replace(of, spi, why, words);
    return why;
  };
  wish.made = [old_spi](IkeSa& of, ChildSa& fresh, const Bytes& lowest, std::string& words) {
    replace(of, old_spi, fresh, lowest, words);
  };
  wish.waits = [old_spi](IkeSa& of, const Bytes& link, const Bytes& lowest) {
    if (ChildRekey* ours = our_rekey(of, old_spi)) ours->collides_with({lowest, {}, link});
  };
  wish.given_up = [old_spi](IkeSa& of, Instant now) { keep(of, now, old_spi); };
  return answer_child_exchange(sa, in, std::move(wish), detail, failed);
}

}  // namespace

std::unique_ptr<Task> make_child_rekey(EspSpi spi_in) {
  return std::make_unique<ChildRekey>(spi_in);
}

ResponderRow respond_child_rekey() {
  return {
      "child_rekey", wire::ExchangeType::create_child_sa,
      [](const Inbound& in) { return find_notify(in.payloads, NotifyType::rekey_sa) != nullptr; },
      respond};
}

}  // namespace ikelab::ikev2
