// The Security Association payload (RFC 7296, 3.3): proposals, their transforms, the transforms'
// attributes.
//
//   SA payload body := one or more proposals
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Last Substruc |   RESERVED    |         Proposal Length       |   Proposal (3.3.1)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                        SPI (variable)                         ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                        <Transforms>                           ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Last Substruc |   RESERVED    |        Transform Length       |   Transform (3.3.2)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |Transform Type |   RESERVED    |          Transform ID         |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                      Transform Attributes                     ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |A|       Attribute Type        |  A=0: length  A=1: value      |   Attribute (3.3.5)
//   |F|                             |                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                   A=0: value; A=1: not present                ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_proposal = "RFC 7296, 3.3.1";
constexpr const char* rfc_transform = "RFC 7296, 3.3.2";
constexpr const char* rfc_attribute = "RFC 7296, 3.3.5";

constexpr FieldInfo f_proposal{
    "Proposal",
    "One complete suite of algorithms the sender can live with; the responder picks one proposal.",
    rfc_proposal};
constexpr FieldInfo f_p_last{
    "Last Substruc", "0 in the last proposal, 2 when another proposal follows.", rfc_proposal};
constexpr FieldInfo f_p_reserved{"RESERVED", "Sent as zero, ignored when received.", rfc_proposal};
constexpr FieldInfo f_p_length{"Proposal Length",
                               "Octets of this proposal, its transforms included.", rfc_proposal};
constexpr FieldInfo f_number{
    "Proposal Num",
    "Proposals are numbered from 1; the answer repeats the number of the chosen one.",
    rfc_proposal};
constexpr FieldInfo f_protocol{"Protocol ID", "For which protocol this SA is: IKE, AH or ESP.",
                               rfc_proposal};
constexpr FieldInfo f_spi_size{
    "SPI Size",
    "Octets of the SPI: 0 in the first IKE negotiation, 8 when IKE rekeys, 4 for ESP and AH.",
    rfc_proposal};
constexpr FieldInfo f_transforms{"Num Transforms", "How many transforms this proposal holds.",
                                 rfc_proposal};
constexpr FieldInfo f_spi{"SPI", "The number the sender wants to receive this SA's packets under.",
                          rfc_proposal};

constexpr FieldInfo f_transform{
    "Transform", "One algorithm on offer; of each type the responder picks exactly one.",
    rfc_transform};
constexpr FieldInfo f_t_last{
    "Last Substruc", "0 in the last transform, 3 when another transform follows.", rfc_transform};
constexpr FieldInfo f_t_reserved{"RESERVED", "Sent as zero, ignored when received.", rfc_transform};
constexpr FieldInfo f_t_length{"Transform Length",
                               "Octets of this transform, its attributes included.", rfc_transform};
constexpr FieldInfo f_type{
    "Transform Type",
    "What the algorithm is for: encryption, PRF, integrity, key exchange, sequence numbers.",
    rfc_transform};
constexpr FieldInfo f_id{"Transform ID", "Which algorithm of that type.", rfc_transform};

constexpr FieldInfo f_attribute{"Attribute", "A parameter of the transform.", rfc_attribute};
constexpr FieldInfo f_a_type{
    "Attribute Type",
    "Which parameter; the top bit (AF) says that the value is in the next two octets.",
    rfc_attribute};
constexpr FieldInfo f_af{
    "AF (Attribute Format)",
    "1: the value follows at once in two octets; 0: a length and then the value.", rfc_attribute};
constexpr FieldInfo f_a_number{"Type", "14 is Key Length, the only one defined.", rfc_attribute};
constexpr FieldInfo f_a_value{"Attribute Value", "For Key Length: the size of the key in bits.",
                              rfc_attribute};
constexpr FieldInfo f_a_length{"Attribute Length", "Octets of the value that follows.",
                               rfc_attribute};

constexpr std::uint16_t key_length = 14;
constexpr std::size_t proposal_fixed = 8, transform_fixed = 8, attribute_fixed = 4;

