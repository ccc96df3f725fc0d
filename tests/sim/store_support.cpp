#include "tests/sim/store_support.hpp"

#include <unistd.h>

#include "tests/support/catch.hpp"

namespace ikelab::test {
namespace {

/// Fills every member with a value no other member has.
struct Filler {
  std::uint64_t next = 1;
  void operator()(const char* name, std::string& x) {
    x = std::string(name) + " " + std::to_string(next++);
  }
  void operator()(const char*, Bytes& x) { x = {static_cast<std::uint8_t>(next++), 0x00, 0xff}; }
  void operator()(const char*, bool& x) { x = true; }
  void operator()(const char*, std::uint64_t& x) { x = next++; }
  void operator()(const char*, std::int64_t& x) { x = -static_cast<std::int64_t>(next++); }
  template <class T>
  void operator()(const char* name, std::vector<T>& x) {
    for (int i = 0; i < 2; ++i) {
      T element{};
      if constexpr (std::is_same_v<T, std::string>)
        (*this)(name, element);
      else
        T::fields(element, *this);
      x.push_back(std::move(element));
    }
  }
};

template <std::size_t I = 0>
void add_kinds(std::vector<trace::Body>& out, Filler& filler) {
  if constexpr (I < std::variant_size_v<trace::Body>) {
    std::variant_alternative_t<I, trace::Body> body;
    decltype(body)::fields(body, filler);
    out.emplace_back(std::move(body));
    add_kinds<I + 1>(out, filler);
  }
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "ikelab-test-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path = name;
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code none;
  std::filesystem::remove_all(path, none);
}

std::vector<trace::Body> one_of_each_kind() {
  std::vector<trace::Body> out;
  Filler filler;
  add_kinds(out, filler);
  return out;
}

std::vector<trace::Event> as_events(std::vector<trace::Body> bodies) {
  std::vector<trace::Event> out;
  for (auto& body : bodies) {
    const std::uint64_t seq = out.size() + 1;
    out.push_back({Instant{static_cast<std::int64_t>(seq) * 1'000'000}, seq, "gw-a", "gw-a#1",
                   std::move(body)});
  }
  return out;
}

store::RunInfo sample_run() {
  store::RunInfo info;
  info.scenario = "site-to-site";
  info.about = "two gateways";
  info.seed = 0xffff'ffff'ffff'fff0U;  // the highest bit must survive
  info.config = "name: site-to-site\n";
  info.config_hash = "c0ffee";
  info.versions = "ikelab 0.1.0";
  info.epoch = 1'700'000'000;
  info.disclosed = true;
  info.nodes = {{"gw-a", "gateway", {"10.1.0.1/24", "192.0.2.1/30"}, 0.25, 0.5},
                {"a-host", "host", {"10.1.0.10/24"}, 0.1, 0.5}};
  info.links = {{"wan", "gw-a", "gw-b", "10 Mbps, 10 ms"}, {"lan-a", "a-host", "gw-a", "1 Gbps"}};
  return info;
}

std::vector<std::string> rows(const std::filesystem::path& file, const std::string& sql) {
  auto database = store::Database::open_read_only(file);
  REQUIRE(database.ok());
  auto query = (*database)->prepare(sql);
  INFO(sql << (query.ok() ? "" : query.error().to_string()));
  REQUIRE(query.ok());
  std::vector<std::string> out;
  while (true) {
    auto row = query->step();
    INFO((row.ok() ? "" : row.error().to_string()));
    REQUIRE(row.ok());
    if (!*row) return out;
    std::string line;
    for (int i = 0; i < query->columns(); ++i) {
      line += (i ? "|" : "") + (query->is_null(i) ? "-" : query->text(i));
    }
    out.push_back(line);
  }
}

std::string value(const std::filesystem::path& file, const std::string& sql) {
  const auto all = rows(file, sql);
  REQUIRE(all.size() == 1);
  return all[0];
}

}  // namespace ikelab::test
