// What was offered, what was taken, and the reason for every refusal (RFC 7296, 2.7).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

const trace::Negotiated& body(EventPtr e) {
  return std::get<trace::Negotiated>(e->body);
}

float draw_verdict(const View& v, const trace::ProposalVerdict& p, float y) {
  const Kit& kit = v.kit;
  const float indent = kit.px(28), x = v.min.x + indent, width = v.width() - indent;
  const ImVec2 c = {v.min.x + kit.px(12), y + kit.px(9)};
  const float r = kit.px(4);
  if (p.accepted) {
    const ImU32 ink = kit.ink(Role::responder);
    v.list()->AddLine({c.x - r, c.y}, {c.x - r / 4, c.y + r}, ink, kit.px(2));
    v.list()->AddLine({c.x - r / 4, c.y + r}, {c.x + r, c.y - r}, ink, kit.px(2));
  } else {
    cross(v.list(), c, r, kit.ink(Role::adversary), kit.px(2));
  }
  put(v.list(), kit.fonts.mono_small, {x, y}, kit.ink(p.accepted ? Role::text : Role::muted),
      fmt::format("{}. {}", p.number, p.text), width);
  float height = kit.px(20);
  const std::string words =
      p.accepted && p.reason.empty() ? "taken: everything in it is configured here" : p.reason;
  if (!words.empty())
    height += put_wrapped(v.list(), kit.fonts.small, {x, y + height},
                          kit.ink(p.accepted ? Role::responder : Role::muted), words, width, 1.25F);
  return height + kit.px(10);
}

float draw_decision(const View& v, EventPtr e, float y, int id) {
  const Kit& kit = v.kit;
  const trace::Negotiated& n = body(e);
  const float start = y;
  const Selection s = select_event(e->seq);
  const Hit h = hit(id, {v.min.x - kit.px(8), y - kit.px(4)}, {v.max.x, y + kit.px(24)});
  if (v.session.is_selected(s))
    v.list()->AddRectFilled({v.min.x - kit.px(8), y - kit.px(4)}, {v.max.x, y + kit.px(24)},
                            kit.tint(Role::panel, Role::initiator, 0.12F), kit.px(6));
  else if (h.hovered)
    v.list()->AddRectFilled({v.min.x - kit.px(8), y - kit.px(4)}, {v.max.x, y + kit.px(24)},
                            kit.ink(Role::text, 0.04F), kit.px(6));
  v.link(h, s);
  const bool past = e->time <= v.session.now();
  const std::string when = clock_text(e->time);
  const float room = v.width() - measure(kit.fonts.mono_small, when).x - kit.px(24);
  put(v.list(), kit.fonts.small_strong, {v.min.x, y + kit.px(2)},
      kit.ink(past ? Role::text : Role::muted),
      n.chosen.empty() ? fmt::format("{} takes no {} proposal", e->node, n.protocol)
                       : fmt::format("{} settles on {} for {}", e->node, n.chosen, n.protocol),
      room);
  put_right(v.list(), kit.fonts.mono_small, {v.max.x - kit.px(8), y + kit.px(2)},
            kit.ink(Role::muted), when);
  y += kit.px(32);
  for (const trace::ProposalVerdict& p : n.verdicts) y += draw_verdict(v, p, y);
  return y - start + kit.px(12);
}

// The two decisions about one offer: the responder's, then what the initiator made of the answer.
struct Offer {
  EventPtr first, second = nullptr;
};

std::vector<Offer> offers_of(const RunModel& run) {
  std::vector<Offer> out;
  for (const EventPtr e : run.negotiations()) {
    const trace::Negotiated& n = body(e);
    const bool answers = n.role == "initiator" && !out.empty() && out.back().second == nullptr &&
                         body(out.back().first).protocol == n.protocol &&
                         body(out.back().first).role == "responder" &&
                         out.back().first->node != e->node;
    if (answers)
      out.back().second = e;
    else
      out.push_back({e});
  }
  return out;
}

// Of very many offers those around the run's time: [first, second).
std::pair<std::size_t, std::size_t> around_now(const std::vector<Offer>& offers, Instant now) {
  constexpr std::size_t most = 200;
  if (offers.size() <= most) return {0, offers.size()};
  const auto after = std::partition_point(offers.begin(), offers.end(),
                                          [&](const Offer& o) { return o.first->time <= now; });
  const auto at = static_cast<std::size_t>(after - offers.begin());
  const std::size_t first = std::min(offers.size() - most, at > most / 2 ? at - most / 2 : 0);
  return {first, first + most};
}

// Says what is left out; returns the height.
float draw_left_out(const View& v, float y, std::size_t count, const char* when) {
  if (count == 0) return 0;
  put(v.list(), v.kit.fonts.small, {v.min.x, y}, v.kit.ink(Role::muted),
      fmt::format("\xE2\x80\xA6 {} {}: move the time to see them",
                  counted(count, "offer", "offers"), when),
      v.width());
  return v.kit.px(32);
}

}  // namespace

std::string negotiation_caption(const View& v) {
  const auto& list = v.run.negotiations();
  if (list.empty()) return "Why which algorithms were chosen";
  std::size_t failed = 0;
  for (const EventPtr e : list) failed += body(e).chosen.empty() ? 1 : 0;
  return failed == 0 ? fmt::format("{}, each with the reason for every refusal",
                                   counted(list.size(), "decision", "decisions"))
                     : fmt::format("{}, {} without a common proposal",
                                   counted(list.size(), "decision", "decisions"), failed);
}

void draw_negotiation(const View& v) {
  if (v.run.negotiations().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "Nothing was negotiated",
                "Each offer of algorithms appears here with the choice the responder made, and why "
                "it refused the others.");
    return;
  }
  View inner = begin_scroll(v, "negotiation", {v.min.x - v.kit.px(8), v.min.y}, v.max);
  inner.min.x += v.kit.px(8);
  // One offer a row: who answered it at the left, who made it at the right, in a wide panel.
  const bool beside = inner.width() > v.kit.px(520);
  const float half = std::round(inner.width() / 2), gap = v.kit.px(16);
  float y = inner.min.y + v.kit.px(4);
  int id = 0;
  const std::vector<Offer> offers = offers_of(v.run);
  const auto [first_shown, last_shown] = around_now(offers, v.session.now());
  y += draw_left_out(inner, y, first_shown, "earlier");
  for (std::size_t i = first_shown; i < last_shown; ++i) {
    const Offer& offer = offers[i];
    View left = inner, right = inner;
    if (beside && offer.second != nullptr) {
      left.max.x = inner.min.x + half - gap;
      right.min.x = inner.min.x + half + gap;
    }
    const float first = draw_decision(left, offer.first, y, id++);
    const float from = beside ? y : y + first;
    const float second =
        offer.second == nullptr ? 0 : draw_decision(right, offer.second, from, id++);
    if (beside && offer.second != nullptr)
      v.list()->AddLine({inner.min.x + half, y}, {inner.min.x + half, y + first - v.kit.px(16)},
                        v.kit.ink(Role::rule));
    y += beside ? std::max(first, second) : first + second;
  }
  y += draw_left_out(inner, y, offers.size() - last_shown, "later");
  end_scroll(v, y - inner.min.y);
}

}  // namespace ikelab::view
