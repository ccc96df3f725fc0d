#include "visualizer/panels/sa_detail.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocol/ikev2/state.hpp"
#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

using ikev2::State;

// Where a state stands: the initiator's way above, the responder's below.
struct Place {
  State state;
  float column, row;
};
constexpr std::array<Place, 8> places = {{{State::none, 0, 0.5F},
                                          {State::initiating, 1, 0},
                                          {State::half_open, 1.5F, 1},
                                          {State::authenticating, 2, 0},
                                          {State::established, 3, 0.5F},
                                          {State::rekeyed, 4, 0},
                                          {State::deleting, 4, 1},
                                          {State::dead, 5, 0.5F}}};

struct Diagram {
  const View& v;
  float step_x, width, height;
  explicit Diagram(const View& view)
      : v(view),
        step_x((view.width() - view.kit.px(8)) / 6),
        width(std::min(view.kit.px(140), step_x - view.kit.px(14))),
        height(view.kit.px(26)) {}
  [[nodiscard]] ImVec2 centre(State s) const {
    for (const Place& p : places)
      if (p.state == s)
        return {v.min.x + (p.column + 0.5F) * step_x,
                v.min.y + v.kit.px(14) + p.row * v.kit.px(52)};
    return v.min;
  }
};

void draw_way(const Diagram& d, const ikev2::Transition& t, bool taken) {
  ImVec2 a = d.centre(t.from), b = d.centre(t.to);
  if (t.from == t.to) return;
  const float side = b.x >= a.x ? 1.0F : -1.0F;
  const bool level = std::abs(b.x - a.x) < d.width;
  if (level) {
    const float down = b.y >= a.y ? 1.0F : -1.0F;
    a.y += down * d.height / 2;
    b.y -= down * d.height / 2;
  } else {
    a.x += side * d.width / 2;
    b.x -= side * d.width / 2;
  }
  const Kit& kit = d.v.kit;
  const ImU32 ink = taken ? kit.ink(Role::initiator) : kit.tint(Role::panel, Role::muted, 0.35F);
  arrow(d.v.list(), a, b, ink, (taken ? 2.0F : 1.0F) * kit.scale, kit.px(7));
}

// Every transition of the table; those this SA took by now are strong, its state is filled.
void draw_states(const View& v, const SaRow& row) {
  const Diagram d(v);
  std::vector<std::pair<std::string, std::string>> taken;
  std::string current(to_string(State::none));
  for (const EventPtr e : row.states) {
    if (e->time > v.session.now()) break;
    const auto& s = std::get<trace::StateChanged>(e->body);
    taken.emplace_back(s.from, s.to);
    current = s.to;
  }
  if (row.state_at(v.session.now()) == SaState::active) current = row.state_text(v.session.now());
  const auto was = [&](const ikev2::Transition& t) {
    return std::find(taken.begin(), taken.end(),
                     std::pair<std::string, std::string>(to_string(t.from), to_string(t.to))) !=
           taken.end();
  };
  for (const bool strong : {false, true})
    for (const ikev2::Transition& t : ikev2::transitions())
      if (was(t) == strong) draw_way(d, t, strong);
  for (const Place& p : places) {
    const std::string name(to_string(p.state));
    const bool on = name == current;
    const ImVec2 c = d.centre(p.state);
    const ImVec2 min = {c.x - d.width / 2, c.y - d.height / 2},
                 max = {c.x + d.width / 2, c.y + d.height / 2};
    v.list()->AddRectFilled(min, max, v.kit.ink(on ? Role::initiator : Role::panel), v.kit.px(6));
    v.list()->AddRect(min, max, v.kit.ink(on ? Role::initiator : Role::muted), v.kit.px(6));
    put_centred(v.list(), on ? v.kit.fonts.small_strong : v.kit.fonts.small, c,
                v.kit.ink(on ? Role::panel : Role::text), name, d.width - v.kit.px(6));
    const Hit h = hit(name.c_str(), min, max);
    if (!h.hovered) continue;
    std::string ways;
    for (const ikev2::Transition& t : ikev2::transitions())
      if (t.from == p.state)
        ways += fmt::format("{}{} leads to {} ({})", ways.empty() ? "" : "\n", to_string(t.event),
                            to_string(t.to), t.rfc);
    tip(v.kit, name, ways.empty() ? "Nothing leads out of it." : ways);
  }
}

