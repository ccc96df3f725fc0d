#include "sim/run/heap.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#endif

namespace ikelab::run {

void suit_heap_to_many_nodes([[maybe_unused]] std::size_t octets) {
#ifdef __GLIBC__
  constexpr std::uintptr_t huge_page = 1 << 21;
  constexpr int keep = 1 << 30, mapped_at_most = 65536;  // the latter is the library's own
  ::mallopt(M_MXFAST, 0);
  // One block at the end of the heap is advised, and given back: the library keeps it for later.
  ::mallopt(M_TRIM_THRESHOLD, keep);
  ::mallopt(M_MMAP_MAX, 0);
  void* const block = std::malloc(octets);
  ::mallopt(M_MMAP_MAX, mapped_at_most);
  if (block == nullptr) return;
  const auto begin = (reinterpret_cast<std::uintptr_t>(block) + huge_page - 1) & ~(huge_page - 1);
  const auto end = reinterpret_cast<std::uintptr_t>(block) + octets;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  std::free(block);
#endif
}

}  // namespace ikelab::run
