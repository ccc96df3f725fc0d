// Large messages in parts: what was agreed on, how a message is cut, and the parts of the peer's
// until they are whole (RFC 7383). The extension in tasks/fragmentation.cpp negotiates it.
//
// Invariant: nothing of a message is looked at before every part of it is there and authentic.
#pragma once
#include <map>

#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// The parts of one message that are here already; one for requests, one for responses.
struct Reassembly {
  wire::ExchangeType exchange{};
  MessageId message_id;
  std::uint16_t total = 0;                                  ///< 0: no part is here
  wire::PayloadType first_inner = wire::PayloadType::none;  ///< as fragment 1 says
  std::uint8_t reserved = 0;                                ///< likewise
  std::map<std::uint16_t, Bytes> parts;                     ///< decrypted, by Fragment Number
  std::size_t octets = 0;                                   ///< in all parts
  std::size_t largest = 0;                                  ///< octets of the largest IKE message
  Instant give_up;
};

struct FragmentState {
  bool supported = false;  ///< both sides announced it
  /// The IP datagram size that path MTU probing came down to; 0: as configured.
  std::size_t threshold = 0;
  /// Of the request answered last: its Total Fragments and its largest message, 0 when it came
  /// whole.
  std::uint16_t answered_total = 0;
  std::size_t answered_largest = 0;
  Reassembly requests, responses;
};

/// The content of an encrypted message.
struct Content {
  Bytes plain;
  wire::PayloadType first_inner = wire::PayloadType::none;
  std::uint8_t reserved = 0;
};

/// How many octets of content go into each fragment of a message with `content` octets; 0: it goes
/// as one message, unfragmented. A response is cut as its request was, if that was smaller.
std::size_t fragment_content(const IkeSa& sa, std::size_t content, bool response);
/// Whether a part may be opened at all: not held yet, of no smaller set, within the bounds. Says
/// why not.
bool admit_fragment(IkeSa& sa, const wire::Header& header, const wire::SkfPayload& part,
                    std::uint64_t datagram);
/// Takes in a part that opened; `size` is that of its message. The whole content once every part is
/// here. E-IKE-073: so much that the SA is to be dropped.
Result<std::optional<Content>> hold_fragment(IkeSa& sa, Instant now, const wire::Header& header,
                                             const wire::SkfPayload& part, std::uint8_t reserved,
                                             Bytes chunk, std::size_t size);
/// The next smaller fragmentation threshold that makes more fragments of `content`; false: there is
/// none (RFC 7383, 2.5.2).
bool probe_smaller(IkeSa& sa, std::size_t content);

}  // namespace ikelab::ikev2
