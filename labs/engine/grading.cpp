#include "labs/engine/grading.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace ikelab::labs {
namespace {

using nlohmann::json;

json json_of(const CheckResult& c) {
  return {
      {"field", c.field},          {"question", c.question},    {"feedback", c.feedback},
      {"mistake", c.mistake},      {"points", c.points},        {"met", c.met},
      {"partial", c.partial},      {"answer", c.is_answer},     {"run", c.evidence.run},
      {"event", c.evidence.event}, {"words", c.evidence.words}, {"message", c.evidence.message}};
}

CheckResult check_of(const json& j) {
  CheckResult out;
  out.field = j.at("field");
  out.question = j.at("question");
  out.feedback = j.at("feedback");
  out.mistake = j.at("mistake");
  out.points = j.at("points");
  out.met = j.at("met");
  out.partial = j.at("partial");
  out.is_answer = j.at("answer");
  out.evidence = {j.at("run"), j.at("event"), j.at("message"), j.at("words")};
  return out;
}

json json_of(const LabResult& result) {
  json goals = json::array();
  for (const GoalResult& goal : result.goals) {
    json checks = json::array();
    for (const CheckResult& check : goal.checks) checks.push_back(json_of(check));
    goals.push_back({{"id", goal.id},
                     {"title", goal.title},
                     {"points", goal.points},
                     {"hint_cost", goal.hint_cost},
                     {"checks", checks}});
  }
  return goals;
}

LabResult result_of(const json& goals) {
  LabResult out;
  for (const json& j : goals) {
    GoalResult goal{j.at("id"), j.at("title"), {}, j.at("points"), j.at("hint_cost")};
    for (const json& check : j.at("checks")) goal.checks.push_back(check_of(check));
    out.goals.push_back(std::move(goal));
  }
  return out;
}

}  // namespace

std::filesystem::path scenario_folder() {
  return IKELAB_SIM_DIR;
}

Result<Graded> grade_work(const Lab& lab, const Draw& draw, const Answers& answers,
                          const HintsTaken& hints, const Files& files,
                          const std::filesystem::path& place) {
  IKELAB_TRY(const std::vector<Ran> runs, run_all(lab, draw, files, place));
  Graded out;
  IKELAB_TRY(out.result, grade(lab, draw, views(runs), answers, hints));
  for (const Ran& ran : runs) {
    if (ran.simulated == nullptr) continue;
    out.fingerprints[ran.plan->name] = ran.simulated->fingerprint;
    out.versions = ran.simulated->versions;
  }
  return out;
}

std::string packed(const Result<Graded>& graded) {
  json out;
  if (graded.ok()) {
    out = {{"fingerprints", graded->fingerprints},
           {"versions", graded->versions},
           {"goals", json_of(graded->result)}};
  } else {
    const Error& e = graded.error();
    out = {{"code", e.code}, {"message", e.message}, {"place", e.place}, {"hint", e.hint}};
  }
  // What students wrote may not be UTF-8.
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Graded> unpacked(const std::string& text) {
  try {
    const json j = json::parse(text);
    if (j.contains("code"))
      return Error{j.at("code"), j.at("message")}.in(j.at("place")).expect(j.at("hint"));
    return Graded{result_of(j.at("goals")), j.at("fingerprints"), j.at("versions")};
  } catch (const json::exception& e) {  // the edge of nlohmann
    return Error{"E-LAB-063", std::string("a worker's answer is not readable: ") + e.what()};
  }
}

Job grading_job(const Lab& lab, const Draw& draw, const Submission& submission,
                const std::filesystem::path& place) {
  Job out;
  out.work = [&lab, draw, answers = submission.answers, hints = submission.hints,
              files = submission.files,
              place] { return packed(grade_work(lab, draw, answers, hints, files, place)); };
  // Scenarios it builds on, adversaries, detectors.
  out.readable = {lab.folder, scenario_folder()};
  out.writable = place;
  return out;
}

}  // namespace ikelab::labs
