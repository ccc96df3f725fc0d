#include "tests/support/by_hand.hpp"

#include <algorithm>

namespace ikelab::test {
namespace {

/// The place of `key` among those seen so far, from 1.
std::size_t number_of(std::vector<std::uint64_t>& seen, std::uint64_t key) {
  const auto at = std::find(seen.begin(), seen.end(), key);
  if (at != seen.end()) return static_cast<std::size_t>(at - seen.begin()) + 1;
  seen.push_back(key);
  return seen.size();
}

std::string joined(std::map<std::size_t, std::string> by_number) {
  std::string out;
  for (const auto& [number, words] : by_number)
    out += (out.empty() ? "" : ", ") + std::to_string(number) + " " + words;
  return out;
}

}  // namespace

ByHand::ByHand(Pair& pair) : pair_(pair) {
  pair_.lose = [this](const Side& from, unsigned, const ikev2::Datagram& datagram) {
    (&from == &pair_.a ? to_b_ : to_a_).push_back(datagram);
    return true;
  };
}

ikev2::Datagram ByHand::take(std::deque<ikev2::Datagram>& queue) {
  IKELAB_ASSERT(!queue.empty());
  ikev2::Datagram datagram = std::move(queue.front());
  queue.pop_front();
  return datagram;
}

void ByHand::arrive(Side& side, std::deque<ikev2::Datagram>& queue) {
  pair_.deliver(side, take(queue));
  pair_.settle();  // the probes
}

void ByHand::late_to_a(const ikev2::Datagram& datagram) {
  pair_.deliver(pair_.a, datagram);
  pair_.settle();
}

void ByHand::late_to_b(const ikev2::Datagram& datagram) {
  pair_.deliver(pair_.b, datagram);
  pair_.settle();
}

void ByHand::let_go() {
  pair_.lose = nullptr;
  while (!to_a_.empty() || !to_b_.empty()) {
    if (!to_a_.empty()) to_a();
    if (!to_b_.empty()) to_b();
  }
}

std::string ByHand::children(const Side& side) {
  std::map<std::size_t, std::string> found;
  for (const ikev2::IkeSaInfo& sa : side.sas())
    for (const auto& child : sa.children) {
      const auto [low, high] = std::minmax(child.spi_in.value, child.spi_out.value);
      const std::uint64_t pair_of_spis = std::uint64_t{high} << 32 | low;
      found[number_of(child_numbers_, pair_of_spis)] =
          child.state + (side.outbound.contains(child.spi_out) ? "" : " in");
    }
  return joined(std::move(found));
}

std::string ByHand::ike_sas(const Side& side) {
  std::map<std::size_t, std::string> found;
  for (const ikev2::IkeSaInfo& sa : side.sas())
    found[number_of(ike_numbers_, sa.spi_i.value)] =
        sa.state + " " + std::to_string(sa.children.size());
  return joined(std::move(found));
}

std::string ByHand::last_sent(const Side& side) {
  std::string payloads;
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent") payloads = message->payloads;
  return payloads;
}

}  // namespace ikelab::test
