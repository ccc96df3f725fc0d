#include "protocol/wire/field.hpp"
#include "tests/protocol/wire_samples.hpp"

using namespace ikelab;
using namespace ikelab::wire;
using namespace ikelab::wire::samples;

TEST_CASE("dissect: fields of the RFC 7634 message with value, meaning and section", "[wire]") {
  const Dissection d = dissect(rfc7634_message(), CipherHint{8, 16});
  CHECK(covers(d.root, 69));
  CHECK(d.root.value == "INFORMATIONAL request SK");
  const auto value = [&](const char* name) {
    return find_field(d.root, name) ? find_field(d.root, name)->value : "no such field";
  };
  CHECK(value("Initiator's SPI") == "c0c1c2c3c4c5c6c7");
  CHECK(value("Exchange Type") == "37 (INFORMATIONAL)");
  CHECK(value("Message ID") == "9");
  CHECK(value("Initialization Vector") == "1011121314151617");
  CHECK(value("Ciphertext") == "610394701f8d017f7c12924889");
  CHECK(value("Integrity Check Value") == "6b71bfe25236efd7cdc67066906315b2");
  CHECK(find_field(d.root, "Message ID")->rfc == "RFC 7296, 2.2");
  CHECK(find_field(d.root, "no such") == nullptr);

  const auto path = path_to(d.root, 35);
  REQUIRE(path.size() == 3);
  CHECK(path[1]->name == "Encrypted and Authenticated payload (SK)");
  CHECK(path[2]->name == "Initialization Vector");
  CHECK(path_to(d.root, 69).empty());
}

TEST_CASE("dissect: without sizes the encrypted data is one field, with impossible ones it says so",
          "[wire]") {
  const Dissection blind = dissect(rfc7634_message());
  CHECK(find_field(blind.root, "Encrypted data")->end == 69);
  CHECK(blind.diagnostics.empty());
  const Dissection wrong = dissect(rfc7634_message(), CipherHint{32, 16});
  CHECK(covers(wrong.root, 69));
  CHECK(codes(wrong.diagnostics) == std::vector<std::string>{"E-WIRE-070"});
}

TEST_CASE("dissect: a fragment", "[wire]") {
  Message m = message(ExchangeType::ike_auth, false, {});
  m.payloads.push_back(make_payload(SkfPayload{PayloadType::id_i, 1, 3, Bytes(40, 0xee)}));
  const Bytes octets = encode(m);
  CHECK(to_hex(ByteView(octets).first(40)).substr(56) ==
        "23000030"
        "00010003"
        "eeeeeeee");
  const Dissection d = dissect(octets, CipherHint{8, 16});
  CHECK(d.diagnostics.empty());
  CHECK(covers(d.root, octets.size()));
  CHECK(d.root.value == "IKE_AUTH request SKF 1 of 3");
  const auto value = [&](const char* name) {
    return find_field(d.root, name) ? find_field(d.root, name)->value : "no such field";
  };
  CHECK(value("Encrypted and Authenticated Fragment payload (SKF)") ==
        "fragment 1 of 3, 48 octets");
  CHECK(value("Fragment Number") == "1");
  CHECK(value("Total Fragments") == "3");
  CHECK(find_field(d.root, "Initialization Vector")->begin == 36);
  CHECK(find_field(d.root, "Ciphertext")->begin == 44);
  CHECK(find_field(d.root, "Integrity Check Value")->begin == 60);
  const auto* part = first<SkfPayload>(d.message.payloads);
  REQUIRE(part);
  CHECK(part->first_inner == PayloadType::id_i);
  CHECK(part->body == Bytes(40, 0xee));
  CHECK(codes(dissect(octets, CipherHint{32, 16}).diagnostics) ==
        std::vector<std::string>{"E-WIRE-070"});

  std::get<SkfPayload>(m.payloads[0].body).number = 2;
  CHECK(codes(decode(encode(m)).diagnostics) == std::vector<std::string>{"E-WIRE-072"});
  CHECK(decode(encode(m)).ok());  // it is the sender's fault, and does no harm
}

TEST_CASE("dissect: bits are parts of an octet, not leaves", "[wire]") {
  const Dissection d = dissect(ike_scan_init());
  const Field* initiator = find_field(d.root, "I (Initiator)");
  REQUIRE(initiator);
  REQUIRE(initiator->bits);
  CHECK(initiator->bits->first == 4);  // 0x08
  CHECK(initiator->value == "1");
  CHECK(find_field(d.root, "Flags")->is_leaf());
  CHECK(find_field(d.root, "Flags")->value == "0x08 (request, from the original initiator)");
}

TEST_CASE("dissect: every payload's fields cover its octets, and no remark is made", "[wire]") {
  const auto chain = encode_chain(every_payload());
  const ChainDissection d = dissect_chain(chain.bytes, chain.first);
  CHECK(codes(d.diagnostics).empty());
  CHECK(covers(d.root, chain.bytes.size()));
  CHECK(d.root.children.size() == every_payload().size());
  for (const Field* leaf : leaves(d.root)) CHECK(leaf->rfc.starts_with("RFC "));
  CHECK(find_field(d.root, "Identification Data")->value == "\"gw-a.example\"");
  CHECK(find_field(d.root, "AlgorithmIdentifier")->value == "aabbcc");
  CHECK(find_field(d.root, "Starting Address")->value == "10.1.0.0");
}

namespace {

// The invariants of every reading, on any octets.
void check_reading(const Bytes& octets) {
  const Dissection tree = dissect(octets, CipherHint{8, 16});
  const bool covered = covers(tree.root, octets.size());
  const Decoded plain = decode(octets);
  bool same = plain.message.payloads.size() == tree.message.payloads.size();
  for (std::size_t i = 0; same && i < plain.message.payloads.size(); ++i)
    same =
        encode_body(plain.message.payloads[i].body) == encode_body(tree.message.payloads[i].body);
  bool ranges = true;
  for (const Diagnostic& d : tree.diagnostics)
    ranges = ranges && d.begin <= d.end && d.end <= octets.size();
  if (covered && same && ranges) return;  // one assertion a failure, not one a message
  FAIL("octets " << to_hex(octets) << " covered " << covered << " same " << same << " ranges "
                 << ranges);
}

}  // namespace

TEST_CASE(
    "dissect: random and mutated octets are covered, and read the same with and without a tree",
    "[wire]") {
  std::mt19937 random(7);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int i = 0; i < 2000; ++i) {
    Bytes noise(below(120));
    for (std::uint8_t& b : noise) b = static_cast<std::uint8_t>(random());
    check_reading(noise);
  }
  const Bytes seeds[] = {ike_scan_init(), rfc7634_message(),
                         encode(message(ExchangeType::ike_auth, false, every_payload()))};
  for (const Bytes& seed : seeds) {
    check_reading(seed);
    for (int i = 0; i < 1500; ++i) {
      Bytes octets = seed;
      for (std::size_t changes = 1 + below(4); changes > 0; --changes)
        octets[16 + below(octets.size() - 16)] = static_cast<std::uint8_t>(random());
      if (below(4) == 0) octets.resize(below(octets.size()) + 1);
      if (octets.size() >= 28 &&
          below(2) == 0) {  // a Length that fits, so that the rest is looked at
        octets[24] = octets[25] = 0;
        octets[26] = static_cast<std::uint8_t>(octets.size() >> 8);
        octets[27] = static_cast<std::uint8_t>(octets.size());
      }
      check_reading(octets);
    }
  }
}
