// What an adversary can compute by itself: honest primitives, its own random numbers, key pairs it
// made, and what the scenario's `compromise:` put into its hands. Nothing here knows an endpoint.
#pragma once
#include <deque>
#include <map>
#include <memory>

#include "protocol/crypto/provider.hpp"
#include "sim/script/sandbox.hpp"

namespace ikelab::script {

class Primitives {
 public:
  /// Key pairs that a script can have at once; a new one closes the oldest.
  static constexpr std::size_t most_key_pairs = 64;

  Primitives(std::uint64_t seed, std::string_view adversary);

  [[nodiscard]] crypto::Provider& provider() { return *provider_; }
  [[nodiscard]] crypto::Rng& rng() { return *rng_; }

  /// The handle of a new key pair; handles are not used again.
  std::uint64_t keep(std::unique_ptr<crypto::KeyExchange> pair);
  /// nullptr: closed, or never there.
  [[nodiscard]] crypto::KeyExchange* pair(std::uint64_t handle);

 private:
  std::unique_ptr<crypto::Provider> provider_;
  std::unique_ptr<crypto::Rng> rng_;
  std::deque<std::unique_ptr<crypto::KeyExchange>> pairs_;
  std::uint64_t first_handle_ = 1;  // of pairs_.front()
};

/// crypto.*: crypto_library.cpp. ike.suite, ike.keys, ike.open, esp.open ...: keys_library.cpp; it
/// adds to the tables that open_wire_library made.
void open_crypto_library(lua_State* state, Primitives& primitives);
void open_keys_library(lua_State* state, Primitives& primitives);
/// ikev1, rsa, number: ikev1_library.cpp.
void open_ikev1_library(lua_State* state, Primitives& primitives);
/// eap, gcm: eap_library.cpp.
void open_eap_library(lua_State* state, Primitives& primitives);

}  // namespace ikelab::script
