#include "tests/support/forge.hpp"

#include <algorithm>

namespace ikelab::test {
namespace {

ikev2::IkeSaInfo newest(const Side& side) {
  const auto all = side.sas();
  IKELAB_ASSERT(!all.empty());
  return *std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(a.name.size(), a.name) < std::pair(b.name.size(), b.name);
  });
}

/// The last one of that name that was derived for the SA.
Bytes key_of(const Side& side, const std::string& sa, const std::string& name) {
  Bytes key;
  for (const trace::LocalEvent& event : side.events)
    if (const auto* derived = std::get_if<trace::KeyDerived>(&event.body);
        derived != nullptr && event.sa == sa && derived->name == name)
      key = derived->output;
  return key;
}

}  // namespace

Forge::Forge(Pair& pair) : pair_(pair), provider_(crypto::openssl_provider()) {
  suite_.encr = crypto::find_keyword(crypto::TransformType::encr, "aes256gcm16");
}

std::uint32_t Forge::next_id(const Side& from) const {
  const ikev2::IkeSaInfo sa = newest(from);
  std::uint32_t next = 0;
  for (const ikev2::Datagram& datagram : pair_.wire) {
    const wire::Header header = wire::decode(datagram.payload).message.header;
    if (header.spi_i == sa.spi_i && !header.response && header.initiator == sa.original_initiator)
      next = std::max(next, header.message_id.value + 1);
  }
  return next;
}

wire::Header Forge::header(const Side& from) const {
  const ikev2::IkeSaInfo sa = newest(from);
  wire::Header header;
  header.spi_i = sa.spi_i;
  header.spi_r = sa.spi_r;
  header.exchange = wire::ExchangeType::informational;
  header.initiator = sa.original_initiator;
  header.message_id = MessageId{next_id(from)};
  return header;
}

Bytes Forge::key(const Side& from) const {
  const ikev2::IkeSaInfo sa = newest(from);
  return key_of(from, sa.name, sa.original_initiator ? "SK_ei" : "SK_er");
}

Bytes Forge::next_iv() {
  Bytes iv(suite_.encr->iv_size, 0xff);  // an honest side counts from 0
  ++sent_;
  for (std::size_t i = 0; i < 7; ++i) iv[i] = static_cast<std::uint8_t>(sent_ >> (8 * i));
  return iv;
}

ikev2::Datagram Forge::datagram(const Side& from, Bytes octets) {
  const Side& to = &from == &pair_.a ? pair_.b : pair_.a;
  return {9000 + sent_, {from.address, 500}, {to.address, 500}, std::move(octets)};
}

ikev2::Datagram Forge::sealed(const Side& from, const wire::Header& header,
                              const std::vector<wire::Payload>& payloads,
                              const std::vector<wire::Payload>& outside) {
  return datagram(from, ikev2::seal_message(*provider_, suite_, {key(from), {}}, header, payloads,
                                            next_iv(), outside)
                            .value());
}

ikev2::Datagram Forge::fragment(const Side& from, const wire::Header& header,
                                const wire::SkfPayload& part, ByteView chunk,
                                const std::vector<wire::Payload>& outside) {
  return datagram(from, ikev2::seal_fragment(*provider_, suite_, {key(from), {}}, header, part,
                                             chunk, next_iv(), outside)
                            .value());
}

ikev2::Datagram Forge::message(const Side& from, wire::ExchangeType exchange, bool response,
                               std::uint32_t id, const std::vector<wire::Payload>& payloads) {
  wire::Header of_message = header(from);
  of_message.exchange = exchange;
  of_message.response = response;
  of_message.message_id = MessageId{id};
  return sealed(from, of_message, payloads);
}

ikev2::Datagram Forge::instead(const Side& from, const ikev2::Datagram& honest,
                               const std::vector<wire::Payload>& payloads) {
  const wire::Header header = wire::decode(honest.payload).message.header;
  ikev2::Datagram forged =
      message(from, header.exchange, header.response, header.message_id.value, payloads);
  forged.src = honest.src;
  forged.dst = honest.dst;
  return forged;
}

std::string Insider::ask(const std::vector<wire::Payload>& payloads) {
  Side& to = &from_ == &pair_.a ? pair_.b : pair_.a;
  const std::size_t before = to.messages_sent().size();
  pair_.deliver(to, message(payloads));
  pair_.settle();
  if (to.messages_sent().size() == before) return "";
  std::string last;
  for (const auto* m : to.all<trace::Message>())
    if (m->direction == "sent") last = m->payloads.empty() ? "(empty)" : m->payloads;
  return last;
}

}  // namespace ikelab::test
