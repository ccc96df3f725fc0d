// MOBIKE (RFC 4555): addresses that change while the SAs stay.
//
//   HDR, SK {IDi, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}  -->
//                             <--  HDR, SK {IDr, AUTH, SA, TSi, TSr, N(MOBIKE_SUPPORTED)}
//   from the new address:
//   HDR, SK {N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*_IP), N(COOKIE2)}  -->
//                             <--  HDR, SK {N(NAT_DETECTION_*_IP), N(COOKIE2)}
//   and the responder asks whether somebody is there, before ESP goes that way:
//                             <--  HDR, SK {N(COOKIE2)}
//   HDR, SK {N(COOKIE2)}  -->
#include "protocol/ikev2/mobike.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/nat.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::ExchangeType;
using wire::NotifyType;

constexpr std::size_t cookie2_octets = 16;  // RFC 4555, 4.2.5: 8 to 64

MobikeState mobike_of(const IkeSa& sa) {
  const auto* state = sa.notes.find<MobikeState>();
  return state == nullptr ? MobikeState{} : *state;
}

bool acceptable(const IkeSa& sa, const SocketAddress& src) {
  const std::uint8_t first = src.ip.octets()[0];
  const bool multicast = src.ip.is_v6() ? first == 0xff : first >= 224;
  return !src.ip.is_unspecified() && !multicast && src.ip != sa.local.ip;
}

/// Where else we may be reached, or that there is nothing else (RFC 4555, 3.4).
std::vector<wire::Payload> other_addresses(const IkeSa& sa) {
  std::vector<wire::Payload> out;
  for (const IpAddress& address : sa.connection->additional_addrs)
    if (address != sa.local.ip)
      out.push_back(notify(
          address.is_v6() ? NotifyType::additional_ip6_address : NotifyType::additional_ip4_address,
          to_bytes(address.octets())));
  return out;
}

/// For the responder to compare with the IP header.
Bytes addresses_of_path(const SocketAddress& src, const SocketAddress& dst) {
  const auto octets = [](const SocketAddress& address) {
    return concat({address.ip.octets(), Bytes{static_cast<std::uint8_t>(address.port >> 8),
                                              static_cast<std::uint8_t>(address.port)}});
  };
  return concat({octets(src), octets(dst)});
}

/// What a request that moves SAs says about NATs on its way.
//= rfc4555#3.9 "MUST also include a NO_NATS_ALLOWED notification."
std::vector<wire::Payload> about_nats(IkeSa& sa) {
  if (!sa.connection->no_nats) return nat_detection(sa, sa.local, sa.peer);
  return {notify(NotifyType::no_nats_allowed, addresses_of_path(sa.local, sa.peer))};
}

/// An INFORMATIONAL exchange of ours that asks for an echo (RFC 4555, 3.7).
class Checked : public Task {
 public:
  [[nodiscard]] ExchangeType exchange() const override { return ExchangeType::informational; }

 protected:
  wire::Payload cookie2(IkeSa& sa) {
    cookie_ = sa.services.streams.cookie->bytes(cookie2_octets);
    return notify(NotifyType::cookie2, cookie_);
  }
  //= rfc4555#3.7 "When processing the response, the original sender MUST verify that the value is
  //= the same one as sent. If the values do not match, the IKE_SA MUST be closed."
  bool echoed(IkeSa& sa, const Inbound& in) {
    const auto* echo = find_notify(in.payloads, NotifyType::cookie2);
    if (echo != nullptr && echo->data == cookie_) return true;
    const Error error =
        Error{"E-IKE-084", "COOKIE2 came back changed, or not at all"}.see("RFC 4555, 3.7");
    detail = error.message;
    sa.diagnose(error, in.datagram);
    sa.die(in.now, Trigger::delete_received, detail);
    return false;
  }

 private:
  Bytes cookie_;
};

/// The one that decides says which addresses are used from now on: those of this request.
class UpdateAddresses : public Checked {
 public:
  [[nodiscard]] std::string_view name() const override { return "update_sa_addresses"; }

  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    local_ = sa.local;
    peer_ = sa.peer;
    std::vector<wire::Payload> out = {notify(NotifyType::update_sa_addresses)};
    for (wire::Payload& payload : about_nats(sa)) out.push_back(std::move(payload));
    out.push_back(cookie2(sa));
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    //= rfc4555#3.5 "If an address change has occurred after the request was first sent, no MOBIKE
    //= processing is done for the reply message"
    if (sa.local != local_ || sa.peer != peer_) {
      detail = "another change of address overtook it";
      return Outcome::done;
    }
    const auto* error = find_error(in.payloads);
    //= rfc4555#3.9 "it SHOULD retry the operation several times using new INFORMATIONAL requests."
    if (error != nullptr && error->type == NotifyType::unexpected_nat_detected && ++tries_ < tries)
      return Outcome::retry;
    if (error != nullptr) {
      detail = "the peer answered " + wire::name(error->type);
      sa.diagnose(
          Error{"E-IKE-083", "the addresses were not accepted: " + detail}.see("RFC 4555, 3.5"),
          in.datagram);
      return Outcome::failed;
    }
    if (!echoed(sa, in)) return Outcome::failed;
    read_nat_detection(sa, in);
    detail = "the SAs go between " + sa.local.to_string() + " and " + sa.peer.to_string();
    migrate_children(sa, "UPDATE_SA_ADDRESSES was answered");
    return Outcome::done;
  }

 private:
  static constexpr unsigned tries = 3;
  SocketAddress local_, peer_;
  unsigned tries_ = 0;
};

