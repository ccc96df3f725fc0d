#include "sim/scenario/connections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "protocol/base/bounds.hpp"
#include "sim/scenario/auth.hpp"
#include "sim/scenario/extensions.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

Result<IpAddress> parse_peer(std::string_view text) {
  if (text == "%any") return IpAddress{};
  return IpAddress::parse(text);
}

template <class T, class Parse>
std::vector<T> read_list(Section& section, const std::string& key, Parse parse) {
  if (!section.has(key)) section.text(key, true);
  return section.parsed_list<T>(key, parse);
}

/// Selectors, and swanctl's `dynamic` among them: the inner address of a virtual IP, or the outer
/// one.
std::vector<wire::TrafficSelector> read_selectors(Section& section, const std::string& key,
                                                  bool& dynamic) {
  const wire::TrafficSelector placeholder{};
  auto all = read_list<wire::TrafficSelector>(
      section, key, [&](std::string_view text) -> Result<wire::TrafficSelector> {
        if (text != "dynamic") return policy::parse_traffic_selector(text);
        dynamic = true;
        return placeholder;
      });
  std::erase(all, placeholder);
  return all;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return Error{"E-SCN-012", fmt::format("'{}' is not a number of packets", text)}.expect(
      "expected e.g. 100000");
}

std::optional<Duration> read_time(Section& section, const char* key) {
  if (!section.has(key)) return std::nullopt;
  return section.parsed(key, parse_duration, Duration{0});
}

/// rekey_bytes, life_bytes, rand_bytes; or the same in packets.
policy::Volume read_volume(Section& section, const std::string& unit,
                           Result<std::uint64_t> (*parse)(std::string_view)) {
  policy::Volume volume;
  volume.rekey = section.parsed("rekey_" + unit, parse, std::uint64_t{0});
  volume.life = section.parsed("life_" + unit, parse, std::uint64_t{0});
  if (section.has("rand_" + unit))
    volume.rand = section.parsed("rand_" + unit, parse, std::uint64_t{0});
  if (volume.life != 0 && volume.life <= volume.rekey)
    section.problem(
        "life_" + unit,
        Error{"E-SCN-012", fmt::format("life_{0} ends before rekey_{0} begins a new SA", unit)}
            .expect(fmt::format("expected more than rekey_{}", unit)));
  return volume;
}

void read_lifetimes(Section& section, policy::ChildConfig& child) {
  child.rekey_time = section.parsed("rekey_time", parse_duration, Duration{0});
  child.life_time = read_time(section, "life_time");
  child.rand_time = read_time(section, "rand_time");
  if (child.life_time && *child.life_time > Duration::zero() &&
      *child.life_time <= child.rekey_time)
    section.problem("life_time",
                    Error{"E-SCN-012", "life_time ends before rekey_time begins a new SA"}.expect(
                        "expected more than rekey_time"));
  child.bytes = read_volume(section, "bytes", parse_size);
  child.packets = read_volume(section, "packets", parse_count);
}

/// What the data path does with the child's packets.
void read_policy(Section& section, policy::ChildConfig& child) {
  child.priority = static_cast<std::uint32_t>(section.number("priority", 0, 1'000'000));
  if (section.has("tfc_padding"))
    child.tfc_padding =
        section.text("tfc_padding") == "mtu"
            ? policy::ChildConfig::tfc_mtu
            : static_cast<std::uint32_t>(section.number("tfc_padding", 0, bounds::message_octets));
  static constexpr policy::Df df[] = {policy::Df::copy, policy::Df::clear, policy::Df::set};
  child.copy.df = df[section.word("copy_df", {"yes", "no", "set"}, 0)];
  const std::size_t dscp = section.word("copy_dscp", {"out", "in", "yes", "no"}, 0);
  child.copy.dscp_out = dscp == 0 || dscp == 2;
  child.copy.dscp_in = dscp == 1 || dscp == 2;
  child.copy.ecn = section.boolean("copy_ecn", true);
}

