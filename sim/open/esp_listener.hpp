// ESP as a watcher with keys reads it: which SA, which number, and what is inside (RFC 4303, 2 and
// 3.4).
#pragma once
#include <optional>

#include "protocol/esp/packet.hpp"
#include "sim/open/observer.hpp"

namespace ikelab::open {

class EspListener {
 public:
  explicit EspListener(Observer& observer) : observer_(observer) {}
  void hear(const Sighting& seen);

 private:
  struct Sa {
    std::optional<esp::Transform> transform, with_esn;  ///< nothing: no key for it
    bool esn = false;                                   ///< the first packet opened only with ESN
    std::set<std::uint32_t> recent;                     ///< numbers seen, the latest 4,096
  };
  Sa& sa_of(const Sighting& seen, EspSpi spi);
  std::optional<Bytes> open(Sa& sa, const Sighting& seen, std::uint32_t sequence, Error& why);
  void note_repeat(Sa& sa, const Sighting& seen, std::uint32_t sequence);

  Observer& observer_;
  std::map<std::pair<IpAddress, std::uint32_t>, Sa> sas_;  ///< by destination and SPI
};

}  // namespace ikelab::open
