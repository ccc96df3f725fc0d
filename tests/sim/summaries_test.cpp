// What a gateway remembers of packets reads as esp::summarize_packet would read each time.
#include "sim/ns3/summaries.hpp"

#include "tests/support/catch.hpp"

using namespace ikelab;

namespace {

Bytes packet(std::uint8_t protocol, Bytes payload, std::uint8_t last = 10) {
  Bytes out = {0x45, 0,        0, static_cast<std::uint8_t>(20 + payload.size()),
               0,    0,        0, 0,
               64,   protocol, 0, 0,
               10,   1,        0, last,
               10,   2,        0, 10};
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

Bytes tcp(std::uint8_t flags) {
  Bytes out(20);
  out[12] = 0x50;
  out[13] = flags;
  return out;
}

}  // namespace

TEST_CASE("a summary that is remembered is the packet's own", "[sim]") {
  const Bytes echo = {8, 0, 0, 0, 0, 1, 0, 1}, reply = {0, 0, 0, 0, 0, 1, 0, 1};
  const Bytes udp = {0, 7, 0, 9, 0, 8, 0, 0}, longer = {0, 7, 0, 9, 0, 9, 0, 0, 1};
  Bytes fragment = packet(17, udp);
  fragment[7] = 1;
  Bytes cut = packet(17, longer);
  cut[3] = 28;  // the header says less than there is
  const std::vector<Bytes> packets = {packet(1, echo),
                                      packet(1, reply),
                                      packet(1, echo, 11),
                                      packet(17, udp),
                                      packet(17, longer),
                                      cut,
                                      fragment,
                                      packet(6, tcp(2)),
                                      packet(6, tcp(16)),
                                      packet(47, echo),
                                      {},
                                      {0x45, 0},
                                      Bytes(40, 0x60)};
  sim::Summaries summaries;
  for (unsigned round = 0; round < 3; ++round)
    for (const Bytes& one : packets) {
      CHECK(summaries.of(one) == esp::summarize_packet(one));
      CHECK(summaries.of(one) == esp::summarize_packet(one));
    }
}
