#include "sim/scenario/extensions.hpp"

#include <algorithm>

#include "protocol/policy/secret_text.hpp"
#include "sim/scenario/units.hpp"

namespace ikelab::scenario {
namespace {

/// `ppks` is what swanctl has as secrets.ppk: {id, secret}; ppk_id and ppk_required are its own
/// words.
void read_ppks(Section& section, policy::ConnectionConfig& connection, Problems& problems) {
  section.each("ppks", [&](const YAML::Node& node) {
    Section ppk(node, "an entry of 'ppks'", {"id", "secret"}, problems);
    policy::Ppk read{ppk.text("id", true),
                     ppk.parsed<Bytes>("secret", policy::parse_secret, Bytes{}, true)};
    for (const policy::Ppk& other : connection.ppks)
      if (other.id == read.id)
        ppk.problem("id", Error{"E-SCN-012", "a PPK '" + read.id + "' is there already"});
    connection.ppks.push_back(std::move(read));
  });
  connection.ppk_id = section.text("ppk_id");
  connection.ppk_required = section.boolean("ppk_required", false);
  connection.ppk_exchange = static_cast<policy::PpkExchange>(
      section.word("ppk_exchange", {"auth", "intermediate", "either"}, 0));
  connection.ppk_rekey_ids = section.texts("ppk_rekey_ids");
  const auto check = [&](const char* key, const std::string& id) {
    const bool known = std::any_of(connection.ppks.begin(), connection.ppks.end(),
                                   [&](const policy::Ppk& ppk) { return ppk.id == id; });
    if (!known)
      section.problem(key, Error{"E-SCN-013", "no PPK is named '" + id + "'"}.expect(
                               "expected an id under ppks:"));
  };
  if (section.has("ppk_id")) check("ppk_id", connection.ppk_id);
  for (const std::string& id : connection.ppk_rekey_ids) check("ppk_rekey_ids", id);
  if (connection.ppk_required && connection.ppks.empty())
    section.problem("ppk_required",
                    Error{"E-SCN-012", "a PPK is required, and none is there"}.expect(
                        "add ppks: [{id: ..., secret: ...}]"));
}

/// `redirect_to` of a gateway, and in which exchange clients are told (RFC 5685).
void read_redirect(Section& section, policy::ConnectionConfig& connection) {
  connection.follow_redirects = section.boolean("follow_redirects", false);
  const std::size_t when = section.word("redirect_when", {"init", "auth"}, 0);
  if (section.has("redirect_to")) {
    policy::Redirect redirect;
    redirect.gateway = section.parsed("redirect_to", IpAddress::parse, IpAddress{});
    redirect.when = when == 0 ? policy::Redirect::When::init : policy::Redirect::When::auth;
    if (redirect.gateway == connection.local_addr)
      section.problem("redirect_to", Error{"E-SCN-012", "a gateway that sends clients to itself"});
    connection.redirect_to = redirect;
  } else if (section.has("redirect_when")) {
    section.problem("redirect_when", Error{"E-SCN-012", "'redirect_when' goes with redirect_to"});
  }
}

}  // namespace

void read_extensions(Section& section, policy::ConnectionConfig& connection, Problems& problems) {
  read_ppks(section, connection, problems);
  read_redirect(section, connection);
  connection.hash_and_url = section.boolean("hash_and_url", false);
  connection.childless = static_cast<policy::Childless>(
      section.word("childless", {"never", "allow", "prefer", "force"}, 0));
  connection.auth_lifetime = section.parsed("auth_lifetime", parse_duration, Duration{0});
  connection.quick_crash_detection = section.boolean("quick_crash_detection", false);
  connection.announce_auth = section.boolean("announce_auth", false);
}

}  // namespace ikelab::scenario
