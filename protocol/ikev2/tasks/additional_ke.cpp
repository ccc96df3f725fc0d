// Additional Key Exchanges of a new IKE SA, each in an IKE_INTERMEDIATE of its own (RFC
// 9370, 2.2.2).
//
//   HDR(IKE_INTERMEDIATE), SK {KEi(n)}  -->   <--  HDR(IKE_INTERMEDIATE), SK {KEr(n)}
//
//   SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr)
//   {SK_d(n) | SK_ai(n) | SK_ar(n) | SK_ei(n) | SK_er(n) | SK_pi(n) | SK_pr(n)}
//               = prf+ (SKEYSEED(n), Ni | Nr | SPIi | SPIr)
//
// The keys of step n protect what comes after it.
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/ike_keys_of_sa.hpp"
#include "protocol/ikev2/intermediate.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

struct AdditionalKeState {
  std::size_t done = 0;          ///< how many took place
  std::optional<Secret> agreed;  ///< the responder's SK(n), until its answer is on its way
};

std::size_t done(const IkeSa& sa) {
  const auto* state = sa.notes.find<AdditionalKeState>();
  return state == nullptr ? 0 : state->done;
}

Result<void> use(IkeSa& sa, const Secret& sk_n, MessageId id) {
  const auto n = static_cast<unsigned>(++sa.notes.of<AdditionalKeState>().done);
  IKELAB_TRY(keys::IkeKeys fresh, derive_additional_ike_keys(sa, sk_n, n));
  sa.replace_keys(std::move(fresh), id);
  return {};
}

class AdditionalKe : public Task {
 public:
  explicit AdditionalKe(std::size_t n) : n_(n) {}
  [[nodiscard]] std::string_view name() const override { return "additional_ke"; }
  [[nodiscard]] ExchangeType exchange() const override { return ExchangeType::ike_intermediate; }

  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant now) override {
    const auto methods = sa.suite.additional();
    IKELAB_ASSERT(n_ < methods.size());
    auto own = make_key_exchange(sa, methods[n_]->id);
    if (!own) {
      sa.die(now, Trigger::auth_failed, own.error().message);
      return own.error();
    }
    ke_ = std::move(*own);
    return std::vector{wire::make_payload(wire::KePayload{methods[n_]->id, ke_->public_value()})};
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    const auto* ke = wire::first<wire::KePayload>(in.payloads);
    if (const auto* error = find_error(in.payloads); error != nullptr && ke == nullptr)
      return fail(sa, in, "the peer answered " + wire::name(error->type));
    const crypto::Algorithm& method = *sa.suite.additional()[n_];
    if (ke == nullptr || ke->method != method.id)
      return fail(sa, in, "the response has no KE payload of " + std::string(method.name));
    auto sk_n = shared_secret(sa, *ke_, *ke, "IKE_INTERMEDIATE", static_cast<unsigned>(n_ + 1));
    if (!sk_n) return fail(sa, in, sk_n.error().message);
    if (auto used = use(sa, *sk_n, in.header.message_id); !used)
      return fail(sa, in, used.error().message);
    detail = std::string(method.name) + " is part of the keys now";
    return Outcome::done;
  }

 private:
  Outcome fail(IkeSa& sa, const Inbound& in, std::string why) {
    detail = std::move(why);
    sa.diagnose(
        Error{"E-IKE-080", "Additional Key Exchange " + std::to_string(n_ + 1) + ": " + detail}.see(
            "RFC 9370, 2.2.2"),
        in.datagram);
    sa.die(in.now, Trigger::auth_failed, detail);
    return Outcome::failed;
  }

  std::size_t n_;
  std::unique_ptr<crypto::KeyExchange> ke_;
};

/// The initiator has the first keys: the further exchanges stand in the queue before IKE_AUTH.
//= rfc9242#3.2 "these exchanges MUST be sequential and MUST all be completed before the IKE_AUTH
//= exchange is initiated."
void keyed(IkeSa& sa, Instant now) {
  for (std::size_t n = 0; n < sa.suite.additional().size(); ++n)
    sa.enqueue(now, make_additional_ke(n));
}

std::optional<std::string> refuses(const IkeSa& sa, ExchangeType exchange) {
  const std::size_t missing = sa.suite.additional().size() - done(sa);
  if (exchange != ExchangeType::ike_auth || missing == 0) return std::nullopt;
  return std::to_string(missing) + " Additional Key Exchange(s) did not take place";
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  const auto refuse = [&](const std::string& why) {
    failed = true;
    detail = why;
    sa.diagnose(Error{"E-IKE-080", why}.see("RFC 9370, 2.2.2"), in.datagram);
    sa.die(in.now, Trigger::auth_failed, why);
    return std::vector{notify(NotifyType::invalid_syntax)};
  };
  const auto& ke = *wire::first<wire::KePayload>(in.payloads);
  const auto methods = sa.suite.additional();
  const std::size_t n = done(sa);
  if (n >= methods.size()) return refuse("a key exchange more than was agreed on");
  if (ke.method != methods[n]->id)
    return refuse("Additional Key Exchange " + std::to_string(n + 1) + " is to be " +
                  std::string(methods[n]->name) + ", the KE payload is of another method");
  auto answer = answer_key_exchange(sa, ke, "IKE_INTERMEDIATE", static_cast<unsigned>(n + 1));
  if (!answer) return refuse(answer.error().message);
  sa.notes.of<AdditionalKeState>().agreed = std::move(answer->shared);
  detail = std::string(methods[n]->name) + " is part of the keys now";
  return {wire::make_payload(wire::KePayload{ke.method, std::move(answer->public_value)})};
}

/// The responder's answer went out with the keys before.
void sent(IkeSa& sa, const Outbound& out, ByteView, const std::vector<wire::Payload>&) {
  if (out.exchange != ExchangeType::ike_intermediate || !out.response) return;
  auto agreed = std::exchange(sa.notes.of<AdditionalKeState>().agreed, std::nullopt);
  if (!agreed) return;
  if (auto used = use(sa, *agreed, out.request->header.message_id); !used)
    sa.diagnose(used.error());
}

}  // namespace

std::unique_ptr<Task> make_additional_ke(std::size_t n) {
  return std::make_unique<AdditionalKe>(n);
}

Extension additional_ke_extension() {
  return {.name = "additional_ke",
          .rfc = "RFC 9370, 2.2.2",
          .sent = sent,
          .refuses = refuses,
          .keyed = keyed};
}

ResponderRow respond_additional_ke() {
  return {"additional_ke", ExchangeType::ike_intermediate,
          [](const Inbound& in) { return wire::first<wire::KePayload>(in.payloads) != nullptr; },
          respond};
}

}  // namespace ikelab::ikev2
