// IKE_SA_INIT: proposals, Diffie-Hellman, nonces (RFC 7296, 1.2, 2.6, 2.7, 2.10, 2.14).
//
//   HDR, SAi1, KEi, Ni  -->
//                       <--  HDR, SAr1, KEr, Nr          or N(COOKIE), N(INVALID_KE_PAYLOAD),
//                       N(NO_PROPOSAL_CHOSEN)
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/authentication.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/ike_keys_of_sa.hpp"
#include "protocol/ikev2/intermediate.hpp"
#include "protocol/ikev2/puzzle.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

constexpr unsigned most_retries = 4;  // COOKIE and INVALID_KE_PAYLOAD together; more is an attack

bool offers_ke(const std::vector<wire::Proposal>& proposals, std::uint16_t method) {
  for (const wire::Proposal& proposal : proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(crypto::TransformType::ke) && t.id == method)
        return true;
  return false;
}

class IkeInit : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "ike_init"; }
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return wire::ExchangeType::ike_sa_init;
  }

  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    if (sa.transcript.ni.empty()) sa.transcript.ni = make_nonce(sa);
    if (sa.ke_method == 0) sa.ke_method = first_ke_method(sa.connection->proposals);
    if (!ke_) {
      IKELAB_TRY(ke_, make_key_exchange(sa, sa.ke_method));
    }
    std::vector<wire::Payload> out;
    //= rfc7296#2.6 "the initiator MUST then retry the IKE_SA_INIT request, and include the COOKIE
    //= notification containing the received data as the first payload, and all other payloads
    //= unchanged."
    if (!sa.cookie.empty()) out.push_back(notify(NotifyType::cookie, sa.cookie));
    if (!sa.puzzle_solution.empty())
      out.push_back(wire::make_payload(wire::PuzzleSolutionPayload{sa.puzzle_solution}));
    offered_ = sa.connection->proposals;
    for (std::size_t i = 0; i < offered_.size(); ++i)
      offered_[i].number = static_cast<std::uint8_t>(i + 1);
    out.push_back(wire::make_payload(wire::SaPayload{offered_}));
    out.push_back(wire::make_payload(wire::KePayload{sa.ke_method, ke_->public_value()}));
    out.push_back(wire::make_payload(wire::NoncePayload{sa.transcript.ni}));
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    if (const auto again = asked_to_repeat(sa, in)) return *again;
    for (const Extension& extension : extensions())
      if (extension.diverted != nullptr)
        if (auto how = extension.diverted(sa, in)) return fail(sa, in, std::move(*how));
    if (const auto* error = find_error(in.payloads))
      return fail(sa, in, "the peer answered " + wire::name(error->type));
    const auto* answer = wire::first<wire::SaPayload>(in.payloads);
    const auto* ke = wire::first<wire::KePayload>(in.payloads);
    const auto* nonce = wire::first<wire::NoncePayload>(in.payloads);
    if (answer == nullptr || answer->proposals.size() != 1 || ke == nullptr || nonce == nullptr ||
        in.header.spi_r.value == 0)
      return fail(sa, in, "the response is incomplete");
    auto suite = policy::check_answer(offered_, answer->proposals.front());
    if (!suite) return fail(sa, in, suite.error().message);
    sa.suite = *suite;
    emit_ike_answer(sa, offered_, answer->proposals.front());
    if (sa.suite.ke == nullptr || ke->method != sa.suite.ke->id || ke->method != sa.ke_method)
      return fail(sa, in, "the KE payload is of another method than the proposal");
    if (!sa.suite.additional().empty() && !has_intermediate(sa))
      return fail(sa, in,
                  "the responder chose an additional key exchange, but does not speak "
                  "IKE_INTERMEDIATE");
    sa.spi_r = in.header.spi_r;
    sa.transcript.nr = nonce->data;
    sa.transcript.real_message_2 = to_bytes(in.octets);
    auto g_ir = shared_secret(sa, *ke_, *ke, "IKE_SA_INIT");
    if (!g_ir) return fail(sa, in, g_ir.error().message);
    if (auto made = derive_ike_keys(sa, *g_ir); !made) return fail(sa, in, made.error().message);
    sa.set_state(Trigger::init_response);
    for (const Extension& extension : extensions())
      if (extension.keyed != nullptr) extension.keyed(sa, in.now);
    sa.enqueue(in.now, make_ike_auth());
    return Outcome::done;
  }

 private:
  // COOKIE (RFC 7296, 2.6) and INVALID_KE_PAYLOAD (1.2): the same request again, with what was
  // asked for.
  std::optional<Outcome> asked_to_repeat(IkeSa& sa, const Inbound& in) {
    const auto* cookie = find_notify(in.payloads, NotifyType::cookie);
    const auto* invalid_ke = find_notify(in.payloads, NotifyType::invalid_ke_payload);
    if (cookie == nullptr && invalid_ke == nullptr) return std::nullopt;
    if (++retries_ > most_retries)
      return fail(sa, in, "the peer asked to repeat IKE_SA_INIT too often");
    if (cookie != nullptr) {
      if (cookie->data.empty() || cookie->data.size() > bounds::cookie_octets_max)
        return fail(sa, in, "an impossible cookie");
      sa.cookie = cookie->data;
      solve_puzzle(sa, in);
      return Outcome::retry;
    }
    if (invalid_ke->data.size() != 2) return fail(sa, in, "INVALID_KE_PAYLOAD names no method");
    const auto method = static_cast<std::uint16_t>(invalid_ke->data[0] << 8 | invalid_ke->data[1]);
    //= rfc7296#1.2 "the initiator MUST retry the IKE_SA_INIT with the corrected Diffie-Hellman
    //= group"
    if (method == sa.ke_method || !offers_ke(sa.connection->proposals, method))
      return fail(sa, in, "the peer asks for a key exchange method that was not offered");
    sa.ke_method = method;
    ke_.reset();
    return Outcome::retry;
  }

  /// RFC 8019, 7.1.2: an initiator that does not solve the puzzle goes on as without.
  static void solve_puzzle(IkeSa& sa, const Inbound& in) {
    sa.puzzle_solution.clear();
    const auto* asked = find_notify(in.payloads, NotifyType::puzzle);
    const auto puzzle = asked == nullptr ? std::nullopt : read_puzzle(*asked);
    if (!puzzle || !sa.services.config.puzzle_solve) return;
    Solution solution = solve(sa.services.provider, *puzzle, sa.cookie);
    sa.emit(trace::TimerFired{"puzzle", in_words(solution, *puzzle)});
    sa.puzzle_solution = std::move(solution.keys);
  }

  Outcome fail(IkeSa& sa, const Inbound& in, std::string why) {
    detail = std::move(why);
    sa.die(in.now, Trigger::init_failed, detail);
    return Outcome::failed;
  }

  std::unique_ptr<crypto::KeyExchange> ke_;
  std::vector<wire::Proposal> offered_;
  unsigned retries_ = 0;
};

