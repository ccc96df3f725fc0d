// YAML from strangers: what is refused, and that the place is named.
#include "labs/engine/yaml.hpp"

#include "tests/support/catch.hpp"

using ikelab::labs::Yaml;
using ikelab::labs::YamlLimits;

namespace {

std::string refusal(const std::string& text, const YamlLimits& limits = {}) {
  const auto yaml = Yaml::parse(text, "f.yaml", limits);
  return yaml.ok() ? "accepted" : yaml.error().to_string();
}
bool begins(const std::string& text, const std::string& begin) {
  UNSCOPED_INFO(text);
  return text.rfind(begin, 0) == 0 && text.find('\n') == std::string::npos;
}

}  // namespace

TEST_CASE("labs yaml: a tree with places") {
  const auto yaml = Yaml::parse("a: 1\nb:\n  - x\n  - \"y z\"\nc:\n", "f.yaml");
  REQUIRE(yaml.ok());
  CHECK(yaml->integer(yaml->root(), "a", 0, 9).value() == 1);
  CHECK(yaml->texts(yaml->root(), "b").value() == std::vector<std::string>{"x", "y z"});
  CHECK(yaml->root().find("b")->items[1].line == 4);
  CHECK(yaml->root().find("b")->items[1].column == 5);
  CHECK(yaml->text_or(yaml->root(), "c", "none").value() == "none");
}

TEST_CASE("labs yaml: hostile documents are one line with a place") {
  CHECK(begins(refusal("a: [1, 2"), "E-LAB-002: f.yaml:"));
  CHECK(begins(refusal("a: 1\na: 2\n"), "E-LAB-002: f.yaml:2:1: 'a' is here a second time"));
  CHECK(begins(refusal("---\na: 1\n---\nb: 2\n"), "E-LAB-002: f.yaml"));
  CHECK(begins(refusal("[1, 2]: 3\n"), "E-LAB-002: f.yaml:1:1: a key must be a word"));
  CHECK(begins(refusal(std::string("a: \x1b[2J\n")), "E-LAB-002: f.yaml: a control character"));
  CHECK(begins(refusal(std::string("a: b\0c", 6)), "E-LAB-002"));
}

TEST_CASE("labs yaml: bombs do not go off") {
  std::string bomb = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 30; ++i)
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) +
            ", *a" + std::to_string(i - 1) + "]\n";
  CHECK(begins(refusal(bomb), "E-LAB-003: f.yaml:1:"));
  CHECK(begins(refusal("a: !!python/object x\n"), "E-LAB-003: f.yaml:1:"));
  CHECK(begins(refusal(std::string(100'000, '[')), "E-LAB-00"));
  CHECK(begins(refusal("a: " + std::string(300 * 1024, 'x')), "E-LAB-003: f.yaml: larger than"));
  std::string many = "[";
  for (int i = 0; i < 10'001; ++i) many += "x,";
  CHECK(begins(refusal(many + "x]"), "E-LAB-003: f.yaml:1:"));
  CHECK(refusal("a: 1\n", YamlLimits{64, 2, 2}).rfind("E-LAB-003", 0) == 0);
  CHECK(refusal("a: 1\n", YamlLimits{64, 3, 2}) == "accepted");
}

TEST_CASE("labs yaml: typed reading says what was expected") {
  const auto yaml =
      Yaml::parse("tite: x\nn: 99999999999999999999999\nm: {k: [1]}\n", "f.yaml").value();
  const auto unknown = yaml.require_map(yaml.root(), {"title", "n", "m"});
  CHECK(unknown.error().to_string() ==
        "E-LAB-010: f.yaml:1:1: unknown key 'tite'; did you mean 'title'?");
  CHECK(yaml.integer(yaml.root(), "n", 1, 100)
            .error()
            .to_string()
            .rfind("E-LAB-012: f.yaml:2:4:", 0) == 0);
  CHECK(yaml.text(yaml.root(), "title").error().code == "E-LAB-011");
  CHECK(yaml.text_map(yaml.root(), "m").error().to_string().rfind("E-LAB-012: f.yaml:3:", 0) == 0);
  CHECK(yaml.text(yaml.root(), "m").error().code == "E-LAB-012");
}

TEST_CASE("labs yaml: quoting holds any text") {
  const std::string text = "a \"b\" \\ c: {d} # e\n- *f !g";
  const auto yaml = Yaml::parse("k: " + ikelab::labs::yaml_quoted(text) + "\n", "f.yaml");
  REQUIRE(yaml.ok());
  CHECK(yaml->text(yaml->root(), "k").value() == text);
}

TEST_CASE("labs yaml: whole numbers only") {
  using ikelab::labs::parse_integer;
  CHECK(parse_integer("12") == 12);
  CHECK(parse_integer("-3") == -3);
  CHECK(parse_integer("0x1f") == 31);
  for (const char* text : {"", "0x", "1.5", "12 ", "+1", "1e3", "99999999999999999999", "0x-1"})
    CHECK_FALSE(parse_integer(text));
}
