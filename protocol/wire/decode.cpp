// The walk over a message: header, then the chain of payloads by their generic headers (RFC
// 7296, 3.2).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Next Payload  |C|  RESERVED   |         Payload Length        |   generic payload header
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
#include "protocol/wire/decode.hpp"

#include "protocol/wire/codec.hpp"
#include "protocol/wire/grammar.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_generic = "RFC 7296, 3.2";
constexpr FieldInfo f_next{
    "Next Payload", "The type of the payload after this one; 0 after the last.", rfc_generic};
constexpr FieldInfo f_first_inner{"Next Payload",
                                  "The type of the first payload inside the encrypted content; SK "
                                  "is always the last payload outside.",
                                  "RFC 7296, 3.14"};
constexpr FieldInfo f_critical{
    "Critical and RESERVED",
    "Whether a receiver that does not know this payload must refuse the message.", rfc_generic};
constexpr FieldInfo f_c{"C (Critical)",
                        "1: refuse the message if this payload type is unknown; 0: skip it then.",
                        "RFC 7296, 2.5"};
constexpr FieldInfo f_reserved{"RESERVED", "Sent as zero, ignored when received.", rfc_generic};
constexpr FieldInfo f_length{"Payload Length", "Octets of this payload, these four included.",
                             rfc_generic};
constexpr FieldInfo f_v1_reserved{"RESERVED", "Sent as zero.", "RFC 2408, 3.2"};
constexpr FieldInfo f_v1_encrypted{
    "Encrypted payloads",
    "All payloads as one ciphertext of SKEYID_e, padded to whole blocks; no IV and no ICV stand "
    "here: the IV comes from the messages before, the HASH payload inside authenticates.",
    "RFC 2409, appendix B"};
constexpr FieldInfo f_v1_padding{"Padding",
                                 "Fills the last block of the cipher; nothing says how long it is.",
                                 "RFC 2409, appendix B"};
constexpr FieldInfo f_unknown{
    "Unknown payload data",
    "A payload type this implementation does not know; skipped unless it is critical.",
    "RFC 7296, 2.5"};
constexpr FieldInfo f_trailing{
    "Trailing octets",
    "The datagram is longer than the message says; these octets belong to nothing.",
    "RFC 7296, 3.1"};

constexpr PayloadCodec codecs[] = {
    {PayloadType::sa,
     read_sa,
     {"Security Association payload (SA)", "Offers or answers the algorithms of an SA.",
      "RFC 7296, 3.3"}},
    {PayloadType::ke,
     read_ke,
     {"Key Exchange payload (KE)", "The sender's public value of the key exchange.",
      "RFC 7296, 3.4"}},
    {PayloadType::id_i,
     read_id_i,
     {"Identification payload - Initiator (IDi)", "Who the initiator says it is.",
      "RFC 7296, 3.5"}},
    {PayloadType::id_r,
     read_id_r,
     {"Identification payload - Responder (IDr)",
      "Who the responder says it is, or whom the initiator wants to reach.", "RFC 7296, 3.5"}},
    {PayloadType::cert,
     read_cert,
     {"Certificate payload (CERT)", "The sender's certificate, or one above it.", "RFC 7296, 3.6"}},
    {PayloadType::certreq,
     read_certreq,
     {"Certificate Request payload (CERTREQ)",
      "Which authorities' certificates the sender accepts.", "RFC 7296, 3.7"}},
    {PayloadType::auth,
     read_auth,
     {"Authentication payload (AUTH)",
      "Proves the sender's identity and that nobody changed IKE_SA_INIT.", "RFC 7296, 3.8"}},
    {PayloadType::nonce,
     read_nonce,
     {"Nonce payload (Ni, Nr)", "Fresh randomness of this exchange.", "RFC 7296, 3.9"}},
    {PayloadType::notify,
     read_notify,
     {"Notify payload (N)", "An error or a status.", "RFC 7296, 3.10"}},
    {PayloadType::delete_,
     read_delete,
     {"Delete payload (D)", "Says which SAs the sender has closed.", "RFC 7296, 3.11"}},
    {PayloadType::vendor_id,
     read_vendor_id,
     {"Vendor ID payload (V)", "Tells what implementation this is.", "RFC 7296, 3.12"}},
    {PayloadType::ts_i,
     read_ts_i,
     {"Traffic Selector payload - Initiator (TSi)",
      "Traffic on the initiator's side of the tunnel.", "RFC 7296, 3.13"}},
    {PayloadType::ts_r,
     read_ts_r,
     {"Traffic Selector payload - Responder (TSr)",
      "Traffic on the responder's side of the tunnel.", "RFC 7296, 3.13"}},
    {PayloadType::sk,
     nullptr,
     {"Encrypted and Authenticated payload (SK)",
      "Holds all further payloads, readable and changeable only with the SA's keys.",
      "RFC 7296, 3.14"}},
    {PayloadType::cp,
     read_cp,
     {"Configuration payload (CP)", "Asks for or gives addresses inside the tunnel.",
      "RFC 7296, 3.15"}},
    {PayloadType::eap,
     read_eap,
     {"EAP payload (EAP)", "Carries another authentication protocol.", "RFC 7296, 3.16"}},
    {PayloadType::puzzle_solution,
     read_puzzle_solution,
     {"Puzzle Solution payload (PS)", "Four keys that cost the initiator some work to find.",
      "RFC 8019, 8.2"}},
    {PayloadType::skf,
     nullptr,
     {"Encrypted and Authenticated Fragment payload (SKF)",
      "One part of an encrypted message too large for a datagram.", "RFC 7383, 2.5"}},
    {PayloadType::none,
     nullptr,
     {"Payload of an unknown type", "Something from another RFC or from nobody.", "RFC 7296, 2.5"}},
};