/// Whether the peer gets what is sent to its new address, before the Child SAs go there.
class ReturnRoutability : public Checked {
 public:
  [[nodiscard]] std::string_view name() const override { return "return_routability"; }
  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    peer_ = sa.peer;
    return std::vector{cookie2(sa)};
  }
  Outcome response(IkeSa& sa, const Inbound& in) override {
    if (!echoed(sa, in)) return Outcome::failed;
    if (sa.peer != peer_) return Outcome::done;  // it moved on, and is asked again there
    detail = "the peer gets what is sent to " + sa.peer.to_string();
    migrate_children(sa, "the peer moved, and answers there");
    return Outcome::done;
  }

 private:
  SocketAddress peer_;
};

/// The one that does not decide has another address, and tells (RFC 4555, 3.6).
class TellAddresses : public Checked {
 public:
  [[nodiscard]] std::string_view name() const override { return "tell_addresses"; }
  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    std::vector<wire::Payload> out = other_addresses(sa);
    if (out.empty()) out.push_back(notify(NotifyType::no_additional_addresses));
    if (sa.connection->no_nats)
      for (wire::Payload& payload : about_nats(sa)) out.push_back(std::move(payload));
    out.push_back(cookie2(sa));
    return out;
  }
  Outcome response(IkeSa& sa, const Inbound& in) override {
    return echoed(sa, in) ? Outcome::done : Outcome::failed;
  }
};

// ---- the other side's requests -----------------------------------------------------------------

//= rfc4555#3.9 "The exchange responder MUST verify that the contents of the NO_NATS_ALLOWED
//= notification match the addresses in the IP header."
bool nat_between(const wire::NotifyPayload& no_nats, const Inbound& in) {
  return no_nats.data != addresses_of_path(in.src, in.dst);
}

void take_update(IkeSa& sa, MobikeState& state, const Inbound& in) {
  if (state.decides) return;  // nobody moves us but ourselves
  if (!acceptable(sa, in.src)) {
    state.refusal = NotifyType::unacceptable_addresses;
    return;
  }
  const bool moved = sa.peer != in.src || sa.local != in.dst;
  read_nat_detection(sa, in);
  //= rfc4555#3.5 "Updates the IP addresses in the IKE_SA with the values from the IP header."
  sa.relocate(in.dst, in.src, "the peer says UPDATE_SA_ADDRESSES");
  if (!moved) return migrate_children(sa, "the peer says UPDATE_SA_ADDRESSES");
  //= rfc4555#3.7 "By default, the return routability check SHOULD be done before updating the IPsec
  //= SAs"
  sa.enqueue(in.now, std::make_unique<ReturnRoutability>());
}

void take_list(IkeSa& sa, MobikeState& state, const Inbound& in) {
  std::vector<IpAddress> told;
  bool list = find_notify(in.payloads, NotifyType::no_additional_addresses) != nullptr;
  for (const wire::Payload& payload : in.payloads)
    if (const auto* body = std::get_if<wire::NotifyPayload>(&payload.body);
        body != nullptr && (body->type == NotifyType::additional_ip4_address ||
                            body->type == NotifyType::additional_ip6_address)) {
      list = true;
      const auto address = IpAddress::from_octets(body->data);
      if (address.ok() && told.size() < bounds::addresses_of_peer) told.push_back(*address);
    }
  if (!list) return;
  state.peer_addresses = std::move(told);  // "The new list of addresses replaces the old"
  const bool reachable =
      in.src.ip == sa.peer.ip || std::find(state.peer_addresses.begin(), state.peer_addresses.end(),
                                           sa.peer.ip) != state.peer_addresses.end();
  if (reachable || !state.decides || in.header.response || !acceptable(sa, in.src)) return;
  sa.relocate(sa.local, in.src, "the peer's address is no longer the one in use");
  sa.enqueue(in.now, std::make_unique<UpdateAddresses>());
}

