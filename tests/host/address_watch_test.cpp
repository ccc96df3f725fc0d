// What the kernel tells of addresses, read; and when one is a reason to move.
#include "sim/host/address_watch.hpp"

#include <linux/rtnetlink.h>

#include <cstring>

#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::host;

namespace {

IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

/// RTM_NEWADDR or RTM_DELADDR as the kernel writes it.
Bytes message(std::uint16_t type, const char* address, unsigned interface,
              std::uint8_t scope = RT_SCOPE_UNIVERSE, std::uint8_t flags = 0) {
  const Bytes octets = to_bytes(ip(address).octets());
  ifaddrmsg about{};
  about.ifa_family = octets.size() == 4 ? 2 : 10;
  about.ifa_scope = scope;
  about.ifa_flags = flags;
  about.ifa_index = interface;
  rtattr attribute{};
  attribute.rta_type = octets.size() == 4 ? IFA_LOCAL : IFA_ADDRESS;
  attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(octets.size()));
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_len =
      static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof about) + RTA_SPACE(octets.size()));
  Bytes out(header.nlmsg_len);
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + NLMSG_HDRLEN, &about, sizeof about);
  std::memcpy(out.data() + NLMSG_LENGTH(sizeof about), &attribute, sizeof attribute);
  std::memcpy(out.data() + NLMSG_LENGTH(sizeof about) + RTA_LENGTH(0), octets.data(),
              octets.size());
  return out;
}

}  // namespace

TEST_CASE("address watch: what the kernel tells, one message and several", "[host]") {
  const Bytes both =
      concat({message(RTM_DELADDR, "192.0.2.1", 3), message(RTM_NEWADDR, "2001:db8::9", 4)});
  const auto changes = read_address_changes(both);
  REQUIRE(changes.size() == 2);
  CHECK_FALSE(changes[0].added);
  CHECK(changes[0].address == ip("192.0.2.1"));
  CHECK(changes[0].interface == 3);
  CHECK(changes[1].added);
  CHECK(changes[1].address == ip("2001:db8::9"));
}

TEST_CASE("address watch: what is no news, and what is cut short", "[host]") {
  CHECK(read_address_changes(message(RTM_NEWROUTE, "192.0.2.1", 3)).empty());
  CHECK(read_address_changes(message(RTM_NEWADDR, "fe80::1", 3, RT_SCOPE_LINK)).empty());
  CHECK(read_address_changes(
            message(RTM_NEWADDR, "2001:db8::9", 3, RT_SCOPE_UNIVERSE, IFA_F_TENTATIVE))
            .empty());
  const Bytes whole = message(RTM_NEWADDR, "192.0.2.1", 3);
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK(read_address_changes(ByteView(whole).first(length)).empty());
}

TEST_CASE("own address: it moves when the old one is gone and the new one there", "[host]") {
  OwnAddress own;
  own.begin(ip("127.0.0.1"));  // every machine has it; no other one is on that interface
  const auto loopback = [&](bool added, const char* address, unsigned interface = 1) {
    return own.take({added, ip(address), interface});
  };
  CHECK_FALSE(loopback(true, "127.0.0.9"));     // one more is no reason
  CHECK_FALSE(loopback(false, "127.0.0.9"));    // nor is another one that goes
  CHECK_FALSE(loopback(false, "127.0.0.1"));    // gone, and nothing there yet
  CHECK_FALSE(loopback(true, "10.0.0.9", 77));  // on another interface
  CHECK_FALSE(loopback(true, "2001:db8::9"));   // of the other family
  CHECK(loopback(true, "10.0.0.9") == ip("10.0.0.9"));
  CHECK_FALSE([&] {
    own.move(ip("203.0.113.77"));  // not of this machine: never followed
    return loopback(false, "203.0.113.77");
  }());
}
