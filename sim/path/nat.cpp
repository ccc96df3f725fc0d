#include "sim/path/nat.hpp"

#include <fmt/format.h>

namespace ikelab::path {
namespace {

constexpr std::size_t most_fragments = 256;  // packets in fragments that are on their way at once
constexpr std::size_t most_remotes = 1024;   // of one mapping
constexpr Duration sweep_time = 1s;

std::string name_of(std::uint8_t protocol) {
  switch (protocol) {
    case ip_icmp:
      return "ICMP";
    case ip_tcp:
      return "TCP";
    case ip_udp:
      return "UDP";
    case ip_esp:
      return "ESP";
    default:
      return fmt::format("protocol {}", protocol);
  }
}

/// What `dependence` looks at of a remote.
SocketAddress seen_by(Dependence dependence, const SocketAddress& remote) {
  if (dependence == Dependence::endpoint_independent) return {};
  if (dependence == Dependence::address_dependent) return {remote.ip, 0};
  return remote;
}

}  // namespace

Duration Nat::timeout(std::uint8_t protocol) const {
  if (protocol == ip_tcp) return config_.tcp_timeout;
  return protocol == ip_icmp ? config_.icmp_timeout : config_.udp_timeout;
}

void Nat::note(const char* action, const Key& key, const SocketAddress& outside,
               std::string reason) {
  const auto text = [](const SocketAddress& a) {
    return a.port == 0 ? a.ip.to_string() : a.to_string();
  };
  changes_.push_back({action, name_of(key.protocol), text(key.inside),
                      outside.ip.is_unspecified() ? "" : text(outside),
                      key.remote.ip.is_unspecified() ? "" : text(key.remote), std::move(reason)});
}

void Nat::expire(Instant now) {
  if (now < next_sweep_) return;
  next_sweep_ = now + sweep_time;
  for (auto at = by_inside_.begin(); at != by_inside_.end();) {
    const auto& [key, mapping] = *at;
    if (now - mapping.used < timeout(key.protocol)) {
      ++at;
      continue;
    }
    note("expired", key, mapping.outside,
         fmt::format("nothing for {}", to_string(timeout(key.protocol))));
    by_outside_.erase({key.protocol, mapping.outside.port});
    at = by_inside_.erase(at);
  }
}

void Nat::rebind(Instant now) {
  static_cast<void>(now);
  for (const auto& [key, mapping] : by_inside_)
    note("forgotten", key, mapping.outside, "the box restarted");
  by_inside_.clear();
  by_outside_.clear();
  fragments_.clear();
  renumber_ = true;
}

std::optional<std::uint16_t> Nat::free_port(std::uint8_t protocol, std::uint16_t wanted) {
  if (protocol == ip_esp)
    return by_outside_.contains({protocol, 0}) ? std::nullopt : std::optional<std::uint16_t>(0);
  const bool taken = forward_of(protocol, wanted) != nullptr;
  const auto in_range = wanted >= config_.first_port && wanted <= config_.last_port;
  // RFC 4787, 4.2.1: a box may preserve well-known ports although its range begins above them
  const bool may_keep = config_.preserve_ports && !renumber_ && (in_range || wanted < 1024);
  if (may_keep && !taken && !by_outside_.contains({protocol, wanted})) return wanted;
  const std::uint32_t count = config_.last_port - config_.first_port + 1U;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto port = static_cast<std::uint16_t>(config_.first_port + (next_port_ + i) % count);
    if (by_outside_.contains({protocol, port}) || forward_of(protocol, port) != nullptr) continue;
    next_port_ = (next_port_ + i + 1) % count;
    return port;
  }
  return std::nullopt;
}

// ---- fragments: the first one has the ports, the others follow it by Identification ------------

const Nat::Fragment* Nat::fragment_of(const View& view, bool out) const {
  for (const Fragment& f : fragments_)
    if (f.out == out && f.src == view.src && f.dst == view.dst && f.id == view.id &&
        f.protocol == view.protocol)
      return &f;
  return nullptr;
}

void Nat::remember_fragment(const View& view, const IpAddress& to, bool out) {
  if (!view.more_fragments) return;
  if (fragments_.size() >= most_fragments) fragments_.pop_front();
  fragments_.push_back({view.src, view.dst, view.id, view.protocol, to, out});
}

// ---- forwarded ports ---------------------------------------------------------------------------

const NatConfig::Forward* Nat::forward_of(std::uint8_t protocol, std::uint16_t port) const {
  for (const NatConfig::Forward& f : config_.forwards)
    if (f.protocol == protocol && f.port == port) return &f;
  return nullptr;
}

const NatConfig::Forward* Nat::forward_from(const View& view) const {
  const NatConfig::Forward* f = forward_of(view.protocol, view.src_port.value_or(0));
  return f != nullptr && f->to == view.src ? f : nullptr;
}

// ---- both ways ---------------------------------------------------------------------------------

