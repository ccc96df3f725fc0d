#include "protocol/eap/packet.hpp"

namespace ikelab::eap {

Result<Packet> decode(ByteView octets) {
  const auto refuse = [](const char* why) {
    return Error{"E-EAP-001", std::string("not an EAP packet: ") + why}.see("RFC 3748, 4");
  };
  if (octets.size() < 4) return refuse("shorter than its header");
  if (octets.size() != octets[2] * 256U + octets[3]) return refuse("its Length is another");
  if (octets[0] < 1 || octets[0] > 4) return refuse("an unknown Code");
  Packet packet;
  packet.code = static_cast<Code>(octets[0]);
  packet.identifier = octets[1];
  if (packet.code == Code::success || packet.code == Code::failure) {
    if (octets.size() != 4) return refuse("Success and Failure carry nothing");
    return packet;
  }
  if (octets.size() < 5) return refuse("a request or response without Type");
  packet.type = static_cast<EapType>(octets[4]);
  packet.data = to_bytes(octets.subspan(5));
  return packet;
}

Bytes encode(const Packet& packet) {
  const bool typed = packet.code == Code::request || packet.code == Code::response;
  const std::size_t size = 4 + (typed ? 1 + packet.data.size() : 0);
  IKELAB_ASSERT(size <= 0xffff);
  Bytes out = {static_cast<std::uint8_t>(packet.code), packet.identifier,
               static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  if (!typed) return out;
  out.push_back(static_cast<std::uint8_t>(packet.type));
  out.insert(out.end(), packet.data.begin(), packet.data.end());
  return out;
}

}  // namespace ikelab::eap
