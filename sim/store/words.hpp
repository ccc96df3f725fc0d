// The enums of a run as the database spells them.
#pragma once
#include <string_view>

#include "sim/store/run.hpp"

namespace ikelab::store {

constexpr std::string_view to_string(RecordLevel level) {
  switch (level) {
    case RecordLevel::control:
      return "control";
    case RecordLevel::metrics:
      return "metrics";
    case RecordLevel::full:
      break;
  }
  return "full";
}

constexpr std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::finished:
      return "finished";
    case RunStatus::failed:
      return "failed";
    case RunStatus::unfinished:
      break;
  }
  return "unfinished";
}

/// What is neither "finished" nor "failed" was never finished.
constexpr RunStatus run_status(std::string_view word) {
  if (word == "finished") return RunStatus::finished;
  return word == "failed" ? RunStatus::failed : RunStatus::unfinished;
}

}  // namespace ikelab::store
