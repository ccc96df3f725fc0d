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
  [[nodiscard]] Result<Bytes> make(const Datagram& datagram, const wire::Message& message) const;
  /// True when it brought it.
  [[nodiscard]] bool valid(const Datagram& datagram, const wire::Message& message) const;

 private:
  Services& services_;
  Secret secret_;
};

}  // namespace ikelab::ikev2
