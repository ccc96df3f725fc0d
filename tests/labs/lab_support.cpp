#include "tests/labs/lab_support.hpp"

#include <unistd.h>

#include "labs/engine/yaml.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

namespace ikelab::test {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "ikelab-labs-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ec;
  fs::remove_all(path_, ec);
}

fs::path TemporaryFolder::write(const std::string& name, const std::string& content) const {
  const fs::path file = path_ / name;
  fs::create_directories(file.parent_path());
  REQUIRE(labs::write_file(file, content).ok());
  return file;
}

labs::Lab first_contact() {
  return labs::load_lab(labs::catalog(), "first-contact").value();
}

labs::Draw draw_for(const std::string& student) {
  return labs::draw(labs::Course::demo(), first_contact(), student).value();
}

labs::Draw draw_with(const std::string& student,
                     const std::vector<std::pair<std::string, std::string>>& values) {
  labs::Draw out = draw_for(student);
  for (const auto& [name, value] : values)
    for (auto& [own_name, own_value] : out.values)
      if (own_name == name) own_value = value;
  return out;
}

Result<labs::Simulated> pair_run(const labs::Lab&, const labs::Draw& draw) {
  policy::EndpointConfig a = site_a(), b = site_b();
  const std::string ike = "aes256gcm16-" + *draw.value("prf") + "-" + *draw.value("ke");
  for (policy::EndpointConfig* config : {&a, &b})
    config->connections[0].proposals = {policy::parse_proposal(ike, wire::ProtocolId::ike).value()};
  Pair pair(a, b, draw.seed);
  const bool a_starts = *draw.value("starter") == "gw-a";
  IKELAB_CHECK(pair.command(a_starts ? pair.a : pair.b, ikev2::Initiate{"site", "net"}));
  labs::Simulated out;
  std::size_t taken_a = 0, taken_b = 0;
  std::uint64_t seq = 0;
  const auto collect = [&](const Side& side, std::size_t& taken, const char* node) {
    for (; taken < side.events.size(); ++taken)
      out.events.push_back({pair.now, ++seq, node, side.events[taken].sa, side.events[taken].body});
  };
  const Instant end = pair.now + Duration(1s);
  do {
    collect(pair.a, taken_a, "gw-a");
    collect(pair.b, taken_b, "gw-b");
  } while (pair.step(end));
  out.versions = "pair";
  return out;
}

Result<std::vector<labs::Ran>> pair_runs(const labs::Lab& lab, const labs::Draw& draw,
                                         const labs::Files&, const fs::path&) {
  std::vector<labs::Ran> out(1);
  IKELAB_TRY(labs::Simulated simulated, pair_run(lab, draw));
  out[0].plan = &lab.runs.front();
  out[0].simulated = std::make_unique<labs::Simulated>(std::move(simulated));
  out[0].facts = std::make_unique<labs::Facts>(std::move(out[0].simulated->events));
  return out;
}

std::string mistake_of(const labs::Facts& facts, const labs::Draw& draw, const std::string& path,
                       const std::string& answer) {
  const auto result = labs::grade(first_contact(), draw, facts, {{path, answer}}).value();
  REQUIRE(result.check(path) != nullptr);
  return result.check(path)->mistake;
}

}  // namespace ikelab::test
