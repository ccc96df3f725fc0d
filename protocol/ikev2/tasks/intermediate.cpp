// INTERMEDIATE_EXCHANGE_SUPPORTED, and what AUTH covers of IKE_INTERMEDIATE (RFC 9242).
//
//   HDR, SAi1, KEi, Ni, N(INTERMEDIATE_EXCHANGE_SUPPORTED)  -->
//        <--  HDR, SAr1, KEr, Nr, N(INTERMEDIATE_EXCHANGE_SUPPORTED)
//   HDR(IKE_INTERMEDIATE), SK {...}  -->   <--  HDR(IKE_INTERMEDIATE), SK {...}     once or more
#include "protocol/ikev2/intermediate.hpp"

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

bool is_refusal(const std::vector<wire::Payload>& payloads) {
  return wire::first<wire::SaPayload>(payloads) == nullptr;
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (out.exchange != ExchangeType::ike_sa_init || is_refusal(payloads)) return;
  const bool wanted = out.response ? announces_intermediate(out.request->payloads)
                                   : wants_intermediate(*sa.connection);
  if (wanted) payloads.push_back(notify(NotifyType::intermediate_exchange_supported));
}

/// One direction of an exchange into IntAuth; keys change only after both.
void cover(IkeSa& sa, bool of_initiator, const keys::IntAuthMessage& message) {
  keys::IntAuth& covered = sa.transcript.int_auth;
  if (of_initiator) ++covered.exchanges;
  Bytes& value = of_initiator ? covered.i : covered.r;
  const Secret& sk_p = of_initiator ? sa.keys.sk_pi : sa.keys.sk_pr;
  keys::Derivations derivations = sa.services.derivations();
  auto next = keys::next_int_auth(sa.services.provider, *sa.suite.prf, sk_p, value, message,
                                  of_initiator ? 'i' : 'r', covered.exchanges, derivations);
  if (!next) return sa.diagnose(next.error());
  value = std::move(*next);
  sa.emit_keys(derivations);
}

//= rfc9242#3.3.2 "The prf calculations MUST be applied to whole messages only, before possible IKE
//= fragmentation."
//= rfc9242#3.3.2 "If the message was received in fragmented form, it MUST be reconstructed before
//= calculating the prf as if it were received unfragmented."
void read(IkeSa& sa, const Inbound& in) {
  if (in.header.exchange == ExchangeType::ike_sa_init)
    sa.notes.of<IntermediateState>().supported =
        announces_intermediate(in.payloads) &&
        (!sa.original_initiator || wants_intermediate(*sa.connection));
  if (in.header.exchange != ExchangeType::ike_intermediate) return;
  cover(sa, !sa.original_initiator,
        {in.octets, static_cast<std::uint8_t>(in.first_inner), in.sealed_reserved, in.plain});
  if (!in.header.response) sa.set_timer(Timer::half_open, in.now + half_open_time);
}

void sent(IkeSa& sa, const Outbound& out, ByteView datagram,
          const std::vector<wire::Payload>& payloads) {
  if (out.exchange != ExchangeType::ike_intermediate) return;
  const wire::EncodedChain chain = wire::encode_chain(payloads);
  cover(sa, sa.original_initiator,
        {datagram, static_cast<std::uint8_t>(chain.first), 0, chain.bytes});
}

std::optional<std::string> refuses(const IkeSa& sa, ExchangeType exchange) {
  if (exchange != ExchangeType::ike_intermediate) return std::nullopt;
  if (!has_intermediate(sa)) return "nobody agreed on IKE_INTERMEDIATE";
  // RFC 9242, 5: an initiator that nobody knows must not go on like this for ever.
  if (sa.transcript.int_auth.exchanges >= bounds::intermediate_exchanges)
    return "there were enough of them";
  return std::nullopt;
}

/// Nothing that we know of is in it.
std::vector<wire::Payload> respond(IkeSa&, const Inbound&, std::string& detail, bool&) {
  detail = "answered with nothing";
  return {};
}

}  // namespace

bool wants_intermediate(const policy::ConnectionConfig& connection) {
  const bool for_ppk =
      connection.ppk_exchange != policy::PpkExchange::auth && !connection.ppks.empty();
  return for_ppk || policy::asks_for_additional(connection.proposals);
}

bool has_intermediate(const IkeSa& sa) {
  const auto* state = sa.notes.find<IntermediateState>();
  return state != nullptr && state->supported;
}

bool announces_intermediate(const std::vector<wire::Payload>& payloads) {
  return find_notify(payloads, NotifyType::intermediate_exchange_supported) != nullptr;
}

Extension intermediate_extension() {
  return {.name = "intermediate",
          .rfc = "RFC 9242",
          .add = add,
          .read = read,
          .sent = sent,
          .refuses = refuses};
}

ResponderRow respond_intermediate() {
  return {"intermediate", ExchangeType::ike_intermediate, [](const Inbound&) { return true; },
          respond};
}

}  // namespace ikelab::ikev2
