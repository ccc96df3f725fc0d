// EAP packets as values (RFC 3748, 4). protocol/wire dissects them for people; this is what the
// methods exchange.
#pragma once
#include "protocol/wire/iana.hpp"
#include "protocol/wire/message.hpp"

namespace ikelab::eap {

using wire::EapType;

enum class Code : std::uint8_t { request = 1, response = 2, success = 3, failure = 4 };

struct Packet {
  Code code = Code::request;
  std::uint8_t identifier = 0;
  EapType type = EapType::none;  ///< of requests and responses
  Bytes data;                    ///< what follows Type
};

/// Errors: E-EAP-001 not a packet: too short, another length, an unknown code.
Result<Packet> decode(ByteView octets);
Bytes encode(const Packet& packet);

}  // namespace ikelab::eap
