// Two runs side by side: what happened in both, what happened otherwise, what happened in one
// alone. Octets that differ in every run (nonces, SPIs, keys) and times do not count; who says what
// to whom, with which payloads, what becomes of it, and what is decided does. A difference weighs
// when it could not be another throw of the dice: marks of the scenario weigh nothing, nor does,
// between runs of different seeds, what a link lost and what was sent again for it.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "visualizer/models/run_model.hpp"

namespace ikelab::view {

/// One thing that happened, in the words that two runs can share.
struct Step {
  std::string kind;    ///< "gw-a > gw-b IKE_AUTH request": steps of one kind can be the same step
  std::string detail;  ///< what else must be equal: payloads, decision
  std::string fate;    ///< and what became of it on its way
  std::string text;    ///< for a person: "IKE_AUTH request {IDi, AUTH, SA, TSi, TSr}"
  std::string node;    ///< who does it
  std::string number;  ///< of a message; else empty
  Instant time;
  std::uint64_t seq = 0;
  Selection selection;
  bool is_mark = false;  ///< the scenario's own word about what comes
  bool by_dice = false;  ///< lost by a link, or sent again
  bool is_fold = false;  ///< ESP: where one fold ends and the next begins is nobody's decision
};

/// The steps of a run in order, at most `most_steps`.
constexpr std::size_t most_steps = 20'000;
std::vector<Step> steps_of(const RunModel& run);

/// A row of the comparison: a step of one run beside its like in the other.
struct Beside {
  enum class What : std::uint8_t { same, other, only_a, only_b };
  What what = What::same;
  int a = -1, b = -1;   ///< indices into the steps; -1: none
  std::string words;    ///< other: what differs, e.g. "here also N(COOKIE)"
  bool weighs = false;  ///< a difference that means something
};

/// A setting that the two scenarios do not share: "nodes.gw-b.connections.home.proposals".
struct Setting {
  std::string path, a, b;  ///< empty: not set there
};

class Comparison {
 public:
  Comparison(const RunModel& a, std::shared_ptr<RunModel> b);
  [[nodiscard]] const std::vector<Step>& a() const { return a_; }
  [[nodiscard]] const std::vector<Step>& b() const { return b_; }
  [[nodiscard]] const std::vector<Beside>& rows() const { return rows_; }
  [[nodiscard]] const std::vector<Setting>& settings() const { return settings_; }
  /// The first row that differs in a way that means something; nothing when there is none.
  [[nodiscard]] std::optional<std::size_t> first_difference() const;
  /// Differences that mean nothing: marks, and another throw of the dice.
  [[nodiscard]] std::size_t weightless() const;
  /// Of those that weigh, or of what is the same.
  [[nodiscard]] std::size_t count(Beside::What what) const;
  /// The run it is compared with, for whoever wants to change over to it.
  [[nodiscard]] const std::shared_ptr<RunModel>& other() const { return other_; }
  /// What a run came to: "12 messages, 2 alerts, the adversary knows 3 things; as expected".
  static std::string outcome(const RunModel& run);

 private:
  void weigh(bool same_dice);
  std::shared_ptr<RunModel> other_;
  std::vector<Step> a_, b_;
  std::vector<Beside> rows_;
  std::vector<Setting> settings_;
};

/// The settings of a scenario's YAML as path and value, in order: mappings by key, list entries by
/// their name or their number. Lenient: what it does not understand is a value.
std::vector<std::pair<std::string, std::string>> settings_of(std::string_view yaml);

/// A longest common subsequence of two rows of numbers as pairs of indices (Myers, 1986). Beyond
/// `most` differences the rest is taken as different.
std::vector<std::pair<std::size_t, std::size_t>> common(const std::vector<int>& a,
                                                        const std::vector<int>& b,
                                                        std::size_t most = 2000);

}  // namespace ikelab::view
