// The server of an EAP conversation: asks who comes, chooses a method, and says Success or Failure
// (RFC 3748, 4 and 5). A user nobody knows is led through the same steps as one with a wrong
// password.
#pragma once
#include "protocol/eap/method.hpp"

namespace ikelab::eap {

class Authenticator {
 public:
  Authenticator(ServerConfig config, crypto::Provider& provider, crypto::Rng& rng, bool disclose)
      : config_(std::move(config)), host_{provider, rng, keys::Derivations(disclose)} {}
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  enum class Verdict { more, success, failure };
  struct Step {
    Bytes packet;  ///< the next request, Success or Failure
    Verdict verdict = Verdict::more;
    std::string why;  ///< failure: in words
  };
  /// The first request.
  Step begin();
  /// What follows a packet of the peer; whatever is not a response to our last request is a
  /// failure.
  Step take(ByteView packet);

  [[nodiscard]] const Method* method() const { return row_; }
  [[nodiscard]] Secret msk() const { return method_ ? method_->msk() : Secret{}; }
  [[nodiscard]] const std::string& identity() const { return identity_; }
  std::vector<trace::KeyDerived> take_derived() { return host_.derived.take(); }

 private:
  Step request(EapType type, Bytes data);
  Step fail(std::string why);
  Step start(EapType type);
  Step settle(const Packet& nak);

  ServerConfig config_;
  Host host_;
  std::string identity_;
  const Method* row_ = nullptr;
  std::unique_ptr<ServerMethod> method_;
  EapType asked_ = EapType::none;
  std::uint8_t identifier_ = 0;
  std::size_t packets_ = 0;
  bool method_answered_ = false;
};

}  // namespace ikelab::eap
