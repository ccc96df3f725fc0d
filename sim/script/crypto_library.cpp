// crypto.*: the primitives of IKE and ESP for scripts, under the names of swanctl. Each is charged
// about what it costs, so that no call outruns the instruction limit: a dictionary of a million
// words takes many calls (timer.after), as it would take an adversary time.
#include "sim/script/fields.hpp"
#include "sim/script/primitives.hpp"

namespace ikelab::script {
namespace {

using crypto::TransformType;

// Instructions charged for one operation; 100 of them take about a microsecond.
constexpr std::uint64_t cost_of_hash = 100;
constexpr std::uint64_t cost_of_cipher = 200;
constexpr std::uint64_t cost_of_signature = 20'000;
constexpr lua_Integer most_random = 4'096;

Primitives& mine(lua_State* state) {
  return *static_cast<Primitives*>(lua_touserdata(state, lua_upvalueindex(1)));
}

std::uint64_t cost_of_key_exchange(const crypto::Algorithm& ke) {
  return ke.output_size > 200 ? 100'000 : 10'000;  // MODP groups take a millisecond
}

/// nil and the reason: what a script may meet on honest ways (a wrong tag, a bad public value).
int refuse(lua_State* state, const Error& error) {
  lua_pushnil(state);
  push(state, std::string_view(error.message));
  return 2;
}

int give(lua_State* state, const Result<Bytes>& result) {
  if (!result.ok()) return refuse(state, result.error());
  push(state, *result);
  return 1;
}

int give(lua_State* state, const Result<Secret>& result) {
  if (!result.ok()) return refuse(state, result.error());
  push(state, result->reveal());
  return 1;
}

int random_octets(lua_State* state) {
  const lua_Integer count = luaL_checkinteger(state, 1);
  luaL_argcheck(state, count >= 1 && count <= most_random, 1, "1 to 4096 octets");
  Sandbox::charge(state, static_cast<std::uint64_t>(count));
  push(state, mine(state).rng().bytes(static_cast<std::size_t>(count)));
  return 1;
}

int hash(lua_State* state) {
  static constexpr std::pair<std::string_view, crypto::HashId> words[] = {
      {"sha1", crypto::HashId::sha1},
      {"sha256", crypto::HashId::sha2_256},
      {"sha384", crypto::HashId::sha2_384},
      {"sha512", crypto::HashId::sha2_512}};
  const std::string_view word = check_text(state, 1);
  const ByteView data = check_octets(state, 2);
  Sandbox::charge(state, cost_of_hash + data.size() / 8);
  for (const auto& [name, id] : words)
    if (name == word) return give(state, mine(state).provider().hash(id, data));
  return luaL_argerror(state, 1, "known: sha1, sha256, sha384, sha512");
}

int prf(lua_State* state) {
  const crypto::Algorithm& algorithm = check_algorithm(state, 1, TransformType::prf);
  const ByteView key = check_octets(state, 2), data = check_octets(state, 3);
  Sandbox::charge(state, cost_of_hash + (key.size() + data.size()) / 8);
  return give(state, mine(state).provider().prf(algorithm, key, data));
}

int mac(lua_State* state) {
  const crypto::Algorithm& algorithm = check_algorithm(state, 1, TransformType::integ);
  const ByteView key = check_octets(state, 2), data = check_octets(state, 3);
  luaL_argcheck(state, key.size() == algorithm.key_size, 2, "not the algorithm's key size");
  Sandbox::charge(state, cost_of_hash + data.size() / 8);
  return give(state, mine(state).provider().mac(algorithm, key, data));
}

struct CipherCall {
  const crypto::Algorithm& algorithm;
  ByteView key, iv, aad, text;
};

/// (algorithm, key with salt, iv, associated data, text)
CipherCall cipher_arguments(lua_State* state) {
  CipherCall call{check_algorithm(state, 1, TransformType::encr), check_octets(state, 2),
                  check_octets(state, 3), check_octets(state, 4), check_octets(state, 5)};
  luaL_argcheck(state, call.key.size() == call.algorithm.key_size + call.algorithm.salt_size, 2,
                "not the algorithm's size of key and salt");
  luaL_argcheck(state, call.iv.size() == call.algorithm.iv_size, 3,
                "not the algorithm's size of IV");
  luaL_argcheck(state, call.algorithm.aead || call.aad.empty(), 4,
                "only an AEAD has associated data");
  Sandbox::charge(state, cost_of_cipher + (call.aad.size() + call.text.size()) / 8);
  return call;
}

int seal(lua_State* state) {
  const CipherCall call = cipher_arguments(state);
  const std::size_t block = std::max<std::size_t>(call.algorithm.block_size, 1);
  luaL_argcheck(state, call.algorithm.aead || call.text.size() % block == 0, 5,
                "not a multiple of the block size");
  return give(state,
              mine(state).provider().seal(call.algorithm, call.key, call.iv, call.aad, call.text));
}

int open(lua_State* state) {
  const CipherCall call = cipher_arguments(state);
  return give(state,
              mine(state).provider().open(call.algorithm, call.key, call.iv, call.aad, call.text));
}

/// crypto.key_pair("x25519"): {method =, public =, handle =}. The private part stays here.
int key_pair(lua_State* state) {
  const crypto::Algorithm& algorithm = check_algorithm(state, 1, TransformType::ke);
  Sandbox::charge(state, cost_of_key_exchange(algorithm));
  auto pair = mine(state).provider().key_exchange(algorithm, mine(state).rng());
  if (!pair.ok()) return refuse(state, pair.error());
  lua_createtable(state, 0, 4);
  set_integer(state, "method", algorithm.id);
  set(state, "name", algorithm.keyword);
  set(state, "public", (*pair)->public_value());
  set_integer(state, "handle", static_cast<lua_Integer>(mine(state).keep(std::move(*pair))));
  return 1;
}

/// crypto.shared(pair, public): the shared secret, or nil and why the public value is refused (RFC
/// 6989).
int shared(lua_State* state) {
  const Fields fields(state, 1);
  const auto handle = static_cast<std::uint64_t>(fields.integer("handle", LUA_MAXINTEGER));
  const ByteView peer = check_octets(state, 2);
  crypto::KeyExchange* pair = mine(state).pair(handle);
  if (pair == nullptr)
    return luaL_argerror(state, 1, "this key pair is closed: a script has at most 64");
  Sandbox::charge(state, peer.size() > 200 ? 100'000 : 10'000);
  return give(state, pair->derive(peer));
}

/// crypto.sign(key, data): signature and scheme, with a PKCS #8 key that the script holds.
int sign(lua_State* state) {
  const auto key = mine(state).provider().private_key(check_octets(state, 1));
  const ByteView data = check_octets(state, 2);
  Sandbox::charge(state, cost_of_signature + data.size() / 8);
  if (!key.ok()) return refuse(state, key.error());
  const crypto::SignatureScheme scheme = (*key)->schemes().front();
  const auto signature = (*key)->sign(scheme, data, mine(state).rng());
  if (!signature.ok()) return refuse(state, signature.error());
  push(state, *signature);
  push(state, crypto::to_string(scheme));
  push(state, crypto::algorithm_identifier(scheme));
  return 3;
}

constexpr luaL_Reg functions[] = {{"random", random_octets},
                                  {"hash", hash},
                                  {"prf", prf},
                                  {"mac", mac},
                                  {"seal", seal},
                                  {"open", open},
                                  {"key_pair", key_pair},
                                  {"shared", shared},
                                  {"sign", sign},
                                  {nullptr, nullptr}};

}  // namespace

Primitives::Primitives(std::uint64_t seed, std::string_view adversary)
    : provider_(crypto::openssl_provider()),
      rng_(crypto::seeded_rng(seed, adversary)->stream("script")) {}

std::uint64_t Primitives::keep(std::unique_ptr<crypto::KeyExchange> pair) {
  pairs_.push_back(std::move(pair));
  if (pairs_.size() > most_key_pairs) {
    pairs_.pop_front();
    ++first_handle_;
  }
  return first_handle_ + pairs_.size() - 1;
}

crypto::KeyExchange* Primitives::pair(std::uint64_t handle) {
  if (handle < first_handle_ || handle - first_handle_ >= pairs_.size()) return nullptr;
  return pairs_[static_cast<std::size_t>(handle - first_handle_)].get();
}

void open_crypto_library(lua_State* state, Primitives& primitives) {
  luaL_newlibtable(state, functions);
  lua_pushlightuserdata(state, &primitives);
  luaL_setfuncs(state, functions, 1);
  lua_setglobal(state, "crypto");
}

}  // namespace ikelab::script