policy::ChildConfig read_child(const YAML::Node& node, policy::Era era, Problems& problems) {
  Section section(node, "a child",
                  {"name",          "local_ts",     "remote_ts",    "esp_proposals", "rekey_time",
                   "life_time",     "rand_time",    "rekey_bytes",  "life_bytes",    "rand_bytes",
                   "rekey_packets", "life_packets", "rand_packets", "replay_window", "start_action",
                   "mode",          "priority",     "tfc_padding",  "copy_df",       "copy_dscp",
                   "copy_ecn"},
                  problems);
  policy::ChildConfig child;
  child.name = section.text("name", true);
  child.local_ts = read_selectors(section, "local_ts", child.local_dynamic);
  child.remote_ts = read_selectors(section, "remote_ts", child.remote_dynamic);
  static constexpr policy::ChildMode modes[] = {policy::ChildMode::tunnel,
                                                policy::ChildMode::transport,
                                                policy::ChildMode::pass, policy::ChildMode::drop};
  child.mode = modes[section.word("mode", {"tunnel", "transport", "pass", "drop"}, 0)];
  const auto esp_proposal = [era](std::string_view text) {
    return policy::parse_proposal(text, wire::ProtocolId::esp, era);
  };
  if (child.needs_sas())
    child.esp_proposals = read_list<wire::Proposal>(section, "esp_proposals", esp_proposal);
  else if (section.has("esp_proposals"))
    section.problem("esp_proposals",
                    Error{"E-SCN-012", "a child whose mode is pass or drop has no SAs"});
  read_lifetimes(section, child);
  child.replay_window = static_cast<std::uint32_t>(
      section.number("replay_window", 64, bounds::replay_window_packets));
  const std::size_t action =
      section.word("start_action", {"none", "start", "trap", "trap|start"}, 0);
  child.start = child.needs_sas() && (action == 1 || action == 3);
  child.trap = child.needs_sas() && action >= 2;
  read_policy(section, child);
  return child;
}

}  // namespace

namespace {

/// swanctl's `version` and `aggressive`, for IKEv1 (historic, RFC 9395): it is off unless asked
/// for. rsa_encryption: authentication with RSA-encrypted nonces, with the peer's certificate at
/// hand.
void read_ikev1(Section& section, const LabPki& pki, policy::ConnectionConfig& connection) {
  if (section.word("version", {"2", "1"}, 0) == 0) {
    for (const char* key : {"aggressive", "rsa_encryption", "peer_cert"})
      if (section.has(key))
        section.problem(key, Error{"E-SCN-012", fmt::format("'{}' goes with version: 1", key)});
    return;
  }
  policy::Ikev1Config v1;
  v1.aggressive = section.boolean("aggressive", false);
  v1.rsa_encryption = section.boolean("rsa_encryption", false);
  if (v1.rsa_encryption || section.has("peer_cert")) {
    const std::string name = section.text("peer_cert", true);
    const auto found = pki.issued.find(name);
    if (found != pki.issued.end())
      v1.peer_certificate = pki.chain_of(name).front();
    else if (!name.empty())
      section.problem("peer_cert",
                      Error{"E-SCN-013", "no certificate is named '" + name + "'"}.expect(
                          "expected a name under pki: certificates:"));
  }
  connection.ikev1 = std::move(v1);
}

std::vector<std::string> connection_keys() {
  std::vector<std::string> keys = {"name",          "local_addr",    "remote_addr",
                                   "remote_port",   "proposals",     "local",
                                   "local-2",       "local-3",       "remote",
                                   "remote-2",      "remote-3",      "signature_authentication",
                                   "children",      "rekey_time",    "dpd_delay",
                                   "encap",         "keep_alive",    "ocsp",
                                   "fragmentation", "fragment_size", "fragment_probing",
                                   "version",       "aggressive",    "rsa_encryption",
                                   "peer_cert",     "historic",      "full_transcript_auth",
                                   "reauth_time",   "over_time",     "rand_time",
                                   "vips",          "pools",         "mobike",
                                   "unique",        "window_size",   "additional_addrs",
                                   "no_nats",       "single_pair",   "esp_notices"};
  for (const char* key : extension_keys) keys.emplace_back(key);
  return keys;
}

}  // namespace