bool read_attribute(Reader& r, Transform& transform) {
  const std::size_t begin = r.at();
  if (r.left() < attribute_fixed)
    return r.refuse("E-WIRE-026", begin, rfc_attribute,
                    fmt::format("an attribute needs 4 octets, {} are left", r.left()));
  const ByteView ahead = r.peek();
  const bool tv = (ahead[0] & 0x80) != 0;
  const std::size_t size = tv ? 4 : 4U + ahead[2] * 256U + ahead[3];
  if (size > r.left())
    return r.refuse("E-WIRE-026", begin, rfc_attribute,
                    fmt::format("an attribute of {} octets, {} are left", size, r.left()));
  if (transform.attributes.size() == bounds::attributes_in_transform)
    return r.refuse("E-WIRE-027", begin, rfc_attribute,
                    "more attributes in a transform than this implementation accepts");
  auto group = r.group(f_attribute, size);
  TransformAttribute a;
  const std::uint16_t word = r.u16(f_a_type);
  a.tv = tv;
  a.type = word & 0x7fff;
  const auto named = [&] { return a.type == key_length ? std::string("Key Length") : "unknown"; };
  r.says([&] { return numbered(a.type, named()); });
  r.bits(0, 0, f_af, tv ? "1" : "0");
  r.bits(1, 15, f_a_number, std::to_string(a.type));
  if (tv) {
    a.value = r.u16(f_a_value);
    if (a.type == key_length) r.says([&] { return fmt::format("{} bits", a.value); });
  } else {
    r.u16(f_a_length);
    a.octets = to_bytes(r.rest(f_a_value));
  }
  group.says([&] { return tv ? fmt::format("{} {}", named(), a.value) : named(); });
  transform.attributes.push_back(std::move(a));
  return true;
}

bool read_transform(Reader& r, Proposal& proposal, bool& more) {
  const std::size_t begin = r.at();
  if (r.left() < transform_fixed)
    return r.refuse("E-WIRE-024", begin, rfc_transform,
                    fmt::format("a transform needs 8 octets, {} are left", r.left()));
  const ByteView ahead = r.peek();
  const std::size_t size = ahead[2] * 256U + ahead[3];
  if (size < transform_fixed || size > r.left())
    return r.refuse(
        "E-WIRE-024", begin, rfc_transform,
        fmt::format("Transform Length {}, but 8 to {} octets are possible", size, r.left()));
  if (proposal.transforms.size() == bounds::transforms_in_proposal)
    return r.refuse("E-WIRE-027", begin, rfc_transform,
                    "more transforms in a proposal than this implementation accepts");
  auto group = r.group(f_transform, size);
  const std::uint8_t last = r.u8(f_t_last);
  r.says([&] { return numbered(last, last == 0 ? "last" : last == 3 ? "more" : "undefined"); });
  more = last != 0;
  if (last != 0 && last != 3)
    r.warn("E-WIRE-021", begin, rfc_transform,
           fmt::format("Last Substruc is {} where only 0 and 3 are defined", last));
  r.reserved(1, f_t_reserved);
  r.u16(f_t_length);
  Transform t;
  t.type = r.u8(f_type);
  r.says([&] { return numbered(t.type, transform_type_name(t.type)); });
  r.reserved(1, f_t_reserved);
  t.id = r.u16(f_id);
  r.says([&] { return numbered(t.id, transform_name(t.type, t.id)); });
  while (r.left() > 0)
    if (!read_attribute(r, t)) return false;
  group.says([&] {
    return transform_name(t.type, t.id) +
           (t.key_bits() ? fmt::format(" {} bits", t.key_bits()) : "");
  });
  proposal.transforms.push_back(std::move(t));
  return true;
}

// The number and the SPI's size are what the protocol fixes.
void judge_proposal(Reader& r, const Proposal& p, std::size_t begin, std::size_t earlier) {
  //= rfc7296#3.3.1 "subsequent proposals MUST be one more than the previous proposal"
  if (earlier > 0 && p.number != earlier + 1)
    r.warn("E-WIRE-022", begin, rfc_proposal,
           fmt::format("proposal number {} follows number {}", p.number, earlier));
  const std::size_t spi = p.spi.size();
  const bool fits = p.protocol == ProtocolId::ike ? spi == 0 || spi == 8
                    : p.protocol == ProtocolId::esp || p.protocol == ProtocolId::ah ? spi == 4
                                                                                    : true;
  if (!fits)
    r.remark(Severity::error, "E-WIRE-023", begin, r.limit(), rfc_proposal,
             fmt::format("an SPI of {} for protocol {}", count_octets(spi), name(p.protocol)));
}

