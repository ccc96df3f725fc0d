// IKEv1's Security Association payload (RFC 2408, 3.4 to 3.6 and 3.3; RFC 2407, 4.6.1): proposals
// and transforms are payloads of their own inside it.
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |              Domain of Interpretation  (DOI)                  |   SA body
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                           Situation                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Next Payload  |   RESERVED    |         Payload Length        |   Proposal (next: 2 or 0)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Proposal #   |  Protocol-Id  |    SPI Size   |# of Transforms|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Next Payload  |   RESERVED    |         Payload Length        |   Transform (next: 3 or 0)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Transform #  |  Transform-Id |           RESERVED2           |   then attributes (3.3)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire::v1 {
namespace {

constexpr const char* rfc_sa = "RFC 2408, 3.4";
constexpr const char* rfc_proposal = "RFC 2408, 3.5";
constexpr const char* rfc_transform = "RFC 2408, 3.6";
constexpr const char* rfc_attribute = "RFC 2408, 3.3";

constexpr FieldInfo f_doi{"Domain of Interpretation",
                          "Which document gives the numbers below their meaning: 1 is IPsec.",
                          rfc_sa};
constexpr FieldInfo f_situation{"Situation", "1: who the peers are is all that matters.",
                                "RFC 2407, 4.2"};
constexpr FieldInfo f_proposal{"Proposal payload (P)",
                               "A protocol with the transforms the sender can live with.",
                               rfc_proposal};
constexpr FieldInfo f_next{
    "Next Payload", "2: another proposal follows; 3: another transform; 0: none.", rfc_proposal};
constexpr FieldInfo f_reserved{"RESERVED", "Sent as zero.", rfc_proposal};
constexpr FieldInfo f_length{"Payload Length", "Octets of this payload, these four included.",
                             rfc_proposal};
constexpr FieldInfo f_number{"Proposal #", "Proposals of one number belong together.",
                             rfc_proposal};
constexpr FieldInfo f_protocol{"Protocol-Id", "For which protocol: ISAKMP itself, or ESP.",
                               "RFC 2407, 4.4.1"};
constexpr FieldInfo f_spi_size{"SPI Size", "Octets of the SPI.", rfc_proposal};
constexpr FieldInfo f_count{"# of Transforms", "How many transforms this proposal holds.",
                            rfc_proposal};
constexpr FieldInfo f_spi{"SPI", "The number the sender wants to receive this SA's packets under.",
                          rfc_proposal};
constexpr FieldInfo f_transform{"Transform payload (T)",
                                "One whole choice of algorithms; the responder takes one of them.",
                                rfc_transform};
constexpr FieldInfo f_t_number{"Transform #", "Counts the transforms of a proposal.",
                               rfc_transform};
constexpr FieldInfo f_t_id{"Transform-Id", "In phase 2 the ESP cipher.", rfc_transform};
constexpr FieldInfo f_attribute{"SA Attribute", "A parameter of the transform.", rfc_attribute};
constexpr FieldInfo f_a_type{
    "Attribute Type", "Which parameter; the top bit (AF) says that the value is in two octets.",
    rfc_attribute};
constexpr FieldInfo f_af{"AF (Attribute Format)",
                         "1: the value follows at once; 0: its length does.", rfc_attribute};
constexpr FieldInfo f_a_number{"Type", "The attribute's number.", rfc_attribute};
constexpr FieldInfo f_a_value{"Attribute Value", "What the parameter is set to.", rfc_attribute};
constexpr FieldInfo f_a_length{"Attribute Length", "Octets of the value that follows.",
                               rfc_attribute};

constexpr AttributeNames of_phase_1{
    [](std::uint16_t type) { return attribute_name(true, type); },
    [](std::uint16_t type, std::uint32_t v) { return attribute_value_name(true, type, v); }};
constexpr AttributeNames of_phase_2{
    [](std::uint16_t type) { return attribute_name(false, type); },
    [](std::uint16_t type, std::uint32_t v) { return attribute_value_name(false, type, v); }};

/// The generic header of a proposal or transform; its octets are there.
void read_generic(Reader& r) {
  r.u8(f_next);
  r.reserved(1, f_reserved);
  r.u16(f_length);
}

/// The size that the generic header ahead says, or 0 when it cannot be.
std::size_t size_ahead(Reader& r, std::size_t least, const char* what, const char* rfc) {
  if (r.left() < least) {
    r.refuse("E-WIRE-020", r.at(), rfc,
             fmt::format("a {} needs {} octets, {} are left", what, least, r.left()));
    return 0;
  }
  const ByteView ahead = r.peek();
  const std::size_t size = ahead[2] * 256U + ahead[3];
  if (size >= least && size <= r.left()) return size;
  r.refuse("E-WIRE-020", r.at(), rfc,
           fmt::format("Payload Length {} of a {}, but {} to {} octets are possible", size, what,
                       least, r.left()));
  return 0;
}

bool read_transform(Reader& r, Proposal& proposal, bool& more) {
  const std::size_t size = size_ahead(r, 8, "transform", rfc_transform);
  if (size == 0) return false;
  if (proposal.transforms.size() == bounds::transforms_in_proposal)
    return r.refuse("E-WIRE-027", r.at(), rfc_transform,
                    "more transforms in a proposal than this implementation accepts");
  more = r.peek()[0] != 0;
  const bool phase_1 = proposal.protocol == protocol_isakmp;
  auto group = r.group(f_transform, size);
  read_generic(r);
  Transform t;
  t.number = r.u8(f_t_number);
  t.id = r.u8(f_t_id);
  r.says([&] { return numbered(t.id, transform_id_name(proposal.protocol, t.id)); });
  r.reserved(2, f_reserved);
  while (r.left() > 0)
    if (!read_attribute(r, phase_1 ? of_phase_1 : of_phase_2, t.attributes)) return false;
  group.says(
      [&] { return fmt::format("{}: {}", t.number, transform_id_name(proposal.protocol, t.id)); });
  proposal.transforms.push_back(std::move(t));
  return true;
}

bool read_proposal(Reader& r, SaPayload& sa, bool& more) {
  const std::size_t begin = r.at(), size = size_ahead(r, 8, "proposal", rfc_proposal);
  if (size == 0) return false;
  const ByteView ahead = r.peek();
  const std::size_t spi_size = ahead[6], count = ahead[7];
  if (size < 8 + spi_size)
    return r.refuse("E-WIRE-020", begin, rfc_proposal,
                    fmt::format("an SPI of {} in a proposal of {}", count_octets(spi_size),
                                count_octets(size)));
  if (sa.proposals.size() == bounds::proposals_in_sa)
    return r.refuse("E-WIRE-027", begin, rfc_proposal,
                    "more proposals than this implementation accepts");
  more = ahead[0] != 0;
  auto group = r.group(f_proposal, size);
  read_generic(r);
  Proposal p;
  p.number = r.u8(f_number);
  p.protocol = r.u8(f_protocol);
  r.says([&] { return numbered(p.protocol, protocol_name(p.protocol)); });
  r.u8(f_spi_size);
  r.u8(f_count);
  p.spi = to_bytes(r.octets(spi_size, f_spi));
  for (bool again = count > 0; again;)
    if (!read_transform(r, p, again)) return false;
  if (p.transforms.size() != count)
    return r.refuse("E-WIRE-025", begin, rfc_proposal,
                    fmt::format("# of Transforms is {}, {} are there", count, p.transforms.size()));
  group.says([&] {
    return fmt::format("number {}, {}, {} transforms", p.number, protocol_name(p.protocol), count);
  });
  sa.proposals.push_back(std::move(p));
  return true;
}

void write_generic(Writer& w, unsigned next, std::size_t& begin) {
  begin = w.size();
  w.u8(static_cast<std::uint8_t>(next));
  w.zeros(3);
}

}  // namespace

