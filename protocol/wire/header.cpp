// The IKE header (RFC 7296, 3.1).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                       IKE SA Initiator's SPI                  |
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                       IKE SA Responder's SPI                  |
//   |                                                               |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                          Message ID                           |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                            Length                             |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc = "RFC 7296, 3.1";
constexpr FieldInfo f_header{"IKE Header",
                             "Says which IKE SA and which exchange this message belongs to.", rfc};
constexpr FieldInfo f_spi_i{"Initiator's SPI",
                            "The number the initiator chose for this IKE SA; never zero.", rfc};
constexpr FieldInfo f_spi_r{
    "Responder's SPI",
    "The number the responder chose for this IKE SA; zero in the very first request.", rfc};
constexpr FieldInfo f_next{"Next Payload", "The type of the payload that follows the header.", rfc};
constexpr FieldInfo f_version{"Version", "The version of IKE this message is written in: 2.0.",
                              rfc};
constexpr FieldInfo f_major{"Major Version", "A receiver refuses a major version it does not know.",
                            rfc};
constexpr FieldInfo f_minor{"Minor Version", "Sent as zero, ignored when received.", rfc};
constexpr FieldInfo f_exchange{"Exchange Type", "What this request and response pair is for.", rfc};
constexpr FieldInfo f_flags{"Flags", "Who sends this message, and whether it asks or answers.",
                            rfc};
constexpr FieldInfo f_r{"R (Response)", "Set in the answer to a request with the same message ID.",
                        rfc};
constexpr FieldInfo f_v{"V (Version)",
                        "Set when the sender could also speak a higher major version.", rfc};
constexpr FieldInfo f_i{
    "I (Initiator)",
    "Set in every message of the side that began this IKE SA, also in its responses.", rfc};
constexpr FieldInfo f_x{"X (Reserved)", "Cleared when sent, ignored when received.", rfc};
constexpr FieldInfo f_id{
    "Message ID",
    "Counts the exchanges of one direction; retransmissions and replays are told by it.",
    "RFC 7296, 2.2"};
constexpr FieldInfo f_length{"Length", "Octets of the whole message, header included.", rfc};

constexpr std::uint8_t flag_initiator = 0x08, flag_version = 0x10, flag_response = 0x20;

void read_flags(Reader& r, Header& h) {
  const std::uint8_t flags = r.u8(f_flags);
  h.initiator = (flags & flag_initiator) != 0;
  h.version_flag = (flags & flag_version) != 0;
  h.response = (flags & flag_response) != 0;
  r.says([&] {
    return fmt::format("0x{:02x} ({}, {})", flags, h.response ? "response" : "request",
                       h.initiator ? "from the original initiator" : "from the original responder");
  });
  const auto set = [](bool on) { return on ? "1" : "0"; };
  r.bits(0, 1, f_x, std::to_string(flags >> 6));
  r.bits(2, 2, f_r, set(h.response));
  r.bits(3, 3, f_v, set(h.version_flag));
  r.bits(4, 4, f_i, set(h.initiator));
  r.bits(5, 7, f_x, std::to_string(flags & 7));
  //= rfc7296#3.1 "'X' bits MUST be cleared when sending and MUST be ignored on receipt."
  if ((flags & 0xc7) != 0)
    r.warn("E-WIRE-010", r.at() - 1, rfc, "reserved flag bits are set; they are ignored");
}

}  // namespace

Header read_header(Reader& r) {
  if (r.peek()[17] >> 4 == 1) return v1::read_header(r);
  auto group = r.group(f_header, header_size);
  Header h;
  h.spi_i = {r.u64(f_spi_i)};
  r.says([&] { return to_string(h.spi_i); });
  h.spi_r = {r.u64(f_spi_r)};
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
  read_flags(r, h);
  h.message_id = {r.u32(f_id)};
  h.length = r.u32(f_length);
  r.says([&] { return count_octets(h.length); });
  group.says([&] {
    return fmt::format("{} {}, message ID {}", name(h.exchange),
                       h.response ? "response" : "request", h.message_id.value);
  });
  return h;
}

void write(Writer& w, const Header& h) {
  w.u64(h.spi_i.value);
  w.u64(h.spi_r.value);
  w.u8(static_cast<std::uint8_t>(h.next_payload));
  w.u8(static_cast<std::uint8_t>(h.major << 4 | (h.minor & 15)));
  w.u8(static_cast<std::uint8_t>(h.exchange));
  const unsigned flags = (h.initiator ? flag_initiator : 0) | (h.version_flag ? flag_version : 0) |
                         (h.response ? flag_response : 0);
  w.u8(h.major == 1 ? v1::flags_of(h) : static_cast<std::uint8_t>(flags));
  w.u32(h.message_id.value);
  w.u32(h.length);
}

}  // namespace ikelab::wire
