#include "protocol/ikev2/cookie.hpp"

#include <algorithm>

#include "protocol/ikev2/task.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::int64_t secret_lifetime_ns = 60'000'000'000;
constexpr std::size_t version_octets = 4, with_difficulty = version_octets + 1 + 32;
constexpr unsigned most_zero_bits = 32;

}  // namespace

CookieJar::CookieJar(Services& services) : services_(services) {}

//= rfc7296#2.6 "The responder should change the value of <secret> frequently, especially if under
//= attack."
void CookieJar::renew(Instant now) {
  const auto version = static_cast<std::uint32_t>(now.ns / secret_lifetime_ns) + 1;
  if (version == present_.version) return;
  previous_ = version == present_.version + 1 ? std::move(present_) : Versioned{};
  present_ = {version, Secret(services_.streams.cookie->bytes(32))};
}

Result<Bytes> CookieJar::bake(const Versioned& key, const Datagram& datagram,
                              const wire::Message& message, ByteView info) const {
  const auto* nonce = wire::first<wire::NoncePayload>(message.payloads);
  const ByteView ni = nonce ? ByteView(nonce->data) : ByteView{};
  const Bytes spi_i = octets_of(message.header.spi_i);
  const Bytes version = octets_of(EspSpi{key.version});
  //= rfc8019#7.1.1.3 "then the Responder MUST make it integrity protected, so that any intended or
  //= accidental alteration of this information in the returned cookie is detectable."
  IKELAB_TRY(const Bytes hash, services_.provider.hash(crypto::HashId::sha2_256,
                                                       concat({ni, datagram.src.ip.octets(), spi_i,
                                                               info, key.secret.reveal()})));
  return concat({version, info, hash});
}

Result<Bytes> CookieJar::make(Instant now, const Datagram& datagram, const wire::Message& message,
                              std::uint8_t difficulty) {
  renew(now);
  return bake(present_, datagram, message, difficulty == 0 ? Bytes{} : Bytes{difficulty});
}

std::optional<std::uint8_t> CookieJar::brought(Instant now, const Datagram& datagram,
                                               const wire::Message& message) {
  renew(now);
  const auto* cookie = find_notify(message.payloads, wire::NotifyType::cookie);
  if (cookie == nullptr) return std::nullopt;
  const bool puzzled = cookie->data.size() == with_difficulty;
  const Bytes info = puzzled ? Bytes{cookie->data[version_octets]} : Bytes{};
  for (const Versioned* key : {&present_, &previous_}) {
    if (key->version == 0) continue;
    const auto due = bake(*key, datagram, message, info);
    if (due && equal_constant_time(cookie->data, *due)) return puzzled ? info[0] : std::uint8_t{0};
  }
  return std::nullopt;
}

namespace {

/// The first PRF that the initiator offers and we know.
const crypto::Algorithm* common_prf(const wire::Message& message) {
  const auto* sa = wire::first<wire::SaPayload>(message.payloads);
  if (sa == nullptr) return nullptr;
  for (const wire::Proposal& proposal : sa->proposals)
    for (const wire::Transform& t : proposal.transforms)
      if (t.type == static_cast<std::uint8_t>(crypto::TransformType::prf))
        if (const auto* prf = crypto::find(crypto::TransformType::prf, t.id)) return prf;
  return nullptr;
}

}  // namespace

std::optional<Puzzle> puzzle_to_ask(Services& services, std::size_t half_open,
                                    std::uint8_t asked_before, const wire::Message& message) {
  const auto& config = services.config;
  if (!config.puzzle_threshold || half_open < *config.puzzle_threshold) return std::nullopt;
  const auto* prf = common_prf(message);
  if (prf == nullptr) return std::nullopt;  // IKE_SA_INIT fails for that by itself
  // The more half-open SAs, the harder: a bit for each doubling.
  unsigned bits = config.puzzle_difficulty;
  const std::size_t threshold = std::max(*config.puzzle_threshold, 1U);
  for (std::size_t many = half_open / threshold; many > 1; many /= 2) ++bits;
  const Puzzle harder{prf, static_cast<std::uint8_t>(std::min(bits, most_zero_bits))};
  const auto* solution = wire::first<wire::PuzzleSolutionPayload>(message.payloads);
  const auto* cookie = find_notify(message.payloads, wire::NotifyType::cookie);
  if (asked_before == 0 || solution == nullptr || cookie == nullptr) return harder;
  //= rfc8019#7.1.4 "If a PS payload is found in the message, then the Responder MUST verify the
  //= puzzle solution that it contains."
  const auto solved = zero_bits(services.provider, *prf, solution->data, cookie->data);
  if (!solved || *solved < asked_before) return harder;
  return std::nullopt;
}

}  // namespace ikelab::ikev2
