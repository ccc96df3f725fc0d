#include "visualizer/models/story.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

class Teller {
 public:
  Teller(const Ladder& ladder, const Traffic& traffic) : ladder_(ladder), traffic_(traffic) {}

  void row(const LadderRow& row) {
    if (row.kind == LadderRow::Kind::message) return message(row);
    if (row.kind == LadderRow::Kind::mark) {
      open(row.title, row.time, true);
      exchange_.clear();
      return;
    }
    if (row.kind == LadderRow::Kind::esp) {
      if (exchange_ != "ESP") open("Packets flow through the tunnel", row.time);
      exchange_ = "ESP";
      line(row, StoryLine::Tone::plain,
           fmt::format("{} of ESP, {}.", counted(row.packets, "packet", "packets"),
                       octets_text(row.octets)));
      return;
    }
    if (chapters_.empty()) open("The run begins", row.time);
    const auto tone =
        row.kind == LadderRow::Kind::attack ? StoryLine::Tone::attack : StoryLine::Tone::bad;
    std::string text = row.title;
    if (row.packets > 1) text += fmt::format(", {} times", thousands(row.packets));
    if (!row.note.empty()) text += ": " + row.note;
    line(row, tone, sentence(text));
  }

  void event(const trace::Event& e) {
    if (chapters_.empty()) open("The run begins", e.time);
    StoryLine::Tone tone = StoryLine::Tone::plain;
    if (const auto* a = std::get_if<trace::AuthDecided>(&e.body)) {
      if (a->local) return;
      tone = a->ok ? StoryLine::Tone::good : StoryLine::Tone::bad;
    } else if (const auto* k = std::get_if<trace::KeyDerived>(&e.body)) {
      if (k->name != "SKEYSEED") return;
      tone = StoryLine::Tone::secret;
      chapters_.back().lines.push_back(
          {tone, e.time,
           fmt::format("{} derives SKEYSEED, and from it all keys of the IKE SA.", e.node),
           select_key(e.seq)});
      return;
    } else if (const auto* t = std::get_if<trace::TaskEnded>(&e.body)) {
      if (t->outcome != "failed") return;
      tone = StoryLine::Tone::bad;
    } else if (std::holds_alternative<trace::AttackKnowledge>(e.body) ||
               std::holds_alternative<trace::Alert>(e.body)) {
      tone = StoryLine::Tone::attack;
    } else if (const auto* s = std::get_if<trace::SaInstalled>(&e.body)) {
      if (s->protocol == "IKE" || s->direction != "out") return;
      tone = StoryLine::Tone::good;
    } else {
      return;
    }
    chapters_.back().lines.push_back(
        {tone, e.time, sentence(event_sentence(e)), select_event(e.seq)});
  }

  std::vector<Chapter> chapters_;

 private:
  void open(std::string title, Instant at, bool mark = false) {
    chapters_.push_back({std::move(title), at, mark, {}});
  }
  void line(const LadderRow& row, StoryLine::Tone tone, std::string text) {
    chapters_.back().lines.push_back({tone, row.time, std::move(text), row.selection});
  }
  void message(const LadderRow& row) {
    const MessageRow& m = *traffic_.message(row.number);
    const trace::Message& body = m.message();
    const std::string exchange =
        fmt::format("{} {}", body.exchange, body.exchange == "IKE_SA_INIT" ? 0 : body.message_id);
    const bool after_mark =
        !chapters_.empty() && chapters_.back().mark && chapters_.back().lines.empty();
    if (!after_mark && (chapters_.empty() || exchange != exchange_) && !body.response)
      open(chapter_title(m), row.time);
    if (chapters_.empty()) open(chapter_title(m), row.time);
    exchange_ = exchange;
    const bool lost = !row.legs.empty() && row.legs.front().lost;
    std::string text = fmt::format("{}: {}", row.number, what_it_does(m));
    if (!row.note.empty()) text += fmt::format(". {}", sentence(row.note));
    line(row, lost ? StoryLine::Tone::bad : StoryLine::Tone::plain, sentence(text));
  }

  const Ladder& ladder_;
  const Traffic& traffic_;
  std::string exchange_;
};

}  // namespace

std::vector<Chapter> tell(const Ladder& ladder, const Traffic& traffic,
                          const std::vector<EventPtr>& notable) {
  Teller teller(ladder, traffic);
  std::size_t next = 0;
  for (const LadderRow& row : ladder.rows()) {
    while (next < notable.size() && notable[next]->seq < row.seq) teller.event(*notable[next++]);
    teller.row(row);
  }
  while (next < notable.size()) teller.event(*notable[next++]);
  return std::move(teller.chapters_);
}

int chapter_at(const std::vector<Chapter>& chapters, Instant t) {
  const auto after = std::upper_bound(chapters.begin(), chapters.end(), t,
                                      [](Instant v, const Chapter& c) { return v < c.begin; });
  return static_cast<int>(after - chapters.begin()) - 1;
}

}  // namespace ikelab::view
