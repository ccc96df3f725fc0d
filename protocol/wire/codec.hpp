// Inside of the codec: one reader and one writer a payload, and the table that binds them to types
// (payload_codec.cpp). A reader gets the payload's body (the generic header is read) with the limit
// at the payload's end. It returns false when the body is malformed; what it did not read then
// becomes a leaf, and the payload an UnknownPayload.
#pragma once
#include "protocol/base/bounds.hpp"
#include "protocol/wire/dissect.hpp"
#include "protocol/wire/ikev1_codec.hpp"
#include "protocol/wire/message.hpp"
#include "protocol/wire/reader.hpp"
#include "protocol/wire/writer.hpp"

namespace ikelab::wire {

bool read_sa(Reader& r, PayloadBody& out);
bool read_ke(Reader& r, PayloadBody& out);
bool read_id_i(Reader& r, PayloadBody& out);
bool read_id_r(Reader& r, PayloadBody& out);
bool read_cert(Reader& r, PayloadBody& out);
bool read_certreq(Reader& r, PayloadBody& out);
bool read_auth(Reader& r, PayloadBody& out);
bool read_nonce(Reader& r, PayloadBody& out);
bool read_notify(Reader& r, PayloadBody& out);
bool read_delete(Reader& r, PayloadBody& out);
bool read_vendor_id(Reader& r, PayloadBody& out);
bool read_ts_i(Reader& r, PayloadBody& out);
bool read_ts_r(Reader& r, PayloadBody& out);
bool read_cp(Reader& r, PayloadBody& out);
bool read_eap(Reader& r, PayloadBody& out);
bool read_puzzle_solution(Reader& r, PayloadBody& out);
/// `first_inner` stands in the generic header's Next Payload field (RFC 7296, 3.14).
bool read_sk(Reader& r, PayloadType first_inner, const std::optional<CipherHint>& hint,
             PayloadBody& out);
bool read_skf(Reader& r, PayloadType first_inner, const std::optional<CipherHint>& hint,
              PayloadBody& out);
/// IV | ciphertext | ICV up to the limit; without a hint one field (shared with ESP).
bool read_protected(Reader& r, const std::optional<CipherHint>& hint, const char* rfc);

void write(Writer& w, const SaPayload& body);
void write(Writer& w, const KePayload& body);
void write(Writer& w, const IdPayload& body);
void write(Writer& w, const CertPayload& body);
void write(Writer& w, const CertreqPayload& body);
void write(Writer& w, const AuthPayload& body);
void write(Writer& w, const NoncePayload& body);
void write(Writer& w, const NotifyPayload& body);
void write(Writer& w, const DeletePayload& body);
void write(Writer& w, const VendorIdPayload& body);
void write(Writer& w, const TsPayload& body);
void write(Writer& w, const SkPayload& body);
void write(Writer& w, const SkfPayload& body);
void write(Writer& w, const ConfigPayload& body);
void write(Writer& w, const EapPayload& body);
void write(Writer& w, const PuzzleSolutionPayload& body);
void write(Writer& w, const UnknownPayload& body);

/// RFC 7296, 3.1. The caller checked that 28 octets are there.
Header read_header(Reader& r);
void write(Writer& w, const Header& header);

inline constexpr std::size_t header_size = 28;         // RFC 7296, 3.1
inline constexpr std::size_t generic_header_size = 4;  // RFC 7296, 3.2

struct PayloadCodec {
  PayloadType type;
  bool (*read)(Reader& r,
               PayloadBody& out);  ///< nullptr: SK and SKF, which need more than the octets
  FieldInfo info;
};
/// The row of a type, or of PayloadType::none for a type without one.
const PayloadCodec& codec_of(PayloadType type);

/// One IP packet up to the limit (ip_dissect.cpp).
void read_ip_packet(Reader& r);

/// "33 (SA)"
std::string numbered(unsigned number, const std::string& name);

}  // namespace ikelab::wire
