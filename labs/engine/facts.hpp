// What a recorded run says, in the shape predicates and rules ask for it. Everything comes from
// events.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/crypto/algorithm.hpp"
#include "protocol/trace/event.hpp"
#include "protocol/wire/dissect.hpp"

namespace ikelab::labs {

/// An IKE message as it was sent, or as it came when an adversary made it; numbered as `ikelab show
/// messages` does.
struct SentMessage {
  std::uint64_t number = 0;  ///< from 1, in the order of sending, retransmissions included
  std::string node;          ///< the sender, or the adversary
  std::uint64_t seq = 0;     ///< of the event
  const trace::Message* content = nullptr;
};

/// Half-open [begin, end).
struct Octets {
  std::size_t begin = 0, end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
};

class Facts {
 public:
  explicit Facts(std::vector<trace::Event> events);
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  [[nodiscard]] const std::vector<trace::Event>& events() const { return events_; }
  [[nodiscard]] const std::vector<SentMessage>& messages() const { return messages_; }
  /// Errors: E-LAB-015 when there are fewer.
  Result<const SentMessage*> message(std::uint64_t number) const;
  /// The number of the last message sent at or before an event; 0 when there was none.
  [[nodiscard]] std::uint64_t message_before(std::uint64_t seq) const;
  /// What stands at an event, in one line for a person. "" when there is none.
  [[nodiscard]] std::string told(std::uint64_t seq) const;
  /// The sender of the first IKE_SA_INIT request / the other node that sends. Errors: E-LAB-015.
  Result<std::string> initiator() const;
  Result<std::string> responder() const;
  /// The first derivation of that name with a disclosed output, at that node ("" for any).
  Result<const trace::KeyDerived*> key(std::string_view name, std::string_view node = "") const;
  /// "initiator" or "responder": the first AUTH of that side that was accepted. Errors: E-LAB-015.
  Result<const trace::AuthDecided*> auth(std::string_view subject) const;
  /// The first negotiation of "IKE" or "ESP" that chose something. Errors: E-LAB-015.
  Result<const trace::Negotiated*> negotiated(std::string_view protocol) const;

  /// Ni, Nr, g^ir, KEi, KEr, SPIi, SPIr, SKEYSEED, SK_d ...: an output, or an input of a
  /// derivation.
  Result<Bytes> octets(std::string_view name) const;
  /// The negotiated PRF, from the derivation of SKEYSEED. Errors: E-LAB-015.
  Result<const crypto::Algorithm*> prf() const;

  /// Where a field lies: name as `show message N` prints it ("Nonce Data"), in the octets of the
  /// message, or, for `inside`, in the decrypted content. Errors: E-LAB-015.
  Result<Octets> field(std::uint64_t number, std::string_view name, bool inside = false) const;
  /// The value of a field as text. Errors: E-LAB-015.
  Result<std::string> field_value(std::uint64_t number, std::string_view name) const;
  /// The payload (with its generic header) of a notation ("IDi") in the decrypted content.
  Result<Octets> inner_payload(std::uint64_t number, wire::PayloadType type) const;

 private:
  std::vector<trace::Event> events_;
  std::vector<SentMessage> messages_;
};

}  // namespace ikelab::labs
