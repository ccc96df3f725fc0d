// What an adversary does with keys it has: the key schedule of IKEv2, messages and ESP packets
// opened and sealed, AUTH computed. ike.suite, ike.keys, ike.child_keys, ike.open, ike.seal,
// ike.signed_octets, ike.psk_auth, ike.signature_auth; esp.open, esp.seal.
#include "protocol/esp/packet.hpp"
#include "protocol/ikev2/protect.hpp"
#include "protocol/keys/auth_octets.hpp"
#include "protocol/keys/ike_keys.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "sim/script/fields.hpp"
#include "sim/script/primitives.hpp"
#include "sim/script/wire_tables.hpp"

namespace ikelab::script {
namespace {

constexpr std::uint64_t cost_of_schedule = 1'500;  // instructions
constexpr std::uint64_t cost_of_message = 500;
constexpr std::uint64_t cost_of_auth = 300;

Primitives& mine(lua_State* state) {
  return *static_cast<Primitives*>(lua_touserdata(state, lua_upvalueindex(1)));
}

int refuse(lua_State* state, const Error& error) {
  lua_pushnil(state);
  push(state, std::string_view(error.message));
  return 2;
}

Secret secret_field(const Fields& fields, const char* name) {
  return Secret(fields.octets(name));
}

const crypto::Algorithm& prf_of(lua_State* state, const policy::Suite& suite) {
  if (suite.prf == nullptr) luaL_error(state, "the suite has no prf");
  return *suite.prf;
}

// ---- suites and keys ---------------------------------------------------------------------------

/// ike.suite(proposal): the words of a chosen proposal's transforms, the first of each type.
int suite(lua_State* state) {
  static constexpr std::pair<const char*, crypto::TransformType> types[] = {
      {"encr", crypto::TransformType::encr},
      {"integ", crypto::TransformType::integ},
      {"prf", crypto::TransformType::prf},
      {"ke", crypto::TransformType::ke}};
  luaL_checktype(state, 1, LUA_TTABLE);
  if (lua_getfield(state, 1, "transforms") != LUA_TTABLE)
    return luaL_argerror(state, 1, "no proposal: it has no transforms");
  const int transforms = lua_gettop(state);
  lua_createtable(state, 0, 4);
  for (const auto& [word, type] : types) {
    const auto count = static_cast<lua_Integer>(lua_rawlen(state, transforms));
    for (lua_Integer i = 1; i <= std::min<lua_Integer>(count, 255); ++i) {
      lua_rawgeti(state, transforms, i);
      const Fields transform(state, -1);
      const bool wanted = transform.integer("type", 255) == static_cast<lua_Integer>(type) &&
                          transform.integer("id", 65535) != 0;  // 0: NONE
      const crypto::Algorithm* found = wanted ? &check_algorithm(state, -1, type) : nullptr;
      lua_pop(state, 1);
      if (found == nullptr) continue;
      set(state, word, found->keyword);
      break;
    }
  }
  return 1;
}

/// ike.keys(suite, {ni, nr, shared, spi_i, spi_r}): SKEYSEED and the seven secrets (RFC 7296,
/// 2.14). With `sk_d_old`: those of a rekey (2.18).
int keys(lua_State* state) {
  const policy::Suite chosen = check_suite(state, 1);
  const Fields given(state, 2);
  const Bytes ni = given.octets("ni"), nr = given.octets("nr");
  const Secret shared = secret_field(given, "shared");
  const Bytes old = given.octets_if_any("sk_d_old");
  Sandbox::charge(state, cost_of_schedule);
  keys::KeySchedule schedule(mine(state).provider(), prf_of(state, chosen));
  const keys::Nonces nonces{ni, nr, {}};
  const auto seed = old.empty() ? schedule.skeyseed(nonces, shared)
                                : schedule.skeyseed_of_rekey(Secret(Bytes(old)), shared, nonces);
  if (!seed.ok()) return refuse(state, seed.error());
  const auto made = schedule.ike_keys(*seed, nonces, given.spi("spi_i"), given.spi("spi_r"),
                                      {chosen.encr, chosen.integ});
  if (!made.ok()) return refuse(state, made.error());
  lua_createtable(state, 0, 8);
  const std::pair<const char*, const Secret*> all[] = {
      {"skeyseed", &*seed},    {"sk_d", &made->sk_d},   {"sk_ai", &made->sk_ai},
      {"sk_ar", &made->sk_ar}, {"sk_ei", &made->sk_ei}, {"sk_er", &made->sk_er},
      {"sk_pi", &made->sk_pi}, {"sk_pr", &made->sk_pr}};
  for (const auto& [name, value] : all) set(state, name, value->reveal());
  return 1;
}

/// ike.child_keys(prf, suite, {sk_d, ni, nr [, shared]}): the keys of two ESP SAs (RFC 7296, 2.17).
int child_keys(lua_State* state) {
  const crypto::Algorithm& prf = check_algorithm(state, 1, crypto::TransformType::prf);
  const policy::Suite chosen = check_suite(state, 2);
  const Fields given(state, 3);
  const Bytes ni = given.octets("ni"), nr = given.octets("nr");
  const Secret sk_d = secret_field(given, "sk_d"), shared(given.octets_if_any("shared"));
  Sandbox::charge(state, cost_of_schedule);
  keys::KeySchedule schedule(mine(state).provider(), prf);
  const auto made = schedule.child_keys(sk_d, shared.empty() ? nullptr : &shared, {ni, nr, {}},
                                        {chosen.encr, chosen.integ});
  if (!made.ok()) return refuse(state, made.error());
  lua_createtable(state, 0, 4);
  set(state, "encr_i", made->encr_initiator_to_responder.reveal());
  set(state, "integ_i", made->integ_initiator_to_responder.reveal());
  set(state, "encr_r", made->encr_responder_to_initiator.reveal());
  set(state, "integ_r", made->integ_responder_to_initiator.reveal());
  return 1;
}

// ---- the Encrypted payload ---------------------------------------------------------------------

/// The keys of the message's direction: the original initiator writes with SK_ei and SK_ai.
struct Direction {
  Bytes sk_e, sk_a;
};

Direction direction(lua_State* state, int index, bool initiator) {
  const Fields given(state, index);
  return {given.octets(initiator ? "sk_ei" : "sk_er"),
          given.octets_if_any(initiator ? "sk_ai" : "sk_ar")};
}

/// ike.open(octets, suite, keys): the message with the payloads inside its Encrypted payload in
/// place of it; nil and why when they do not open.
int open(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  const policy::Suite chosen = check_suite(state, 2);
  Sandbox::charge(state, cost_of_message + octets.size());
  const wire::Decoded decoded = wire::decode(octets);
  const Direction key = direction(state, 3, decoded.message.header.initiator);
  for (const wire::Payload& payload : decoded.message.payloads) {
    const auto* sk = std::get_if<wire::SkPayload>(&payload.body);
    if (sk == nullptr) continue;
    const auto plain =
        ikev2::open_message(mine(state).provider(), chosen, {key.sk_e, key.sk_a}, octets, payload);
    if (!plain.ok()) return refuse(state, plain.error());
    const wire::DecodedChain inner = wire::decode_chain(*plain, sk->first_inner);
    push_message(state, decoded.message.header, inner.payloads, *plain, inner.diagnostics);
    return 1;
  }
  return refuse(state, Error{"E-IKE-010", "the message has no Encrypted payload"});
}

/// ike.seal(message, suite, keys): octets, with all payloads inside an Encrypted payload.
int seal(lua_State* state) {
  const wire::Message message = message_argument(state, 1);
  const policy::Suite chosen = check_suite(state, 2);
  const Direction key = direction(state, 3, message.header.initiator);
  Sandbox::charge(state, cost_of_message);
  const Bytes iv = mine(state).rng().bytes(chosen.encr->iv_size);
  const auto sealed = ikev2::seal_message(mine(state).provider(), chosen, {key.sk_e, key.sk_a},
                                          message.header, message.payloads, iv);
  if (!sealed.ok()) return refuse(state, sealed.error());
  push(state, *sealed);
  return 1;
}

// ---- AUTH --------------------------------------------------------------------------------------

/// ike.signed_octets(prf, {message, nonce, sk_p, id}): what one side's AUTH covers (RFC 7296,
/// 2.15): its first message, the other's nonce, prf(SK_p, its ID payload without header).
int signed_octets(lua_State* state) {
  const crypto::Algorithm& prf = check_algorithm(state, 1, crypto::TransformType::prf);
  const Fields given(state, 2);
  const Bytes message = given.octets("message"), nonce = given.octets("nonce"),
              id = given.octets("id");
  Sandbox::charge(state, cost_of_auth + message.size() / 8);
  const auto octets = keys::initiator_signed_octets(mine(state).provider(), prf, message, nonce,
                                                    secret_field(given, "sk_p"), id);
  if (!octets.ok()) return refuse(state, octets.error());
  push(state, octets->octets);
  return 1;
}

/// ike.psk_auth(prf, secret, signed_octets): AUTH of a shared secret.
int psk_auth(lua_State* state) {
  const crypto::Algorithm& prf = check_algorithm(state, 1, crypto::TransformType::prf);
  const Secret secret(to_bytes(check_octets(state, 2)));
  const ByteView octets = check_octets(state, 3);
  Sandbox::charge(state, cost_of_auth + octets.size() / 8);
  const auto auth = keys::shared_key_auth(mine(state).provider(), prf, secret, octets);
  if (!auth.ok()) return refuse(state, auth.error());
  push(state, *auth);
  return 1;
}

// ---- ESP ---------------------------------------------------------------------------------------

/// (packet or payload, suite, encryption key [, integrity key])
esp::SaParameters esp_sa(lua_State* state) {
  esp::SaParameters sa;
  sa.suite = check_suite(state, 2);
  const ByteView encryption = check_octets(state, 3);
  luaL_argcheck(state, encryption.size() == sa.suite.encr->key_size + sa.suite.encr->salt_size, 3,
                "not the algorithm's size of key and salt");
  sa.encryption_key = Secret(to_bytes(encryption));
  if (!lua_isnoneornil(state, 4)) sa.integrity_key = Secret(to_bytes(check_octets(state, 4)));
  if (sa.suite.integ != nullptr && sa.integrity_key.size() != sa.suite.integ->key_size)
    luaL_argerror(state, 4, "not the algorithm's size of key");
  return sa;
}

/// esp.open(packet, suite, encryption key [, integrity key]): {payload, next_header}, or nil and
/// why.
int esp_open(lua_State* state) {
  const ByteView packet = check_octets(state, 1);
  esp::SaParameters sa = esp_sa(state);
  Sandbox::charge(state, cost_of_message + packet.size() / 4);
  const auto header = esp::header_of(packet);
  if (!header) return refuse(state, Error{"E-ESP-SHORT", "too short for an ESP packet"});
  sa.spi = header->spi;
  const auto transform = esp::Transform::make(mine(state).provider(), sa, false);
  if (!transform.ok()) return refuse(state, transform.error());
  Bytes plain;
  if (const auto opened = transform->open(header->sequence, packet, plain); !opened.ok())
    return refuse(state, opened.error());
  const auto next_header = esp::strip_padding(plain);
  if (!next_header.ok()) return refuse(state, next_header.error());
  lua_createtable(state, 0, 2);
  set(state, "payload", plain);
  set_integer(state, "next_header", *next_header);
  return 1;
}

/// esp.seal(payload, suite, encryption key, integrity key or nil, {spi, sequence [, next_header]})
int esp_seal(lua_State* state) {
  const ByteView payload = check_octets(state, 1);
  luaL_argcheck(state, payload.size() <= 60'000, 1, "a payload longer than 60000 octets");
  esp::SaParameters sa = esp_sa(state);
  const Fields header(state, 5);
  const auto spi = from_hex(to_text(header.octets("spi")));
  if (!spi.ok() || spi->size() != 4) return luaL_argerror(state, 5, "spi must be 8 hex digits");
  sa.spi = EspSpi{static_cast<std::uint32_t>((*spi)[0]) << 24 | (*spi)[1] << 16 | (*spi)[2] << 8 |
                  (*spi)[3]};
  const auto sequence = static_cast<std::uint64_t>(header.integer("sequence", 0xffff'ffff, 1));
  const auto next = static_cast<std::uint8_t>(header.integer("next_header", 255, 4));
  Sandbox::charge(state, cost_of_message + payload.size() / 4);
  const Bytes iv = mine(state).rng().bytes(sa.suite.encr->iv_size);
  const auto sealed = esp::seal_packet(mine(state).provider(), sa, sequence, iv, payload, next);
  if (!sealed.ok()) return refuse(state, sealed.error());
  push(state, *sealed);
  return 1;
}

constexpr luaL_Reg ike_functions[] = {
    {"suite", suite},      {"keys", keys}, {"child_keys", child_keys},
    {"open", open},        {"seal", seal}, {"signed_octets", signed_octets},
    {"psk_auth", psk_auth}};
constexpr luaL_Reg esp_functions[] = {{"open", esp_open}, {"seal", esp_seal}};

template <std::size_t n>
void add_to(lua_State* state, const char* table, const luaL_Reg (&functions)[n],
            Primitives& primitives) {
  lua_getglobal(state, table);
  for (const luaL_Reg& row : functions) {
    lua_pushlightuserdata(state, &primitives);
    lua_pushcclosure(state, row.func, 1);
    lua_setfield(state, -2, row.name);
  }
  lua_pop(state, 1);
}

}  // namespace

void open_keys_library(lua_State* state, Primitives& primitives) {
  add_to(state, "ike", ike_functions, primitives);
  add_to(state, "esp", esp_functions, primitives);
}

}  // namespace ikelab::script
