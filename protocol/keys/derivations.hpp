// What the key schedule tells the trace: one KeyDerived per value, with what it was made from.
//
// A graph of a derivation is drawn by names alone: an input of one step is the output of the step
// of that name that came last before it; an input that no step made (Ni, KEr, SPIi) is a leaf, and
// its `source` says which message carried it. Names are the RFC's: "g^ir", "SKEYSEED", "SK_d",
// "SK_ai", "SK_ar", "SK_ei", "SK_er", "SK_pi", "SK_pr", "KEYMAT", "ESP encryption key, initiator to
// responder" ... ; a rekey's are "g^ir (new)" and "SK_d (old)", the latter the old IKE SA's SK_d.
//
// Invariant: without disclosure no secret octet enters an event; lengths, names, public values do.
#pragma once
#include <string>
#include <vector>

#include "protocol/base/secret.hpp"
#include "protocol/crypto/algorithm.hpp"
#include "protocol/trace/event.hpp"

namespace ikelab::keys {

class Derivations {
 public:
  /// `disclose`: the run said `disclose_secrets: true`. `wanted`: somebody listens.
  explicit Derivations(bool disclose, bool wanted = true) : disclose_(disclose), wanted_(wanted) {}
  [[nodiscard]] bool wanted() const { return wanted_; }

  /// A value that crossed the wire, or will: always shown.
  [[nodiscard]] static trace::NamedValue shown(std::string name, ByteView value,
                                               std::string source);
  /// A secret input: its octets only when disclosed.
  [[nodiscard]] trace::NamedValue secret(std::string name, ByteView value,
                                         std::string source) const;
  /// One step: `output` is secret.
  void add(std::string name, std::string function, const crypto::Algorithm& algorithm,
           std::vector<trace::NamedValue> inputs, ByteView output, std::string rfc);

  /// The same of an algorithm that is none of IKE's ("MD4", "TLS 1.3").
  void add(std::string name, std::string function, std::string_view algorithm,
           std::vector<trace::NamedValue> inputs, ByteView output, std::string rfc);

  /// The steps so far, in order; leaves this empty.
  [[nodiscard]] std::vector<trace::KeyDerived> take();

 private:
  bool disclose_, wanted_;
  std::vector<trace::KeyDerived> steps_;
};

}  // namespace ikelab::keys
