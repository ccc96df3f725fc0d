#include "visualizer/app/feed.hpp"

#include <fmt/format.h>

#include "visualizer/app/recording.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {

Feed::Feed(Source source, std::function<void(Shell&)> arrive)
    : home_(source.database), arrive_(std::move(arrive)) {
  read(std::move(source));
}

void Feed::read(Source source) {
  source_ = std::move(source);
  loader_ = std::make_unique<Loader>(source_.database, source_.run, source_.compare, home_);
  arrived_ = false;
}

void Feed::change_over(Shell& shell, std::unique_ptr<RunModel> next) {
  shell.run.change_over(*next);
  loader_->discard(std::move(next));
  if (is_new_) shell.session.begin_anew(shell.run);
  is_new_ = false;
  if (source_.run.empty() && shell.run.empty())
    shell.show(*find_panel(shell.run.experiments().empty() ? "gradebook" : "experiments"));
}

void Feed::arrived(Shell& shell) {
  arrived_ = true;
  if (arrive_) arrive_(shell);
  arrive_ = nullptr;
}

void Feed::pump(Shell& shell) {
  Loader::News news = loader_->take();
  const bool at_end = shell.session.now() >= shell.run.end();
  if (news.whole) change_over(shell, std::move(news.whole));
  if (news.info) shell.run.set_info(*news.info);
  if (!news.events.empty()) shell.run.append(std::move(news.events));
  if (at_end && !shell.session.playing && shell.session.now() < shell.run.end())
    shell.session.to_end(shell.run);
  if (news.error) {
    shell.status = news.error->to_string();
    shell.status_is_error = true;
  } else if (!shell.status_is_error) {
    shell.status =
        news.caught_up ? "" : fmt::format("reading the run: {} events", thousands(news.loaded));
  }
  if (news.caught_up && !arrived_ && !is_new_ && !shell.run.empty()) arrived(shell);
}

void Feed::open(Shell& shell, const store::LostPoint& lost) {
  auto found = recording_of(home_, lost);
  if (!found.ok()) return shell.notice(found.error().to_string(), true);
  before_.push_back({source_, shell.session.selection(), shell.session.now()});
  arrive_ = [event = lost.event, where = found->database](Shell& s) {
    s.session.select(s.run, select_event(event));
    s.notice(fmt::format("run {} of {}", s.run.info().id, where.string()));
  };
  is_new_ = true;
  shell.status_is_error = false;
  read({found->database, found->run, ""});
}

void Feed::back(Shell& shell) {
  if (before_.empty()) return shell.notice("no other run was open before");
  Place place = std::move(before_.back());
  before_.pop_back();
  arrive_ = [selection = place.selection, now = place.now](Shell& s) {
    s.session.select(s.run, selection, false);
    s.session.set_now(now);
  };
  is_new_ = true;
  shell.status_is_error = false;
  read(std::move(place.source));
}

}  // namespace ikelab::view
