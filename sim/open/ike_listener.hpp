// IKEv2 as a watcher with keys reads it: messages opened, retransmissions and fragments recognised,
// and what they said about SAs (RFC 7296; RFC 7383).
#pragma once
#include <optional>

#include "sim/open/telling.hpp"

namespace ikelab::open {

class IkeListener {
 public:
  explicit IkeListener(Observer& observer) : observer_(observer) {}
  void hear(const Sighting& seen);

 private:
  /// One IKE SA, by its SPIi.
  struct Conversation {
    std::string name;
    const capture::IkeKeyRow* keys = nullptr;
    bool installed = false;
    std::string encryption, integrity, prf, ke;  ///< as negotiated, if that was seen
    std::vector<wire::Proposal> offered;         ///< of the request seen last
    EspSpi request_spi;                          ///< of its ESP proposal
    std::map<Bytes, std::uint64_t> repeats;      ///< octets of a message to its repetitions
    struct Parts {
      std::uint16_t total = 0;
      wire::PayloadType first_inner = wire::PayloadType::none;
      std::vector<wire::Payload> outside;  ///< of fragment 1: what stands in the clear
      std::map<std::uint16_t, Bytes> plain;
    };
    std::map<std::uint64_t, Parts> fragments;  ///< by direction and message id
  };
  Conversation& conversation_of(const wire::Header& header);
  Content open(Conversation& sa, const Sighting& seen, const wire::Decoded& decoded);
  void open_fragment(Conversation& sa, const wire::Header& header, const wire::SkfPayload& part,
                     Content& content);
  void learn(Conversation& sa, const Sighting& seen, const wire::Header& header,
             const Content& content);
  void learn_answer(Conversation& sa, const Sighting& seen, const Content& content);
  void learn_child(const Conversation& sa, const Content& content, EspSpi response_spi);
  void learn_delete(const Conversation& sa, const Sighting& seen, const Content& content);
  void install(Conversation& sa, const Sighting& seen, const wire::Header& header);

  Observer& observer_;
  std::map<IkeSpi, Conversation> conversations_;
};

}  // namespace ikelab::open
