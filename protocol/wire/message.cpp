#include "protocol/wire/message.hpp"

namespace ikelab::wire {
namespace {

constexpr std::uint16_t key_length_attribute = 14;  // RFC 7296, 3.3.5

bool same(const TransformAttribute& a, const TransformAttribute& b) {
  return a.type == b.type && a.tv == b.tv && (a.tv ? a.value == b.value : a.octets == b.octets);
}

}  // namespace

std::uint16_t Transform::key_bits() const {
  for (const TransformAttribute& a : attributes)
    if (a.type == key_length_attribute && a.tv) return a.value;
  return 0;
}

// RFC 7296, 3.3.6: an attribute with another value makes another transform.
bool Transform::operator==(const Transform& other) const {
  return type == other.type && id == other.id &&
         std::equal(attributes.begin(), attributes.end(), other.attributes.begin(),
                    other.attributes.end(), same);
}

}  // namespace ikelab::wire
