#include "protocol/ikev2/cookie.hpp"

#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {
namespace {

// A request that was served cannot be served again for the same cookie and solution: when its
// half-open IKE SA is gone, both secrets that the cookie can be made with are gone, too.
//= rfc8019#10 "Implementations MUST use one of the above (or some other) countermeasures to
//= completely eliminate or make insignificant the possible benefit an attacker can get from reusing
//= puzzle solutions."
constexpr Duration secret_lifetime = half_open_time / 2;
constexpr std::size_t version_octets = 4, with_difficulty = version_octets + 1 + 32;

}  // namespace

CookieJar::CookieJar(Services& services) : services_(services) {}

//= rfc7296#2.6 "The responder should change the value of <secret> frequently, especially if under
//= attack."
void CookieJar::renew(Instant now) {
  const auto version = static_cast<std::uint32_t>(now.ns / secret_lifetime.count()) + 1;
  if (version == present_.version) return;
  previous_ = version == present_.version + 1 ? std::move(present_) : Versioned{};
  present_ = {version, Secret(services_.streams.cookie->bytes(32))};
}

Result<Bytes> CookieJar::bake(const Versioned& key, const Datagram& datagram,
                              const wire::Message& message, ByteView info) const {
  const auto* nonce = wire::first<wire::NoncePayload>(message.payloads);
  const ByteView ni = nonce ? ByteView(nonce->data) : ByteView{};
  const auto spi_i = octets_of(message.header.spi_i);
  const auto version = big_endian<4>(key.version);
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

std::optional<Puzzle> puzzle_to_ask(Services& services, std::size_t half_open,
                                    std::uint8_t asked_before, const wire::Message& message) {
  const auto& config = services.config;
  if (!config.puzzle_threshold || half_open < *config.puzzle_threshold) return std::nullopt;
  const auto* prf = common_prf(message.payloads);
  if (prf == nullptr) return std::nullopt;  // IKE_SA_INIT fails for that by itself
  const Puzzle harder{
      prf, difficulty_for(config.puzzle_difficulty, half_open, *config.puzzle_threshold)};
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
