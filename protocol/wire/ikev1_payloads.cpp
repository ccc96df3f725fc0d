// IKEv1's other payloads (RFC 2408, 3.7 to 3.16; RFC 2407, 4.6.2; RFC 3947, 3.2 and 5.2).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   ID Type     |  Protocol ID  |             Port              |   ID (RFC 2407, 4.6.2)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |              Domain of Interpretation  (DOI)                  |   N, D (RFC 2408, 3.14, 3.15)
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Protocol-ID  |   SPI Size    | N: Notify Message Type, D: # of SPIs
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/base/address.hpp"
#include "protocol/wire/codec.hpp"

namespace ikelab::wire::v1 {
namespace {

constexpr const char* rfc_id = "RFC 2407, 4.6.2";
constexpr const char* rfc_cert = "RFC 2408, 3.9";
constexpr const char* rfc_notify = "RFC 2408, 3.14";
constexpr const char* rfc_delete = "RFC 2408, 3.15";
constexpr const char* rfc_config = "draft-dukes-ike-mode-cfg-02, 3.2";
constexpr const char* rfc_nat = "RFC 3947, 5.2";

constexpr FieldInfo f_id_type{"ID Type",
                              "What kind of name this is; authentication by RSA encryption hides "
                              "it, and then any number may stand here.",
                              "RFC 2407, 4.6.2.1"};
constexpr FieldInfo f_id_protocol{"Protocol ID", "0: any; else the IP protocol (17: UDP).", rfc_id};
constexpr FieldInfo f_id_port{"Port", "0: any; in phase 1 otherwise 500.", rfc_id};
constexpr FieldInfo f_id_data{"Identification Data", "The name, address or subnet.", rfc_id};
constexpr FieldInfo f_encoding{"Cert Encoding", "4: X.509 certificate for signatures.", rfc_cert};
constexpr FieldInfo f_certificate{"Certificate Data", "The certificate, or whose is asked for.",
                                  rfc_cert};
constexpr FieldInfo f_doi{"Domain of Interpretation", "1: IPsec.", rfc_notify};
constexpr FieldInfo f_protocol{"Protocol-ID", "Which SA it is about: ISAKMP's own, or ESP.",
                               rfc_notify};
constexpr FieldInfo f_spi_size{"SPI Size", "Octets of each SPI; 16 are both cookies.", rfc_notify};
constexpr FieldInfo f_notify_type{"Notify Message Type", "What is told.", "RFC 2408, 3.14.1"};
constexpr FieldInfo f_spi{"SPI", "The SA it is about.", rfc_notify};
constexpr FieldInfo f_notify_data{"Notification Data", "What goes with the message.", rfc_notify};
constexpr FieldInfo f_count{"# of SPIs", "How many SAs are gone.", rfc_delete};
constexpr FieldInfo f_config_type{"Type", "Asks, answers, sets or acknowledges.", rfc_config};
constexpr FieldInfo f_reserved{"RESERVED", "Sent as zero.", rfc_config};
constexpr FieldInfo f_identifier{"Identifier", "The answer repeats it.", rfc_config};
constexpr FieldInfo f_ke{"Key Exchange Data",
                         "The sender's Diffie-Hellman public value; g^xy comes from it and the "
                         "receiver's private one.",
                         "RFC 2408, 3.7"};
constexpr FieldInfo f_hash{
    "Hash Data", "prf of the SA's keys over what was said: proves who speaks.", "RFC 2408, 3.11"};
constexpr FieldInfo f_signature{"Signature Data", "The hash, signed with the certificate's key.",
                                "RFC 2408, 3.12"};
constexpr FieldInfo f_nonce{
    "Nonce Data", "Fresh randomness; with authentication by RSA encryption its ciphertext.",
    "RFC 2408, 3.13"};
constexpr FieldInfo f_vendor{"Vendor ID", "Tells what implementation this is, or what it can do.",
                             "RFC 2408, 3.16"};
constexpr FieldInfo f_nat_d{
    "HASH of the address and port",
    "Of the receiver first, then of the sender: who finds another hash than "
    "its own is behind a NAT.",
    "RFC 3947, 3.2"};
constexpr FieldInfo f_oa_address{"Original address", "Before any NAT changed it.", rfc_nat};

constexpr AttributeNames of_config{
    [](std::uint16_t type) { return config_name(type); },
    [](std::uint16_t, std::uint32_t value) { return std::to_string(value); },
    [](std::uint16_t type, ByteView value) {
      const bool address = type >= config::ip4_address && type < config::ip4_subnet;
      if (value.empty()) return std::string("asked for");
      return address && value.size() == 4 ? IpAddress::from_octets(value).value().to_string()
                                          : text_or_hex(value);
    }};

bool too_short(Reader& r, std::size_t needed, const char* what, const char* rfc) {
  return r.refuse("E-WIRE-012", r.at(), rfc,
                  fmt::format("{} body needs {} octets, {} are there", what, needed, r.left()));
}

std::string id_text(const IdPayload& p) {
  const auto address = [&](std::size_t from, std::size_t size) {
    const auto ip = IpAddress::from_octets(ByteView(p.data).subspan(from, size));
    return ip ? ip->to_string() : brief_hex(p.data);
  };
  const std::size_t n = p.data.size();
  if ((p.type == id::ipv4_addr && n == 4) || (p.type == id::ipv6_addr && n == 16))
    return address(0, n);
  if ((p.type == id::ipv4_addr_subnet && n == 8) || (p.type == id::ipv6_addr_subnet && n == 32))
    return address(0, n / 2) + " mask " + address(n / 2, n / 2);
  if ((p.type == id::ipv4_addr_range && n == 8) || (p.type == id::ipv6_addr_range && n == 32))
    return address(0, n / 2) + " to " + address(n / 2, n / 2);
  return text_or_hex(p.data);
}

bool read_id(Reader& r, PayloadBody& out) {
  if (r.left() < 4) return too_short(r, 4, "an ID", rfc_id);
  IdPayload p;
  p.type = r.u8(f_id_type);
  r.says([&] { return numbered(p.type, id_type_name(p.type)); });
  p.protocol = r.u8(f_id_protocol);
  p.port = r.u16(f_id_port);
  p.data = to_bytes(r.rest(f_id_data));
  r.says([&] { return id_text(p); });
  out = std::move(p);
  return true;
}

template <bool request>
bool read_cert(Reader& r, PayloadBody& out) {
  if (r.left() < 1) return too_short(r, 1, "a certificate", rfc_cert);
  CertPayload p;
  p.request = request;
  p.encoding = r.u8(f_encoding);
  r.says([&] { return numbered(p.encoding, cert_encoding_name(p.encoding)); });
  p.data = to_bytes(r.rest(f_certificate));
  out = std::move(p);
  return true;
}

bool read_notify(Reader& r, PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 8) return too_short(r, 8, "a Notification", rfc_notify);
  const std::size_t spi_size = r.peek()[5];
  if (8 + spi_size > r.left())
    return r.refuse("E-WIRE-050", begin, rfc_notify,
                    fmt::format("an SPI of {} in a body of {}", count_octets(spi_size),
                                count_octets(r.left())));
  NotifyPayload p;
  p.doi = r.u32(f_doi);
  p.protocol = r.u8(f_protocol);
  r.says([&] { return numbered(p.protocol, protocol_name(p.protocol)); });
  r.u8(f_spi_size);
  p.type = r.u16(f_notify_type);
  r.says([&] { return numbered(p.type, notify_name(p.type)); });
  p.spi = to_bytes(r.octets(spi_size, f_spi));
  p.data = to_bytes(r.rest(f_notify_data));
  out = std::move(p);
  return true;
}

bool read_delete(Reader& r, PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 8) return too_short(r, 8, "a Delete", rfc_delete);
  const ByteView ahead = r.peek();
  const std::size_t spi_size = ahead[5], count = ahead[6] * 256U + ahead[7];
  if (spi_size * count != r.left() - 8)
    return r.refuse("E-WIRE-050", begin, rfc_delete,
                    fmt::format("{} SPIs of {} octets do not fill {}", count, spi_size,
                                count_octets(r.left() - 8)));
  if (count > bounds::spis_in_delete)
    return r.refuse("E-WIRE-051", begin, rfc_delete,
                    "more SPIs in a Delete than this implementation accepts");
  DeletePayload p;
  p.doi = r.u32(f_doi);
  p.protocol = r.u8(f_protocol);
  r.says([&] { return numbered(p.protocol, protocol_name(p.protocol)); });
  p.spi_size = r.u8(f_spi_size);
  r.u16(f_count);
  for (std::size_t i = 0; spi_size > 0 && i < count; ++i)
    p.spis.push_back(to_bytes(r.octets(spi_size, f_spi)));
  out = std::move(p);
  return true;
}

