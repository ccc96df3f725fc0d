#include <algorithm>
#include <array>

#include "protocol/eap/method.hpp"

namespace ikelab::eap {

std::span<const Method> methods() {
  static const std::array rows = {
      mschapv2(),       // RFC 2759
      tls(),            // RFC 5216, RFC 9190
      md5_challenge(),  // RFC 3748, 5.4
  };
  return rows;
}

const Method* find(EapType type) {
  const auto all = methods();
  const auto row =
      std::find_if(all.begin(), all.end(), [&](const Method& m) { return m.type == type; });
  return row == all.end() ? nullptr : &*row;
}

}  // namespace ikelab::eap
