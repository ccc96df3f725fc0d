#include "labs/store/class.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ikelab::labs {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

struct Column {
  std::string_view header;
  std::string RosterRow::*member;
};
// "name" is made of two columns in Moodle's exports; the first name is put before what is there.
constexpr Column columns[] = {
    {"student", &RosterRow::student},        {"username", &RosterRow::student},
    {"login", &RosterRow::student},          {"name", &RosterRow::name},
    {"surname", &RosterRow::name},           {"last name", &RosterRow::name},
    {"full name", &RosterRow::name},         {"email", &RosterRow::email},
    {"email address", &RosterRow::email},    {"id number", &RosterRow::id_number},
    {"id", &RosterRow::canvas_id},           {"sis user id", &RosterRow::sis_id},
    {"sis login id", &RosterRow::sis_login}, {"section", &RosterRow::section},
    {"first name", &RosterRow::first_name},
};

Result<RosterRow> roster_row(const CsvRow& header, const CsvRow& row, std::size_t line) {
  RosterRow out;
  const bool canvas = std::find(header.begin(), header.end(), "sis login id") != header.end();
  for (std::size_t i = 0; i < std::min(header.size(), row.size()); ++i)
    for (const Column& column : columns) {
      if (header[i] != column.header) continue;
      // In Canvas "Student" is the name of the person.
      if (canvas && header[i] == "student")
        out.name = row[i];
      else
        out.*column.member = row[i];
    }
  if (!out.first_name.empty()) out.name = out.first_name + " " + out.name;
  if (out.student.empty()) out.student = out.sis_login;
  if (out.student.empty()) out.student = out.email;
  out.student = out.student.substr(0, out.student.find('@'));
  if (out.student.empty())
    return Error{"E-LAB-041", "this line names no student"}
        .in(fmt::format("line {}", line))
        .expect("expected a column student, username, email or SIS Login ID");
  return out;
}

const RosterRow* find(const std::vector<RosterRow>& roster, const std::string& student) {
  for (const RosterRow& row : roster)
    if (row.student == student) return &row;
  return nullptr;
}

/// Labs in order, and of each student the row of each lab.
struct Table {
  std::vector<std::string> labs;
  std::map<std::string, std::map<std::string, const ClassRow*>> students;
};
Table table_of(const std::vector<ClassRow>& rows) {
  Table out;
  for (const ClassRow& row : rows) {
    if (out.labs.empty() || out.labs.back() != row.lab) out.labs.push_back(row.lab);
    out.students[row.student][row.lab] = &row;
  }
  return out;
}

std::string feedback_of(const AttemptRecord& attempt) {
  std::string out;
  for (const GoalRecord& goal : attempt.goals)
    out += fmt::format("{}{} {}/{}{}{}", out.empty() ? "" : "; ", goal.title, goal.points,
                       goal.max_points, goal.feedback.empty() ? "" : ": ", goal.feedback);
  return out;
}

/// Runs of four words, as hashes that are the same everywhere (FNV-1a).
std::set<std::uint64_t> shingles(const std::string& submission) {
  constexpr std::size_t run = 4;
  std::vector<std::string> words;
  std::string word;
  const std::size_t begin = submission.find("\nanswers:");
  for (const char c : (begin == std::string::npos ? submission : submission.substr(begin)) + " ") {
    const bool part = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (part) word += c;
    if (!part && !word.empty()) words.push_back(std::exchange(word, ""));
  }
  std::set<std::uint64_t> out;
  for (std::size_t i = 0; i + run <= words.size(); ++i) {
    std::uint64_t hash = 14695981039346656037U;
    for (std::size_t j = i; j < i + run; ++j)
      for (const char c : words[j] + " ")
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    out.insert(hash);
  }
  return out;
}

}  // namespace