policy::ConnectionConfig read_connection(const YAML::Node& node, const LabPki& pki,
                                         Problems& problems) {
  Section section(node, "a connection", connection_keys(), problems);
  policy::ConnectionConfig connection;
  connection.name = section.text("name", true);
  read_ikev1(section, pki, connection);
  const bool historic = section.boolean("historic", connection.ikev1.has_value());
  const policy::Era era = historic ? policy::Era::historic : policy::Era::current;
  connection.local_addr = section.parsed("local_addr", IpAddress::parse, IpAddress{}, true);
  connection.remote_addr = section.parsed("remote_addr", parse_peer, IpAddress{}, true);
  connection.remote_port =
      static_cast<std::uint16_t>(section.number("remote_port", connection.remote_port, 65535));
  connection.proposals =
      read_list<wire::Proposal>(section, "proposals", [&](std::string_view text) {
        return policy::parse_proposal(text, wire::ProtocolId::ike, era);
      });
  read_rounds(section, pki, connection, problems);
  connection.rekey_time = section.parsed("rekey_time", parse_duration, Duration{0});
  connection.reauth_time = section.parsed("reauth_time", parse_duration, Duration{0});
  connection.over_time = read_time(section, "over_time");
  connection.rand_time = read_time(section, "rand_time");
  connection.vips = section.parsed_list<IpAddress>("vips", IpAddress::parse);
  connection.pools = section.texts("pools");
  connection.mobike = section.boolean("mobike", false);
  connection.unique =
      static_cast<policy::Unique>(section.word("unique", {"no", "never", "keep", "replace"}, 0));
  connection.window_size =
      static_cast<unsigned>(section.number("window_size", 1, bounds::exchange_window));
  connection.additional_addrs =
      section.parsed_list<IpAddress>("additional_addrs", IpAddress::parse);
  connection.no_nats = section.boolean("no_nats", false);
  connection.single_pair = section.boolean("single_pair", false);
  connection.esp_notices = section.boolean("esp_notices", false);
  connection.dpd_delay = section.parsed("dpd_delay", parse_duration, Duration{0});
  connection.encap = section.boolean("encap", false);
  connection.keep_alive = section.parsed("keep_alive", parse_duration, connection.keep_alive);
  connection.ocsp =
      static_cast<policy::Ocsp>(section.word("ocsp", {"never", "request", "reply", "both"}, 2));
  connection.fragmentation = static_cast<policy::Fragmentation>(
      section.word("fragmentation", {"yes", "accept", "force", "no"}, 0));
  connection.fragment_size =
      section.number("fragment_size", connection.fragment_size, bounds::message_octets);
  connection.fragment_probing = section.boolean("fragment_probing", false);
  read_extensions(section, connection, problems);
  connection.full_transcript_auth = section.boolean("full_transcript_auth", false);
  connection.signature_authentication = section.boolean("signature_authentication", true);
  section.each("children", [&](const YAML::Node& child) {
    connection.children.push_back(read_child(child, era, problems));
  });
  return connection;
}

/// `addrs`: a subnet, whose first and last address are left out as swanctl does, or a range.
policy::PoolConfig read_pool(const YAML::Node& node, Problems& problems) {
  Section section(node, "a pool", {"name", "addrs", "dns", "subnet"}, problems);
  policy::PoolConfig pool;
  pool.name = section.text("name", true);
  const std::string text = section.text("addrs", true);
  const auto addresses =
      section.parsed("addrs", policy::parse_traffic_selector, wire::TrafficSelector{});
  pool.first = addresses.start;
  pool.last = addresses.end;
  const bool subnet = text.find('/') != std::string::npos;
  if (subnet && pool.first != pool.last) {
    pool.first = pool.first.next();
    if (!pool.first.is_v6() && pool.first != pool.last) pool.last = pool.last.previous();
  }
  pool.dns = section.parsed_list<IpAddress>("dns", IpAddress::parse);
  pool.subnets =
      section.parsed_list<wire::TrafficSelector>("subnet", policy::parse_traffic_selector);
  return pool;
}

}  // namespace ikelab::scenario
