#include "sim/path/conditions.hpp"

#include <fmt/format.h>

namespace ikelab::path {
namespace {

/// Chances that are nothing need no dice.
bool happens(double probability, const std::unique_ptr<crypto::Rng>& dice) {
  constexpr std::uint64_t scale = 1ULL << 53;
  return probability > 0 &&
         static_cast<double>(dice->below(scale)) < probability * static_cast<double>(scale);
}

}  // namespace

std::string describe(const Conditions& c) {
  std::string out =
      fmt::format("{:g} Mbps, {}", static_cast<double>(c.rate_bps) / 1e6, to_string(c.delay));
  if (c.jitter > Duration::zero()) out += fmt::format(", jitter {}", to_string(c.jitter));
  if (c.loss > 0) out += fmt::format(", loss {:g} %", c.loss * 100);
  if (c.bursts) out += fmt::format(", bursts of {:.3g} packets", 1 / c.bursts->leave);
  if (c.reorder > 0) out += fmt::format(", reorders {:g} %", c.reorder * 100);
  if (c.duplicate > 0) out += fmt::format(", doubles {:g} %", c.duplicate * 100);
  return out;
}

Weather::Weather(const Conditions& conditions, std::vector<Outage> outages,
                 crypto::RngSource& random, const std::string& towards)
    : conditions_(conditions), outages_(std::move(outages)) {
  const auto stream = [&](bool wanted, const char* purpose) {
    return wanted ? random.stream(purpose + towards) : nullptr;
  };
  loss_ = stream(conditions.loss > 0 || conditions.bursts, "loss to ");
  jitter_ = stream(conditions.jitter > Duration::zero(), "jitter to ");
  bursts_ = stream(conditions.bursts.has_value(), "bursts to ");
  reorder_ = stream(conditions.reorder > 0, "reorder to ");
  duplicate_ = stream(conditions.duplicate > 0, "duplicate to ");
}

std::string Weather::lost(Instant now) {
  for (const Outage& outage : outages_)
    if (now.ns >= outage.at.count() && now.ns < (outage.at + outage.lasts).count())
      return fmt::format("the link is down from {} to {}", to_string(outage.at),
                         to_string(outage.at + outage.lasts));
  if (conditions_.bursts) {
    const Bursts& bursts = *conditions_.bursts;
    if (happens(bad_ ? bursts.leave : bursts.enter, bursts_)) bad_ = !bad_;
    if (bad_ && happens(bursts.bad_loss, loss_)) return "lost in a burst of losses";
    if (bad_) return {};
  }
  if (!happens(conditions_.loss, loss_)) return {};
  return fmt::format("lost on the link ({:.3g} % are)", conditions_.loss * 100);
}

Fate Weather::next(Instant now) {
  Fate fate;
  fate.lost = lost(now);
  Duration delay = conditions_.delay;
  if (conditions_.jitter > Duration::zero())
    delay += Duration(static_cast<std::int64_t>(
        jitter_->below(static_cast<std::uint64_t>(conditions_.jitter.count()))));
  if (happens(conditions_.reorder, reorder_)) delay += conditions_.reorder_by;
  if (!fate.lost.empty()) return fate;
  fate.delays.push_back(delay);
  if (happens(conditions_.duplicate, duplicate_)) fate.delays.push_back(delay + Duration(1ms));
  return fate;
}

}  // namespace ikelab::path
