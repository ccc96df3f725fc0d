#include "sim/host/address_watch.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace ikelab::host {
namespace {

/// Every address of the machine with its interface.
std::vector<AddressChange> present() {
  std::vector<AddressChange> all;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return all;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    Bytes octets;
    if (at->ifa_addr->sa_family == AF_INET) {
      sockaddr_in v4{};
      std::memcpy(&v4, at->ifa_addr, sizeof v4);
      octets.resize(sizeof v4.sin_addr);
      std::memcpy(octets.data(), &v4.sin_addr, octets.size());
    } else if (at->ifa_addr->sa_family == AF_INET6) {
      sockaddr_in6 v6{};
      std::memcpy(&v6, at->ifa_addr, sizeof v6);
      if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr)) continue;
      octets.resize(sizeof v6.sin6_addr);
      std::memcpy(octets.data(), &v6.sin6_addr, octets.size());
    }
    if (auto address = IpAddress::from_octets(octets))
      all.push_back({true, *address, ::if_nametoindex(at->ifa_name)});
  }
  ::freeifaddrs(list);
  return all;
}

std::optional<AddressChange> read_one(std::uint16_t type, ByteView body) {
  ifaddrmsg about{};
  if ((type != RTM_NEWADDR && type != RTM_DELADDR) || body.size() < sizeof about)
    return std::nullopt;
  std::memcpy(&about, body.data(), sizeof about);
  if (about.ifa_scope != RT_SCOPE_UNIVERSE || (about.ifa_flags & IFA_F_TENTATIVE) != 0)
    return std::nullopt;
  std::optional<IpAddress> local, any;
  for (ByteView rest = body.subspan(std::min(body.size(), NLMSG_ALIGN(sizeof about)));
       rest.size() >= sizeof(rtattr);) {
    rtattr attribute{};
    std::memcpy(&attribute, rest.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > rest.size()) break;
    const ByteView value = rest.subspan(sizeof attribute, attribute.rta_len - sizeof attribute);
    if (auto address = IpAddress::from_octets(value)) {
      if (attribute.rta_type == IFA_LOCAL) local = *address;
      if (attribute.rta_type == IFA_ADDRESS) any = *address;
    }
    rest = rest.subspan(std::min<std::size_t>(rest.size(), RTA_ALIGN(attribute.rta_len)));
  }
  if (!local)
    local = any;  // IPv6 has IFA_ADDRESS alone; on a point-to-point link that is the peer's
  if (!local) return std::nullopt;
  return AddressChange{type == RTM_NEWADDR, *local, about.ifa_index};
}

}  // namespace

std::vector<AddressChange> read_address_changes(ByteView octets) {
  std::vector<AddressChange> changes;
  while (octets.size() >= sizeof(nlmsghdr)) {
    nlmsghdr header{};
    std::memcpy(&header, octets.data(), sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > octets.size()) break;
    if (auto change = read_one(header.nlmsg_type,
                               octets.subspan(sizeof header, header.nlmsg_len - sizeof header)))
      changes.push_back(*change);
    octets = octets.subspan(std::min<std::size_t>(octets.size(), NLMSG_ALIGN(header.nlmsg_len)));
  }
  return changes;
}

Result<AddressWatch> AddressWatch::open() {
  Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  sockaddr_nl groups{};
  groups.nl_family = AF_NETLINK;
  groups.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  sockaddr at{};
  static_assert(sizeof groups <= sizeof at);
  std::memcpy(&at, &groups, sizeof groups);
  if (!netlink.open() || ::bind(netlink.get(), &at, sizeof groups) != 0)
    return Error{"E-HOST-003", fmt::format("no netlink socket: {}", std::strerror(errno))};
  return AddressWatch(std::move(netlink));
}

std::vector<AddressChange> AddressWatch::read() {
  std::vector<AddressChange> changes;
  std::array<std::uint8_t, 16384> octets{};
  for (ssize_t got = 0; (got = ::recv(netlink_.get(), octets.data(), octets.size(), 0)) > 0;) {
    auto more = read_address_changes(ByteView(octets).first(static_cast<std::size_t>(got)));
    changes.insert(changes.end(), more.begin(), more.end());
  }
  return changes;
}

void OwnAddress::begin(const IpAddress& address) {
  for (const AddressChange& here : present())
    if (here.address == address) return own_.push_back({address, here.interface, false});
}

std::optional<IpAddress> OwnAddress::take(const AddressChange& change) {
  const auto replaces = [](const Own& own, const AddressChange& other) {
    return other.interface == own.interface && other.address.is_v6() == own.address.is_v6() &&
           other.address != own.address;
  };
  for (Own& own : own_) {
    if (change.address == own.address) {
      own.lost = !change.added;
      if (!own.lost) continue;
      for (const AddressChange& here : present())
        if (replaces(own, here)) return here.address;
    } else if (own.lost && change.added && replaces(own, change)) {
      return change.address;
    }
  }
  return std::nullopt;
}

}  // namespace ikelab::host
