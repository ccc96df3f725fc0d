// Two peers on the loopback, without root: what they bind, whom they answer, and how they end.
#include "sim/host/peer.hpp"

#include <unistd.h>

#include "protocol/wire/decode.hpp"
#include "sim/host/narrator.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

/// Ports of this process; those of `a` and `b` are the same, at addresses of their own.
host::Ports ports() {
  const auto base = static_cast<std::uint16_t>(20000 + 2 * (getpid() % 10000));
  return {base, static_cast<std::uint16_t>(base + 1)};
}

std::string yaml(const std::string& secret_of_b = "secret",
                 const std::string& local_of_a = "127.0.0.1") {
  const auto node = [](const std::string& name, const std::string& local, const std::string& remote,
                       const std::string& other, const std::string& secret, const char* ts) {
    return "  - name: " + name + "\n    role: gateway\n    connections:\n      - name: site\n" +
           "        local_addr: " + local + "\n        remote_addr: " + remote +
           "\n        proposals: [aes256gcm16-prfsha256-x25519]\n        local: {auth: psk, id: " +
           name + ".example, secret: " + secret + "}\n        remote: {auth: psk, id: " + other +
           ".example}\n        children:\n          - {name: net, " + ts +
           ", esp_proposals: [aes256gcm16]}\n";
  };
  return "name: loopback\nduration: 1s\nretransmit: {timeout: 200ms, tries: 2}\nnodes:\n" +
         node("a", local_of_a, "127.0.0.2", "b", "secret",
              "local_ts: [10.1.0.0/24], remote_ts: [10.2.0.0/24]") +
         node("b", "127.0.0.2", "127.0.0.1", "a", secret_of_b,
              "local_ts: [10.2.0.0/24], remote_ts: [10.1.0.0/24]");
}

struct One {
  trace::Journal journal;
  trace::MemorySink sink;
  std::unique_ptr<host::Peer> peer;

  explicit One(const std::string& name, const std::string& text = yaml()) {
    journal.attach(sink);
    host::PeerOptions options;
    options.tun = "none";
    options.ports = options.remote_ports = ports();
    peer = host::Peer::open(scenario::load_text(text, "test.yaml").value(), name, options, journal)
               .value();
  }
  template <class Body>
  [[nodiscard]] std::vector<Body> all() const {
    std::vector<Body> out;
    for (const trace::Event& event : sink.events)
      if (const auto* body = std::get_if<Body>(&event.body)) out.push_back(*body);
    return out;
  }
  [[nodiscard]] bool in_state(const std::string& state) const {
    const auto sas = peer->sas();
    return !sas.empty() && sas.front().state == state;
  }
};

/// Lets both run until `done` or a bound that no machine needs.
template <class Done>
bool drive(One& a, One& b, Done done) {
  for (int i = 0; i < 2000 && !done(); ++i) {
    REQUIRE(a.peer->step(5ms));
    REQUIRE(b.peer->step(5ms));
  }
  return done();
}

Error error_of(const std::string& name, host::PeerOptions options,
               const std::string& text = yaml()) {
  trace::Journal journal;
  options.tun = "none";
  if (options.ports.ike == 500) options.ports = ports();
  const auto peer =
      host::Peer::open(scenario::load_text(text, "test.yaml").value(), name, options, journal);
  REQUIRE_FALSE(peer);
  CHECK(peer.error().to_string().find('\n') == std::string::npos);
  return peer.error();
}

/// IKE_SA_INIT with a payload of a type that nobody knows, marked critical: an endpoint answers
/// UNSUPPORTED_CRITICAL_PAYLOAD (RFC 7296, 2.5) before it asks who that is.
Bytes critical_request() {
  Bytes octets = {1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0, 200, 0x20, 34, 0x08};
  octets.insert(octets.end(), {0, 0, 0, 0, 0, 0, 0, 32, 0, 0x80, 0, 4});
  return octets;
}

}  // namespace

TEST_CASE("two peers on the loopback: established, then deleted at the end", "[host]") {
  One a("a"), b("b");
  a.peer->command(ikev2::Initiate{"site", "net"});
  REQUIRE(drive(a, b, [&] { return a.in_state("ESTABLISHED") && b.in_state("ESTABLISHED"); }));
  CHECK(a.peer->sas().front().children.size() == 1);
  CHECK(a.all<trace::DatagramDropped>().empty());
  a.peer->command(ikev2::DeleteIke{});
  CHECK(drive(a, b, [&] { return a.in_state("DEAD") && b.in_state("DEAD"); }));
  REQUIRE(b.peer->shut_down());  // nothing lives: it returns at once
}

TEST_CASE("randomness is not the seed's: two runs have other SPIs and nonces", "[host]") {
  std::vector<Bytes> requests;
  for (int i = 0; i < 2; ++i) {
    One a("a");
    a.peer->command(ikev2::Initiate{"site", "net"});
    requests.push_back(a.all<trace::DatagramSent>().at(0).payload);
  }
  CHECK(Bytes(requests[0].begin(), requests[0].begin() + 8) !=
        Bytes(requests[1].begin(), requests[1].begin() + 8));
}

