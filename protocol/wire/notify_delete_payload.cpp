// What one side tells the other: Notify (RFC 7296, 3.10), Delete (3.11), Vendor ID (3.12).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Protocol ID  |   SPI Size    |      Notify Message Type      |   Notify
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                Security Parameter Index (SPI)                 ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                       Notification Data                       ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Protocol ID   |   SPI Size    |          Num of SPIs          |   Delete
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~               Security Parameter Index(es) (SPI)              ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_notify = "RFC 7296, 3.10";
constexpr const char* rfc_delete = "RFC 7296, 3.11";
constexpr FieldInfo f_protocol{
    "Protocol ID", "Which SA the SPI belongs to: 0 when none is meant, 2 AH, 3 ESP.", rfc_notify};
constexpr FieldInfo f_spi_size{
    "SPI Size",
    "Octets of the SPI that follows; 0 when the notification is about no particular SA.",
    rfc_notify};
constexpr FieldInfo f_type{"Notify Message Type",
                           "Below 16384 it reports an error, from there on it tells a status.",
                           "RFC 7296, 3.10.1"};
constexpr FieldInfo f_spi{"SPI", "The SA the notification is about.", rfc_notify};
constexpr FieldInfo f_data{"Notification Data", "What this type of notification carries.",
                           "RFC 7296, 3.10.1"};
constexpr FieldInfo f_d_protocol{
    "Protocol ID", "Which kind of SA is deleted: 1 this IKE SA, 2 AH, 3 ESP.", rfc_delete};
constexpr FieldInfo f_d_spi_size{
    "SPI Size", "0 for the IKE SA (its SPIs are in the header), 4 for ESP and AH.", rfc_delete};
constexpr FieldInfo f_d_count{"Num of SPIs", "How many SPIs follow.", rfc_delete};
constexpr FieldInfo f_d_spi{"SPI", "An SA the sender will no longer receive on.", rfc_delete};
constexpr FieldInfo f_vendor{"Vendor ID",
                             "Octets by which implementations recognise each other; whoever does "
                             "not know them ignores them.",
                             "RFC 7296, 3.12"};

