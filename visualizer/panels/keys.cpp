// The derivation of keys as a graph: boxes are values, rounded boxes functions. The selection's way
// in both directions is lit, the rest dimmed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "visualizer/models/describe.hpp"
#include "visualizer/models/text.hpp"
#include "visualizer/panels/key_chain.hpp"

namespace ikelab::view {
namespace {

// "ESP encryption key, initiator to responder" is too long for a box; its whole name is in the
// inspector.
std::string short_name(std::string name) {
  static constexpr std::array<std::array<std::string_view, 2>, 4> shorter = {
      {{"ESP encryption key, ", "enc. "},
       {"ESP integrity key, ", "int. "},
       {"initiator to responder", "i \xE2\x86\x92 r"},
       {"responder to initiator", "r \xE2\x86\x92 i"}}};
  for (const auto& [from, to] : shorter)
    if (const std::size_t at = name.find(from); at != std::string::npos)
      name.replace(at, from.size(), to);
  return name;
}

KeyChoice choose(const View& v) {
  const auto& groups = v.run.derivations().groups();
  KeyChoice c;
  int wanted = v.session.key_group;
  if (v.session.selection().kind == Selection::Kind::key ||
      v.session.selection().kind == Selection::Kind::event) {
    const int selected = v.run.derivations().group_of(v.session.selection().id);
    if (selected >= 0 && wanted < 0) wanted = selected;
  }
  if (wanted < 0 || wanted >= static_cast<int>(groups.size())) {
    wanted = groups.empty() ? -1 : 0;
    for (std::size_t i = groups.size(); i-- > 0;)  // the initiator's first, if there is one
      if (v.role_of(groups[i].node) == Role::initiator) wanted = static_cast<int>(i);
  }
  if (wanted < 0) return c;
  const KeyGroup& g = groups[static_cast<std::size_t>(wanted)];
  c.node = g.node;
  if (g.child) {
    c.child = wanted;
    c.ike = static_cast<int>(g.parent);
  } else {
    c.ike = wanted;
    for (std::size_t i = 0; i < groups.size() && c.child < 0; ++i)
      if (groups[i].child && groups[i].node == g.node &&
          static_cast<int>(groups[i].parent) == wanted)
        c.child = static_cast<int>(i);
  }
  return c;
}

const std::string leak_words = "If it leaks";

// A chip of the choice: its text, whether it is on, and the group it leads to.
struct Chip {
  std::string text;
  bool on = false;
  int group = -1;
  bool gap = false;  ///< stands apart from the one before
};

std::vector<Chip> chips(const View& v, const KeyChoice& choice) {
  const auto& groups = v.run.derivations().groups();
  std::vector<std::string> nodes = v.run.derivations().nodes();
  std::stable_sort(nodes.begin(), nodes.end(), [&](const std::string& a, const std::string& b) {
    return v.run.ladder().lane_of(a) < v.run.ladder().lane_of(b);
  });
  std::vector<Chip> out;
  for (const std::string& node : nodes)
    for (std::size_t i = 0; i < groups.size(); ++i)
      if (groups[i].node == node) {
        out.push_back({node, node == choice.node, static_cast<int>(i)});
        break;
      }
  if (v.session.selection().kind == Selection::Kind::key)
    out.push_back({leak_words, v.session.leaks, -1, true});
  return out;
}

// Chips to choose the node and the SA: on the caption's line when they fit, else on their own.
// Returns the height.
float draw_choice(const View& v, const KeyChoice& choice) {
  const Kit& kit = v.kit;
  const std::vector<Chip> all = chips(v, choice);
  float total = 0;
  for (const Chip& c : all) total += measure(kit.fonts.small, c.text).x + kit.px(c.gap ? 36 : 20);
  const float caption = measure(kit.fonts.small, keys_caption(v)).x;
  const bool beside = caption + kit.px(24) + total <= v.width();
  float x = beside ? v.max.x - total + kit.px(8) : v.min.x - kit.px(8);
  const float y = beside ? v.min.y - kit.px(35) : v.min.y;
  int id = 0;
  for (const Chip& c : all) {
    if (c.text == leak_words) {
      x += kit.px(16);
      ImVec2 room;
      if (text_button(kit, "leaks", {x, y}, c.text, c.on, &room))
        v.session.leaks = !v.session.leaks;
      continue;
    }
    if (c.gap) x += kit.px(16);
    ImVec2 size;
    if (!beside && x > v.max.x - kit.px(64)) break;
    if (text_button(kit, fmt::format("chip {}", id++).c_str(), {x, y}, c.text, c.on, &size))
      v.session.key_group = c.group;
    x += size.x + kit.px(4);
  }
  return beside ? 0 : kit.px(36);
}

// Boxes and their places, for one frame. Full: names and octets; compact: names, as wide as they
// need.
struct Canvas {
  const View& v;
  const KeyGraph& graph;
  bool full;
  float value_height, function_height, gap, pitch, x0 = 0, y0 = 0;
  std::vector<float> column_x, column_width;

