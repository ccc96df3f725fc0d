#include "protocol/base/time.hpp"

#include <fmt/format.h>

namespace ikelab {

std::string to_string(Duration d) {
  const double ns = static_cast<double>(d.count());
  const double size = ns < 0 ? -ns : ns;
  if (size < 1e3) return fmt::format("{} ns", d.count());
  if (size < 1e6) return fmt::format("{:.3f} us", ns / 1e3);
  if (size < 1e9) return fmt::format("{:.3f} ms", ns / 1e6);
  return fmt::format("{:.3f} s", ns / 1e9);
}

}  // namespace ikelab
