// What an adversary of EAP and of GCM computes. eap.packet, eap.read: packets (RFC 3748, 4);
// eap.md5, eap.mschapv2, eap.mschapv2_proof: what a password answers to a challenge. gcm.add,
// gcm.multiply: the field that GCM authenticates in (NIST SP 800-38D, 6.3).
#include <array>

#include "protocol/eap/mschapv2_crypto.hpp"
#include "protocol/eap/packet.hpp"
#include "sim/script/fields.hpp"
#include "sim/script/primitives.hpp"
#include "sim/script/wire_tables.hpp"

namespace ikelab::script {
namespace {

constexpr std::uint64_t cost_of_hash = 100;  // instructions
constexpr std::size_t challenge_octets = 16, block_octets = 16;

Primitives& mine(lua_State* state) {
  return *static_cast<Primitives*>(lua_touserdata(state, lua_upvalueindex(1)));
}

ByteView check_sized(lua_State* state, int index, std::size_t octets) {
  const ByteView found = check_octets(state, index);
  luaL_argcheck(state, found.size() == octets, index, "of another length than it must have");
  return found;
}

// ---- eap ---------------------------------------------------------------------------------------

/// eap.packet(code, identifier, type, data); code 1 request, 2 response, 3 Success, 4 Failure.
int eap_packet(lua_State* state) {
  const lua_Integer code = luaL_checkinteger(state, 1);
  luaL_argcheck(state, code >= 1 && code <= 4, 1, "1 request, 2 response, 3 Success, 4 Failure");
  eap::Packet packet;
  packet.code = static_cast<eap::Code>(code);
  packet.identifier = static_cast<std::uint8_t>(luaL_checkinteger(state, 2));
  if (code <= 2) {
    packet.type = static_cast<eap::EapType>(luaL_checkinteger(state, 3));
    if (!lua_isnoneornil(state, 4)) packet.data = to_bytes(check_octets(state, 4));
  }
  push(state, eap::encode(packet));
  return 1;
}

/// eap.read(octets): {code, identifier, type, data}; nil when it is no packet.
int eap_read(lua_State* state) {
  const auto packet = eap::decode(check_octets(state, 1));
  if (!packet) {
    lua_pushnil(state);
    push(state, std::string_view(packet.error().message));
    return 2;
  }
  lua_createtable(state, 0, 4);
  set_integer(state, "code", static_cast<lua_Integer>(packet->code));
  set_integer(state, "identifier", packet->identifier);
  set_integer(state, "type", static_cast<lua_Integer>(packet->type));
  set(state, "data", packet->data);
  return 1;
}

/// eap.md5(identifier, password, challenge): the value of an MD5-Challenge response.
int eap_md5(lua_State* state) {
  const Bytes identifier = {static_cast<std::uint8_t>(luaL_checkinteger(state, 1))};
  Sandbox::charge(state, cost_of_hash);
  push(state, mine(state).provider().md5(
                  concat({identifier, check_octets(state, 2), check_octets(state, 3)})));
  return 1;
}

struct Mschapv2 {
  Bytes password_hash, challenge, nt_response;
};
/// (password, authenticator's challenge, peer's challenge, user) on the stack.
Mschapv2 mschapv2_of(lua_State* state) {
  crypto::Provider& provider = mine(state).provider();
  const ByteView theirs = check_sized(state, 2, challenge_octets),
                 ours = check_sized(state, 3, challenge_octets);
  const std::string user = to_text(check_octets(state, 4));
  Sandbox::charge(state, 4 * cost_of_hash);
  Mschapv2 out;
  out.password_hash = eap::nt_password_hash(provider, check_octets(state, 1));
  out.challenge = eap::challenge_hash(provider, ours, theirs, user);
  out.nt_response = eap::challenge_response(provider, out.challenge, out.password_hash);
  return out;
}

int eap_mschapv2(lua_State* state) {
  push(state, mschapv2_of(state).nt_response);
  return 1;
}

int eap_mschapv2_proof(lua_State* state) {
  const Mschapv2 made = mschapv2_of(state);
  push(state, std::string_view(eap::authenticator_response(
                  mine(state).provider(), made.password_hash, made.nt_response, made.challenge)));
  return 1;
}

// ---- gcm ---------------------------------------------------------------------------------------

using Block = std::array<std::uint8_t, block_octets>;

Block block_at(lua_State* state, int index) {
  Block out;
  const ByteView octets = check_sized(state, index, block_octets);
  std::copy(octets.begin(), octets.end(), out.begin());
  return out;
}

int gcm_add(lua_State* state) {
  Block sum = block_at(state, 1);
  const Block other = block_at(state, 2);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= other[i];
  push(state, Bytes(sum.begin(), sum.end()));
  return 1;
}

/// Bit 0 is the leftmost; the reduction polynomial is 11100001 and 120 zeros (6.3).
int gcm_multiply(lua_State* state) {
  const Block x = block_at(state, 1);
  Block v = block_at(state, 2), z{};
  Sandbox::charge(state, 10);
  for (unsigned i = 0; i < 128; ++i) {
    if ((x[i / 8] >> (7 - i % 8) & 1) != 0)
      for (std::size_t k = 0; k < v.size(); ++k) z[k] ^= v[k];
    const bool carry = (v[15] & 1) != 0;
    for (std::size_t k = v.size() - 1; k > 0; --k)
      v[k] = static_cast<std::uint8_t>(v[k] >> 1 | v[k - 1] << 7);
    v[0] >>= 1;
    if (carry) v[0] ^= 0xe1;
  }
  push(state, Bytes(z.begin(), z.end()));
  return 1;
}

constexpr luaL_Reg eap_functions[] = {{"packet", eap_packet},
                                      {"read", eap_read},
                                      {"md5", eap_md5},
                                      {"mschapv2", eap_mschapv2},
                                      {"mschapv2_proof", eap_mschapv2_proof},
                                      {nullptr, nullptr}};
constexpr luaL_Reg gcm_functions[] = {
    {"add", gcm_add}, {"multiply", gcm_multiply}, {nullptr, nullptr}};

}  // namespace

void open_eap_library(lua_State* state, Primitives& primitives) {
  for (const auto& [name, functions] :
       {std::pair("eap", eap_functions), std::pair("gcm", gcm_functions)}) {
    lua_newtable(state);
    lua_pushlightuserdata(state, &primitives);
    luaL_setfuncs(state, functions, 1);
    lua_setglobal(state, name);
  }
}

}  // namespace ikelab::script
