// The source tree as the tidy tests see it: every file of the house with its lines.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace ikelab::tidy {

struct SourceFile {
  std::string path;                ///< from the project's root, with '/'
  std::vector<std::string> lines;  ///< as they stand
  std::vector<std::string>
      code;  ///< the same without // comments and without what string literals hold
};

/// Files below `rooms` with one of `endings`, sorted by path.
std::vector<SourceFile> files_of(const std::vector<std::string>& rooms,
                                 const std::vector<std::string>& endings);
/// What stands between the quotes or angle brackets of an #include line, or "".
std::string included(const std::string& line);
/// The rules below, each over any text, so that tests can show them a sinner. Each finding is
/// "path:line: what".
std::vector<std::string> arrow_violations(const std::vector<SourceFile>& files);
std::vector<std::string> library_violations(const std::vector<SourceFile>& files);
std::vector<std::string> protocol_bans(const std::vector<SourceFile>& files);
std::vector<std::string> size_violations(const std::vector<SourceFile>& files);
std::vector<std::string> unfinished_work(const std::vector<SourceFile>& files);
/// A file from text, for showing a rule a sinner.
SourceFile file_from(std::string path, const std::string& text);

}  // namespace ikelab::tidy
