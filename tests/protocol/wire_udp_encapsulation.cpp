// What is what on port 4500 (RFC 3948, 2; RFC 7296, 2.23).
#include "protocol/wire/udp_encapsulation.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::wire;

TEST_CASE("on port 4500: IKE, ESP, keepalives, nothing", "[wire][nat]") {
  struct Row {
    Bytes payload;
    UdpContent content;
  };
  const Row rows[] = {
      {{}, UdpContent::nothing},
      {{0xff}, UdpContent::keepalive},
      {{0x00}, UdpContent::nothing},
      {{0xfe}, UdpContent::nothing},
      {{0xff, 0xff}, UdpContent::nothing},
      {{0, 0, 0}, UdpContent::nothing},
      {{0, 0, 0, 0}, UdpContent::ike},
      {{0, 0, 0, 0, 0xab}, UdpContent::ike},
      {{0, 0, 0, 1}, UdpContent::esp},
      {{0xff, 0, 0, 0}, UdpContent::esp},
      {{0x80, 0, 0, 0, 0, 0, 0, 1}, UdpContent::esp},
  };
  for (const Row& row : rows) {
    CAPTURE(to_hex(row.payload));
    CHECK(classify_on_4500(row.payload) == row.content);
  }
}

TEST_CASE("the non-ESP marker goes on and off", "[wire][nat]") {
  //= rfc7296#2 "packets containing IKE messages sent on port 4500 MUST begin with the prefix of
  //= four zeros; otherwise, the receiver"
  const Bytes message = {1, 2, 3, 4, 5, 6, 7, 8}, keepalive = {0xff};
  CHECK(udp_payload(500, message) == message);
  CHECK(udp_payload(4500, message) == concat({Bytes{0, 0, 0, 0}, message}));
  CHECK(udp_payload(4500, keepalive) == keepalive);
  const Bytes marked = udp_payload(4500, message);
  REQUIRE(classify_on_4500(marked) == UdpContent::ike);
  CHECK(equal(without_marker(marked), message));
}
