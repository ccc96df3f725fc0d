// Large messages in parts: what was agreed on, how a message is cut, and the parts of the peer's
// until they are whole (RFC 7383). The extension in tasks/fragmentation.cpp negotiates it.
//
// Invariant: nothing of a message is looked at before every part of it is there and authentic.
#pragma once
#include <map>

#include "protocol/ikev2/ike_sa.hpp"

namespace ikelab::ikev2 {

/// The parts of one message that are here already.
struct Reassembly {
  wire::ExchangeType exchange{};
  std::uint16_t total = 0;
  wire::PayloadType first_inner = wire::PayloadType::none;  ///< as fragment 1 says
  std::uint8_t reserved = 0;                                ///< likewise
  std::vector<wire::Payload> outside;                       ///< likewise: what stands in the clear
  std::map<std::uint16_t, Bytes> parts;                     ///< decrypted, by Fragment Number
  std::size_t octets = 0;                                   ///< in all parts
  std::size_t largest = 0;                                  ///< octets of the largest IKE message
  Instant give_up;
};
/// How a request came that was answered: its Total Fragments, and its largest message.
struct Answered {
  std::uint16_t total = 0;
  std::size_t largest = 0;
};

struct FragmentState {
  bool supported = false;  ///< both sides announced it
  /// The IP datagram size that path MTU probing came down to; 0: as configured.
  std::size_t threshold = 0;
  /// By Message ID, of each direction: a window has several messages on their way at once, and
  /// their parts come mixed. No more of them than a window has.
  std::map<std::uint32_t, Reassembly> requests, responses;
  std::map<std::uint32_t, Answered> answered;  ///< those that came in parts
};

/// An encrypted message.
struct Content {
  Bytes plain;
  std::vector<wire::Payload> outside;
  wire::PayloadType first_inner = wire::PayloadType::none;
  std::uint8_t reserved = 0;
};

/// How many octets of content go into each fragment of the message with `content` octets; 0: it
/// goes as one, unfragmented. A response is cut as its request was, if that was smaller. `outside`:
/// octets of payloads before the Encrypted one, for which each fragment leaves room.
std::size_t fragment_content(const IkeSa& sa, const wire::Header& header, std::size_t content,
                             std::size_t outside);
/// Whether a part may be opened at all: not held yet, of no smaller set, within the bounds. Says
/// why not.
bool admit_fragment(IkeSa& sa, const wire::Header& header, const wire::SkfPayload& part,
                    std::uint64_t datagram);
/// Takes in a part that opened, its chunk as `in.plain`. The whole content once every part is here.
/// E-IKE-073: so much that the SA is to be dropped.
Result<std::optional<Content>> hold_fragment(IkeSa& sa, const wire::SkfPayload& part, Inbound in);
/// The next smaller fragmentation threshold that makes more fragments of `content`; false: there is
/// none (RFC 7383, 2.5.2).
bool probe_smaller(IkeSa& sa, const wire::Header& header, std::size_t content, std::size_t outside);

}  // namespace ikelab::ikev2
