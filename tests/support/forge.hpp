// A peer with the keys who does not keep the rules: messages that open, with whatever a test puts
// in. For pairs whose secrets are disclosed, with AES-256-GCM as site_a() has it.
#pragma once
#include "protocol/ikev2/protect.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

/// In the name of either side, on its newest IKE SA.
class Forge {
 public:
  explicit Forge(Pair& pair);

  ikev2::Datagram message(const Side& from, wire::ExchangeType exchange, bool response,
                          std::uint32_t id, const std::vector<wire::Payload>& payloads);
  ikev2::Datagram request(const Side& from, wire::ExchangeType exchange,
                          const std::vector<wire::Payload>& payloads) {
    return message(from, exchange, false, next_id(from), payloads);
  }
  /// The same place in the conversation as `honest`, with other payloads.
  ikev2::Datagram instead(const Side& from, const ikev2::Datagram& honest,
                          const std::vector<wire::Payload>& payloads);
  /// One above the ids of the requests that a side has sent on its newest IKE SA.
  [[nodiscard]] std::uint32_t next_id(const Side& from) const;
  /// SPIs and Initiator flag are its newest IKE SA's, the rest is an INFORMATIONAL request's that
  /// is due.
  [[nodiscard]] wire::Header header(const Side& from) const;

  /// Any header, with the newest keys of that side.
  ikev2::Datagram sealed(const Side& from, const wire::Header& header,
                         const std::vector<wire::Payload>& payloads,
                         const std::vector<wire::Payload>& outside = {});
  ikev2::Datagram fragment(const Side& from, const wire::Header& header,
                           const wire::SkfPayload& part, ByteView chunk,
                           const std::vector<wire::Payload>& outside = {});
  /// Any octets, from one side to the other.
  ikev2::Datagram datagram(const Side& from, Bytes octets);

 private:
  [[nodiscard]] Bytes key(const Side& from) const;
  Bytes next_iv();
  Pair& pair_;
  std::unique_ptr<crypto::Provider> provider_;
  policy::Suite suite_;
  std::uint64_t sent_ = 0;
};

/// In the name of one side, message by message under a header of the test's own.
class Insider {
 public:
  Insider(Pair& pair, Side& from)
      : header(Forge(pair).header(from)), pair_(pair), from_(from), forge_(pair) {}

  wire::Header header;  ///< of the next message

  /// A message around `payloads`, with `outside` in the clear before them.
  ikev2::Datagram message(const std::vector<wire::Payload>& payloads,
                          const std::vector<wire::Payload>& outside = {}) {
    return forge_.sealed(from_, header, payloads, outside);
  }
  ikev2::Datagram fragment(std::uint16_t number, std::uint16_t total, ByteView chunk,
                           wire::PayloadType first = wire::PayloadType::none,
                           const std::vector<wire::Payload>& outside = {}) {
    return forge_.fragment(from_, header, {first, number, total, {}}, chunk, outside);
  }
  ikev2::Datagram datagram(Bytes octets) { return forge_.datagram(from_, std::move(octets)); }
  /// A payload of any type with any octets as its body.
  static wire::Payload raw(wire::PayloadType type, Bytes body, bool critical = false) {
    wire::Payload payload;
    payload.type = type;
    payload.critical = critical;
    payload.body = wire::UnknownPayload{type, std::move(body)};
    return payload;
  }
  /// Delivers it, and everything that follows; what the other side answered last, decrypted, in the
  /// RFC's notation, or "" if it sent nothing.
  std::string ask(const std::vector<wire::Payload>& payloads);

 private:
  Pair& pair_;
  Side& from_;
  Forge forge_;
};

}  // namespace ikelab::test
