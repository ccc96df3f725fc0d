// What we ask of the kernel's routing (rtnetlink): addresses, routes, rules.
#pragma once
#include <linux/rtnetlink.h>

#include <cstring>

#include "sim/host/socket.hpp"

namespace ikelab::host {

/// One request: a header, a fixed part such as rtmsg, and attributes.
class NetlinkRequest {
 public:
  template <class Fixed>
  NetlinkRequest(std::uint16_t type, std::uint16_t flags, const Fixed& fixed)
      : octets_(NLMSG_LENGTH(sizeof fixed)) {
    nlmsghdr header{};
    header.nlmsg_type = type;
    header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    std::memcpy(octets_.data(), &header, sizeof header);
    std::memcpy(octets_.data() + NLMSG_HDRLEN, &fixed, sizeof fixed);
  }
  NetlinkRequest& attribute(std::uint16_t type, ByteView value);
  NetlinkRequest& attribute(std::uint16_t type, std::uint32_t value);
  /// Sends and waits for the kernel's answer: 0 or an errno.
  int send(const Descriptor& netlink);

 private:
  Bytes octets_;
};

/// Errors: E-HOST-003.
Result<Descriptor> open_netlink();

}  // namespace ikelab::host
