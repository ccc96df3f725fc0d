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

constexpr unsigned forgotten_too_often = 3;

struct FollowUpState {
  std::vector<AwaitedKeys> waiting;  ///< the oldest first
  unsigned forgotten = 0;            ///< times in a row that the peer said STATE_NOT_FOUND
};

void give_up(IkeSa& sa, Instant now, const AwaitedKeys& awaited) {
  if (awaited.given_up) awaited.given_up(sa, now);
}

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
  const auto refuse = [&](const AwaitedKeys& awaited, wire::Payload why) {
    give_up(sa, in.now, awaited);
    return std::vector{std::move(why)};
  };
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
    return refuse(awaited, notify(NotifyType::invalid_syntax));
  }
  auto answer = answer_key_exchange(sa, ke, "IKE_FOLLOWUP_KE", n);
  if (!answer) {
    detail = answer.error().message;
    return refuse(awaited, notify(NotifyType::invalid_syntax));
  }
  awaited.secrets.push_back(std::move(answer->shared));
  std::vector<wire::Payload> out = {
      wire::make_payload(wire::KePayload{ke.method, std::move(answer->public_value)})};
  if (n < awaited.methods.size()) {
    detail = std::string(method.name) + ", and more are to follow";
    out.push_back(
        notify(NotifyType::additional_key_exchange, await_keys(sa, in.now, std::move(awaited))));
  } else if (auto refusal = awaited.finish(sa, in.now, awaited.secrets, detail)) {
    return refuse(awaited, std::move(*refusal));
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
  auto& waiting = sa.notes.of<FollowUpState>().waiting;
  while (!waiting.empty() && waiting.front().give_up <= now) {
    const AwaitedKeys late = std::move(waiting.front());
    waiting.erase(waiting.begin());
    sa.diagnose(odd("the key exchanges after CREATE_CHILD_SA did not come in time"));
    give_up(sa, now, late);
  }
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
  auto& forgotten = sa.notes.of<FollowUpState>().forgotten;
  const bool not_found = find_notify(in.payloads, NotifyType::state_not_found) != nullptr;
  forgotten = not_found ? forgotten + 1 : 0;
  //= rfc9370#2.2.4 "after several retries, it MUST treat this situation as a fatal error and
  //= delete"
  if (forgotten == forgotten_too_often) sa.enqueue(in.now, make_ike_delete());
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

void forget_keys(IkeSa& sa, const Bytes& link) {
  std::erase_if(sa.notes.of<FollowUpState>().waiting,
                [&](const AwaitedKeys& awaited) { return awaited.link == link; });
  sa.touch();
}

Bytes await_keys(IkeSa& sa, Instant now, AwaitedKeys awaited) {
  auto& waiting = sa.notes.of<FollowUpState>().waiting;
  if (waiting.size() >= bounds::awaited_key_exchanges) {
    const AwaitedKeys oldest = std::move(waiting.front());
    waiting.erase(waiting.begin());
    give_up(sa, now, oldest);
  }
  awaited.link = new_link(sa);
  awaited.give_up = now + patience_with_followups;
  sa.touch();
  waiting.push_back(std::move(awaited));
  return waiting.back().link;
}

Extension followup_extension() {
  return {.name = "followup_ke", .rfc = "RFC 9370, 2.2.4", .due = due, .timeout = forget};
}

ResponderRow respond_followup_ke() {
  return {"followup_ke", wire::ExchangeType::ike_followup_ke, [](const Inbound&) { return true; },
          respond};
}

}  // namespace ikelab::ikev2
