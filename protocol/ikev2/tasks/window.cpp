// SET_WINDOW_SIZE: how many requests the peer may have under way with us, and we with the peer (RFC
// 7296, 2.3).
#include <algorithm>

#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"

namespace ikelab::ikev2 {
namespace {

bool makes_ike_sa(wire::ExchangeType exchange, const std::vector<wire::Payload>& payloads) {
  if (exchange == wire::ExchangeType::ike_auth)
    return wire::first<wire::AuthPayload>(payloads) != nullptr;
  const auto* sa = wire::first<wire::SaPayload>(payloads);
  return exchange == wire::ExchangeType::create_child_sa && sa != nullptr &&
         !sa->proposals.empty() && sa->proposals.front().protocol == wire::ProtocolId::ike;
}

//= rfc7296#2.3 "The SET_WINDOW_SIZE notification asserts that the sending endpoint is capable of
//= keeping state for multiple outstanding exchanges, permitting the recipient to send multiple
//= requests before getting a response to the first."
void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  const auto size = static_cast<std::uint8_t>(sa.connection->window_size);
  if (size > 1 && makes_ike_sa(out.exchange, payloads))
    payloads.push_back(notify(wire::NotifyType::set_window_size, {0, 0, 0, size}));
}

/// What the peer said: of this IKE SA, and of the one that succeeds it.
struct WindowState {
  std::size_t said = 1, said_of_heir = 1;
};

std::size_t size_in(const Inbound& in) {
  const auto* said = find_notify(in.payloads, wire::NotifyType::set_window_size);
  if (said == nullptr || said->data.size() != 4) return 1;
  std::size_t size = 0;
  for (const std::uint8_t octet : said->data) size = size << 8 | octet;
  return size;
}

void read(IkeSa& sa, const Inbound& in) {
  auto& state = sa.notes.of<WindowState>();
  if (makes_ike_sa(in.header.exchange, in.payloads) &&
      in.header.exchange == wire::ExchangeType::create_child_sa) {
    state.said_of_heir = size_in(in);
    return;
  }
  //= rfc7296#2.3 "Thus, there is currently no way to reduce the window size of an existing IKE SA;
  //= you can only increase it."
  state.said = std::max(state.said, size_in(in));
  if (sa.state() == State::established) sa.permit_requests(state.said);
}

//= rfc7296#2.3 "When rekeying an IKE SA, the new IKE SA starts with window size 1 until it is
//= explicitly increased by sending a new SET_WINDOW_SIZE notification."
void inherit(IkeSa& heir, const IkeSa& old) {
  if (const auto* state = old.notes.find<WindowState>())
    heir.notes.of<WindowState>().said = state->said_of_heir;
}

//= rfc7296#2.3 "The window size is always one until the initial exchanges complete."
void established(IkeSa& sa, Instant) {
  sa.accept_requests(sa.connection->window_size);
  sa.permit_requests(sa.notes.of<WindowState>().said);
}

}  // namespace

Extension window_extension() {
  return {.name = "window",
          .rfc = "RFC 7296, 2.3",
          .add = add,
          .read = read,
          .established = established,
          .inherit = inherit};
}

}  // namespace ikelab::ikev2
