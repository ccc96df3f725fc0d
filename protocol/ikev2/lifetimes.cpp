#include "protocol/ikev2/lifetimes.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr unsigned part = 10;  // swanctl's: margins that are not told are a tenth

//= rfc7296#2.8.1 "To reduce the probability of this happening, the timing of rekeying requests
//= SHOULD be jittered (delayed by a random amount of time after the need for rekeying is noticed)."
std::uint64_t jittered(std::uint64_t soft, std::optional<std::uint64_t> rand, crypto::Rng& rng) {
  if (soft == 0) return 0;
  const std::uint64_t most = std::min(rand.value_or(soft / part), soft - 1);
  return soft - rng.below(most + 1);
}

Duration jittered(Duration soft, std::optional<Duration> rand, crypto::Rng& rng) {
  const auto count = [](Duration d) { return static_cast<std::uint64_t>(d.count()); };
  const auto most = rand ? std::optional(count(*rand)) : std::nullopt;
  return Duration(static_cast<std::int64_t>(jittered(count(soft), most, rng)));
}

std::uint64_t hard(const policy::Volume& volume) {
  return volume.life != 0 ? volume.life : volume.rekey + volume.rekey / part;
}

}  // namespace

//= rfc7296#2.25 "it MUST NOT immediately retry the operation; it MUST wait so that the sender may
//= complete whatever operation caused the temporary condition."
Duration retry_delay(IkeSa& sa) {
  constexpr Duration least = 5s;
  const auto more = static_cast<std::uint64_t>(least.count());
  return least + Duration(static_cast<std::int64_t>(sa.services.streams.jitter->below(more)));
}

void begin_lifetime(IkeSa& sa, Instant now) {
  const policy::ConnectionConfig& config = *sa.connection;
  crypto::Rng& rng = *sa.services.streams.jitter;
  if (config.rekey_time > Duration::zero())
    sa.set_timer(Timer::rekey_ike, now + jittered(config.rekey_time, config.rand_time, rng));
  if (config.reauth_time > Duration::zero() && sa.original_initiator)
    sa.set_timer(Timer::reauth, now + jittered(config.reauth_time, config.rand_time, rng));
  const Duration longest = std::max(config.rekey_time, config.reauth_time);
  if (longest > Duration::zero())
    sa.set_timer(Timer::expire_ike, now + longest + config.over_time.value_or(longest / part));
}

void begin_lifetime(IkeSa& sa, Instant now, ChildSa& child, esp::SaParameters& in,
                    esp::SaParameters& out) {
  const policy::ChildConfig& config = *child.config;
  crypto::Rng& rng = *sa.services.streams.jitter;
  if (config.rekey_time > Duration::zero())
    child.rekey_at = now + jittered(config.rekey_time, config.rand_time, rng);
  const Duration life = config.life_time.value_or(config.rekey_time + config.rekey_time / part);
  if (life > Duration::zero()) child.expire_at = now + life;
  //= rfc4301#4.4.2.1 "A compliant implementation MUST support both types of lifetimes, and MUST
  //= support a simultaneous use of both."
  in.limits = {jittered(config.bytes.rekey, config.bytes.rand, rng), hard(config.bytes),
               jittered(config.packets.rekey, config.packets.rand, rng), hard(config.packets)};
  out.limits = in.limits;
}

void expire_child(IkeSa& sa, Instant now, EspSpi spi_in, const std::string& why) {
  const auto at = sa.children.find(spi_in.value);
  if (at == sa.children.end()) return;
  ChildSa& child = at->second;
  child.expire_at.reset();
  sa.touch();
  if (child.state == ChildState::deleting) return;
  sa.emit(trace::TimerFired{"expire_child", "ESP SPI " + to_string(spi_in) + ": " + why});
  //= rfc4301#4.4.2.1 "a hard lifetime when the current SA ends and is destroyed."
  // A replaced SA is the peer's to delete: a DELETE of ours might overtake an answer that is late.
  if (child.state == ChildState::rekeyed) return sa.remove_child(spi_in, why);
  sa.enqueue(now, make_child_delete(spi_in));
}

}  // namespace ikelab::ikev2
