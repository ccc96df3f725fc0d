// Narrowing (RFC 7296, 2.9): several selectors, the packet that wants the SA, and what the
// responder says of selectors that it leaves out.
#include "protocol/ikev2/task.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/pair.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

std::vector<wire::TrafficSelector> nets(std::initializer_list<const char*> texts) {
  std::vector<wire::TrafficSelector> out;
  for (const char* text : texts) out.push_back(policy::parse_traffic_selector(text).value());
  return out;
}

std::string text(const std::vector<wire::TrafficSelector>& selectors) {
  std::string out;
  for (const auto& ts : selectors) out += (out.empty() ? "" : " ") + policy::to_string(ts);
  return out;
}

struct Agreed {
  std::string local, remote, answer;
};

/// What gw-a has after asking with its selectors, and the last message of gw-b.
Agreed ask(policy::EndpointConfig a, policy::EndpointConfig b,
           std::optional<policy::Flow> packet = {}) {
  Pair pair(std::move(a), std::move(b));
  REQUIRE(pair.command(pair.a, Initiate{"site", "net", packet}).ok());
  pair.settle();
  REQUIRE(pair.consistent());
  Agreed result;
  for (const auto* message : pair.b.all<trace::Message>())
    if (message->direction == "sent") result.answer = message->payloads;
  const auto sas = pair.a.sas();
  for (const auto& child : sas[0].children) {
    result.local = text(child.local_ts);
    result.remote = text(child.remote_ts);
  }
  return result;
}

policy::ChildConfig& child(policy::EndpointConfig& config) {
  return config.connections[0].children[0];
}

policy::Flow ping(const char* src, const char* dst) {
  policy::Flow flow;
  flow.src = IpAddress::parse(src).value();
  flow.dst = IpAddress::parse(dst).value();
  flow.protocol = 17;
  flow.src_port = 4000;
  flow.dst_port = 5000;
  return flow;
}

}  // namespace

TEST_CASE("selectors: several are narrowed one by one", "[pair][ikev2][selectors]") {
  auto a = site_a(), b = site_b();
  child(a).local_ts = nets({"10.1.0.0/24", "10.11.0.0/24", "192.168.7.0/24"});
  child(b).remote_ts = nets({"10.1.0.0/25", "10.11.0.0/16"});
  const Agreed got = ask(a, b);
  CHECK(got.local == "10.1.0.0/25 10.11.0.0/24");
  CHECK(got.remote == "10.2.0.0/24");
  CHECK(got.answer.find("ADDITIONAL_TS_POSSIBLE") == std::string::npos);
}

TEST_CASE("selectors: protocols and ports are narrowed as well", "[pair][ikev2][selectors]") {
  auto a = site_a(), b = site_b();
  child(b).local_ts = nets({"10.2.0.0/24[tcp/443]", "10.2.0.0/24[udp/1000-2000]"});
  const Agreed got = ask(a, b);
  CHECK(got.remote == "10.2.0.0/24[tcp/443] 10.2.0.0/24[udp/1000-2000]");
}

TEST_CASE("selectors: nothing in common", "[pair][ikev2][selectors]") {
  auto a = site_a(), b = site_b();
  child(b).local_ts = nets({"10.3.0.0/24"});
  const Agreed got = ask(a, b);
  //= rfc7296#2.9 "If the responder's policy does not allow it to accept any part of the proposed
  //= Traffic Selectors, it responds with a TS_UNACCEPTABLE Notify message."
  CHECK(got.answer.find("N(TS_UNACCEPTABLE)") != std::string::npos);
  CHECK(got.local.empty());
}

TEST_CASE("selectors: the packet that wants the SA stands first, and chooses among children",
          "[pair][ikev2][selectors]") {
  auto a = site_a(), b = site_b();
  child(a).remote_ts = nets({"10.2.0.0/16"});
  child(b).local_ts = nets({"10.2.1.0/24"});
  child(b).name = "first";
  b.connections[0].children.push_back(child(b));
  b.connections[0].children[1].name = "second";
  b.connections[0].children[1].local_ts = nets({"10.2.2.0/24"});
  const Agreed without = ask(a, b);
  CHECK(without.remote == "10.2.1.0/24");
  //= rfc7296#2.9 "If the responder's policy allows it to accept the first selector of TSi and TSr,
  //= then the responder MUST narrow the Traffic Selectors to a subset that includes the initiator's
  //= first choices."
  const Agreed with = ask(a, b, ping("10.1.0.7", "10.2.2.9"));
  CHECK(with.remote == "10.2.2.0/24");
  CHECK(with.local == "10.1.0.0/24");  // what others hold is left out
  // The rest would go into another Child SA.
  CHECK(without.answer.find("ADDITIONAL_TS_POSSIBLE") != std::string::npos);
  CHECK(with.answer.find("ADDITIONAL_TS_POSSIBLE") != std::string::npos);
}

