// X.501 distinguished names as ID_DER_ASN1_DN carries them (RFC 7296, 3.5; text: RFC 4514), without
// an ASN.1 library.
#pragma once
#include <optional>
#include <string>

#include "protocol/base/bytes.hpp"

namespace ikelab::policy {

/// "CN=gw-a,O=ikelab" to DER: RFC 4514's order, the last RDN of the text first. Errors: E-POL-031.
Result<Bytes> encode_distinguished_name(std::string_view text);
/// The inverse; nullopt when the octets are not a name of attributes we can print.
std::optional<std::string> distinguished_name_text(ByteView der);
/// Equal attribute for attribute whatever string type carries a value and whatever its case (RFC
/// 5280, 7.1). A name whose RDNs stand in the opposite order is the same too: swanctl writes the
/// order of the DER, RFC 4514 the reverse.
bool same_distinguished_name(ByteView a, ByteView b);

}  // namespace ikelab::policy