Result<std::vector<RosterRow>> parse_roster(std::string_view csv) {
  IKELAB_TRY(const auto rows, parse_csv(csv));
  if (rows.empty()) return Error{"E-LAB-041", "the roster is empty"};
  CsvRow header;
  for (const std::string& cell : rows[0]) header.push_back(lower(cell));
  std::vector<RosterRow> out;
  std::set<std::string> seen;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (lower(rows[i][0]).find("points possible") != std::string::npos) continue;  // Canvas' own
    IKELAB_TRY(RosterRow row, roster_row(header, rows[i], i + 1));
    if (!seen.insert(row.student).second)
      return Error{"E-LAB-041", fmt::format("'{}' is here a second time", row.student)}.in(
          fmt::format("line {}", i + 1));
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<ClassRow> class_rows(const std::vector<AttemptRecord>& attempts,
                                 const std::vector<RosterRow>& roster) {
  std::map<std::pair<std::string, std::string>, ClassRow> rows;
  std::set<std::string> labs;
  for (const AttemptRecord& attempt : attempts) {
    ClassRow& row = rows[{attempt.lab, attempt.student}];
    row.lab = attempt.lab;
    row.student = attempt.student;
    if (row.best == nullptr || attempt.score > row.best->score) row.best = &attempt;
    row.last = &attempt;
    ++row.attempts;
    labs.insert(attempt.lab);
  }
  for (const std::string& lab : labs)
    for (const RosterRow& who : roster)
      rows.try_emplace({lab, who.student}, ClassRow{lab, who.student, nullptr, nullptr, 0});
  std::vector<ClassRow> out;
  for (auto& [key, row] : rows) out.push_back(std::move(row));
  return out;
}

std::string moodle_csv(const std::vector<ClassRow>& rows, const std::vector<RosterRow>& roster) {
  const Table table = table_of(rows);
  CsvRow header{"Username", "ID number", "Email address"};
  for (const std::string& lab : table.labs) {
    header.push_back(lab);
    header.push_back(lab + " feedback");
  }
  std::string out = csv_line(header);
  for (const auto& [student, labs] : table.students) {
    const RosterRow* who = find(roster, student);
    CsvRow line{student, who ? who->id_number : "", who ? who->email : ""};
    for (const std::string& lab : table.labs) {
      const auto at = labs.find(lab);
      const AttemptRecord* best = at == labs.end() ? nullptr : at->second->best;
      line.push_back(best ? std::to_string(best->score) : "");
      line.push_back(best ? feedback_of(*best) : "");
    }
    out += csv_line(line);
  }
  return out;
}

std::string canvas_csv(const std::vector<ClassRow>& rows, const std::vector<RosterRow>& roster) {
  const Table table = table_of(rows);
  CsvRow header{"Student", "ID", "SIS User ID", "SIS Login ID", "Section"};
  CsvRow possible{"    Points Possible", "", "", "", ""};
  for (const std::string& lab : table.labs) {
    header.push_back(lab);
    possible.emplace_back("100");
  }
  std::string out = csv_line(header) + csv_line(possible);
  for (const auto& [student, labs] : table.students) {
    const RosterRow* who = find(roster, student);
    CsvRow line{who && !who->name.empty() ? who->name : student, who ? who->canvas_id : "",
                who ? who->sis_id : "", who && !who->sis_login.empty() ? who->sis_login : student,
                who ? who->section : ""};
    for (const std::string& lab : table.labs) {
      const auto at = labs.find(lab);
      const AttemptRecord* best = at == labs.end() ? nullptr : at->second->best;
      line.push_back(best ? std::to_string(best->score) : "");
    }
    out += csv_line(line);
  }
  return out;
}

namespace {

GoalStatistics goal_statistics(const std::vector<const AttemptRecord*>& best, std::size_t at) {
  GoalStatistics out;
  std::map<std::string, std::size_t> mistakes;
  double shares = 0;
  for (const AttemptRecord* attempt : best) {
    if (at >= attempt->goals.size()) continue;
    const GoalRecord& goal = attempt->goals[at];
    out.goal = goal.goal;
    out.title = goal.title;
    out.met += goal.met ? 1 : 0;
    ++out.of;
    shares += goal.max_points == 0 ? 0 : static_cast<double>(goal.points) / goal.max_points;
    std::string word;
    for (const char c : goal.code + " ") {
      if (c != ' ')
        word += c;
      else if (!word.empty())
        ++mistakes[std::exchange(word, "")];
    }
  }
  for (const auto& [mistake, count] : mistakes)
    if (count > out.frequent_count) {
      out.frequent = mistake;
      out.frequent_count = count;
    }
  if (out.of > 0) out.mean_share = shares / static_cast<double>(out.of);
  return out;
}

LabStatistics lab_statistics(const std::string& lab, const std::vector<ClassRow>& rows) {
  LabStatistics out;
  out.lab = lab;
  std::vector<const AttemptRecord*> best;
  std::vector<int> scores;
  for (const ClassRow& row : rows) {
    if (row.lab != lab || row.best == nullptr) continue;
    best.push_back(row.best);
    scores.push_back(row.best->score);
    out.mean += row.best->score;
    out.attempts += static_cast<double>(row.attempts);
  }
  out.students = best.size();
  if (best.empty()) return out;
  out.mean /= static_cast<double>(best.size());
  out.attempts /= static_cast<double>(best.size());
  std::sort(scores.begin(), scores.end());
  for (std::size_t q = 0; q < 5; ++q) out.quartiles[q] = scores[(scores.size() - 1) * q / 4];
  for (std::size_t i = 0; i < best.front()->goals.size(); ++i)
    out.goals.push_back(goal_statistics(best, i));
  return out;
}

}  // namespace

std::vector<LabStatistics> statistics(const std::vector<ClassRow>& rows) {
  std::vector<LabStatistics> out;
  for (const std::string& lab : table_of(rows).labs) out.push_back(lab_statistics(lab, rows));
  return out;
}

std::vector<Similar> similar(const std::vector<ClassRow>& rows, double least) {
  constexpr std::size_t fewest = 5;  // shared runs of words; below, chance is enough
  std::vector<Similar> out;
  for (const std::string& lab : table_of(rows).labs) {
    std::vector<std::pair<std::string, std::set<std::uint64_t>>> own;
    std::map<std::uint64_t, std::size_t> known;
    for (const ClassRow& row : rows) {
      if (row.lab != lab || row.best == nullptr) continue;
      own.emplace_back(row.student, shingles(row.best->submission));
      for (const std::uint64_t s : own.back().second) ++known[s];
    }
    const std::size_t common = std::max<std::size_t>(2, own.size() / 3);
    for (auto& [student, set] : own)
      std::erase_if(set, [&](std::uint64_t s) { return known[s] > common; });
    for (std::size_t i = 0; i < own.size(); ++i)
      for (std::size_t j = i + 1; j < own.size(); ++j) {
        std::vector<std::uint64_t> both;
        std::set_intersection(own[i].second.begin(), own[i].second.end(), own[j].second.begin(),
                              own[j].second.end(), std::back_inserter(both));
        const std::size_t either = own[i].second.size() + own[j].second.size() - both.size();
        if (both.size() < fewest || either == 0) continue;
        const double share = static_cast<double>(both.size()) / static_cast<double>(either);
        if (share >= least) out.push_back({lab, own[i].first, own[j].first, share});
      }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const Similar& x, const Similar& y) { return x.share > y.share; });
  return out;
}

}  // namespace ikelab::labs