bool read_attribute(Reader& r, const AttributeNames& names, std::vector<Attribute>& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-026", begin, rfc_attribute,
                    fmt::format("an attribute needs 4 octets, {} are left", r.left()));
  const ByteView ahead = r.peek();
  const bool tv = (ahead[0] & 0x80) != 0;
  const std::size_t size = tv ? 4 : 4U + ahead[2] * 256U + ahead[3];
  if (size > r.left())
    return r.refuse("E-WIRE-026", begin, rfc_attribute,
                    fmt::format("an attribute of {} octets, {} are left", size, r.left()));
  if (out.size() == bounds::attributes_in_config)
    return r.refuse("E-WIRE-027", begin, rfc_attribute,
                    "more attributes than this implementation accepts");
  auto group = r.group(f_attribute, size);
  Attribute a;
  a.tv = tv;
  a.type = r.u16(f_a_type) & 0x7fff;
  r.says([&] { return numbered(a.type, names.type(a.type)); });
  r.bits(0, 0, f_af, tv ? "1" : "0");
  r.bits(1, 15, f_a_number, std::to_string(a.type));
  if (tv) {
    a.value = r.u16(f_a_value);
  } else {
    r.u16(f_a_length);
    a.octets = to_bytes(r.rest(f_a_value));
  }
  const auto value = [&] {
    if (!tv && names.octets != nullptr) return names.octets(a.type, a.octets);
    return tv || a.octets.size() <= 4 ? names.value(a.type, a.number()) : text_or_hex(a.octets);
  };
  r.says(value);
  group.says([&] { return names.type(a.type) + " " + value(); });
  out.push_back(std::move(a));
  return true;
}

