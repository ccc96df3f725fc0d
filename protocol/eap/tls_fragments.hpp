// TLS messages in EAP packets: cut, acknowledged, put together (RFC 5216, 2.1.5, 3.1). The same on
// both sides.
//
//   Flags (L M S) | [TLS Message Length] | TLS Data
#pragma once
#include <optional>

#include "protocol/base/bytes.hpp"

namespace ikelab::eap {

class TlsFragments {
 public:
  static constexpr std::uint8_t length_included = 0x80, more_fragments = 0x40, start = 0x20;
  static constexpr std::size_t largest = 1024;  ///< octets of TLS in one packet, as strongSwan's

  /// A whole message that is to go out; next() cuts it.
  void give(Bytes message);
  /// The data of the next packet: a fragment, or an acknowledgement when nothing waits.
  Bytes next();
  [[nodiscard]] bool waiting() const { return sent_ < out_.size(); }

  /// The data of a packet that came. Nothing: more fragments follow, acknowledge with next().
  /// Errors: E-EAP-005 flags or lengths that do not fit, E-EAP-002 more than a message may have.
  Result<std::optional<Bytes>> take(ByteView data);

 private:
  Bytes out_, in_;
  std::size_t sent_ = 0;
  std::optional<std::size_t> announced_;
};

}  // namespace ikelab::eap
