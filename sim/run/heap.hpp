// Memory of a large run. A tunnel's 30 KiB lie among those of its neighbours, and thousands of them
// fit neither the caches nor the processor's table of pages.
#pragma once
#include <cstddef>

namespace ikelab::run {

/// Of glibc's heap, for the rest of the process: the next `octets` come from huge pages where the
/// system has them, though nothing is taken until it is used; and small blocks that were freed are
/// joined at once, instead of all together later, when the caches have forgotten them. With another
/// C library nothing happens.
void suit_heap_to_many_nodes(std::size_t octets);

}  // namespace ikelab::run
