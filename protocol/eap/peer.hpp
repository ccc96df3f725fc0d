// The peer of an EAP conversation: answers requests, and knows when Success is due (RFC 3748, 4 and
// 5). Whoever carries the packets (IKE_AUTH) must have authenticated the other side before, or must
// insist on a method that does (RFC 5998).
#pragma once
#include "protocol/eap/method.hpp"

namespace ikelab::eap {

class Peer {
 public:
  Peer(PeerConfig config, crypto::Provider& provider, crypto::Rng& rng, bool disclose)
      : config_(std::move(config)), host_{provider, rng, keys::Derivations(disclose)} {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// The response to a packet; nothing after Success. Errors: E-EAP-001 no packet, or none of a
  /// server; E-EAP-002 more packets than the bound; E-EAP-003 Failure; E-EAP-004 Success before it
  /// is due; E-EAP-005, E-EAP-006 of the method; E-EAP-007 another method in the middle of one.
  Result<std::optional<Bytes>> take(ByteView packet);

  /// The method under way; nullptr before there is one.
  [[nodiscard]] const Method* method() const { return row_; }
  [[nodiscard]] Secret msk() const { return method_ ? method_->msk() : Secret{}; }
  [[nodiscard]] const std::string& identity() const { return config_.identity; }
  /// The keys derived since the last call.
  std::vector<trace::KeyDerived> take_derived() { return host_.derived.take(); }

 private:
  Result<Bytes> respond(const Packet& request);
  [[nodiscard]] bool takes_part(EapType type) const;

  PeerConfig config_;
  Host host_;
  const Method* row_ = nullptr;
  std::unique_ptr<PeerMethod> method_;
  std::size_t packets_ = 0;
};

}  // namespace ikelab::eap
