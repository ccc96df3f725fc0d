// What adversaries did, what came of it, and what they know, up to the run's time.
#include <fmt/format.h>

#include <algorithm>

#include "protocol/trace/attack_items.hpp"
#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

float draw_action(const View& v, const AttackLine& line, float y, int id) {
  const Kit& kit = v.kit;
  const float time_width = kit.px(96), x = v.min.x + time_width, width = v.max.x - x - kit.px(8);
  const bool past = line.first->time <= v.session.now();
  std::string head = fmt::format("{}: {}", line.node, line.action);
  if (line.count > 1) head += fmt::format(" \xC3\x97 {}", thousands(line.count));
  const float note =
      line.note.empty() ? 0 : wrapped_height(kit.fonts.small, line.note, width, 1.25F);
  const float outcome = line.outcome.empty() ? 0
                                             : wrapped_height(kit.fonts.small, line.outcome,
                                                              width - kit.px(18), 1.25F);
  const float height = kit.px(18) + note + outcome;
  const ImVec2 min = {v.min.x, y - kit.px(5)}, max = {v.max.x, y + height + kit.px(5)};
  const Selection s = select_event(line.first->seq);
  const Hit h = hit(id, min, max);
  if (v.session.is_selected(s))
    v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::initiator, 0.12F), kit.px(6));
  else if (h.hovered)
    v.list()->AddRectFilled(min, max, kit.ink(Role::text, 0.04F), kit.px(6));
  v.link(h, s);
  put(v.list(), kit.fonts.mono_small, {v.min.x + kit.px(8), y}, kit.ink(Role::muted),
      clock_text(line.first->time), time_width - kit.px(8));
  put(v.list(), kit.fonts.small_strong, {x, y}, kit.ink(past ? Role::adversary : Role::muted), head,
      width);
  float at = y + kit.px(18);
  at += put_wrapped(v.list(), kit.fonts.small, {x, at}, kit.ink(past ? Role::text : Role::muted),
                    line.note, width, 1.25F);
  if (outcome > 0) {
    const ImVec2 c = {x + kit.px(5), at + kit.px(8)};
    const Role role = line.succeeded ? Role::adversary
                      : line.refused ? Role::responder
                                     : Role::muted;
    const float r = kit.px(4);
    if (line.refused) {  // the victim's shield held
      v.list()->AddLine({c.x - r, c.y}, {c.x - r / 4, c.y + r}, kit.ink(role), kit.px(2));
      v.list()->AddLine({c.x - r / 4, c.y + r}, {c.x + r, c.y - r}, kit.ink(role), kit.px(2));
    } else if (line.succeeded) {
      v.list()->AddTriangleFilled({c.x, c.y - r}, {c.x + r + 1, c.y + r}, {c.x - r - 1, c.y + r},
                                  kit.ink(role));
    } else {
      v.list()->AddCircleFilled(c, kit.px(2), kit.ink(role), 12);
    }
    put_wrapped(v.list(), kit.fonts.small, {x + kit.px(18), at}, kit.ink(past ? role : Role::muted),
                line.outcome, width - kit.px(18), 1.25F);
  }
  return height + kit.px(14);
}

/// A script's verdict on itself is knowledge with this mark (docs/ADVERSARY.md, achieved()).
constexpr std::string_view goal_mark = trace::item_goal;

struct KnowledgeRow {
  std::string item, text, how;
  Role role = Role::secret;
};

KnowledgeRow row_of(const trace::AttackKnowledge& k) {
  if (k.item == trace::item_place) return {"Where it stands", k.text, "", Role::muted};
  if (k.item == trace::item_plan) return {"What it is about", k.text, k.how, Role::muted};
  if (k.item == trace::item_unseen) return {"Why nobody sees it", k.text, "", Role::muted};
  if (!k.item.starts_with(goal_mark))
    return {k.item, k.text, k.how.empty() ? "" : "how: " + k.how, Role::secret};
  return {"Goal: " + k.item.substr(goal_mark.size()), k.how + ": " + k.text, "",
          k.how == "achieved" ? Role::adversary : Role::responder};
}

