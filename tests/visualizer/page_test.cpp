// The page of a run: whole, explained to the octet, and safe whatever an adversary wrote into it.
#include "visualizer/page/page.hpp"

#include <unistd.h>

#include <fstream>
#include <regex>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/visualizer/real_run.hpp"
#include "tests/visualizer/sample_run.hpp"
#include "visualizer/page/markup.hpp"
#include "visualizer/page/svg.hpp"

using namespace ikelab;
using namespace ikelab::view;

namespace {

RunModel sample(const samples::SampleOptions& options = {}) {
  RunModel run;
  run.set_info(samples::sample_info());
  run.append(samples::sample_events(options));
  return run;
}

std::size_t count(std::string_view text, std::string_view what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size()))
    ++n;
  return n;
}

std::set<std::string> all(const std::string& text, const std::regex& what) {
  std::set<std::string> out;
  for (std::sregex_iterator i(text.begin(), text.end(), what), end; i != end; ++i)
    out.insert((*i)[1]);
  return out;
}

std::string section(const std::string& page, const std::string& id) {
  const std::size_t at = page.find("id=\"" + id + "\"");
  REQUIRE(at != std::string::npos);
  return page.substr(at, page.find("</section>", at) - at);
}

// The octets a section shows of one block, put together again.
std::string octets_of(std::string block) {
  block = block.substr(block.find("<pre class=\"octets\">"));
  block = block.substr(0, block.find("</pre>"));
  static const std::regex hex_run("<i class=\"h[^>]*>([0-9a-f ]*)</i>");
  std::string digits;
  for (std::sregex_iterator i(block.begin(), block.end(), hex_run), end; i != end; ++i)
    for (const char c : std::string((*i)[1]))
      if (c != ' ') digits += c;
  return digits;
}

}  // namespace

TEST_CASE("page: every octet of every message is there, in order, with a field for it", "[page]") {
  RunModel run;
  run.append(samples::engine_events());
  const std::string page = page_html(run);
  REQUIRE(run.traffic().messages().size() > 10);
  for (const MessageRow& m : run.traffic().messages()) {
    INFO("message " << m.number);
    const std::string part = section(page, "m" + std::to_string(m.number));
    const std::size_t wire = part.find("On the wire");
    REQUIRE(wire != std::string::npos);
    CHECK(octets_of(part.substr(wire)) == to_hex(m.message().bytes));
    if (!m.message().plain.empty()) CHECK(octets_of(part) == to_hex(m.message().plain));
  }
  // A range of octets that is lit has a row in a table that says what it is.
  const std::string first = section(page, "m1");
  static const std::regex octet_range("<i class=\"h[^>]*(data-b=\\d+ data-e=\\d+)>");
  static const std::regex row_range("<tr tabindex=0 (data-b=\\d+ data-e=\\d+)[ >]");
  const auto octets = all(first, octet_range), rows = all(first, row_range);
  CHECK(octets.size() > 20);
  CHECK(std::includes(rows.begin(), rows.end(), octets.begin(), octets.end()));
}

TEST_CASE("page: every link leads to something that is there, and nothing leads out", "[page]") {
  const std::string page = page_html(sample());
  static const std::regex link("href=\"#([a-z0-9]*)\""), id(" id=\"([^\"]*)\"");
  const auto links = all(page, link), ids = all(page, id);
  CHECK(links.size() > 30);
  CHECK(std::includes(ids.begin(), ids.end(), links.begin(), links.end()));
  CHECK(count(page, "href=\"") == count(page, "href=\"#"));  // the script names one as well
  CHECK(page.find("src=\"") == std::string::npos);
  CHECK(page.find("http://") == page.find("http://www.w3.org/2000/svg"));
  CHECK(page.find("https://") == std::string::npos);
}

TEST_CASE("page: the sections say what the panels say", "[page]") {
  const std::string page = page_html(sample());
  for (const char* id : {"messages", "keys", "sas", "negotiation", "attack", "events", "about"})
    CHECK(page.find("<section id=\"" + std::string(id) + "\"") != std::string::npos);
  CHECK(page.find("Message 1 of 11: gw-a offers algorithms, its key share and a nonce.") !=
        std::string::npos);
  CHECK(section(page, "m1").find("class=\"coverage") != std::string::npos);
  RunModel quiet = sample({.adversary = false});
  CHECK(page_html(quiet).find("<section id=\"attack\"") == std::string::npos);
}

TEST_CASE("page: an empty run makes a page that says so", "[page]") {
  const std::string page = page_html(RunModel());
  CHECK(page.find("No message was sent in this run.") != std::string::npos);
}

TEST_CASE("page: names and reasons of an adversary stay text", "[page]") {
  const std::string evil =
      "</title><script>document.title='owned'</script><img src=x onerror=a()>\"'";
  RunModel run;
  store::RunInfo info = samples::sample_info();
  info.scenario = info.about = info.config = info.versions = evil;
  for (store::NodeInfo& n : info.nodes) n.role = evil;
  run.set_info(info);
  auto events = samples::sample_events();
  for (trace::Event& e : events) {
    if (auto* a = std::get_if<trace::AttackAction>(&e.body)) a->note = evil;
    if (auto* m = std::get_if<trace::Mark>(&e.body)) m->text = evil;
    if (auto* m = std::get_if<trace::Message>(&e.body)) m->payloads += evil;
    if (auto* k = std::get_if<trace::KeyDerived>(&e.body)) k->name += evil;
    if (auto* s = std::get_if<trace::SaInstalled>(&e.body)) s->name = s->reason = evil;
  }
  const std::uint64_t last = events.back().seq;
  events.push_back({events.back().time, last + 1, evil, evil, trace::Alert{evil, evil, evil, 0}});
  events.push_back(
      {events.back().time, last + 2, evil, "", trace::Mark{std::string("a\0b\xFF\xC0\xAF", 6)}});
  run.append(std::move(events));
  const std::string page = page_html(run);
  CHECK(page.find("<img") == std::string::npos);
  CHECK(count(page, "<script") == 1);  // ours
  CHECK(count(page, "</script") == 1);
  CHECK(count(page, "</title>") == count(page, "<title>"));
  CHECK(page.find('\0') == std::string::npos);
  CHECK(page.find("\xFF") == std::string::npos);
  CHECK(page.find("script-src 'sha256-") != std::string::npos);
  CHECK(page.find("default-src 'none'") != std::string::npos);
}

