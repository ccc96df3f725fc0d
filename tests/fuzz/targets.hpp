// The fuzz targets as functions: libFuzzer calls them (preset `fuzz`), and test_protocol replays
// their corpora in every build. A target aborts (IKELAB_ASSERT) when an invariant breaks.
#pragma once
#include "protocol/base/bytes.hpp"

namespace ikelab::fuzz {

void decode(ByteView octets);
void dissect(ByteView octets);
void esp_open(ByteView octets);
void payload(ByteView octets);
void certificate(ByteView octets);
void session(ByteView octets);
void ikev1_session(ByteView octets);
void eap(ByteView octets);

/// By name, for whoever replays or makes corpora.
struct Target {
  const char* name;
  void (*run)(ByteView octets);
};
inline constexpr Target targets[] = {
    {"decode", decode},
    {"dissect", dissect},
    {"esp_open", esp_open},
    {"payload", payload},
    {"certificate", certificate},
    {"session", session},
    {"ikev1_session", ikev1_session},
    {"eap", eap},
};

}  // namespace ikelab::fuzz