void write_attribute(Writer& w, const Attribute& a) {
  w.u16(static_cast<std::uint16_t>(a.type | (a.tv ? 0x8000 : 0)));
  if (a.tv) return w.u16(a.value);
  IKELAB_ASSERT(a.octets.size() <= 0xffff);
  w.u16(static_cast<std::uint16_t>(a.octets.size()));
  w.octets(a.octets);
}

bool read_sa(Reader& r, PayloadBody& out) {
  if (r.left() < 8)
    return r.refuse("E-WIRE-012", r.at(), rfc_sa,
                    fmt::format("an SA body needs 8 octets, {} are there", r.left()));
  SaPayload sa;
  sa.doi = r.u32(f_doi);
  r.says([&] { return numbered(sa.doi, sa.doi == ipsec_doi ? "IPSEC" : "unknown"); });
  sa.situation = r.u32(f_situation);
  for (bool more = true; more;)
    if (!read_proposal(r, sa, more)) return false;
  out = std::move(sa);
  return true;
}

void write(Writer& w, const SaPayload& sa) {
  w.u32(sa.doi);
  w.u32(sa.situation);
  for (std::size_t i = 0; i < sa.proposals.size(); ++i) {
    const Proposal& p = sa.proposals[i];
    IKELAB_ASSERT(p.spi.size() <= 255 && p.transforms.size() <= 255);
    std::size_t begin = 0, t_begin = 0;
    write_generic(w, i + 1 < sa.proposals.size() ? 2 : 0, begin);
    w.u8(p.number);
    w.u8(p.protocol);
    w.u8(static_cast<std::uint8_t>(p.spi.size()));
    w.u8(static_cast<std::uint8_t>(p.transforms.size()));
    w.octets(p.spi);
    for (std::size_t j = 0; j < p.transforms.size(); ++j) {
      const Transform& t = p.transforms[j];
      write_generic(w, j + 1 < p.transforms.size() ? 3 : 0, t_begin);
      w.u8(t.number);
      w.u8(t.id);
      w.zeros(2);
      for (const Attribute& a : t.attributes) write_attribute(w, a);
      w.put_u16(t_begin + 2, w.size() - t_begin);
    }
    w.put_u16(begin + 2, w.size() - begin);
  }
}

std::uint32_t Attribute::number() const {
  if (tv) return value;
  if (octets.size() > 4) return 0xffff'ffff;
  std::uint32_t out = 0;
  for (const std::uint8_t octet : octets) out = out << 8 | octet;
  return out;
}

bool Transform::has(std::uint16_t type) const {
  return std::any_of(attributes.begin(), attributes.end(),
                     [&](const Attribute& a) { return a.type == type; });
}

std::uint32_t Transform::value_of(std::uint16_t type) const {
  for (const Attribute& a : attributes)
    if (a.type == type) return a.number();
  return 0;
}

}  // namespace ikelab::wire::v1
