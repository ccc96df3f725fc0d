// Fragments of the two sites' messages, as they crossed the wire, and as somebody with the keys
// might make them.
#pragma once
#include <algorithm>

#include "protocol/ikev2/protect.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

namespace ikelab::test {

/// The SKF payload of a message, if it is a fragment.
inline std::optional<wire::SkfPayload> part_of(const ikev2::Datagram& datagram) {
  const auto decoded = wire::decode(datagram.payload);
  const auto* skf = wire::first<wire::SkfPayload>(decoded.message.payloads);
  return skf == nullptr ? std::nullopt : std::optional(*skf);
}

/// The fragments among what was sent since `from`.
inline std::vector<ikev2::Datagram> fragments_since(const Pair& pair, std::size_t from) {
  std::vector<ikev2::Datagram> found;
  for (std::size_t i = from; i < pair.wire.size(); ++i)
    if (part_of(pair.wire[i])) found.push_back(pair.wire[i]);
  return found;
}

/// Octets of the IPv4 datagram (RFC 7383, appendix B).
inline std::size_t ip_size(const ikev2::Datagram& datagram) {
  return 20 + 8 + (datagram.src.port == 4500 ? 4 : 0) + datagram.payload.size();
}

inline void set_fragments(policy::EndpointConfig& config, std::size_t size,
                          policy::Fragmentation wish = policy::Fragmentation::yes) {
  config.connections[0].fragment_size = size;
  config.connections[0].fragmentation = wish;
}

/// A message of a (initiator of the IKE SA) to b, made with the keys that a's trace tells.
class Forger {
 public:
  explicit Forger(Pair& pair) : pair_(pair) {
    suite_.encr = crypto::find(crypto::TransformType::encr, 20, 256);
    header_ = wire::decode(pair.wire.back().payload).message.header;
    header_.initiator = true;
    header_.response = false;
    header_.exchange = wire::ExchangeType::informational;
  }
  wire::Header& header() { return header_; }
  ikev2::Datagram fragment(std::uint16_t number, std::uint16_t total, ByteView chunk,
                           wire::PayloadType first = wire::PayloadType::none) {
    const wire::SkfPayload part{first, number, total, {}};
    return sent(ikev2::seal_fragment(*pair_.a.provider, suite_, {key(), {}}, header_, part, chunk,
                                     next_iv())
                    .value());
  }
  ikev2::Datagram whole(const std::vector<wire::Payload>& payloads) {
    return sent(
        ikev2::seal_message(*pair_.a.provider, suite_, {key(), {}}, header_, payloads, next_iv())
            .value());
  }

 private:
  ikev2::Datagram sent(Bytes payload) {
    return {9000 + count_, {pair_.a.address, 500}, {pair_.b.address, 500}, std::move(payload)};
  }
  Bytes next_iv() {
    ++count_;
    return {0xff,
            0,
            0,
            0,
            0,
            0,
            static_cast<std::uint8_t>(count_ >> 8),
            static_cast<std::uint8_t>(count_)};
  }
  Bytes key() const {
    Bytes found;
    for (const auto* derived : pair_.a.all<trace::KeyDerived>())
      if (derived->name == "SK_ei") found = derived->output;
    return found;
  }
  Pair& pair_;
  policy::Suite suite_;
  wire::Header header_;
  std::uint64_t count_ = 0;
};

}  // namespace ikelab::test
