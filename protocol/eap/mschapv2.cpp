// EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2; RFC 2759): a password proves both sides to each
// other, and gives a key. Inside a tunnel whose server was authenticated before, and nowhere else.
//
//   server  Challenge (16 octets, name)  -->
//                                        <--  Response (Peer-Challenge, NT-Response, name)   peer
//   server  Success "S=..." or Failure   -->
//                                        <--  Success or Failure                             peer
#include <fmt/format.h>

#include "protocol/eap/method.hpp"
#include "protocol/eap/mschapv2_crypto.hpp"

namespace ikelab::eap {
namespace {

enum class OpCode : std::uint8_t { challenge = 1, response = 2, success = 3, failure = 4 };
constexpr std::size_t header_size = 4, challenge_size = 16, response_size = 49;
constexpr const char* rfc = "RFC 2759, 4";

/// OpCode | MS-CHAPv2-ID | MS-Length | what follows.
Bytes message(OpCode code, std::uint8_t id, ByteView rest) {
  const std::size_t size = header_size + rest.size();
  const Bytes head = {static_cast<std::uint8_t>(code), id, static_cast<std::uint8_t>(size >> 8),
                      static_cast<std::uint8_t>(size)};
  return concat({head, rest});
}

bool is(const Bytes& data, OpCode code) {
  return !data.empty() && data[0] == static_cast<std::uint8_t>(code);
}

/// What follows the header, when the octets are as many as its length says.
std::optional<ByteView> body_of(const Bytes& data) {
  if (data.size() < header_size || data.size() != data[2] * 256U + data[3]) return std::nullopt;
  return ByteView(data).subspan(header_size);
}

/// What both sides compute from the password and the two challenges.
struct Proof {
  Bytes password_hash, challenge, nt_response;

  Proof(crypto::Provider& provider, ByteView password, ByteView authenticator_challenge,
        ByteView peer_challenge, std::string_view user)
      : password_hash(nt_password_hash(provider, password)),
        challenge(challenge_hash(provider, peer_challenge, authenticator_challenge, user)),
        nt_response(challenge_response(provider, challenge, password_hash)) {}
};

/// Tells the trace how the MSK came about, and returns it.
Secret derive_msk(Host& host, const Proof& proof) {
  using keys::Derivations;
  Derivations& told = host.derived;
  told.add("NtPasswordHash", "MD4(password in UTF-16)", "MD4", {}, proof.password_hash,
           "RFC 2759, 8.3");
  const Bytes hash_hash = host.provider.md4(proof.password_hash);
  told.add("PasswordHashHash", "MD4(NtPasswordHash)", "MD4",
           {told.secret("NtPasswordHash", proof.password_hash, "")}, hash_hash, "RFC 2759, 8.4");
  const Bytes master = master_key(host.provider, hash_hash, proof.nt_response);
  told.add("MasterKey",
           "SHA1(PasswordHashHash | NT-Response | \"This is the MPPE Master Key\")[0..16]", "SHA1",
           {told.secret("PasswordHashHash", hash_hash, ""),
            Derivations::shown("NT-Response", proof.nt_response, "EAP-MSCHAPv2 Response")},
           master, "RFC 3079, 3.4");
  Secret msk = mschapv2_msk(host.provider, proof.password_hash, proof.nt_response);
  told.add("MSK", "key of what the server receives | of what it sends | zeros", "SHA1",
           {told.secret("MasterKey", master, "")}, msk.reveal(),
           "draft-kamath-pppext-eap-mschapv2, 4");
  return msk;
}

class Mschapv2Peer : public PeerMethod {
 public:
  Mschapv2Peer(const PeerConfig& config, Host& host) : config_(config), host_(host) {}

  Result<Bytes> respond(const Packet& request) override {
    if (is(request.data, OpCode::challenge)) return answer(request.data);
    if (is(request.data, OpCode::success)) return check_server(request.data);
    if (is(request.data, OpCode::failure)) {
      refusal_ = to_text(body_of(request.data).value_or(ByteView{}));
      return Bytes{static_cast<std::uint8_t>(OpCode::failure)};
    }
    return Error{"E-EAP-005", "EAP-MSCHAPv2: an unknown OpCode"}.see(rfc);
  }
  [[nodiscard]] bool may_succeed() const override { return !msk_.empty(); }
  [[nodiscard]] std::string refusal() const override { return refusal_; }
  [[nodiscard]] Secret msk() const override { return msk_.copy(); }