struct NotifyRow {
  NotifyType type;
  std::size_t min, max;  ///< octets of notification data
  const char* rfc;
  const char* meaning;
};
constexpr std::size_t any = bounds::message_octets;
constexpr NotifyRow known[] = {
    {NotifyType::unsupported_critical_payload, 1, 1, "RFC 7296, 2.5",
     "The type of the critical payload that was not understood."},
    {NotifyType::invalid_ke_payload, 2, 2, "RFC 7296, 1.2",
     "The key exchange method the responder wants instead; the initiator tries again with it."},
    {NotifyType::invalid_message_id, 4, 4, "RFC 7296, 2.3", "The message ID that did not fit."},
    {NotifyType::invalid_major_version, 1, 1, "RFC 7296, 2.5",
     "The highest major version the sender speaks."},
    {NotifyType::no_proposal_chosen, 0, any, "RFC 7296, 2.7",
     "None of the proposals was acceptable."},
    {NotifyType::authentication_failed, 0, any, "RFC 7296, 2.21.2",
     "The peer's proof of identity did not hold."},
    {NotifyType::ts_unacceptable, 0, any, "RFC 7296, 2.9",
     "None of the traffic selectors was acceptable."},
    {NotifyType::set_window_size, 4, 4, "RFC 7296, 2.3",
     "How many requests may be outstanding at once."},
    {NotifyType::nat_detection_source_ip, 20, 20, "RFC 7296, 2.23",
     "SHA-1 of the SPIs, the sender's address and port: another result at the receiver means a NAT "
     "between."},
    {NotifyType::nat_detection_destination_ip, 20, 20, "RFC 7296, 2.23",
     "SHA-1 of the SPIs, the receiver's address and port: another result at the receiver means it "
     "sits behind a NAT."},
    {NotifyType::cookie, 1, bounds::cookie_octets_max, "RFC 7296, 2.6",
     "The initiator must return these octets to show that it can receive at its address."},
    {NotifyType::use_transport_mode, 0, 0, "RFC 7296, 1.3.1",
     "The Child SA is to protect packets between the two hosts without a tunnel header."},
    {NotifyType::rekey_sa, 0, 0, "RFC 7296, 1.3.3",
     "The new Child SA replaces the one with this SPI."},
    {NotifyType::initial_contact, 0, 0, "RFC 7296, 2.4",
     "The sender has no other IKE SA with this peer; older ones may go."},
    {NotifyType::esp_tfc_padding_not_supported, 0, 0, "RFC 7296, 1.3.1",
     "The sender will not accept ESP packets with traffic flow padding."},
    {NotifyType::non_first_fragments_also, 0, 0, "RFC 7296, 1.3.1",
     "Fragments other than the first may use this Child SA."},
    {NotifyType::ikev2_fragmentation_supported, 0, 0, "RFC 7383, 2.3",
     "The sender can put large IKE messages together from fragments."},
    {NotifyType::signature_hash_algorithms, 2, any, "RFC 7427, 4",
     "The hash functions the sender accepts in signatures, two octets each."},
    {NotifyType::state_not_found, 0, any, "RFC 9370, 2.2.4",
     "The responder has forgotten what these further key exchanges belong to."},
    {NotifyType::puzzle, 3, 3, "RFC 8019, 8.1",
     "Return the cookie with four keys whose PRF of it ends in so many zero bits: two octets name "
     "the PRF, one the number of bits."},
    {NotifyType::use_ppk, 0, any, "RFC 8784, 3",
     "The sender can mix a post-quantum preshared key into the keys of this IKE SA."},
    {NotifyType::ppk_identity, 0, any, "RFC 8784, 3",
     "Which post-quantum preshared key: its type (1 opaque, 2 fixed) and its name. In a response "
     "it says that the key is used."},
    {NotifyType::no_ppk_auth, 1, any, "RFC 8784, 3",
     "What AUTH would be without the preshared key, for a responder that does not have it."},
    //= rfc9242#3.1 "Implementations MUST ignore non-empty Notification Data if they don't
    //= understand its purpose."
    {NotifyType::intermediate_exchange_supported, 0, any, "RFC 9242, 3.1",
     "The sender can exchange more, encrypted, before IKE_AUTH."},
    {NotifyType::additional_key_exchange, 1, any, "RFC 9370, 2.2.4",
     "More key exchanges follow; the next request brings these octets back."},
    {NotifyType::ike_sa_init_full_transcript_auth, 0, any,
     "draft-ietf-ipsecme-ikev2-downgrade-prevention",
     "The sender's AUTH covers both messages of IKE_SA_INIT, so that none can be changed unseen."},
};

const NotifyRow* row_of(NotifyType type) {
  const auto* row = std::find_if(std::begin(known), std::end(known),
                                 [&](const NotifyRow& k) { return k.type == type; });
  return row == std::end(known) ? nullptr : row;
}

std::string shown(NotifyType type, ByteView data) {
  if (type == NotifyType::invalid_ke_payload && data.size() == 2) {
    const auto method = static_cast<std::uint16_t>(data[0] << 8 | data[1]);
    return numbered(method, transform_name(4, method));
  }
  if (type == NotifyType::signature_hash_algorithms && data.size() % 2 == 0) {
    std::string list;
    for (std::size_t i = 0; i < data.size(); i += 2)
      list += (i ? ", " : "") + hash_name(static_cast<std::uint16_t>(data[i] << 8 | data[i + 1]));
    return list;
  }
  if (type == NotifyType::puzzle && data.size() == 3)
    return fmt::format("{}, {} zero bits",
                       transform_name(2, static_cast<std::uint16_t>(data[0] << 8 | data[1])),
                       data[2]);
  if (type == NotifyType::ppk_identity && data.size() > 1)
    return fmt::format("type {}, {}", data[0], text_or_hex(ByteView(data).subspan(1)));
  return brief_hex(data);
}

}  // namespace

