// Further key exchanges after CREATE_CHILD_SA, each in an IKE_FOLLOWUP_KE (RFC 9370, 2.2.4). Only
// when the last of them is done the new SA exists.
//
//   HDR(CREATE_CHILD_SA), SK {SA, Ni, [KEi,] ...}          -->
//                          <--  SK {SA, Nr, [KEr,] ..., N(ADDITIONAL_KEY_EXCHANGE)(link1)}
//   HDR(IKE_FOLLOWUP_KE), SK {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)(link1)}  -->
//                          <--  SK {KEr(1), N(ADDITIONAL_KEY_EXCHANGE)(link2)}
//   HDR(IKE_FOLLOWUP_KE), SK {KEi(2), N(ADDITIONAL_KEY_EXCHANGE)(link2)}  -->
//                          <--  SK {KEr(2)}                                    and the SA is made
#pragma once
#include <functional>

#include "protocol/ikev2/child_setup.hpp"

namespace ikelab::ikev2 {

/// The initiator's side, a part of the task that began with CREATE_CHILD_SA.
class FollowUps {
 public:
  /// From the response to CREATE_CHILD_SA: whether exchanges follow. Errors: E-IKE-082.
  Result<bool> begin(const policy::Suite& suite, const Inbound& in);
  [[nodiscard]] bool under_way() const { return !link_.empty(); }
  Result<std::vector<wire::Payload>> request(IkeSa& sa);
  /// True: that was the last one. Errors: E-IKE-020, E-IKE-082.
  Result<bool> response(IkeSa& sa, const Inbound& in);
  /// SK(1), SK(2), ...
  [[nodiscard]] std::span<const Secret> secrets() const { return secrets_; }

 private:
  std::vector<const crypto::Algorithm*> methods_;
  std::unique_ptr<crypto::KeyExchange> ke_;
  std::vector<Secret> secrets_;
  Bytes link_;
};

/// What the responder keeps of a CREATE_CHILD_SA until its further key exchanges are done.
struct AwaitedKeys {
  Bytes link;
  std::vector<const crypto::Algorithm*> methods;
  std::vector<Secret> secrets;
  Instant give_up;
  /// Makes the SA; or says by which notification it refuses, because things changed meanwhile.
  std::function<std::optional<wire::Payload>(IkeSa&, Instant, std::span<const Secret>,
                                             std::string& detail)>
      finish;
  /// It comes to nothing: the rest came too late, was wrong, or was refused. May be empty.
  std::function<void(IkeSa&, Instant)> given_up = {};
};
/// Keeps it, and returns the data of N(ADDITIONAL_KEY_EXCHANGE) for the response.
Bytes await_keys(IkeSa& sa, Instant now, AwaitedKeys awaited);
/// What came with that data is not wanted any more; given_up() is not called.
void forget_keys(IkeSa& sa, const Bytes& link);

}  // namespace ikelab::ikev2
