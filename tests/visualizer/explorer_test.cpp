// Policies and peers, keys over their rekeying, steps explained, points lost: models and panels.
#include <algorithm>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/visualizer/real_run.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/app/headless.hpp"
#include "visualizer/models/explain.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

const trace::KeyDerived& key(const RunModel& run, std::uint64_t seq) {
  return std::get<trace::KeyDerived>(run.event(seq)->body);
}

template <std::size_t... I>
std::vector<trace::Body> one_of_each(std::index_sequence<I...>) {
  return {trace::Body(std::in_place_index<I>)...};
}

}  // namespace

TEST_CASE("an IKE SA that was rekeyed hangs on the old one; a leak of SK_d walks over it",
          "[keys]") {
  RunModel run;
  run.append(samples::engine_events());
  const Derivations& d = run.derivations();
  const auto& groups = d.groups();
  const auto rekeyed =
      std::find_if(groups.begin(), groups.end(), [](const KeyGroup& g) { return g.old >= 0; });
  REQUIRE(rekeyed != groups.end());
  const auto young = static_cast<std::size_t>(rekeyed - groups.begin());
  const auto old = static_cast<std::size_t>(rekeyed->old);
  CHECK_FALSE(groups[old].child);
  CHECK(groups[old].node == rekeyed->node);
  CHECK(d.family(young) == std::vector<std::size_t>{old, young});
  CHECK(d.family(old) == d.family(young));
  for (const std::size_t child : d.children_of(old)) CHECK(groups[child].parent == old);
  REQUIRE_FALSE(d.children_of(old).empty());

  const auto seq_of = [&](std::size_t group, std::string_view name) {
    for (const EventPtr e : groups[group].derived)
      if (std::get<trace::KeyDerived>(e->body).name.starts_with(name)) return e->seq;
    FAIL("no " << name);
    return std::uint64_t{0};
  };
  const auto names = [&](const std::set<std::uint64_t>& seqs, std::size_t group) {
    std::set<std::string> out;
    for (const std::uint64_t seq : seqs)
      if (d.group_of(seq) == static_cast<int>(group)) out.insert(key(run, seq).name);
    return out;
  };
  // SK_d alone: the children's keys, not the successor's: that needs the fresh exchange as well.
  const auto sk_d = d.falls(old, {}, {seq_of(old, "SK_d")});
  CHECK(names(sk_d, old) == std::set<std::string>{"SK_d"});
  CHECK(names(sk_d, d.children_of(old).front()).contains("KEYMAT"));
  CHECK(names(sk_d, young).empty());
  // With the secret of the second exchange the successor falls, and all under it.
  const auto both = d.falls(old, {}, {seq_of(old, "SK_d"), seq_of(young, "g^ir")});
  CHECK(names(both, young).contains("SKEYSEED"));
  CHECK(names(both, young).contains("SK_er"));
  // By value as by place; and nothing from nothing.
  CHECK(d.falls(old, {key(run, seq_of(old, "SK_d")).output}, {}) == sk_d);
  CHECK(d.falls(old, {}, {}).empty());
  // The box of the old SK_d in the young graph leads back.
  const KeyGraph g = d.graph(young, -1);
  CHECK(g.node_of(seq_of(old, "SK_d")) >= 0);
}

TEST_CASE("the secrets of a rekey's key exchanges stand with what is made of them", "[keys]") {
  std::vector<trace::Event> events;
  const auto derive = [&](const char* sa, const char* name, const char* function) {
    trace::KeyDerived d;
    d.name = name;
    d.function = function;
    d.output = {static_cast<std::uint8_t>(events.size() + 1)};
    events.push_back({{}, events.size() + 1, "gw-a", sa, d});
  };
  derive("gw-a#1", "g^ir", "CURVE25519(KEi, KEr)");
  derive("gw-a#1", "SKEYSEED", "prf(Ni | Nr, g^ir)");
  derive("gw-a#1", "SK_d", "prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)[0..48]");
  derive("gw-a#1", "g^ir (new)", "CURVE25519(KEi, KEr)");
  derive("gw-a#1", "SK(1)", "ML_KEM_768(KEi(1), KEr(1))");  // RFC 9370: still under the old IKE SA
  derive("gw-a#2", "SKEYSEED", "prf(SK_d (old), g^ir (new) | Ni | Nr | SK(1))");
  Derivations d;
  for (const trace::Event& event : events) d.add(event);
  REQUIRE(d.groups().size() == 2);
  CHECK(d.groups()[0].derived.size() == 3);
  CHECK(d.groups()[1].derived.size() == 3);
  CHECK(d.group_of(5) == 1);
}

TEST_CASE("the chain of keys is drawn: its SAs, and what falls", "[keys][panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  shell.run.append(samples::engine_events());
  shell.session.to_end(shell.run);
  shell.solo = find_panel("keys");
  host.frame();
  host.frame();
  CHECK(host.says("IKE SA 1"));
  CHECK(host.says("IKE SA 2"));
  const auto& groups = shell.run.derivations().groups();
  for (const EventPtr e : groups.front().derived)
    if (std::get<trace::KeyDerived>(e->body).name == "SK_d")
      shell.session.select(shell.run, select_key(e->seq));
  shell.session.leaks = true;
  host.frame();
  host.frame();
  CHECK(host.says("If SK_d leaks, "));
  CHECK(host.says(" more keys fall with it, in "));
}

