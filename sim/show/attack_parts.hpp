// What the story of an attack is made of: what became of packets, what they are called, what the
// honest side went through, and the adversary's deeds. From events alone. Internal to this folder.
#pragma once
#include <set>

#include "sim/show/views.hpp"

namespace ikelab::show {

/// Numbers and long hex words made equal: texts that differ by them alone are of one kind.
std::string shape_of(std::string_view text);

/// Whoever acted or learnt something as an adversary.
std::set<std::string> adversaries_of(const Events& events);

// ---- packets -----------------------------------------------------------------------------------

struct Outcome {
  bool accepted = false;
  std::string text;
};
/// What the nodes made of each datagram. A verdict on the content outweighs its mere arrival.
using Outcomes = std::map<std::uint64_t, Outcome>;
Outcomes outcomes_of(const Events& events);

class Names {
 public:
  Names(const Events& events, const Story& story);
  /// "message 3 (IKE_AUTH request)", "ESP packet 17 of SA cafe0002", "a packet of mallory's
  /// (noise)", "a packet of gw-b"; "datagram 17" when nothing is known of it.
  [[nodiscard]] std::string of(std::uint64_t datagram) const;
  /// The node it came to; empty when none.
  [[nodiscard]] std::string receiver(std::uint64_t datagram) const;
  /// Whether it is a message or ESP packet that the ladder tells of.
  [[nodiscard]] bool is_told(std::uint64_t datagram) const { return told_.contains(datagram); }

 private:
  std::map<std::uint64_t, std::string> told_, made_, sent_, receiver_;
};

// ---- the honest side ---------------------------------------------------------------------------

/// Something that a node went through, once or several times.
struct Effect {
  Instant first, last;
  std::uint64_t seq = 0, count = 1;
  std::string node, text;  ///< read one after the other
  bool warning = false;
};
std::vector<Effect> effects_of(const Events& events, const Names& names);

// ---- the adversary's side ----------------------------------------------------------------------

/// An action, or several of one kind and note that follow each other.
struct Deed {
  struct Came {
    std::string text, shape;
    std::uint64_t count = 0;
    bool varies = false;  ///< by a number
  };
  std::string node;
  Instant first, last;
  std::uint64_t seq = 0, count = 0;
  const trace::AttackAction* action = nullptr;
  std::vector<Came> outcomes;  ///< in the order in which they first came; alike ones are one
  bool any_accepted = false;
};

/// One deed, a round of several that went on and on, or several in no fixed order.
struct Step {
  Deed deed;
  std::vector<Step> round;  ///< empty: the deed
  std::uint64_t rounds = 1;
  bool mixed = false;  ///< in no fixed order: each deed stands for all of its kind
  Instant last;
  std::string shape;
  [[nodiscard]] Instant first() const { return round.empty() ? deed.first : round[0].first(); }
  [[nodiscard]] std::uint64_t seq() const { return round.empty() ? deed.seq : round[0].seq(); }
};
std::vector<Step> steps_of(const Events& events, const Outcomes& outcomes);

}  // namespace ikelab::show
