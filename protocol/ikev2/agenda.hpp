// When which IKE SA wants to be woken, and how many are half-open: what an endpoint must know of
// all its SAs without asking each, so that a handshake costs the same beside one SA and beside a
// hundred thousand.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "protocol/base/address.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/time.hpp"

namespace ikelab::ikev2 {

/// IKE SAs by our own SPI.
class Agenda {
 public:
  /// The request that began an SA as responder: SPIi and where it came from.
  using Request = std::pair<IkeSpi, SocketAddress>;

  void begun(std::uint64_t spi, const Request& request) {
    by_request_[request] = spi;
    entries_[spi].request = request;
  }
  /// What holds for an SA from now on.
  void put(std::uint64_t spi, std::optional<Instant> timeout, bool half_open) {
    Entry& entry = entries_[spi];
    if (entry.timeout != timeout) {
      if (entry.timeout) by_time_.erase({*entry.timeout, spi});
      if (timeout) by_time_.insert({*timeout, spi});
      entry.timeout = timeout;
    }
    if (entry.half_open && !half_open) --half_open_;
    if (!entry.half_open && half_open) ++half_open_;
    entry.half_open = half_open;
  }
  void forget(std::uint64_t spi) {
    put(spi, std::nullopt, false);
    const auto at = entries_.find(spi);
    if (at->second.request) by_request_.erase(*at->second.request);
    entries_.erase(at);
  }

  /// The SA that answered this request, or nothing.
  [[nodiscard]] std::optional<std::uint64_t> answered(const Request& request) const {
    const auto at = by_request_.find(request);
    return at == by_request_.end() ? std::nullopt : std::optional(at->second);
  }
  [[nodiscard]] std::optional<Instant> timeout_of(std::uint64_t spi) const {
    const auto at = entries_.find(spi);
    return at == entries_.end() ? std::nullopt : at->second.timeout;
  }
  [[nodiscard]] std::optional<Instant> next() const {
    return by_time_.empty() ? std::nullopt : std::optional(by_time_.begin()->first);
  }
  /// Those that wait for `now` or earlier, in the order of their SPIs.
  [[nodiscard]] std::vector<std::uint64_t> due(Instant now) const {
    std::set<std::uint64_t> out;
    for (auto at = by_time_.begin(); at != by_time_.end() && at->first <= now; ++at)
      out.insert(at->second);
    return {out.begin(), out.end()};
  }
  [[nodiscard]] std::size_t half_open() const { return half_open_; }

 private:
  struct Entry {
    std::optional<Instant> timeout;
    bool half_open = false;
    std::optional<Request> request;
  };
  std::map<std::uint64_t, Entry> entries_;
  std::set<std::pair<Instant, std::uint64_t>> by_time_;
  std::map<Request, std::uint64_t> by_request_;
  std::size_t half_open_ = 0;
};

}  // namespace ikelab::ikev2
