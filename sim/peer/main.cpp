// `ikelab peer`: one node of a scenario on a real network, against strongSwan or anybody else.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <clocale>
#include <csignal>
#include <ctime>

#include "protocol/crypto/digest.hpp"
#include "protocol/crypto/provider.hpp"
#include "sim/cli/terminal.hpp"
#include "sim/host/narrator.hpp"
#include "sim/host/peer.hpp"
#include "sim/store/recorder.hpp"

using namespace ikelab;

namespace {

struct Arguments {
  std::string scenario, name, listen, ports = "500,4500", remote_ports = "500,4500", db;
  std::vector<std::string> initiate, set;
  host::PeerOptions options;
  bool verbose = false, quiet = false;
};

constexpr const char* footer =
    "With --commands, lines on stdin: initiate CONNECTION [CHILD], rekey-ike, rekey-child CHILD,\n"
    "delete-ike, delete-child CHILD, liveness, move ADDRESS, sas. SIGTERM deletes every SA and "
    "ends.\n"
    "Exit codes: 0 ended as asked; 2 wrong usage or input; 3 something broke. Tutorial: "
    "docs/PEER.md";

void define(CLI::App& app, Arguments& a) {
  app.add_option("SCENARIO", a.scenario, "a YAML file with the node's connections")->required();
  app.add_option("--name", a.name, "the node that this machine is")->required();
  app.add_option("--initiate", a.initiate, "CONNECTION or CONNECTION/CHILD; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--listen", a.listen, "bind this address instead of every local_addr");
  app.add_option("--ports", a.ports, "IKE,NAT: bind these instead of 500,4500")
      ->capture_default_str();
  app.add_option("--remote-ports", a.remote_ports, "IKE,NAT: the peers' instead of 500,4500")
      ->capture_default_str();
  app.add_option("--tun", a.options.tun, "name of the TUN device; none: IKE only, no traffic");
  app.add_option("--tun-mtu", a.options.tun_mtu, "octets")
      ->check(CLI::Range(576, 9000))
      ->capture_default_str();
  app.add_flag("--udp-only", a.options.udp_only, "no raw socket: ESP in UDP on port 4500, or none");
  app.add_flag("--commands", a.options.commands, "read commands from stdin");
  app.add_option("--set", a.set, "path=value in the scenario; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--db", a.db, "record into this database, for ikelab show and view");
  app.add_flag("--verbose", a.verbose, "tell each message and each packet");
  app.add_flag("--quiet", a.quiet, "tell nothing");
  app.footer(footer);
}

Result<host::Ports> parse_ports(const std::string& text, const char* option) {
  host::Ports ports;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto first = std::from_chars(at, end, ports.ike);
  if (first.ec == std::errc() && first.ptr != end && *first.ptr == ',') {
    const auto second = std::from_chars(first.ptr + 1, end, ports.nat);
    if (second.ec == std::errc() && second.ptr == end && ports.ike != 0 && ports.nat != 0 &&
        ports.ike != ports.nat)
      return ports;
  }
  return Error{"E-CLI-000", fmt::format("{} '{}' is no pair of ports", option, text)}.expect(
      "expected two, e.g. 500,4500");
}

Result<void> understand(Arguments& a) {
  IKELAB_TRY(a.options.ports, parse_ports(a.ports, "--ports"));
  IKELAB_TRY(a.options.remote_ports, parse_ports(a.remote_ports, "--remote-ports"));
  a.options.everything = a.verbose || !a.db.empty();
  if (!a.listen.empty()) {
    IKELAB_TRY(a.options.listen, IpAddress::parse(a.listen));
  }
  for (const std::string& text : a.initiate) {
    const auto slash = text.find('/');
    a.options.initiate.push_back(
        {text.substr(0, slash), slash == std::string::npos ? "" : text.substr(slash + 1)});
  }
  return {};
}

Result<scenario::Scenario> load(const Arguments& a) {
  scenario::Overrides overrides;
  for (const std::string& text : a.set) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error{"E-CLI-001", "--set '" + text + "' has no value"}.expect("expected path=value");
    overrides.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return scenario::load(a.scenario, overrides);
}

/// The run as the database tells it: this node, and whom it may speak with.
store::RunInfo describe(const scenario::Scenario& scenario, const std::string& name) {
  store::RunInfo info;
  info.scenario = scenario.name;
  info.about = "ikelab peer as " + name + " on a real network";
  info.config = scenario.yaml;
  const auto digest = crypto::sha256();
  digest->update(as_bytes(scenario.yaml));
  info.config_hash = to_hex(digest->finish());
  info.versions = fmt::format("ikelab {}; peer; OpenSSL {}; g++ {}", IKELAB_VERSION,
                              crypto::library_version(), __VERSION__);
  info.epoch = ::time(nullptr);
  info.disclosed = scenario.disclose_secrets;
  for (const scenario::Node& node : scenario.nodes)
    if (node.name == name) {
      store::NodeInfo own{name, "gateway", {}, 0.3, 0.5};
      for (const auto& connection : node.connections)
        own.addresses.push_back(connection.local_addr.to_string() + "/32");
      info.nodes.push_back(own);
    }
  return info;
}

Result<void> run(Arguments& a) {
  IKELAB_CHECK(understand(a));
  IKELAB_TRY(const scenario::Scenario scenario, load(a));
  trace::Journal journal;
  host::Narrator narrator(stdout, a.verbose);
  if (!a.quiet) journal.attach(narrator);
  std::unique_ptr<store::Recorder> recorder;
  IKELAB_TRY(const auto peer, host::Peer::open(scenario, a.name, a.options, journal));
  if (!a.db.empty()) {
    IKELAB_TRY(recorder, store::Recorder::open(a.db));
    IKELAB_TRY(const std::int64_t id,
               recorder->begin_run(describe(scenario, a.name), scenario.record));
    journal.attach(*recorder);
    if (!a.quiet) fmt::print("recording as run {} into {}\n", id, a.db);
  }
  if (!a.quiet) {
    fmt::print("{} is ready{}\n", a.name,
               peer->tun_name().empty() ? "" : "; traffic through " + peer->tun_name());
    std::fflush(stdout);
  }
  const auto ended = peer->run();
  if (recorder)
    IKELAB_CHECK(recorder->finish_run(ended ? store::RunStatus::finished : store::RunStatus::failed,
                                      ended.ok(), ""));
  return ended;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_NUMERIC, "C");
  Arguments arguments;
  CLI::App app("ikelab peer: one node of a scenario on a real network", "ikelab peer");
  define(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    fmt::print(stderr, "ikelab: E-CLI-000: {}; see: ikelab peer --help\n", wrong.what());
    return cli::wrong_input;
  }
  const auto result = run(arguments);
  return result ? cli::done : cli::fail(result.error());
}