Nat::Refusal Nat::outbound(Instant now, Bytes& packet, const IpAddress& own) {
  expire(now);
  const auto view = look(packet);
  if (!view) return "not an IPv4 packet";
  if (view->later_fragment()) {
    const Fragment* first = fragment_of(*view, true);
    if (first == nullptr) return "a fragment whose first one has not been seen";
    rewrite(packet, Side::source, first->to, std::nullopt);
    return {};
  }
  const bool esp = view->protocol == ip_esp && config_.esp_passthrough;
  if (!view->src_port && !esp)
    return fmt::format("{} has no ports that a NAT could translate", name_of(view->protocol));
  if (forward_from(*view) != nullptr) {  // a server's answer keeps its port
    remember_fragment(*view, own, true);
    rewrite(packet, Side::source, own, std::nullopt);
    return {};
  }
  const SocketAddress remote{view->dst, view->dst_port.value_or(0)};
  // an ICMP identifier is the query's own, not the remote's
  const SocketAddress seen =
      seen_by(esp ? Dependence::endpoint_independent : config_.mapping,
              view->protocol == ip_icmp ? SocketAddress{view->dst, 0} : remote);
  const Key key{view->protocol, {view->src, view->src_port.value_or(0)}, seen};
  auto found = by_inside_.find(key);
  if (found != by_inside_.end() && now - found->second.used >= timeout(key.protocol)) {
    note("expired", key, found->second.outside, "just before a packet");
    by_outside_.erase({key.protocol, found->second.outside.port});
    by_inside_.erase(found);
    found = by_inside_.end();
  }
  if (found == by_inside_.end()) {
    const auto port = free_port(key.protocol, key.inside.port);
    if (!port) {
      note("refused", key, {}, "no outside port is free");
      return "no outside port is free";
    }
    found = by_inside_.emplace(key, Mapping{{own, *port}, now, {}}).first;
    by_outside_[{key.protocol, *port}] = key;
    note("made", key, found->second.outside, "");
  }
  Mapping& mapping = found->second;
  mapping.used = now;
  if (mapping.remotes.size() < most_remotes)
    mapping.remotes.insert(seen_by(
        config_.filtering, view->protocol == ip_icmp ? SocketAddress{view->dst, 0} : remote));
  remember_fragment(*view, mapping.outside.ip, true);
  rewrite(packet, Side::source, mapping.outside.ip,
          esp ? std::nullopt : std::optional(mapping.outside.port));
  return {};
}

Nat::Refusal Nat::inbound(Instant now, Bytes& packet) {
  expire(now);
  const auto view = look(packet);
  if (!view) return "not an IPv4 packet";
  if (view->icmp_error()) return error_inbound(packet);
  if (view->later_fragment()) {
    const Fragment* first = fragment_of(*view, false);
    if (first == nullptr) return "a fragment whose first one has not been seen";
    rewrite(packet, Side::destination, first->to, std::nullopt);
    return {};
  }
  if (const auto* forward = forward_of(view->protocol, view->dst_port.value_or(0))) {
    remember_fragment(*view, forward->to, false);
    rewrite(packet, Side::destination, forward->to, std::nullopt);
    return {};
  }
  const auto at = by_outside_.find({view->protocol, view->dst_port.value_or(0)});
  if (at == by_outside_.end())
    return fmt::format("no mapping for {} {}", name_of(view->protocol),
                       view->dst_port ? std::to_string(*view->dst_port) : "");
  const Key key = at->second;
  Mapping& mapping = by_inside_.at(key);
  if (now - mapping.used >= timeout(key.protocol)) return "the mapping has expired";
  const SocketAddress remote{
      view->src, view->protocol == ip_icmp ? std::uint16_t{0} : view->src_port.value_or(0)};
  if (!mapping.remotes.contains(seen_by(config_.filtering, remote)))
    return fmt::format("filtered: {} was never sent to", remote.to_string());
  // RFC 4787, REQ-6: inbound packets need not refresh a mapping, and here they do not.
  remember_fragment(*view, key.inside.ip, false);
  rewrite(packet, Side::destination, key.inside.ip,
          view->dst_port ? std::optional(key.inside.port) : std::nullopt);
  return {};
}

/// RFC 5508, REQ-4: the packet that an error quotes is one we translated on its way out.
Nat::Refusal Nat::error_inbound(Bytes& packet) {
  const auto quoted = quoted_packet(packet);
  const auto inner = look(quoted);
  if (!inner) return "an ICMP error that quotes nothing";
  const auto at = by_outside_.find({inner->protocol, inner->src_port.value_or(0)});
  if (at == by_outside_.end()) return "an ICMP error about no mapping";
  const SocketAddress inside = at->second.inside;
  rewrite(quoted, Side::source, inside.ip,
          inner->src_port ? std::optional(inside.port) : std::nullopt);
  rewrite(packet, Side::destination, inside.ip, std::nullopt);
  renew_icmp_checksum(packet);
  return {};
}

Nat::Refusal Nat::hairpin(Instant now, Bytes& packet, const IpAddress& own) {
  if (!config_.hairpin) return "no hairpinning here";
  if (Refusal refused = outbound(now, packet, own); !refused.empty()) return refused;
  return inbound(now, packet);
}

}  // namespace ikelab::path
