// Catch2 2 (Debian 12) or 3 (Debian 13) behind one header.
#pragma once
#ifdef IKELAB_CATCH3
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
