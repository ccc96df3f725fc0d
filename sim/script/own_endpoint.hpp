// An IKE endpoint of the adversary's own, to impersonate with: the very engine that the nodes run,
// with identities and secrets that the scenario grants (`connections:` of the adversary). Its
// secrets are the script's; what it says stands in the trace under the adversary's name.
#pragma once
#include <deque>
#include <map>

#include "protocol/ikev2/endpoint.hpp"
#include "sim/script/adversary.hpp"
#include "sim/script/sandbox.hpp"

namespace ikelab::script {

class OwnEndpoint {
 public:
  explicit OwnEndpoint(const AdversaryOptions& options);

  /// Hands it a packet that came by; its answers go back to where the packet came from.
  void receive(Instant now, const Injection& packet, const std::string& from);
  /// Errors: as Endpoint::command.
  Result<void> command(Instant now, const ikev2::Command& command, const std::string& towards);
  [[nodiscard]] std::optional<Instant> next_timer() const { return endpoint_->poll_timeout(); }
  void on_timer(Instant now);

  /// What it wants to send, and what it says; drained after each call.
  std::vector<Injection> poll_transmits();
  std::optional<trace::LocalEvent> poll_event();

  /// A list of its IKE SAs with their keys, for the script.
  void push_sas(lua_State* state) const;

 private:
  /// What one IKE SA told of itself, by the RFC's names.
  struct Told {
    std::map<std::string, Bytes> keys;    ///< "SK_d", "SK_ei" ...
    std::vector<trace::SaInstalled> esp;  ///< Child SAs, one entry a direction
    std::string peer;                     ///< the identity that was proven
  };
  void drain();

  std::unique_ptr<crypto::Provider> provider_;
  std::unique_ptr<ikev2::Endpoint> endpoint_;
  std::string towards_;  ///< the end of the link where its peer is
  std::vector<Injection> transmits_;
  std::deque<trace::LocalEvent> events_;
  std::map<std::string, Told> told_;
};

}  // namespace ikelab::script
