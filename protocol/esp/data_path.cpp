// The order of outbound and inbound processing (RFC 4301, 5; RFC 4303, 3.3 and 3.4). Invariant: an
// inbound packet reaches its plaintext only through SA look-up, replay window, ICV, padding and
// inbound policy, in this order, and the window moves only after a good ICV.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <list>

#include "protocol/esp/esp.hpp"
#include "protocol/esp/outer.hpp"
#include "protocol/esp/sad.hpp"

namespace ikelab::esp {
namespace {

constexpr std::size_t udp_octets = 8;
constexpr std::uint32_t path_mtu_least_v4 = 576, path_mtu_least_v6 = 1280;
/// An ICMP error about a packet that was sent longer ago than this many others is not believed.
constexpr std::uint64_t quoted_lately = 65'536;
/// How many flows' decisions are remembered: as many as there are SAs, powers of two.
constexpr std::size_t least_flows = 4, most_flows = 1024;

Error error(const char* code, std::string message, const char* rfc) {
  return Error{code, std::move(message)}.see(rfc);
}

std::uint64_t last_number(const SaParameters& sa) {
  return sa.suite.esn ? ~std::uint64_t{0} : 0xffff'ffffU;
}

/// A packet's IV, without allocating.
struct Iv {
  std::array<std::uint8_t, 16> octets{};
  std::size_t size = 0;
  [[nodiscard]] ByteView view() const { return {octets.data(), size}; }
};

/// In a counter mode an IV must never repeat under a key: the sequence number is a counter that
/// does not (RFC 4106, 3.1; RFC 3686, 3.1). A CBC IV must be unpredictable: random (RFC 3602, 3).
Iv make_iv(const crypto::Algorithm& encr, std::uint64_t sequence, crypto::Rng& rng) {
  Iv iv{{}, encr.iv_size};
  IKELAB_ASSERT(iv.size == 0 || iv.size >= sizeof sequence);
  if (encr.block_size > 1)
    rng.fill(std::span(iv.octets).first(iv.size));
  else if (iv.size != 0)
    for (std::size_t i = 0; i < sizeof sequence; ++i)
      iv.octets[iv.size - 1 - i] = static_cast<std::uint8_t>(sequence >> 8 * i);
  return iv;
}

/// The octets of the inner packet without what traffic flow confidentiality put behind it (RFC
/// 4303, 2.7).
std::size_t inner_size(ByteView payload) {
  const auto u16 = [&](std::size_t at) {
    return static_cast<std::size_t>((payload[at] << 8) | payload[at + 1]);
  };
  if (payload.size() >= 20 && payload[0] >> 4 == 4) return std::min(payload.size(), u16(2));
  if (payload.size() >= 40 && payload[0] >> 4 == 6) return std::min(payload.size(), 40 + u16(4));
  return payload.size();
}

/// RFC 4303, 2.6: what an SA may carry. Dummy packets are discarded without harm.
Result<void> check_next_header(const SaParameters& sa, std::uint8_t next_header, ByteView payload) {
  if (next_header == next_header_dummy)
    return error("E-ESP-DUMMY", "a dummy packet, to be discarded", "RFC 4303, 2.6");
  if (sa.transport) return {};
  const unsigned version = payload.empty() ? 0 : payload[0] >> 4;
  if (next_header == next_header_ipv4 && version == 4) return {};
  if (next_header == next_header_ipv6 && version == 6) return {};
  return error("E-ESP-POLICY",
               fmt::format("next header {} with IP version {} is nothing a tunnel-mode SA carries",
                           next_header, version),
               "RFC 4303, 2.6");
}

//= rfc4301#5.2 "Then match the packet against the inbound selectors identified by the SAD entry
//= to verify that the received packet is appropriate for the SA via which it was received."
Result<void> check_selectors(const SaParameters& sa, ByteView inner) {
  const auto flow = policy::flow_of_packet(inner);
  if (!flow.ok())
    return error("E-ESP-POLICY", "the inner packet cannot be read: " + flow.error().message,
                 "RFC 4301, 5.2");
  if (!selects(sa.ts_dst, sa.ts_src, reversed(*flow)))
    return error("E-ESP-POLICY",
                 "SA " + to_string(sa.spi) + " was not negotiated for " + summarize_packet(inner),
                 "RFC 4301, 5.2");
  return {};
}

}  // namespace

struct DataPath::Impl {
  crypto::Provider& provider;
  crypto::Rng& rng;
  Instant now = {};
  std::uint32_t link_mtu = 0;
  Spd spd = {};
  Sad sad = {};
  std::list<Wish> wishes = {};
  const std::string any_child = {};
  Bytes scratch = {};  // what transport mode decrypts, before its header stands in front of it

