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
  offer_ = offer_child(sa, config, spi_in_, true, packet);
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
                                       bool& again) {
  const auto* invalid = find_notify(in.payloads, NotifyType::invalid_ke_payload);
  if (const std::uint16_t wanted = invalid ? wanted_method(*invalid, offer_.proposals) : 0;
      wanted != 0 && !retried_) {
    retried_ = again = true;
    method_ = wanted;
    return Error{"E-IKE-024", "another key exchange method is asked for"}.see("RFC 7296, 1.3");
  }
  IKELAB_TRY(const ChildPlan plan, accept_child(sa, in.payloads, *config_, spi_in_, offer_));
  if (plan.spi_out == deleted_early_)
    return Error{"E-IKE-085", "the peer deleted the Child SA before its answer came"}.see(
        "RFC 7296, 2.25.1");
  const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
  if (nonce == nullptr)
    return Error{"E-IKE-025", "the response lacks a nonce"}.see("RFC 7296, 1.3.1");
  nr_ = nonce->data;
  std::optional<Secret> g_ir;
  if (plan.suite.ke != nullptr) {
    const auto* ke = wire::first<wire::KePayload>(in.payloads);
    if (ke == nullptr || !ke_ || ke->method != method_ || plan.suite.ke->id != method_)
      return Error{"E-IKE-026", "the response's KE payload does not fit the proposal"}.see(
          "RFC 7296, 1.3.1");
    IKELAB_TRY(g_ir, shared_secret(sa, *ke_, *ke, "CREATE_CHILD_SA"));
  }
  return install_child(sa, in.now, plan,
                       {{ni_, nr_, "CREATE_CHILD_SA"}, g_ir ? &*g_ir : nullptr, true}, reason,
                       redundant());
}

void ChildExchange::delete_refused(IkeSa& sa, const Inbound& in) {
  if (wire::first<wire::SaPayload>(in.payloads) != nullptr && deleted_early_.value == 0)
    sa.enqueue(in.now, make_child_refusal(spi_in_));
}

ChildAnswer answer_child_exchange(IkeSa& sa, const Inbound& in, const policy::ChildConfig* only,
                                  const std::string& reason, bool hold_outbound,
                                  std::string& detail) {
  const auto refuse = [&](wire::Payload why) {
    return ChildAnswer{{std::move(why)}, nullptr, {}, {}};
  };
  const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
  if (nonce == nullptr)
    return detail = "the request lacks a nonce", refuse(notify(NotifyType::invalid_syntax));
  ResponderChoice choice = choose_child(sa, in.payloads, only, true, detail);
  if (!choice.plan) return refuse(std::move(*choice.refusal));

  ChildAnswer answer;
  answer.ni = nonce->data;
  answer.nr = make_nonce(sa);
  std::optional<Secret> g_ir;
  std::optional<wire::Payload> ke_r;
  if (const crypto::Algorithm* method = choice.plan->suite.ke) {
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
    g_ir = std::move(own->shared);
    ke_r = wire::make_payload(wire::KePayload{method->id, std::move(own->public_value)});
  }
  auto child =
      install_child(sa, in.now, *choice.plan,
                    {{answer.ni, answer.nr, "CREATE_CHILD_SA"}, g_ir ? &*g_ir : nullptr, false},
                    reason, hold_outbound);
  if (!child) return detail = child.error().message, refuse(notify(NotifyType::no_proposal_chosen));
  answer.child = *child;
  std::vector<wire::Payload> sa_and_ts = answer_child(*choice.plan);
  answer.payloads = {std::move(sa_and_ts[0]), wire::make_payload(wire::NoncePayload{answer.nr})};
  if (ke_r) answer.payloads.push_back(std::move(*ke_r));
  for (std::size_t i = 1; i < sa_and_ts.size(); ++i)  // TSi, TSr, and notifications about the SA
    answer.payloads.push_back(std::move(sa_and_ts[i]));
  return answer;
}

std::optional<wire::Payload> not_now(IkeSa& sa, std::string& detail) {
  const Task* current = sa.current_task();
  const bool rekeying = current != nullptr && current->name() == "ike_rekey";
  if (sa.state() == State::established && !rekeying) return std::nullopt;
  //= rfc7296#2.25.2 "If a peer receives a request to create or rekey a Child SA when it is
  //= currently rekeying the IKE SA, it SHOULD reply with TEMPORARY_FAILURE."
  detail = "the IKE SA is being rekeyed or closed";
  return notify(NotifyType::temporary_failure);
}

}  // namespace ikelab::ikev2
