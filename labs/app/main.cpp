// ikelab-lab: labs for students and instructors (docs/LABS.md). Called by `./ikelab lab ...`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "labs/app/commands.hpp"
#include "labs/app/terminal.hpp"
#include "labs/engine/lab.hpp"

namespace {

using ikelab::labs::app::Options;
using Command = int (*)(const Options&);

struct Row {
  CLI::App* app;
  Command run;
};

void add_course(CLI::App& command, Options& o) {
  command.add_option("--course", o.course,
                     "file with the course's name and secret (default: the public demo course)");
}
void add_json(CLI::App& command, Options& o) {
  command.add_flag("--json", o.json, "print JSON");
}
void add_jobs(CLI::App& command, Options& o) {
  command.add_option("--jobs", o.jobs, "how many processes at a time (default: one a core)")
      ->check(CLI::Range(1, 256));
}
void add_db(CLI::App& command, Options& o) {
  command.add_option("--db", o.db, "the gradebook")->capture_default_str();
}

std::vector<Row> student_commands(CLI::App& app, Options& o) {
  auto* list = app.add_subcommand("list", "the labs there are");
  add_json(*list, o);
  auto* start = app.add_subcommand(
      "start", "make a student's work folder: the run, the handout, the answers to fill in");
  start->add_option("lab", o.lab, "name of the lab")->required();
  start->add_option("--student", o.students, "who; several for a whole class");
  start->add_flag("--roster", o.roster, "everybody in the roster of --db");
  start->add_option("--db", o.db, "the gradebook with the roster")->capture_default_str();
  start->add_option("--dir", o.dir,
                    "the folder to make (for several students: where to make them)");
  add_course(*start, o);
  auto* check =
      app.add_subcommand("check", "which answers are right, and what went wrong in the others");
  check->add_option("folder", o.folder, "the work folder")->capture_default_str();
  add_json(*check, o);
  auto* run = app.add_subcommand("run", "run your edited files, and record it for show and view");
  run->add_option("folder", o.folder, "the work folder")->capture_default_str();
  auto* hint = app.add_subcommand("hint", "the next hint of a goal");
  hint->add_option("folder", o.folder, "the work folder")->required();
  hint->add_option("goal", o.goal, "name of the goal, as in answers.yaml")->required();
  auto* submit = app.add_subcommand("submit", "pack answers and draw into one file to hand in");
  submit->add_option("folder", o.folder, "the work folder")->capture_default_str();
  submit->add_option("--out", o.out,
                     "the file to write (default: submission.yaml in the work folder)");
  return {{list, &ikelab::labs::app::list},   {start, &ikelab::labs::app::start},
          {check, &ikelab::labs::app::check}, {run, &ikelab::labs::app::run},
          {hint, &ikelab::labs::app::hint},   {submit, &ikelab::labs::app::submit}};
}

std::vector<Row> instructor_commands(CLI::App& app, Options& o) {
  auto* grade = app.add_subcommand("grade", "simulate submissions again and store their grades");
  grade->add_option("submission", o.submissions, "files, or folders of them");
  grade->add_option("--all", o.dir, "a folder: every submission below it, in parallel");
  grade->add_option("--seconds", o.seconds, "processor time a submission may take")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  add_jobs(*grade, o);
  add_db(*grade, o);
  add_course(*grade, o);
  add_json(*grade, o);
  auto* reopen = app.add_subcommand(
      "reopen", "a submission as a work folder: its runs recorded, each lost point with its event");
  reopen->add_option("submission", o.folder, "the file")->required();
  reopen->add_option("--dir", o.dir, "the folder to make (default: LAB-STUDENT-again)");
  add_course(*reopen, o);
  add_json(*reopen, o);
  auto* report = app.add_subcommand("report", "the class: best scores, attempts, hints, goals");
  report->add_option("--lab", o.lab, "one lab only");
  add_db(*report, o);
  report->add_option("--csv", o.csv, "write every attempt as CSV");
  report->add_option("--moodle", o.moodle, "write best scores and feedback for Moodle's import");
  report->add_option("--canvas", o.canvas, "write best scores for Canvas' import");
  report->add_option("--gradescope", o.gradescope, "a folder: results.json of each best attempt");
  report->add_flag("--stats", o.stats, "quartiles, and each goal with its most frequent mistake");
  report->add_flag("--similar", o.similar, "submissions that are alike");
  add_json(*report, o);
  auto* roster = app.add_subcommand(
      "roster", "who is in the class: a CSV from Moodle, Canvas or a plain list");
  roster->add_option("csv", o.folder, "the file")->required();
  add_db(*roster, o);
  auto* verify =
      app.add_subcommand("verify", "grade labs against their own solutions and wrong answers");
  verify->add_option("lab", o.labs, "names of labs");
  verify->add_flag("--all", o.all, "every lab");
  verify->add_option("--students", o.draws, "how many draws of each")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_jobs(*verify, o);
  add_json(*verify, o);
  auto* make = app.add_subcommand("new", "make a lab from the template, ready to be changed");
  make->add_option("name", o.lab, "its name: lower case, digits, '-'")->required();
  return {{grade, &ikelab::labs::app::grade},   {reopen, &ikelab::labs::app::reopen},
          {report, &ikelab::labs::app::report}, {roster, &ikelab::labs::app::roster},
          {verify, &ikelab::labs::app::verify}, {make, &ikelab::labs::app::make_new}};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "Labs: exercises with parameters of one's own, graded by simulating them again.\n"
      "Exit codes: 0 done, 1 an answer is missing or wrong, 2 wrong usage or input, 3 something "
      "broke.",
      "ikelab lab"};
  Options options;
  options.catalog = ikelab::labs::catalog();
  app.add_option("--catalog", options.catalog, "where the labs are (default: the shipped ones)");
  app.require_subcommand(1);
  std::vector<Row> rows = student_commands(app, options);
  for (const Row& row : instructor_commands(app, options)) rows.push_back(row);
  try {
    app.parse(argc, argv);
    for (const Row& row : rows)
      if (row.app->parsed()) return row.run(options);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help
    fmt::print(stderr, "ikelab lab: {} (see ikelab lab --help)\n",
               ikelab::labs::app::harmless(e.what()));
    return ikelab::labs::app::wrong_input;
  } catch (const std::exception& e) {
    fmt::print(stderr, "ikelab lab: {}\n", ikelab::labs::app::harmless(e.what()));
    return ikelab::labs::app::broke;
  }
  return ikelab::labs::app::wrong_input;
}