TEST_CASE("selectors: a packet that is not the child's own is not offered",
          "[pair][ikev2][selectors]") {
  const Agreed got = ask(site_a(), site_b(), ping("10.1.0.7", "203.0.113.1"));
  CHECK(got.remote == "10.2.0.0/24");
}

TEST_CASE("selectors: a responder that takes single pairs of addresses only",
          "[pair][ikev2][selectors]") {
  auto a = site_a(), b = site_b();
  b.connections[0].single_pair = true;
  const auto answers = [](const Side& side) {
    std::vector<std::string> out;
    for (const auto* message : side.all<trace::Message>())
      if (message->direction == "sent" && message->response)
        out.push_back(message->exchange == "IKE_SA_INIT" ? without_extensions(message->payloads)
                                                         : message->payloads);
    return out;
  };
  using Words = std::vector<std::string>;
  SECTION("in IKE_AUTH, for a packet: it is asked for again, alone") {
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net", ping("10.1.0.7", "10.2.0.9")}).ok());
    pair.settle();
    REQUIRE(pair.consistent());
    CHECK(answers(pair.b) == Words{"SA, KE, Nr", "IDr, AUTH, N(SINGLE_PAIR_REQUIRED)",
                                   "N(SINGLE_PAIR_REQUIRED)", "SA, Nr, TSi, TSr"});
    const auto made = pair.a.sas()[0].children.at(0);
    //= rfc7296#2.9 "The requestor is expected to respond by requesting an SA for only the specific
    //= traffic it is trying to forward."
    CHECK(text(made.local_ts) == "10.1.0.7/32[udp/4000]");
    CHECK(text(made.remote_ts) == "10.2.0.9/32[udp/5000]");
  }
  SECTION("without a packet there is nothing to ask for") {
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    CHECK(answers(pair.b) == Words{"SA, KE, Nr", "IDr, AUTH, N(SINGLE_PAIR_REQUIRED)"});
    CHECK(pair.a.state() == "ESTABLISHED");
    CHECK(pair.a.inbound.empty());
    CHECK(pair.b.inbound.empty());
  }
  SECTION("single hosts are what it wants") {
    for (auto* config : {&a, &b}) {
      auto& own = child(*config);
      const bool is_a = config == &a;
      own.local_ts = nets({is_a ? "10.1.0.7/32" : "10.2.0.9/32"});
      own.remote_ts = nets({is_a ? "10.2.0.9/32" : "10.1.0.7/32"});
    }
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    CHECK(pair.consistent());
    CHECK(pair.a.inbound.size() == 1);
  }
}

TEST_CASE("selectors: ADDITIONAL_TS_POSSIBLE is told to whoever asked",
          "[pair][ikev2][selectors]") {
  for (const bool more : {true, false}) {
    auto a = site_a(), b = site_b();
    child(a).remote_ts = nets({"10.2.0.0/16"});
    child(b).local_ts = nets({"10.2.1.0/24"});
    if (more) {
      b.connections[0].children.push_back(child(b));
      b.connections[0].children[1].name = "second";
      b.connections[0].children[1].local_ts = nets({"10.2.2.0/24"});
    }
    Pair pair(a, b);
    REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
    pair.settle();
    std::string told;
    for (const auto* ended : pair.a.all<trace::TaskEnded>())
      if (ended->task == "ike_auth") told = ended->detail;
    CHECK((told.find("would take others in a Child SA of their own") != std::string::npos) == more);
  }
}

TEST_CASE("selectors: those that another one holds are left out", "[policy][selectors]") {
  CHECK(text(policy::simplified(nets({"10.1.0.7/32[udp/53]", "10.1.0.0/24", "10.2.0.0/24"}))) ==
        "10.1.0.0/24 10.2.0.0/24");
  CHECK(text(policy::simplified(nets({"10.1.0.0/24", "10.1.0.128/25[tcp]"}))) == "10.1.0.0/24");
  CHECK(text(policy::simplified(nets({"10.1.0.0/25", "10.1.0.128/25"}))) ==
        "10.1.0.0/25 10.1.0.128/25");
}
