#include "protocol/eap/mschapv2_crypto.hpp"

#include <algorithm>

namespace ikelab::eap {
namespace {

Bytes sha1(crypto::Provider& provider, std::initializer_list<ByteView> parts) {
  return provider.hash(crypto::HashId::sha1, concat(parts)).value();
}

/// UTF-8 to UTF-16, little endian; what is no UTF-8 is taken octet by octet.
Bytes utf16(ByteView text) {
  Bytes out;
  const auto put = [&](std::uint32_t unit) {
    out.push_back(static_cast<std::uint8_t>(unit));
    out.push_back(static_cast<std::uint8_t>(unit >> 8));
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::uint8_t lead = text[i];
    const std::size_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (i + more >= text.size()) {
      put(text[i++]);
      continue;
    }
    std::uint32_t point = more == 0 ? lead : lead & (0x3fU >> more);
    for (std::size_t k = 1; k <= more; ++k) point = point << 6 | (text[i + k] & 0x3fU);
    i += more + 1;
    if (point < 0x10000) {
      put(point);
    } else {
      put(0xd800 + ((point - 0x10000) >> 10 & 0x3ff));
      put(0xdc00 + ((point - 0x10000) & 0x3ff));
    }
  }
  return out;
}

/// 7 octets spread over 8, each with room for a parity bit that DES does not look at (8.6).
Bytes des_key(ByteView seven) {
  std::uint64_t bits = 0;
  for (const std::uint8_t octet : seven) bits = bits << 8 | octet;
  Bytes key;
  for (int shift = 49; shift >= 0; shift -= 7)
    key.push_back(static_cast<std::uint8_t>((bits >> shift & 0x7f) << 1));
  return key;
}

constexpr std::string_view magic_of_server =
    "Magic server to client signing constant";  // RFC 2759, 8.7
constexpr std::string_view pad_of_more = "Pad to make it do more than one iteration";
constexpr std::string_view this_is_master = "This is the MPPE Master Key";  // RFC 3079, 3.4
constexpr std::string_view client_sends =
    "On the client side, this is the send key; on the server side, it is the receive key.";
constexpr std::string_view client_receives =
    "On the client side, this is the receive key; on the server side, it is the send key.";

}  // namespace

Bytes nt_password_hash(crypto::Provider& provider, ByteView password) {
  return provider.md4(utf16(password));
}

Bytes challenge_hash(crypto::Provider& provider, ByteView peer_challenge,
                     ByteView authenticator_challenge, std::string_view user_name) {
  Bytes digest = sha1(provider, {peer_challenge, authenticator_challenge, as_bytes(user_name)});
  digest.resize(8);
  return digest;
}

Bytes challenge_response(crypto::Provider& provider, ByteView challenge, ByteView password_hash) {
  Bytes padded = to_bytes(password_hash);
  padded.resize(21);  // "zero-padded to 21 octets"
  Bytes out;
  for (std::size_t at = 0; at < 21; at += 7) {
    const Bytes block = provider.des(des_key(ByteView(padded).subspan(at, 7)), challenge);
    out.insert(out.end(), block.begin(), block.end());
  }
  return out;
}

std::string authenticator_response(crypto::Provider& provider, ByteView password_hash,
                                   ByteView nt_response, ByteView challenge) {
  const Bytes hash_hash = provider.md4(password_hash);
  const Bytes inner = sha1(provider, {hash_hash, nt_response, as_bytes(magic_of_server)});
  std::string digits = to_hex(sha1(provider, {inner, challenge, as_bytes(pad_of_more)}));
  std::transform(digits.begin(), digits.end(), digits.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return "S=" + digits;
}

Bytes master_key(crypto::Provider& provider, ByteView password_hash_hash, ByteView nt_response) {
  Bytes digest = sha1(provider, {password_hash_hash, nt_response, as_bytes(this_is_master)});
  digest.resize(16);
  return digest;
}

Bytes asymmetric_start_key(crypto::Provider& provider, ByteView master, bool server_sends) {
  const Bytes pad_1(40, 0x00), pad_2(40, 0xf2);
  Bytes digest = sha1(
      provider, {master, pad_1, as_bytes(server_sends ? client_receives : client_sends), pad_2});
  digest.resize(16);
  return digest;
}

Secret mschapv2_msk(crypto::Provider& provider, ByteView password_hash, ByteView nt_response) {
  const Bytes master = master_key(provider, provider.md4(password_hash), nt_response);
  const Bytes zeros(32);
  return Secret(concat({asymmetric_start_key(provider, master, false),
                        asymmetric_start_key(provider, master, true), zeros}));
}

}  // namespace ikelab::eap
