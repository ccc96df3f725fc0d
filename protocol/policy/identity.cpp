#include "protocol/policy/identity.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "protocol/policy/distinguished_name.hpp"

namespace ikelab::policy {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool same_text(ByteView a, ByteView b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto x, auto y) {
    return lower(static_cast<char>(x)) == lower(static_cast<char>(y));
  });
}
bool is_printable(ByteView data) {
  return std::all_of(data.begin(), data.end(),
                     [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
}

/// swanctl's way to write an ID_KEY_ID: "@#6b6579".
constexpr std::string_view key_id_prefix = "@#";

}  // namespace

Identity Identity::any() {
  Identity id;
  id.any_value = true;
  return id;
}

Result<Identity> Identity::parse(std::string_view text) {
  if (text == "%any") return any();
  if (text.empty())
    return Error{"E-POL-030", "an empty identity"}
        .see("RFC 7296, 3.5")
        .expect("for example gw-a.example, 192.0.2.1 or %any");
  Identity id;
  if (text.starts_with(key_id_prefix)) {
    auto octets = from_hex(text.substr(key_id_prefix.size()));
    if (!octets || octets->empty())
      return Error{"E-POL-030", fmt::format("'{}' is no key id", text)}
          .see("RFC 7296, 3.5")
          .expect("expected @# and hexadecimal digits");
    id.type = wire::IdType::key_id;
    id.data = std::move(*octets);
    return id;
  }
  if (const auto ip = IpAddress::parse(text)) {
    id.type = ip->is_v6() ? wire::IdType::ipv6_addr : wire::IdType::ipv4_addr;
    id.data = to_bytes(ip->octets());
  } else if (text.find('=') != std::string_view::npos) {
    id.type = wire::IdType::der_asn1_dn;
    IKELAB_TRY(id.data, encode_distinguished_name(text));
  } else {
    id.type =
        text.find('@') == std::string_view::npos ? wire::IdType::fqdn : wire::IdType::rfc822_addr;
    id.data = to_bytes(as_bytes(text));
  }
  return id;
}

bool Identity::matches(const Identity& presented) const {
  if (any_value) return true;
  if (type != presented.type) return false;
  if (type == wire::IdType::fqdn || type == wire::IdType::rfc822_addr)
    return same_text(data, presented.data);
  if (type == wire::IdType::der_asn1_dn) return same_distinguished_name(data, presented.data);
  return equal(data, presented.data);
}

std::string Identity::to_string() const {
  if (any_value) return "%any";
  if (type == wire::IdType::ipv4_addr || type == wire::IdType::ipv6_addr)
    if (const auto ip = IpAddress::from_octets(data)) return ip->to_string();
  if (type == wire::IdType::der_asn1_dn)
    if (const auto text = distinguished_name_text(data)) return *text;
  const bool text = type == wire::IdType::fqdn || type == wire::IdType::rfc822_addr;
  if (text && is_printable(data)) return to_text(data);
  if (type == wire::IdType::key_id) return std::string(key_id_prefix) + to_hex(data);
  if (type == wire::IdType::null) return "nobody (ID_NULL)";
  return fmt::format("{} {}", wire::name(type), to_hex(data));
}

wire::IdPayload Identity::payload(bool responder) const {
  return {responder, type, data};
}

}  // namespace ikelab::policy