// The window as cells, the newest number at the right: filled when that packet came.
void draw_window(const View& v, const SaRow& row) {
  const std::uint64_t size = row.sa().replay_window;
  const std::size_t seen = row.packets_at(v.session.now());
  const std::uint64_t highest = seen == 0 ? 0 : row.highest[seen - 1];
  const Kit& kit = v.kit;
  const std::uint64_t cells = std::clamp<std::uint64_t>(size, 1, 64);
  std::vector<bool> came(cells, false);
  for (std::size_t i = seen; i-- > 0 && seen - i <= 4 * cells;) {
    const std::uint64_t s = row.sequences[i];
    if (s <= highest && highest - s < cells) came[cells - 1 - (highest - s)] = true;
  }
  const std::string words =
      size == 0 ? "This SA has no replay window: the same packet is taken again and again."
      : seen == 0
          ? fmt::format("A window of {} packets; nothing has come yet.", thousands(size))
          : fmt::format(
                "A window of {} packets. The highest number so far is {}: what is older than "
                "{}, or filled, is refused.",
                thousands(size), thousands(highest),
                thousands(highest >= size ? highest - size + 1 : 1));
  float y = v.min.y;
  y += put_wrapped(v.list(), kit.fonts.small, {v.min.x, y}, kit.ink(Role::text), words, v.width(),
                   1.3F);
  y += kit.px(8);
  if (size == 0) return;
  const float step = std::floor(v.width() / static_cast<float>(cells)), box = step - kit.px(2);
  for (std::size_t i = 0; i < cells; ++i) {
    const std::uint64_t number = highest >= cells - 1 - i ? highest - (cells - 1 - i) : 0;
    const ImVec2 min = {v.min.x + static_cast<float>(i) * step, y},
                 max = {min.x + box, y + kit.px(22)};
    if (came[i])
      v.list()->AddRectFilled(min, max, kit.ink(Role::responder), kit.px(2));
    else
      v.list()->AddRect(min, max, kit.ink(number == 0 ? Role::rule : Role::muted), kit.px(2));
    const bool refused = std::any_of(row.refused.begin(), row.refused.end(), [&](EventPtr e) {
      return e->time <= v.session.now() &&
             std::get<trace::EspRejected>(e->body).sequence == number && number != 0;
    });
    if (refused)
      cross(v.list(), {(min.x + max.x) / 2, max.y + kit.px(8)}, kit.px(3), kit.ink(Role::adversary),
            kit.px(2));
    if (hit(static_cast<int>(i), min, max).hovered && number != 0)
      tip(kit, fmt::format("packet {}", thousands(number)),
          came[i] ? "It came: again it would be a replay." : "It has not come yet.");
  }
}

}  // namespace

void draw_sa_detail(const View& v, const SaRow& row) {
  v.list()->AddLine(v.min, {v.max.x, v.min.y}, v.kit.ink(Role::rule));
  View inner = v;
  inner.min.y += v.kit.px(12);
  const bool window = row.sa().protocol != "IKE" && row.sa().direction == "in";
  if (row.sa().protocol == "IKE")
    draw_states(inner, row);
  else if (window)
    draw_window(inner, row);
  else
    put_wrapped(
        v.list(), v.kit.fonts.small, inner.min, v.kit.ink(Role::text),
        fmt::format("{} sealed {} with it by now. The sequence number grows by one with each; "
                    "the receiver keeps the replay window.",
                    row.node, counted(row.packets_at(v.session.now()), "packet", "packets")),
        v.width(), 1.3F);
}

}  // namespace ikelab::view
