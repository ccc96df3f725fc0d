// Colour roles: text in any of them can be read on either ground.
#include <set>
#include <tuple>

#include "tests/support/catch.hpp"
#include "visualizer/models/roles.hpp"

using namespace ikelab::view;

TEST_CASE("contrast is WCAG's: black on white 21, a colour on itself 1", "[look]") {
  CHECK(contrast({0, 0, 0}, {255, 255, 255}) == Approx(21.0));
  CHECK(contrast({255, 255, 255}, {0, 0, 0}) == Approx(21.0));
  CHECK(contrast({90, 120, 30}, {90, 120, 30}) == Approx(1.0));
  CHECK(contrast({0x77, 0x77, 0x77}, {255, 255, 255}) ==
        Approx(4.48).margin(0.01));  // the known near miss
}

TEST_CASE("text in every role has 4.5:1 on panel and ground, in both themes", "[look]") {
  const Role inks[] = {Role::initiator, Role::responder, Role::adversary, Role::warning,
                       Role::secret,    Role::text,      Role::muted};
  for (const Theme theme : {Theme::light, Theme::dark})
    for (const Role ink : inks)
      for (const Role under : {Role::panel, Role::ground}) {
        INFO("theme " << static_cast<int>(theme) << " role " << static_cast<int>(ink));
        CHECK(contrast(colour(theme, ink), colour(theme, under)) >= 4.5);
      }
}

TEST_CASE("octets can be read on every payload's ground and on its selection", "[look]") {
  for (const Theme theme : {Theme::light, Theme::dark})
    for (int n = 0; n < payload_hue_count; ++n) {
      INFO("theme " << static_cast<int>(theme) << " payload " << n);
      CHECK(contrast(colour(theme, Role::text), payload_tint(theme, n)) >= 4.5);
      CHECK(contrast(colour(theme, Role::panel), payload_hue(theme, n)) >= 3.0);
    }
}

TEST_CASE("payloads that stand beside each other differ in hue", "[look]") {
  for (const Theme theme : {Theme::light, Theme::dark}) {
    std::set<std::tuple<int, int, int>> seen;
    for (int n = 0; n < payload_hue_count; ++n) {
      const Rgb c = payload_hue(theme, n);
      seen.insert({c.r, c.g, c.b});
    }
    CHECK(seen.size() == payload_hue_count);
    CHECK(payload_hue(theme, payload_hue_count) == payload_hue(theme, 0));
  }
}
