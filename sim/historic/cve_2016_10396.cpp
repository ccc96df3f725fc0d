// CVE-2016-10396, racoon of ipsec-tools 0.8.2. IKE fragments were put on a list as they came,
// before anything showed who sent them; each new one walked the list from its head, and the list
// had no end. Fragments that never become a message could be had for nothing, and the daemon spent
// its time walking. racoon spoke IKEv1; the same list in front of RFC 7383 shows the same thing:
// fragments are taken without their ICV, the first of a number wins, and there is room for so many.
#include <map>
#include <string>

#include "protocol/wire/decode.hpp"
#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

constexpr std::size_t room = 64;  // fragments, of all peers together: scaled down, so that it shows

class Hoard : public Front {
 public:
  Handed take(Instant, const ikev2::Datagram& datagram) override {
    const wire::Decoded decoded = wire::decode(datagram.payload);
    const wire::SkfPayload* part = nullptr;
    for (const wire::Payload& payload : decoded.message.payloads)
      if (const auto* skf = std::get_if<wire::SkfPayload>(&payload.body)) part = skf;
    if (part == nullptr) return {{datagram}, {}, {}};
    if (kept_ >= room)
      return {{}, {}, "the list of fragments is full: this one is lost, genuine or not"};
    const wire::Header& header = decoded.message.header;
    Key key{header.spi_i.value, header.message_id.value, header.response};
    auto& parts = waiting_[key];
    if (!parts.emplace(part->number, datagram).second)
      return {{}, {}, "a fragment of this number is on the list already, unseen: the first wins"};
    ++kept_;
    if (parts.size() < part->total)
      return {{},
              {},
              "a fragment is kept unseen: " + std::to_string(kept_) + " of " +
                  std::to_string(room) + " places are taken"};
    Handed whole;
    for (auto& [number, kept] : parts) whole.datagrams.push_back(std::move(kept));
    kept_ -= parts.size();
    waiting_.erase(key);
    return whole;
  }

 private:
  using Key = std::tuple<std::uint64_t, std::uint32_t, bool>;
  std::map<Key, std::map<std::uint16_t, ikev2::Datagram>> waiting_;
  std::size_t kept_ = 0;
};

}  // namespace

const Bug cve_2016_10396 = {
    "CVE-2016-10396",
    "ipsec-tools (racoon) up to 0.8.2",
    "Fragments were kept before they were authenticated, without a limit and in a list that every "
    "new one walked: fragments of messages that never become whole exhausted the daemon.",
    "a fragment is kept only when its ICV holds, and one message has a bounded number of them",
    nullptr,
    []() -> std::unique_ptr<Front> { return std::make_unique<Hoard>(); },
    nullptr};

}  // namespace ikelab::historic
