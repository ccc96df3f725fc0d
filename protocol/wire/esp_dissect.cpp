// ESP packets (RFC 4303, 2), as they cross the network and after decryption.
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ ----
//   |               Security Parameters Index (SPI)                 | ^Int.
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ |Cov-
//   |                      Sequence Number                          | |ered
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ | ----
//   |                    IV and Payload Data (variable)             | |   ^
//   ~                                                               ~ |   |
//   +               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ |Conf.
//   |               |     Padding (0-255 bytes)                     | |Cov-
//   +-+-+-+-+-+-+-+-+               +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ |ered*
//   |                               |  Pad Length   | Next Header   | v   v
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ ------
//   ~         Integrity Check Value-ICV   (variable)                ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr FieldInfo f_spi{"Security Parameters Index (SPI)",
                          "Tells the receiver which SA, and so which keys, this packet belongs to.",
                          "RFC 4303, 2.1"};
constexpr FieldInfo f_sequence{
    "Sequence Number",
    "Grows by one with every packet of the SA; the receiver refuses a number it has seen.",
    "RFC 4303, 2.2"};
constexpr FieldInfo f_inner{"Inner packet", "The packet that travels through the tunnel.",
                            "RFC 4303, 2.3"};
constexpr FieldInfo f_padding{"Padding", "Fills up to the cipher's block size: 1, 2, 3 ...",
                              "RFC 4303, 2.4"};
constexpr FieldInfo f_pad_length{"Pad Length", "Octets of padding before this field.",
                                 "RFC 4303, 2.5"};
constexpr FieldInfo f_next{"Next Header",
                           "What the inner packet is: 4 IPv4, 41 IPv6, 59 nothing (dummy).",
                           "RFC 4303, 2.6"};

void read_esp(Reader& r, const std::optional<CipherHint>& hint) {
  if (r.left() < 8) {
    r.refuse("E-WIRE-080", 0, "RFC 4303, 2",
             fmt::format("an ESP packet needs 8 octets, {} are there", r.left()));
    return;
  }
  const std::uint32_t spi = r.u32(f_spi);
  r.says([&] { return to_string(EspSpi{spi}); });
  if (spi == 0)
    r.remark(Severity::error, "E-WIRE-081", 0, 4, "RFC 4303, 2.1",
             "SPI zero is reserved and never sent");
  r.u32(f_sequence);
  read_protected(r, hint, "RFC 4303, 2");
}

//= rfc4303#2.4 "The first padding byte appended to the plaintext is numbered 1"
bool is_counting(ByteView padding) {
  for (std::size_t i = 0; i < padding.size(); ++i)
    if (padding[i] != i + 1) return false;
  return true;
}

void read_esp_plain(Reader& r) {
  if (r.left() < 2) {
    r.refuse("E-WIRE-082", 0, "RFC 4303, 2.5",
             fmt::format("{} cannot hold Pad Length and Next Header", count_octets(r.left())));
    return;
  }
  const ByteView all = r.peek();
  const std::size_t padding = all[all.size() - 2];
  if (padding + 2 > all.size()) {
    r.refuse("E-WIRE-082", 0, "RFC 4303, 2.5",
             fmt::format("Pad Length {} in {}", padding, count_octets(all.size())));
    return;
  }
  const std::size_t inner = all.size() - 2 - padding;
  const unsigned next = all.back();
  if (next == 4 || next == 41) {
    auto group = r.group(f_inner, inner);
    read_ip_packet(r);
  } else {
    r.octets(inner, f_inner);
  }
  const bool counting = is_counting(r.octets(padding, f_padding));
  if (!counting) r.warn("E-WIRE-083", inner, "RFC 4303, 2.4", "the padding does not count 1, 2, 3");
  r.u8(f_pad_length);
  r.u8(f_next);
  r.says([&] { return numbered(next, ip_protocol_name(static_cast<std::uint8_t>(next))); });
}

}  // namespace

PacketDissection dissect_esp(ByteView packet, std::optional<CipherHint> hint) {
  PacketDissection out;
  out.root = Field{"ESP packet",
                   count_octets(packet.size()),
                   "A packet of the tunnel, encrypted and authenticated.",
                   "RFC 4303, 2",
                   0,
                   0,
                   std::nullopt,
                   {}};
  Reader r(packet, out.diagnostics, &out.root);
  read_esp(r, hint);
  r.finish();
  return out;
}

PacketDissection dissect_esp_plain(ByteView plain) {
  PacketDissection out;
  out.root = Field{"Decrypted ESP content",
                   count_octets(plain.size()),
                   "What the receiver finds after decryption.",
                   "RFC 4303, 2",
                   0,
                   0,
                   std::nullopt,
                   {}};
  Reader r(plain, out.diagnostics, &out.root);
  read_esp_plain(r);
  r.finish();
  return out;
}

}  // namespace ikelab::wire
