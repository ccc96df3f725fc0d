// Each student's own parameters, drawn from the course's secret (design: integrity in class).
//
//   value(parameter) = HMAC-SHA-256(course secret, label | student | lab | parameter)
//
// each text preceded by its length. The same course, student and lab give the same draw on every
// machine; another student's draw says nothing about it. Who holds the secret can draw for anybody;
// a student's folder holds the drawn values and a binding, which is a MAC over all of them.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "labs/engine/lab.hpp"
#include "protocol/base/secret.hpp"

namespace ikelab::labs {

/// The course: whose secret draws the parameters. A file of it is `course:`, `secret:` and, if
/// there are any, `deadlines: {lab: 2026-12-01T23:59:00Z}` in YAML.
class Course {
 public:
  /// The public one, for trying labs out: everybody can draw for everybody.
  static Course demo();
  /// Errors: E-LAB-040 unusable (secret shorter than 16 characters, name wrong), and YAML's.
  static Result<Course> load(const std::filesystem::path& file);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool is_demo() const { return demo_; }
  /// "2026-12-01T23:59:00Z", or "" when the course says nothing of the lab.
  [[nodiscard]] std::string deadline(const std::string& lab) const;
  /// What to remark about a time of handing in: "", or "handed in 1 d 3 h after ...". A deadline is
  /// information; it locks nothing and costs nothing.
  [[nodiscard]] std::string lateness(const std::string& lab, const std::string& made_at) const;
  /// HMAC-SHA-256 over the label and the parts, 32 octets.
  [[nodiscard]] Bytes mac(std::string_view label, const std::vector<std::string>& parts) const;

 private:
  std::string name_;
  Secret secret_;
  bool demo_ = false;
  std::vector<std::pair<std::string, std::string>> deadlines_;  ///< lab to time
};

struct Draw {
  std::string course, student, lab;
  std::int64_t lab_version = 0;
  std::vector<std::pair<std::string, std::string>> values;  ///< in the order of lab.yaml
  std::uint64_t seed = 0;                                   ///< the value of the `seed` parameter
  std::string binding;                                      ///< hex

  [[nodiscard]] const std::string* value(std::string_view parameter) const;
};

/// A time as we write it, to seconds since 1970; nothing when it is none.
std::optional<std::int64_t> parse_utc(const std::string& text);
/// A student's name for file names and tables: letters, digits, '.', '_', '-', at most 64,
/// beginning with a letter or digit. Errors: E-LAB-022.
Result<void> check_student(const std::string& student);
/// Errors: E-LAB-022.
Result<Draw> draw(const Course& course, const Lab& lab, const std::string& student);

}  // namespace ikelab::labs
