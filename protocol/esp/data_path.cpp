// SAD and SPD of one node (RFC 4301, 4.4), and the order of outbound and inbound processing (RFC
// 4303, 3.3 and 3.4). Invariant: an inbound packet reaches its plaintext only through SA look-up,
// replay window, ICV, padding and inbound policy, in this order, and the window moves only after a
// good ICV.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/esp/esp.hpp"
#include "protocol/esp/packet.hpp"
#include "protocol/esp/replay_window.hpp"

namespace ikelab::esp {
namespace {

using Selectors = std::vector<wire::TrafficSelector>;

struct OutboundSa {
  SaParameters sa;
  Transform transform;
  std::uint64_t last_sequence = 0;
};
struct InboundSa {
  SaParameters sa;
  Transform transform;
  ReplayWindow window;
};
struct Policy {
  Selectors local_ts, remote_ts;
};

bool selects(const Selectors& src, const Selectors& dst, const policy::Flow& flow) {
  return policy::contains(src, flow.src, flow.protocol, flow.src_port) &&
         policy::contains(dst, flow.dst, flow.protocol, flow.dst_port);
}

Error error(const char* code, std::string message, const char* rfc) {
  return {code, std::move(message), std::nullopt, rfc, {}, {}};
}

/// The next number, or none when the SA has used them all.
std::optional<std::uint64_t> next_sequence(const OutboundSa& out) {
  const std::uint64_t last = out.sa.suite.esn ? ~std::uint64_t{0} : 0xffff'ffffU;
  if (out.last_sequence >= last) return std::nullopt;
  return out.last_sequence + 1;
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
  if (encr.block_size > 1)
    rng.fill(std::span(iv.octets).first(iv.size));
  else
    for (std::size_t i = iv.size; i-- > 0; sequence >>= 8)
      iv.octets[i] = static_cast<std::uint8_t>(sequence);
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

/// RFC 4303, 2.6: what a tunnel-mode SA may carry. Dummy packets are discarded without harm.
Result<void> check_next_header(std::uint8_t next_header, ByteView payload) {
  if (next_header == next_header_dummy)
    return error("E-ESP-DUMMY", "a dummy packet, to be discarded", "RFC 4303, 2.6");
  const unsigned version = payload.empty() ? 0 : payload[0] >> 4;
  if (next_header == next_header_ipv4 && version == 4) return {};
  if (next_header == next_header_ipv6 && version == 6) return {};
  return error("E-ESP-POLICY",
               fmt::format("next header {} with IP version {} is nothing a tunnel-mode SA carries",
                           next_header, version),
               "RFC 4303, 2.6");
}

}  // namespace

struct DataPath::Impl {
  crypto::Provider& provider;
  crypto::Rng& rng;
  std::vector<OutboundSa> outbound;  // in the order of installation: the newest is last
  std::map<EspSpi, InboundSa> inbound;
  std::vector<Policy> required;

  [[nodiscard]] std::vector<OutboundSa>::iterator outbound_for(const policy::Flow& flow) {
    const auto newest = std::find_if(outbound.rbegin(), outbound.rend(), [&](const OutboundSa& o) {
      return selects(o.sa.ts_src, o.sa.ts_dst, flow);
    });
    return newest == outbound.rend() ? outbound.end() : std::prev(newest.base());
  }

  void install(InstallSa change) {
    IKELAB_ASSERT(change.sa.suite.encr != nullptr);
    if (change.inbound) {
      auto transform = Transform::make(provider, change.sa, false).value();
      ReplayWindow window(change.sa.replay_window);
      const EspSpi spi = change.sa.spi;
      inbound.insert_or_assign(
          spi, InboundSa{std::move(change.sa), std::move(transform), std::move(window)});
    } else {
      const std::uint64_t last = change.sa.last_sequence;
      auto transform = Transform::make(provider, change.sa, true).value();
      outbound.push_back({std::move(change.sa), std::move(transform), last});
    }
  }

  void remove(const RemoveSa& change) {
    if (change.inbound) {
      inbound.erase(change.spi);
      return;
    }
    const auto found = std::find_if(outbound.begin(), outbound.end(),
                                    [&](const OutboundSa& o) { return o.sa.spi == change.spi; });
    if (found != outbound.end()) outbound.erase(found);
  }

  void move(const MoveSa& change) {
    const auto take = [&](SaParameters& sa) {
      sa.src = change.src;
      sa.dst = change.dst;
      sa.udp = change.udp;
    };
    if (change.inbound) {
      if (const auto in = inbound.find(change.spi); in != inbound.end()) take(in->second.sa);
      return;
    }
    for (OutboundSa& out : outbound)
      if (out.sa.spi == change.spi) take(out.sa);
  }

