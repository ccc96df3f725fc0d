// Sockets as values: UDP for IKE and for ESP in UDP, raw IP protocol 50 for ESP. All of them are
// non-blocking and bound to one address of this machine.
#pragma once
#include <optional>

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

class Socket {
 public:
  struct Received {
    SocketAddress src;  ///< port 0 for ESP
    Bytes payload;      ///< of UDP, or of IP protocol 50
  };
  /// `local` has port 0 for ESP. `marked` sends with outer_mark, which needs CAP_NET_ADMIN.
  /// Errors: E-PEER-001 the address is none of this machine's, E-PEER-002 the port is taken,
  /// E-PEER-003 not permitted, E-HOST-001 anything else.
  static Result<Socket> bind(SocketKind kind, const SocketAddress& local, bool marked);

  [[nodiscard]] const SocketAddress& local() const { return local_; }
  [[nodiscard]] int fd() const { return descriptor_.get(); }
  /// The next datagram that waits; nothing: none does.
  std::optional<Received> receive();
  /// Errors: E-HOST-002 the system would not send it.
  Result<void> send(const SocketAddress& dst, ByteView payload);

 private:
  Socket(SocketKind kind, SocketAddress local, Descriptor descriptor)
      : kind_(kind), local_(local), descriptor_(std::move(descriptor)) {}
  SocketKind kind_;
  SocketAddress local_;
  Descriptor descriptor_;
};

}  // namespace ikelab::host
