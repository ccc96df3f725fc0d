// NAT traversal: NAT_DETECTION_*_IP in IKE_SA_INIT, the way over port 4500, a peer whose NAT gives
// it another port, keepalives (RFC 7296, 2.23; RFC 3948, 4).
//
//   HDR, SAi1, KEi, Ni, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)  -->  port 500
//        <--  HDR, SAr1, KEr, Nr, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP)
//   a NAT was found:  HDR, SK {IDi, AUTH, ...}  -->                                       port 4500
#include <fmt/format.h>

#include <algorithm>

#include "protocol/ikev2/nat.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev2 {
namespace {

bool is_init(wire::ExchangeType exchange) {
  return exchange == wire::ExchangeType::ike_sa_init;
}

bool detects_nat(const std::vector<wire::Payload>& payloads) {
  return find_notify(payloads, wire::NotifyType::nat_detection_source_ip) != nullptr;
}

//= rfc7296#2.23 "The location of the payloads in the IKE_SA_INIT packets is just after the Ni and
//= Nr payloads (before the optional CERTREQ payload)."
void add(IkeSa& sa, const Outbound& out, std::vector<wire::Payload>& payloads) {
  if (!is_init(out.exchange)) return;
  if (out.response && !detects_nat(out.request->payloads)) return;
  const auto nonce = std::find_if(payloads.begin(), payloads.end(), [](const auto& payload) {
    return payload.type == wire::PayloadType::nonce;
  });
  if (nonce == payloads.end()) return;  // a refusal
  const auto notifies = out.response ? nat_detection(sa, out.request->dst, out.request->src)
                                     : nat_detection(sa, sa.local, sa.peer);
  payloads.insert(nonce + 1, notifies.begin(), notifies.end());
}

/// RFC 7296, 2.23: the address of the latest packet of the peer that was authentic and new is the
/// peer's from now on, when it is behind a NAT and we are not.
bool follows_peer(const IkeSa& sa) {
  const NatState& nat = nat_of(sa);
  //= rfc7296#2.23 "A host behind a NAT SHOULD NOT do this type of dynamic address update if a
  //= validated packet has different port and/or address values because it opens a possible DoS
  //= attack (such as allowing an attacker to break the connection with a single packet)."
  return nat.there && !nat.here;
}

void follow(IkeSa& sa, const SocketAddress& peer) {
  if (peer == sa.peer || !follows_peer(sa)) return;
  const std::string reason = "the NAT in front of the peer has another mapping";
  sa.relocate(sa.local, peer, reason);
  migrate_children(sa, reason);
}

void read(IkeSa& sa, const Inbound& in) {
  if (is_init(in.header.exchange)) {
    read_nat_detection(sa, in);
  } else if (sa.state() == State::half_open) {
    // RFC 7296, 2.23: after IKE_SA_INIT the initiator may have gone to port 4500.
    sa.relocate(in.dst, in.src, "the initiator goes on from there");
  } else if (!nat_of(sa).explicit_moves) {
    follow(sa, in.src);
  }
}

void begin_keepalives(IkeSa& sa, Instant now) {
  if (!nat_of(sa).here || sa.connection->keep_alive <= Duration::zero()) return;
  sa.notes.of<NatState>().keepalive_at = now + sa.connection->keep_alive;
}

void keyed(IkeSa& sa, Instant now) {
  if (!nat_of(sa).any()) return;
  //= rfc7296#2.23 "The IKE initiator MUST check the NAT_DETECTION_SOURCE_IP or
  //= NAT_DETECTION_DESTINATION_IP payloads if present, and if they do not match the addresses in
  //= the outer packet, MUST tunnel all future IKE and ESP packets associated with this IKE SA over
  //= UDP port 4500."
  sa.relocate({sa.local.ip, wire::udp_encapsulation_port},
              {sa.peer.ip, wire::udp_encapsulation_port},
              nat_of(sa).forced ? "encap: true asks for UDP encapsulation" : "a NAT was detected");
  begin_keepalives(sa, now);
}

std::optional<Instant> due(const IkeSa& sa) {
  const bool in_use = sa.state() == State::established || sa.state() == State::authenticating;
  const auto* nat = sa.notes.find<NatState>();
  return in_use && nat != nullptr && nat->here ? nat->keepalive_at : std::nullopt;
}

//= rfc3948#4 "The sole purpose of sending NAT-keepalive packets is to keep NAT mappings alive for
//= the duration of a connection between the peers"
void keep_alive(IkeSa& sa, Instant now) {
  begin_keepalives(sa, now);
  const std::uint64_t id = sa.services.transmit(sa.local, sa.peer, {wire::nat_keepalive_octet});
  sa.emit(trace::TimerFired{
      "nat_keepalive",
      fmt::format("datagram {} keeps the NAT's mapping for {} alive", id, sa.local.to_string())});
}

void inherit(IkeSa& heir, const IkeSa& old) {
  heir.notes.of<NatState>() = nat_of(old);
}

}  // namespace

Extension nat_traversal_extension() {
  return {.name = "nat_traversal",
          .rfc = "RFC 7296, 2.23",
          .add = add,
          .read = read,
          .keyed = keyed,
          .established = begin_keepalives,
          .due = due,
          .timeout = keep_alive,
          .inherit = inherit};
}

void follow_esp(IkeSa& sa, const SocketAddress& peer) {
  // RFC 4555, 3.8 leaves it open for ESP. Who holds one packet back and sends it on from elsewhere
  // would have the answers (A29), so that with MOBIKE only UPDATE_SA_ADDRESSES moves an SA.
  if (sa.state() == State::established && udp_ports(sa) && !nat_of(sa).explicit_moves)
    follow(sa, peer);
}

}  // namespace ikelab::ikev2
