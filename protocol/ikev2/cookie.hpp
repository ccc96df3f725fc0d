// Stateless cookies against floods of half-open SAs (RFC 7296, 2.6), and puzzles where a cookie is
// not enough (RFC 8019).
//
//   Cookie = <VersionIDofSecret> | <difficulty> | Hash(Ni | IPi | SPIi | <difficulty> | <secret>)
//
// The difficulty stands there only when a puzzle came with the cookie: the responder keeps nothing,
// and yet learns what it asked for.
#pragma once
#include "protocol/ikev2/puzzle.hpp"
#include "protocol/ikev2/services.hpp"

namespace ikelab::ikev2 {

class CookieJar {
 public:
  explicit CookieJar(Services& services);
  /// The cookie that this request must bring; `difficulty` 0: without a puzzle.
  [[nodiscard]] Result<Bytes> make(Instant now, const Datagram& datagram,
                                   const wire::Message& message, std::uint8_t difficulty = 0);
  /// What the request brought: nothing, unless it is a cookie made with the present secret or the
  /// one before; then the difficulty of the puzzle that went with it, 0 if none did.
  [[nodiscard]] std::optional<std::uint8_t> brought(Instant now, const Datagram& datagram,
                                                    const wire::Message& message);
  [[nodiscard]] bool valid(Instant now, const Datagram& datagram, const wire::Message& message) {
    return brought(now, datagram, message).has_value();
  }

 private:
  Services& services_;
  struct Versioned {
    std::uint32_t version = 0;
    Secret secret;
  };
  void renew(Instant now);
  [[nodiscard]] Result<Bytes> bake(const Versioned& key, const Datagram& datagram,
                                   const wire::Message& message, ByteView info) const;
  Versioned present_, previous_;
};

/// How far this responder is from serving a request that shows a valid cookie: the puzzle to ask
/// for, or nothing when it is good enough.
std::optional<Puzzle> puzzle_to_ask(Services& services, std::size_t half_open,
                                    std::uint8_t asked_before, const wire::Message& message);

}  // namespace ikelab::ikev2
