// Every attack against its settings: what each header says is played, and judged by the scenarios'
// own expectations. How well detectors see is measure.hpp's.
#pragma once
#include <optional>

#include "sim/run/run.hpp"
#include "sim/script/adversary.hpp"
#include "sim/store/matrix_store.hpp"

namespace ikelab::matrix {

/// The headers of sim/attacks, by id and name. Errors: E-LUA-*.
Result<std::vector<script::Header>> attacks();
/// The headers of sim/monitor/detectors.
Result<std::vector<script::Header>> detectors();

struct Setting {
  const script::Header* attack;
  std::string kind;      ///< "vulnerable", "hardened"
  std::string scenario;  ///< shipped
};
/// The settings of those attacks whose id or name contains `filter`.
std::vector<Setting> settings(const std::vector<script::Header>& attacks,
                              const std::string& filter);

/// Runs one, and tells who won. A run that cannot be is a row with an error.
store::MatrixRow play(const Setting& setting, std::uint64_t seed,
                      const std::optional<std::filesystem::path>& db);

}  // namespace ikelab::matrix
