// The fuzz targets as functions: libFuzzer calls them (preset `fuzz`), and test_protocol replays
// their corpora in every build. A target aborts (IKELAB_ASSERT) when an invariant breaks.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab::fuzz {

void decode(ByteView octets);
void dissect(ByteView octets);
void esp_open(ByteView octets);

}  // namespace ikelab::fuzz