TEST_CASE("page: text is escaped for HTML and made well-formed UTF-8", "[page]") {
  CHECK(escaped("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(escaped("\xC3\xA9\xE2\x86\x92\xF0\x9F\x94\x91") == "\xC3\xA9\xE2\x86\x92\xF0\x9F\x94\x91");
  const std::string bad = "\xEF\xBF\xBD";
  for (const char* wrong : {"\xC0", "\xFF", "\x01", "\x7F"}) CHECK(escaped(wrong) == bad);
  CHECK(escaped("\xE2\x86") == bad + bad);            // cut off
  CHECK(escaped("\xED\xA0\x80") == bad + bad + bad);  // a surrogate
  CHECK(base64("") == "");
  CHECK(base64("f") == "Zg==");  // RFC 4648, 10
  CHECK(base64("foob") == "Zm9vYg==");
  CHECK(base64("foobar") == "Zm9vYmFy");
}

TEST_CASE("page: a large run is cut at its limits, and says so", "[page]") {
  const RunModel run = sample({.esp_packets = 2000});
  const std::string page = page_html(run);
  CHECK(page.find("Left out: ") != std::string::npos);
  CHECK(page.size() < 8U << 20U);
  const Contents contents(run, {.messages = 3, .packets = 5, .events = 7});
  std::size_t messages = 0, packets = 0;
  for (const Entry& e : contents.entries()) {
    messages += e.anchor[0] == 'm' ? 1 : 0;
    packets += e.anchor[0] == 'p' ? 1 : 0;
  }
  CHECK(messages == 3);
  CHECK(packets == 5);
  CHECK(contents.anchor_of(select_message(3)) == "m3");
  CHECK(contents.anchor_of(select_message(4)).empty());
  CHECK(contents.left_out().starts_with("8 messages, "));
}

TEST_CASE("svg: the ladder holds every row, each lost message ends in a cross", "[page]") {
  const RunModel run = sample();
  SvgOptions options;
  options.theme = Theme::dark;
  const std::string svg = ladder_svg(run, options);
  CHECK(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  CHECK(count(svg, "class=\"hot\"") == run.ladder().rows().size());
  CHECK(svg.find("var(--") == std::string::npos);  // alone: it carries its colours
  CHECK(svg.find(hex_colour(colour(Theme::dark, Role::initiator))) != std::string::npos);
  CHECK(count(svg, "stroke-dasharray") == 1);  // message 5 again
  const std::string without = ladder_svg(sample({.loss = false}), options);
  CHECK(count(without, "stroke-dasharray") == 0);
  CHECK(count(svg, "class=\"line adversary\"") > count(without, "class=\"line adversary\""));
}

TEST_CASE("svg: folds of ESP lie below every arrow, so that none is cut", "[page]") {
  SvgOptions options;
  options.theme = Theme::light;
  const std::string svg = ladder_svg(sample(), options);
  CHECK(svg.rfind("class=\"band\"") < svg.find("<polygon"));
  CHECK(count(svg, "class=\"band\"") >= 2);
}

TEST_CASE("svg: the derivation has a box for each value and function", "[page]") {
  const RunModel run = sample();
  const KeyGraph graph = run.derivations().graph_around(-1);
  SvgOptions options;
  options.href = [](const Selection&) { return "#k"; };
  const std::string svg = keys_svg(graph, "keys", options);
  std::size_t functions = 0;
  for (const GraphNode& n : graph.nodes) functions += n.what == GraphNode::What::function ? 1 : 0;
  CHECK(count(svg, "class=\"call\"") == functions);
  CHECK(count(svg, "class=\"box ") == graph.nodes.size() - functions);
  CHECK(count(svg, "class=\"edge\"") == graph.edges.size());
  CHECK(count(svg, "href=\"#k\"") > 5);
}

TEST_CASE("ladder: the remark under an arrow has its own room", "[ladder]") {
  const RunModel run = sample();
  const auto& rows = run.ladder().rows();
  std::size_t remarks = 0;
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    if (rows[i].note.empty() || rows[i].kind != LadderRow::Kind::message) continue;
    if (rows[i + 1].y < rows[i].y_end) continue;  // it began while this one was under way
    ++remarks;
    CHECK(rows[i + 1].y - 21 >= rows[i].y_end + 19);  // its label begins below the remark
  }
  CHECK(remarks >= 1);
}

TEST_CASE("page: a file that cannot be written is one error, and leaves nothing", "[page]") {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("ikelab-page-" + std::to_string(::getpid()));
  REQUIRE(write_text(file, "whole").ok());
  std::ifstream in(file);
  std::string text;
  std::getline(in, text);
  CHECK(text == "whole");
  std::filesystem::remove(file);
  CHECK(write_text("/no/such/folder/run.html", "x").error().code == "E-VIEW-005");
}