TEST_CASE("a wrong secret is not believed, on either side", "[host]") {
  One a("a"), b("b", yaml("another"));
  a.peer->command(ikev2::Initiate{"site", "net"});
  CHECK(drive(a, b, [&] { return a.in_state("DEAD") && b.in_state("DEAD"); }));
  CHECK(b.all<trace::SaInstalled>().empty());
  bool told = false;
  for (const trace::Event& event : b.sink.events)
    told = told || host::narrate(event, false).starts_with("not believed");
  CHECK(told);
}

TEST_CASE("it sends only to configured peers", "[host]") {
  One b("b");
  const auto at = [](const char* ip, std::uint16_t port) {
    return SocketAddress{IpAddress::parse(ip).value(), port};
  };
  auto stranger = host::Socket::bind(host::SocketKind::udp, at("127.0.0.9", ports().ike), false);
  auto known = host::Socket::bind(host::SocketKind::udp, at("127.0.0.1", ports().ike), false);
  REQUIRE(stranger);
  REQUIRE(known);
  REQUIRE(stranger->send(at("127.0.0.2", ports().ike), critical_request()));
  REQUIRE(known->send(at("127.0.0.2", ports().ike), critical_request()));
  for (int i = 0; i < 500 && b.all<trace::DatagramReceived>().size() < 2; ++i)
    REQUIRE(b.peer->step(10ms));
  REQUIRE(b.all<trace::DatagramReceived>().size() == 2);
  host::Inbox inbox;
  CHECK(known->receive(inbox).size() == 1);
  CHECK(stranger->receive(inbox).empty());
  REQUIRE(b.all<trace::DatagramDropped>().size() == 1);
  CHECK(b.all<trace::DatagramDropped>()[0].reason == "127.0.0.9 is no peer of ours");
}

TEST_CASE("datagrams sent together arrive one by one, in their order", "[host]") {
  const auto at = [](const char* ip) {
    return SocketAddress{IpAddress::parse(ip).value(), ports().ike};
  };
  auto from = host::Socket::bind(host::SocketKind::udp, at("127.0.0.1"), false);
  auto to = host::Socket::bind(host::SocketKind::udp, at("127.0.0.2"), false);
  REQUIRE(from);
  REQUIRE(to);
  // runs of one size, a shorter end, a longer beginning, and an empty one
  std::vector<Bytes> sent;
  for (const std::size_t size : {900U, 900U, 900U, 40U, 1200U, 1200U, 1U, 0U, 1400U, 300U, 300U})
    sent.emplace_back(size, static_cast<std::uint8_t>(sent.size() + 1));
  const std::vector<ByteView> views(sent.begin(), sent.end());
  REQUIRE(from->send(to->local(), views));
  host::Inbox inbox;
  std::vector<Bytes> got;
  for (int i = 0; i < 500 && got.size() < sent.size(); ++i) {
    for (const host::Received& one : to->receive(inbox)) {
      CHECK(one.src == from->local());
      got.push_back(to_bytes(one.payload));
    }
    if (got.size() < sent.size()) ::usleep(1000);
  }
  CHECK(got == sent);
  CHECK(to->receive(inbox).empty());
}

TEST_CASE("what the system will not send is told, and the rest is sent", "[host]") {
  auto socket = host::Socket::bind(host::SocketKind::udp,
                                   {IpAddress::parse("127.0.0.1").value(), ports().ike}, false);
  REQUIRE(socket);
  const Bytes too_long(65'520), good(10, 7);  // no UDP datagram is that long
  const ByteView views[] = {too_long, good};
  const auto sent = socket->send(socket->local(), views);
  REQUIRE_FALSE(sent.ok());
  CHECK(sent.error().code == "E-HOST-002");
  host::Inbox inbox;
  const auto got = socket->receive(inbox);
  REQUIRE(got.size() == 1);
  CHECK(equal(got[0].payload, good));
}

TEST_CASE("what cannot be bound or found is one line with its code", "[host]") {
  host::PeerOptions options;
  CHECK(error_of("nobody", options).code == "E-PEER-005");
  CHECK(error_of("a", options, yaml("secret", "192.0.2.231")).code == "E-PEER-001");
  CHECK(error_of("a", options, yaml("secret", "0.0.0.0")).code == "E-PEER-007");
  host::PeerOptions wishes;
  wishes.initiate.push_back({"nothing", ""});
  CHECK(error_of("a", wishes).code == "E-PEER-006");
  One taken("a");
  CHECK(error_of("a", options).code == "E-PEER-002");
  if (geteuid() != 0) {
    host::PeerOptions low;
    low.ports = {501, 502};
    CHECK(error_of("a", low).code == "E-PEER-003");
    CHECK(host::Tun::open("ikelab%d", 1400).error().code == "E-PEER-004");
  }
}

TEST_CASE("commands are words of a scenario's events", "[host]") {
  const auto initiate = host::parse_command("initiate site net");
  REQUIRE(initiate);
  CHECK(std::get<ikev2::Initiate>(*initiate).child == "net");
  REQUIRE(host::parse_command("rekey-child net"));
  REQUIRE(host::parse_command("delete-ike"));
  CHECK_FALSE(host::parse_command("rekey-child"));
  CHECK(host::parse_command("dance").error().code == "E-PEER-008");
}
