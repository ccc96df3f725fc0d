// Values to octets (RFC 7296, section 3). Lengths and the chain of Next Payload fields are filled
// in; everything else is written as it stands, right or wrong, because adversaries encode too
// (grammar.hpp is for those who want to be right). Asserts only what has no encoding: a body above
// 65,531 octets, an SPI above 255 octets, more than 255 transforms.
#pragma once
#include "protocol/wire/message.hpp"

namespace ikelab::wire {

struct EncodedChain {
  PayloadType first = PayloadType::none;
  Bytes bytes;
};

/// The whole message. The body (IV | ciphertext | ICV) of an SkPayload or SkfPayload is written as
/// given and ends the message. To seal: encode with a body of the right size, take the octets
/// before it as associated data, and write the sealed body over it.
Bytes encode(const Message& message);
/// The same of its parts.
Bytes encode(Header header, const std::vector<Payload>& payloads);
/// Payloads one after another with their generic headers; `first` belongs in the header before
/// them.
EncodedChain encode_chain(const std::vector<Payload>& payloads);
/// A payload's body without its generic header: what MACedIDForI covers (RFC 7296, 2.15:
/// RestOfInitIDPayload).
Bytes encode_body(const PayloadBody& body);

/// The type a body is encoded under; UnknownPayload says its own.
PayloadType type_of(const PayloadBody& body);
/// A payload around a body, with the right type and the critical bit clear (RFC 7296, 2.5: MUST be
/// clear for types defined there).
Payload make_payload(PayloadBody body);

}  // namespace ikelab::wire