  Canvas(const View& view, const KeyGraph& g, float room_width, float room_height)
      : v(view), graph(g) {
    full = natural(true) <= room_width;
    const float whole = natural(full);
    value_height = v.kit.px(full ? 44 : 24);
    function_height = v.kit.px(24);
    const float spare =
        std::max(0.0F, room_width - whole) / std::max(1.0F, static_cast<float>(g.columns - 1));
    gap = v.kit.px(full ? 18 : 8);
    const float rows = static_cast<float>(g.bottom - g.top) + 1;
    const float least = value_height + v.kit.px(full ? 10 : 5);
    pitch = std::clamp(std::floor(room_height / rows), least, value_height + v.kit.px(28));
    float x = 0;
    for (int c = 0; c < g.columns; ++c) {
      column_x.push_back(std::round(x));
      column_width.push_back(width_of(c, full));
      x += column_width.back() + gap + std::min(spare, v.kit.px(28));
    }
  }
  [[nodiscard]] float width_of(int column, bool whole) const {
    float width = v.kit.px(36);
    for (const GraphNode& n : graph.nodes) {
      if (n.column != column) continue;
      if (n.what == GraphNode::What::function)
        width = std::max(width, v.kit.px(whole ? 52 : 38));
      else if (whole)
        width = std::max(width, v.kit.px(158));
      else
        width =
            std::max(width, measure(v.kit.fonts.small_strong, short_name(n.name)).x + v.kit.px(14));
    }
    return std::round(width);
  }
  [[nodiscard]] float natural(bool whole) const {
    float width = 0;
    for (int c = 0; c < graph.columns; ++c)
      width += width_of(c, whole) + (c > 0 ? v.kit.px(whole ? 18 : 8) : 0);
    return width;
  }
  [[nodiscard]] float width() const {
    return column_x.empty() ? 0 : column_x.back() + column_width.back();
  }
  [[nodiscard]] float height() const {
    return static_cast<float>(graph.bottom - graph.top + 1) * pitch;
  }
  [[nodiscard]] ImVec2 size(const GraphNode& n) const {
    const bool function = n.what == GraphNode::What::function;
    return {column_width[static_cast<std::size_t>(n.column)],
            function ? function_height : value_height};
  }
  [[nodiscard]] ImVec2 min(const GraphNode& n) const {
    const ImVec2 s = size(n);
    return {x0 + column_x[static_cast<std::size_t>(n.column)],
            std::round(y0 + static_cast<float>(n.row - graph.top + 0.5) * pitch - s.y / 2)};
  }
};

void draw_edge(const Canvas& c, const GraphEdge& e, bool lit, bool dimmed) {
  const GraphNode &a = c.graph.nodes[e.from], &b = c.graph.nodes[e.to];
  const ImVec2 p = {c.min(a).x + c.size(a).x, c.min(a).y + c.size(a).y / 2};
  const ImVec2 q = {c.min(b).x, c.min(b).y + c.size(b).y / 2};
  const float bend = std::max(c.gap * 0.6F, (q.x - p.x) * 0.4F);
  const Kit& kit = c.v.kit;
  const ImU32 ink =
      lit ? kit.ink(Role::secret) : kit.tint(Role::panel, Role::muted, dimmed ? 0.2F : 0.5F);
  c.v.list()->AddBezierCubic(p, {p.x + bend, p.y}, {q.x - bend, q.y}, q, ink,
                             (lit ? 2.0F : 1.0F) * kit.scale, 24);
}

Role role_of_value(const GraphNode& n) {
  return n.what == GraphNode::What::input ? Role::text : Role::secret;
}

// Whether an adversary has a value, and what follows from all it has.
struct Known {
  std::vector<bool> has, falls;
  std::vector<EventPtr> since;         ///< when an adversary came to know it, by node of the graph
  std::set<std::uint64_t> everywhere;  ///< what falls in all SAs of this node, by seq
};

// What is selected leaks, or else what adversaries know by now: here, and over every rekeying.
Known known_of(const View& v, const KeyGraph& graph, const KeyChoice& choice, int selected) {
  Known k;
  k.has.assign(graph.nodes.size(), false);
  k.since.assign(graph.nodes.size(), nullptr);
  std::set<Bytes> values;
  std::set<std::uint64_t> seqs;
  if (v.session.leaks && selected >= 0) {
    k.has[static_cast<std::size_t>(selected)] = true;
    seqs.insert(v.session.selection().id);
  } else {
    for (const EventPtr e : v.run.adversary().knowledge()) {
      const Bytes& value = std::get<trace::AttackKnowledge>(e->body).value;
      if (value.empty() || e->time > v.session.now()) continue;
      values.insert(value);
      for (std::size_t n = 0; n < graph.nodes.size(); ++n)
        if (graph.nodes[n].value == value && !is_public(graph.nodes[n]) && !k.has[n]) {
          k.has[n] = true;
          k.since[n] = e;
        }
    }
  }
  k.everywhere = v.run.derivations().falls(static_cast<std::size_t>(choice.ike), values, seqs);
  std::vector<bool> start = k.has;
  for (std::size_t n = 0; n < graph.nodes.size(); ++n)
    if (const EventPtr e = graph.nodes[n].event)
      start[n] = start[n] || k.everywhere.contains(e->seq);
  k.falls = graph.falls(std::move(start));
  return k;
}

void draw_value(const Canvas& c, const GraphNode& n, bool selected, bool dimmed) {
  const Kit& kit = c.v.kit;
  const ImVec2 min = c.min(n), size = c.size(n), max = {min.x + size.x, min.y + size.y};
  const float alpha = dimmed ? 0.4F : 1.0F;
  const Role role = role_of_value(n);
  c.v.list()->AddRectFilled(min, max,
                            kit.tint(Role::panel, role,
                                     selected                           ? 0.22F
                                     : n.what == GraphNode::What::input ? 0.03F
                                                                        : 0.08F),
                            kit.px(3));
  c.v.list()->AddRect(
      min, max, kit.ink(role == Role::text ? Role::muted : role, (selected ? 1.0F : 0.5F) * alpha),
      kit.px(3), 0, selected ? kit.px(2) : 1);
  const float pad = kit.px(c.full ? 8 : 6), room = size.x - 2 * pad;
  const std::string name = short_name(n.name);
  const float name_y =
      c.full ? min.y + kit.px(5) : min.y + (size.y - kit.fonts.small_strong->FontSize) / 2;
  put(c.v.list(), kit.fonts.small_strong, {min.x + pad, name_y}, kit.ink(Role::text, alpha), name,
      room);
  if (!c.full) return;
  const std::string length = fmt::format("{}", n.length);
  if (measure(kit.fonts.small_strong, name).x + measure(kit.fonts.small, length).x + kit.px(8) <
      room)
    put_right(c.v.list(), kit.fonts.small, {max.x - pad, min.y + kit.px(5)},
              kit.ink(Role::muted, alpha), length);
  const std::string value = n.value.empty() ? "not disclosed" : short_hex(n.value);
  put(c.v.list(), n.value.empty() ? kit.fonts.small : kit.fonts.mono_small,
      {min.x + pad, min.y + kit.px(23)}, kit.ink(n.value.empty() ? Role::muted : role, alpha),
      value, room + kit.px(6));
}

// A corner in the adversary's colour: filled when it has the value, open when it follows from
// others.
void draw_fallen(const Canvas& c, const GraphNode& n, bool has) {
  const Kit& kit = c.v.kit;
  const ImVec2 min = c.min(n), size = c.size(n), max = {min.x + size.x, min.y + size.y};
  const ImU32 ink = kit.ink(Role::adversary);
  const float r = kit.px(10);
  dashed_box(c.v.list(), min, max, ink, 1.5F * kit.scale, kit.px(has ? 400 : 4));
  if (has)
    c.v.list()->AddTriangleFilled({max.x - r, min.y}, {max.x, min.y}, {max.x, min.y + r}, ink);
  else
    c.v.list()->AddTriangle({max.x - r, min.y}, {max.x, min.y}, {max.x, min.y + r}, ink, kit.scale);
}

void draw_function(const Canvas& c, const GraphNode& n, bool dimmed) {
  const Kit& kit = c.v.kit;
  const ImVec2 min = c.min(n), size = c.size(n), max = {min.x + size.x, min.y + size.y};
  c.v.list()->AddRectFilled(min, max, kit.tint(Role::panel, Role::text, dimmed ? 0.03F : 0.07F),
                            size.y / 2);
  put_centred(c.v.list(), kit.fonts.mono_small, {(min.x + max.x) / 2, (min.y + max.y) / 2},
              kit.ink(Role::text, dimmed ? 0.4F : 1.0F), n.name, size.x);
}

// Who has a value: nobody, somebody since when, or whoever can count.
std::string who_knows(const Known& known, std::size_t index) {
  if (const EventPtr e = known.since[index])
    return fmt::format("\n{} knows it since {}: {}", e->node, clock_text(e->time),
                       std::get<trace::AttackKnowledge>(e->body).how);
  if (known.has[index]) return "\nSuppose it leaks.";
  return known.falls[index] ? "\nIt follows from what has leaked." : "";
}

void touch(const Canvas& c, std::size_t index, const Known& known) {
  const GraphNode& n = c.graph.nodes[index];
  const ImVec2 min = c.min(n), size = c.size(n);
  const Hit h = hit(static_cast<int>(index), min, {min.x + size.x, min.y + size.y});
  if (h.hovered) {
    const bool function = n.what == GraphNode::What::function;
    const std::string size_text =
        n.length > 0 ? fmt::format("{}: {}", n.name, counted(n.length, "octet", "octets")) : n.name;
    tip(c.v.kit, function ? n.detail : size_text,
        function
            ? "A pseudo-random function: the same inputs always give the same output, and "
              "nobody can go back."
            : fmt::format(
                  "{}\n{}{}{}", n.value.empty() ? "not disclosed" : short_hex(n.value),
                  explain_key(n.name).text,
                  n.what == GraphNode::What::input && !n.detail.empty() ? "\nFrom " + n.detail : "",
                  who_knows(known, index)));
  }
  if (n.event != nullptr) {
    if (h.hovered) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    if (h.clicked) {
      c.v.session.key_group = -1;
      c.v.session.select(c.v.run, select_key(n.event->seq), false);
    }
  }
}

// An adversary has what this derivation made, by now.
bool is_known(const View& v, const trace::Event& derived) {
  const Bytes& output = std::get<trace::KeyDerived>(derived.body).output;
  const auto& knowledge = v.run.adversary().knowledge();
  return !output.empty() && std::any_of(knowledge.begin(), knowledge.end(), [&](EventPtr e) {
    return e->time <= v.session.now() && std::get<trace::AttackKnowledge>(e->body).value == output;
  });
}

}  // namespace

std::string keys_caption(const View& v) {
  const auto& groups = v.run.derivations().groups();
  if (groups.empty()) return "Every key, and what it was made from";
  const KeyChoice c = choose(v);
  const Selection& s = v.session.selection();
  const EventPtr key = s.kind == Selection::Kind::key ? v.run.event(s.id) : nullptr;
  if (key != nullptr) {
    const std::string& name = std::get<trace::KeyDerived>(key->body).name;
    if (!v.session.leaks) return fmt::format("The way of {}", name);
    const auto fallen = v.run.derivations().falls(
        static_cast<std::size_t>(std::max(0, v.run.derivations().group_of(key->seq))), {},
        {key->seq});
    std::set<int> sas;
    for (const std::uint64_t seq : fallen) sas.insert(v.run.derivations().group_of(seq));
    return fallen.size() < 2
               ? fmt::format("If {} leaks, no other key falls", name)
               : fmt::format("If {} leaks, {} with it, in {}", name,
                             fallen.size() == 2
                                 ? "one more key falls"
                                 : fmt::format("{} more keys fall", fallen.size() - 1),
                             counted(sas.size(), "SA", "SAs"));
  }
  const auto has_one = [&](int group) {
    if (group < 0) return false;
    const auto& derived = groups[static_cast<std::size_t>(group)].derived;
    return std::any_of(derived.begin(), derived.end(), [&](EventPtr e) { return is_known(v, *e); });
  };
  const bool told = has_one(c.ike) || has_one(c.child);
  return fmt::format("How {} derives its keys{}", c.node,
                     told ? "; marked in the corner: what the adversary has, or can compute" : "");
}

void draw_keys(const View& v) {
  const KeyChoice choice = choose(v);
  if (choice.ike < 0) {
    empty_state(v.kit, v.list(), v.min, v.max, "No keys were derived",
                "After IKE_SA_INIT both sides compute SKEYSEED and seven keys from it; they appear "
                "here as a graph.");
    return;
  }
  float top = draw_choice(v, choice);
  top += draw_key_chain(v, v.min.y + top, choice);
  const ImVec2 min = {v.min.x, v.min.y + top};
  const float width = v.max.x - min.x, room = v.max.y - min.y;
  ImGui::SetCursorScreenPos(min);
  ImGui::BeginChild("graph", {width, std::max(1.0F, room)}, false,
                    ImGuiWindowFlags_HorizontalScrollbar);
  const float bar = ImGui::GetStyle().ScrollbarSize;
  // All of it when it fits with its octets; else from the shared secret on; else names alone.
  const auto ike = static_cast<std::size_t>(choice.ike);
  KeyGraph graph = v.run.derivations().graph(ike, choice.child, true);
  if (Canvas(v, graph, width - bar, room - bar).full == false)
    graph = v.run.derivations().graph(ike, choice.child, false);
  Canvas c(v, graph, width - bar, room - bar);
  const float total = c.width() + 2;
  c.x0 = min.x - std::round(ImGui::GetScrollX());
  c.y0 = min.y - std::round(ImGui::GetScrollY()) + std::max(0.0F, (room - bar - c.height()) / 2);
  const int selected = v.session.selection().kind == Selection::Kind::key
                           ? graph.node_of(v.session.selection().id)
                           : -1;
  std::vector<bool> lit(graph.nodes.size(), false);
  if (selected >= 0) lit = graph.related(static_cast<std::size_t>(selected));
  for (const bool pass : {false, true})  // lit edges lie above the others
    for (const GraphEdge& e : graph.edges) {
      const bool on = selected >= 0 && lit[e.from] && lit[e.to];
      if (on == pass) draw_edge(c, e, on, selected >= 0);
    }
  const Known known = known_of(v, graph, choice, selected);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const bool dimmed = selected >= 0 && !lit[i];
    if (graph.nodes[i].what == GraphNode::What::function)
      draw_function(c, graph.nodes[i], dimmed);
    else
      draw_value(c, graph.nodes[i], static_cast<int>(i) == selected, dimmed);
    if (known.falls[i] && graph.nodes[i].what != GraphNode::What::function)
      draw_fallen(c, graph.nodes[i], known.has[i]);
    touch(c, i, known);
  }
  ImGui::SetCursorScreenPos({c.x0 + total, c.y0 + c.height()});
  ImGui::Dummy({1, 1});
  ImGui::EndChild();
}

}  // namespace ikelab::view
