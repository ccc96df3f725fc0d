// What a packet meets in one direction of a link: rate, delay, jitter, loss (alone or in bursts),
// reordering, duplication. A value from the scenario, and the dice that decide for each packet.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/time.hpp"
#include "protocol/crypto/rng.hpp"

namespace ikelab::path {

/// Loss in bursts (Gilbert, 1960; Elliott, 1963): the link is good or bad, may change before each
/// packet, and loses the share that belongs to its state.
///
///            enter                        the mean burst has 1 / leave packets;
///     GOOD ----------> BAD                the mean loss is
///     loss <---------- bad_loss           (leave * loss + enter * bad_loss) / (enter + leave)
///            leave
struct Bursts {
  double enter = 0, leave = 1, bad_loss = 1;
};

struct Conditions {
  std::uint64_t rate_bps = 100'000'000;
  Duration delay{1ms}, jitter{0};  ///< jitter: added to the delay, uniform in [0, jitter)
  double loss = 0;                 ///< probability per packet; with bursts, of the good state
  std::optional<Bursts> bursts;
  double reorder = 0;         ///< share of packets that are held back ...
  Duration reorder_by{10ms};  ///< ... this much longer than the others
  double duplicate = 0;       ///< share of packets that come twice
};

/// The link carries nothing from `at` on, for so long.
struct Outage {
  Duration at{0}, lasts{0};
};

/// "10 Mbps, 10 ms, loss 10 %", for people.
std::string describe(const Conditions& conditions);

/// What becomes of one packet.
struct Fate {
  std::string lost;              ///< why; empty: it arrives
  std::vector<Duration> delays;  ///< from the end of its transmission; two when it comes twice
};

/// One direction of one link. Each kind of chance has its own stream, so that switching one on
/// changes nothing of the others.
class Weather {
 public:
  /// `towards` names the direction's streams ("loss to gw-b").
  Weather(const Conditions& conditions, std::vector<Outage> outages, crypto::RngSource& random,
          const std::string& towards);
  Fate next(Instant now);
  [[nodiscard]] const Conditions& conditions() const { return conditions_; }

 private:
  std::string lost(Instant now);

  Conditions conditions_;
  std::vector<Outage> outages_;
  std::unique_ptr<crypto::Rng> loss_, jitter_, bursts_, reorder_, duplicate_;
  bool bad_ = false;
};

}  // namespace ikelab::path
