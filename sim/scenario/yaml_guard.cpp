#include "sim/scenario/yaml_guard.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <set>
#include <sstream>
#include <vector>

namespace ikelab::scenario {
namespace {

constexpr std::size_t most_octets = 1U << 20;  // the largest shipped scenario has 10 KB
constexpr std::size_t most_depth = 32;
constexpr std::size_t most_brackets = 10'000;  // yaml-cpp's scanner keeps all that are open

// Throws a YamlRefusal: there is no other way out of yaml-cpp's callbacks.
class Guard : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw YamlRefusal{mark, "a second document", "expected one"};
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override { value(); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw YamlRefusal{mark, "an alias", "write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string& text) override {
    if (!levels_.empty() && levels_.back().key_expected && !levels_.back().keys.insert(text).second)
      throw YamlRefusal{mark, fmt::format("the key '{}' is here a second time", text),
                        "expected each key once"};
    value();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, false);
  }
  void OnSequenceEnd() override { levels_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, true);
  }
  void OnMapEnd() override { levels_.pop_back(); }

 private:
  struct Level {
    bool map, key_expected;
    std::set<std::string> keys;
  };
  void value() {
    if (!levels_.empty() && levels_.back().map)
      levels_.back().key_expected = !levels_.back().key_expected;
  }
  void open(const YAML::Mark& mark, bool map) {
    if (levels_.size() >= most_depth)
      throw YamlRefusal{mark, fmt::format("nested deeper than {}", most_depth), ""};
    value();
    levels_.push_back({map, map, {}});
  }
  unsigned documents_ = 0;
  std::vector<Level> levels_;
};

}  // namespace

std::optional<YamlRefusal> refuse_yaml(const std::string& text) {
  const YAML::Mark nowhere = YAML::Mark::null_mark();
  if (text.size() > most_octets) return YamlRefusal{nowhere, "the file is larger than 1 MiB", ""};
  std::size_t brackets = 0;
  for (const char c : text) brackets += c == '[' || c == '{';
  if (brackets > most_brackets)
    return YamlRefusal{nowhere, fmt::format("more than {} brackets", most_brackets), ""};
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    Guard guard;
    while (parser.HandleNextDocument(guard)) {
    }
  } catch (const YamlRefusal& refusal) {
    return refusal;
  } catch (const YAML::Exception& e) {
    return YamlRefusal{e.mark, e.msg, "expected YAML 1.2"};
  }
  return std::nullopt;
}

}  // namespace ikelab::scenario
