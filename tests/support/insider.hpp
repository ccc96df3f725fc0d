// Messages as a peer with the keys might make them: correctly protected, and otherwise anything.
// For pairs whose IKE SA gw-a began, with aes256gcm16.
#pragma once
#include "protocol/ikev2/protect.hpp"
#include "protocol/ikev2/task.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

class Insider {
 public:
  /// In the name of `from`, with the keys its trace tells; the next message id that is due.
  Insider(Pair& pair, Side& from) : pair_(pair), from_(from) {
    suite_.encr = crypto::find_keyword(crypto::TransformType::encr, "aes256gcm16");
    for (const ikev2::Datagram& datagram : pair.wire) {
      const wire::Header seen = wire::decode(datagram.payload).message.header;
      if (seen.spi_r.value == 0) continue;
      header.spi_i = seen.spi_i;
      header.spi_r = seen.spi_r;
      if (seen.initiator == by_a() && !seen.response)
        header.message_id = {std::max(header.message_id.value, seen.message_id.value + 1)};
    }
    header.initiator = by_a();
    header.exchange = wire::ExchangeType::informational;
  }

  wire::Header header;  ///< of the next message

  /// A message around `payloads`.
  ikev2::Datagram message(const std::vector<wire::Payload>& payloads) {
    return datagram(
        ikev2::seal_message(*from_.provider, suite_, {key(), {}}, header, payloads, next_iv())
            .value());
  }
  /// A payload of any type with any octets as its body.
  static wire::Payload raw(wire::PayloadType type, Bytes body, bool critical = false) {
    wire::Payload payload;
    payload.type = type;
    payload.critical = critical;
    payload.body = wire::UnknownPayload{type, std::move(body)};
    return payload;
  }
  /// Delivers it, and everything that follows; what `to` answered last, decrypted, in the RFC's
  /// notation, or "" if it sent nothing.
  std::string ask(const std::vector<wire::Payload>& payloads) {
    Side& to = by_a() ? pair_.b : pair_.a;
    const std::size_t before = to.messages_sent().size();
    pair_.deliver(to, message(payloads));
    pair_.settle();
    if (to.messages_sent().size() == before) return "";
    std::string last;
    for (const auto* m : to.all<trace::Message>())
      if (m->direction == "sent") last = m->payloads.empty() ? "(empty)" : m->payloads;
    return last;
  }
  ikev2::Datagram datagram(Bytes octets) {
    const SocketAddress a{pair_.a.address, 500}, b{pair_.b.address, 500};
    return {9000 + count_, by_a() ? a : b, by_a() ? b : a, std::move(octets)};
  }

 private:
  [[nodiscard]] bool by_a() const { return &from_ == &pair_.a; }
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
  [[nodiscard]] Bytes key() const {
    Bytes found;
    for (const auto* derived : from_.all<trace::KeyDerived>())
      if (derived->name == (by_a() ? "SK_ei" : "SK_er")) found = derived->output;
    return found;
  }

  Pair& pair_;
  Side& from_;
  policy::Suite suite_;
  std::uint64_t count_ = 0;
};

}  // namespace ikelab::test
