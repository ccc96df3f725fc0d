// EAP (RFC 7296, 3.16): packets of RFC 3748, and inside them the methods we know: MD5-Challenge
// (RFC 3748, 5.4), EAP-TLS (RFC 5216, 3; RFC 9190), MS-CHAPv2 (draft-kamath-pppext-eap-mschapv2;
// RFC 2759).
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |     Code      | Identifier    |           Length              |   EAP
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |     Type      | Type_Data...                                  ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   EAP-TLS:     Flags (1: L M S, reserved) | [TLS Message Length (4)] | TLS Data
//   MD5:         Value-Size (1) | Value | Name
//   MS-CHAPv2:   OpCode (1) | MS-CHAPv2-ID (1) | MS-Length (2) | by OpCode:
//     Challenge  Value-Size (1) | Challenge (16) | Name
//     Response   Value-Size (1) | Peer-Challenge (16) | Reserved (8) | NT-Response (24) | Flags (1)
//     |
//                Name
//     Success, Failure of the server: Message; of the peer: nothing, and the OpCode stands alone
#include <algorithm>

#include "protocol/wire/codec.hpp"
#include "protocol/wire/names.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_eap = "RFC 7296, 3.16";
constexpr const char* rfc_md5 = "RFC 3748, 5.4";
constexpr const char* rfc_tls = "RFC 5216, 3";
constexpr const char* rfc_ms = "draft-kamath-pppext-eap-mschapv2, 2";
constexpr const char* rfc_ms_2759 = "RFC 2759, 4";

constexpr FieldInfo f_code{"Code", "1 request, 2 response, 3 success, 4 failure.", rfc_eap};
constexpr FieldInfo f_identifier{"Identifier", "Matches EAP responses with requests.", rfc_eap};
constexpr FieldInfo f_length{"Length", "Octets of the EAP message; four less than the payload.",
                             rfc_eap};
constexpr FieldInfo f_type{"Type", "The EAP method.", rfc_eap};
constexpr FieldInfo f_type_data{"Type Data", "What the EAP method exchanges.", rfc_eap};
constexpr FieldInfo f_identity{
    "Identity",
    "Who the peer says it is; nothing proves it yet. A request may show a text instead.",
    "RFC 3748, 5.1"};
constexpr FieldInfo f_message{"Message", "A text for the user.", "RFC 3748, 5.2"};
constexpr FieldInfo f_desired{"Desired Type", "A method the peer would take instead.",
                              "RFC 3748, 5.3.1"};

constexpr FieldInfo f_value_size{"Value-Size", "Octets of the value.", rfc_md5};
constexpr FieldInfo f_value{"Value",
                            "The challenge, or MD5 over Identifier, password and challenge: who "
                            "hears both can try passwords.",
                            rfc_md5};
constexpr FieldInfo f_name{"Name", "Who sends this.", rfc_md5};

constexpr FieldInfo f_flags{"Flags", "How this fragment of TLS belongs to the others.", rfc_tls};
constexpr FieldInfo f_l{"L", "The TLS Message Length is included.", rfc_tls};
constexpr FieldInfo f_m{"M", "More fragments follow; the other side acknowledges each.", rfc_tls};
constexpr FieldInfo f_s{"S", "EAP-TLS start: the server's first request, without data.", rfc_tls};
constexpr FieldInfo f_reserved_bits{"Reserved", "Sent as zero.", rfc_tls};
constexpr FieldInfo f_tls_length{
    "TLS Message Length", "Octets of the TLS message before it was cut into fragments.", rfc_tls};
constexpr FieldInfo f_tls_data{"TLS Data", "TLS records, or a part of them.", rfc_tls};

