//   Name ::= SEQUENCE OF RelativeDistinguishedName,  RelativeDistinguishedName ::= SET OF SEQUENCE
//   { OID, string }
#include "protocol/policy/distinguished_name.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "protocol/policy/near.hpp"

namespace ikelab::policy {
namespace {

constexpr std::uint8_t tag_oid = 0x06, tag_utf8 = 0x0c, tag_printable = 0x13, tag_ia5 = 0x16,
                       tag_sequence = 0x30, tag_set = 0x31;

struct AttributeRow {
  std::string_view name;
  std::string_view oid_hex;
  std::uint8_t string_tag;
};
constexpr AttributeRow attributes[] = {
    {"CN", "550403", tag_utf8},
    {"C", "550406", tag_printable},
    {"L", "550407", tag_utf8},
    {"ST", "550408", tag_utf8},
    {"O", "55040a", tag_utf8},
    {"OU", "55040b", tag_utf8},
    {"DC", "0992268993f22c640119", tag_ia5},
    {"E", "2a864886f70d010901", tag_ia5},
};

struct Attribute {
  std::string name, value;
  bool operator==(const Attribute&) const = default;
};

Bytes tlv(std::uint8_t tag, ByteView content) {
  Bytes out{tag};
  if (content.size() < 128) {
    out.push_back(static_cast<std::uint8_t>(content.size()));
  } else {
    out.insert(out.end(), {0x82, static_cast<std::uint8_t>(content.size() >> 8),
                           static_cast<std::uint8_t>(content.size())});
  }
  out.insert(out.end(), content.begin(), content.end());
  return out;
}

// Takes one TLV with the wanted tag (0: any) off the front of `in`.
std::optional<std::pair<std::uint8_t, ByteView>> take(ByteView& in, std::uint8_t wanted) {
  if (in.size() < 2 || (wanted != 0 && in[0] != wanted)) return std::nullopt;
  std::size_t header = 2, length = in[1];
  if (length >= 128) {
    const std::size_t octets = length & 127;
    if (octets == 0 || octets > 2 || in.size() < 2 + octets) return std::nullopt;
    length = 0;
    for (std::size_t i = 0; i < octets; ++i) length = length << 8 | in[2 + i];
    header += octets;
  }
  if (in.size() - header < length) return std::nullopt;
  const std::pair<std::uint8_t, ByteView> result{in[0], in.subspan(header, length)};
  in = in.subspan(header + length);
  return result;
}

std::string trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

std::optional<std::vector<Attribute>> read_name(ByteView der) {
  std::vector<Attribute> found;
  auto name = take(der, tag_sequence);
  if (!name || !der.empty()) return std::nullopt;
  for (ByteView rdns = name->second; !rdns.empty();) {
    auto rdn = take(rdns, tag_set);
    if (!rdn) return std::nullopt;
    for (ByteView pairs = rdn->second; !pairs.empty();) {
      auto pair = take(pairs, tag_sequence);
      if (!pair) return std::nullopt;
      ByteView content = pair->second;
      const auto oid = take(content, tag_oid), value = take(content, 0);
      if (!oid || !value) return std::nullopt;
      const std::string hex = to_hex(oid->second);
      const auto row = std::find_if(std::begin(attributes), std::end(attributes),
                                    [&](const auto& a) { return a.oid_hex == hex; });
      found.push_back(
          {row == std::end(attributes) ? hex : std::string(row->name), to_text(value->second)});
    }
  }
  return found;
}

void lower_values(std::vector<Attribute>& name) {
  for (Attribute& a : name)
    for (char& c : a.value)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
}

std::vector<std::string> split_rdns(std::string_view text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size())
      parts.back() += text[++i];  // RFC 4514, 2.4: an escaped character
    else if (text[i] == ',')
      parts.emplace_back();
    else
      parts.back() += text[i];
  }
  return parts;
}

}  // namespace

Result<Bytes> encode_distinguished_name(std::string_view text) {
  std::vector<std::string> parts = split_rdns(text);
  std::reverse(parts.begin(), parts.end());
  std::vector<std::string_view> known;
  for (const AttributeRow& row : attributes) known.push_back(row.name);
  Bytes rdns;
  for (const std::string& part : parts) {
    const std::size_t equals = part.find('=');
    const std::string name = trimmed(std::string_view(part).substr(0, equals));
    const auto row = std::find_if(std::begin(attributes), std::end(attributes),
                                  [&](const auto& a) { return a.name == name; });
    if (equals == std::string::npos || row == std::end(attributes) || part.size() > 1000)
      return Error{"E-POL-031",
                   fmt::format("\"{}\" in distinguished name \"{}\" is not attribute=value",
                               trimmed(part), text)}
          .see("RFC 4514, 3")
          .expect(did_you_mean(name, known));
    const std::string value = trimmed(std::string_view(part).substr(equals + 1));
    const Bytes oid = tlv(tag_oid, hex(row->oid_hex)),
                content = tlv(row->string_tag, as_bytes(value));
    const Bytes rdn = tlv(tag_set, tlv(tag_sequence, concat({oid, content})));
    rdns.insert(rdns.end(), rdn.begin(), rdn.end());
  }
  if (rdns.size() > 60'000)
    return Error{"E-POL-031", "a distinguished name longer than an ID payload"}.see(
        "RFC 7296, 3.5");
  return tlv(tag_sequence, rdns);
}

std::optional<std::string> distinguished_name_text(ByteView der) {
  auto name = read_name(der);
  if (!name) return std::nullopt;
  std::reverse(name->begin(), name->end());
  std::vector<std::string> parts;
  for (const Attribute& a : *name) {
    if (std::any_of(a.value.begin(), a.value.end(),
                    [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
      return std::nullopt;
    std::string value;
    for (char c : a.value) {
      if (c == ',' || c == '\\') value += '\\';
      value += c;
    }
    parts.push_back(a.name + "=" + value);
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

bool same_distinguished_name(ByteView a, ByteView b) {
  if (equal(a, b)) return true;
  auto first = read_name(a), second = read_name(b);
  if (!first || !second) return false;
  lower_values(*first);
  lower_values(*second);
  if (*first == *second) return true;
  std::reverse(second->begin(), second->end());
  return *first == *second;
}

}  // namespace ikelab::policy
