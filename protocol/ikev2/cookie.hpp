// Stateless cookies against floods of half-open SAs (RFC 7296, 2.6).
//
//   Cookie = <VersionIDofSecret> | Hash(Ni | IPi | SPIi | <secret>)
#pragma once
#include "protocol/ikev2/services.hpp"

namespace ikelab::ikev2 {

class CookieJar {
 public:
  explicit CookieJar(Services& services);
  /// The cookie that this request must bring.
  [[nodiscard]] Result<Bytes> make(Instant now, const Datagram& datagram,
                                   const wire::Message& message);
  /// True when it brought it, made with the present secret or the one before.
  [[nodiscard]] bool valid(Instant now, const Datagram& datagram, const wire::Message& message);

 private:
  Services& services_;
  struct Versioned {
    std::uint32_t version = 0;
    Secret secret;
  };
  void renew(Instant now);
  [[nodiscard]] Result<Bytes> bake(const Versioned& key, const Datagram& datagram,
                                   const wire::Message& message) const;
  Versioned present_, previous_;
};

}  // namespace ikelab::ikev2
