#include "tests/bench/allocations.hpp"

#include <cstddef>

namespace {
std::uint64_t count = 0;
}

// glibc lets a program have its own; operator new comes through here as well.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

void* malloc(std::size_t size) {
  ++count;
  return __libc_malloc(size);
}
void* calloc(std::size_t number, std::size_t size) {
  ++count;
  return __libc_calloc(number, size);
}
void* realloc(void* memory, std::size_t size) {
  ++count;
  return __libc_realloc(memory, size);
}
}

namespace ikelab::bench {

std::uint64_t allocations() {
  return count;
}

}  // namespace ikelab::bench
