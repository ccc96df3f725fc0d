// Feeds the shell with a run: what the loader's thread has read goes into the model between two
// frames. Opens another run when a grade leads there, and comes back from it.
#pragma once
#include <functional>

#include "visualizer/app/loader.hpp"
#include "visualizer/app/shell.hpp"

namespace ikelab::view {

class Feed : public RunOpener {
 public:
  /// What is read, and what is done once the first run is there (may be empty).
  struct Source {
    std::filesystem::path database;
    std::string run;      ///< an id or a scenario's name; empty: the newest
    std::string compare;  ///< a run to lay beside it; empty: none
  };
  Feed(Source source, std::function<void(Shell&)> arrive);

  /// Between two frames.
  void pump(Shell& shell);
  void open(Shell& shell, const store::LostPoint& lost) override;
  void back(Shell& shell) override;

 private:
  void change_over(Shell& shell, std::unique_ptr<RunModel> next);
  void read(Source source);
  void arrived(Shell& shell);

  const std::filesystem::path home_;  ///< the database with the experiments and the grades
  Source source_;
  std::function<void(Shell&)> arrive_;
  std::unique_ptr<Loader> loader_;
  /// Where the reader was before, the newest last.
  struct Place {
    Source source;
    Selection selection;
    Instant now;
  };
  std::vector<Place> before_;
  bool arrived_ = false, is_new_ = false;
};

}  // namespace ikelab::view