// The responder keeps nothing when it refuses: its SPI stays zero, and the endpoint forgets the SA
// (state NONE).
std::vector<wire::Payload> refuse(IkeSa& sa, wire::Payload why) {
  sa.spi_r = {};
  return {std::move(why)};
}

/// The data of our KE payload. The secret waits until a message needs it: the request may be all
/// that ever comes. A KEM has its secret at once.
Result<Bytes> answer_ke(IkeSa& sa, const wire::KePayload& ke_i) {
  if (sa.suite.ke->answer_size != 0) {
    IKELAB_TRY(crypto::KeyAnswer answer, answer_key_exchange(sa, ke_i, "IKE_SA_INIT"));
    IKELAB_CHECK(derive_ike_keys(sa, answer.shared));
    return std::move(answer.public_value);
  }
  IKELAB_TRY(auto own, make_key_exchange(sa, ke_i.method));
  //= rfc6989#2.5 "If this error happens during the IKE_SA_INIT exchange, then the recipient MUST
  //= drop the message that contains an invalid KE payload and MUST NOT use that message when
  //= creating the IKE security association (SA)."
  IKELAB_CHECK(own->check(ke_i.data));
  Bytes ke_r = own->public_value();
  sa.due_secret = DueSecret{std::move(own), ke_i};
  return ke_r;
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  for (const Extension& extension : extensions())
    if (extension.diverts != nullptr)
      if (auto instead = extension.diverts(sa, in)) {
        detail = "sent to another gateway";
        sa.spi_r = {};
        return std::move(*instead);
      }
  const auto& offered = wire::first<wire::SaPayload>(in.payloads)->proposals;
  const auto& ke = *wire::first<wire::KePayload>(in.payloads);
  // Without IKE_INTERMEDIATE there is no place for an Additional Key Exchange (RFC 9370, 2.2.1).
  const policy::Selection selection =
      policy::select(offered, sa.connection->proposals, announces_intermediate(in.payloads),
                     sa.services.tells<trace::Negotiated>());
  emit_ike_negotiation(sa, "responder", selection);
  failed = true;
  if (!selection.chosen) {
    detail = "no IKE proposal was acceptable";
    return refuse(sa, notify(NotifyType::no_proposal_chosen));
  }
  //= rfc7296#1.2 "If the initiator guesses wrong, the responder will respond with a Notify payload
  //= of type INVALID_KE_PAYLOAD indicating the selected group."
  if (ke.method != selection.suite.ke->id) {
    const std::uint16_t method = selection.suite.ke->id;
    detail = "the KE payload is of another method than the chosen proposal: " +
             std::string(selection.suite.ke->name) + " is needed";
    return refuse(
        sa, notify(NotifyType::invalid_ke_payload,
                   {static_cast<std::uint8_t>(method >> 8), static_cast<std::uint8_t>(method)}));
  }
  sa.suite = selection.suite;
  sa.spi_i = in.header.spi_i;
  sa.transcript.ni = wire::first<wire::NoncePayload>(in.payloads)->data;
  sa.transcript.nr = make_nonce(sa);
  sa.transcript.real_message_1 = to_bytes(in.octets);
  auto ke_r = answer_ke(sa, ke);
  if (!ke_r) {
    detail = ke_r.error().message;
    return refuse(sa, notify(NotifyType::invalid_syntax));
  }
  failed = false;
  sa.set_state(Trigger::init_request);
  sa.set_timer(Timer::half_open, in.now + half_open_time);
  std::vector<wire::Payload> out = {
      wire::make_payload(wire::SaPayload{{*selection.chosen}}),
      wire::make_payload(wire::KePayload{ke.method, std::move(*ke_r)}),
      wire::make_payload(wire::NoncePayload{sa.transcript.nr})};
  if (auto request = certificate_request(sa)) out.push_back(std::move(*request));
  return out;
}

}  // namespace

std::unique_ptr<Task> make_ike_init() {
  return std::make_unique<IkeInit>();
}

ResponderRow respond_ike_init() {
  return {"ike_init", wire::ExchangeType::ike_sa_init, [](const Inbound&) { return true; },
          respond};
}

}  // namespace ikelab::ikev2
