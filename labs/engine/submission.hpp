// What a student hands in: inputs only, in one small file. Nothing in it is a result.
//
//   format, started_at, made_at, versions, draw: {course, student, lab, lab_version, values,
//   binding}, hints: {goal: count}, answers: {goal: {field: text}}, files: {name: text}
//
// Invariant: the grader draws again from the course's secret and the student's name and simulates
// that; the values in the file are only compared, so an edited or borrowed file is refused, not
// graded.
#pragma once
#include "labs/engine/work_folder.hpp"

namespace ikelab::labs {

inline constexpr std::size_t most_submission_octets = 256 * 1024;  // ours have 2 to 20 KiB

struct Submission {
  Draw draw;                        ///< as the file says
  std::string versions;             ///< the student's
  std::string started_at, made_at;  ///< the student's clock, UTC, ISO 8601
  Answers answers;
  HintsTaken hints;  ///< as the student's folder counted them
  Files files;       ///< the edited ones
};

/// Answers as answers.yaml has them, each line indented.
std::string written(const Answers& answers, const std::string& indent = "");
/// The file's text.
std::string written(const Submission& submission);
/// Errors: E-LAB-003, 002, 010..012 malformed; E-LAB-001 no such lab; E-LAB-032 another version of
/// the lab; E-LAB-026 a link or no plain file; E-LAB-034 a newer format. All name file, line and
/// column where there is one.
Result<Submission> read_submission(const std::filesystem::path& file,
                                   const std::filesystem::path& catalog);
/// The draw this course gives that student, if the submission is bound to it. Errors: E-LAB-031
/// another course, another student's folder, or edited parameters.
Result<Draw> verified_draw(const Submission& submission, const Course& course, const Lab& lab);

}  // namespace ikelab::labs
