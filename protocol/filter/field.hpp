// What a field's values are, how they are taken from a frame and how a person writes them. Internal
// to this folder.
#pragma once
#include <optional>
#include <variant>

#include "protocol/base/address.hpp"
#include "protocol/filter/filter.hpp"

namespace ikelab::filter {

enum class Kind : std::uint8_t { presence, number, flag, seconds, octets, address, text };

/// An address with how many of its bits count.
struct Network {
  IpAddress address;
  unsigned bits = 32;
  auto operator<=>(const Network&) const = default;
};
/// presence: none; number, flag: std::uint64_t; seconds: std::int64_t in ns.
using Value = std::variant<std::uint64_t, std::int64_t, Bytes, Network, std::string>;
using Values = std::vector<Value>;

struct Field {
  FieldInfo info;
  Kind kind;
  /// The values a frame has; none when it lacks the field.
  void (*take)(const Frame&, Values&);
  /// IANA's numbers by name ("IKE_AUTH"); nullptr: there are none.
  std::optional<std::uint64_t> (*named)(std::string_view);
};
std::span<const Field> field_table();
/// nullptr: no such field.
const Field* find_field(std::string_view name);
/// A value as a person writes it. Errors: one sentence in `message`.
Result<Value> read_value(const Field& field, std::string_view word);

}  // namespace ikelab::filter
