// Made-up events of every kind, and a temporary folder, for the tests of the store and the sweep.
#pragma once
#include <filesystem>

#include "protocol/trace/event.hpp"
#include "sim/store/database.hpp"
#include "sim/store/recorder.hpp"

namespace ikelab::test {

/// A fresh folder that goes away with the test.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path / name;
  }
  std::filesystem::path path;
};

/// One body of every kind, each member filled with a value of its own.
std::vector<trace::Body> one_of_each_kind();
/// As a run's events: seq from 1, one a millisecond, all at "gw-a".
std::vector<trace::Event> as_events(std::vector<trace::Body> bodies);
store::RunInfo sample_run();

/// The rows of a query, columns joined by '|', NULL as "-", octets in hex when they are a blob.
std::vector<std::string> rows(const std::filesystem::path& file, const std::string& sql);
/// The single value of a query.
std::string value(const std::filesystem::path& file, const std::string& sql);

}  // namespace ikelab::test