  /// What becomes of an outbound flow.
  struct Decision {
    Verdict verdict = Verdict::bypass;
    OutboundSa* sa = nullptr;
    Policy* policy = nullptr;
  };
  /// The decisions of late, each at a place that its flow names: a flow's next packet is decided
  /// by comparing. Whatever changes SPD or SAD forgets them all.
  struct Remembered {
    std::uint64_t generation = 0;
    Glance glance;
    Decision decision;
  };
  std::vector<Remembered> flows = std::vector<Remembered>(least_flows);
  std::uint64_t generation = 1;
  void forget_decisions() {
    ++generation;
    flows.resize(std::clamp(std::bit_ceil(sad.size()), least_flows, most_flows));
  }
  /// Errors: E-POL-021, no packet that can be read.
  Result<Decision> decide(ByteView packet) {
    const Glance glance = glance_at(packet);
    Remembered& place = flows[glance.hash() & (flows.size() - 1)];
    if (glance.any() && place.generation == generation && place.glance == glance)
      return place.decision;
    IKELAB_TRY(const policy::Flow flow, policy::flow_of_packet(packet));
    const Decision decision = decide_anew(flow);
    if (glance.any()) place = {generation, glance, decision};
    return decision;
  }
  Decision decide_anew(const policy::Flow& flow) {
    Policy* policy = spd.find(flow);
    if (policy != nullptr && policy->action == Action::bypass) return {Verdict::bypass, {}, policy};
    if (policy != nullptr && policy->action == Action::discard)
      return {Verdict::discard, {}, policy};
    OutboundSa* sa = sad.outbound(flow, policy != nullptr ? policy->child : any_child);
    if (sa != nullptr) return {Verdict::protect, sa, policy};
    return {policy != nullptr ? Verdict::discard : Verdict::bypass, nullptr, policy};
  }

  void wish(Wish wanted) {
    if (wishes.size() < bounds::esp_wishes) wishes.push_back(std::move(wanted));
  }
  void acquire(Policy& policy, ByteView packet);
  Result<std::uint64_t> next_sequence(OutboundSa& out);
  Result<void> count(const SaParameters& sa, EspSpi spi_in, Carried& carried, std::size_t octets);
  [[nodiscard]] std::uint32_t path_mtu(const OutboundSa& out) const;
  [[nodiscard]] std::size_t most_payload(const OutboundSa& out, std::size_t header_octets) const;
  Result<void> seal_tunnel(OutboundSa& out, const IpHeader& inner, ByteView packet, Sealed& sealed);
  Result<void> seal_transport(OutboundSa& out, const IpHeader& header, ByteView packet,
                              Sealed& sealed);
  void put(OutboundSa& out, std::uint64_t sequence, ByteView payload, std::uint8_t next_header,
           std::size_t tfc_octets, Sealed& sealed);
  void put_outer_header(const SaParameters& sa, std::uint8_t traffic_class, bool dont_fragment,
                        Sealed& sealed);