  Result<std::uint64_t> check_window(const InboundSa& in, std::uint32_t low) const;
  Result<void> accept(InboundSa& in, std::uint64_t sequence, ByteView packet, Opened& opened);
};

DataPath::DataPath(crypto::Provider& provider, crypto::Rng& rng)
    : impl_(new Impl{provider, rng, {}, {}, {}}) {}
DataPath::~DataPath() = default;

void DataPath::apply(SadChange change) {
  if (auto* install = std::get_if<InstallSa>(&change)) impl_->install(std::move(*install));
  if (const auto* remove = std::get_if<RemoveSa>(&change)) impl_->remove(*remove);
  if (const auto* move = std::get_if<MoveSa>(&change)) impl_->move(*move);
}

void DataPath::require(Selectors local_ts, Selectors remote_ts) {
  impl_->required.push_back({std::move(local_ts), std::move(remote_ts)});
}

Verdict DataPath::lookup(ByteView inner_ip_packet) const {
  const auto flow = policy::flow_of_packet(inner_ip_packet);
  if (!flow.ok())
    return Verdict::discard;  // what cannot be read cannot be shown to need no protection
  if (impl_->outbound_for(*flow) != impl_->outbound.end()) return Verdict::protect;
  const bool trapped = std::any_of(
      impl_->required.begin(), impl_->required.end(),
      [&](const Policy& policy) { return selects(policy.local_ts, policy.remote_ts, *flow); });
  return trapped ? Verdict::discard : Verdict::bypass;
}

Result<Sealed> DataPath::seal(ByteView inner_ip_packet) {
  Sealed sealed;
  IKELAB_CHECK(seal(inner_ip_packet, sealed));
  return sealed;
}

Result<void> DataPath::seal(ByteView inner_ip_packet, Sealed& sealed) {
  IKELAB_TRY(const policy::Flow flow, policy::flow_of_packet(inner_ip_packet));
  const auto out = impl_->outbound_for(flow);
  if (out == impl_->outbound.end())
    return error("E-ESP-NO-SA", "no outbound SA selects " + summarize_packet(inner_ip_packet),
                 "RFC 4301, 5.1");
  const SaParameters& sa = out->sa;
  //= rfc4303#3.3.3 "the sender MUST NOT send a packet on an SA if doing so would cause the sequence
  //= number to cycle."
  const auto sequence = next_sequence(*out);
  if (!sequence)
    return error("E-ESP-SEQ", "SA " + to_string(sa.spi) + " has used its last sequence number",
                 "RFC 4303, 3.3.3");
  out->last_sequence = *sequence;
  const Iv iv = make_iv(*sa.suite.encr, *sequence, impl_->rng);
  const std::uint8_t next_header = flow.src.is_v6() ? next_header_ipv6 : next_header_ipv4;
  out->transform.seal(*sequence, iv.view(), inner_ip_packet, next_header, 0, sealed.packet);
  sealed.src = sa.src;
  sealed.dst = sa.dst;
  sealed.spi = sa.spi;
  sealed.sequence = static_cast<std::uint32_t>(*sequence);
  sealed.udp = sa.udp;
  return {};
}

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

Result<void> DataPath::Impl::accept(InboundSa& in, std::uint64_t sequence, ByteView packet,
                                    Opened& opened) {
  IKELAB_CHECK(in.transform.open(sequence, packet, opened.inner));
  in.window.accept(sequence);
  IKELAB_TRY(const std::uint8_t next_header, strip_padding(opened.inner));
  IKELAB_CHECK(check_next_header(next_header, opened.inner));
  opened.inner.resize(inner_size(opened.inner));
  //= rfc4301#5.2 "Then match the packet against the inbound selectors identified by the SAD entry
  //= to verify that the received packet is appropriate for the SA via which it was received."
  const auto flow = policy::flow_of_packet(opened.inner);
  if (!flow.ok())
    return error("E-ESP-POLICY", "the inner packet cannot be read: " + flow.error().message,
                 "RFC 4301, 5.2");
  if (!selects(in.sa.ts_src, in.sa.ts_dst, *flow))
    return error(
        "E-ESP-POLICY",
        "SA " + to_string(in.sa.spi) + " was not negotiated for " + summarize_packet(opened.inner),
        "RFC 4301, 5.2");
  opened.spi = in.sa.spi;
  opened.sequence = static_cast<std::uint32_t>(sequence);
  opened.child = in.sa.child;
  return {};
}

Result<Opened> DataPath::open(ByteView esp_packet) {
  Opened opened;
  IKELAB_CHECK(open(esp_packet, opened));
  return opened;
}

Result<void> DataPath::open(ByteView esp_packet, Opened& opened) {
  const auto header = header_of(esp_packet);
  if (!header)
    return error("E-ESP-SHORT",
                 fmt::format("{} octets hold no SPI and sequence number", esp_packet.size()),
                 "RFC 4303, 2");
  const auto in = impl_->inbound.find(header->spi);
  if (in == impl_->inbound.end())
    return error("E-ESP-NO-SA", "no inbound SA has the SPI " + to_string(header->spi),
                 "RFC 4303, 3.4.2");
  IKELAB_TRY(const std::uint64_t sequence, impl_->check_window(in->second, header->sequence));
  return impl_->accept(in->second, sequence, esp_packet, opened);
}

Verdict DataPath::inbound_clear(ByteView ip_packet) const {
  const auto flow = policy::flow_of_packet(ip_packet);
  if (!flow.ok()) return Verdict::discard;
  const bool protected_by_sa =
      std::any_of(impl_->inbound.begin(), impl_->inbound.end(), [&](const auto& entry) {
        return selects(entry.second.sa.ts_src, entry.second.sa.ts_dst, *flow);
      });
  const bool trapped = std::any_of(
      impl_->required.begin(), impl_->required.end(),
      [&](const Policy& policy) { return selects(policy.remote_ts, policy.local_ts, *flow); });
  return protected_by_sa || trapped ? Verdict::discard : Verdict::bypass;
}

std::size_t DataPath::size() const {
  return impl_->inbound.size() + impl_->outbound.size();
}

}  // namespace ikelab::esp
