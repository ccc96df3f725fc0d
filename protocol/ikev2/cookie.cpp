#include "protocol/ikev2/cookie.hpp"

#include "protocol/ikev2/task.hpp"

namespace ikelab::ikev2 {
namespace {

constexpr std::uint8_t secret_version = 1;

}  // namespace

CookieJar::CookieJar(Services& services) : services_(services), secret_(services.streams.cookie->bytes(32)) {}

Result<Bytes> CookieJar::make(const Datagram& datagram, const wire::Message& message) const {
  const auto* nonce = wire::first<wire::NoncePayload>(message.payloads);
  const ByteView ni = nonce ? ByteView(nonce->data) : ByteView{};
  const Bytes spi_i = octets_of(message.header.spi_i);
  IKELAB_TRY(const Bytes hash, services_.provider.hash(crypto::HashId::sha2_256,
                                                       concat({ni, datagram.src.ip.octets(), spi_i, secret_.reveal()})));
  return concat({Bytes{secret_version}, hash});
}

bool CookieJar::valid(const Datagram& datagram, const wire::Message& message) const {
  const auto* brought = find_notify(message.payloads, wire::NotifyType::cookie);
  const auto due = make(datagram, message);
  return brought != nullptr && due && equal_constant_time(brought->data, *due);
}

}  // namespace ikelab::ikev2
