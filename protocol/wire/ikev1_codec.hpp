// Inside of the codec, IKEv1's part: as codec.hpp.
#pragma once
#include "protocol/wire/ikev1_iana.hpp"
#include "protocol/wire/message.hpp"
#include "protocol/wire/reader.hpp"
#include "protocol/wire/writer.hpp"

namespace ikelab::wire {
struct PayloadCodec;
}

namespace ikelab::wire::v1 {

Header read_header(Reader& r);
std::uint8_t flags_of(const Header& header);

bool read_sa(Reader& r, PayloadBody& out);
/// One attribute (RFC 2408, 3.3); `names` gives the names of type and value for the tree, and how a
/// value of the long form reads (nullptr: as a number).
struct AttributeNames {
  std::string (*type)(std::uint16_t type);
  std::string (*value)(std::uint16_t type, std::uint32_t value);
  std::string (*octets)(std::uint16_t type, ByteView value) = nullptr;
};
bool read_attribute(Reader& r, const AttributeNames& names, std::vector<Attribute>& out);
void write_attribute(Writer& w, const Attribute& attribute);

void write(Writer& w, const SaPayload& body);
void write(Writer& w, const IdPayload& body);
void write(Writer& w, const CertPayload& body);
void write(Writer& w, const NotifyPayload& body);
void write(Writer& w, const DeletePayload& body);
void write(Writer& w, const AttributePayload& body);
void write(Writer& w, const DataPayload& body);
void write(Writer& w, const EncryptedPayload& body);

/// IKEv1's rows of the codec table.
std::span<const PayloadCodec> codecs();

}  // namespace ikelab::wire::v1
