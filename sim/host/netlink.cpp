#include "sim/host/netlink.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace ikelab::host {

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, ByteView value) {
  rtattr attribute{};
  attribute.rta_type = type;
  attribute.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size()));
  const std::size_t at = NLMSG_ALIGN(octets_.size());
  octets_.resize(at + RTA_SPACE(value.size()));
  std::memcpy(octets_.data() + at, &attribute, sizeof attribute);
  if (!value.empty()) std::memcpy(octets_.data() + at + RTA_LENGTH(0), value.data(), value.size());
  return *this;
}

NetlinkRequest& NetlinkRequest::attribute(std::uint16_t type, std::uint32_t value) {
  std::array<std::uint8_t, sizeof value> octets{};
  std::memcpy(octets.data(), &value, sizeof value);
  return attribute(type, octets);
}

int NetlinkRequest::send(const Descriptor& netlink) {
  nlmsghdr header{};
  std::memcpy(&header, octets_.data(), sizeof header);
  header.nlmsg_len = static_cast<std::uint32_t>(octets_.size());
  std::memcpy(octets_.data(), &header, sizeof header);
  if (::send(netlink.get(), octets_.data(), octets_.size(), 0) < 0) return errno;
  std::array<std::uint8_t, 4096> answer{};
  const ssize_t got = ::recv(netlink.get(), answer.data(), answer.size(), 0);
  nlmsgerr error{};
  if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof error))) return EIO;
  std::memcpy(&error, answer.data() + NLMSG_HDRLEN, sizeof error);
  return -error.error;
}

Result<Descriptor> open_netlink() {
  Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (netlink.open()) return netlink;
  return Error{"E-HOST-003", fmt::format("no netlink socket: {}", std::strerror(errno))};
}

}  // namespace ikelab::host
