// The ISAKMP header (RFC 2408, 3.1): the octets of IKEv2's, with cookies for SPIs, other flags, and
// a Message ID that is zero in phase 1 and random in phase 2.
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                          Initiator Cookie                     |
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                          Responder Cookie                     |
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                          Message ID                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                            Length                             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire::v1 {
namespace {

constexpr const char* rfc = "RFC 2408, 3.1";
constexpr FieldInfo f_header{
    "ISAKMP Header", "Says which ISAKMP SA and which exchange this message belongs to.", rfc};
constexpr FieldInfo f_cky_i{"Initiator Cookie",
                            "The number the initiator chose for this SA; never zero.", rfc};
constexpr FieldInfo f_cky_r{
    "Responder Cookie",
    "The number the responder chose for this SA; zero in the very first message.", rfc};
constexpr FieldInfo f_next{
    "Next Payload", "The type of the first payload; of an encrypted message, the first one inside.",
    rfc};
constexpr FieldInfo f_version{"Version", "1.0: IKEv1, historic since RFC 9395.", rfc};
constexpr FieldInfo f_major{"Major Version", "A receiver refuses a major version it does not know.",
                            rfc};
constexpr FieldInfo f_minor{"Minor Version", "Sent as zero.", rfc};
constexpr FieldInfo f_exchange{"Exchange Type", "Which dance of messages this is a step of.", rfc};
constexpr FieldInfo f_flags{"Flags", "What was done to the payloads.", rfc};
constexpr FieldInfo f_e{"E (Encryption)", "1: all that follows the header is encrypted.", rfc};
constexpr FieldInfo f_c{"C (Commit)", "1: wait for a CONNECTED notification before using the SA.",
                        rfc};
constexpr FieldInfo f_a{"A (Authentication Only)", "1: authenticated but not encrypted.", rfc};
constexpr FieldInfo f_x{"Reserved", "Sent as zero.", rfc};
constexpr FieldInfo f_id{"Message ID",
                         "Zero in phase 1; in phase 2 a random number that names the exchange, "
                         "so that nothing says which message of it this is.",
                         rfc};
constexpr FieldInfo f_length{"Length", "Octets of the whole message, header included.", rfc};

constexpr std::uint8_t flag_e = 1, flag_c = 2, flag_a = 4;

}  // namespace

Header read_header(Reader& r) {
  auto group = r.group(f_header, header_size);
  Header h;
  h.spi_i = {r.u64(f_cky_i)};
  r.says([&] { return to_string(h.spi_i); });
  h.spi_r = {r.u64(f_cky_r)};
  r.says([&] { return to_string(h.spi_r) + (h.spi_r.value == 0 ? " (not yet chosen)" : ""); });
  h.next_payload = static_cast<PayloadType>(r.u8(f_next));
  r.says([&] { return numbered(static_cast<unsigned>(h.next_payload), notation(h.next_payload)); });
  const std::uint8_t version = r.u8(f_version);
  h.major = version >> 4;
  h.minor = version & 15;
  r.says([&] { return fmt::format("{}.{}", h.major, h.minor); });
  r.bits(0, 3, f_major, std::to_string(h.major));
  r.bits(4, 7, f_minor, std::to_string(h.minor));
  h.exchange = static_cast<ExchangeType>(r.u8(f_exchange));
  r.says([&] { return numbered(static_cast<unsigned>(h.exchange), name(h.exchange)); });
  const std::uint8_t flags = r.u8(f_flags);
  h.encrypted = (flags & flag_e) != 0;
  h.commit = (flags & flag_c) != 0;
  h.authentication_only = (flags & flag_a) != 0;
  r.says([&] {
    return fmt::format("0x{:02x} ({})", flags, h.encrypted ? "encrypted" : "in the clear");
  });
  r.bits(0, 4, f_x, std::to_string(flags >> 3));
  r.bits(5, 5, f_a, h.authentication_only ? "1" : "0");
  r.bits(6, 6, f_c, h.commit ? "1" : "0");
  r.bits(7, 7, f_e, h.encrypted ? "1" : "0");
  if ((flags & 0xf8) != 0)
    r.warn("E-WIRE-010", r.at() - 1, rfc, "reserved flag bits are set; they are ignored");
  h.message_id = {r.u32(f_id)};
  r.says([&] { return fmt::format("{:08x}", h.message_id.value); });
  h.length = r.u32(f_length);
  r.says([&] { return count_octets(h.length); });
  group.says(
      [&] { return fmt::format("{}, message ID {:08x}", name(h.exchange), h.message_id.value); });
  return h;
}

std::uint8_t flags_of(const Header& h) {
  return static_cast<std::uint8_t>((h.encrypted ? flag_e : 0) | (h.commit ? flag_c : 0) |
                                   (h.authentication_only ? flag_a : 0));
}

}  // namespace ikelab::wire::v1
