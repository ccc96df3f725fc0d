// IPsec for plain ns-3 programs, in ns-3's own habits: an object that is aggregated to a node, with
// attributes and trace sources, and a helper that makes it from a connection in swanctl's words.
//
//   ikelab::sim::IpsecHelper ipsec;
//   ipsec.SetAttribute("Seed", ns3::UintegerValue(7));
//   ipsec.Install(node, "gw-a", R"(name: site ...)");
//   ns3::Config::Connect("/NodeList/*/$ikelab::IpsecNode/EspOpened", ...);
//
// docs/NS3.md has a whole program.
#pragma once
#include "sim/ns3/gateway.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <ns3/object-factory.h>
#include <ns3/traced-callback.h>
#pragma GCC diagnostic pop

namespace ikelab::sim {

class IpsecNode : public ns3::Object, private trace::Sink {
 public:
  static ns3::TypeId GetTypeId();
  /// `connections`: one or more in YAML, as under `connections:` of a scenario's node.
  Result<void> Configure(const std::string& name, const std::string& connections);
  /// Addresses of the node's own inside its tunnels.
  void AddInnerAddress(ns3::Ipv4Address address);
  /// Begins at once; use Simulator::Schedule for later. A refusal is traced as Diagnostic.
  void Initiate(const std::string& connection, const std::string& child);
  void RekeyChild(const std::string& child);
  void RekeyIke();

  /// SPI, octets of the inner packet.
  using PacketCallback = void (*)(const std::string& spi, std::uint32_t octets);
  /// Error code, reason.
  using RejectedCallback = void (*)(const std::string& code, const std::string& reason);
  /// "sent" or "received", exchange, message ID.
  using MessageCallback = void (*)(const std::string& direction, const std::string& exchange,
                                   std::uint32_t message_id);
  /// SPI, "in" or "out" ("" of an IKE SA).
  using SaCallback = void (*)(const std::string& spi, const std::string& direction);

 protected:
  void DoInitialize() override;
  void DoDispose() override;
  void NotifyNewAggregate() override;

 private:
  void record(const trace::Event& event) override;
  [[nodiscard]] trace::Kinds wants() const override {
    return trace::kinds_of<trace::EspSealed, trace::EspOpened, trace::EspRejected,
                           trace::Diagnostic, trace::Message, trace::SaInstalled,
                           trace::SaRemoved>();
  }
  void build();

  std::uint64_t seed_ = 1;
  bool disclose_ = false;
  ns3::Ptr<ns3::Node> node_;
  scenario::Scenario scenario_;
  scenario::Node config_;
  trace::Journal journal_;
  std::unique_ptr<Gateway> gateway_;
  ns3::TracedCallback<const std::string&, std::uint32_t> sealed_, opened_;
  ns3::TracedCallback<const std::string&, const std::string&> rejected_, diagnostic_;
  ns3::TracedCallback<const std::string&, const std::string&, std::uint32_t> message_;
  ns3::TracedCallback<const std::string&, const std::string&> installed_, removed_;
};

class IpsecHelper {
 public:
  IpsecHelper() { factory_.SetTypeId(IpsecNode::GetTypeId()); }
  void SetAttribute(const std::string& name, const ns3::AttributeValue& value) {
    factory_.Set(name, value);
  }
  /// After the node's addresses and routes are there. A mistake in `connections` ends the program
  /// with its line, as ns-3's own helpers do.
  ns3::Ptr<IpsecNode> Install(ns3::Ptr<ns3::Node> node, const std::string& name,
                              const std::string& connections) const;

 private:
  ns3::ObjectFactory factory_;
};

}  // namespace ikelab::sim