 private:
  Result<Bytes> answer(const Bytes& data) {
    const auto body = body_of(data);
    if (!body || body->size() < 1 + challenge_size || (*body)[0] != challenge_size || proof_)
      return Error{"E-EAP-005", "EAP-MSCHAPv2: a challenge that is none, or a second one"}.see(rfc);
    const ByteView challenge = body->subspan(1, challenge_size);
    const Bytes peer_challenge = host_.rng.bytes(challenge_size);
    proof_.emplace(host_.provider, config_.password, challenge, peer_challenge, config_.identity);
    const Bytes size = {response_size}, reserved(8), flags(1);
    return message(OpCode::response, data[1],
                   concat({size, peer_challenge, reserved, proof_->nt_response, flags,
                           as_bytes(config_.identity)}));
  }

  /// The server must prove that it knows the password too (RFC 2759, 5).
  Result<Bytes> check_server(const Bytes& data) {
    const std::string said = to_text(body_of(data).value_or(ByteView{}));
    if (!proof_ ||
        said.substr(0, 42) != authenticator_response(host_.provider, proof_->password_hash,
                                                     proof_->nt_response, proof_->challenge))
      return Error{"E-EAP-006", "EAP-MSCHAPv2: the server does not know the password"}.see(
          "RFC 2759, 5");
    if (msk_.empty()) msk_ = derive_msk(host_, *proof_);
    return Bytes{static_cast<std::uint8_t>(OpCode::success)};
  }

  const PeerConfig& config_;
  Host& host_;
  std::optional<Proof> proof_;
  std::string refusal_;
  Secret msk_;
};

class Mschapv2Server : public ServerMethod {
 public:
  Mschapv2Server(const ServerConfig& config, std::string user, Host& host)
      : config_(config), host_(host), user_(std::move(user)) {}

  Result<Bytes> begin(std::uint8_t identifier) override {
    id_ = identifier;
    challenge_ = host_.rng.bytes(challenge_size);
    const Bytes size = {challenge_size};
    return message(OpCode::challenge, id_, concat({size, challenge_, as_bytes(config_.name)}));
  }

  Step take(const Packet& response) override {
    if (!answered_) return judge(response.data);
    if (!msk_.empty() && is(response.data, OpCode::success)) return {Verdict::success, {}, {}};
    return {Verdict::failure, {}, why_};
  }
  [[nodiscard]] Secret msk() const override { return msk_.copy(); }

 private:
  Step judge(const Bytes& data) {
    const auto body = body_of(data);
    if (!is(data, OpCode::response) || !body || body->size() < 1 + response_size ||
        (*body)[0] != response_size)
      return {Verdict::failure, {}, "the response is none of EAP-MSCHAPv2"};
    answered_ = true;
    const std::string name = to_text(body->subspan(1 + response_size));
    // For a user nobody knows the same work is done and the same is said.
    const std::optional<Bytes> known = config_.password_of(user_);
    const Bytes password = known.value_or(host_.rng.bytes(16));
    const Proof proof(host_.provider, password, challenge_, body->subspan(1, 16), name);
    const bool right = equal_constant_time(proof.nt_response, body->subspan(25, 24));
    if (right && known && name == user_) {
      msk_ = derive_msk(host_, proof);
      return {Verdict::more,
              message(OpCode::success, id_,
                      as_bytes(authenticator_response(host_.provider, proof.password_hash,
                                                      proof.nt_response, proof.challenge) +
                               " M=Welcome")),
              {}};
    }
    why_ = "the password is wrong, or the user is not known";
    // RFC 2759, 6: 691 is authentication failure; no retry, so the challenge is never used
    const std::string text = fmt::format("E=691 R=0 C={} V=3 M=Authentication failed",
                                         to_hex(host_.rng.bytes(challenge_size)));
    return {Verdict::more, message(OpCode::failure, id_, as_bytes(text)), {}};
  }

  const ServerConfig& config_;
  Host& host_;
  std::string user_;
  std::uint8_t id_ = 0;
  Bytes challenge_;
  bool answered_ = false;
  std::string why_ = "the peer did not accept our proof";
  Secret msk_;
};

}  // namespace

Method mschapv2() {
  return {EapType::mschapv2,
          "eap-mschapv2",
          true,
          true,
          [](const PeerConfig& config, Host& host) -> std::unique_ptr<PeerMethod> {
            return std::make_unique<Mschapv2Peer>(config, host);
          },
          [](const ServerConfig& config, const std::string& user,
             Host& host) -> std::unique_ptr<ServerMethod> {
            return std::make_unique<Mschapv2Server>(config, user, host);
          }};
}

}  // namespace ikelab::eap
