// A Pair whose messages cross only when a test passes them on: late, in another order, or never.
// The ESP probes go on flying by themselves.
#pragma once
#include "tests/support/pair.hpp"

namespace ikelab::test {

class ByHand {
 public:
  explicit ByHand(Pair& pair);
  ByHand(const ByHand&) = delete;
  ByHand& operator=(const ByHand&) = delete;

  /// The oldest message on its way to that side arrives. Asserts that there is one.
  void to_a() { arrive(pair_.a, to_a_); }
  void to_b() { arrive(pair_.b, to_b_); }
  /// ... is taken off the wire instead: lost, or to come later.
  ikev2::Datagram take_to_a() { return take(to_a_); }
  ikev2::Datagram take_to_b() { return take(to_b_); }
  void late_to_a(const ikev2::Datagram& datagram);
  void late_to_b(const ikev2::Datagram& datagram);
  [[nodiscard]] bool quiet() const { return to_a_.empty() && to_b_.empty(); }
  /// The network works by itself from now on, and what is on its way arrives.
  void let_go();

  /// The Child SAs of a side, numbered in the order in which the test first saw them (the same on
  /// both sides): "1 REKEYED, 2 INSTALLED in". "in": nothing is sent on it yet.
  std::string children(const Side& side);
  /// Its IKE SAs likewise: "1 REKEYED, 2 ESTABLISHED 1": and how many Child SAs each has.
  std::string ike_sas(const Side& side);
  /// The payloads of the last message that a side sent.
  static std::string last_sent(const Side& side);

 private:
  static ikev2::Datagram take(std::deque<ikev2::Datagram>& queue);
  void arrive(Side& side, std::deque<ikev2::Datagram>& queue);
  Pair& pair_;
  std::deque<ikev2::Datagram> to_a_, to_b_;
  std::vector<std::uint64_t> child_numbers_, ike_numbers_;
};

}  // namespace ikelab::test
