// What must hold in every run, whoever interferes: properties in the manner of the formal models of
// IKEv2 (Cremers 2011; Ninet 2019, with Tamarin), checked over the trace as it is written. Each
// fires at the packet after which it no longer holds.
//
// They see all nodes, as a prover does and no detector can: a lab's judge, not a product. Keys are
// compared where secrets are disclosed; else the SPIs must do.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "protocol/trace/journal.hpp"

namespace ikelab::monitor {

struct InvariantRow {
  const char* name;
  const char* text;
};
/// aliveness, weak-agreement, agreement, session-uniqueness, key-secrecy, consistency
const std::vector<InvariantRow>& invariants();

class Invariants : public trace::Sink {
 public:
  /// `honest`: the nodes of the scenario; whoever else speaks is an adversary. `names`: of
  /// invariants(), or "all".
  Invariants(std::set<std::string> honest, const std::vector<std::string>& names);

  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::Message, trace::AuthDecided, trace::KeyDerived,
                           trace::SaInstalled, trace::AttackKnowledge>();
  }
  /// What fired since it was asked last: alerts whose monitor is the invariant's name.
  std::vector<trace::Alert> take() { return std::exchange(fired_, {}); }
  [[nodiscard]] bool fired() const { return !fired_.empty(); }

 private:
  using Sa = std::pair<std::string, std::string>;  ///< node, its name for the IKE SA
  struct Session {
    std::string spi_i, spi_r, claimed,
        peer;  ///< claimed: who it says it is; peer: whom it believes
    Bytes sk_d;
    std::uint64_t datagram = 0;  ///< the last message that it took
  };

  void on_auth(const Sa& sa, const trace::AuthDecided& auth);
  void on_key(const Sa& sa, const trace::KeyDerived& key);
  void on_installed(const Sa& sa, const trace::SaInstalled& installed);
  void on_esp(const std::string& node, const trace::SaInstalled& installed);
  void on_knowledge(const std::string& node, const trace::AttackKnowledge& known);
  void fire(const char* name, std::uint64_t datagram, std::string text);
  [[nodiscard]] bool honest(const std::string& node) const { return honest_.contains(node); }

  std::set<std::string> honest_, wanted_;
  std::map<Sa, Session> sessions_;
  struct Known {
    std::string node;  ///< the adversary
    Bytes value;
    std::string how;
    bool told = false;  ///< one secret in it was recognized, and that is enough
  };
  void compare(Known& known, const Bytes& secret, const std::string& name);

  std::map<Bytes, std::string> secrets_;           ///< of honest nodes: what they are called
  std::deque<Known> known_;                        ///< what adversaries learnt last
  std::map<Bytes, std::string> adversary_keys_;    ///< SK_d that an adversary derived itself
  std::map<std::string, trace::SaInstalled> esp_;  ///< by SPI: the first end that told of it
  std::set<std::string> told_;
  std::vector<trace::Alert> fired_;
};

}  // namespace ikelab::monitor