struct Walk {
  Reader& r;
  const std::optional<CipherHint>& hint;
  std::vector<Payload>& out;
  bool inner = false;  // what decryption gave

  /// The whole of an encrypted IKEv1 message.
  void encrypted_v1(PayloadType first) {
    Payload payload;
    payload.type = first;
    payload.begin = r.at();
    payload.end = r.limit();
    payload.body = v1::EncryptedPayload{first, to_bytes(r.rest(f_v1_encrypted))};
    out.push_back(std::move(payload));
  }

  bool read_body(const Payload& payload, PayloadType next, PayloadBody& body) {
    if (payload.type == PayloadType::sk) {
      read_sk(r, next, hint, body);  // the content is judged after decryption
      return true;
    }
    if (payload.type == PayloadType::skf) return read_skf(r, next, hint, body);
    if (const auto read = codec_of(payload.type).read) return read(r, body);
    body = UnknownPayload{payload.type, to_bytes(r.rest(f_unknown))};
    return true;
  }

  bool read_critical() {
    const std::uint8_t flags = r.u8(f_critical);
    const bool critical = (flags & 0x80) != 0;
    r.says([&] { return std::string(critical ? "critical" : "not critical"); });
    r.bits(0, 0, f_c, critical ? "1" : "0");
    r.bits(1, 7, f_reserved, std::to_string(flags & 0x7f));
    if ((flags & 0x7f) != 0)
      r.warn("E-WIRE-010", r.at() - 1, rfc_generic, "a reserved field is not zero; it is ignored");
    return critical;
  }

  PayloadType read_payload(PayloadType type, std::size_t size) {
    Payload payload;
    payload.type = type;
    payload.begin = r.at();
    payload.end = payload.begin + size;
    const bool encrypted = type == PayloadType::sk || type == PayloadType::skf;
    auto group = r.group(codec_of(type).info, size);
    const auto next = static_cast<PayloadType>(r.u8(encrypted ? f_first_inner : f_next));
    r.says([&] {
      return numbered(static_cast<unsigned>(next),
                      next == PayloadType::none ? "none" : notation(next));
    });
    if (v1::is_v1(type))
      r.reserved(1, f_v1_reserved);
    else
      payload.critical = read_critical();
    r.u16(f_length);
    r.says([&] { return count_octets(size); });
    const ByteView octets = r.peek();
    if (!read_body(payload, next, payload.body))
      payload.body = UnknownPayload{type, to_bytes(octets)};
    group.says([&] { return payload_value(payload); });
    out.push_back(std::move(payload));
    return encrypted ? PayloadType::none : next;
  }

  // What stands beside a payload's name in a tree that is folded.
  static std::string payload_value(const Payload& payload) {
    if (const auto* n = std::get_if<NotifyPayload>(&payload.body)) return name(n->type);
    if (const auto* n = std::get_if<v1::NotifyPayload>(&payload.body))
      return v1::notify_name(n->type);
    if (const auto* f = std::get_if<SkfPayload>(&payload.body))
      return fmt::format("fragment {} of {}, {}", f->number, f->total,
                         count_octets(payload.end - payload.begin));
    if (std::holds_alternative<UnknownPayload>(payload.body) &&
        codec_of(payload.type).type == PayloadType::none)
      return numbered(static_cast<unsigned>(payload.type), name(payload.type));
    return count_octets(payload.end - payload.begin);
  }

  void chain(PayloadType next) {
    constexpr std::size_t usual = 12;  // payloads of a message: the list need not grow
    if (next != PayloadType::none) out.reserve(usual);
    PayloadType last = PayloadType::none;
    while (next != PayloadType::none) {
      const std::size_t begin = r.at();
      if (r.left() < generic_header_size) {
        refuse_at_end("E-WIRE-006", begin,
                      fmt::format("a payload {} is announced, but {} left", notation(next),
                                  r.left() == 0 ? "nothing is" : count_octets(r.left()) + " are"));
        return;
      }
      const ByteView ahead = r.peek();
      const std::size_t size = ahead[2] * 256U + ahead[3];
      if (size < generic_header_size || size > r.left()) {
        r.refuse("E-WIRE-007", begin, rfc_generic,
                 fmt::format("Payload Length {} of {}, but 4 to {} octets are possible", size,
                             notation(next), r.left()));
        return;
      }
      if (out.size() == bounds::payloads_in_message) {
        r.refuse("E-WIRE-005", begin, rfc_generic,
                 "more payloads than this implementation accepts");
        return;
      }
      last = next;
      next = read_payload(next, size);
    }
    if (r.left() == 0) return;
    if (inner && v1::is_v1(last)) {
      r.rest(f_v1_padding);
      return;
    }
    const bool encrypted = last == PayloadType::sk || last == PayloadType::skf;
    //= rfc7296#3.14 "if present in a message, MUST be the last payload in the message."
    r.refuse("E-WIRE-008", r.at(), encrypted ? "RFC 7296, 3.14" : rfc_generic,
             fmt::format(
                 "{} after {}", count_octets(r.left()),
                 encrypted ? "the encrypted payload, which must be the last" : "the last payload"));
  }

