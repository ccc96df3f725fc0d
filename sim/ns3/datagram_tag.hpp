// The trace's id of a datagram travels with its octets through ns-3 (a byte tag, so that fragments
// bear it too).
#pragma once
#include <ns3/tag.h>

#include "sim/ns3/ns3.hpp"

namespace ikelab::sim {

class DatagramTag : public ns3::Tag {
 public:
  explicit DatagramTag(std::uint64_t id = 0) : id_(id) {}
  [[nodiscard]] std::uint64_t id() const { return id_; }
  static ns3::TypeId GetTypeId();
  ns3::TypeId GetInstanceTypeId() const override { return GetTypeId(); }
  std::uint32_t GetSerializedSize() const override { return 8; }
  void Serialize(ns3::TagBuffer buffer) const override { buffer.WriteU64(id_); }
  void Deserialize(ns3::TagBuffer buffer) override { id_ = buffer.ReadU64(); }
  void Print(std::ostream& out) const override { out << id_; }

 private:
  std::uint64_t id_;
};

/// 0 when the packet has none: traffic that is not IKE or ESP.
std::uint64_t datagram_id(const ns3::Packet& packet);

}  // namespace ikelab::sim
