// The network as a map: nodes, links, tunnels in force, and the packets in flight at the run's
// time.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/models/text.hpp"
#include "visualizer/panels/panel.hpp"

namespace ikelab::view {
namespace {

struct Map {
  const View& v;
  [[nodiscard]] ImVec2 at(std::size_t place) const {
    const Place& p = v.run.topology().places()[place];
    const float mx = std::min(v.kit.px(88), v.width() / 5), top = v.kit.px(44),
                bottom = v.kit.px(76);
    return {std::round(v.min.x + mx + (v.width() - 2 * mx) * static_cast<float>(p.x)),
            std::round(v.min.y + top + (v.height() - top - bottom) * static_cast<float>(p.y))};
  }
};

constexpr float radius = 20;

// A sign for the role: a screen, a lock, a crossing, an eye.
void draw_sign(const View& v, const std::string& role, ImVec2 c, ImU32 ink) {
  ImDrawList* list = v.list();
  const auto d = [&](float base) { return v.kit.scale * base; };
  const float line = v.kit.px(2);
  if (role == "host") {
    list->AddRect({c.x - d(8), c.y - d(7)}, {c.x + d(8), c.y + d(4)}, ink, d(2), 0, line);
    list->AddLine({c.x - d(4), c.y + d(8)}, {c.x + d(4), c.y + d(8)}, ink, line);
  } else if (role == "gateway") {
    list->AddRectFilled({c.x - d(7), c.y - d(1)}, {c.x + d(7), c.y + d(8)}, ink, d(2));
    list->PathArcTo({c.x, c.y - d(2)}, d(4.5F), 3.14159F, 6.28318F, 12);
    list->PathStroke(ink, 0, line);
  } else if (role == "adversary") {
    for (const float side : {-1.0F, 1.0F}) {  // an eye: two arcs and a pupil
      list->PathClear();
      for (int i = 0; i <= 12; ++i) {
        const float t = static_cast<float>(i) / 12;
        list->PathLineTo({c.x - d(9) + d(18) * t, c.y + side * d(6) * std::sin(t * 3.14159F)});
      }
      list->PathStroke(ink, 0, line);
    }
    list->AddCircleFilled(c, d(2.5F), ink, 12);
  } else {
    list->AddLine({c.x - d(7), c.y}, {c.x + d(7), c.y}, ink, line);
    list->AddLine({c.x, c.y - d(7)}, {c.x, c.y + d(7)}, ink, line);
  }
}

// Whether a place's cables go downwards: its name is then written above it, out of their way and
// out of the tunnel's.
bool cables_lead_down(const Map& map, std::size_t index) {
  float down = 0;
  for (const Cable& cable : map.v.run.topology().cables())
    if (cable.a == index || cable.b == index)
      down += map.at(cable.a == index ? cable.b : cable.a).y - map.at(index).y;
  return down > map.v.kit.px(radius);
}

void draw_place(const Map& map, std::size_t index) {
  const View& v = map.v;
  const Kit& kit = v.kit;
  const Place& p = v.run.topology().places()[index];
  const ImVec2 c = map.at(index);
  const Role role = v.role_of(p.name);
  const ImU32 ink = kit.ink(role == Role::muted ? Role::text : role);
  const float r = kit.px(radius);
  v.list()->AddCircleFilled(c, r, kit.ink(Role::panel), 48);
  v.list()->AddCircle(c, r, ink, 48, kit.px(2));
  draw_sign(v, p.role, c, ink);
  const float room = kit.px(150);
  const float name_width =
      std::min(room, measure(kit.fonts.small_strong, p.name).x) / 2 + kit.px(4);
  if (p.role == "adversary")  // its tie to the link passes behind its name
    v.list()->AddRectFilled({c.x - name_width, c.y + r + kit.px(5)},
                            {c.x + name_width, c.y + r + kit.px(40)}, kit.ink(Role::panel));
  const bool above = cables_lead_down(map, index);
  const float name_y = above ? c.y - r - kit.px(31) : c.y + r + kit.px(14);
  put_centred(v.list(), kit.fonts.small_strong, {c.x, name_y}, ink, p.name, room);
  const std::string address = p.addresses.empty() ? p.role : p.addresses.front();
  put_centred(v.list(), kit.fonts.small, {c.x, name_y + kit.px(17)}, kit.ink(Role::muted), address,
              room);
  const Hit h = hit(static_cast<int>(index), {c.x - r, c.y - r}, {c.x + r, c.y + r});
  if (h.hovered)
    tip(kit, fmt::format("{}, {}", p.name, p.role),
        fmt::format("{}", fmt::join(p.addresses, "\n")));
}

// A pipe between the ends of each pair of ESP SAs in force: hatched, because what is inside is
// hidden.
void draw_tunnels(const Map& map) {
  const View& v = map.v;
  const Topology& topology = v.run.topology();
  std::vector<std::pair<int, int>> done;
  for (const SaRow& row : v.run.sas().rows()) {
    const trace::SaInstalled& s = row.sa();
    if (s.protocol == "IKE" || s.direction != "out" ||
        row.state_at(v.session.now()) != SaState::active)
      continue;
    const int a = topology.place_of(row.node),
              b = topology.place_of(v.run.traffic().node_of(s.dst));
    if (a < 0 || b < 0 || a == b) continue;
    const std::pair<int, int> ends = std::minmax(a, b);
    if (std::find(done.begin(), done.end(), ends) != done.end()) continue;
    done.push_back(ends);
    const ImVec2 p = map.at(static_cast<std::size_t>(a)), q = map.at(static_cast<std::size_t>(b));
    const float length = std::hypot(q.x - p.x, q.y - p.y), half = v.kit.px(11);
    const ImVec2 n = {-(q.y - p.y) / length * half, (q.x - p.x) / length * half};
    const ImU32 fill = v.kit.ink(Role::responder, 0.10F), edge = v.kit.ink(Role::responder, 0.55F);
    v.list()->AddQuadFilled({p.x + n.x, p.y + n.y}, {q.x + n.x, q.y + n.y}, {q.x - n.x, q.y - n.y},
                            {p.x - n.x, p.y - n.y}, fill);
    v.list()->AddLine({p.x + n.x, p.y + n.y}, {q.x + n.x, q.y + n.y}, edge, 1);
    v.list()->AddLine({p.x - n.x, p.y - n.y}, {q.x - n.x, q.y - n.y}, edge, 1);
  }
}

// An adversary without a cable of its own sits on a link: it is tied to the nearest one's middle.
void draw_ties(const Map& map) {
  const View& v = map.v;
  const Topology& t = v.run.topology();
  for (std::size_t i = 0; i < t.places().size(); ++i) {
    const bool cabled = std::any_of(t.cables().begin(), t.cables().end(),
                                    [i](const Cable& c) { return c.a == i || c.b == i; });
    if (cabled || t.places()[i].role != "adversary") continue;
    const ImVec2 c = map.at(i);
    ImVec2 best = c;
    float nearest = 1e9F;
    for (const Cable& cable : t.cables()) {
      const ImVec2 a = map.at(cable.a), b = map.at(cable.b), m = {(a.x + b.x) / 2, (a.y + b.y) / 2};
      const float d = std::hypot(m.x - c.x, m.y - c.y);
      if (d < nearest) best = m, nearest = d;
    }
    dashed_line(v.list(), c, best, v.kit.ink(Role::adversary, 0.7F), v.kit.px(1), v.kit.px(4));
  }
}

// How far a place's words reach to its sides where a cable's words are: above it.
float words_reach(const Map& map, std::size_t index) {
  const Kit& kit = map.v.kit;
  const Place& p = map.v.run.topology().places()[index];
  if (!cables_lead_down(map, index)) return kit.px(radius);
  const std::string address = p.addresses.empty() ? p.role : p.addresses.front();
  const float words =
      std::max(measure(kit.fonts.small_strong, p.name).x, measure(kit.fonts.small, address).x);
  return std::max(kit.px(radius), std::min(kit.px(150), words) / 2);
}

void draw_cable(const Map& map, const Cable& cable) {
  const View& v = map.v;
  const bool forth = map.at(cable.a).x <= map.at(cable.b).x;
  const std::size_t first = forth ? cable.a : cable.b, second = forth ? cable.b : cable.a;
  const ImVec2 a = map.at(first), b = map.at(second);
  v.list()->AddLine(a, b, v.kit.tint(Role::rule, Role::muted, 0.4F), v.kit.px(2));
  if (cable.about.empty() && cable.name.empty()) return;
  const float begin = words_reach(map, first), end = words_reach(map, second);
  const float length = std::hypot(b.x - a.x, b.y - a.y) - begin - end - v.kit.px(16);
  const std::string text = fit(v.kit.fonts.small, cable.about.empty() ? cable.name : cable.about,
                               std::max(v.kit.px(64), length));
  const ImVec2 size = measure(v.kit.fonts.small, text);
  const float slope = std::min(1.0F, std::fabs((b.y - a.y) / std::max(1.0F, std::fabs(b.x - a.x))));
  const float above = v.kit.px(24) + slope * size.x / 2;  // clear of the packets at its lower end
  const bool flat = std::fabs(b.x - a.x) > std::fabs(b.y - a.y);  // else names are out of its way
  const ImVec2 c = {(a.x + b.x + (flat ? begin - end : 0)) / 2, (a.y + b.y) / 2 - above};
  v.list()->AddRectFilled({c.x - size.x / 2 - v.kit.px(4), c.y - size.y / 2},
                          {c.x + size.x / 2 + v.kit.px(4), c.y + size.y / 2},
                          v.kit.ink(Role::panel));
  put_centred(v.list(), v.kit.fonts.small, c, v.kit.ink(Role::muted), text);
  const Hit h = hit(cable.name.c_str(), {c.x - size.x / 2, c.y - size.y / 2},
                    {c.x + size.x / 2, c.y + size.y / 2});
  if (h.hovered && !cable.about.empty()) tip(v.kit, cable.name, cable.about);
}

// IKE: an envelope. ESP: a hatched box. Everything else: a disc, because anybody can read it.
void draw_flight(const Map& map, const Flight& flight, int id) {
  const View& v = map.v;
  const Kit& kit = v.kit;
  const auto& p = std::get<trace::PacketOnLink>(flight.event->body);
  const ImVec2 a = map.at(flight.from), b = map.at(flight.to);
  const float length = std::max(1.0F, std::hypot(b.x - a.x, b.y - a.y));
  const float lane = kit.px(5);  // the two directions keep to their own side
  const auto share = static_cast<float>(flight.share);
  const ImVec2 c = {a.x + (b.x - a.x) * share - (b.y - a.y) / length * lane,
                    a.y + (b.y - a.y) * share + (b.x - a.x) / length * lane};
  const ImVec2 r = {kit.px(9), kit.px(6)};
  const ImVec2 min = {c.x - r.x, c.y - r.y}, max = {c.x + r.x, c.y + r.y};
  const Role role = v.role_of(p.from);
  const ImU32 ink = kit.ink(flight.lost           ? Role::adversary
                            : role == Role::muted ? Role::text
                                                  : role);
  if (p.protocol == "IKE") {
    v.list()->AddRectFilled(min, max, ink, kit.px(2));
    v.list()->AddLine(min, {c.x, c.y + kit.px(1)}, kit.ink(Role::panel), kit.px(1));
    v.list()->AddLine({c.x, c.y + kit.px(1)}, {max.x, min.y}, kit.ink(Role::panel), kit.px(1));
  } else if (p.protocol.starts_with("ESP")) {
    v.list()->AddRectFilled(min, max, kit.ink(Role::panel), kit.px(2));
    hatch(v.list(), min, max, ink, kit.px(4));
    v.list()->AddRect(min, max, ink, kit.px(2), 0, kit.px(1));
  } else {
    v.list()->AddCircleFilled(c, kit.px(5), ink, 20);
  }
  if (flight.lost) cross(v.list(), c, kit.px(8), kit.ink(Role::adversary), kit.px(2));
  const Hit h = hit(1000 + id, {min.x - 3, min.y - 3}, {max.x + 3, max.y + 3});
  if (h.hovered)
    tip(kit, fmt::format("{}, {} from {} to {}", p.protocol, octets_text(p.size), p.from, p.to),
        flight.lost ? "It will be lost: " + p.lost
                    : fmt::format("sent {}, arrives {}", clock_text({p.sent_ns}),
                                  clock_text({p.arrives_ns})));
  if (h.clicked)
    v.session.select(v.run, p.id != 0 ? select_packet(p.id) : select_event(flight.event->seq),
                     false);
}

void draw_legend(const View& v) {
  const Kit& kit = v.kit;
  float x = v.min.x;
  const float y = v.max.y - kit.px(14);
  const ImU32 ink = kit.ink(Role::muted);
  const auto word = [&](const char* text) {
    x += put(v.list(), kit.fonts.small, {x, y - kit.fonts.small->FontSize / 2}, ink, text) +
         kit.px(20);
  };
  v.list()->AddRectFilled({x, y - kit.px(5)}, {x + kit.px(16), y + kit.px(5)}, ink, kit.px(2));
  v.list()->AddLine({x, y - kit.px(5)}, {x + kit.px(8), y + kit.px(1)}, kit.ink(Role::panel));
  v.list()->AddLine({x + kit.px(8), y + kit.px(1)}, {x + kit.px(16), y - kit.px(5)},
                    kit.ink(Role::panel));
  x += kit.px(22);
  word("IKE");
  hatch(v.list(), {x, y - kit.px(5)}, {x + kit.px(16), y + kit.px(5)}, ink, kit.px(4));
  v.list()->AddRect({x, y - kit.px(5)}, {x + kit.px(16), y + kit.px(5)}, ink, kit.px(2));
  x += kit.px(22);
  word("ESP, sealed");
  v.list()->AddCircleFilled({x + kit.px(5), y}, kit.px(5), ink, 20);
  x += kit.px(16);
  word("in the clear");
}

}  // namespace

std::string topology_caption(const View& v) {
  if (v.run.topology().places().empty()) return "Nodes, links, and packets on their way";
  const auto flights = v.run.topology().flights_at(v.session.now());
  const std::string at = clock_text(v.session.now());
  if (flights.empty()) return fmt::format("At {} nothing is on the links", at);
  if (flights.size() == 1) {
    const auto& p = std::get<trace::PacketOnLink>(flights.front().event->body);
    return fmt::format("At {} {} is on its way from {} to {}", at,
                       p.protocol == "IKE"             ? "an IKE message"
                       : p.protocol.starts_with("ESP") ? "an ESP packet"
                                                       : "a " + p.protocol + " packet",
                       p.from, p.to);
  }
  return fmt::format("At {}, {} are on the links", at,
                     counted(flights.size(), "packet", "packets"));
}

void draw_topology(const View& v) {
  if (v.run.topology().places().empty()) {
    empty_state(v.kit, v.list(), v.min, v.max, "No network",
                "The nodes of a run appear here as a map, with each packet on its way. Record one "
                "with \"ikelab run site-to-site\".");
    return;
  }
  const Map map{v};
  draw_ties(map);
  for (const Cable& cable : v.run.topology().cables()) draw_cable(map, cable);
  draw_tunnels(map);
  for (std::size_t i = 0; i < v.run.topology().places().size(); ++i) draw_place(map, i);
  int id = 0;
  for (const Flight& flight : v.run.topology().flights_at(v.session.now()))
    draw_flight(map, flight, id++);
  draw_legend(v);
}

}  // namespace ikelab::view