  Result<std::uint64_t> check_window(const InboundSa& in, std::uint32_t low) const;
  /// The header that an ESP packet came behind, if one is known.
  struct Outer {
    ByteView octets;
    const std::optional<IpHeader>& header;
  };
  Result<void> accept(InboundSa& in, std::uint64_t sequence, ByteView packet, const Outer& outer,
                      Opened& opened);
  Result<void> take_tunnel(const InboundSa& in, const Outer& outer, Opened& opened);
  Result<void> take_transport(const InboundSa& in, std::uint8_t next_header, const Outer& outer,
                              Opened& opened);
};

DataPath::DataPath(crypto::Provider& provider, crypto::Rng& rng) : impl_(new Impl{provider, rng}) {}
DataPath::~DataPath() = default;

void DataPath::apply(SadChange change) {
  if (auto* install = std::get_if<InstallSa>(&change)) {
    if (!install->inbound)
      for (Policy& policy : impl_->spd.policies())
        if (policy.child == install->sa.child) policy.asked.reset();
    impl_->sad.install(impl_->provider, std::move(*install));
  }
  if (const auto* remove = std::get_if<RemoveSa>(&change)) {
    //= rfc7296#2.8 "To rekey a Child SA within an existing IKE SA, create a new, equivalent SA (see
    //= Section 2.17 below), and when the new one is established, delete the old one."
    if (remove->inbound && remove->superseded)
      impl_->sad.retire(remove->spi, impl_->now + overlap_time);
    else
      impl_->sad.remove(*remove);
  }
  if (const auto* move = std::get_if<MoveSa>(&change)) impl_->sad.move(*move);
  impl_->forget_decisions();
}

void DataPath::set_now(Instant now) {
  impl_->now = now;
  impl_->sad.expire(now);
}
void DataPath::set_link_mtu(std::uint32_t octets) {
  impl_->link_mtu = octets;
}
void DataPath::add_policy(Policy policy) {
  impl_->forget_decisions();
  impl_->spd.add(std::move(policy));
}
void DataPath::require(std::vector<wire::TrafficSelector> local_ts,
                       std::vector<wire::TrafficSelector> remote_ts) {
  add_policy({{}, {}, Action::protect, {std::move(local_ts), std::move(remote_ts)}});
}

std::optional<Wish> DataPath::poll_wish() {
  if (impl_->wishes.empty()) return std::nullopt;
  Wish wish = std::move(impl_->wishes.front());
  impl_->wishes.pop_front();
  return wish;
}

std::size_t DataPath::size() const {
  return impl_->sad.size();
}

// ---- outbound ----------------------------------------------------------------------------------

Verdict DataPath::lookup(ByteView inner_ip_packet) const {
  const auto decision = impl_->decide(inner_ip_packet);
  // What cannot be read cannot be shown to need no protection.
  return decision.ok() ? decision->verdict : Verdict::discard;
}

void DataPath::Impl::acquire(Policy& policy, ByteView packet) {
  if (policy.asked && now - *policy.asked < acquire_time) return;
  policy.asked = now;
  const auto flow = policy::flow_of_packet(packet);
  wish({Wish::Kind::acquire,
        policy.connection,
        policy.child,
        {},
        summarize_packet(packet),
        flow.ok() ? std::optional(*flow) : std::nullopt});
}

//= rfc4301#4.4.2.1 "A compliant implementation MUST support both types of lifetimes, and MUST
//= support a simultaneous use of both."
/// A packet of `octets` before encryption, on an SA that has limits. Errors: E-ESP-LIFE, the SA is
/// over.
Result<void> DataPath::Impl::count(const SaParameters& sa, EspSpi spi_in, Carried& carried,
                                   std::size_t octets) {
  const Limits& most = sa.limits;
  const auto reached = [&](std::uint64_t bytes, std::uint64_t packets) {
    return (bytes != 0 && carried.bytes >= bytes) || (packets != 0 && carried.packets >= packets);
  };
  const auto tell = [&](bool& told, Wish::Kind kind) {
    if (!std::exchange(told, true))
      wish({kind,
            {},
            sa.child,
            spi_in,
            fmt::format("SA {} has carried {} octets in {} packets", to_string(sa.spi),
                        carried.bytes, carried.packets)});
  };
  if (reached(most.hard_bytes, most.hard_packets)) {
    tell(carried.hard_told, Wish::Kind::expire);
    return error("E-ESP-LIFE", "SA " + to_string(sa.spi) + " has carried all it may",
                 "RFC 4301, 4.4.2.1");
  }
  carried.bytes += octets;
  ++carried.packets;
  if (reached(most.soft_bytes, most.soft_packets)) tell(carried.soft_told, Wish::Kind::rekey);
  return {};
}

//= rfc4303#3.3.3 "the sender MUST NOT send a packet on an SA if doing so would cause the sequence
//= number to cycle."
Result<std::uint64_t> DataPath::Impl::next_sequence(OutboundSa& out) {
  const std::uint64_t last = last_number(out.sa);
  const bool exhausted = out.last_sequence >= last;
  const bool asked_enough = out.rekey_asked && !exhausted;
  if (out.last_sequence >= last - last / 16 && !asked_enough) {
    if (!out.rekey_asked)
      wish({Wish::Kind::rekey,
            {},
            out.sa.child,
            out.sa.pair,
            fmt::format("SA {} has used {} of {} sequence numbers", to_string(out.sa.spi),
                        out.last_sequence, last)});
    out.rekey_asked = true;
  }
  if (exhausted)
    return error("E-ESP-SEQ", "SA " + to_string(out.sa.spi) + " has used its last sequence number",
                 "RFC 4303, 3.3.3");
  return ++out.last_sequence;
}

std::uint32_t DataPath::Impl::path_mtu(const OutboundSa& out) const {
  const bool learned =
      out.path_mtu != 0 && out.path_mtu_learned && now - *out.path_mtu_learned < path_mtu_time;
  if (!learned) return link_mtu;
  return link_mtu == 0 ? out.path_mtu : std::min(out.path_mtu, link_mtu);
}

/// Of an ESP packet behind an IP header of that size; 0: no limit is known.
std::size_t DataPath::Impl::most_payload(const OutboundSa& out, std::size_t header_octets) const {
  const std::size_t mtu = path_mtu(out), around = header_octets + (out.sa.udp ? udp_octets : 0);
  return mtu <= around ? 0 : out.transform.most_payload(mtu - around);
}

Result<Sealed> DataPath::seal(ByteView inner_ip_packet) {
  Sealed sealed;
  IKELAB_CHECK(seal(inner_ip_packet, sealed));
  return sealed;
}

Result<void> DataPath::seal(ByteView inner_ip_packet, Sealed& sealed) {
  const auto decision = impl_->decide(inner_ip_packet);
  if (!decision.ok()) return decision.error();
  const auto [verdict, out, policy] = *decision;
  if (out == nullptr) {
    if (policy != nullptr && policy->action == Action::discard)
      return error("E-ESP-DISCARD", "policy discards " + summarize_packet(inner_ip_packet),
                   "RFC 4301, 5.1");
    if (policy != nullptr && policy->acquire) impl_->acquire(*policy, inner_ip_packet);
    return error("E-ESP-NO-SA", "no outbound SA selects " + summarize_packet(inner_ip_packet),
                 "RFC 4301, 5.1");
  }
  return out->sa.transport
             ? impl_->seal_transport(*out, *read_ip_header(inner_ip_packet), inner_ip_packet,
                                     sealed)
             : impl_->seal_tunnel(*out, *peek_ip_header(inner_ip_packet), inner_ip_packet, sealed);
}

void DataPath::Impl::put(OutboundSa& out, std::uint64_t sequence, ByteView payload,
                         std::uint8_t next_header, std::size_t tfc_octets, Sealed& sealed) {
  const SaParameters& sa = out.sa;
  const Iv iv = make_iv(*sa.suite.encr, sequence, rng);
  out.transform.seal(sequence, iv.view(), payload, next_header, tfc_octets, sealed.packet);
  sealed.src = sa.src;
  sealed.dst = sa.dst;
  sealed.spi = sa.spi;
  sealed.sequence = static_cast<std::uint32_t>(sequence);
  sealed.udp = sa.udp;
}

void DataPath::Impl::put_outer_header(const SaParameters& sa, std::uint8_t traffic_class,
                                      bool dont_fragment, Sealed& sealed) {
  IpHeader outer;
  outer.src = sa.src;
  outer.dst = sa.dst;
  outer.protocol = ip_protocol_esp;
  outer.traffic_class = sealed.traffic_class = traffic_class;
  outer.dont_fragment = sealed.dont_fragment = dont_fragment;
  sealed.header.clear();
  make_header(outer, sealed.packet.size(), sealed.header);
}

/// RFC 4301, 5.1.2: a header of its own around the whole inner packet.
Result<void> DataPath::Impl::seal_tunnel(OutboundSa& out, const IpHeader& inner, ByteView packet,
                                         Sealed& sealed) {
  const SaParameters& sa = out.sa;
  const bool v6 = packet[0] >> 4 == 6, whole = v6 || inner.dont_fragment;
  const std::size_t most = most_payload(out, sa.dst.is_v6() ? 40 : 20);
  const bool fits = most == 0 || packet.size() <= most;
  //= rfc4301#8.2.1 "Original (cleartext) packet is IPv4 and has the DF bit set. The implementation
  //= SHOULD discard the packet and send a PMTU ICMP message."
  //= rfc4301#8.2.1 "Original (cleartext) packet is IPv6. The implementation SHOULD discard the packet
  //= and send a PMTU ICMP message."
  if (!fits && whole)
    return error("E-ESP-TOO-BIG",
                 fmt::format("{} octets do not pass the tunnel, only {}, and they must not be "
                             "fragmented",
                             packet.size(), most),
                 "RFC 4301, 8.2.1");
  std::size_t tfc = 0;
  if (sa.tfc_padding != 0) {
    const std::size_t limit = most == 0 && sa.tfc_padding == policy::ChildConfig::tfc_mtu
                                  ? packet.size()
                              : most == 0 ? sa.tfc_padding
                                          : std::min<std::size_t>(sa.tfc_padding, most);
    tfc = limit > packet.size() ? limit - packet.size() : 0;
  }
  //= rfc4301#8.1 "This means that it MUST be possible to configure the implementation's treatment of
  //= the DF bit (set, clear, copy from inner header) for each SA."
  const bool dont_fragment =
      sa.copy.df == policy::Df::set || (sa.copy.df == policy::Df::copy && whole && fits);
  if (sa.limits.any()) IKELAB_CHECK(count(sa, sa.pair, out.carried, packet.size()));
  IKELAB_TRY(const std::uint64_t sequence, next_sequence(out));
  put(out, sequence, packet, v6 ? next_header_ipv6 : next_header_ipv4, tfc, sealed);
  put_outer_header(sa, outer_traffic_class(inner.traffic_class, sa.copy), dont_fragment, sealed);
  return {};
}

/// RFC 4303, 3.1.1: ESP between the packet's own header and its payload.
Result<void> DataPath::Impl::seal_transport(OutboundSa& out, const IpHeader& header,
                                            ByteView packet, Sealed& sealed) {
  //= rfc4303#3.3.4 "Thus, transport mode ESP is applied only to whole IP datagrams (not to IP
  //= fragments)."
  if (header.fragment)
    return error("E-ESP-FRAGMENT", "a fragment cannot be protected in transport mode",
                 "RFC 4303, 3.3.4");
  const ByteView payload =
      packet.subspan(header.size, std::max(inner_size(packet), header.size) - header.size);
  const std::size_t most = most_payload(out, header.size);
  if (most != 0 && payload.size() > most && (header.dont_fragment || header.src.is_v6()))
    return error("E-ESP-TOO-BIG",
                 fmt::format("{} octets of payload do not pass, only {}", payload.size(), most),
                 "RFC 4301, 8.2.1");
  if (out.sa.limits.any()) IKELAB_CHECK(count(out.sa, out.sa.pair, out.carried, payload.size()));
  IKELAB_TRY(const std::uint64_t sequence, next_sequence(out));
  put(out, sequence, payload, header.protocol, 0, sealed);
  sealed.src = header.src;
  sealed.dst = header.dst;
  sealed.traffic_class = header.traffic_class;
  sealed.dont_fragment = header.dont_fragment;
  sealed.header.clear();
  copy_header(packet, ip_protocol_esp, sealed.packet.size(), sealed.header);
  return {};
}

Result<Sealed> DataPath::dummy(const std::string& child, std::size_t octets) {
  OutboundSa* out = impl_->sad.outbound_of(child);
  if (out == nullptr)
    return error("E-ESP-NO-SA", "child '" + child + "' has no outbound SA", "RFC 4303, 2.6");
  IKELAB_TRY(const std::uint64_t sequence, impl_->next_sequence(*out));
  Sealed sealed;
  impl_->put(*out, sequence, impl_->rng.bytes(octets), next_header_dummy, 0, sealed);
  impl_->put_outer_header(out->sa, 0, false, sealed);
  return sealed;
}

// ---- path MTU ----------------------------------------------------------------------------------

std::uint32_t DataPath::mtu_for(ByteView inner_ip_packet) const {
  const auto decision = impl_->decide(inner_ip_packet);
  const auto header = peek_ip_header(inner_ip_packet);
  if (!decision.ok() || !header) return 0;
  const OutboundSa* out = decision->sa;
  if (out == nullptr) return 0;
  const std::size_t own = out->sa.transport ? header->size : 0;
  const std::size_t around = own != 0 ? own : out->sa.dst.is_v6() ? 40 : 20;
  const std::size_t most = impl_->most_payload(*out, around);
  return most == 0 ? 0 : static_cast<std::uint32_t>(own + most);
}

//= rfc4301#8.2.2 "some mechanism is required to update the PMTU in a timely manner"
bool DataPath::handle_icmp(ByteView icmp_message, bool v6) {
  const auto too_big = read_too_big(icmp_message, v6);
  if (!too_big) return false;
  const auto outer = read_ip_header(too_big->quoted);
  if (!outer || outer->src.is_v6() != v6) return false;
  std::size_t at = outer->size;
  if (outer->protocol == 17)
    at += udp_octets;
  else if (outer->protocol != ip_protocol_esp)
    return false;
  if (at > too_big->quoted.size()) return false;
  const auto esp = header_of(too_big->quoted.subspan(at));
  if (!esp) return false;
  OutboundSa* out = impl_->sad.outbound(esp->spi, outer->dst);
  // Nobody off the path knows SPI and sequence number; who is on the path can drop packets anyway.
  if (out == nullptr) return false;
  const std::uint32_t behind = static_cast<std::uint32_t>(out->last_sequence) - esp->sequence;
  if (behind >= quoted_lately || behind >= out->last_sequence) return false;
  const std::uint32_t mtu = std::max(too_big->mtu, v6 ? path_mtu_least_v6 : path_mtu_least_v4);
  const std::uint32_t known = impl_->path_mtu(*out);
  if (known != 0 && mtu >= known) return true;  // an MTU only shrinks by being told
  out->path_mtu = mtu;
  out->path_mtu_learned = impl_->now;
  return true;
}

// ---- inbound -----------------------------------------------------------------------------------

//= rfc4303#3.4.3 "For each received packet, the receiver MUST verify that the packet contains a
//= Sequence Number that does not duplicate the Sequence Number of any other packets received during
//= the life of this SA."
Result<std::uint64_t> DataPath::Impl::check_window(const InboundSa& in, std::uint32_t low) const {
  const std::uint64_t sequence = in.sa.suite.esn ? in.window.extend(low) : low;
  switch (in.window.check(sequence)) {
    case ReplayWindow::Verdict::fresh:
      return sequence;
    case ReplayWindow::Verdict::replayed:
      return error("E-ESP-REPLAY", fmt::format("sequence number {} was received before", sequence),
                   "RFC 4303, 3.4.3");
    case ReplayWindow::Verdict::too_old:
      break;
  }
  return error("E-ESP-REPLAY",
               fmt::format("sequence number {} lies left of the window of {} below {}", sequence,
                           in.window.size(), in.window.highest()),
               "RFC 4303, 3.4.3");
}

Result<Opened> DataPath::open(ByteView esp_packet, ByteView outer_header) {
  Opened opened;
  IKELAB_CHECK(open(esp_packet, outer_header, opened));
  return opened;
}

Result<void> DataPath::open(ByteView esp_packet, ByteView outer_header, Opened& opened) {
  const auto header = header_of(esp_packet);
  if (!header)
    return error("E-ESP-SHORT",
                 fmt::format("{} octets hold no SPI and sequence number", esp_packet.size()),
                 "RFC 4303, 2");
  //= rfc4303#3.4.1 "If a packet offered to ESP for processing appears to be an IP fragment, i.e., the
  //= OFFSET field is non-zero or the MORE FRAGMENTS flag is set, the receiver MUST discard the
  //= packet"
  const auto outer = peek_ip_header(outer_header);
  if (outer && outer->fragment)
    return error("E-ESP-FRAGMENT", "an ESP packet that is only a fragment", "RFC 4303, 3.4.1");
  InboundSa* in = impl_->sad.inbound(header->spi);
  if (in == nullptr)
    return error("E-ESP-NO-SA", "no inbound SA has the SPI " + to_string(header->spi),
                 "RFC 4303, 3.4.2");
  IKELAB_TRY(const std::uint64_t sequence, impl_->check_window(*in, header->sequence));
  return impl_->accept(*in, sequence, esp_packet, {outer_header, outer}, opened);
}

Result<void> DataPath::Impl::accept(InboundSa& in, std::uint64_t sequence, ByteView packet,
                                    const Outer& outer, Opened& opened) {
  IKELAB_CHECK(in.transform.open(sequence, packet, opened.inner));
  in.window.accept(sequence);
  IKELAB_TRY(const std::uint8_t next_header, strip_padding(opened.inner));
  if (in.sa.limits.any()) IKELAB_CHECK(count(in.sa, in.sa.spi, in.carried, opened.inner.size()));
  IKELAB_CHECK(check_next_header(in.sa, next_header, opened.inner));
  IKELAB_CHECK(in.sa.transport ? take_transport(in, next_header, outer, opened)
                               : take_tunnel(in, outer, opened));
  const Glance glance = glance_at(opened.inner);
  if (!glance.any() || in.admitted != glance) {
    IKELAB_CHECK(check_selectors(in.sa, opened.inner));
    in.admitted = glance;
  }
  opened.spi = in.sa.spi;
  opened.sequence = static_cast<std::uint32_t>(sequence);
  opened.child = in.sa.child;
  return {};
}

Result<void> DataPath::Impl::take_tunnel(const InboundSa& in, const Outer& outer, Opened& opened) {
  opened.inner.resize(inner_size(opened.inner));
  if (!outer.header) return {};
  const auto inner = peek_ip_header(opened.inner);
  if (!inner) return {};
  const auto traffic_class =
      inner_traffic_class(inner->traffic_class, outer.header->traffic_class, in.sa.copy);
  if (!traffic_class)
    return error("E-ESP-ECN",
                 "congestion was met on the way, and the inner packet's transport cannot be told",
                 "RFC 6040, 4.2");
  if (*traffic_class != inner->traffic_class) set_traffic_class(opened.inner, *traffic_class);
  return {};
}

Result<void> DataPath::Impl::take_transport(const InboundSa& in, std::uint8_t next_header,
                                            const Outer& outer, Opened& opened) {
  if (!outer.header)
    return error("E-ESP-POLICY", "a transport mode packet without the IP header before it",
                 "RFC 4303, 3.1.1");
  scratch.clear();
  copy_header(outer.octets, next_header, opened.inner.size(), scratch);
  scratch.insert(scratch.end(), opened.inner.begin(), opened.inner.end());
  std::swap(scratch, opened.inner);
  //= rfc3948#3.1.2 "incrementally recompute the TCP/UDP checksum"
  if (in.sa.real) readdress_checksum(opened.inner, in.sa.real->src, in.sa.real->dst);
  return {};
}

//= rfc4301#5.2 "The inbound SPD cache (SPD-I) is applied only to bypassed or discarded traffic."
Verdict DataPath::inbound_clear(ByteView ip_packet) const {
  const auto flow = policy::flow_of_packet(ip_packet);
  if (!flow.ok()) return Verdict::discard;
  const policy::Flow ours = reversed(*flow);
  if (const Policy* policy = impl_->spd.find(ours))
    return policy->action == Action::bypass ? Verdict::bypass : Verdict::discard;
  return impl_->sad.receives(*flow) ? Verdict::discard : Verdict::bypass;
}

}  // namespace ikelab::esp
