// MD5-Challenge (RFC 3748, 5.4; RFC 1994, 4.1): here to show why not. The server proves nothing, no
// key comes of it, and whoever hears challenge and response can try passwords.
//
//   Value-Size (1) | Value | Name         Value of a response = MD5(Identifier | password |
//   challenge)
#include "protocol/eap/method.hpp"

namespace ikelab::eap {
namespace {

Bytes with_size(ByteView value, std::string_view name) {
  const Bytes size = {static_cast<std::uint8_t>(value.size())};
  return concat({size, value, as_bytes(name)});
}

/// The value of a packet's data; nothing, when it is cut short.
std::optional<Bytes> value_of(ByteView data) {
  if (data.empty() || data.size() < 1U + data[0]) return std::nullopt;
  return to_bytes(data.subspan(1, data[0]));
}

Bytes response_value(crypto::Provider& provider, std::uint8_t identifier, ByteView password,
                     ByteView challenge) {
  const Bytes id = {identifier};
  return provider.md5(concat({id, password, challenge}));
}

class Md5Peer : public PeerMethod {
 public:
  Md5Peer(const PeerConfig& config, Host& host) : config_(config), host_(host) {}
  Result<Bytes> respond(const Packet& request) override {
    const auto challenge = value_of(request.data);
    if (!challenge || challenge->empty())
      return Error{"E-EAP-005", "MD5-Challenge without a challenge"}.see("RFC 3748, 5.4");
    answered_ = true;
    return with_size(
        response_value(host_.provider, request.identifier, config_.password, *challenge),
        config_.identity);
  }
  [[nodiscard]] bool may_succeed() const override { return answered_; }

 private:
  const PeerConfig& config_;
  Host& host_;
  bool answered_ = false;
};

class Md5Server : public ServerMethod {
 public:
  Md5Server(const ServerConfig& config, const std::string& user, Host& host)
      : config_(config), host_(host), password_(config.password_of(user)) {}
  Result<Bytes> begin(std::uint8_t identifier) override {
    identifier_ = identifier;
    challenge_ = host_.rng.bytes(16);
    return with_size(challenge_, config_.name);
  }
  Step take(const Packet& response) override {
    const auto value = value_of(response.data);
    // For a user nobody knows the same work is done and the same is said.
    const Bytes expected = response_value(host_.provider, identifier_,
                                          password_.value_or(host_.rng.bytes(16)), challenge_);
    if (value && equal_constant_time(*value, expected) && password_)
      return {Verdict::success, {}, {}};
    return {Verdict::failure, {}, "the password is wrong, or the user is not known"};
  }

 private:
  const ServerConfig& config_;
  Host& host_;
  std::optional<Bytes> password_;
  std::uint8_t identifier_ = 0;
  Bytes challenge_;
};

}  // namespace

Method md5_challenge() {
  return {EapType::md5_challenge,
          "eap-md5",
          false,
          false,
          [](const PeerConfig& config, Host& host) -> std::unique_ptr<PeerMethod> {
            return std::make_unique<Md5Peer>(config, host);
          },
          [](const ServerConfig& config, const std::string& user,
             Host& host) -> std::unique_ptr<ServerMethod> {
            return std::make_unique<Md5Server>(config, user, host);
          }};
}

}  // namespace ikelab::eap
