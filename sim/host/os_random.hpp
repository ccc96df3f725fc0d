// Randomness from the operating system (getrandom), for endpoints on real networks: what a seed
// gives may be guessed by whoever knows the seed.
#pragma once
#include "protocol/crypto/rng.hpp"

namespace ikelab::host {

/// Every stream draws from the kernel's generator; waits until it is seeded.
std::unique_ptr<crypto::RngSource> os_random();

}  // namespace ikelab::host
