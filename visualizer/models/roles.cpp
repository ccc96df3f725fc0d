#include "visualizer/models/roles.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ikelab::view {
namespace {

constexpr Rgb rgb(std::uint32_t hex) {
  return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8),
          static_cast<std::uint8_t>(hex)};
}

struct RoleRow {
  Role role;
  Rgb light, dark;
};
constexpr std::array<RoleRow, role_count> roles = {{
    {Role::initiator, rgb(0x0072B2), rgb(0x56B4E9)},
    {Role::responder, rgb(0x00785A), rgb(0x2FBF95)},
    {Role::adversary, rgb(0xB84E00), rgb(0xFF8A4C)},
    {Role::warning, rgb(0x9A6400), rgb(0xF0B429)},
    {Role::secret, rgb(0xA94A80), rgb(0xE59CC4)},
    {Role::text, rgb(0x1B1F24), rgb(0xE8EBEE)},
    {Role::muted, rgb(0x5B6570), rgb(0x98A2AD)},
    {Role::rule, rgb(0xD5DAE0), rgb(0x2C333B)},
    {Role::panel, rgb(0xFFFFFF), rgb(0x171B20)},
    {Role::ground, rgb(0xF5F7F9), rgb(0x0F1215)},
}};

// Payloads differ by hue alone here; their names stand beside them, and the order is the message's.
struct HueRow {
  Rgb light, dark;
};
constexpr std::array<HueRow, payload_hue_count> hues = {{
    {rgb(0x5B6570), rgb(0x98A2AD)},
    {rgb(0x0072B2), rgb(0x56B4E9)},
    {rgb(0xB07A00), rgb(0xF0B429)},
    {rgb(0x00785A), rgb(0x2FBF95)},
    {rgb(0xA94A80), rgb(0xE59CC4)},
    {rgb(0x5A54B8), rgb(0xA7A1F5)},
    {rgb(0x3D8A1E), rgb(0x8FD06A)},
    {rgb(0x0E7C86), rgb(0x5CCBD6)},
}};

double linear(std::uint8_t channel) {
  const double c = channel / 255.0;
  return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Rgb c) {
  return 0.2126 * linear(c.r) + 0.7152 * linear(c.g) + 0.0722 * linear(c.b);
}

}  // namespace

Rgb colour(Theme theme, Role role) {
  const RoleRow& row = roles[static_cast<std::size_t>(role)];
  return theme == Theme::light ? row.light : row.dark;
}

Rgb mix(Rgb under, Rgb over, double share) {
  const auto channel = [share](std::uint8_t u, std::uint8_t o) {
    return static_cast<std::uint8_t>(std::lround(u + (o - u) * std::clamp(share, 0.0, 1.0)));
  };
  return {channel(under.r, over.r), channel(under.g, over.g), channel(under.b, over.b)};
}

double contrast(Rgb a, Rgb b) {
  const double la = luminance(a), lb = luminance(b);
  return (std::max(la, lb) + 0.05) / (std::min(la, lb) + 0.05);
}

Rgb payload_hue(Theme theme, int n) {
  const HueRow& row = hues[static_cast<std::size_t>(n % payload_hue_count)];
  return theme == Theme::light ? row.light : row.dark;
}

Rgb payload_tint(Theme theme, int n) {
  return mix(colour(theme, Role::panel), payload_hue(theme, n),
             theme == Theme::light ? 0.14 : 0.22);
}

}  // namespace ikelab::view
