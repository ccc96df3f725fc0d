// The chain of IKE SAs over their rekeying: SK_d of each feeds SKEYSEED of the next (RFC
// 7296, 2.18), and the keys of its children.
#include "visualizer/panels/key_chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "visualizer/models/text.hpp"

namespace ikelab::view {
namespace {

constexpr float link_width = 84, link_gap = 28, link_height = 22, child_size = 10;  // base pixels
constexpr std::size_t most_children = 7;

// How much of a group falls: nothing, something, or its SK_d or traffic keys as well.
bool touched(const View& v, std::size_t group, const std::set<std::uint64_t>& fallen) {
  const auto& derived = v.run.derivations().groups()[group].derived;
  return std::any_of(derived.begin(), derived.end(),
                     [&](EventPtr e) { return fallen.contains(e->seq); });
}

void draw_link(const View& v, ImVec2 at, std::size_t group, bool on, bool falls) {
  const Kit& kit = v.kit;
  const KeyGroup& g = v.run.derivations().groups()[group];
  const ImVec2 max = {at.x + kit.px(link_width), at.y + kit.px(link_height)};
  v.list()->AddRectFilled(at, max, kit.tint(Role::panel, Role::secret, on ? 0.25F : 0.08F),
                          kit.px(4));
  v.list()->AddRect(at, max, kit.ink(Role::secret, on ? 1.0F : 0.4F), kit.px(4), 0,
                    on ? kit.px(2) : 1);
  put_centred(v.list(), on ? kit.fonts.small_strong : kit.fonts.small,
              {(at.x + max.x) / 2, (at.y + max.y) / 2}, kit.ink(Role::text), g.title,
              kit.px(link_width - 8));
  if (falls) dashed_box(v.list(), at, max, kit.ink(Role::adversary), 1.5F * kit.scale, kit.px(4));
  const auto children = v.run.derivations().children_of(group);
  const Hit h = hit(static_cast<int>(group), at, max);
  if (h.hovered) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    tip(kit, g.title,
        fmt::format(
            "{}{}{}",
            g.old < 0
                ? "Its SKEYSEED comes from nonces and a key exchange alone."
                : fmt::format("Its SKEYSEED comes from SK_d of {} and a fresh exchange.",
                              v.run.derivations().groups()[static_cast<std::size_t>(g.old)].title),
            children.empty()
                ? ""
                : fmt::format(" {} under it.", counted(children.size(), "Child SA", "Child SAs")),
            falls ? "\nKeys of it fall." : ""));
  }
  if (h.clicked) v.session.key_group = static_cast<int>(group);
}

void draw_children(const View& v, ImVec2 at, std::size_t ike, const KeyChoice& choice,
                   const std::set<std::uint64_t>& fallen) {
  const Kit& kit = v.kit;
  const auto children = v.run.derivations().children_of(ike);
  const float step = kit.px(child_size + 2);
  for (std::size_t i = 0; i < std::min(children.size(), most_children); ++i) {
    const ImVec2 min = {at.x + static_cast<float>(i) * step, at.y},
                 max = {min.x + kit.px(child_size), min.y + kit.px(child_size)};
    const bool on = static_cast<int>(children[i]) == choice.child;
    const bool falls = touched(v, children[i], fallen);
    const Role role = falls ? Role::adversary : Role::secret;
    if (on || falls)
      v.list()->AddRectFilled(min, max, kit.ink(role, falls && !on ? 0.5F : 1.0F), kit.px(2));
    v.list()->AddRect(min, max, kit.ink(role), kit.px(2));
    const Hit h = hit(static_cast<int>(children[i]), min, max);
    if (h.hovered)
      tip(kit, v.run.derivations().groups()[children[i]].title,
          falls ? "Its keys fall." : "Click: how its keys are derived.");
    if (h.clicked) v.session.key_group = static_cast<int>(children[i]);
  }
  if (children.size() > most_children)
    put(v.list(), kit.fonts.small,
        {at.x + static_cast<float>(most_children) * step, at.y - kit.px(4)}, kit.ink(Role::muted),
        fmt::format("+{}", children.size() - most_children));
}

}  // namespace

float draw_key_chain(const View& v, float y, const KeyChoice& choice) {
  const Derivations& d = v.run.derivations();
  const auto family = d.family(static_cast<std::size_t>(choice.ike));
  if (family.size() < 2 && d.children_of(static_cast<std::size_t>(choice.ike)).size() < 2) return 0;
  const Kit& kit = v.kit;
  std::set<std::uint64_t> seqs;
  std::set<Bytes> values;
  if (v.session.leaks && v.session.selection().kind == Selection::Kind::key)
    seqs.insert(v.session.selection().id);
  else
    for (const EventPtr e : v.run.adversary().knowledge())
      if (e->time <= v.session.now())
        values.insert(std::get<trace::AttackKnowledge>(e->body).value);
  values.erase(Bytes{});
  const std::set<std::uint64_t> fallen =
      d.falls(static_cast<std::size_t>(choice.ike), values, seqs);
  const float step = kit.px(link_width + link_gap);
  const auto room =
      std::max<std::size_t>(1, static_cast<std::size_t>((v.width() + kit.px(link_gap)) / step));
  const auto chosen = static_cast<std::size_t>(
      std::find(family.begin(), family.end(), static_cast<std::size_t>(choice.ike)) -
      family.begin());
  const std::size_t most = family.size() > room ? family.size() - room : 0;
  const std::size_t first = std::min(most, chosen > room / 2 ? chosen - room / 2 : 0);
  const std::size_t last = std::min(family.size(), first + room);
  ImGui::PushID("chain");
  for (std::size_t i = first; i < last; ++i) {
    const ImVec2 at = {v.min.x + step * static_cast<float>(i - first), y};
    const float middle = y + kit.px(link_height) / 2;
    if (i > first) {
      arrow(v.list(), {at.x - kit.px(link_gap - 2), middle}, {at.x - kit.px(2), middle},
            kit.ink(Role::secret, 0.7F), kit.scale, kit.px(7));
    }
    draw_link(v, at, family[i], i == chosen, touched(v, family[i], fallen));
    draw_children(v, {at.x, y + kit.px(link_height + 5)}, family[i], choice, fallen);
  }
  ImGui::PopID();
  const float words_x = v.min.x + step * static_cast<float>(last - first);
  if (v.max.x - words_x > kit.px(120))
    put(v.list(), kit.fonts.small,
        {words_x - kit.px(link_gap - 12),
         y + (kit.px(link_height) - kit.fonts.small->FontSize) / 2},
        kit.ink(Role::muted), "the boxes below are Child SAs", v.max.x - words_x);
  return kit.px(link_height + child_size + 14);
}

}  // namespace ikelab::view
