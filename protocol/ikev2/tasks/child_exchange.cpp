#include "protocol/ikev2/tasks/child_exchange.hpp"

#include <algorithm>

#include "protocol/ikev2/ike_keys_of_sa.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

}  // namespace

Result<std::vector<wire::Payload>> ChildExchange::offer(IkeSa& sa,
                                                        const policy::ChildConfig& config,
                                                        const std::optional<policy::Flow>& packet) {
  config_ = &config;
  if (ni_.empty()) {
    ni_ = make_nonce(sa);
    spi_in_ = sa.new_esp_spi();
  }
  packet_ = packet;
  offer_ = offer_child(sa, config, spi_in_, true, packet, single_);
  std::vector<wire::Payload> out = {offer_.payloads[0],
                                    wire::make_payload(wire::NoncePayload{ni_})};
  if (method_ == 0) method_ = first_ke_method(offer_.proposals);
  if (method_ != 0) {
    IKELAB_TRY(ke_, make_key_exchange(sa, method_));
    out.push_back(wire::make_payload(wire::KePayload{method_, ke_->public_value()}));
  }
  out.insert(out.end(), offer_.payloads.begin() + 1, offer_.payloads.end());
  return out;
}

Result<ChildSa*> ChildExchange::accept(IkeSa& sa, const Inbound& in, const std::string& reason,
                                       std::optional<Outcome>& goes_on) {
  const auto later = [&](Outcome how, const char* what) {
    goes_on = how;
    return Error{"E-IKE-024", what}.see("RFC 7296, 1.3");
  };
  if (followups_.under_way()) {
    IKELAB_TRY(const bool all, followups_.response(sa, in));
    if (!all) return later(Outcome::more, "further key exchanges follow");
    return install(sa, in.now, reason);
  }
  const auto* invalid = find_notify(in.payloads, NotifyType::invalid_ke_payload);
  if (const std::uint16_t wanted = invalid ? wanted_method(*invalid, offer_.proposals) : 0;
      wanted != 0 && !retried_) {
    retried_ = true;
    method_ = wanted;
    return later(Outcome::retry, "another key exchange method is asked for");
  }
  //= rfc7296#2.9 "The requestor is expected to respond by requesting an SA for only the specific
  //= traffic it is trying to forward."
  if (find_notify(in.payloads, NotifyType::single_pair_required) && packet_ && !single_) {
    single_ = true;
    return later(Outcome::retry, "a single pair of addresses is asked for");
  }
  IKELAB_CHECK(agree(sa, in));
  IKELAB_TRY(const bool more, followups_.begin(plan_.suite, in));
  //= rfc9370#2.2.4 "the initiator of this exchange just stops the rekeying process and it MUST NOT
  //= initiate the IKE_FOLLOWUP_KE exchange."
  if (more && redundant()) return later(Outcome::done, "another one has taken its place");
  if (more) return later(Outcome::more, "further key exchanges follow");
  return install(sa, in.now, reason);
}

/// What the response to CREATE_CHILD_SA says.
Result<void> ChildExchange::agree(IkeSa& sa, const Inbound& in) {
  IKELAB_TRY(plan_, accept_child(sa, in.payloads, *config_, spi_in_, offer_));
  if (plan_.spi_out == deleted_early_)
    return Error{"E-IKE-085", "the peer deleted the Child SA before its answer came"}.see(
        "RFC 7296, 2.25.1");
  const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
  if (nonce == nullptr)
    return Error{"E-IKE-025", "the response lacks a nonce"}.see("RFC 7296, 1.3.1");
  nr_ = nonce->data;
  IKELAB_TRY(root_, root_of_exchange(sa, true));
  if (plan_.suite.ke == nullptr) return {};
  const auto* ke = wire::first<wire::KePayload>(in.payloads);
  if (ke == nullptr || !ke_ || ke->method != method_ || plan_.suite.ke->id != method_)
    return Error{"E-IKE-026", "the response's KE payload does not fit the proposal"}.see(
        "RFC 7296, 1.3.1");
  IKELAB_TRY(g_ir_, shared_secret(sa, *ke_, *ke, "CREATE_CHILD_SA"));
  return {};
}

Result<ChildSa*> ChildExchange::install(IkeSa& sa, Instant now, const std::string& reason) {
  if (plan_.more_possible) detail = more_possible;
  // What is redundant goes at once: nothing is sent on it (RFC 7296, 2.8.1).
  const ChildSecrets secrets{
      {ni_, nr_, "CREATE_CHILD_SA"}, g_ir_ ? &*g_ir_ : nullptr, true, followups_.secrets(), &root_};
  return install_child(sa, now, plan_, secrets, reason, redundant());
}

void ChildExchange::delete_refused(IkeSa& sa, const Inbound& in) {
  const bool made = followups_.under_way() ? find_error(in.payloads) == nullptr
                                           : wire::first<wire::SaPayload>(in.payloads) != nullptr;
  if (made && deleted_early_.value == 0) sa.enqueue(in.now, make_child_refusal(spi_in_));
}

namespace {

/// The responder's part of an exchange from the choice to the child.
struct ChildMaking {
  ChildWish wish;
  ChildPlan plan;
  Bytes ni, nr;
  std::optional<Secret> g_ir;
  keys::Root root;

