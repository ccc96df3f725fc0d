#include "sim/run/wireshark_keys.hpp"

#include <algorithm>
#include <charconv>

namespace ikelab::run {
namespace {

using crypto::TransformType;

/// By the RFC's name and the octets of key and salt; an integrity transform has one key length.
const crypto::Algorithm* algorithm(TransformType type, const std::string& name,
                                   std::size_t key_octets) {
  for (const crypto::Algorithm& row : crypto::algorithms())
    if (row.type == type && row.name == name && row.key_size + row.salt_size == key_octets)
      return &row;
  return nullptr;
}

std::uint64_t number(const std::string& hex_digits) {
  std::uint64_t value = 0;
  std::from_chars(hex_digits.data(), hex_digits.data() + hex_digits.size(), value, 16);
  return value;
}

Bytes half(const Bytes& both, bool first) {
  const ByteView view(both);
  return to_bytes(first ? view.first(both.size() / 2) : view.last(both.size() / 2));
}

/// Without the port that an encapsulated SA has: "192.0.2.1:4500", "[2001:db8::1]:4500".
std::optional<IpAddress> address(std::string text) {
  if (const auto parsed = IpAddress::parse(text)) return *parsed;
  text = text.substr(0, text.rfind(':'));
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const auto parsed = IpAddress::parse(text);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

}  // namespace

void WiresharkKeys::record(const trace::Event& event) {
  const auto* sa = std::get_if<trace::SaInstalled>(&event.body);
  if (sa == nullptr || (sa->encryption_key.empty() && sa->integrity_key.empty())) return;
  if (sa->protocol == "IKE")
    add_ike(*sa);
  else if (sa->direction == "out")  // the receiver's row would be the same
    add_esp(*sa);
}

void WiresharkKeys::add_ike(const trace::SaInstalled& sa) {
  const auto* cipher = algorithm(TransformType::encr, sa.encryption, sa.encryption_key.size());
  if (sa.integrity.empty() && cipher != nullptr && !cipher->aead) {  // IKEv1: one key, both ways
    capture::Ikev1KeyRow row;
    row.cookie_i = {number(sa.spi)};
    row.key = sa.encryption_key;
    const auto& known = tables_.ikev1;
    const bool told = std::any_of(known.begin(), known.end(),
                                  [&](const auto& r) { return r.cookie_i == row.cookie_i; });
    if (!told) tables_.ikev1.push_back(std::move(row));
    return;
  }
  capture::IkeKeyRow row;
  row.encr = algorithm(TransformType::encr, sa.encryption, sa.encryption_key.size() / 2);
  row.integ = algorithm(TransformType::integ, sa.integrity, sa.integrity_key.size() / 2);
  if (row.encr == nullptr || (row.integ == nullptr && !row.encr->aead)) return;
  row.spi_i = {number(sa.spi)};
  row.spi_r = {number(sa.peer_spi)};
  row.sk_ei = half(sa.encryption_key, true);
  row.sk_er = half(sa.encryption_key, false);
  row.sk_ai = half(sa.integrity_key, true);
  row.sk_ar = half(sa.integrity_key, false);
  tables_.ike.push_back(std::move(row));
}

void WiresharkKeys::add_esp(const trace::SaInstalled& sa) {
  capture::EspKeyRow row;
  row.encr = algorithm(TransformType::encr, sa.encryption, sa.encryption_key.size());
  row.integ = algorithm(TransformType::integ, sa.integrity, sa.integrity_key.size());
  if (row.encr == nullptr) return;
  row.src = address(sa.src);
  row.dst = address(sa.dst);
  row.spi = EspSpi{static_cast<std::uint32_t>(number(sa.spi))};
  row.key = sa.encryption_key;
  row.integ_key = sa.integrity_key;
  tables_.esp.push_back(std::move(row));
}

}  // namespace ikelab::run
