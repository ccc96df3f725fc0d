#include "sim/host/tun.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/fib_rules.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <memory>

#include "sim/host/netlink.hpp"

namespace ikelab::host {
namespace {

// Plus the interface's index: its table, and the preference of the rule, which must come before
// that of the main table (32766), or a default route would win.
constexpr std::uint32_t first_table = 4620;
constexpr std::size_t largest_packet = 65535;

Error failed(const std::string& doing, int error) {
  return Error{"E-HOST-003", fmt::format("{}: {}", doing, std::strerror(error))};
}

std::uint8_t family_of(const IpAddress& address) {
  return address.is_v6() ? AF_INET6 : AF_INET;
}

/// The prefix that covers a selector's addresses: its length in bits.
unsigned covering_prefix(const wire::TrafficSelector& ts) {
  const ByteView a = ts.start.octets(), b = ts.end.octets();
  unsigned bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    for (unsigned bit = 0x80; bit != 0; bit >>= 1, ++bits)
      if ((a[i] & bit) != (b[i] & bit)) return bits;
  return bits;
}

bool selects(const std::vector<wire::TrafficSelector>& selectors, const IpAddress& address) {
  for (const wire::TrafficSelector& ts : selectors)
    if (ts.start.is_v6() == address.is_v6() && ts.start <= address && address <= ts.end)
      return true;
  return false;
}

/// An address of this machine that `selectors` select.
std::optional<IpAddress> own_address(const std::vector<wire::TrafficSelector>& selectors, bool v6) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, ::freeifaddrs);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != (v6 ? AF_INET6 : AF_INET)) continue;
    std::uint8_t octets[16] = {};
    if (v6) {
      sockaddr_in6 in{};
      std::memcpy(&in, at->ifa_addr, sizeof in);
      std::memcpy(octets, &in.sin6_addr, 16);
    } else {
      sockaddr_in in{};
      std::memcpy(&in, at->ifa_addr, sizeof in);
      std::memcpy(octets, &in.sin_addr, 4);
    }
    const IpAddress address = IpAddress::from_octets(ByteView(octets, v6 ? 16U : 4U)).value();
    if (selects(selectors, address)) return address;
  }
  return std::nullopt;
}

/// Bring the interface up with its MTU.
Result<void> bring_up(const std::string& name, std::uint32_t mtu) {
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_mtu = static_cast<int>(mtu);
  if (::ioctl(any.get(), SIOCSIFMTU, &request) != 0) return failed("setting the MTU", errno);
  if (::ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) return failed("reading flags", errno);
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) return failed("bringing it up", errno);
  return {};
}

int change_rule(const Descriptor& netlink, bool add, std::uint8_t family, std::uint32_t table) {
  fib_rule_hdr rule{};
  rule.family = family;
  rule.action = FR_ACT_TO_TBL;
  rule.flags = FIB_RULE_INVERT;
  const int type = add ? RTM_NEWRULE : RTM_DELRULE;
  const int flags = add ? NLM_F_CREATE | NLM_F_EXCL : 0;
  return NetlinkRequest(static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(flags), rule)
      .attribute(FRA_FWMARK, outer_mark)
      .attribute(FRA_TABLE, table)
      .attribute(FRA_PRIORITY, table)
      .send(netlink);
}

}  // namespace

Result<Tun> Tun::open(const std::string& name, std::uint32_t mtu) {
  Tun tun;
  tun.memory_ = std::make_unique_for_overwrite<std::uint8_t[]>(largest_packet);
  tun.device_ = Descriptor(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  const auto refused = [](int error) {
    return Error{"E-PEER-004", fmt::format("no TUN device: {}", std::strerror(error))}.expect(
        "run as root (CAP_NET_ADMIN) where /dev/net/tun is, or use --tun none");
  };
  if (!tun.device_.open()) return refused(errno);
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(tun.device_.get(), TUNSETIFF, &request) != 0) return refused(errno);
  tun.name_ = request.ifr_name;
  tun.index_ = ::if_nametoindex(tun.name_.c_str());
  IKELAB_TRY(tun.netlink_, open_netlink());
  // No link-local address: nothing but what is protected has business on this link.
  std::ofstream("/proc/sys/net/ipv6/conf/" + tun.name_ + "/addr_gen_mode") << "1";
  IKELAB_CHECK(bring_up(tun.name_, mtu));
  IKELAB_CHECK(tun.add_rules());
  return tun;
}

