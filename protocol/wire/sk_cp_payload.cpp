// Encrypted and Authenticated (RFC 7296, 3.14; RFC 5282, 3), its fragments (RFC 7383, 2.5),
// Configuration (RFC 7296, 3.15).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Next Payload  |C|  RESERVED   |         Payload Length        |   SK: Next Payload is the
//   first payload inside
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                     Initialization Vector                     ~   size fixed by the
//   encryption algorithm
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~  Encrypted: payloads | Padding (0-255 octets) | Pad Length    ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                    Integrity Checksum Data                    ~   size fixed by the integrity
//   or AEAD algorithm
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   SKF: Fragment Number (2) | Total Fragments (2) before the Initialization Vector
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   CFG Type    |                    RESERVED                   |   CP
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |R|         Attribute Type      |            Length             |   each attribute (3.15.1)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                             Value                             ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_sk = "RFC 7296, 3.14";
constexpr const char* rfc_skf = "RFC 7383, 2.5";
constexpr const char* rfc_cp = "RFC 7296, 3.15";
constexpr FieldInfo f_fragment{"Fragment Number", "Which part of the message this is, from 1.",
                               rfc_skf};
constexpr FieldInfo f_total{"Total Fragments",
                            "How many parts the message was cut into; a larger "
                            "number than before: it was cut anew, into smaller ones.",
                            rfc_skf};
constexpr FieldInfo f_cfg_type{
    "CFG Type", "Whether configuration is asked for, given, set or acknowledged.", rfc_cp};
constexpr FieldInfo f_cp_reserved{"RESERVED", "Sent as zero, ignored when received.", rfc_cp};
constexpr FieldInfo f_attribute{"Configuration Attribute",
                                "One value of the configuration; empty when it is asked for.",
                                "RFC 7296, 3.15.1"};
constexpr FieldInfo f_a_type{
    "Attribute Type", "Which value: an inner address, a DNS server, a subnet.", "RFC 7296, 3.15.1"};
constexpr FieldInfo f_a_length{"Length", "Octets of the value.", "RFC 7296, 3.15.1"};
constexpr FieldInfo f_a_value{"Value", "The value itself.", "RFC 7296, 3.15.1"};

std::string shown(std::uint16_t type, ByteView value) {
  const bool address = type == 1 || type == 2 || type == 3 || type == 4 || type == 6;
  if (address && value.size() == 4) return IpAddress::from_octets(value).value().to_string();
  return type == 7 || type == 25 ? text_or_hex(value) : brief_hex(value);
}

bool read_attribute(Reader& r, ConfigPayload& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-060", begin, rfc_cp,
                    fmt::format("an attribute needs 4 octets, {} are left", r.left()));
  const ByteView ahead = r.peek();
  const std::size_t size = 4U + ahead[2] * 256U + ahead[3];
  if (size > r.left())
    return r.refuse("E-WIRE-060", begin, rfc_cp,
                    fmt::format("an attribute of {}, {} are left", count_octets(size), r.left()));
  auto group = r.group(f_attribute, size);
  ConfigPayload::Attribute a;
  //= rfc7296#3.15.1 "This bit MUST be set to zero and MUST be ignored on receipt."
  a.type = r.u16(f_a_type) & 0x7fff;
  r.says([&] { return numbered(a.type, config_attribute_name(a.type)); });
  r.u16(f_a_length);
  a.value = to_bytes(r.rest(f_a_value));
  r.says([&] { return shown(a.type, a.value); });
  group.says([&] { return config_attribute_name(a.type); });
  out.attributes.push_back(std::move(a));
  return true;
}

}  // namespace

bool read_protected(Reader& r, const std::optional<CipherHint>& hint, const char* rfc) {
  const FieldInfo f_iv{"Initialization Vector",
                       "Makes equal plaintexts encrypt differently; sent in the clear.", rfc};
  const FieldInfo f_ciphertext{
      "Ciphertext",
      "The protected content with its padding; only the holders of the key can read it.", rfc};
  const FieldInfo f_icv{"Integrity Check Value",
                        "Fits only if no covered octet was changed and the sender held the key.",
                        rfc};
  const FieldInfo f_body{"Encrypted data",
                         "Initialization vector, ciphertext and integrity check value; their sizes "
                         "depend on the SA's algorithms.",
                         rfc};
  if (!hint) {
    r.rest(f_body);
    return true;
  }
  if (r.left() < hint->iv_size + hint->icv_size)
    return r.refuse("E-WIRE-070", r.at(), rfc,
                    fmt::format("{} cannot hold an IV of {} and an ICV of {}",
                                count_octets(r.left()), hint->iv_size, hint->icv_size));
  r.octets(hint->iv_size, f_iv);
  r.octets(r.left() - hint->icv_size, f_ciphertext);
  r.rest(f_icv);
  return true;
}

bool read_sk(Reader& r, PayloadType first_inner, const std::optional<CipherHint>& hint,
             PayloadBody& out) {
  out = SkPayload{first_inner, to_bytes(r.peek())};
  return read_protected(r, hint, rfc_sk);
}

void write(Writer& w, const SkPayload& body) {
  w.octets(body.body);
}

bool read_skf(Reader& r, PayloadType first_inner, const std::optional<CipherHint>& hint,
              PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", begin, rfc_skf,
                    fmt::format("an SKF body needs 4 octets, {} are there", r.left()));
  SkfPayload f;
  f.first_inner = first_inner;
  f.number = r.u16(f_fragment);
  f.total = r.u16(f_total);
  f.body = to_bytes(r.peek());
  //= rfc7383#2.6 "If any of these tests fail, the message MUST be silently discarded."
  if (f.number == 0 || f.number > f.total)
    r.remark(Severity::error, "E-WIRE-071", begin, r.at(), rfc_skf,
             fmt::format("fragment {} of {} cannot be", f.number, f.total));
  if (f.number > 1 && first_inner != PayloadType::none)
    r.remark(Severity::warning, "E-WIRE-072", begin - generic_header_size, begin, rfc_skf,
             fmt::format("Next Payload is {} in fragment {}; it is ignored", notation(first_inner),
                         f.number));
  out = std::move(f);
  return read_protected(r, hint, rfc_skf);
}

void write(Writer& w, const SkfPayload& body) {
  w.u16(body.number);
  w.u16(body.total);
  w.octets(body.body);
}

bool read_cp(Reader& r, PayloadBody& out) {
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", r.at(), rfc_cp,
                    fmt::format("a CP body needs 4 octets, {} are there", r.left()));
  ConfigPayload cp;
  cp.type = r.u8(f_cfg_type);
  r.says([&] { return numbered(cp.type, cfg_type_name(cp.type)); });
  r.reserved(3, f_cp_reserved);
  while (r.left() > 0) {
    if (cp.attributes.size() == bounds::attributes_in_config)
      return r.refuse("E-WIRE-061", r.at(), rfc_cp,
                      "more configuration attributes than this implementation accepts");
    if (!read_attribute(r, cp)) return false;
  }
  out = std::move(cp);
  return true;
}

void write(Writer& w, const ConfigPayload& body) {
  w.u8(body.type);
  w.zeros(3);
  for (const ConfigPayload::Attribute& a : body.attributes) {
    IKELAB_ASSERT(a.value.size() <= 0xffff);
    w.u16(a.type);
    w.u16(static_cast<std::uint16_t>(a.value.size()));
    w.octets(a.value);
  }
}

}  // namespace ikelab::wire
