// How much an algorithm is wanted or unwanted, as the IETF says: RFC 8247 (IKEv2), RFC 8221 (ESP).
// One table; to add an algorithm, add a row. IKE itself accepts what its configuration says: this
// is for people (lint.hpp).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/crypto/algorithm.hpp"
#include "protocol/wire/iana.hpp"

namespace ikelab::policy {

/// The words of RFC 8221, 1.2 and RFC 8247, 1.3: a plus expects to rise, a minus to fall.
enum class Level {
  must,
  should_plus,
  should,
  may,
  must_minus,
  should_not,
  must_not,
  unlisted,  ///< the RFC has no row for it
};
std::string_view to_string(Level level);  ///< "MUST-"

struct Requirement {
  crypto::TransformType type{};
  std::uint16_t id = 0;  ///< IANA transform ID
  Level ike = Level::unlisted, esp = Level::unlisted;
  /// One sentence: what an attacker gains where this is used. Empty where nothing is known.
  std::string_view gain = {};
  std::string_view instead = {};  ///< swanctl's word for what to use
};

std::span<const Requirement> requirements();
/// nullptr: no RFC here says anything about it.
const Requirement* find_requirement(std::uint8_t transform_type, std::uint16_t id);
/// "RFC 8247, 2.1": where the levels for this type of transform stand.
std::string_view source_of(crypto::TransformType type, wire::ProtocolId protocol);

}  // namespace ikelab::policy
