#include "sim/ns3/datagram_tag.hpp"

namespace ikelab::sim {

ns3::TypeId DatagramTag::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ikelab::DatagramTag").SetParent<ns3::Tag>().AddConstructor<DatagramTag>();
  return id;
}

std::uint64_t datagram_id(const ns3::Packet& packet) {
  DatagramTag tag;
  return packet.FindFirstMatchingByteTag(tag) ? tag.id() : 0;
}

}  // namespace ikelab::sim
