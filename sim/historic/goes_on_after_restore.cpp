// A snapshot that is restored. A virtual machine that is set back has the keys of its SAs, and
// their counters as they were. AES-GCM with the same key and the same nonce twice gives away the
// XOR of two plaintexts, and the key that it authenticates with (RFC 4106, 3.1; Joux, 2006).
// Ristenpart and Yilek (NDSS 2010) showed the like of random numbers.
#include <map>

#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

esp::SaParameters copy_of(const esp::SaParameters& sa) {
  esp::SaParameters out;
  out.spi = sa.spi;
  out.src = sa.src;
  out.dst = sa.dst;
  out.udp = sa.udp;
  out.suite = sa.suite;
  out.encryption_key = sa.encryption_key.copy();
  out.integrity_key = sa.integrity_key.copy();
  out.ts_src = sa.ts_src;
  out.ts_dst = sa.ts_dst;
  out.replay_window = sa.replay_window;
  out.child = sa.child;
  out.ike_sa = sa.ike_sa;
  out.transport = sa.transport;
  out.pair = sa.pair;
  out.tfc_padding = sa.tfc_padding;
  out.copy = sa.copy;
  out.limits = sa.limits;
  out.last_sequence = sa.last_sequence;
  return out;
}

/// The snapshot is of the moment when an SA was new.
class Unaware : public Front {
 public:
  void saw_change(const esp::SadChange& change) override {
    if (const auto* made = std::get_if<esp::InstallSa>(&change); made != nullptr && !made->inbound)
      snapshot_.insert_or_assign(made->sa.spi, copy_of(made->sa));
    if (const auto* gone = std::get_if<esp::RemoveSa>(&change); gone != nullptr && !gone->inbound)
      snapshot_.erase(gone->spi);
  }
  std::optional<std::vector<esp::SadChange>> restored() override {
    std::vector<esp::SadChange> out;
    for (const auto& [spi, sa] : snapshot_) {
      out.emplace_back(esp::RemoveSa{false, spi, sa.pair});
      out.emplace_back(esp::InstallSa{false, copy_of(sa)});
    }
    return out;
  }

 private:
  std::map<EspSpi, esp::SaParameters> snapshot_;
};

}  // namespace

const Bug goes_on_after_restore = {
    "goes-on-after-restore",
    "any implementation in a virtual machine that does not notice",
    "After a snapshot was restored the SAs went on with their old counters: with AES-GCM each "
    "number that was used again was a nonce used twice, and the authentication key could be "
    "computed by a listener.",
    "a machine that was set back takes new keys before it sends anything",
    nullptr,
    []() -> std::unique_ptr<Front> { return std::make_unique<Unaware>(); },
    nullptr};

}  // namespace ikelab::historic
