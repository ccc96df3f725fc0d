// Colour roles: what a colour means, for both themes, in one table. Panels name roles, never
// colours. Invariant: text in any role has a contrast of at least 4.5:1 on `panel` and on `ground`
// (WCAG 2.1, 1.4.3); tests/visualizer computes it. The hues are Okabe and Ito's, safe for
// colour-blind people.
#pragma once
#include <cstdint>

namespace ikelab::view {

enum class Theme : std::uint8_t { light, dark };

enum class Role : std::uint8_t {
  initiator,
  responder,  ///< the two peers
  adversary,  ///< and what is broken or expired
  warning,    ///< half-open, unauthenticated
  secret,     ///< keys
  text,
  muted,
  rule,
  panel,
  ground
};
inline constexpr int role_count = 10;

struct Rgb {
  std::uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Rgb&) const = default;
};

/// The colour of a role.
Rgb colour(Theme theme, Role role);
/// `share` of `over` (0..1) on `under`: tints are made this way, so that they follow the theme.
Rgb mix(Rgb under, Rgb over, double share);
/// WCAG contrast ratio, 1 to 21.
double contrast(Rgb a, Rgb b);

inline constexpr int payload_hue_count = 8;
/// The ground of the nth top-level payload in byte views: low saturation, readable under `text`.
Rgb payload_tint(Theme theme, int n);
/// The same hue at full, for the selection and for the bar beside a payload's name.
Rgb payload_hue(Theme theme, int n);

}  // namespace ikelab::view