TEST_CASE("every kind of event is explained in a sentence or two", "[explain]") {
  constexpr std::size_t count = std::variant_size_v<trace::Body>;
  std::set<std::string> texts;
  for (const trace::Body& body : one_of_each(std::make_index_sequence<count>{})) {
    INFO(trace::kind_of(body));
    const Explanation words = explain_event({{}, 1, "gw-a", "", body});
    CHECK(words.text.size() > 10);
    CHECK(words.text.ends_with("."));
    CHECK(texts.insert(words.text).second);  // no two alike
  }
}

TEST_CASE("what happened last is explained when nothing is selected; the card opens and closes",
          "[explain][panels]") {
  Headless host(1280, 800, Theme::dark, 1);
  Shell& shell = host.shell();
  CHECK(step_words(shell.run, {}, {}).sentence == "Nothing has happened yet.");
  shell.run.set_info(samples::sample_info());
  shell.run.append(samples::sample_events());
  const StepWords first = step_words(shell.run, select_message(1), {});
  CHECK(first.sentence.find("gw-a offers algorithms") != std::string::npos);
  CHECK(first.rfc == "RFC 7296, 1.2");
  CHECK_FALSE(step_words(shell.run, {}, shell.run.end()).text.empty());
  shell.session.select(shell.run, select_message(1));
  host.frame({.explain = true});
  host.frame();
  CHECK(host.says("The first message of every IKE SA."));
  CHECK(host.says("Esc: close"));
  host.frame({.leave = true});
  host.frame();
  CHECK_FALSE(host.says("Esc: close"));
}

TEST_CASE("policies stand in their order, peers with what they must prove", "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  shell.solo = find_panel("policies");
  host.frame();
  CHECK(host.says("No policies are recorded with this run"));
  store::RunInfo info = samples::sample_info();
  info.policies = {
      {"gw-a", "bypass", "home", "ike", "bypass", "0.0.0.0/0[udp/500]", "0.0.0.0/0", "", "", ""},
      {"gw-a", "protect", "home", "net", "tunnel", "10.1.0.0/24", "10.2.0.0/24", "aes256gcm16",
       "rekey after 1 h", "at once"},
      {"gw-a", "discard", "home", "rest", "discard", "10.1.0.0/24", "0.0.0.0/0", "", "", ""}};
  info.peers = {{"gw-a", "home", "192.0.2.2", "gw-b.example", "certificate", "gw-a.example",
                 "pre-shared key", "IKEv2", "aes256-sha256-x25519", "no limit"}};
  shell.run.set_info(info);
  shell.run.append(samples::sample_events());
  shell.session.to_end(shell.run);
  host.frame();
  host.frame();
  for (const char* words : {"3 policies and 1 peer", "bypass", "protect", "discard", "10.2.0.0/24",
                            "gw-b.example", "certificate", "pre-shared key", "rekey after 1 h"})
    CHECK(host.says(words));
}

TEST_CASE("a click on a cell of the gradebook shows what was lost, and the event that cost it",
          "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  store::RunInfo info = samples::sample_info();
  info.fingerprint = "abcd";
  shell.run.set_info(info);
  shell.run.append(samples::sample_events());
  store::Grades grades;
  grades.grades = {{"ada", "bytes", 60, 100, 2}, {"grace", "bytes", 100, 100, 1}};
  grades.goals = {{"bytes", "SPI", 4, 1}};
  grades.lost = {
      {"ada", "bytes", "SPI", "spi_i", 0, 40, "reversed", "These are the octets from the end.",
       "main", 9, 1, "gw-a sends IKE_SA_INIT", "abcd", 0},
      {"ada", "bytes", "SPI", "spi_r", 0, 10, "reversed", "Nor are these.", "race", 9, 1,
       "gw-a sends IKE_SA_INIT", "another", 0}};
  shell.run.set_grades(grades);
  shell.solo = find_panel("gradebook");
  host.frame();
  host.frame();
  CHECK(host.says("goal, the hardest first"));
  const auto click_on = [&](std::string_view words) {
    for (const auto& line : host.transcript().lines)
      if (line.text.find(words) != std::string::npos)
        return host.click((line.min.x + line.max.x) / 2, (line.min.y + line.max.y) / 2);
    FAIL("it does not say " << words);
  };
  click_on("60");
  CHECK(shell.session.student == "ada");
  CHECK(shell.session.lab == "bytes");
  CHECK(host.says("SPI, spi_i: 0 of 40"));
  CHECK(host.says("These are the octets from the end."));
  click_on("Nor are these");  // event 9 of another run is not event 9 of this one
  CHECK(shell.session.selection() != select_event(9));
  click_on("These are the octets");
  CHECK(shell.session.selection() == select_event(9));
}

TEST_CASE("of very many offers those around the run's time are drawn, and the rest is named",
          "[panels]") {
  Headless host(1280, 800, Theme::light, 1);
  Shell& shell = host.shell();
  std::vector<trace::Event> events;
  for (std::uint64_t i = 1; i <= 300; ++i) {
    trace::Negotiated n;
    n.protocol = "IKE";
    n.role = "responder";
    n.chosen = "aes256-sha256-x25519";
    events.push_back({{static_cast<std::int64_t>(i) * 1'000'000}, i, "gw-b", "", n});
  }
  shell.run.append(std::move(events));
  shell.solo = find_panel("negotiation");
  shell.session.to_end(shell.run);
  host.frame();
  host.frame();
  CHECK(host.says("100 offers earlier"));
  CHECK_FALSE(host.says("offers later"));
}
