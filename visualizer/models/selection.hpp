// What the reader looks at: one value that every panel reads and sets, with a history as in a
// browser.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace ikelab::view {

struct Selection {
  enum class Kind : std::uint8_t { none, message, packet, key, sa, event };
  Kind kind = Kind::none;
  /// message: its number, from 1; packet: the datagram's id; key, event: the event's seq.
  std::uint64_t id = 0;
  std::string name;  ///< sa: "gw-a in 1a2b3c4d" (SaRow::id)

  /// A range of octets within what is selected, [begin, end); empty when none. Message and packet
  /// only.
  std::size_t begin = 0, end = 0;
  bool plain = false;  ///< the range counts in the decrypted content

  [[nodiscard]] bool has_range() const { return end > begin; }
  [[nodiscard]] bool same_thing(const Selection& o) const {
    return kind == o.kind && id == o.id && name == o.name;
  }
  bool operator==(const Selection&) const = default;
};

inline Selection select_message(std::uint64_t number) {
  return {.kind = Selection::Kind::message, .id = number, .name = {}};
}
inline Selection select_packet(std::uint64_t id) {
  return {.kind = Selection::Kind::packet, .id = id, .name = {}};
}
inline Selection select_key(std::uint64_t seq) {
  return {.kind = Selection::Kind::key, .id = seq, .name = {}};
}
inline Selection select_sa(std::string name) {
  return {.kind = Selection::Kind::sa, .id = 0, .name = std::move(name)};
}
inline Selection select_event(std::uint64_t seq) {
  return {.kind = Selection::Kind::event, .id = seq, .name = {}};
}

class History {
 public:
  [[nodiscard]] const Selection& current() const { return at_ < past_.size() ? past_[at_] : none_; }
  /// Goes to `s` and forgets what lay ahead. A change of range within the same thing replaces it.
  void go(const Selection& s) {
    if (s == current()) return;
    if (at_ < past_.size() && past_[at_].same_thing(s)) {
      past_[at_] = s;
      return;
    }
    if (!past_.empty()) past_.resize(at_ + 1);
    past_.push_back(s);
    if (past_.size() > limit) past_.erase(past_.begin());
    at_ = past_.size() - 1;
  }
  [[nodiscard]] bool can_back() const { return at_ > 0; }
  [[nodiscard]] bool can_forward() const { return at_ + 1 < past_.size(); }
  void back() {
    if (can_back()) --at_;
  }
  void forward() {
    if (can_forward()) ++at_;
  }

 private:
  static constexpr std::size_t limit = 500;
  std::vector<Selection> past_;
  std::size_t at_ = 0;
  Selection none_;
};

}  // namespace ikelab::view