bool read_attributes(Reader& r, PayloadBody& out) {
  if (r.left() < 4) return too_short(r, 4, "an Attribute", rfc_config);
  AttributePayload p;
  p.type = r.u8(f_config_type);
  r.says([&] { return numbered(p.type, config_type_name(p.type)); });
  r.reserved(1, f_reserved);
  p.identifier = r.u16(f_identifier);
  while (r.left() > 0)
    if (!read_attribute(r, of_config, p.attributes)) return false;
  out = std::move(p);
  return true;
}

template <PayloadType type, const FieldInfo& info>
bool read_data(Reader& r, PayloadBody& out) {
  out = DataPayload{type, to_bytes(r.rest(info))};
  if (type == PayloadType::v1_vendor_id)
    r.says([&] {
      const Bytes& data = std::get<DataPayload>(out).data;
      const std::string known = vendor_name(to_hex(data));
      return known.empty() ? text_or_hex(data) : known;
    });
  return true;
}

bool read_nonce(Reader& r, PayloadBody& out) {
  const std::size_t size = r.left();
  // RFC 2409, 5 says 8 to 256 octets; a ciphertext is as long as a modulus.
  if (size < 8 || size > 2048)
    r.remark(Severity::error, "E-WIRE-040", r.at(), r.limit(), "RFC 2409, 5",
             fmt::format("a nonce of {}", count_octets(size)));
  return read_data<PayloadType::v1_nonce, f_nonce>(r, out);
}

