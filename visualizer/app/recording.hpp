// Where a run that a grade rests on is recorded: in the gradebook itself (a student's own folder,
// or one that was reopened), or in the folder that `ikelab lab reopen` made beside it. A run is
// known by its fingerprint; names of folders only say where to look.
#pragma once
#include <filesystem>
#include <string>

#include "protocol/base/result.hpp"
#include "sim/store/grades_reader.hpp"

namespace ikelab::view {

struct Recording {
  std::filesystem::path database;
  std::string run;  ///< its id there
};

/// The folder that `ikelab lab reopen` makes of a submission unless told otherwise.
std::string reopened_folder(const store::LostPoint& lost);
/// Errors: E-VIEW-030 it is recorded nowhere that is known.
Result<Recording> recording_of(const std::filesystem::path& gradebook,
                               const store::LostPoint& lost);

}  // namespace ikelab::view
