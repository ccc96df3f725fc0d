// What the lab tests share: the shipped lab, a fast real run of it without a network, temporary
// folders.
#pragma once
#include <filesystem>
#include <string>

#include "labs/engine/facts.hpp"
#include "labs/engine/grade.hpp"
#include "labs/engine/runs.hpp"

namespace ikelab::test {

/// A folder that is gone when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file below it, with the folders it needs.
  std::filesystem::path write(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

labs::Lab first_contact();
labs::Draw draw_for(const std::string& student);
/// The draw of a student with some values replaced.
labs::Draw draw_with(const std::string& student,
                     const std::vector<std::pair<std::string, std::string>>& values);

/// First contact's handshake by two real endpoints with queues between them
/// (tests/support/pair.hpp): the parameters starter, prf, ke and seed are obeyed. Milliseconds,
/// where ns-3 takes seconds.
Result<labs::Simulated> pair_run(const labs::Lab& lab, const labs::Draw& draw);

/// The same as runs of a lab that has no edited files: for verify().
Result<std::vector<labs::Ran>> pair_runs(const labs::Lab& lab, const labs::Draw& draw,
                                         const labs::Files& files,
                                         const std::filesystem::path& place);

/// The mistake the grader tells for one answer of First contact; "" when it is right.
std::string mistake_of(const labs::Facts& facts, const labs::Draw& draw, const std::string& path,
                       const std::string& answer);

}  // namespace ikelab::test
