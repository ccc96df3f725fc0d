// PEM files for `ikelab peer` (RFC 7468).
#include "sim/scenario/pem.hpp"

#include "tests/support/catch.hpp"

using namespace ikelab;

TEST_CASE("blocks of PEM, and what stands around them", "[pem]") {
  const auto blocks = scenario::parse_pem(
      "words before\n-----BEGIN A-----\nAQID\nBA==\n-----END A-----\n-----BEGIN B C-----\n"
      "/+8=\n-----END B C-----\n");
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 2);
  CHECK(blocks->at(0).label == "A");
  CHECK(blocks->at(0).der == Bytes{1, 2, 3, 4});
  CHECK(blocks->at(1).label == "B C");
  CHECK(blocks->at(1).der == Bytes{0xff, 0xef});
}

TEST_CASE("damaged PEM is refused", "[pem]") {
  for (const char* text : {"-----BEGIN A", "-----BEGIN A-----\nAQID",
                           "-----BEGIN A-----\nA!ID\n"
                           "-----END A-----",
                           "-----BEGIN A-----\nAQID\n-----END B-----"}) {
    INFO(text);
    const auto blocks = scenario::parse_pem(text);
    REQUIRE_FALSE(blocks);
    CHECK(blocks.error().code == "E-SCN-018");
  }
  CHECK(scenario::read_pem("/no/such/file", "CERTIFICATE").error().code == "E-SCN-018");
}
