// `key`: the answer is a key of the run (RFC 7296, 2.14). For SKEYSEED every usual mistake is
// computed from the same inputs and compared.
#include <fmt/format.h>

#include "labs/engine/predicate_rows.hpp"
#include "protocol/crypto/provider.hpp"

namespace ikelab::labs {
namespace {

constexpr std::string_view other_keys[] = {"g^ir",  "SKEYSEED", "SK_d",  "SK_ai", "SK_ar",
                                           "SK_ei", "SK_er",    "SK_pi", "SK_pr"};

/// What SKEYSEED is made from, and what people put in its place.
class Kitchen {
 public:
  Kitchen(const crypto::Algorithm& prf, Bytes ni, Bytes nr, Bytes g_ir)
      : prf_(prf),
        ni_(std::move(ni)),
        nr_(std::move(nr)),
        g_ir_(std::move(g_ir)),
        provider_(crypto::openssl_provider()) {}

  [[nodiscard]] std::vector<WrongWay> wrong_ways() const {
    const Bytes nonces = concat({ni_, nr_}), swapped = concat({nr_, ni_});
    std::vector<WrongWay> out;
    const auto add = [&](std::string_view mistake, const crypto::Algorithm& prf, ByteView key,
                         ByteView data) {
      const auto value = provider_->prf(prf, key, data);
      if (value.ok()) out.push_back({mistake, to_hex(value->reveal())});
    };
    add("nonces_swapped", prf_, swapped, g_ir_);
    add("key_and_data_swapped", prf_, g_ir_, nonces);
    add("key_and_data_swapped", prf_, g_ir_, swapped);
    add("one_nonce", prf_, ni_, g_ir_);
    add("one_nonce", prf_, nr_, g_ir_);
    for (const crypto::Algorithm& row : crypto::algorithms())
      if (row.type == crypto::TransformType::prf && row.id != prf_.id)
        add("other_prf", row, nonces, g_ir_);
    add_written_as_text(out, nonces);
    add_hashed(out, nonces);
    return out;
  }

 private:
  /// The hex digits themselves, as octets: what `echo -n` or a forgotten bytes.fromhex() gives.
  void add_written_as_text(std::vector<WrongWay>& out, const Bytes& nonces) const {
    const std::string key_digits = to_hex(nonces), data_digits = to_hex(g_ir_);
    const ByteView key_text = as_bytes(key_digits), data_text = as_bytes(data_digits);
    for (const auto& [key, data] : {std::pair<ByteView, ByteView>{key_text, data_text},
                                    {nonces, data_text},
                                    {key_text, g_ir_}}) {
      const auto value = provider_->prf(prf_, key, data);
      if (value.ok()) out.push_back({"hex_as_text", to_hex(value->reveal())});
    }
  }
  void add_hashed(std::vector<WrongWay>& out, const Bytes& nonces) const {
    for (const auto hash :
         {crypto::HashId::sha2_256, crypto::HashId::sha2_384, crypto::HashId::sha2_512}) {
      const auto value = provider_->hash(hash, concat({nonces, g_ir_}));
      if (value.ok()) out.push_back({"hash_not_prf", to_hex(*value)});
    }
  }

  const crypto::Algorithm& prf_;
  Bytes ni_, nr_, g_ir_;
  std::unique_ptr<crypto::Provider> provider_;
};

std::vector<WrongWay> skeyseed_ways(const Facts& facts) {
  const auto prf = facts.prf();
  const auto ni = facts.octets("Ni"), nr = facts.octets("Nr"), g_ir = facts.octets("g^ir");
  if (!prf.ok() || !ni.ok() || !nr.ok() || !g_ir.ok()) return {};
  std::vector<WrongWay> out = Kitchen(**prf, *ni, *nr, *g_ir).wrong_ways();
  for (const std::string_view name : {"KEi", "KEr"}) {
    const auto value = facts.octets(name);
    if (!value.ok()) continue;
    out.push_back({"public_value", to_hex(*value)});
    const auto mixed = crypto::openssl_provider()->prf(**prf, concat({*ni, *nr}), *value);
    if (mixed.ok()) out.push_back({"public_value", to_hex(mixed->reveal())});
  }
  return out;
}

Result<Truth> truth(const Facts& facts, const Arguments& arguments) {
  const std::string name(argument(arguments, "name"));
  IKELAB_TRY(const auto* key, facts.key(name, argument(arguments, "node")));
  Truth out{to_hex(key->output), {}};
  if (name == "SKEYSEED") out.wrong_ways = skeyseed_ways(facts);
  for (const std::string_view other : other_keys) {
    if (other == name) continue;
    const auto value = facts.octets(other);
    if (value.ok())
      out.wrong_ways.push_back({other == "g^ir" ? "shared_secret" : "other_key", to_hex(*value)});
  }
  return out;
}

}  // namespace

Predicate key_predicate() {
  return {
      "key",
      "the answer is the output of the derivation of that name",
      {"name"},
      {"node"},
      Form::hex,
      {{"nonces_swapped",
        "The nonces are in the wrong order. Whose nonce comes first: the one of the "
        "side that began, whoever of the two that was."},
       {"key_and_data_swapped",
        "prf(K, S) takes the key first and the data second (RFC 7296, 2.13). You "
        "used the shared secret as the key."},
       {"one_nonce",
        "You used one nonce only. Both sides put randomness into SKEYSEED: that is what both "
        "nonces are for."},
       {"other_prf",
        "Right inputs, wrong function: another PRF was negotiated. Look which one the "
        "responder chose in message 2."},
       {"hex_as_text",
        "You gave the hex digits as text to the function. Turn them into octets first "
        "(hexkey: for the key, xxd -r -p or bytes.fromhex for the data)."},
       {"hash_not_prf",
        "You hashed key and data together. A PRF is HMAC here: it takes a key and data "
        "apart (RFC 2104)."},
       {"public_value",
        "You used a public value of the Key Exchange payload. Anybody on the link has "
        "read it; the secret is g^ir, which never crosses the link."},
       {"shared_secret", "This is g^ir itself. It is the input: SKEYSEED comes out of the PRF."},
       {"other_key", "This is another key of the same run. Look at the name beside it."}},
      truth};
}

}  // namespace ikelab::labs
