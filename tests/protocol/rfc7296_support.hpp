// What the tests of RFC 7296, sentence by sentence, share.
#pragma once
#include "tests/support/forge.hpp"
#include "tests/support/lab_certificates.hpp"

namespace ikelab::test {

inline void establish(Pair& pair) {
  REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
}

/// What a side sent or received, decrypted.
inline std::vector<wire::Payload> inside(const trace::Message& m) {
  if (!m.encrypted) return wire::decode(m.bytes).message.payloads;
  return wire::decode_chain(m.plain, static_cast<wire::PayloadType>(m.plain_first)).payloads;
}

/// The messages of this exchange that a side sent, repetitions among them.
inline std::vector<const trace::Message*> sent(const Side& side, const std::string& exchange,
                                               bool response) {
  std::vector<const trace::Message*> out;
  for (const auto* m : side.all<trace::Message>())
    if (m->direction == "sent" && m->exchange == exchange && m->response == response)
      out.push_back(m);
  return out;
}

/// The nth (from 0) of them, repetitions aside.
inline const trace::Message& nth_sent(const Side& side, const std::string& exchange, bool response,
                                      std::size_t nth = 0) {
  auto all = sent(side, exchange, response);
  std::erase_if(all, [](const auto* m) { return m->attempt != 0; });
  INFO(exchange);
  REQUIRE(all.size() > nth);
  return *all[nth];
}

}  // namespace ikelab::test
