#include "sim/host/socket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ikelab::host {
namespace {

constexpr std::size_t largest_datagram = 65535;

struct SystemAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SystemAddress to_system(const SocketAddress& address, bool with_port) {
  SystemAddress out;
  const ByteView octets = address.ip.octets();
  const std::uint16_t port = with_port ? htons(address.port) : std::uint16_t{0};
  if (address.ip.is_v6()) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = port;
    std::memcpy(&in.sin6_addr, octets.data(), octets.size());
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
  } else {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = port;
    std::memcpy(&in.sin_addr, octets.data(), octets.size());
    std::memcpy(&out.storage, &in, sizeof in);
    out.size = sizeof in;
  }
  return out;
}

SocketAddress from_system(const SystemAddress& address) {
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 in{};
    std::memcpy(&in, &address.storage, sizeof in);
    std::array<std::uint8_t, 16> octets{};
    std::memcpy(octets.data(), &in.sin6_addr, octets.size());
    return {IpAddress::from_octets(octets).value(), ntohs(in.sin6_port)};
  }
  sockaddr_in in{};
  std::memcpy(&in, &address.storage, sizeof in);
  return {IpAddress::v4(ntohl(in.sin_addr.s_addr)), ntohs(in.sin_port)};
}

Error bind_error(SocketKind kind, const SocketAddress& local, int error) {
  const std::string at = kind == SocketKind::udp ? local.to_string() : local.ip.to_string();
  switch (error) {
    case EADDRNOTAVAIL:
      return Error{"E-PEER-001", fmt::format("{} is no address of this machine", at)}.expect(
          "name one of its own with --listen");
    case EADDRINUSE:
      return Error{"E-PEER-002", fmt::format("{} is taken by another program", at)}.expect(
          "stop the other IKE daemon, or use --ports");
    case EACCES:
    case EPERM:
      if (kind == SocketKind::esp)
        return Error{"E-PEER-003", "a raw socket for ESP is not permitted"}.expect(
            "run as root, or use --udp-only or --tun none");
      return Error{"E-PEER-003", fmt::format("{} is not permitted", at)}.expect(
          "run as root, or use --ports above 1023");
    default:
      return Error{"E-HOST-001", fmt::format("no socket at {}: {}", at, std::strerror(error))};
  }
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Socket> Socket::bind(SocketKind kind, const SocketAddress& local, bool marked) {
  const int family = local.ip.is_v6() ? AF_INET6 : AF_INET;
  const bool udp = kind == SocketKind::udp;
  Descriptor descriptor(::socket(family,
                                 (udp ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                 udp ? IPPROTO_UDP : IPPROTO_ESP));
  if (!descriptor.open()) return bind_error(kind, local, errno);
  const int one = 1;
  if (local.ip.is_v6()) ::setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
  if (marked &&
      ::setsockopt(descriptor.get(), SOL_SOCKET, SO_MARK, &outer_mark, sizeof outer_mark) != 0)
    return bind_error(kind, local, errno);
  SystemAddress address = to_system(local, udp);
  if (::bind(descriptor.get(), address.get(), address.size) != 0)
    return bind_error(kind, local, errno);
  return Socket(kind, local, std::move(descriptor));
}

std::optional<Socket::Received> Socket::receive() {
  Received received;
  received.payload.resize(largest_datagram);
  SystemAddress from;
  from.size = sizeof from.storage;
  const ssize_t got = ::recvfrom(descriptor_.get(), received.payload.data(),
                                 received.payload.size(), 0, from.get(), &from.size);
  if (got < 0)
    return std::nullopt;  // nothing waits; an ICMP error of an earlier datagram is no news
  received.payload.resize(static_cast<std::size_t>(got));
  received.src = from_system(from);
  if (kind_ == SocketKind::udp) return received;
  received.src.port = 0;
  if (!local_.ip.is_v6()) {  // raw IPv4 sockets give the IP header as well
    const std::size_t header =
        received.payload.empty() ? 0 : std::size_t{4} * (received.payload[0] & 0x0fU);
    if (header > received.payload.size()) return Received{received.src, {}};
    received.payload.erase(received.payload.begin(),
                           received.payload.begin() + static_cast<std::ptrdiff_t>(header));
  }
  return received;
}

Result<void> Socket::send(const SocketAddress& dst, ByteView payload) {
  SystemAddress to = to_system(dst, kind_ == SocketKind::udp);
  if (::sendto(descriptor_.get(), payload.data(), payload.size(), 0, to.get(), to.size) >= 0)
    return {};
  return Error{"E-HOST-002", fmt::format("{} octets to {} could not be sent: {}", payload.size(),
                                         dst.to_string(), std::strerror(errno))};
}

}  // namespace ikelab::host
