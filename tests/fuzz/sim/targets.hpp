// Fuzz targets of sim/, as tests/fuzz/targets.hpp for protocol/.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab::fuzz {

void scenario(ByteView octets);

}  // namespace ikelab::fuzz