  std::optional<wire::Payload> finish(IkeSa& sa, Instant now, std::span<const Secret> more,
                                      std::string& detail) {
    const ChildSecrets secrets{
        {ni, nr, "CREATE_CHILD_SA"}, g_ir ? &*g_ir : nullptr, false, more, &root};
    auto child = install_child(sa, now, plan, secrets, wish.reason, wish.hold_outbound);
    if (!child) return detail = child.error().message, notify(NotifyType::no_proposal_chosen);
    if (wish.made) wish.made(sa, **child, std::min(ni, nr), detail);
    return std::nullopt;
  }
};

}  // namespace

std::vector<wire::Payload> answer_child_exchange(IkeSa& sa, const Inbound& in, ChildWish wish,
                                                 std::string& detail, bool& failed) {
  failed = true;
  const auto refuse = [&](wire::Payload why) { return std::vector{std::move(why)}; };
  const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
  if (nonce == nullptr)
    return detail = "the request lacks a nonce", refuse(notify(NotifyType::invalid_syntax));
  if (auto refusal = wish.refusal(sa, detail)) return refuse(std::move(*refusal));
  ResponderChoice choice = choose_child(sa, in.payloads, wish.only, true, detail);
  if (!choice.plan) return refuse(std::move(*choice.refusal));

  auto making = std::make_shared<ChildMaking>();
  making->wish = std::move(wish);
  making->plan = std::move(*choice.plan);
  making->ni = nonce->data;
  making->nr = make_nonce(sa);
  auto root = root_of_exchange(sa, false);
  if (!root) return detail = root.error().message, refuse(notify(NotifyType::no_proposal_chosen));
  making->root = std::move(*root);
  std::optional<wire::Payload> ke_r;
  if (const crypto::Algorithm* method = making->plan.suite.ke) {
    const auto* ke_i = wire::first<wire::KePayload>(in.payloads);
    if (ke_i == nullptr || ke_i->method != method->id) {
      detail = "the KE payload is of another method than the chosen proposal: " +
               std::string(method->name) + " is needed";
      return refuse(notify(
          NotifyType::invalid_ke_payload,
          {static_cast<std::uint8_t>(method->id >> 8), static_cast<std::uint8_t>(method->id)}));
    }
    auto own = answer_key_exchange(sa, *ke_i, "CREATE_CHILD_SA");
    if (!own) return detail = own.error().message, refuse(notify(NotifyType::invalid_syntax));
    making->g_ir = std::move(own->shared);
    ke_r = wire::make_payload(wire::KePayload{method->id, std::move(own->public_value)});
  }
  std::vector<wire::Payload> sa_and_ts = answer_child(making->plan);
  std::vector<wire::Payload> out = {std::move(sa_and_ts[0]),
                                    wire::make_payload(wire::NoncePayload{making->nr})};
  if (ke_r) out.push_back(std::move(*ke_r));
  for (std::size_t i = 1; i < sa_and_ts.size(); ++i)  // TSi, TSr, and notifications about the SA
    out.push_back(std::move(sa_and_ts[i]));
  if (auto methods = making->plan.suite.additional(); !methods.empty()) {
    AwaitedKeys awaited;
    awaited.methods = std::move(methods);
    awaited.finish = [making](IkeSa& of, Instant now, std::span<const Secret> more,
                              std::string& words) {
      auto refusal = making->wish.refusal(of, words);
      return refusal ? refusal : making->finish(of, now, more, words);
    };
    awaited.given_up = making->wish.given_up;
    const Bytes link = await_keys(sa, in.now, std::move(awaited));
    out.push_back(notify(NotifyType::additional_key_exchange, link));
    detail = "waits for further key exchanges";
    if (making->wish.waits) making->wish.waits(sa, link, std::min(making->ni, making->nr));
  } else if (auto refusal = making->finish(sa, in.now, {}, detail)) {
    return refuse(std::move(*refusal));
  }
  failed = false;
  return out;
}

//= rfc7296#4 "If the responder rejects the CREATE_CHILD_SA request with a NO_ADDITIONAL_SAS
//= notification, the implementation MUST be capable of instead deleting the old SA and creating a
//= new one."
void begin_anew_if_told(IkeSa& sa, const Inbound& in) {
  if (find_notify(in.payloads, NotifyType::no_additional_sas) != nullptr)
    sa.services.begin_anew(sa, in.now, sa.peer.ip);
}

std::optional<wire::Payload> not_now(IkeSa& sa, std::string& detail) {
  const auto tasks = sa.under_way();
  const bool rekeying = std::any_of(tasks.begin(), tasks.end(),
                                    [](const Task* task) { return task->name() == "ike_rekey"; });
  if (sa.state() == State::established && !rekeying) return std::nullopt;
  //= rfc7296#2.25.2 "If a peer receives a request to create or rekey a Child SA when it is
  //= currently rekeying the IKE SA, it SHOULD reply with TEMPORARY_FAILURE."
  detail = "the IKE SA is being rekeyed or closed";
  return notify(NotifyType::temporary_failure);
}

}  // namespace ikelab::ikev2
