#include "protocol/base/ids.hpp"

#include <fmt/format.h>

namespace ikelab {

std::string to_string(IkeSpi spi) {
  return fmt::format("{:016x}", spi.value);
}
std::string to_string(EspSpi spi) {
  return fmt::format("{:08x}", spi.value);
}

}  // namespace ikelab