bool read_proposal(Reader& r, SaPayload& sa, bool& more) {
  const std::size_t begin = r.at();
  if (r.left() < proposal_fixed)
    return r.refuse("E-WIRE-020", begin, rfc_proposal,
                    fmt::format("a proposal needs 8 octets, {} are left", r.left()));
  const ByteView ahead = r.peek();
  const std::size_t size = ahead[2] * 256U + ahead[3], spi_size = ahead[6], transforms = ahead[7];
  if (size < proposal_fixed + spi_size || size > r.left())
    return r.refuse("E-WIRE-020", begin, rfc_proposal,
                    fmt::format("Proposal Length {}, but {} to {} octets are possible", size,
                                proposal_fixed + spi_size, r.left()));
  if (sa.proposals.size() == bounds::proposals_in_sa)
    return r.refuse("E-WIRE-027", begin, rfc_proposal,
                    "more proposals than this implementation accepts");
  auto group = r.group(f_proposal, size);
  const std::uint8_t last = r.u8(f_p_last);
  r.says([&] { return numbered(last, last == 0 ? "last" : last == 2 ? "more" : "undefined"); });
  more = last != 0;
  if (last != 0 && last != 2)
    r.warn("E-WIRE-021", begin, rfc_proposal,
           fmt::format("Last Substruc is {} where only 0 and 2 are defined", last));
  r.reserved(1, f_p_reserved);
  r.u16(f_p_length);
  Proposal p;
  p.number = r.u8(f_number);
  p.protocol = static_cast<ProtocolId>(r.u8(f_protocol));
  r.says([&] { return numbered(static_cast<unsigned>(p.protocol), name(p.protocol)); });
  r.u8(f_spi_size);
  r.u8(f_transforms);
  p.spi = to_bytes(r.octets(spi_size, f_spi));
  judge_proposal(r, p, begin, sa.proposals.empty() ? 0 : sa.proposals.back().number);
  bool more_transforms = transforms > 0;
  while (more_transforms)
    if (!read_transform(r, p, more_transforms)) return false;
  if (p.transforms.size() != transforms)
    return r.refuse(
        "E-WIRE-025", begin, rfc_proposal,
        fmt::format("Num Transforms is {}, {} are there", transforms, p.transforms.size()));
  if (r.left() > 0)
    return r.refuse("E-WIRE-025", r.at(), rfc_proposal,
                    fmt::format("{} after the last transform", count_octets(r.left())));
  group.says([&] {
    return fmt::format("number {}, {}, {} transforms", p.number, name(p.protocol),
                       p.transforms.size());
  });
  sa.proposals.push_back(std::move(p));
  return true;
}

void write_transform(Writer& w, const Transform& t, bool last) {
  const std::size_t begin = w.size();
  w.u8(last ? 0 : 3);
  w.zeros(3);
  w.u8(t.type);
  w.zeros(1);
  w.u16(t.id);
  for (const TransformAttribute& a : t.attributes) {
    w.u16(static_cast<std::uint16_t>(a.type | (a.tv ? 0x8000 : 0)));
    if (a.tv) {
      w.u16(a.value);
    } else {
      IKELAB_ASSERT(a.octets.size() <= 0xffff);
      w.u16(static_cast<std::uint16_t>(a.octets.size()));
      w.octets(a.octets);
    }
  }
  w.put_u16(begin + 2, w.size() - begin);
}

}  // namespace

bool read_sa(Reader& r, PayloadBody& out) {
  SaPayload sa;
  const std::size_t begin = r.at();
  if (r.left() == 0)
    return r.refuse("E-WIRE-028", begin, "RFC 7296, 3.3", "an SA payload without proposals");
  for (bool more = true; more;)
    if (!read_proposal(r, sa, more)) return false;
  if (r.left() > 0)
    return r.refuse("E-WIRE-020", r.at(), rfc_proposal,
                    fmt::format("{} after the last proposal", count_octets(r.left())));
  out = std::move(sa);
  return true;
}

void write(Writer& w, const SaPayload& body) {
  for (const Proposal& p : body.proposals) {
    const std::size_t begin = w.size();
    w.u8(&p == &body.proposals.back() ? 0 : 2);
    w.zeros(3);
    w.u8(p.number);
    w.u8(static_cast<std::uint8_t>(p.protocol));
    IKELAB_ASSERT(p.spi.size() <= 255 && p.transforms.size() <= 255);
    w.u8(static_cast<std::uint8_t>(p.spi.size()));
    w.u8(static_cast<std::uint8_t>(p.transforms.size()));
    w.octets(p.spi);
    for (const Transform& t : p.transforms) write_transform(w, t, &t == &p.transforms.back());
    w.put_u16(begin + 2, w.size() - begin);
  }
}

}  // namespace ikelab::wire
