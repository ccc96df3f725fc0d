// EAP to the byte: every octet of the methods we know has a name, and what is cut short is said.
#include "protocol/wire/decode.hpp"
#include "protocol/wire/dissect.hpp"
#include "tests/protocol/wire_samples.hpp"

using namespace ikelab;
using namespace ikelab::wire;
using namespace ikelab::wire::samples;

namespace {

using Words = std::vector<std::string>;

/// An EAP payload: generic header and packet.
Bytes payload(const Bytes& packet) {
  const std::size_t size = packet.size() + 4;
  const Bytes head = {0, 0, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  return concat({head, packet});
}
/// Code and Identifier, the Length that fits, and what follows.
Bytes packet(std::uint8_t code, const Bytes& rest) {
  const std::size_t size = rest.size() + 4;
  const Bytes head = {code, 7, static_cast<std::uint8_t>(size >> 8),
                      static_cast<std::uint8_t>(size)};
  return concat({head, rest});
}

Field tree(const Bytes& eap) {
  return dissect_chain(payload(eap), PayloadType::eap).root;
}
std::string value(const Field& root, const char* name) {
  const Field* field = find_field(root, name);
  return field == nullptr ? "(none)" : field->value;
}
/// The leaves after the packet's Type.
Words names(const Field& root) {
  Words out;
  bool behind = false;
  for (const Field* leaf : leaves(root)) {
    if (behind) out.push_back(leaf->name);
    behind = behind || leaf->name == "Type";
  }
  return out;
}
std::vector<std::string> codes_of(const Bytes& eap) {
  return codes(decode_chain(payload(eap), PayloadType::eap).diagnostics);
}

}  // namespace

TEST_CASE("dissect: EAP identity, Nak and results", "[wire][eap]") {
  const Field identity = tree(packet(2, concat({hex("01"), as_bytes("anna@example")})));
  CHECK(value(identity, "Code") == "2 (Response)");
  CHECK(value(identity, "Type") == "1 (Identity)");
  CHECK(value(identity, "Identity") == "\"anna@example\"");
  const Field nak = tree(packet(2, hex("03 0d 1a")));
  CHECK(names(nak) == Words{"Desired Type", "Desired Type"});
  CHECK(value(nak, "Desired Type") == "13 (EAP-TLS)");
  CHECK(value(tree(hex("03 07 0004")), "Code") == "3 (Success)");
  CHECK(names(tree(packet(1, hex("2b 0102")))) == Words{"Type Data"});  // EAP-FAST: not ours
}

TEST_CASE("dissect: EAP-MSCHAPv2", "[wire][eap]") {
  const Field challenge =
      tree(packet(1, concat({hex("1a 01 07 0018 10"), Bytes(16, 0xcc), as_bytes("vpn")})));
  CHECK(names(challenge) ==
        Words{"OpCode", "MS-CHAPv2-ID", "MS-Length", "Value-Size", "Challenge", "Name"});
  CHECK(value(challenge, "OpCode") == "1 (Challenge)");
  CHECK(value(challenge, "Name") == "\"vpn\"");
  const Field response = tree(packet(2, concat({hex("1a 02 07 003a 31"), Bytes(16, 1), Bytes(8),
                                                Bytes(24, 2), Bytes(1), as_bytes("anna")})));
  CHECK(names(response) == Words{"OpCode", "MS-CHAPv2-ID", "MS-Length", "Value-Size",
                                 "Peer-Challenge", "Reserved", "NT-Response", "Flags", "Name"});
  const Field success = tree(packet(1, concat({hex("1a 03 07 0008"), as_bytes("S=00")})));
  CHECK(value(success, "Message") == "\"S=00\"");
  CHECK(names(tree(packet(2, hex("1a 03")))) == Words{"OpCode"});  // the peer's stands alone
  CHECK(names(tree(packet(1, hex("1a 01 07 0006 0908")))).back() == "Type Data");
}

TEST_CASE("dissect: EAP-TLS and MD5-Challenge", "[wire][eap]") {
  const Field first = tree(packet(1, hex("0d c0 00000400 160303")));
  CHECK(names(first) == Words{"Flags", "TLS Message Length", "TLS Data"});
  CHECK(value(first, "L") == "1");
  CHECK(value(first, "M") == "1");
  CHECK(value(first, "S") == "0");
  CHECK(value(first, "TLS Message Length") == "1024");
  CHECK(value(tree(packet(1, hex("0d 20"))), "S") == "1");
  const Field md5 = tree(packet(1, concat({hex("04 10"), Bytes(16, 5), as_bytes("vpn")})));
  CHECK(names(md5) == Words{"Value-Size", "Value", "Name"});
}

TEST_CASE("dissect: EAP cut short", "[wire][eap]") {
  CHECK(codes_of(packet(2, hex("01 61"))).empty());
  CHECK(codes_of(packet(1, hex("04"))).empty());  // no data at all: the method's to refuse
  for (const char* bad : {"04 10 00", "0d 80 0000", "1a 01 07"})
    CHECK(codes_of(packet(1, hex(bad))) == Words{"E-WIRE-066"});
  CHECK(codes_of(hex("01 07 0009 01")) == Words{"E-WIRE-065"});
  CHECK(eap_summary(hex("01 07 0005 1a")) == "EAP(Request/EAP-MSCHAPv2)");
  CHECK(eap_summary(hex("04 07 0004")) == "EAP(Failure)");
  CHECK(eap_summary({}) == "EAP");
}
