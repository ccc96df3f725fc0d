#include "sim/host/socket.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

namespace ikelab::host {
namespace {

constexpr std::size_t largest_datagram = 65535;
constexpr std::size_t receive_batch = 32;
/// What a socket may hold while the loop is elsewhere: 10 ms at 3 Gbit/s.
constexpr int socket_buffer_octets = 4 << 20;
/// The kernel takes as many segments in one datagram (UDP_MAX_SEGMENTS), and no more octets than a
/// datagram can have.
constexpr std::size_t segments_most = 64, segmented_octets_most = 65000;
/// How long a full socket is waited for before a datagram is given up.
constexpr int patience_ms = 20;

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
  // as root beyond net.core's limits
  for (const auto& [force, option] :
       {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), std::pair(SO_SNDBUFFORCE, SO_SNDBUF)})
    if (::setsockopt(descriptor.get(), SOL_SOCKET, force, &socket_buffer_octets,
                     sizeof socket_buffer_octets) != 0)
      ::setsockopt(descriptor.get(), SOL_SOCKET, option, &socket_buffer_octets,
                   sizeof socket_buffer_octets);
  if (udp) ::setsockopt(descriptor.get(), SOL_UDP, UDP_GRO, &one, sizeof one);
  SystemAddress address = to_system(local, udp);
  if (::bind(descriptor.get(), address.get(), address.size) != 0)
    return bind_error(kind, local, errno);
  return Socket(kind, local, std::move(descriptor));
}

// ---- receiving ---------------------------------------------------------------------------------

struct Inbox::Slots {
  struct Control {  // room for UDP_GRO's answer: how long each segment is
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> octets;
  };
  std::unique_ptr<std::uint8_t[]> memory =
      std::make_unique_for_overwrite<std::uint8_t[]>(receive_batch * largest_datagram);
  std::array<mmsghdr, receive_batch> messages{};
  std::array<iovec, receive_batch> places{};
  std::array<SystemAddress, receive_batch> from{};
  std::array<Control, receive_batch> controls{};
  std::vector<Received> received;

  void make_ready() {
    for (std::size_t i = 0; i < receive_batch; ++i) {
      places[i] = {memory.get() + i * largest_datagram, largest_datagram};
      msghdr& header = messages[i].msg_hdr;
      header = {};
      header.msg_name = from[i].get();
      header.msg_namelen = sizeof from[i].storage;
      header.msg_iov = &places[i];
      header.msg_iovlen = 1;
      header.msg_control = controls[i].octets.data();
      header.msg_controllen = controls[i].octets.size();
    }
    received.clear();
  }
  [[nodiscard]] ByteView octets(std::size_t i) const {
    return {memory.get() + i * largest_datagram, messages[i].msg_len};
  }
  /// The octets of each datagram that the kernel joined to this one, the last may have fewer.
  [[nodiscard]] std::size_t segment_octets(std::size_t i) {
    msghdr& header = messages[i].msg_hdr;
    for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at))
      if (at->cmsg_level == SOL_UDP && at->cmsg_type == UDP_GRO) {
        int size = 0;
        std::memcpy(&size, CMSG_DATA(at), sizeof size);
        if (size > 0) return static_cast<std::size_t>(size);
      }
    return largest_datagram;
  }
};

Inbox::Inbox() : slots_(std::make_unique<Slots>()) {}
Inbox::~Inbox() = default;

std::span<const Received> Socket::receive(Inbox& inbox) {
  Inbox::Slots& slots = *inbox.slots_;
  slots.make_ready();
  const int count =
      ::recvmmsg(descriptor_.get(), slots.messages.data(), receive_batch, MSG_DONTWAIT, nullptr);
  // below 0: nothing waits; an ICMP error about an earlier datagram is no news
  for (std::size_t i = 0; static_cast<int>(i) < count; ++i) {
    SocketAddress src = from_system(slots.from[i]);
    ByteView octets = slots.octets(i);
    if (kind_ == SocketKind::udp) {
      const std::size_t segment = slots.segment_octets(i);
      do {
        const ByteView one = octets.first(std::min(segment, octets.size()));
        slots.received.push_back({src, one});
        octets = octets.subspan(one.size());
      } while (!octets.empty());
      continue;
    }
    src.port = 0;
    if (!local_.ip.is_v6()) {  // raw IPv4 sockets give the IP header as well
      const std::size_t header = octets.empty() ? 0 : std::size_t{4} * (octets[0] & 0x0fU);
      octets = octets.subspan(std::min(header, octets.size()));
    }
    slots.received.push_back({src, octets});
  }
  return slots.received;
}

// ---- sending -----------------------------------------------------------------------------------

namespace {

/// How many of the first payloads can go as the segments of one datagram: of one size, but that
/// the last may be shorter.
std::size_t segments_of(std::span<const ByteView> payloads) {
  const std::size_t size = payloads.front().size();
  std::size_t count = 1, octets = size;
  if (size == 0) return 1;
  while (count < payloads.size() && count < segments_most && payloads[count].size() <= size &&
         octets + payloads[count].size() <= segmented_octets_most) {
    octets += payloads[count].size();
    if (payloads[count++].size() < size) break;
  }
  return count;
}

/// As one datagram, which the kernel cuts when there are several. False: see errno.
bool send_segments(int fd, const SystemAddress& to, std::span<const ByteView> payloads) {
  std::array<iovec, segments_most> places;
  for (std::size_t i = 0; i < payloads.size(); ++i)
    places[i] = {const_cast<std::uint8_t*>(payloads[i].data()), payloads[i].size()};
  msghdr header{};
  SystemAddress address = to;
  header.msg_name = address.get();
  header.msg_namelen = address.size;
  header.msg_iov = places.data();
  header.msg_iovlen = payloads.size();
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> control{};
  if (payloads.size() > 1) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* segment = CMSG_FIRSTHDR(&header);
    segment->cmsg_level = SOL_UDP;
    segment->cmsg_type = UDP_SEGMENT;
    segment->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(payloads.front().size());
    std::memcpy(CMSG_DATA(segment), &size, sizeof size);
  }
  for (bool again = true;; again = false) {
    if (::sendmsg(fd, &header, 0) >= 0) return true;
    if (!again || (errno != EAGAIN && errno != ENOBUFS)) return false;
    pollfd full{fd, POLLOUT, 0};
    ::poll(&full, 1, patience_ms);
  }
}

}  // namespace

Result<void> Socket::send(const SocketAddress& dst, ByteView payload) {
  return send(dst, std::span(&payload, 1));
}

Result<void> Socket::send(const SocketAddress& dst, std::span<const ByteView> payloads) {
  const SystemAddress to = to_system(dst, kind_ == SocketKind::udp);
  Result<void> result;
  while (!payloads.empty()) {
    std::size_t count = kind_ == SocketKind::udp ? segments_of(payloads) : 1;
    bool sent = send_segments(descriptor_.get(), to, payloads.first(count));
    if (!sent && count > 1) {  // too long for the link, or a device that cannot: one by one
      count = 1;
      sent = send_segments(descriptor_.get(), to, payloads.first(1));
    }
    if (!sent && result.ok())
      result = Error{"E-HOST-002",
                     fmt::format("{} octets to {} could not be sent: {}", payloads.front().size(),
                                 dst.to_string(), std::strerror(errno))};
    payloads = payloads.subspan(count);
  }
  return result;
}

}  // namespace ikelab::host
