// Messages and helpers of the wire tests.
#pragma once
#include <fstream>
#include <random>
#include <sstream>

#include "protocol/base/bounds.hpp"
#include "protocol/wire/dissect.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"
#include "tests/support/catch.hpp"

namespace ikelab::wire::samples {

/// IKE_SA_INIT request as sent by ike-scan 1.9.5 (`ike-scan --ikev2`), received on a UDP socket:
/// made by others.
inline Bytes ike_scan_init() {
  return hex(
      "4f00a8d1cfd9203c00000000000000002120220800000000000001282200006c000000680101000b"
      "0300000c0100000c800e01000300000c0100000c800e008003000008010000030300000801000002"
      "03000008020000020300000802000001030000080300000203000008030000010300000804000002"
      "0300000804000005000000080400000e2800008800020000277f044009187137f8ab3294a573f5f5"
      "fc2e6eae3a35d7da80345f0cf364505d2fba665b11dde35dc0e9d2b46d55b863e5519b51fe95dcda"
      "f39947e8846c1027fa242bf5d551e50ce97c63bb3b348ac108eab7a1f83070205374606e88a971a0"
      "2ac8366371a177cf78604b0ab08ba368fe17664214b3d86ba96724887309a62900000018f09786b7"
      "8448281ca41265c45773c1d524497972");
}

/// RFC 7634, appendix B: an INFORMATIONAL request under ChaCha20-Poly1305 and what it decrypts to,
/// padding taken off.
inline Bytes rfc7634_message() {
  return hex(
      "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e2025000000000900000045290000291011121314151617"
      "610394701f8d017f7c129248896b71bfe25236efd7cdc67066906315b2");
}
inline Bytes rfc7634_plain() {
  return hex("0000000c000040010000000a");
}

/// One payload with its generic header, nothing after it.
inline Bytes one_payload(std::string_view body_hex) {
  const Bytes body = hex(body_hex);
  const std::size_t size = body.size() + 4;
  return concat(
      {Bytes{0, 0, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size & 255)},
       body});
}

inline Payload notify(NotifyType type, std::string_view data = "") {
  return make_payload(NotifyPayload{ProtocolId::none, {}, type, hex(data)});
}

/// A payload of every kind, as an honest peer would write it.
inline std::vector<Payload> every_payload() {
  Transform aes{1, 20, {{14, true, 256, {}}}}, odd{1, 4711, {{99, false, 0, Bytes{1, 2, 3}}}},
      prf{2, 7, {}}, ke{4, 31, {}};
  Proposal ike{1, ProtocolId::ike, {}, {aes, prf, ke}},
      esp{2, ProtocolId::esp, Bytes{1, 2, 3, 4}, {odd, {5, 0, {}}}};
  const TrafficSelector v4{6, 80, 443, IpAddress::parse("10.1.0.0").value(),
                           IpAddress::parse("10.1.0.255").value()};
  const TrafficSelector v6{0, 0, 65535, IpAddress::parse("2001:db8::").value(),
                           IpAddress::parse("2001:db8::ffff").value()};
  std::vector<Payload> out;
  for (PayloadBody body : std::vector<PayloadBody>{
           SaPayload{{ike, esp}},
           KePayload{31, Bytes(32, 9)},
           IdPayload{false, IdType::fqdn, to_bytes(as_bytes("gw-a.example"))},
           IdPayload{true, IdType::ipv4_addr, Bytes{192, 0, 2, 1}},
           CertPayload{4, Bytes(70, 0x30)},
           CertreqPayload{4, Bytes(20, 7)},
           AuthPayload{AuthMethod::shared_key, Bytes(32, 5)},
           AuthPayload{AuthMethod::digital_signature, hex("03aabbcc0102030405")},
           NoncePayload{Bytes(32, 3)},
           NotifyPayload{ProtocolId::esp, Bytes{1, 2, 3, 4}, NotifyType::rekey_sa, {}},
           NotifyPayload{
               ProtocolId::none, {}, NotifyType::signature_hash_algorithms, hex("000200030004")},
           DeletePayload{ProtocolId::esp, {Bytes{1, 2, 3, 4}, Bytes{5, 6, 7, 8}}, 4},
           DeletePayload{ProtocolId::ike, {}, 0},
           VendorIdPayload{to_bytes(as_bytes("ikelab"))},
           TsPayload{false, {v4, v6}},
           TsPayload{true, {v6}},
           ConfigPayload{
               1, {{1, {}}, {3, Bytes{10, 0, 0, 53}}, {25, to_bytes(as_bytes("example.org"))}}},
           EapPayload{hex("0101000501")},
           PuzzleSolutionPayload{hex("0618400733240c8a2a0d94c8")},
           NotifyPayload{ProtocolId::none, {}, NotifyType::puzzle, hex("000512")},
           NotifyPayload{ProtocolId::none, {}, NotifyType::ppk_identity, hex("0270706b2d31")},
           NotifyPayload{ProtocolId::none, {}, NotifyType::additional_key_exchange, Bytes(8, 1)},
           UnknownPayload{static_cast<PayloadType>(200), Bytes{1, 2, 3}}})
    out.push_back(make_payload(std::move(body)));
  return out;
}

inline Message message(ExchangeType exchange, bool response, std::vector<Payload> payloads) {
  Message m;
  m.header.spi_i = {0x1122334455667788};
  m.header.spi_r = {response ? 0x99aabbccddeeff00U : 0U};
  m.header.exchange = exchange;
  m.header.response = response;
  m.header.initiator = !response;
  m.payloads = std::move(payloads);
  return m;
}

/// The message of one of our own after a round trip (so that offsets and lengths are as received).
inline Message received(const Message& m) {
  Decoded d = decode(encode(m));
  REQUIRE(d.diagnostics.empty());
  return std::move(d.message);
}

inline std::vector<std::string> codes(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics) out.push_back(d.code);
  return out;
}

inline bool has_code(const std::vector<Diagnostic>& diagnostics, std::string_view code) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [&](const Diagnostic& d) { return d.code == code; });
}

/// Children lie inside their parent, leaves follow each other without gap or overlap, and every
/// field has a name and a meaning.
inline bool covers(const Field& root, std::size_t size) {
  if (root.begin != 0 || root.end != size) return false;
  std::size_t at = 0;
  for (const Field* leaf : leaves(root)) {
    if (leaf->begin != at || leaf->end <= leaf->begin || leaf->name.empty() ||
        leaf->meaning.empty())
      return false;
    at = leaf->end;
  }
  return at == size;
}

}  // namespace ikelab::wire::samples
