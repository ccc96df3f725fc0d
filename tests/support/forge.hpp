// A peer with the keys who does not keep the rules: messages that open, with whatever a test puts
// in.
#pragma once
#include "protocol/ikev2/protect.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

class Forge {
 public:
  explicit Forge(Pair& pair);

  /// As if `from` had sent it on its newest IKE SA. The suite is AES-256-GCM with SHA-256, as
  /// site_a() has it; the pair's secrets are disclosed.
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

 private:
  Pair& pair_;
  std::unique_ptr<crypto::Provider> provider_;
  policy::Suite suite_;
  std::uint64_t sent_ = 0;
};

}  // namespace ikelab::test