constexpr FieldInfo f_opcode{"OpCode", "Which step of MS-CHAPv2 this is.", rfc_ms};
constexpr FieldInfo f_ms_id{"MS-CHAPv2-ID", "Matches the response with the challenge.", rfc_ms};
constexpr FieldInfo f_ms_length{"MS-Length", "Octets from OpCode on.", rfc_ms};
constexpr FieldInfo f_ms_value_size{"Value-Size", "Octets of the value: 16 or 49.", rfc_ms};
constexpr FieldInfo f_challenge{"Challenge", "16 random octets of the server.", rfc_ms};
constexpr FieldInfo f_ms_name{"Name", "The server's name, or the user's.", rfc_ms};
constexpr FieldInfo f_peer_challenge{
    "Peer-Challenge", "16 random octets of the peer: the server must prove itself over them.",
    rfc_ms_2759};
constexpr FieldInfo f_ms_reserved{"Reserved", "Sent as zero.", rfc_ms_2759};
constexpr FieldInfo f_nt_response{
    "NT-Response",
    "Both challenges and the user's name, hashed and encrypted with DES three times under parts of "
    "the password's MD4: who hears it needs 2^56 tries, whatever the password.",
    rfc_ms_2759};
constexpr FieldInfo f_ms_flags{"Flags", "Sent as zero.", rfc_ms_2759};
constexpr FieldInfo f_ms_message{
    "Message", "S= is the server's proof that it knows the password; E= says why it refused.",
    "RFC 2759, 5 and 6"};

constexpr names::Row codes[] = {{1, "Request"}, {2, "Response"}, {3, "Success"}, {4, "Failure"}};
// IANA "Method Types" of EAP, what is met with IKEv2
constexpr names::Row types[] = {
    {1, "Identity"},          {2, "Notification"},       {3, "Nak"},      {4, "MD5-Challenge"},
    {5, "One-Time Password"}, {6, "Generic Token Card"}, {13, "EAP-TLS"}, {18, "EAP-SIM"},
    {21, "EAP-TTLS"},         {23, "EAP-AKA"},           {25, "PEAP"},    {26, "EAP-MSCHAPv2"},
    {43, "EAP-FAST"},         {50, "EAP-AKA'"},          {52, "EAP-pwd"}, {254, "Expanded Types"},
};
constexpr names::Row opcodes[] = {
    {1, "Challenge"}, {2, "Response"}, {3, "Success"}, {4, "Failure"}, {7, "Change-Password"}};

bool md5_data(Reader& r) {
  if (r.left() < 1 || r.peek()[0] + 1U > r.left())
    return r.refuse("E-WIRE-066", r.at(), rfc_md5, "the value is longer than the packet");
  const std::size_t size = r.u8(f_value_size);
  r.octets(size, f_value);
  if (r.left() > 0) {
    const ByteView name = r.rest(f_name);
    r.says([&] { return text_or_hex(name); });
  }
  return true;
}

bool tls_data(Reader& r) {
  if (r.left() < 1) return r.refuse("E-WIRE-066", r.at(), rfc_tls, "EAP-TLS without its flags");
  const unsigned flags = r.u8(f_flags);
  r.bits(0, 0, f_l, (flags & 0x80) != 0 ? "1" : "0");
  r.bits(1, 1, f_m, (flags & 0x40) != 0 ? "1" : "0");
  r.bits(2, 2, f_s, (flags & 0x20) != 0 ? "1" : "0");
  r.bits(3, 7, f_reserved_bits, std::to_string(flags & 0x1f));
  if ((flags & 0x80) != 0) {
    if (r.left() < 4)
      return r.refuse("E-WIRE-066", r.at(), rfc_tls, "L is set, but no length is there");
    r.u32(f_tls_length);
  }
  if (r.left() > 0) r.rest(f_tls_data);
  return true;
}