  // The range of a diagnostic about missing octets is what is left, or the last octet before.
  void refuse_at_end(const char* code, std::size_t begin, std::string message) {
    const std::size_t from = r.left() > 0 || begin == 0 ? begin : begin - 1;
    r.remark(Severity::error, code, from, r.limit(), rfc_generic, std::move(message));
  }
};

void judge_length(Reader& r, const Header& h, std::size_t size) {
  if (h.length < header_size || h.length > size) {
    r.remark(Severity::error, "E-WIRE-002", 24, header_size, "RFC 7296, 3.1",
             fmt::format("Length is {}, the datagram has {}", h.length, count_octets(size)));
  } else if (h.length < size) {
    r.remark(
        Severity::warning, "E-WIRE-003", h.length, size, "RFC 7296, 3.1",
        fmt::format("{} after the message's end; they are ignored", count_octets(size - h.length)));
  }
}

void read_message(Reader& r, std::size_t size, const std::optional<CipherHint>& hint,
                  Message& out) {
  if (size < header_size) {
    r.refuse("E-WIRE-001", 0, "RFC 7296, 3.1",
             fmt::format("an IKE header needs 28 octets, {} are there", size));
    return;
  }
  if (size > bounds::message_octets) {
    r.refuse("E-WIRE-013", 0, "RFC 7296, 2",
             fmt::format("{}, more than a UDP datagram holds", count_octets(size)));
    return;
  }
  out.header = read_header(r);
  //= rfc7296#2.5 "a message with a higher major version number, it MUST drop the message"
  if (out.header.major != 2 && out.header.major != 1) {
    r.refuse("E-WIRE-004", 17, "RFC 7296, 2.5",
             fmt::format("IKE version {}.{}; versions 1 and 2 are read here", out.header.major,
                         out.header.minor));
    return;
  }
  judge_length(r, out.header, size);
  if (out.header.length >= header_size && out.header.length < size)
    r.narrow(out.header.length - header_size);
  Walk walk{r, hint, out.payloads};
  if (out.header.major == 1 && out.header.encrypted)
    return walk.encrypted_v1(out.header.next_payload);
  walk.chain(out.header.next_payload);
}

const std::optional<CipherHint> no_hint;

}  // namespace

const PayloadCodec& codec_of(PayloadType type) {
  for (const PayloadCodec& row : v1::codecs())
    if (v1::is_v1(type) && row.type == type) return row;
  const auto* row = std::find_if(std::begin(codecs), std::end(codecs) - 1,
                                 [&](const PayloadCodec& c) { return c.type == type; });
  return *row;  // the last row when there is none
}

std::string numbered(unsigned number, const std::string& name) {
  return fmt::format("{} ({})", number, name);
}

Decoded decode(ByteView datagram) {
  Decoded out;
  Reader r(datagram, out.diagnostics);
  read_message(r, datagram.size(), no_hint, out.message);
  r.finish(f_trailing);
  return out;
}

Dissection dissect(ByteView datagram, std::optional<CipherHint> hint) {
  Dissection out;
  out.root = Field{"IKE message", "", "One message of IKE, as it crossed the network.",
                   "RFC 7296, 3", 0,  0,
                   std::nullopt,  {}};
  Reader r(datagram, out.diagnostics, &out.root);
  read_message(r, datagram.size(), hint, out.message);
  r.finish(f_trailing);
  out.root.value =
      datagram.size() < header_size ? count_octets(datagram.size()) : summary(out.message, nullptr);
  return out;
}

DecodedChain decode_chain(ByteView plain, PayloadType first) {
  DecodedChain out;
  Reader r(plain, out.diagnostics);
  Walk{r, no_hint, out.payloads, true}.chain(first);
  r.finish();
  return out;
}

ChainDissection dissect_chain(ByteView plain, PayloadType first) {
  ChainDissection out;
  out.root = Field{"Decrypted content", "", "What was inside the SK payload, padding taken off.",
                   "RFC 7296, 3.14",    0,  0,
                   std::nullopt,        {}};
  Reader r(plain, out.diagnostics, &out.root);
  Walk{r, no_hint, out.payloads, true}.chain(first);
  r.finish();
  out.root.value = count_octets(plain.size());
  return out;
}

}  // namespace ikelab::wire