Tun::~Tun() {
  if (!netlink_.open()) return;
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}})
    change_rule(netlink_, false, family, first_table + index_);
}

Result<void> Tun::add_rules() {
  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    const int error = change_rule(netlink_, true, family, first_table + index_);
    const bool without_v6 = family == AF_INET6 && error == EAFNOSUPPORT;
    if (error != 0 && error != EEXIST && !without_v6) return failed("adding a rule", error);
  }
  return {};
}

Result<void> Tun::add_address(const IpAddress& address) {
  return change_address(address, true);
}

Result<void> Tun::remove_address(const IpAddress& address) {
  return change_address(address, false);
}

Result<void> Tun::change_address(const IpAddress& address, bool add) {
  ifaddrmsg message{};
  message.ifa_family = family_of(address);
  message.ifa_prefixlen = static_cast<std::uint8_t>(8 * address.octets().size());
  message.ifa_index = index_;
  const auto type = static_cast<std::uint16_t>(add ? RTM_NEWADDR : RTM_DELADDR);
  const auto flags = static_cast<std::uint16_t>(add ? NLM_F_CREATE | NLM_F_REPLACE : 0);
  const int error = NetlinkRequest(type, flags, message)
                        .attribute(IFA_LOCAL, address.octets())
                        .attribute(IFA_ADDRESS, address.octets())
                        .send(netlink_);
  if (error == 0 || error == (add ? EEXIST : EADDRNOTAVAIL)) return {};
  return failed((add ? "adding " : "removing ") + address.to_string(), error);
}

Result<void> Tun::add_routes(const std::vector<wire::TrafficSelector>& local_ts,
                             const std::vector<wire::TrafficSelector>& remote_ts) {
  for (const wire::TrafficSelector& ts : remote_ts) {
    const unsigned bits = covering_prefix(ts);
    Bytes prefix = to_bytes(ts.start.octets());
    for (std::size_t i = bits; i < 8 * prefix.size(); ++i)
      prefix[i / 8] &= static_cast<std::uint8_t>(~(0x80U >> (i % 8)));
    rtmsg message{};
    message.rtm_family = family_of(ts.start);
    message.rtm_dst_len = static_cast<std::uint8_t>(bits);
    message.rtm_table = RT_TABLE_UNSPEC;
    message.rtm_protocol = RTPROT_STATIC;
    message.rtm_scope = RT_SCOPE_UNIVERSE;
    message.rtm_type = RTN_UNICAST;
    NetlinkRequest request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, message);
    if (bits > 0) request.attribute(RTA_DST, prefix);
    request.attribute(RTA_OIF, index_).attribute(RTA_TABLE, first_table + index_);
    const auto own = own_address(local_ts, ts.start.is_v6());
    if (own) request.attribute(RTA_PREFSRC, own->octets());
    if (const int error = request.send(netlink_); error != 0)
      return failed(fmt::format("routing {} into {}", ts.start.to_string(), name_), error);
  }
  return {};
}

ByteView Tun::read() {
  const ssize_t got = ::read(device_.get(), memory_.get(), largest_packet);
  return {memory_.get(), got <= 0 ? 0 : static_cast<std::size_t>(got)};
}

void Tun::write(ByteView ip_packet) {
  static_cast<void>(!::write(device_.get(), ip_packet.data(), ip_packet.size()));
}

}  // namespace ikelab::host