bool read_notify(Reader& r, PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", begin, rfc_notify,
                    fmt::format("a Notify body needs 4 octets, {} are there", r.left()));
  const std::size_t spi_size = r.peek()[1];
  if (4 + spi_size > r.left())
    return r.refuse("E-WIRE-045", begin, rfc_notify,
                    fmt::format("an SPI of {}, {} are left", count_octets(spi_size), r.left() - 4));
  NotifyPayload n;
  n.protocol = static_cast<ProtocolId>(r.u8(f_protocol));
  r.says([&] { return numbered(static_cast<unsigned>(n.protocol), name(n.protocol)); });
  r.u8(f_spi_size);
  n.type = static_cast<NotifyType>(r.u16(f_type));
  r.says([&] { return numbered(static_cast<unsigned>(n.type), name(n.type)); });
  n.spi = to_bytes(r.octets(spi_size, f_spi));
  const NotifyRow* row = row_of(n.type);
  const std::size_t size = r.left();
  const bool odd = n.type == NotifyType::signature_hash_algorithms && size % 2 != 0;
  if (row && (size < row->min || size > row->max || odd))
    r.remark(Severity::error, "E-WIRE-046", begin, r.limit(), row->rfc,
             fmt::format("{} with {} of data", name(n.type), count_octets(size)));
  n.data = to_bytes(r.rest(f_data));
  r.says([&] { return shown(n.type, n.data); });
  if (row) r.means([&] { return std::string(row->meaning); });
  out = std::move(n);
  return true;
}

void write(Writer& w, const NotifyPayload& body) {
  w.u8(static_cast<std::uint8_t>(body.protocol));
  IKELAB_ASSERT(body.spi.size() <= 255);
  w.u8(static_cast<std::uint8_t>(body.spi.size()));
  w.u16(static_cast<std::uint16_t>(body.type));
  w.octets(body.spi);
  w.octets(body.data);
}

bool read_delete(Reader& r, PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", begin, rfc_delete,
                    fmt::format("a Delete body needs 4 octets, {} are there", r.left()));
  const ByteView ahead = r.peek();
  const std::size_t spi_size = ahead[1], count = ahead[2] * 256U + ahead[3];
  if (spi_size * count != r.left() - 4)
    return r.refuse("E-WIRE-050", begin, rfc_delete,
                    fmt::format("{} SPIs of {} octets do not fill {}", count, spi_size,
                                count_octets(r.left() - 4)));
  if (count > bounds::spis_in_delete)
    return r.refuse("E-WIRE-051", begin, rfc_delete,
                    "more SPIs in a Delete than this implementation accepts");
  DeletePayload d;
  d.protocol = static_cast<ProtocolId>(r.u8(f_d_protocol));
  r.says([&] { return numbered(static_cast<unsigned>(d.protocol), name(d.protocol)); });
  d.spi_size = r.u8(f_d_spi_size);
  r.u16(f_d_count);
  const bool ike = d.protocol == ProtocolId::ike;
  const bool child = d.protocol == ProtocolId::esp || d.protocol == ProtocolId::ah;
  //= rfc7296#3.11 "It MUST be zero for IKE (SPI is in message header) or four for AH and ESP."
  if ((ike && spi_size != 0) || (child && spi_size != 4))
    r.remark(Severity::error, "E-WIRE-052", begin, r.limit(), rfc_delete,
             fmt::format("SPI Size {} for protocol {}", spi_size, name(d.protocol)));
  const std::size_t listed = spi_size == 0 ? 0 : count;
  for (std::size_t i = 0; i < listed; ++i) d.spis.push_back(to_bytes(r.octets(spi_size, f_d_spi)));
  out = std::move(d);
  return true;
}

void write(Writer& w, const DeletePayload& body) {
  w.u8(static_cast<std::uint8_t>(body.protocol));
  w.u8(body.spi_size);
  IKELAB_ASSERT(body.spis.size() <= 0xffff);
  w.u16(static_cast<std::uint16_t>(body.spis.size()));
  for (const Bytes& spi : body.spis) w.octets(spi);
}

bool read_vendor_id(Reader& r, PayloadBody& out) {
  out = VendorIdPayload{to_bytes(r.rest(f_vendor))};
  r.says([&] { return text_or_hex(std::get<VendorIdPayload>(out).data); });
  return true;
}

void write(Writer& w, const VendorIdPayload& body) {
  w.octets(body.data);
}

}  // namespace ikelab::wire
