#include "protocol/crypto/pkcs1.hpp"

#include <algorithm>

namespace ikelab::crypto::pkcs1 {
namespace {

constexpr std::size_t least_padding = 8;

/// The data behind `type`, padding and separator; `is_padding` judges one octet.
template <class IsPadding>
std::optional<Bytes> data_behind(ByteView block, std::uint8_t type, IsPadding&& is_padding) {
  if (block.size() < overhead || block[0] != 0 || block[1] != type) return std::nullopt;
  const auto end = std::find(block.begin() + 2, block.end(), 0);
  if (end == block.end() || end - (block.begin() + 2) < static_cast<std::ptrdiff_t>(least_padding))
    return std::nullopt;
  if (!std::all_of(block.begin() + 2, end, is_padding)) return std::nullopt;
  return Bytes(end + 1, block.end());
}

Bytes frame(ByteView data, std::size_t octets, std::uint8_t type) {
  IKELAB_ASSERT(data.size() + overhead <= octets);
  Bytes block(octets);
  block[1] = type;
  std::copy(data.begin(), data.end(), block.end() - static_cast<std::ptrdiff_t>(data.size()));
  return block;
}

}  // namespace

Bytes signing_block(ByteView data, std::size_t octets) {
  Bytes block = frame(data, octets, 1);
  std::fill(block.begin() + 2, block.end() - static_cast<std::ptrdiff_t>(data.size()) - 1, 0xff);
  return block;
}

Bytes encryption_block(ByteView data, std::size_t octets, Rng& rng) {
  Bytes block = frame(data, octets, 2);
  for (std::size_t i = 2; i + data.size() + 1 < octets; ++i)
    block[i] = static_cast<std::uint8_t>(1 + rng.below(255));
  return block;
}

std::optional<Bytes> data_of_signing_block(ByteView block) {
  return data_behind(block, 1, [](std::uint8_t octet) { return octet == 0xff; });
}

std::optional<Bytes> data_of_encryption_block(ByteView block) {
  return data_behind(block, 2, [](std::uint8_t) { return true; });
}

}  // namespace ikelab::crypto::pkcs1
