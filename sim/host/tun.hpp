// The TUN device that carries what tunnels protect, and the routes that lead there (Linux).
//
// Routes stand in a table of their own behind a rule "not marked": what our own sockets send never
// goes into the tunnel, even when the tunnel takes 0.0.0.0/0.
#pragma once
#include <memory>

#include "protocol/policy/traffic_selector.hpp"
#include "sim/host/socket.hpp"

namespace ikelab::host {

class Tun {
 public:
  /// `name` as the kernel takes it: "ikelab%d" makes ikelab0, ikelab1 ... It is up and has `mtu`
  /// octets. Errors: E-PEER-004 there is no /dev/net/tun, or it is not permitted; E-HOST-003.
  static Result<Tun> open(const std::string& name, std::uint32_t mtu);
  Tun(Tun&&) noexcept = default;
  Tun& operator=(Tun&&) noexcept = default;
  ~Tun();

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int fd() const { return device_.get(); }
  /// An address of this machine inside the tunnel. Adding it again is no error. Errors: E-HOST-003.
  Result<void> add_address(const IpAddress& address);
  /// It is no longer ours. Taking away what is not there is no error. Errors: E-HOST-003.
  Result<void> remove_address(const IpAddress& address);
  /// Packets to what `remote_ts` selects go into the tunnel; those that begin here bear an address
  /// that `local_ts` selects, if this machine has one. Errors: E-HOST-003.
  Result<void> add_routes(const std::vector<wire::TrafficSelector>& local_ts,
                          const std::vector<wire::TrafficSelector>& remote_ts);

  /// The next IP packet that wants into the tunnel, until the next call; empty: none waits.
  ByteView read();
  /// An IP packet that came out of the tunnel.
  void write(ByteView ip_packet);

 private:
  Tun() = default;
  Result<void> add_rules();
  Result<void> change_address(const IpAddress& address, bool add);

  std::string name_;
  Descriptor device_, netlink_;
  std::unique_ptr<std::uint8_t[]> memory_;  ///< of what was read last
  std::uint32_t index_ = 0;
};

}  // namespace ikelab::host