float draw_knowledge(const View& v, EventPtr e, float y, int id) {
  const Kit& kit = v.kit;
  const KnowledgeRow row = row_of(std::get<trace::AttackKnowledge>(e->body));
  const float width = v.width() - kit.px(24), x = v.min.x + kit.px(20);
  const float head = wrapped_height(kit.fonts.small_strong, row.item, width, 1.25F);
  const float words = wrapped_height(kit.fonts.small, row.text, width, 1.25F);
  const float below = row.how.empty() ? 0 : wrapped_height(kit.fonts.small, row.how, width, 1.25F);
  const float height = head + words + below;
  const ImVec2 min = {v.min.x, y - kit.px(4)}, max = {v.max.x, y + height + kit.px(4)};
  const Selection s = select_event(e->seq);
  const Hit h = hit(id, min, max);
  const bool past = e->time <= v.session.now();
  if (v.session.is_selected(s))
    v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::initiator, 0.12F), kit.px(6));
  else if (h.hovered)
    v.list()->AddRectFilled(min, max, kit.ink(Role::text, 0.04F), kit.px(6));
  v.link(h, s);
  const float r = kit.px(4);
  const ImVec2 c = {v.min.x + kit.px(9), y + kit.px(8)};
  const ImU32 ink = kit.ink(past ? row.role : Role::muted);
  v.list()->AddQuadFilled({c.x, c.y - r}, {c.x + r, c.y}, {c.x, c.y + r}, {c.x - r, c.y}, ink);
  const bool goal = row.role == Role::adversary || row.role == Role::responder;
  put_wrapped(v.list(), kit.fonts.small_strong, {x, y},
              goal ? ink : kit.ink(past ? Role::text : Role::muted), row.item, width, 1.25F);
  put_wrapped(v.list(), kit.fonts.small, {x, y + head}, kit.ink(past ? Role::text : Role::muted),
              row.text, width, 1.25F);
  put_wrapped(v.list(), kit.fonts.small, {x, y + head + words}, kit.ink(Role::muted), row.how,
              width, 1.25F);
  return height + kit.px(12);
}

void heading(const View& v, float y, const std::string& text) {
  put(v.list(), v.kit.fonts.small_strong, {v.min.x + v.kit.px(8), y}, v.kit.ink(Role::muted), text,
      v.width());
}

void draw_log(const View& v) {
  heading(v, v.min.y, "What it did");
  View box = v;
  box.min.y += v.kit.px(24);
  View inner = begin_scroll(box, "log", box.min, box.max);
  float y = inner.min.y + v.kit.px(5);
  int id = 0;
  for (const AttackLine& line : v.run.adversary().lines()) y += draw_action(inner, line, y, id++);
  if (id == 0)
    y += put_wrapped(v.list(), v.kit.fonts.small, {inner.min.x + v.kit.px(8), y},
                     v.kit.ink(Role::muted), "Nothing that anybody could see: it listened.",
                     inner.width() - v.kit.px(16), 1.25F);
  end_scroll(v, y - inner.min.y);
}

void draw_known(const View& v) {
  heading(v, v.min.y, "Who it is, and what it knows");
  View box = v;
  box.min.y += v.kit.px(24);
  View inner = begin_scroll(box, "known", box.min, box.max);
  float y = inner.min.y + v.kit.px(5);
  int id = 0;
  for (const EventPtr e : v.run.adversary().about()) y += draw_knowledge(inner, e, y, id++);
  for (const EventPtr e : v.run.adversary().knowledge()) y += draw_knowledge(inner, e, y, id++);
  if (v.run.adversary().knowledge().empty())
    y += put_wrapped(v.list(), v.kit.fonts.small, {inner.min.x + v.kit.px(8), y},
                     v.kit.ink(Role::muted), "Nothing but what is on the wire for everyone.",
                     inner.width() - v.kit.px(16), 1.25F);
  end_scroll(v, y - inner.min.y);
}

}  // namespace

std::string adversary_caption(const View& v) {
  const AdversaryLog& log = v.run.adversary();
  if (log.actions().empty() && log.knowledge().empty())
    return "What an attacker did, and what it learnt";
  const Instant now = v.session.now();
  std::size_t refused = 0, succeeded = 0, known = 0;
  for (const AttackLine& line : log.lines()) {
    if (line.first->time > now) continue;
    refused += line.refused ? line.count : 0;
    succeeded += line.succeeded ? line.count : 0;
  }
  for (const EventPtr e : log.knowledge()) {
    const bool goal = std::get<trace::AttackKnowledge>(e->body).item.starts_with(goal_mark);
    known += !goal && e->time <= now ? 1 : 0;
  }
  std::string text = fmt::format("Up to {}:", clock_text(now));
  text +=
      succeeded > 0 ? fmt::format(" {} accepted,", counted(succeeded, "forgery", "forgeries")) : "";
  text += refused > 0 ? fmt::format(" {} refused,", counted(refused, "attempt", "attempts")) : "";
  return text + fmt::format(" {} known", counted(known, "thing", "things"));
}

void draw_adversary(const View& v) {
  if (v.run.adversary().actions().empty() && v.run.adversary().knowledge().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No adversary in this run",
                "Run a scenario that has one, for example \"ikelab run replay-esp\", to see what "
                "it does and learns.");
    return;
  }
  const float gap = v.kit.px(24), split = std::round(v.width() * 0.6F);
  View left = v, right = v;
  left.min.x -= v.kit.px(8);
  left.max.x = v.min.x + split - gap / 2;
  right.min.x = v.min.x + split + gap / 2;
  draw_log(left);
  draw_known(right);
  v.list()->AddLine({v.min.x + split, v.min.y}, {v.min.x + split, v.max.y}, v.kit.ink(Role::rule));
}

}  // namespace ikelab::view
