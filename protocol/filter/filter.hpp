// Display filters: "isakmp.exchangetype == 35 and not ip.src == 192.0.2.2", in the words that
// Wireshark uses where it has them, so that what is learnt here serves there. The words of the
// house begin with `ikelab.`.
//
//   filter := and { ("or" | "||") and }
//   and    := not { ("and" | "&&") not }
//   not    := ("not" | "!") not | "(" filter ")" | test
//   test   := field [ relation value | "in" "{" value { "," value } "}" ]
//   relation := == eq != ne < lt <= le > gt >= ge contains
//
// A field alone asks whether it is there. A field with several values (ip.addr) fits == when one of
// them does, and != when none does, as in Wireshark from version 4 on.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/trace/event.hpp"

namespace ikelab::filter {

/// A datagram as a capture would have it, with what the trace knows of it besides.
struct Frame {
  std::uint64_t number = 0;   ///< of its IKE message in the run; 0: none
  Instant time;               ///< when it was sent
  std::string_view protocol;  ///< "IKE", "ESP", "ESP-in-UDP", "keepalive"
  std::string_view src, dst;  ///< "192.0.2.1:500"; without a port for protocol 50
  std::string_view from, to;  ///< nodes
  std::uint64_t size = 0;     ///< octets of its payload
  const trace::Message* message = nullptr;
  std::string_view spi;        ///< ESP: 8 hex digits
  std::uint64_t sequence = 0;  ///< ESP
  std::string_view summary;    ///< ESP: of the inner packet
  bool lost = false, again = false, changed = false;
};

/// A word that filters know.
struct FieldInfo {
  std::string_view name;     ///< "isakmp.messageid"
  std::string_view about;    ///< "Message ID", and for what it is good
  std::string_view example;  ///< a value: "1", "192.0.2.1"; "" where the word stands alone
};
/// All of them, by name.
std::span<const FieldInfo> fields();

class Filter {
 public:
  /// Text of at most 1,000 octets; empty: everything fits. Errors: E-FILTER-001 no such field,
  /// E-FILTER-002 it does not read, E-FILTER-003 the value does not fit the field. `place` is
  /// "filter, column N".
  static Result<Filter> parse(std::string_view text);
  [[nodiscard]] bool matches(const Frame& frame) const;
  [[nodiscard]] bool empty() const { return root_ == nullptr; }
  [[nodiscard]] const std::string& text() const { return text_; }
  struct Node;

 private:
  std::shared_ptr<const Node> root_;
  std::string text_;
};

/// What could stand next: fields that begin with the last word of `text`, or a relation after a
/// field, as whole texts to put in place of it. At most `limit`.
std::vector<std::string> completions(std::string_view text, std::size_t limit = 8);

}  // namespace ikelab::filter
