// Who somebody is, and the proof: Identification (RFC 7296, 3.5), Certificate (3.6), Certificate
// Request (3.7), Authentication (3.8; RFC 7427, 3 for the Digital Signature method).
//
//                        1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   ID Type     |                 RESERVED                      |   IDi, IDr
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                   Identification Data                         ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Cert Encoding |                                               |   CERT: Certificate Data
//   +-+-+-+-+-+-+-+-+                                               ~   CERTREQ: Certification
//   Authority
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Auth Method   |                RESERVED                       |   AUTH
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   ~                      Authentication Data                      ~
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
//   Authentication Data of method 14: | ASN.1 Length (1) | AlgorithmIdentifier | Signature Value |
#include "protocol/wire/codec.hpp"

namespace ikelab::wire {
namespace {

constexpr const char* rfc_id = "RFC 7296, 3.5";
constexpr const char* rfc_auth = "RFC 7296, 3.8";
constexpr const char* rfc_signature = "RFC 7427, 3";
constexpr FieldInfo f_id_type{"ID Type", "What kind of name the identity is.", rfc_id};
constexpr FieldInfo f_reserved_id{"RESERVED", "Sent as zero, ignored when received.", rfc_id};
constexpr FieldInfo f_id_data{"Identification Data", "The name that the AUTH payload proves.",
                              rfc_id};
constexpr FieldInfo f_cert_encoding{"Cert Encoding", "The form of the certificate data.",
                                    "RFC 7296, 3.6"};
constexpr FieldInfo f_cert_data{
    "Certificate Data",
    "Binds the sender's public key to its identity; for encoding 4 one X.509 certificate in DER.",
    "RFC 7296, 3.6"};
constexpr FieldInfo f_certreq_encoding{
    "Cert Encoding", "The form of certificate the sender would accept.", "RFC 7296, 3.7"};
constexpr FieldInfo f_authority{
    "Certification Authority",
    "SHA-1 hashes of the public keys of the authorities the sender trusts, 20 octets each.",
    "RFC 7296, 3.7"};
constexpr FieldInfo f_auth_method{"Auth Method", "How the authentication data was made.", rfc_auth};
constexpr FieldInfo f_reserved_auth{"RESERVED", "Sent as zero, ignored when received.", rfc_auth};
constexpr FieldInfo f_auth_data{"Authentication Data",
                                "Proof that the sender holds the key of its identity, computed "
                                "over its first message, the peer's nonce and its ID.",
                                "RFC 7296, 2.15"};
constexpr FieldInfo f_asn1_length{"ASN.1 Length", "Octets of the AlgorithmIdentifier that follows.",
                                  rfc_signature};
constexpr FieldInfo f_algorithm{"AlgorithmIdentifier",
                                "The signature algorithm in DER, as certificates name it.",
                                rfc_signature};
constexpr FieldInfo f_signature{
    "Signature Value",
    "The signature over the sender's first message, the peer's nonce and its ID.", rfc_signature};

std::string shown(IdType type, ByteView data) {
  if (type == IdType::ipv4_addr || type == IdType::ipv6_addr) {
    if (const auto address = IpAddress::from_octets(data)) return address->to_string();
  }
  if (type == IdType::der_asn1_dn || type == IdType::der_asn1_gn) return brief_hex(data);
  return text_or_hex(data);
}

bool read_id(Reader& r, bool responder, PayloadBody& out) {
  const std::size_t begin = r.at();
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", begin, rfc_id,
                    fmt::format("an ID body needs 4 octets, {} are there", r.left()));
  IdPayload id{responder, static_cast<IdType>(r.u8(f_id_type)), {}};
  r.says([&] { return numbered(static_cast<unsigned>(id.type), name(id.type)); });
  r.reserved(3, f_reserved_id);
  const std::size_t size = r.left();
  const bool wrong_size =
      (id.type == IdType::ipv4_addr && size != 4) || (id.type == IdType::ipv6_addr && size != 16);
  if (wrong_size)
    r.remark(Severity::error, "E-WIRE-035", begin, r.limit(), rfc_id,
             fmt::format("{} of {}", name(id.type), count_octets(size)));
  id.data = to_bytes(r.rest(f_id_data));
  r.says([&] { return shown(id.type, id.data); });
  out = std::move(id);
  return true;
}

// RFC 7427, 3: the data of method 14 begins with the AlgorithmIdentifier. Shown in parts, kept as a
// whole.
void read_signature(Reader& r) {
  const std::size_t asn1 = r.peek()[0];
  if (asn1 + 1 > r.left()) {
    r.remark(
        Severity::error, "E-WIRE-036", r.at(), r.limit(), rfc_signature,
        fmt::format("an AlgorithmIdentifier of {}, {} are left", count_octets(asn1), r.left() - 1));
    r.rest(f_auth_data);
    return;
  }
  r.u8(f_asn1_length);
  r.octets(asn1, f_algorithm);
  r.rest(f_signature);
}

}  // namespace

bool read_id_i(Reader& r, PayloadBody& out) {
  return read_id(r, false, out);
}
bool read_id_r(Reader& r, PayloadBody& out) {
  return read_id(r, true, out);
}

void write(Writer& w, const IdPayload& body) {
  w.u8(static_cast<std::uint8_t>(body.type));
  w.zeros(3);
  w.octets(body.data);
}

bool read_cert(Reader& r, PayloadBody& out) {
  if (r.left() < 1)
    return r.refuse("E-WIRE-012", r.at(), "RFC 7296, 3.6",
                    "a CERT body needs 1 octet, none is there");
  CertPayload cert;
  cert.encoding = r.u8(f_cert_encoding);
  r.says([&] { return numbered(cert.encoding, cert_encoding_name(cert.encoding)); });
  cert.data = to_bytes(r.rest(f_cert_data));
  out = std::move(cert);
  return true;
}

void write(Writer& w, const CertPayload& body) {
  w.u8(body.encoding);
  w.octets(body.data);
}

bool read_certreq(Reader& r, PayloadBody& out) {
  if (r.left() < 1)
    return r.refuse("E-WIRE-012", r.at(), "RFC 7296, 3.7",
                    "a CERTREQ body needs 1 octet, none is there");
  CertreqPayload request;
  request.encoding = r.u8(f_certreq_encoding);
  r.says([&] { return numbered(request.encoding, cert_encoding_name(request.encoding)); });
  request.data = to_bytes(r.rest(f_authority));
  out = std::move(request);
  return true;
}

void write(Writer& w, const CertreqPayload& body) {
  w.u8(body.encoding);
  w.octets(body.data);
}

bool read_auth(Reader& r, PayloadBody& out) {
  if (r.left() < 4)
    return r.refuse("E-WIRE-012", r.at(), rfc_auth,
                    fmt::format("an AUTH body needs 4 octets, {} are there", r.left()));
  AuthPayload auth{static_cast<AuthMethod>(r.u8(f_auth_method)), {}};
  r.says([&] { return numbered(static_cast<unsigned>(auth.method), name(auth.method)); });
  r.reserved(3, f_reserved_auth);
  auth.data = to_bytes(r.peek());
  if (auth.method == AuthMethod::digital_signature && r.left() > 0)
    read_signature(r);
  else
    r.rest(f_auth_data);
  out = std::move(auth);
  return true;
}

void write(Writer& w, const AuthPayload& body) {
  w.u8(static_cast<std::uint8_t>(body.method));
  w.zeros(3);
  w.octets(body.data);
}

}  // namespace ikelab::wire
