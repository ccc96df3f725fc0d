// IKEv1 as a watcher with keys reads it: main, aggressive and quick mode, informational exchanges
// (RFC 2409, 5). There is no ICV: a message is opened when what decryption gives is payloads.
//
// Invariant: only a message that opened moves an exchange's IV (RFC 2409, appendix B).
#pragma once
#include <optional>

#include "sim/open/telling.hpp"

namespace ikelab::open {

class Ikev1Listener {
 public:
  explicit Ikev1Listener(Observer& observer) : observer_(observer) {}
  void hear(const Sighting& seen);

 private:
  /// What runs under one Message ID; phase 1 has the ID 0.
  struct Exchange {
    std::optional<IpAddress> beginner;
    unsigned messages = 0;  ///< different ones
    Bytes iv;
    wire::v1::SaPayload offered;
    std::vector<std::string> ts_i, ts_r;
  };
  struct Told {
    Content content;
    std::uint64_t attempts = 0;
  };
  /// One ISAKMP SA, by its initiator's cookie.
  struct Conversation {
    std::string name;
    const capture::Ikev1KeyRow* key = nullptr;
    bool installed = false, hidden_values = false;
    policy::Suite suite;  ///< of phase 1, when its answer was seen
    Bytes g_xi, g_xr;
    Bytes last_block;  ///< of phase 1: where the IVs of phase 2 come from
    std::map<std::uint32_t, Exchange> exchanges;
    std::map<Bytes, Told> told;  ///< by the octets of the message
  };

  Conversation& conversation_of(const wire::Header& header);
  Exchange& exchange_of(Conversation& sa, const Sighting& seen, const wire::Header& header);
  Content open(Conversation& sa, Exchange& exchange, const wire::Decoded& decoded);
  Result<void> begin_iv(Conversation& sa, Exchange& exchange, const wire::Header& header);
  void learn(Conversation& sa, Exchange& exchange, const Sighting& seen, const wire::Header& header,
             const Content& content);
  void learn_phase1(Conversation& sa, Exchange& exchange, const Sighting& seen,
                    const Content& content);
  void learn_quick(const Conversation& sa, Exchange& exchange, const Sighting& seen,
                   const Content& content);
  void learn_delete(const Conversation& sa, const Sighting& seen, const Content& content);
  void install(Conversation& sa, const Sighting& seen, const wire::Header& header);

  Observer& observer_;
  std::map<IkeSpi, Conversation> conversations_;
};

}  // namespace ikelab::open
