#include "protocol/ikev2/cookie.hpp"

#include "protocol/ikev2/task.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::int64_t secret_lifetime_ns = 60'000'000'000;

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
                              const wire::Message& message) const {
  const auto* nonce = wire::first<wire::NoncePayload>(message.payloads);
  const ByteView ni = nonce ? ByteView(nonce->data) : ByteView{};
  const Bytes spi_i = octets_of(message.header.spi_i);
  const Bytes version = octets_of(EspSpi{key.version});
  IKELAB_TRY(
      const Bytes hash,
      services_.provider.hash(crypto::HashId::sha2_256,
                              concat({ni, datagram.src.ip.octets(), spi_i, key.secret.reveal()})));
  return concat({version, hash});
}

Result<Bytes> CookieJar::make(Instant now, const Datagram& datagram, const wire::Message& message) {
  renew(now);
  return bake(present_, datagram, message);
}

bool CookieJar::valid(Instant now, const Datagram& datagram, const wire::Message& message) {
  renew(now);
  const auto* brought = find_notify(message.payloads, wire::NotifyType::cookie);
  if (brought == nullptr) return false;
  for (const Versioned* key : {&present_, &previous_}) {
    if (key->version == 0) continue;
    const auto due = bake(*key, datagram, message);
    if (due && equal_constant_time(brought->data, *due)) return true;
  }
  return false;
}

}  // namespace ikelab::ikev2