bool mschapv2_value(Reader& r, unsigned opcode) {
  if (opcode == 3 || opcode == 4) {
    const ByteView text = r.rest(f_ms_message);
    r.says([&] { return text_or_hex(text); });
    return true;
  }
  const std::size_t size = opcode == 1 ? 16 : 49;
  if ((opcode != 1 && opcode != 2) || r.left() < size + 1 || r.peek()[0] != size) return true;
  r.u8(f_ms_value_size);
  if (opcode == 1) {
    r.octets(16, f_challenge);
  } else {
    r.octets(16, f_peer_challenge);
    r.octets(8, f_ms_reserved);
    r.octets(24, f_nt_response);
    r.u8(f_ms_flags);
  }
  if (r.left() > 0) {
    const ByteView name = r.rest(f_ms_name);
    r.says([&] { return text_or_hex(name); });
  }
  return true;
}

bool mschapv2_data(Reader& r) {
  if (r.left() < 1) return r.refuse("E-WIRE-066", r.at(), rfc_ms, "EAP-MSCHAPv2 without an OpCode");
  const unsigned opcode = r.u8(f_opcode);
  r.says([&] { return numbered(opcode, names::look_up(opcodes, opcode, 256)); });
  if (r.left() == 0) return true;  // the peer's Success or Failure
  if (r.left() < 3) return r.refuse("E-WIRE-066", r.at(), rfc_ms, "EAP-MSCHAPv2 is cut short");
  r.u8(f_ms_id);
  r.u16(f_ms_length);
  return mschapv2_value(r, opcode);
}

bool text_data(Reader& r, const FieldInfo& info) {
  if (r.left() == 0) return true;
  const ByteView text = r.rest(info);
  r.says([&] { return text_or_hex(text); });
  return true;
}

bool identity_data(Reader& r) {
  return text_data(r, f_identity);
}
bool notification_data(Reader& r) {
  return text_data(r, f_message);
}
bool nak_data(Reader& r) {
  while (r.left() > 0) {
    const unsigned type = r.u8(f_desired);
    r.says([&] { return numbered(type, name(static_cast<EapType>(type))); });
  }
  return true;
}

struct MethodCodec {
  EapType type;
  bool (*read)(Reader& r);
};
constexpr MethodCodec methods[] = {
    {EapType::identity, identity_data}, {EapType::notification, notification_data},
    {EapType::nak, nak_data},           {EapType::md5_challenge, md5_data},
    {EapType::tls, tls_data},           {EapType::mschapv2, mschapv2_data},
};

}  // namespace

std::string name(EapType value) {
  return names::look_up(types, static_cast<unsigned>(value), 256);
}

std::string eap_summary(ByteView packet) {
  if (packet.empty()) return "EAP";
  const std::string code = names::look_up(codes, packet[0], 256);
  return packet[0] < 3 && packet.size() > 4
             ? fmt::format("EAP({}/{})", code, name(static_cast<EapType>(packet[4])))
             : fmt::format("EAP({})", code);
}

bool read_eap(Reader& r, PayloadBody& out) {
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", r.at(), rfc_eap,
                    fmt::format("an EAP message needs 4 octets, {} are there", r.left()));
  const ByteView ahead = r.peek();
  const std::size_t length = ahead[2] * 256U + ahead[3];
  if (length != r.left())
    r.remark(Severity::error, "E-WIRE-065", r.at(), r.limit(), rfc_eap,
             fmt::format("EAP Length {} in a payload body of {}", length, count_octets(r.left())));
  out = EapPayload{to_bytes(ahead)};
  const unsigned code = r.u8(f_code);
  r.says([&] { return numbered(code, names::look_up(codes, code, 256)); });
  r.u8(f_identifier);
  r.u16(f_length);
  if (r.left() == 0) return true;
  const auto type = static_cast<EapType>(r.u8(f_type));
  r.says([&] { return numbered(static_cast<unsigned>(type), name(type)); });
  const auto* method = std::find_if(std::begin(methods), std::end(methods),
                                    [&](const MethodCodec& m) { return m.type == type; });
  // What a method makes of its data is its own business: here it is only shown.
  if (method != std::end(methods) && r.left() > 0) method->read(r);
  if (r.left() > 0) r.rest(f_type_data);
  return true;
}

void write(Writer& w, const EapPayload& body) {
  w.octets(body.data);
}

}  // namespace ikelab::wire
