// Every ICMP error believed. An error quotes the packet it is about, and RFC 4301, 8.2 wants it
// held against the SA: was such a packet sent, and lately? Who looks at the addresses alone lets
// anybody who knows them shrink a tunnel (RFC 5927 tells the same of TCP).
#include <algorithm>
#include <map>

#include "sim/historic/historic.hpp"

namespace ikelab::historic {
namespace {

constexpr std::size_t icmp_octets = 8, least_ip_octets = 20, esp_header_octets = 8;
constexpr std::size_t destination_at = 16;  // in an IPv4 header

class Gullible : public Front {
 public:
  void saw_esp(const IpAddress& dst, ByteView packet) override {
    if (packet.size() >= esp_header_octets)
      latest_[dst] = to_bytes(packet.first(esp_header_octets));
  }
  /// The quoted packet is to this peer: so it is taken for the latest that went there.
  Bytes take_icmp(ByteView message) override {
    Bytes out = to_bytes(message);
    if (out.size() < icmp_octets + least_ip_octets) return out;
    const std::size_t esp_at = icmp_octets + (out[icmp_octets] & 0x0f) * 4U;
    const auto dst = IpAddress::from_octets(ByteView(out).subspan(icmp_octets + destination_at, 4));
    const auto known = dst ? latest_.find(*dst) : latest_.end();
    if (known == latest_.end() || out.size() < esp_at + esp_header_octets) return out;
    std::copy(known->second.begin(), known->second.end(),
              out.begin() + static_cast<std::ptrdiff_t>(esp_at));
    return out;
  }

 private:
  std::map<IpAddress, Bytes> latest_;  ///< ESP headers
};

}  // namespace

const Bug believes_every_icmp = {
    "believes-every-icmp",
    "early implementations of IPsec",
    "An ICMP error about a peer was believed whatever packet it quoted: a stranger could make a "
    "gateway send ever smaller packets, and drop those that may not be fragmented.",
    "an error counts only if it quotes SPI and sequence number of a packet that was sent lately",
    nullptr,
    []() -> std::unique_ptr<Front> { return std::make_unique<Gullible>(); },
    nullptr};

}  // namespace ikelab::historic
