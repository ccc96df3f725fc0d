#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"
using namespace ikelab;
using namespace ikelab::test;

TEST_CASE("smoke", "[smoke]") {
  Pair pair(site_a(), site_b());
  REQUIRE(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
  pair.drive();
  const auto dump = [&](Side& s) {
    for (auto& e : s.events) {
      if (auto* d = std::get_if<trace::Diagnostic>(&e.body)) UNSCOPED_INFO("diag " << d->code << " " << d->message);
      if (auto* d = std::get_if<trace::Message>(&e.body)) UNSCOPED_INFO(d->direction << " " << d->exchange << " " << d->payloads);
      if (auto* d = std::get_if<trace::TaskEnded>(&e.body)) UNSCOPED_INFO("task " << d->task << " " << d->role << " " << d->outcome << " " << d->detail);
    }
    for (auto& x : s.sad) UNSCOPED_INFO(x);
  };
  SECTION("established") {}
  SECTION("rekey child") { REQUIRE(pair.command(pair.a, ikev2::RekeyChild{"net"}).ok()); pair.drive(); }
  SECTION("rekey child b") { REQUIRE(pair.command(pair.b, ikev2::RekeyChild{"net"}).ok()); pair.drive(); }
  SECTION("rekey child both") { REQUIRE(pair.command(pair.a, ikev2::RekeyChild{"net"}).ok()); REQUIRE(pair.command(pair.b, ikev2::RekeyChild{"net"}).ok()); pair.drive(); }
  SECTION("rekey ike") { REQUIRE(pair.command(pair.a, ikev2::RekeyIke{}).ok()); pair.drive(); }
  SECTION("rekey ike b") { REQUIRE(pair.command(pair.b, ikev2::RekeyIke{}).ok()); pair.drive(); }
  SECTION("rekey ike both") { REQUIRE(pair.command(pair.a, ikev2::RekeyIke{}).ok()); REQUIRE(pair.command(pair.b, ikev2::RekeyIke{}).ok()); pair.drive(); }
  SECTION("dpd") { REQUIRE(pair.command(pair.b, ikev2::CheckLiveness{}).ok()); pair.drive(); }
  pair.drive(100s);
  dump(pair.a);
  dump(pair.b);
  auto sas = pair.a.endpoint->sas();
  auto sbs = pair.b.endpoint->sas();
  REQUIRE(sas.size() == 1); REQUIRE(sbs.size() == 1);
  CHECK(sas[0].state == "ESTABLISHED"); CHECK(sbs[0].state == "ESTABLISHED");
  REQUIRE(sas[0].children.size() == 1); REQUIRE(sbs[0].children.size() == 1);
  CHECK(sas[0].children[0].spi_in == sbs[0].children[0].spi_out);
  CHECK(sas[0].children[0].spi_out == sbs[0].children[0].spi_in);
  REQUIRE(pair.command(pair.b, ikev2::DeleteIke{}).ok()); pair.drive(); pair.drive(100s);
  CHECK(pair.a.endpoint->sas().empty());
  CHECK(pair.b.endpoint->sas().empty());
}
