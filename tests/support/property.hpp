// rapidcheck under Catch2, with a fixed seed: the same cases every time, and the failing one
// shrunk.
#pragma once
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include <rapidcheck.h>
#pragma GCC diagnostic pop

#include <sstream>

#include "tests/support/catch.hpp"

namespace ikelab::test {

/// `testable` holds for `cases` random arguments; what is said of a failure is the smallest one.
template <class Testable>
void holds(const std::string& what, int cases, Testable&& testable) {
  rc::detail::TestMetadata metadata;
  metadata.id = metadata.description = what;
  rc::detail::TestParams params;
  params.seed = 7;
  params.maxSuccess = cases;
  const auto result = rc::detail::checkTestable(std::forward<Testable>(testable), metadata, params);
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  INFO(what << ": " << text.str());
  CHECK(result.template is<rc::detail::SuccessResult>());
}

}  // namespace ikelab::test
