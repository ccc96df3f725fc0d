#include "protocol/esp/sad.hpp"

#include <algorithm>

namespace ikelab::esp {

bool FlowIndex::to_one_host(const Selectors& selectors) {
  return selectors.remote_ts.size() == 1 &&
         selectors.remote_ts.front().start == selectors.remote_ts.front().end;
}

void FlowIndex::add(Serial serial, Selectors selectors) {
  const bool host = to_one_host(selectors);
  (host ? by_host_[selectors.remote_ts.front().start] : others_).push_back(serial);
  entries_.emplace(serial, std::move(selectors));
}

void FlowIndex::remove(Serial serial) {
  const auto at = entries_.find(serial);
  if (at == entries_.end()) return;
  if (to_one_host(at->second)) {
    const auto host = by_host_.find(at->second.remote_ts.front().start);
    std::erase(host->second, serial);
    if (host->second.empty()) by_host_.erase(host);
  } else {
    std::erase(others_, serial);
  }
  entries_.erase(at);
}

void Sad::install(crypto::Provider& provider, InstallSa change) {
  IKELAB_ASSERT(change.sa.suite.encr != nullptr);
  Transform transform = Transform::make(provider, change.sa, !change.inbound).value();
  const Serial serial = next_++;
  if (change.inbound) {
    remove(RemoveSa{true, change.sa.spi});
    inbound_flows_.add(serial, {change.sa.ts_dst, change.sa.ts_src});
    ReplayWindow window(change.sa.replay_window);
    const EspSpi spi = change.sa.spi;
    inbound_.emplace(
        spi, InboundSa{std::move(change.sa), std::move(transform), std::move(window), {}, serial});
  } else {
    outbound_flows_.add(serial, {change.sa.ts_src, change.sa.ts_dst});
    const std::uint64_t last = change.sa.last_sequence;
    if (change.sa.pair.value != 0) outbound_by_pair_.emplace(change.sa.pair, serial);
    outbound_.emplace(serial, OutboundSa{std::move(change.sa), std::move(transform), last});
  }
}

/// A peer chooses the SPIs that we send with, so that two peers may choose the same: the inbound
/// SPI of the pair, which is ours, tells them apart.
std::map<Serial, OutboundSa>::iterator Sad::find_outbound(EspSpi spi, EspSpi pair) {
  if (pair.value != 0) {
    for (auto [at, end] = outbound_by_pair_.equal_range(pair); at != end; ++at)
      if (const auto out = outbound_.find(at->second); out->second.sa.spi == spi) return out;
    return outbound_.end();
  }
  return std::find_if(outbound_.begin(), outbound_.end(),
                      [&](const auto& row) { return row.second.sa.spi == spi; });
}

void Sad::remove(const RemoveSa& change) {
  if (change.inbound) {
    const auto at = inbound_.find(change.spi);
    if (at == inbound_.end()) return;
    inbound_flows_.remove(at->second.serial);
    inbound_.erase(at);
  } else if (const auto at = find_outbound(change.spi, change.pair); at != outbound_.end()) {
    const Serial serial = at->first;
    outbound_flows_.remove(serial);
    const auto [first, last] = outbound_by_pair_.equal_range(at->second.sa.pair);
    const auto indexed =
        std::find_if(first, last, [&](const auto& row) { return row.second == serial; });
    if (indexed != last) outbound_by_pair_.erase(indexed);
    outbound_.erase(at);
  }
}

void Sad::retire(EspSpi spi, Instant until) {
  const auto at = inbound_.find(spi);
  if (at == inbound_.end()) return;
  inbound_flows_.remove(at->second.serial);
  retired_.push_back({until, spi, at->second.serial});
}

void Sad::expire(Instant now) {
  for (; !retired_.empty() && retired_.front().until <= now; retired_.pop_front()) {
    const auto at = inbound_.find(retired_.front().spi);
    if (at != inbound_.end() && at->second.serial == retired_.front().serial) inbound_.erase(at);
  }
}

void Sad::move(const MoveSa& change) {
  const auto take = [&](SaParameters& sa) {
    sa.src = change.src;
    sa.dst = change.dst;
    sa.udp = change.udp;
  };
  if (change.inbound) {
    if (InboundSa* in = inbound(change.spi)) take(in->sa);
  } else if (const auto at = find_outbound(change.spi, change.pair); at != outbound_.end()) {
    take(at->second.sa);
    at->second.path_mtu = 0;  // another path
  }
}

InboundSa* Sad::inbound(EspSpi spi) {
  const auto at = inbound_.find(spi);
  return at == inbound_.end() ? nullptr : &at->second;
}

OutboundSa* Sad::outbound(const policy::Flow& flow, const std::string& child) {
  const auto serial = outbound_flows_.newest(flow, [&](Serial candidate) {
    return child.empty() || outbound_.at(candidate).sa.child == child;
  });
  return serial ? &outbound_.at(*serial) : nullptr;
}

OutboundSa* Sad::outbound_of(const std::string& child) {
  const auto at = std::find_if(outbound_.rbegin(), outbound_.rend(),
                               [&](const auto& row) { return row.second.sa.child == child; });
  return at == outbound_.rend() ? nullptr : &at->second;
}

OutboundSa* Sad::outbound(EspSpi spi, const IpAddress& dst) {
  for (auto& [serial, out] : outbound_)
    if (out.sa.spi == spi && out.sa.dst == dst) return &out;
  return nullptr;
}

bool Sad::receives(const policy::Flow& flow) const {
  return inbound_flows_.newest(reversed(flow), [](Serial) { return true; }).has_value();
}

}  // namespace ikelab::esp
