// Counts what asks for memory, anywhere in the program, OpenSSL included (glibc).
#pragma once
#include <cstdint>

namespace ikelab::bench {

/// Calls of malloc, calloc, realloc and operator new so far.
std::uint64_t allocations();

}  // namespace ikelab::bench
