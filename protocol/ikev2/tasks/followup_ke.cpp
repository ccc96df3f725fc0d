// IKE_FOLLOWUP_KE (RFC 9370, 2.2.4): see followup.hpp.
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/followup.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

constexpr Duration patience_with_followups = 60s;  // longer than a peer repeats its request
constexpr std::size_t link_octets = 8;

struct FollowUpState {
  std::vector<AwaitedKeys> waiting;  ///< the oldest first
};

Error odd(std::string what) {
  return Error{"E-IKE-082", std::move(what)}.see("RFC 9370, 2.2.4");
}

Bytes new_link(IkeSa& sa) {
  return sa.services.streams.nonce->bytes(link_octets);
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  failed = true;
  auto& waiting = sa.notes.of<FollowUpState>().waiting;
  const auto* link = find_notify(in.payloads, NotifyType::additional_key_exchange);
  const auto at = std::find_if(waiting.begin(), waiting.end(), [&](const AwaitedKeys& awaited) {
    return link != nullptr && awaited.link == link->data;
  });
  // RFC 9370, 2.2.4: what the responder knows nothing of, or no more, it says STATE_NOT_FOUND to.
  if (at == waiting.end()) {
    detail = "no CREATE_CHILD_SA waits for this key exchange";
    return {notify(NotifyType::state_not_found)};
  }
  AwaitedKeys awaited = std::move(*at);
  waiting.erase(at);
  const auto& ke = *wire::first<wire::KePayload>(in.payloads);
  const auto n = static_cast<unsigned>(awaited.secrets.size() + 1);
  const crypto::Algorithm& method = *awaited.methods[n - 1];
  if (ke.method != method.id) {
    detail = "Additional Key Exchange " + std::to_string(n) + " is to be " +
             std::string(method.name) + ", the KE payload is of another method";
    return {notify(NotifyType::invalid_syntax)};
  }
  auto answer = answer_key_exchange(sa, ke, "IKE_FOLLOWUP_KE", n);
  if (!answer) {
    detail = answer.error().message;
    return {notify(NotifyType::invalid_syntax)};
  }
  awaited.secrets.push_back(std::move(answer->shared));
  std::vector<wire::Payload> out = {
      wire::make_payload(wire::KePayload{ke.method, std::move(answer->public_value)})};
  if (n < awaited.methods.size()) {
    detail = std::string(method.name) + ", and more are to follow";
    out.push_back(await_keys(sa, in.now, std::move(awaited)));
  } else if (auto refusal = awaited.finish(sa, in.now, awaited.secrets, detail)) {
    return {std::move(*refusal)};
  }
  failed = false;
  return out;
}

std::optional<Instant> due(const IkeSa& sa) {
  const auto* state = sa.notes.find<FollowUpState>();
  return state == nullptr || state->waiting.empty() ? std::nullopt
                                                    : std::optional(state->waiting.front().give_up);
}

void forget(IkeSa& sa, Instant now) {
  const auto late =
      std::erase_if(sa.notes.of<FollowUpState>().waiting,
                    [&](const AwaitedKeys& awaited) { return awaited.give_up <= now; });
  if (late != 0) sa.diagnose(odd("the key exchanges after CREATE_CHILD_SA did not come in time"));
}

}  // namespace

Result<bool> FollowUps::begin(const policy::Suite& suite, const Inbound& in) {
  methods_ = suite.additional();
  const auto* link = find_notify(in.payloads, NotifyType::additional_key_exchange);
  if (methods_.empty()) return false;
  if (link == nullptr)
    return odd("the responder chose additional key exchanges and does not say where they belong");
  link_ = link->data;
  return true;
}

Result<std::vector<wire::Payload>> FollowUps::request(IkeSa& sa) {
  const crypto::Algorithm& method = *methods_[secrets_.size()];
  IKELAB_TRY(ke_, make_key_exchange(sa, method.id));
  return std::vector{wire::make_payload(wire::KePayload{method.id, ke_->public_value()}),
                     notify(NotifyType::additional_key_exchange, link_)};
}

Result<bool> FollowUps::response(IkeSa& sa, const Inbound& in) {
  const auto n = static_cast<unsigned>(secrets_.size() + 1);
  const crypto::Algorithm& method = *methods_[n - 1];
  const auto* ke = wire::first<wire::KePayload>(in.payloads);
  if (const auto* error = find_error(in.payloads); error != nullptr && ke == nullptr)
    return Error{"E-IKE-020", "the peer refused Additional Key Exchange " + std::to_string(n) +
                                  ": " + wire::name(error->type)}
        .see("RFC 9370, 2.2.4");
  if (ke == nullptr || ke->method != method.id)
    return odd("the response has no KE payload of " + std::string(method.name));
  IKELAB_TRY(Secret secret, shared_secret(sa, *ke_, *ke, "IKE_FOLLOWUP_KE", n));
  secrets_.push_back(std::move(secret));
  if (secrets_.size() == methods_.size()) return true;
  const auto* link = find_notify(in.payloads, NotifyType::additional_key_exchange);
  if (link == nullptr) return odd("the responder believes that all key exchanges are done");
  link_ = link->data;
  return false;
}

wire::Payload await_keys(IkeSa& sa, Instant now, AwaitedKeys awaited) {
  auto& waiting = sa.notes.of<FollowUpState>().waiting;
  if (waiting.size() >= bounds::awaited_key_exchanges) waiting.erase(waiting.begin());
  awaited.link = new_link(sa);
  awaited.give_up = now + patience_with_followups;
  sa.touch();
  waiting.push_back(std::move(awaited));
  return notify(NotifyType::additional_key_exchange, waiting.back().link);
}

Extension followup_extension() {
  return {.name = "followup_ke", .rfc = "RFC 9370, 2.2.4", .due = due, .timeout = forget};
}

ResponderRow respond_followup_ke() {
  return {"followup_ke", wire::ExchangeType::ike_followup_ke, [](const Inbound&) { return true; },
          respond};
}

}  // namespace ikelab::ikev2
