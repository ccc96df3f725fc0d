// SET_WINDOW_SIZE: how many requests the peer may have under way with us (RFC 7296, 2.3).
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

bool makes_ike_sa(const Outbound& out, const std::vector<wire::Payload>& payloads) {
  if (out.exchange == wire::ExchangeType::ike_auth)
    return wire::first<wire::AuthPayload>(payloads) != nullptr;
  const auto* sa = wire::first<wire::SaPayload>(payloads);
  return out.exchange == wire::ExchangeType::create_child_sa && sa != nullptr &&
         !sa->proposals.empty() && sa->proposals.front().protocol == wire::ProtocolId::ike;
}

//= rfc7296#2.3 "The SET_WINDOW_SIZE notification asserts that the sending endpoint is capable of
//= keeping state for multiple outstanding exchanges, permitting the recipient to send multiple
//= requests before getting a response to the first."
void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const auto size = static_cast<std::uint8_t>(sa.connection->window_size);
  if (size > 1 && makes_ike_sa(out, payloads))
    payloads.push_back(notify(wire::NotifyType::set_window_size, {0, 0, 0, size}));
}

void established(IkeSa& sa, Instant) {
  sa.accept_requests(sa.connection->window_size);
}

}  // namespace

Extension window_extension() {
  return {.name = "window", .rfc = "RFC 7296, 2.3", .add = add, .established = established};
}

}  // namespace ikelab::ikev2
