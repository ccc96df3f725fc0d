// Sockets as values: UDP for IKE and for ESP in UDP, raw IP protocol 50 for ESP. All of them are
// non-blocking and bound to one address of this machine. Datagrams are taken and sent many at a
// time, UDP with segmentation by the kernel (UDP_GRO, UDP_SEGMENT: several packets of one size pass
// through the stack as one).
#pragma once
#include <memory>
#include <span>

#include "protocol/base/address.hpp"

namespace ikelab::host {

/// An open file descriptor; closed when it goes.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The mark (SO_MARK) of what the sockets send: the tunnel's routes do not apply to it.
inline constexpr std::uint32_t outer_mark = 0x1ce;

enum class SocketKind { udp, esp };

/// A datagram that came; the octets are its inbox's.
struct Received {
  SocketAddress src;  ///< port 0 for ESP
  ByteView payload;   ///< of UDP, or of IP protocol 50
};

/// Memory for what is received, used again and again.
class Inbox {
 public:
  Inbox();
  ~Inbox();

 private:
  friend class Socket;
  struct Slots;
  std::unique_ptr<Slots> slots_;
};

class Socket {
 public:
  /// `local` has port 0 for ESP. `marked` sends with outer_mark, which needs CAP_NET_ADMIN.
  /// Errors: E-PEER-001 the address is none of this machine's, E-PEER-002 the port is taken,
  /// E-PEER-003 not permitted, E-HOST-001 anything else.
  static Result<Socket> bind(SocketKind kind, const SocketAddress& local, bool marked);

  [[nodiscard]] const SocketAddress& local() const { return local_; }
  [[nodiscard]] int fd() const { return descriptor_.get(); }
  /// What waits, in its order and a batch at most; empty: nothing does. It stands in `inbox` until
  /// the next call.
  std::span<const Received> receive(Inbox& inbox);
  /// Errors: E-HOST-002 the system would not send it.
  Result<void> send(const SocketAddress& dst, ByteView payload);
  /// Several, at most send_batch, in their order. Errors: E-HOST-002 about the first that the
  /// system would not send; those after it are tried all the same.
  Result<void> send(const SocketAddress& dst, std::span<const ByteView> payloads);
  static constexpr std::size_t send_batch = 64;

 private:
  Socket(SocketKind kind, SocketAddress local, Descriptor descriptor)
      : kind_(kind), local_(local), descriptor_(std::move(descriptor)) {}
  SocketKind kind_;
  SocketAddress local_;
  Descriptor descriptor_;
};

}  // namespace ikelab::host
