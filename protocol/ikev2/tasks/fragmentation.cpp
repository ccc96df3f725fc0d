// IKEV2_FRAGMENTATION_SUPPORTED: whether large messages may go in parts, said in IKE_SA_INIT; and
// parts whose others never come (RFC 7383, 2.3 and 2.6).
//
//   HDR, SAi1, KEi, Ni, N(IKEV2_FRAGMENTATION_SUPPORTED)  -->
//        <--  HDR, SAr1, KEr, Nr, N(IKEV2_FRAGMENTATION_SUPPORTED)
//   HDR, SKF(1 of 3) {...}, HDR, SKF(2 of 3) {...}, HDR, SKF(3 of 3) {...}  -->
#include "protocol/ikev2/fragmentation.hpp"

#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

bool is_init(wire::ExchangeType exchange) {
  return exchange == wire::ExchangeType::ike_sa_init;
}

bool announced(const std::vector<wire::Payload>& payloads) {
  return find_notify(payloads, NotifyType::ikev2_fragmentation_supported) != nullptr;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const bool refusal = wire::first<wire::NoncePayload>(payloads) == nullptr;
  if (!is_init(out.exchange) || refusal ||
      sa.connection->fragmentation == policy::Fragmentation::no)
    return;
  if (out.response && !announced(out.request->payloads)) return;
  payloads.push_back(notify(NotifyType::ikev2_fragmentation_supported));
}

void read(IkeSa& sa, const Inbound& in) {
  auto& state = sa.notes.of<FragmentState>();
  if (is_init(in.header.exchange)) {
    state.supported =
        sa.connection->fragmentation != policy::Fragmentation::no && announced(in.payloads);
    return;
  }
  // The message is here, in whatever form: what is left of its parts is of no use any more.
  (in.header.response ? state.responses : state.requests).erase(in.header.message_id.value);
  if (!in.header.response && !in.from_fragments) state.answered.erase(in.header.message_id.value);
}

std::optional<Instant> due(const IkeSa& sa) {
  const auto* state = sa.notes.find<FragmentState>();
  if (state == nullptr) return std::nullopt;
  std::optional<Instant> next;
  for (const auto* all : {&state->requests, &state->responses})
    for (const auto& [id, held] : *all)
      if (!next || held.give_up < *next) next = held.give_up;
  return next;
}

//= rfc7383#2.6 "If the receiver does not get all IKE fragments needed to reassemble the original
//= message within a timeout interval, it MUST discard all IKE Fragment messages received so far for
//= the exchange."
void forget_parts(IkeSa& sa, Instant now) {
  auto& state = sa.notes.of<FragmentState>();
  for (auto* all : {&state.requests, &state.responses})
    std::erase_if(*all, [&](const auto& row) {
      const Reassembly& held = row.second;
      if (held.give_up > now) return false;
      sa.diagnose(Error{"E-IKE-074", std::to_string(held.parts.size()) + " of " +
                                         std::to_string(held.total) +
                                         " fragments came, and the others not in time"}
                      .see("RFC 7383, 2.6"));
      return true;
    });
}

void inherit(IkeSa& heir, const IkeSa& old) {
  const auto* state = old.notes.find<FragmentState>();
  if (state == nullptr) return;
  auto& of_heir = heir.notes.of<FragmentState>();
  of_heir.supported = state->supported;
  of_heir.threshold = state->threshold;
}

}  // namespace

Extension fragmentation_extension() {
  return {.name = "fragmentation",
          .rfc = "RFC 7383",
          .add = add,
          .read = read,
          .due = due,
          .timeout = forget_parts,
          .inherit = inherit};
}

}  // namespace ikelab::ikev2
