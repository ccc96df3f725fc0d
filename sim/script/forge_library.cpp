// Octets of the other protocols that attacks on IPsec use: icmp.message, inet.checksum,
// inet.packet, inet.read.
#include <algorithm>

#include "protocol/base/address.hpp"
#include "sim/script/fields.hpp"

namespace ikelab::script {
namespace {

constexpr std::size_t ip_header = 20;

/// The Internet checksum (RFC 1071).
std::uint16_t checksum_of(ByteView octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); i += 2)
    sum += static_cast<std::uint32_t>(octets[i] << 8 | (i + 1 < octets.size() ? octets[i + 1] : 0));
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

void put_checksum(Bytes& octets, std::size_t at) {
  octets[at] = octets[at + 1] = 0;
  const std::uint16_t sum = checksum_of(octets);
  octets[at] = static_cast<std::uint8_t>(sum >> 8);
  octets[at + 1] = static_cast<std::uint8_t>(sum);
}

int inet_checksum(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  Sandbox::charge(state, octets.size() / 8);
  lua_pushinteger(state, checksum_of(octets));
  return 1;
}

/// icmp.message{type =, code =, rest = 4 octets, data = what it quotes}
int icmp_message(lua_State* state) {
  const Fields given(state, 1);
  Bytes rest = given.octets_if_any("rest");
  rest.resize(4);
  const Bytes data = given.octets_if_any("data");
  if (data.size() > 60'000) return luaL_error(state, "data has more than 60000 octets");
  Bytes octets = {static_cast<std::uint8_t>(given.integer("type", 255)),
                  static_cast<std::uint8_t>(given.integer("code", 255)), 0, 0};
  octets.insert(octets.end(), rest.begin(), rest.end());
  octets.insert(octets.end(), data.begin(), data.end());
  put_checksum(octets, 2);
  Sandbox::charge(state, octets.size() / 8);
  push(state, octets);
  return 1;
}

Bytes address_field(lua_State* state, const Fields& given, const char* name) {
  const auto address = IpAddress::parse(to_text(given.octets(name)));
  if (!address.ok() || address->is_v6()) luaL_error(state, "%s is no IPv4 address", name);
  const std::uint32_t value = address->to_v4();
  return {static_cast<std::uint8_t>(value >> 24), static_cast<std::uint8_t>(value >> 16),
          static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

/// inet.packet{src =, dst =, protocol = number, payload =, ttl = 64, id = 0}: an IPv4 packet (RFC
/// 791), for what goes inside a tunnel or is quoted by an ICMP error.
int inet_packet(lua_State* state) {
  const Fields given(state, 1);
  const Bytes payload = given.octets_if_any("payload");
  if (payload.size() > 60'000) return luaL_error(state, "payload has more than 60000 octets");
  const std::size_t size = ip_header + payload.size();
  const auto id = given.integer("id", 65'535);
  Bytes octets = {0x45,
                  0,
                  static_cast<std::uint8_t>(size >> 8),
                  static_cast<std::uint8_t>(size),
                  static_cast<std::uint8_t>(id >> 8),
                  static_cast<std::uint8_t>(id),
                  0,
                  0,
                  static_cast<std::uint8_t>(given.integer("ttl", 255, 64)),
                  static_cast<std::uint8_t>(given.integer("protocol", 255)),
                  0,
                  0};
  for (const char* end : {"src", "dst"}) {
    const Bytes address = address_field(state, given, end);
    octets.insert(octets.end(), address.begin(), address.end());
  }
  put_checksum(octets, 10);
  octets.insert(octets.end(), payload.begin(), payload.end());
  Sandbox::charge(state, octets.size() / 8);
  push(state, octets);
  return 1;
}

/// inet.read(octets): {src, dst, protocol, ttl, payload} of an IPv4 packet, or nil.
int inet_read(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  const std::size_t header = octets.empty() ? 0 : (octets[0] & 15U) * 4U;
  if (octets.size() < ip_header || octets[0] >> 4 != 4 || header < ip_header ||
      header > octets.size()) {
    lua_pushnil(state);
    return 1;
  }
  lua_createtable(state, 0, 5);
  set(state, "src", IpAddress::from_octets(octets.subspan(12, 4)).value().to_string());
  set(state, "dst", IpAddress::from_octets(octets.subspan(16, 4)).value().to_string());
  set_integer(state, "protocol", octets[9]);
  set_integer(state, "ttl", octets[8]);
  set(state, "payload", octets.subspan(header));
  return 1;
}

constexpr luaL_Reg icmp_functions[] = {{"message", icmp_message}, {nullptr, nullptr}};
constexpr luaL_Reg inet_functions[] = {
    {"checksum", inet_checksum}, {"packet", inet_packet}, {"read", inet_read}, {nullptr, nullptr}};

}  // namespace

void open_forge_library(lua_State* state) {
  luaL_newlib(state, icmp_functions);
  lua_setglobal(state, "icmp");
  luaL_newlib(state, inet_functions);
  lua_setglobal(state, "inet");
}

}  // namespace ikelab::script
