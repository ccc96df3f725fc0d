// IP packets of a capture: headers read, fragments put together again (RFC 791, 3.2; RFC
// 8200, 4.5).
#pragma once
#include <map>
#include <optional>

#include "protocol/base/address.hpp"

namespace ikelab::capture {

/// A whole IP packet.
struct IpDatagram {
  IpAddress src, dst;
  std::uint8_t protocol = 0;  ///< of the payload: 17 UDP, 50 ESP
  Bytes header;               ///< everything before the payload, of the first fragment
  Bytes payload;
  std::size_t fragments = 1;
};

/// Keeps at most 64 packets whose fragments are not all there, and 64 KiB of each; the oldest goes.
class IpReader {
 public:
  /// Nothing: it is no IP packet, or only a part of one.
  std::optional<IpDatagram> read(ByteView packet);

 private:
  struct Key {
    IpAddress src, dst;
    std::uint32_t id = 0;
    std::uint8_t protocol = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Pending {
    std::map<std::size_t, Bytes> parts;  ///< by offset
    std::optional<std::size_t> end;      ///< known from the last fragment
    Bytes header;
    std::uint64_t age = 0;
  };
  struct Part {
    Key key;
    std::size_t offset = 0;
    bool more = false;
    ByteView header, payload;
  };
  static std::optional<Part> parse_v4(ByteView packet);
  static std::optional<Part> parse_v6(ByteView packet);
  std::optional<IpDatagram> take(const Part& part);

  std::map<Key, Pending> pending_;
  std::uint64_t count_ = 0;
};

/// A UDP datagram's ports and payload; nothing when the octets cannot be one.
struct Udp {
  std::uint16_t src = 0, dst = 0;
  ByteView payload;
};
std::optional<Udp> read_udp(ByteView payload);

}  // namespace ikelab::capture
