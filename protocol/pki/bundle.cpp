#include "protocol/pki/bundle.hpp"

#include "protocol/base/bounds.hpp"
#include "protocol/pki/der.hpp"

namespace ikelab::pki {
namespace {

/// The content of the value at the front, which is taken off `rest`.
std::optional<ByteView> take(ByteView& rest, std::uint8_t tag) {
  if (rest.size() < 2 || rest[0] != tag) return std::nullopt;
  std::size_t header = 2, length = rest[1];
  if (length >= 0x80) {
    const std::size_t octets = length - 0x80;
    if (octets == 0 || octets > 3 || rest.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | rest[2 + i];
    header += octets;
  }
  if (rest.size() - header < length) return std::nullopt;
  const ByteView content = rest.subspan(header, length);
  rest = rest.subspan(header + length);
  return content;
}

}  // namespace

Bytes make_bundle(std::span<const Bytes> certificates) {
  Bytes entries;
  for (const Bytes& der : certificates) {
    const Bytes entry = der::value(der::constructed(0), der);
    entries.insert(entries.end(), entry.begin(), entry.end());
  }
  return der::value(der::tag_sequence, entries);
}

Result<Bundle> read_bundle(ByteView der) {
  const auto bad = [](const char* what) { return Error{"E-PKI-043", what}.see("RFC 7296, 3.6"); };
  const auto inside = take(der, der::tag_sequence);
  if (!inside || !der.empty()) return bad("not a bundle of certificates");
  Bundle bundle;
  for (ByteView rest = *inside; !rest.empty();) {
    if (bundle.certificates.size() + bundle.crls.size() >= bounds::certificates_in_chain)
      return bad("a bundle of too many certificates");
    const bool is_crl = rest[0] == der::constructed(1);
    const auto entry = take(rest, is_crl ? der::constructed(1) : der::constructed(0));
    if (!entry) return bad("an entry of the bundle is neither certificate nor CRL");
    (is_crl ? bundle.crls : bundle.certificates).push_back(to_bytes(*entry));
  }
  return bundle;
}

}  // namespace ikelab::pki
