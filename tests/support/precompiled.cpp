// The library's one source that takes the precompiled header, so that it is built for every test
// program.
#include "tests/support/catch.hpp"
