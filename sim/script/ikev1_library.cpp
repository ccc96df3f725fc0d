// What an adversary of IKEv1 computes: ikev1.sa, ikev1.skeyid, ikev1.keys, ikev1.hash,
// ikev1.open, ikev1.seal (RFC 2409), RSA's bare operation with a public key, and numbers larger
// than Lua's for the arithmetic of attacks on it: number.*.
#include <algorithm>

#include "protocol/crypto/pkcs1.hpp"
#include "protocol/keys/ikev1_keys.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/policy/ikev1_proposal.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "sim/script/fields.hpp"
#include "sim/script/natural.hpp"
#include "sim/script/primitives.hpp"
#include "sim/script/wire_tables.hpp"

namespace ikelab::script {
namespace {

constexpr std::uint64_t cost_of_prf = 100;  // instructions
constexpr std::uint64_t cost_of_rsa = 1'000;

Primitives& mine(lua_State* state) {
  return *static_cast<Primitives*>(lua_touserdata(state, lua_upvalueindex(1)));
}

int refuse(lua_State* state, const Error& error) {
  lua_pushnil(state);
  push(state, std::string_view(error.message));
  return 2;
}

const crypto::Algorithm& prf_at(lua_State* state, int index) {
  return check_algorithm(state, index, crypto::TransformType::prf);
}

int push_result(lua_State* state, const Result<Bytes>& made) {
  if (!made.ok()) return refuse(state, made.error());
  push(state, *made);
  return 1;
}

// ---- ikev1 -------------------------------------------------------------------------------------

/// ikev1.sa(body): {suite = {encr, integ, prf, ke}, method = number} of the first transform of an
/// SA payload's body; nil when it says none that we know.
int v1_sa(lua_State* state) {
  Sandbox::charge(state, check_octets(state, 1).size());
  const auto chain = wire::decode_chain(
      wire::encode_chain({wire::Payload{wire::PayloadType::v1_sa, false,
                                        wire::UnknownPayload{wire::PayloadType::v1_sa,
                                                             to_bytes(check_octets(state, 1))},
                                        0, 0}})
          .bytes,
      wire::PayloadType::v1_sa);
  const auto* sa = wire::first<wire::v1::SaPayload>(chain.payloads);
  if (sa == nullptr) return refuse(state, Error{"E-WIRE-020", "no SA payload of IKEv1"});
  const auto offers = policy::v1::offers(*sa, wire::v1::protocol_isakmp);
  if (offers.empty()) return refuse(state, Error{"E-WIRE-020", "no transform of phase 1"});
  lua_createtable(state, 0, 2);
  lua_createtable(state, 0, 4);
  static constexpr const char* words[] = {"", "encr", "prf", "integ", "ke"};
  for (const wire::Transform& t : offers.front().words.transforms) {
    const auto* known =
        crypto::find(static_cast<crypto::TransformType>(t.type), t.id, t.key_bits());
    if (known != nullptr && t.type < std::size(words)) set(state, words[t.type], known->keyword);
  }
  lua_setfield(state, -2, "suite");
  set_integer(state, "method",
              offers.front().transform->value_of(wire::v1::phase1::authentication));
  return 1;
}

/// ikev1.skeyid(prf, {psk, ni, nr}) or ({shared, ni, nr}) or ({ni, nr, spi_i, spi_r}): SKEYID by
/// pre-shared key, signatures, RSA encryption (RFC 2409, 5).
int v1_skeyid(lua_State* state) {
  const crypto::Algorithm& prf = prf_at(state, 1);
  const Fields given(state, 2);
  const Bytes ni = given.octets("ni"), nr = given.octets("nr");
  Sandbox::charge(state, cost_of_prf);
  keys::v1::Schedule schedule(mine(state).provider(), prf);
  const auto made =
      given.has("psk") ? schedule.skeyid_of_psk(given.octets("psk"), {ni, nr})
      : given.has("shared")
          ? schedule.skeyid_of_signatures(Secret(given.octets("shared")), {ni, nr})
          : schedule.skeyid_of_encryption({ni, nr}, given.spi("spi_i"), given.spi("spi_r"));
  if (!made.ok()) return refuse(state, made.error());
  push(state, made->reveal());
  return 1;
}

/// ikev1.keys(suite, {skeyid, shared, spi_i, spi_r}): {skeyid_d, skeyid_a, skeyid_e, key}.
int v1_keys(lua_State* state) {
  const policy::Suite chosen = check_suite(state, 1, false);
  const Fields given(state, 2);
  if (chosen.prf == nullptr) return luaL_argerror(state, 1, "the suite has no prf");
  Sandbox::charge(state, 4 * cost_of_prf);
  keys::v1::Schedule schedule(mine(state).provider(), *chosen.prf);
  const auto made = schedule.skeyids(Secret(given.octets("skeyid")), Secret(given.octets("shared")),
                                     given.spi("spi_i"), given.spi("spi_r"));
  if (!made.ok()) return refuse(state, made.error());
  const auto key = schedule.cipher_key(made->skeyid_e, *chosen.encr);
  if (!key.ok()) return refuse(state, key.error());
  lua_createtable(state, 0, 4);
  set(state, "skeyid_d", made->skeyid_d.reveal());
  set(state, "skeyid_a", made->skeyid_a.reveal());
  set(state, "skeyid_e", made->skeyid_e.reveal());
  set(state, "key", key->reveal());
  return 1;
}

/// ikev1.iv(suite, first, second): hash(g^xi | g^xr), or hash(last block of phase 1 | M-ID).
int v1_iv(lua_State* state) {
  const policy::Suite chosen = check_suite(state, 1, false);
  if (chosen.prf == nullptr) return luaL_argerror(state, 1, "the suite has no prf");
  Sandbox::charge(state, cost_of_prf);
  keys::v1::Schedule schedule(mine(state).provider(), *chosen.prf);
  return push_result(state,
                     schedule.iv(check_octets(state, 2), check_octets(state, 3), *chosen.encr));
}

/// ikev1.hash(prf, who, {skeyid, g_xi, g_xr, spi_i, spi_r, sa, id}): HASH_I or HASH_R, `who` is
/// "initiator" or "responder"; sa and id are payloads' bodies.
int v1_hash(lua_State* state) {
  const crypto::Algorithm& prf = prf_at(state, 1);
  const bool initiator = check_text(state, 2) == "initiator";
  const Fields given(state, 3);
  const Bytes g_xi = given.octets("g_xi"), g_xr = given.octets("g_xr"), sa = given.octets("sa"),
              id = given.octets("id");
  Sandbox::charge(state, cost_of_prf + (g_xi.size() + sa.size()) / 4);
  keys::v1::Schedule schedule(mine(state).provider(), prf);
  return push_result(
      state, schedule.hash_of(initiator, Secret(given.octets("skeyid")),
                              {g_xi, g_xr, sa, given.spi("spi_i"), given.spi("spi_r")}, id));
}

/// ikev1.open(octets, suite, key, iv): the message with the payloads inside, and the IV of the
/// next message as `iv`; nil and why when the key opens no payloads.
int v1_open(lua_State* state) {
  const ByteView octets = check_octets(state, 1);
  const policy::Suite chosen = check_suite(state, 2, false);
  const ByteView key = check_octets(state, 3), iv = check_octets(state, 4);
  Sandbox::charge(state, cost_of_prf + octets.size());
  const wire::Decoded decoded = wire::decode(octets);
  const auto* sealed = wire::first<wire::v1::EncryptedPayload>(decoded.message.payloads);
  const std::size_t block = chosen.encr->block_size;
  if (sealed == nullptr || sealed->body.empty() || sealed->body.size() % block != 0)
    return refuse(state, Error{"E-IKE1-001", "not an encrypted message of IKEv1"});
  const auto plain = mine(state).provider().open(*chosen.encr, key, iv, {}, sealed->body);
  if (!plain.ok()) return refuse(state, plain.error());
  const auto inner = wire::decode_chain(*plain, sealed->first_inner);
  if (!inner.ok()) return refuse(state, wire::to_error(*wire::first_error(inner.diagnostics)));
  push_message(state, decoded.message.header, inner.payloads, *plain, inner.diagnostics);
  set(state, "iv", ByteView(sealed->body).last(block));
  return 1;
}

/// ikev1.seal(message, suite, key, iv): octets, and the IV of the next message.
int v1_seal(lua_State* state) {
  const wire::Message message = message_argument(state, 1);
  const policy::Suite chosen = check_suite(state, 2, false);
  const ByteView key = check_octets(state, 3), iv = check_octets(state, 4);
  wire::EncodedChain chain = wire::encode_chain(message.payloads);
  const std::size_t block = chosen.encr->block_size;
  chain.bytes.resize((chain.bytes.size() + block - 1) / block * block);
  Sandbox::charge(state, cost_of_prf + chain.bytes.size());
  auto sealed = mine(state).provider().seal(*chosen.encr, key, iv, {}, chain.bytes);
  if (!sealed.ok()) return refuse(state, sealed.error());
  const Bytes next(sealed->end() - static_cast<std::ptrdiff_t>(block), sealed->end());
  wire::Header header = message.header;
  header.major = 1;
  header.encrypted = true;
  const wire::v1::EncryptedPayload body{chain.first, std::move(*sealed)};
  push(state, wire::encode({header, {wire::make_payload(body)}}));
  push(state, next);
  return 2;
}

// ---- RSA ---------------------------------------------------------------------------------------

/// rsa.key(certificate): {n, e} of an RSA certificate as octets; nil and why otherwise.
int rsa_key(lua_State* state) {
  Sandbox::charge(state, cost_of_rsa);
  const auto info = pki::parse_certificate(check_octets(state, 1));
  if (!info.ok()) return refuse(state, info.error());
  const auto key = mine(state).provider().public_key(info->public_key_der);
  if (!key.ok()) return refuse(state, key.error());
  const auto numbers = (*key)->rsa_numbers();
  if (!numbers) return refuse(state, Error{"E-CRYPTO-RSA", "the certificate's key is not RSA"});
  lua_createtable(state, 0, 2);
  set(state, "n", numbers->n);
  set(state, "e", numbers->e);
  return 1;
}

/// rsa.block(data, octets): a PKCS #1 block for encryption, 00 02 ... 00 data.
int rsa_block(lua_State* state) {
  const ByteView data = check_octets(state, 1);
  const lua_Integer octets = luaL_checkinteger(state, 2);
  luaL_argcheck(state, octets <= 1024 && octets >= static_cast<lua_Integer>(data.size() + 11), 2,
                "too small for the data, or above 1024");
  push(state,
       crypto::pkcs1::encryption_block(data, static_cast<std::size_t>(octets), mine(state).rng()));
  return 1;
}

/// rsa.data(block): the data of a PKCS #1 block, nil when it is none.
int rsa_data(lua_State* state) {
  const auto data = crypto::pkcs1::data_of_encryption_block(check_octets(state, 1));
  if (data)
    push(state, *data);
  else
    lua_pushnil(state);
  return 1;
}

// ---- numbers -----------------------------------------------------------------------------------

Natural natural_at(lua_State* state, int index) {
  if (lua_isinteger(state, index)) {
    const lua_Integer value = lua_tointeger(state, index);
    luaL_argcheck(state, value >= 0, index, "a number below zero");
    return Natural(static_cast<std::uint64_t>(value));
  }
  const ByteView octets = check_octets(state, index);
  luaL_argcheck(state, octets.size() <= 1024, index, "a number of more than 1024 octets");
  Sandbox::charge(state, 20 + octets.size());
  return Natural(octets);
}

void push_natural(lua_State* state, const Natural& value) {
  push(state, value.octets());
}

enum class Operation { add, subtract, multiply, divide, modulo };

template <Operation operation>
int number_of(lua_State* state) {
  const Natural a = natural_at(state, 1), b = natural_at(state, 2);
  Sandbox::charge(state, 50 + a.octets().size() * (b.octets().size() + 1) / 8);
  if constexpr (operation == Operation::add) push_natural(state, a + b);
  if constexpr (operation == Operation::subtract) {
    luaL_argcheck(state, !(a < b), 2, "the difference would be below zero");
    push_natural(state, a - b);
  }
  if constexpr (operation == Operation::multiply) push_natural(state, a * b);
  if constexpr (operation == Operation::divide || operation == Operation::modulo) {
    luaL_argcheck(state, !b.is_zero(), 2, "division by zero");
    const auto [quotient, remainder] = a.divided_by(b);
    push_natural(state, operation == Operation::divide ? quotient : remainder);
  }
  return 1;
}

/// number.less(a, b)
int number_less(lua_State* state) {
  lua_pushboolean(state, natural_at(state, 1) < natural_at(state, 2) ? 1 : 0);
  return 1;
}

/// number.power(base, exponent, modulus)
int number_power(lua_State* state) {
  const Natural base = natural_at(state, 1), exponent = natural_at(state, 2),
                modulus = natural_at(state, 3);
  luaL_argcheck(state, !modulus.is_zero(), 3, "division by zero");
  const std::size_t octets = modulus.octets().size();
  Sandbox::charge(state, 200 + exponent.octets().size() * octets * octets / 8);
  push_natural(state, base.power(exponent, modulus));
  return 1;
}

/// number.octets(a, count): big-endian, filled with zeros on the left.
int number_octets(lua_State* state) {
  const Bytes octets = natural_at(state, 1).octets();
  const lua_Integer count = luaL_checkinteger(state, 2);
  luaL_argcheck(state, count >= static_cast<lua_Integer>(octets.size()) && count <= 2048, 2,
                "too few octets for the number, or above 2048");
  Bytes out(static_cast<std::size_t>(count));
  std::copy(octets.begin(), octets.end(), out.end() - static_cast<std::ptrdiff_t>(octets.size()));
  push(state, out);
  return 1;
}

constexpr luaL_Reg v1_functions[] = {{"sa", v1_sa},     {"skeyid", v1_skeyid}, {"keys", v1_keys},
                                     {"iv", v1_iv},     {"hash", v1_hash},     {"open", v1_open},
                                     {"seal", v1_seal}, {nullptr, nullptr}};
constexpr luaL_Reg rsa_functions[] = {
    {"key", rsa_key}, {"block", rsa_block}, {"data", rsa_data}, {nullptr, nullptr}};
constexpr luaL_Reg number_functions[] = {{"add", number_of<Operation::add>},
                                         {"sub", number_of<Operation::subtract>},
                                         {"mul", number_of<Operation::multiply>},
                                         {"div", number_of<Operation::divide>},
                                         {"mod", number_of<Operation::modulo>},
                                         {"less", number_less},
                                         {"power", number_power},
                                         {"octets", number_octets},
                                         {nullptr, nullptr}};

void new_table(lua_State* state, const luaL_Reg* functions, Primitives& primitives) {
  lua_newtable(state);
  lua_pushlightuserdata(state, &primitives);
  luaL_setfuncs(state, functions, 1);
}

}  // namespace

void open_ikev1_library(lua_State* state, Primitives& primitives) {
  new_table(state, v1_functions, primitives);
  lua_setglobal(state, "ikev1");
  new_table(state, rsa_functions, primitives);
  lua_setglobal(state, "rsa");
  new_table(state, number_functions, primitives);
  lua_setglobal(state, "number");
}

}  // namespace ikelab::script