/// RFC 4555, 3.8: a liveness check from behind a NAT shows when the NAT gave another mapping.
void compare_mapping(IkeSa& sa, const MobikeState& state, const Inbound& in) {
  if (in.answers == nullptr || in.answers->name() != "dpd" || !state.decides) return;
  const auto* seen = find_notify(in.payloads, NotifyType::nat_detection_destination_ip);
  if (seen == nullptr || seen->data == nat_of(sa).seen_as) return;
  sa.enqueue(in.now, std::make_unique<UpdateAddresses>());
}

// ---- hooks -------------------------------------------------------------------------------------

void read(IkeSa& sa, const Inbound& in) {
  if (!sa.connection->mobike) return;
  auto& state = sa.notes.of<MobikeState>();
  if (in.header.exchange == ExchangeType::ike_auth &&
      find_notify(in.payloads, NotifyType::mobike_supported) != nullptr) {
    state.spoken = true;
    state.decides = sa.original_initiator;
    //= rfc4555#3.8 "The host not behind a NAT MUST NOT use these dynamic updates for IKEv2 packets,
    //= but MAY use them for ESP packets."
    sa.notes.of<NatState>().explicit_moves = true;
    take_list(sa, state, in);
  }
  if (!state.spoken || in.header.exchange != ExchangeType::informational) return;
  state.refusal.reset();
  if (!in.header.response) {
    const auto* no_nats = find_notify(in.payloads, NotifyType::no_nats_allowed);
    const bool updates = find_notify(in.payloads, NotifyType::update_sa_addresses) != nullptr;
    if (no_nats != nullptr && nat_between(*no_nats, in)) {
      state.refusal = NotifyType::unexpected_nat_detected;
      return;
    }
    if (updates) take_update(sa, state, in);
    take_list(sa, state, in);
  }
  compare_mapping(sa, state, in);
}

void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (!sa.connection->mobike) return;
  const auto state = mobike_of(sa);
  if (out.exchange == ExchangeType::ike_auth) {
    const bool asks = !out.response && wire::first<wire::SaPayload>(payloads) != nullptr;
    const bool answers = out.response && state.spoken && sa.state() == State::established;
    if (!asks && !answers) return;
    payloads.push_back(notify(NotifyType::mobike_supported));
    for (wire::Payload& payload : other_addresses(sa)) payloads.push_back(std::move(payload));
    return;
  }
  if (!state.spoken || out.exchange != ExchangeType::informational) return;
  if (!out.response) {
    if (payloads.empty() && state.decides && nat_of(sa).here && out.task->name() == "dpd")
      payloads = nat_detection(sa, sa.local, sa.peer);
    return;
  }
  //= rfc4555#3.8 "if the request includes them, the responder MUST also include them in the
  //= response"
  if (find_notify(out.request->payloads, NotifyType::nat_detection_source_ip) != nullptr)
    for (wire::Payload& payload : nat_detection(sa, out.request->dst, out.request->src))
      payloads.push_back(std::move(payload));
  if (state.refusal) payloads.push_back(notify(*state.refusal));
  //= rfc4555#3.7 "the recipient of an INFORMATIONAL request MUST copy the notification as-is to the
  //= response."
  if (const auto* cookie = find_notify(out.request->payloads, NotifyType::cookie2))
    payloads.push_back(notify(NotifyType::cookie2, cookie->data));
}

//= rfc4555#3.3 "implementations that support both this specification and NAT Traversal MUST change
//= to port 4500 if the correspondent also supports both, even if no NAT was detected between them"
void keyed(IkeSa& sa, Instant) {
  if (!sa.connection->mobike || !nat_of(sa).supported) return;
  sa.relocate({sa.local.ip, wire::udp_encapsulation_port},
              {sa.peer.ip, wire::udp_encapsulation_port},
              "with MOBIKE, port 4500 serves whatever is met later");
}

void inherit(IkeSa& heir, const IkeSa& old) {
  if (const auto* state = old.notes.find<MobikeState>()) heir.notes.of<MobikeState>() = *state;
}

}  // namespace

Extension mobike_extension() {
  return {.name = "mobike",
          .rfc = "RFC 4555",
          .add = add,
          .read = read,
          .keyed = keyed,
          .inherit = inherit};
}

bool move_to(IkeSa& sa, Instant now, const IpAddress& address) {
  const auto state = mobike_of(sa);
  if (!state.spoken) return false;
  sa.relocate({address, sa.local.port}, sa.peer, "our address changed");
  if (state.decides) {
    sa.enqueue(now, std::make_unique<UpdateAddresses>());
    return true;
  }
  //= rfc4555#3.5 "the responder is allowed to update the IPsec SAs to use some other address"
  migrate_children(sa, "our address changed");
  sa.enqueue(now, std::make_unique<TellAddresses>());
  return true;
}

}  // namespace ikelab::ikev2
