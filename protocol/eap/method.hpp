// EAP methods: one file each, one row each in registry.cpp. A method has two sides, the peer (who
// wants in) and the server; both see only the data of their own type (RFC 3748, 5).
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "protocol/crypto/provider.hpp"
#include "protocol/eap/packet.hpp"
#include "protocol/keys/derivations.hpp"

namespace ikelab::eap {

/// What a conversation may use, and where it tells of keys.
struct Host {
  crypto::Provider& provider;
  crypto::Rng& rng;
  keys::Derivations derived;
};

/// Judges the certificate (DER) that TLS showed: whose is it?
using JudgeCertificate = std::function<Result<void>(ByteView der)>;

struct Method;
/// The method of a type; nullptr: it is not one of ours.
using FindMethod = const Method* (*)(EapType type);
const Method* find(EapType type);

struct PeerConfig {
  std::string identity;
  Bytes password;
  EapType only = EapType::none;  ///< the one method we take part in; none: any we know
  crypto::TlsConfig tls;
  JudgeCertificate judge;
  FindMethod find = eap::find;
};

struct ServerConfig {
  EapType method = EapType::none;  ///< none: the first we know, or what the peer asks for
  std::string expected_identity;   ///< empty: the peer is asked
  std::string name;                ///< what we call ourselves towards the peer
  /// The password of a user; nothing for one we do not know.
  std::function<std::optional<Bytes>(const std::string& user)> password_of;
  crypto::TlsConfig tls;
  std::function<Result<void>(const std::string& user, ByteView der)> judge;
  FindMethod find = eap::find;
};

class PeerMethod {
 public:
  virtual ~PeerMethod() = default;
  /// The data of the response. An error ends the conversation.
  virtual Result<Bytes> respond(const Packet& request) = 0;
  /// The method has come to its end and the server has proved what it can: Success may come.
  [[nodiscard]] virtual bool may_succeed() const = 0;
  /// Why the server refused us, in its own words; empty: it did not say.
  [[nodiscard]] virtual std::string refusal() const { return {}; }
  /// Empty from methods that derive no key.
  [[nodiscard]] virtual Secret msk() const { return {}; }
};

class ServerMethod {
 public:
  virtual ~ServerMethod() = default;
  enum class Verdict { more, success, failure };
  struct Step {
    Verdict verdict = Verdict::more;
    Bytes data;       ///< more: of the next request
    std::string why;  ///< failure: in words
  };
  /// The data of the first request.
  virtual Result<Bytes> begin(std::uint8_t identifier) = 0;
  virtual Step take(const Packet& response) = 0;
  [[nodiscard]] virtual Secret msk() const { return {}; }
};

struct Method {
  EapType type;
  std::string_view word;  ///< swanctl's: eap-mschapv2
  bool mutual;            ///< each side learns that the other knew the secret
  bool derives_key;
  std::unique_ptr<PeerMethod> (*peer)(const PeerConfig& config, Host& host);
  std::unique_ptr<ServerMethod> (*server)(const ServerConfig& config, const std::string& user,
                                          Host& host);
};

/// Every method we take part in, best first.
std::span<const Method> methods();

// ---- the rows ----
Method md5_challenge();
Method mschapv2();
Method tls();

}  // namespace ikelab::eap
