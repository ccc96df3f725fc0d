// Addresses of this machine that come and go, as the kernel tells them (rtnetlink).
#pragma once
#include <optional>
#include <vector>

#include "sim/host/socket.hpp"

namespace ikelab::host {

/// Of global scope, and not one that IPv6 still tries out.
struct AddressChange {
  bool added = false;
  IpAddress address;
  unsigned interface = 0;  ///< the kernel's index
};

class AddressWatch {
 public:
  /// Errors: E-HOST-003.
  static Result<AddressWatch> open();
  [[nodiscard]] int fd() const { return netlink_.get(); }
  /// What was told since the last time; never waits.
  std::vector<AddressChange> read();

 private:
  explicit AddressWatch(Descriptor netlink) : netlink_(std::move(netlink)) {}
  Descriptor netlink_;
};

/// The messages in what the kernel sent; whatever is no change of an address is left out.
std::vector<AddressChange> read_address_changes(ByteView octets);

/// Where our own outer address went: it was taken from an interface that has, or then gets, another
/// one of its family. Remembers which interface each address that it is told of was on.
class OwnAddress {
 public:
  /// The address of a connection. Unknown to the machine, it is never followed.
  void begin(const IpAddress& address);
  /// Everything is at this address from now on.
  void move(const IpAddress& address) {
    own_.clear();
    begin(address);
  }
  /// The address to move to, if this change is a reason.
  std::optional<IpAddress> take(const AddressChange& change);

 private:
  struct Own {
    IpAddress address;
    unsigned interface = 0;
    bool lost = false;
  };
  std::vector<Own> own_;
};

}  // namespace ikelab::host
