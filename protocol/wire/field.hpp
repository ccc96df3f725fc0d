// A message as a tree of named fields: what the byte view, `show message`, and the labs read.
// Invariant: the leaves of a dissection cover every octet exactly once, in order. A field with
// `bits` describes a part of its parent's octets; it is no leaf of its own.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "protocol/base/bytes.hpp"

namespace ikelab::wire {

struct Field {
  struct Bits {
    unsigned first = 0, last = 0;
  };  ///< as in the RFC's diagrams: 0 is the most significant bit of `begin`

  std::string name;     ///< the RFC's: "Next Payload"
  std::string value;    ///< "33 (SA)", "c0c1c2c3c4c5c6c7"
  std::string meaning;  ///< one sentence for a student
  std::string rfc;      ///< "RFC 7296, 3.1"
  std::size_t begin = 0, end = 0;
  std::optional<Bits> bits;
  std::vector<Field> children;

  [[nodiscard]] bool is_leaf() const;  ///< no children, or only bits
};

/// Depth first, in the order of the octets.
std::vector<const Field*> leaves(const Field& root);
/// From the root to the leaf that holds the octet; empty when there is none.
std::vector<const Field*> path_to(const Field& root, std::size_t offset);
/// The first field of that name, depth first, or nullptr.
const Field* find_field(const Field& root, std::string_view name);

}  // namespace ikelab::wire