bool read_nat_oa(Reader& r, PayloadBody& out) {
  if (r.left() < 4) return too_short(r, 4, "a NAT-OA", rfc_nat);
  const Bytes whole = to_bytes(r.peek());
  const std::uint8_t type = r.u8(f_id_type);
  r.says([&] { return numbered(type, id_type_name(type)); });
  r.reserved(3, f_reserved);
  r.rest(f_oa_address);
  out = DataPayload{PayloadType::v1_nat_oa, whole};
  return true;
}

using T = PayloadType;
constexpr PayloadCodec rows[] = {
    {T::v1_sa,
     read_sa,
     {"Security Association payload (SA)", "Offers or answers the algorithms of an SA.",
      "RFC 2408, 3.4"}},
    {T::v1_ke,
     read_data<T::v1_ke, f_ke>,
     {"Key Exchange payload (KE)", "The sender's Diffie-Hellman public value.", "RFC 2408, 3.7"}},
    {T::v1_id,
     read_id,
     {"Identification payload (ID)", "Who the sender says it is, or, in phase 2, for what traffic.",
      "RFC 2408, 3.8"}},
    {T::v1_cert,
     read_cert<false>,
     {"Certificate payload (CERT)", "The sender's certificate.", "RFC 2408, 3.9"}},
    {T::v1_cr,
     read_cert<true>,
     {"Certificate Request payload (CR)", "Which authorities' certificates the sender accepts.",
      "RFC 2408, 3.10"}},
    {T::v1_hash,
     read_data<T::v1_hash, f_hash>,
     {"Hash payload (HASH)", "Authenticates the sender and the exchange.", "RFC 2408, 3.11"}},
    {T::v1_sig,
     read_data<T::v1_sig, f_signature>,
     {"Signature payload (SIG)", "Authenticates the sender by its certificate.", "RFC 2408, 3.12"}},
    {T::v1_nonce,
     read_nonce,
     {"Nonce payload (NONCE)", "Fresh randomness of this exchange.", "RFC 2408, 3.13"}},
    {T::v1_notify,
     read_notify,
     {"Notification payload (N)", "An error or a status.", "RFC 2408, 3.14"}},
    {T::v1_delete,
     read_delete,
     {"Delete payload (D)", "Says which SAs the sender has closed.", "RFC 2408, 3.15"}},
    {T::v1_vendor_id,
     read_data<T::v1_vendor_id, f_vendor>,
     {"Vendor ID payload (VID)", "Tells what the implementation is or can do.", "RFC 2408, 3.16"}},
    {T::v1_attributes,
     read_attributes,
     {"Attribute payload (ATTR)", "Mode config and XAuth: asks for or gives values.", rfc_config}},
    {T::v1_nat_d,
     read_data<T::v1_nat_d, f_nat_d>,
     {"NAT Discovery payload (NAT-D)", "Finds NATs on the way.", "RFC 3947, 3.2"}},
    {T::v1_nat_oa,
     read_nat_oa,
     {"NAT Original Address payload (NAT-OA)", "An address before NAT, for transport mode.",
      rfc_nat}},
};

}  // namespace

std::span<const PayloadCodec> codecs() {
  return rows;
}

void write(Writer& w, const IdPayload& p) {
  w.u8(p.type);
  w.u8(p.protocol);
  w.u16(p.port);
  w.octets(p.data);
}

void write(Writer& w, const CertPayload& p) {
  w.u8(p.encoding);
  w.octets(p.data);
}

void write(Writer& w, const NotifyPayload& p) {
  IKELAB_ASSERT(p.spi.size() <= 255);
  w.u32(p.doi);
  w.u8(p.protocol);
  w.u8(static_cast<std::uint8_t>(p.spi.size()));
  w.u16(p.type);
  w.octets(p.spi);
  w.octets(p.data);
}

void write(Writer& w, const DeletePayload& p) {
  IKELAB_ASSERT(p.spis.size() <= 0xffff);
  w.u32(p.doi);
  w.u8(p.protocol);
  w.u8(p.spi_size);
  w.u16(static_cast<std::uint16_t>(p.spis.size()));
  for (const Bytes& spi : p.spis) w.octets(spi);
}

void write(Writer& w, const AttributePayload& p) {
  w.u8(p.type);
  w.zeros(1);
  w.u16(p.identifier);
  for (const Attribute& a : p.attributes) write_attribute(w, a);
}

void write(Writer& w, const DataPayload& p) {
  w.octets(p.data);
}

void write(Writer& w, const EncryptedPayload& p) {
  w.octets(p.body);
}

}  // namespace ikelab::wire::v1
