#include "protocol/ikev2/protect.hpp"

#include <algorithm>

namespace ikelab::ikev2 {
namespace {

std::size_t icv_size(const policy::Suite& suite) {
  return suite.integ ? suite.integ->icv_size : suite.encr->icv_size;
}

//= rfc7296#3.14 "Padding MAY contain any value chosen by the sender, and MUST have a length that
//= makes the combination of the payloads, the Padding, and the Pad Length to be a multiple of the
//= encryption block size."
std::size_t padding_of(const policy::Suite& suite, std::size_t content) {
  const std::size_t block = std::max<std::size_t>(suite.encr->block_size, 1);
  return (block - (content + 1) % block) % block;
}

/// Octets of IV, ciphertext and ICV.
std::size_t body_size(const policy::Suite& suite, std::size_t content) {
  return suite.encr->iv_size + content + padding_of(suite, content) + 1 + icv_size(suite);
}

ByteView body_of(const wire::Payload& sealed) {
  if (const auto* sk = std::get_if<wire::SkPayload>(&sealed.body)) return sk->body;
  return std::get<wire::SkfPayload>(sealed.body).body;
}

Error too_short(std::size_t at) {
  return Error{"E-IKE-010", "the Encrypted payload is too short for its IV and ICV"}.at(at).see(
      "RFC 7296, 3.14");
}

/// A message of `outside` and the Encrypted payload, whose body is still to be filled.
wire::Message shell_of(const wire::Header& header, const std::vector<wire::Payload>& outside,
                       wire::PayloadBody encrypted) {
  wire::Message shell{header, {}};
  shell.payloads.reserve(outside.size() + 1);
  shell.payloads = outside;
  shell.payloads.push_back(wire::make_payload(std::move(encrypted)));
  return shell;
}

/// Fills the body of `shell`, which has the right size and ends the message.
Result<Bytes> seal(crypto::Provider& provider, const policy::Suite& suite,
                   const DirectionKeys& keys, const wire::Message& shell, Bytes plain,
                   ByteView iv) {
  const crypto::Algorithm& encr = *suite.encr;
  const std::size_t padding = padding_of(suite, plain.size());
  const std::size_t size = body_size(suite, plain.size()), icv = icv_size(suite);
  plain.resize(plain.size() + padding);
  plain.push_back(static_cast<std::uint8_t>(padding));
  Bytes out = wire::encode(shell);
  const std::size_t body = out.size() - size;
  const ByteView aad = encr.aead ? ByteView(out).first(body) : ByteView{};
  IKELAB_TRY(const Bytes sealed, provider.seal(encr, keys.sk_e, iv, aad, plain));
  std::copy(iv.begin(), iv.end(), out.begin() + static_cast<std::ptrdiff_t>(body));
  std::copy(sealed.begin(), sealed.end(),
            out.begin() + static_cast<std::ptrdiff_t>(body + iv.size()));
  if (suite.integ) {
    const std::size_t covered = out.size() - icv;
    IKELAB_TRY(const Bytes mac,
               provider.mac(*suite.integ, keys.sk_a, ByteView(out).first(covered)));
    std::copy(mac.begin(), mac.end(), out.begin() + static_cast<std::ptrdiff_t>(covered));
  }
  return out;
}

}  // namespace

std::size_t sealed_size(const policy::Suite& suite, std::size_t content, bool fragment) {
  constexpr std::size_t headers = 28 + 4;  // RFC 7296, 3.1 and 3.2
  return headers + (fragment ? 4 : 0) + body_size(suite, content);
}

Result<Bytes> seal_message(crypto::Provider& provider, const policy::Suite& suite,
                           const DirectionKeys& keys, const wire::Header& header,
                           wire::EncodedChain inner, ByteView iv,
                           const std::vector<wire::Payload>& outside) {
  Bytes body(body_size(suite, inner.bytes.size()));
  return seal(provider, suite, keys,
              shell_of(header, outside, wire::SkPayload{inner.first, std::move(body)}),
              std::move(inner.bytes), iv);
}

Result<Bytes> seal_fragment(crypto::Provider& provider, const policy::Suite& suite,
                            const DirectionKeys& keys, const wire::Header& header,
                            const wire::SkfPayload& part, ByteView chunk, ByteView iv,
                            const std::vector<wire::Payload>& outside) {
  wire::SkfPayload body = part;
  body.body = Bytes(body_size(suite, chunk.size()));
  return seal(provider, suite, keys, shell_of(header, outside, std::move(body)), to_bytes(chunk),
              iv);
}

Result<Bytes> open_message(crypto::Provider& provider, const policy::Suite& suite,
                           const DirectionKeys& keys, ByteView datagram, const wire::Payload& sk) {
  const crypto::Algorithm& encr = *suite.encr;
  const ByteView body = body_of(sk);
  const std::size_t icv = icv_size(suite);
  if (body.size() < encr.iv_size + icv + 1 || sk.end > datagram.size()) return too_short(sk.begin);
  const ByteView iv = body.first(encr.iv_size);
  ByteView sealed = body.subspan(encr.iv_size);
  ByteView aad;
  if (suite.integ) {
    // The ICV is over the whole message up to itself (RFC 7296, 3.14), and checked before anything
    // is decrypted.
    const ByteView covered = datagram.first(sk.end - icv);
    IKELAB_TRY(const Bytes mac, provider.mac(*suite.integ, keys.sk_a, covered));
    if (!equal_constant_time(mac, sealed.last(icv)))
      return Error{"E-IKE-011", "the integrity check of the Encrypted payload failed"}
          .at(sk.end - icv)
          .see("RFC 7296, 3.14");
    sealed = sealed.first(sealed.size() - icv);
    if (sealed.empty() || sealed.size() % encr.block_size != 0) return too_short(sk.begin);
  } else {
    aad = datagram.first(sk.end - body.size());
  }
  auto opened = provider.open(encr, keys.sk_e, iv, aad, sealed);
  if (!opened)
    return Error{"E-IKE-011", "the integrity check of the Encrypted payload failed"}
        .at(sk.begin)
        .see("RFC 5282, 3");
  Bytes plain = std::move(*opened);
  if (plain.empty() || std::size_t{plain.back()} + 1 > plain.size())
    return Error{"E-IKE-012", "the pad length is larger than the plaintext"}.at(sk.begin).see(
        "RFC 7296, 3.14");
  plain.resize(plain.size() - 1 - plain.back());
  return plain;
}

}  // namespace ikelab::ikev2
