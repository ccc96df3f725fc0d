// The terminal's views, as snapshots of what a person reads and as the JSON a program reads.
#include <nlohmann/json.hpp>
#include <sstream>

#include "protocol/trace/attack_items.hpp"
#include "sim/show/story.hpp"
#include "sim/show/terminal.hpp"
#include "tests/sim/show_run.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::show;
using namespace ikelab::show::test;

namespace {

struct Shown {
  int code = 0;
  std::string out, err;
};

Shown shown(const std::vector<trace::Event>& events, const std::string& what,
            std::uint64_t number = 0, bool json = false, bool colour = false,
            const std::string& filter = "") {
  std::ostringstream out, err;
  const ShowOptions options{what, filter, number, json, colour, 100};
  const int code = show::show(run_info(), events, options, out, err);
  return {code, out.str(), err.str()};
}

nlohmann::json json_of(const std::vector<trace::Event>& events, const std::string& what,
                       std::uint64_t message = 0) {
  const Shown s = shown(events, what, message, true);
  REQUIRE(s.code == 0);
  return nlohmann::json::parse(s.out);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("show messages: the ladder of a tunnel with a loss, a retransmission and a replay",
          "[show]") {
  const Shown s = shown(run_of_two().events, "messages");
  CHECK(s.code == 0);
  CHECK(s.err.empty());
  CHECK(s.out == R"(Run 3: site-to-site, seed 7

Left: the side that began the IKE SA; right: its peer. Braces hold what is encrypted on the wire.
The time beside a message is its travel time. `show message N` takes one apart.

            0.000 ms  gw-a brings up the tunnel
   1        0.000 ms  gw-a │─── IKE_SA_INIT request ──────────────────────────────▶│ gw-b  20.500 ms
                           │  SA, KE, Ni                                           │
   2       20.500 ms  gw-a │◀─── IKE_SA_INIT response ─────────────────────────────│ gw-b  20.500 ms
                           │  SA, KE, Nr                                           │
   3       41.000 ms  gw-a │─── IKE_AUTH request ──────────────╳                   │ gw-b
                           │  {IDi, AUTH, SA, TSi, TSr}                            │
                           │  lost, link wan: random loss                          │
   4    2,041.000 ms  gw-a │╌╌╌ IKE_AUTH request, retransmission 1 ╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌▶│ gw-b  20.500 ms
                           │  {IDi, AUTH, SA, TSi, TSr}                            │
        2,061.500 ms  · gw-b: IKE SA 1122334455667788 is up (new)
        2,061.500 ms  · gw-b: Child SA 'net' is up: out cafe0001, in cafe0002 (new)
        2,061.500 ms  ═ ESP: 3 packets gw-a ▶ gw-b (1 lost, refused or still on the way)
        3,000.000 ms  ! mallory: replay: the first ESP packet once more
        3,010.000 ms  ═ ESP: 1 packet refused by gw-b: E-ESP-REPLAY
)");
}

TEST_CASE("show messages: a packet stands once, where it was sealed, however late it arrives",
          "[show]") {
  Script s = run_of_two();
  s.at_ms(4000);
  s.add("", trace::Mark{"one more"});
  const std::string text = "ICMP echo request 10.1.0.10 > 10.2.0.10";
  s.add("gw-a", trace::EspSealed{30, "cafe0002", 4, 84, 140, text, {}});
  s.add("", trace::Mark{"something else happens"});
  s.at_ms(4020);
  s.add("gw-b", trace::EspOpened{30, "cafe0002", 4, 84, text, {}});
  const std::string out = shown(s.events, "messages").out;
  CHECK(contains(out, "4,000.000 ms  ═ ESP: 1 packet gw-a ▶ gw-b\n"));
  CHECK(!contains(out, "4,020.000 ms"));

  s.add("gw-b", trace::EspOpened{30, "cafe0002", 4, 84, text, {}});  // the network doubled it
  CHECK(contains(shown(s.events, "messages").out, "4,020.000 ms  ═ ESP: 1 packet gw-a ▶ gw-b\n"));
}

TEST_CASE("show message: every octet stands beside its field, once", "[show]") {
  const auto events = run_of_two().events;
  const Shown s = shown(events, "message", 4);
  CHECK(s.code == 0);
  CHECK(contains(s.out, R"(Message 4 of 4: gw-a proves who it is and asks for the first Child SA.
  what    IKE_AUTH request, retransmission 1, message ID 1: {IDi, AUTH, SA, TSi, TSr}
  way     gw-a (192.0.2.1:500) to gw-b (198.51.100.1:500)
  time    sent at 2,041.000 ms, arrived 20.500 ms later

On the wire: 92 octets
  from  octets               ASCII     field, value, meaning
                                       IKE Header: IKE_AUTH request, message ID 1
                                       Says which IKE SA and which exchange this message belongs to.
                                       [RFC 7296, 3.1]
     0  1122 3344 5566 7788  ."3DUfw.    Initiator's SPI: 1122334455667788
                                         The number the initiator chose for this IKE SA; never zero.
)"));
  // The SA's algorithms say where IV and ICV are; the plain content follows.
  CHECK(contains(
      s.out, "    32  eeee eeee eeee eeee  ........    Initialization Vector: eeeeeeeeeeeeeeee\n"));
  CHECK(contains(s.out, "    76  eeee eeee eeee eeee  ........    Integrity Check Value: "));
  CHECK(
      contains(s.out, "     8  6777 2d61            gw-a        Identification Data: \"gw-a\"\n"));
  std::istringstream lines(s.out);
  std::string octets;
  for (std::string line; std::getline(lines, line);)
    if (line.size() > 28 && line.substr(0, 2) == "  " &&
        std::isdigit(static_cast<unsigned char>(line[5])))
      octets += line.substr(8, 19);
  octets.erase(std::remove(octets.begin(), octets.end(), ' '), octets.end());
  const Story story = tell(events);
  const trace::Message& m = *story.messages[3].content;
  CHECK(octets == to_hex(m.bytes) + to_hex(m.plain));
}

TEST_CASE("show message: numbers that are not there, content that is not disclosed", "[show]") {
  auto script = run_of_two();
  for (const std::uint64_t number : {0, 5}) {
    const Shown s = shown(script.events, "message", number);
    CHECK(s.code == 2);
    CHECK(s.out.empty());
    CHECK(contains(s.err, "E-SHOW-002"));
    CHECK(contains(s.err, "messages 1 to 4"));
  }
  CHECK(contains(shown({}, "message", 1).err, "has none"));
  for (trace::Event& event : script.events)
    if (auto* m = std::get_if<trace::Message>(&event.body)) m->plain.clear();
  CHECK(contains(shown(script.events, "message", 4).out, "Not disclosed."));
  for (trace::Event& event : script.events)
    if (auto* m = std::get_if<trace::Message>(&event.body)) m->bytes.clear();
  CHECK(contains(shown(script.events, "message", 4).out, "were not recorded"));
}

TEST_CASE("show event: one event whole, and the message before it", "[show]") {
  const auto script = run_of_two();
  const trace::Event& event = script.events.back();
  const Shown last = shown(script.events, "event", event.seq);
  CHECK(last.code == 0);
  CHECK(contains(last.out, "Event " + std::to_string(event.seq) + ": " +
                               std::string(trace::kind_of(event.body))));
  CHECK(contains(last.out, "show message"));
  const Shown json = shown(script.events, "event", event.seq, true);
  CHECK(nlohmann::json::parse(json.out)["seq"] == event.seq);
  const Shown none = shown(script.events, "event", event.seq + 1);
  CHECK(none.code == 2);
  CHECK(contains(none.err, "E-SHOW-002"));
  CHECK(contains(none.err, "those from 1 to " + std::to_string(event.seq)));
}

TEST_CASE("show keys: a value, its function, its inputs; the other end in one line", "[show]") {
  CHECK(shown(run_of_two().events, "keys").out == R"(Run 3: site-to-site, seed 7

gw-b#1 at gw-b: 1 derived value
  SKEYSEED           20.500 ms  PRF_HMAC_SHA2_384, 48 octets [RFC 7296, 2.14]
    = prf(Ni | Nr, g^ir)
    = 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e 5e5e
      5e5e 5e5e 5e5e 5e5e 5e5e
        Ni              4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e 4e4e
                        4e4e  from message 1, Nonce
        g^ir            6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161 6161
                        6161

gw-a#1 at gw-a: 1 derived value
  The same values as gw-b#1 at gw-b, derived independently: that is how both ends know them.
)");
  Script silent;
  keys(silent, "gw-a", false);
  keys(silent, "gw-b", false);
  const std::string out = shown(silent.events, "keys").out;
  CHECK(contains(out, "(48 octets, not disclosed)"));
  CHECK_FALSE(contains(out, "The same values"));  // nobody can tell
}

TEST_CASE("show sas: lives, packets, and an anti-replay window that is off", "[show]") {
  auto script = run_of_two();
  script.at_ms(9000);
  script.add("gw-b", trace::SaRemoved{"ESP", "in", "cafe0002", "deleted by peer"}, "gw-b#1");
  const std::string out = shown(script.events, "sas").out;
  CHECK(contains(out, R"(  ESP SA cafe0002 (in)  gw-b, gw-b#1
    name        net
    from, to    192.0.2.1 ▶ 198.51.100.1
    algorithms  ENCR_AES_GCM_16
    protects    10.1.0.0/24 ▶ 10.2.0.0/24
    anti-replay off: a copied packet is accepted again
    used for    2 packets, 1 refused
    lived       2,061.500 ms to 9,000.000 ms: deleted by peer (new)
)"));
  const auto json = json_of(script.events, "sas");
  REQUIRE(json["sas"].size() == 3);
  CHECK(json["sas"][1]["removed_ns"] == 9'000'000'000);
  CHECK(json["sas"][1]["refused"] == 1);
}

TEST_CASE("show why: each proposal with its verdict and reason", "[show]") {
  CHECK(contains(shown(run_of_two().events, "why").out,
                 R"(20.500 ms: gw-b as responder of the IKE negotiation of gw-b#1
  Chosen: aes256gcm16-prfsha384-x25519
  ✗  1  aes128-sha256-modp2048  IKE
        no common KE method: offered MODP_2048; configured CURVE25519
  ✓  2  aes256gcm16-prfsha384-x25519  IKE
        every transform is configured
)"));
  Script none;
  none.add("gw-b", trace::Negotiated{"IKE", "responder", "", {{1, "IKE", "3des", false, "no"}}});
  CHECK(contains(shown(none.events, "why").out, "No proposal was acceptable"));
}

TEST_CASE("show attack: both sides in one order of time", "[show]") {
  CHECK(shown(run_of_two().events, "attack").out == R"(Run 3: site-to-site, seed 7

What happened
        0.000 ms  gw-a brings up the tunnel
    2,061.500 ms  gw-b: IKE SA 1122334455667788 is up (new)
    2,061.500 ms  gw-b: Child SA 'net' is up: out cafe0001, in cafe0002 (new)
    3,000.000 ms  mallory sent again ESP packet 1 of SA cafe0002
                  the first ESP packet once more
                  gw-b refused it: E-ESP-REPLAY sequence number 1 was seen before
    3,010.000 ms  mallory learns lengths
                  how long every packet is
                  because: ESP hides content, not size

Whether it got what it wanted
  mallory cannot see that from its place; what happened at the others, above, tells. Something that
  the scenario expects of this run did not come true.

Who noticed
  Nobody gave alarm.
)");
}

TEST_CASE("show attack: who attacks, what it wanted, and who noticed when", "[show]") {
  using trace::AttackKnowledge;
  Script s = run_of_two();
  std::vector<trace::Event> events = s.events;
  s.events.clear();
  s.at_ms(0);
  s.add("mallory", AttackKnowledge{trace::item_place, "on-path at link wan", "the scenario", {}});
  s.add("mallory", AttackKnowledge{trace::item_plan, "Sends it again", "script replay-esp", {}});
  s.add("mallory", AttackKnowledge{trace::item_unseen, "nobody can see it", "the script", {}});
  s.add("mallory",
        AttackKnowledge{"psk:gw-a", trace::text_held, trace::how_granted, Bytes(4, 0x61)});
  for (trace::Event& event : events) s.events.push_back(event);
  s.at_ms(3020);
  s.add("mallory", AttackKnowledge{"goal:old packets", "one was taken", "achieved", {}});
  s.add("mallory", AttackKnowledge{"name", "it is \"gw-a\"", "read", to_bytes(as_bytes("gw-a"))});
  s.at_ms(3050);
  for (int i = 1; i <= 3; ++i)
    s.add("ids", trace::Alert{"replay", "critical", "number " + std::to_string(i) + " twice", 20});
  const std::string out = shown(s.events, "attack").out;
  CHECK(contains(out, R"(Who attacks
  mallory
    on-path at link wan
    script replay-esp: Sends it again
    has from the beginning: psk:gw-a (the scenario grants it)
)"));
  CHECK_FALSE(contains(out, "learns psk:gw-a"));
  CHECK(contains(out, "it is \"gw-a\"\n"));  // and not its octets once more
  CHECK(contains(out, "old packets: achieved\n                  one was taken"));
  CHECK(contains(out, "ids gives alarm (replay)\n"));
  CHECK(contains(out, R"(ids (replay, critical), 3 times until 3,050.000 ms
                  number 1 twice
                  at a packet of mallory's (the first ESP packet once more), 50.000 ms after its
                  first act, when it had what it wanted
)"));
  CHECK(contains(out, "In the packets alone: nobody can see it."));
}

TEST_CASE("show attack: what the honest side goes through because of it", "[show]") {
  Script s;
  s.add("eve", trace::AttackAction{"delay", 7, 0, "20 ms", {}, {}});
  s.add("gw-b", trace::EspRejected{7, "cafe0002", 3, "E-ESP-REPLAY", "left of the window"});
  s.add("gw-a", trace::Diagnostic{"error", "E-AUTH-011", "AUTH does not match", "", 9, 0, 0});
  s.add("gw-a", trace::TaskEnded{"ike_auth", "initiator", "failed", "AUTH does not match", 0});
  s.at_ms(5);
  for (int i = 0; i < 4; ++i)
    s.add("gw-a", trace::EspRejected{0, "", 0, "E-ESP-NO-SA", "no SA selects x: x"});
  s.add("filter", trace::DatagramDropped{8, "filter", "blocked by flood: too many"});
  s.add("gw-b",
        trace::Diagnostic{"warning", "E-BUG-001", "it obeys what it should not", "", 10, 0, 0});
  for (const char* node : {"gw-a", "gw-b", "gw-c", "gw-c"}) {
    trace::SaInstalled sa;
    sa.protocol = "IKE", sa.reason = "new";
    sa.spi = *std::string(node).rbegin() == 'c' ? "3" : "1", sa.peer_spi = sa.spi + "0";
    s.add(node, sa);
  }
  const std::string out = shown(s.events, "attack").out;
  CHECK(contains(out, "gw-b refused it: E-ESP-REPLAY left of the window"));  // of the delayed one
  CHECK(contains(out, "gw-a refuses datagram 9: E-AUTH-011 AUTH does not match"));
  CHECK_FALSE(contains(out, "ike_auth failed"));  // said already
  CHECK(contains(out,
                 "gw-a refuses a packet of its own network: E-ESP-NO-SA no SA selects x, 4 times"));
  CHECK(contains(out, "filter drops datagram 8: blocked by flood: too many"));
  CHECK(contains(out, "gw-b gets datagram 10, and its flaw shows: it obeys what it should not"));
  CHECK(contains(out, "gw-a and gw-b: IKE SA 1 is up"));
  CHECK(contains(out, "gw-c with itself: IKE SA 3 is up"));
}

TEST_CASE("show attack: what goes round and round is told once", "[show]") {
  Script s;
  for (std::uint64_t i = 1; i <= 12; ++i) {
    s.at_ms(static_cast<double>(i));
    s.add("eve", trace::AttackAction{"drop", i, 0, "for another way", {}, {}});
    s.add("eve", trace::AttackAction{"inject", 0, 100 + i, "round " + std::to_string(i), {}, {}});
  }
  const std::string out = shown(s.events, "attack").out;
  CHECK(contains(out, "round 1\n"));
  CHECK_FALSE(contains(out, "round 2\n"));
  CHECK(contains(out, "... and so on: these 2 steps 11 times more, until 12.000 ms"));
  // two rounds are told in full
  Script twice;
  for (std::uint64_t i = 1; i <= 2; ++i) {
    twice.add("eve", trace::AttackAction{"drop", i, 0, "away", {}, {}});
    twice.add("eve", trace::AttackAction{"inject", 0, 100 + i, "in its place", {}, {}});
  }
  CHECK_FALSE(contains(shown(twice.events, "attack").out, "and so on"));
  // thousands of questions in no fixed order: a sum of each kind, and what is rare stays by itself
  Script many;
  for (std::uint64_t i = 1; i <= 3000; ++i) {
    many.add("eve", trace::AttackAction{"inject", 0, i, "a question", {}, {}});
    if (i % 7 == 0 || i % 11 == 0)
      many.add("eve", trace::AttackAction{"drop", 9000 + i, 0, "an answer", {}, {}});
    if (i == 1500) many.add("eve", trace::AttackAction{"inject", 0, 8000, "a forgery", {}, {}});
  }
  const std::string sum = shown(many.events, "attack").out;
  CHECK(contains(sum, "in turns, until"));
  CHECK(contains(sum, "eve sent 1,500 packets"));
  CHECK(contains(sum, "a forgery"));
  CHECK(std::count(sum.begin(), sum.end(), '\n') < 40);
}

TEST_CASE("show attack: watching is told once, acts in their order", "[show]") {
  Script s;
  for (std::uint64_t i = 1; i <= 30; ++i) {
    s.add("eve", trace::AttackAction{"observe", i, 0, "an ESP packet", {}, {}});
    if (i % 10 == 0) s.add("eve", trace::AttackAction{"replay", i, 100 + i, "again", {}, {}});
  }
  const std::string out = shown(s.events, "attack").out;
  CHECK(contains(out, "saw 30 packets"));
  CHECK(contains(out, "sent again 3 packets"));
  CHECK(contains(out, "nobody received it (3 times)"));
  CHECK(json_of(s.events, "attack")["actions"].size() == 33);
  // What arrived and was not processed: answered outside every IKE SA, or left alone.
  Script kept;
  for (const std::uint64_t id : {201, 202})
    kept.add("eve", trace::AttackAction{"inject", 0, id, "a request", {}, {}});
  kept.add("gw-b", trace::DatagramReceived{201, "IKE", "", "", {}, 0});
  trace::Message cookie;
  cookie.direction = "sent";
  cookie.response = true;
  cookie.payloads = "N(COOKIE)";
  kept.add("gw-b", cookie);
  kept.add("gw-b", trace::DatagramReceived{202, "IKE", "", "", {}, 0});
  const std::string said = shown(kept.events, "attack").out;
  CHECK(contains(said, "gw-b answered N(COOKIE), and kept nothing of it"));
  CHECK(contains(said, "gw-b got it, and says nothing of it"));
  // what differs by a number alone is one outcome
  Script flood;
  for (std::uint64_t i = 1; i <= 9; ++i) {
    flood.add("eve", trace::AttackAction{"inject", 0, i, "noise", {}, {}});
    flood.add("", trace::DatagramDropped{i, "filter", "blocked: one of " + std::to_string(i)});
  }
  const std::string one = shown(flood.events, "attack").out;
  CHECK(contains(one, "dropped at filter: blocked: one of 1 (9 times, or alike)"));
  CHECK_FALSE(contains(one, "one of 2"));
  // a story of many different things keeps its beginning and its end
  Script many;
  for (char a = 'g'; a <= 'z'; ++a)
    for (char b = 'g'; b <= 'o'; ++b)
      many.add("eve", trace::AttackAction{"inject", 0, 1, std::string("try ") + a + b, {}, {}});
  const std::string cut = shown(many.events, "attack").out;
  CHECK(contains(cut, "... 60 more (--json has all)"));
  CHECK(contains(cut, "try gg"));
  CHECK(contains(cut, "try zo"));
}

TEST_CASE(
    "show: a message changed on the way is told at both ends, with the field that was changed",
    "[show]") {
  Script s;
  auto m = s.message(1, true, ike(wire::ExchangeType::ike_sa_init, false, 0, init_payloads()));
  s.add("gw-a", m, "gw-a#1");
  auto changed = m;
  changed.datagram = 2;
  changed.bytes[67] ^= 1;  // the transform ID of the KE transform
  s.at_ms(10);
  s.add("mallory", trace::AttackAction{"modify", 1, 2, "downgrade", m.bytes, changed.bytes});
  s.at_ms(20);
  s.received("gw-b", changed);
  s.add("gw-b",
        trace::Diagnostic{"error", "E-AUTH-001", "AUTH does not fit", "RFC 7296, 2.15", 2, 0, 0});
  const std::string ladder = shown(s.events, "messages").out;
  CHECK(contains(ladder, "lost, mallory changed it on the way"));
  CHECK(contains(ladder, "! mallory: modify: downgrade"));
  CHECK(contains(ladder, "   2       10.000 ms  mallory │─── IKE_SA_INIT request"));
  CHECK(contains(ladder, "gw-b refuses: E-AUTH-001 AUTH does not fit"));
  const std::string attack = shown(s.events, "attack").out;
  CHECK(contains(attack, "mallory changed message 1 (IKE_SA_INIT request)"));
  CHECK(contains(attack, "octets 67 to 68 (Transform / Transform ID): 1f became 1e"));
  CHECK(contains(attack, "gw-b refused it: E-AUTH-001"));
  CHECK(contains(shown(s.events, "message", 1).out, "mallory modify: downgrade"));
  CHECK(json_of(s.events, "attack")["actions"][0]["changes"][0]["field"] ==
        "Transform / Transform ID");
}

TEST_CASE("show --json: every view parses and carries the run", "[show]") {
  const auto events = run_of_two().events;
  for (const char* view : {"", "messages", "keys", "sas", "why", "attack"}) {
    INFO(view);
    CHECK(json_of(events, view)["run"]["scenario"] == "site-to-site");
  }
  const auto ladder = json_of(events, "messages");
  CHECK(ladder["rows"][1]["number"] == 1);
  CHECK(ladder["rows"][1]["arrived_ns"] == 20'500'000);
  CHECK(ladder["rows"][3]["lost"] == "link wan: random loss");
  const auto message = json_of(events, "message", 4);
  CHECK(message["fields"]["children"][0]["children"][0]["name"] == "Initiator's SPI");
  CHECK(message["plain"]["fields"]["children"][0]["name"] ==
        "Identification payload - Initiator (IDi)");
  CHECK(json_of(events, "")["ike_messages"] == 4);
}

TEST_CASE("show: an empty run says what would appear; an unknown view is refused in one line",
          "[show]") {
  for (const char* view : {"messages", "keys", "sas", "why", "attack"}) {
    const Shown s = shown({}, view);
    CHECK(s.code == 0);
    CHECK(contains(s.out, "appear"));
  }
  CHECK(shown({}, "").code == 0);
  const Shown s = shown({}, "mesages");
  CHECK(s.code == 2);
  CHECK(contains(s.err, "E-SHOW-001"));
  CHECK(std::count(s.err.begin(), s.err.end(), '\n') == 1);
}

TEST_CASE("show: colour adds nothing but colour, and no line is wider than the terminal",
          "[show]") {
  const auto events = run_of_two().events;
  for (const char* view : {"", "messages", "message", "keys", "sas", "why", "attack"}) {
    const std::string plain = shown(events, view, 4).out;
    std::string coloured = shown(events, view, 4, false, true).out, bare;
    CHECK(contains(coloured, "\x1b["));
    for (std::size_t i = 0; i < coloured.size(); ++i) {
      if (coloured[i] == '\x1b')
        i = coloured.find('m', i);
      else
        bare += coloured[i];
    }
    const auto stripped = [](const std::string& text) {  // padding inside colours may end a line
      std::istringstream in(text);
      std::string all;
      for (std::string line; std::getline(in, line);)
        all += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
      return all;
    };
    CHECK(stripped(bare) == stripped(plain));
    std::istringstream lines(plain);
    for (std::string line; std::getline(lines, line);) CHECK(columns(line) <= 100);
  }
}

TEST_CASE("show: text helpers", "[show]") {
  CHECK(wrapped("one two three", 7) == std::vector<std::string>{"one two", "three"});
  CHECK(wrapped("abcdefgh ij", 4) == std::vector<std::string>{"abcd", "efgh", "ij"});
  CHECK(wrapped("a\u00a0b c", 3) == std::vector<std::string>{"a b", "c"});
  CHECK(wrapped("", 10).size() == 1);
  CHECK(columns("─▶x") == 3);
  CHECK(padded("▶", 3) == "▶  ");
  CHECK(hex_groups(hex("c0c1c2")) == "c0c1 c2");
  CHECK(ascii(hex("41007f42")) == "A..B");
  CHECK(thousands(0) == "0");
  CHECK(thousands(999) == "999");
  CHECK(thousands(1234567) == "1,234,567");
  CHECK(count_of(1, "packet") == "1 packet");
}

TEST_CASE("story: what each message is for, in words", "[show]") {
  using namespace wire;
  const auto say = [&](ExchangeType exchange, bool response, std::vector<Payload> payloads,
                       bool encrypted) {
    Script one;
    const wire::Message outer =
        ike(exchange, response, 1,
            encrypted ? std::vector<Payload>{make_payload(SkPayload{PayloadType::none, Bytes(30)})}
                      : payloads);
    one.add(response ? "gw-b" : "gw-a",
            one.message(1, !response, outer, encrypted ? &payloads : nullptr));
    return in_words(tell(one.events).messages.at(0));
  };
  const Payload cookie =
      make_payload(NotifyPayload{ProtocolId::none, {}, NotifyType::cookie, Bytes(8)});
  const Payload rekey =
      make_payload(NotifyPayload{ProtocolId::esp, Bytes(4), NotifyType::rekey_sa, {}});
  const Payload failed =
      make_payload(NotifyPayload{ProtocolId::none, {}, NotifyType::authentication_failed, {}});
  auto again = init_payloads();
  again.insert(again.begin(), cookie);
  CHECK(contains(say(ExchangeType::ike_sa_init, true, {cookie}, false), "with a cookie"));
  CHECK(contains(say(ExchangeType::ike_sa_init, false, again, false), "returns the cookie"));
  CHECK(say(ExchangeType::ike_auth, true, {failed}, true) ==
        "gw-b refuses: AUTHENTICATION_FAILED.");
  CHECK(contains(say(ExchangeType::informational, false, {}, true), "still there"));
  CHECK(say(ExchangeType::informational, true, {}, true) == "gw-b confirms.");
  CHECK(contains(say(ExchangeType::create_child_sa, false, init_payloads(), true),
                 "replace the IKE SA"));
  auto child = auth_payloads();
  child.push_back(rekey);
  CHECK(contains(say(ExchangeType::create_child_sa, false, child, true), "replace a Child SA"));
  CHECK(contains(say(ExchangeType::informational, false, {make_payload(DeletePayload{})}, true),
                 "closes an SA"));
}

TEST_CASE("show messages --filter: the messages that fit, with their numbers; no folds of others",
          "[show][filter]") {
  const auto& events = run_of_two().events;
  const auto filtered = [&](const std::string& filter) {
    return shown(events, "messages", 0, false, false, filter);
  };
  const Shown auth = filtered("isakmp.exchangetype == IKE_AUTH and isakmp.flag_r == 0");
  CHECK(auth.code == 0);
  CHECK(contains(auth.out, "   3       41.000 ms  gw-a"));
  CHECK_FALSE(contains(auth.out, "IKE_SA_INIT"));
  CHECK_FALSE(contains(auth.out, "ESP:"));
  CHECK(contains(filtered("esp").out, "ESP:"));
  CHECK_FALSE(contains(filtered("esp").out, "IKE_AUTH request"));
  CHECK(contains(filtered("udp.port == 9").out, "Nothing in this run fits \"udp.port == 9\"."));
  const auto rows = nlohmann::json::parse(
      shown(events, "messages", 0, true, false, "frame.number in {1, 2}").out)["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[1]["number"] == 2);
}

TEST_CASE("show --filter: what does not read is one line, and goes with messages alone",
          "[show][filter]") {
  const Shown bad = shown(run_of_two().events, "messages", 0, false, false, "isakmp and foo");
  CHECK(bad.code == 2);
  CHECK(bad.out.empty());
  CHECK(contains(bad.err, "E-FILTER-001: filter, column 12: there is no field \"foo\""));
  CHECK(std::count(bad.err.begin(), bad.err.end(), '\n') == 1);
  const Shown keys = shown(run_of_two().events, "keys", 0, false, false, "esp");
  CHECK(keys.code == 2);
  CHECK(contains(keys.err, "E-SHOW-003"));
}

TEST_CASE("story: what reaches the host of an adversary has arrived; what goes round has not",
          "[show]") {
  Script script;
  const auto link = [&](std::uint64_t id, const char* name, const char* from, const char* to) {
    script.add("", trace::PacketOnLink{id, name, from, to, "IKE", 172, 0, 5'000'000, ""});
  };
  script.add("mallory", trace::AttackAction{"inject", 0, 1, "as anybody may", {}, {}});
  script.add("mallory",
             trace::DatagramSent{1, "IKE", "203.0.113.66:500", "198.51.100.1:500", {}, 144});
  link(1, "road", "mallory", "internet");
  for (const std::uint64_t id : {2, 3}) {
    const auto answer =
        script.message(id, false, ike(wire::ExchangeType::ike_sa_init, true, 0, init_payloads()));
    script.add("gw-b", answer);
    link(id, "wan", "gw-b", "internet");
    link(id, "road", "internet", "stranger");
  }
  link(3, "road", "stranger", "internet");  // its address was forged: nobody there wants it
  link(3, "road", "internet", "stranger");
  const Story story = tell(script.events);
  REQUIRE(story.messages.size() == 2);
  CHECK(story.messages[0].to == "mallory");
  CHECK(story.messages[0].arrived == Instant{5'000'000});
  CHECK_FALSE(story.messages[1].arrived);
  CHECK(story.messages[1].lost == "never arrived");
}

TEST_CASE("show messages: the same remark again and again is one line", "[show]") {
  Script script;
  for (int i = 0; i < 70; ++i)
    script.add("mallory", trace::AttackAction{"inject", 0, 0, "a fragment of junk", {}, {}});
  script.add("mallory", trace::AttackAction{"inject", 0, 0, "something else", {}, {}});
  const std::string out = shown(script.events, "messages").out;
  CHECK(contains(out, "mallory: inject: a fragment of junk (\xC3\x97 70)\n"));
  CHECK(contains(out, "mallory: inject: something else\n"));
  CHECK(json_of(script.events, "messages")["rows"].size() == 71);  // a program gets each
}
