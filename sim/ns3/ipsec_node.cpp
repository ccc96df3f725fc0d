#include "sim/ns3/ipsec_node.hpp"

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#include <ns3/abort.h>
#include <ns3/trace-source-accessor.h>
#pragma GCC diagnostic pop

#include "sim/scenario/scenario.hpp"

namespace ikelab::sim {

NS_OBJECT_ENSURE_REGISTERED(IpsecNode);

ns3::TypeId IpsecNode::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ikelab::IpsecNode")
          .SetParent<ns3::Object>()
          .SetGroupName("Internet")
          .AddConstructor<IpsecNode>()
          .AddAttribute("Seed", "Of all keys, nonces and SPIs of this node.", ns3::UintegerValue(1),
                        ns3::MakeUintegerAccessor(&IpsecNode::seed_),
                        ns3::MakeUintegerChecker<std::uint64_t>())
          .AddAttribute("DiscloseSecrets", "Whether keys go into the trace.",
                        ns3::BooleanValue(false), ns3::MakeBooleanAccessor(&IpsecNode::disclose_),
                        ns3::MakeBooleanChecker())
          .AddTraceSource("EspSealed", "A packet was put into a tunnel.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::sealed_),
                          "ikelab::sim::IpsecNode::PacketCallback")
          .AddTraceSource("EspOpened", "A packet came out of a tunnel.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::opened_),
                          "ikelab::sim::IpsecNode::PacketCallback")
          .AddTraceSource("EspRejected", "A packet was refused, and why.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::rejected_),
                          "ikelab::sim::IpsecNode::RejectedCallback")
          .AddTraceSource("Diagnostic", "IKE refused something, and why.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::diagnostic_),
                          "ikelab::sim::IpsecNode::RejectedCallback")
          .AddTraceSource("IkeMessage", "An IKE message was sent or received.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::message_),
                          "ikelab::sim::IpsecNode::MessageCallback")
          .AddTraceSource("SaInstalled", "An SA began.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::installed_),
                          "ikelab::sim::IpsecNode::SaCallback")
          .AddTraceSource("SaRemoved", "An SA ended.",
                          ns3::MakeTraceSourceAccessor(&IpsecNode::removed_),
                          "ikelab::sim::IpsecNode::SaCallback");
  return id;
}

Result<void> IpsecNode::Configure(const std::string& name, const std::string& connections) {
  std::string indented = "        ";
  for (const char c : connections)
    indented += c == '\n' ? std::string("\n        ") : std::string(1, c);
  const std::string yaml = "name: program\nduration: 1s\nnodes:\n  - name: " + name +
                           "\n    role: gateway\n    connections:\n      -\n" + indented + "\n";
  IKELAB_TRY(scenario_, scenario::load_text(yaml, name));
  config_ = scenario_.nodes.front();
  scenario_.seed = seed_;
  scenario_.disclose_secrets = disclose_;
  journal_.attach(*this);
  return {};
}

void IpsecNode::AddInnerAddress(ns3::Ipv4Address address) {
  config_.inner_addresses.push_back(from_ns3(address));
}

void IpsecNode::NotifyNewAggregate() {
  if (!node_) node_ = GetObject<ns3::Node>();
  ns3::Object::NotifyNewAggregate();
}

void IpsecNode::DoInitialize() {
  build();
  ns3::Object::DoInitialize();
}

void IpsecNode::build() {
  if (gateway_ || !node_) return;
  gateway_ = std::make_unique<Gateway>(node_, config_, scenario_, node_->GetId() + 1, journal_);
  gateway_->start();
}

void IpsecNode::DoDispose() {
  gateway_.reset();
  node_ = nullptr;
  ns3::Object::DoDispose();
}

void IpsecNode::Initiate(const std::string& connection, const std::string& child) {
  build();
  gateway_->command(ikev2::Initiate{connection, child});
}
void IpsecNode::RekeyChild(const std::string& child) {
  build();
  gateway_->command(ikev2::RekeyChild{child});
}
void IpsecNode::RekeyIke() {
  build();
  gateway_->command(ikev2::RekeyIke{});
}

void IpsecNode::record(const trace::Event& event) {
  if (const auto* b = std::get_if<trace::EspSealed>(&event.body))
    sealed_(b->spi, static_cast<std::uint32_t>(b->inner_size));
  else if (const auto* o = std::get_if<trace::EspOpened>(&event.body))
    opened_(o->spi, static_cast<std::uint32_t>(o->inner_size));
  else if (const auto* r = std::get_if<trace::EspRejected>(&event.body))
    rejected_(r->code, r->reason);
  else if (const auto* d = std::get_if<trace::Diagnostic>(&event.body))
    diagnostic_(d->code, d->message);
  else if (const auto* m = std::get_if<trace::Message>(&event.body))
    message_(m->direction, m->exchange, static_cast<std::uint32_t>(m->message_id));
  else if (const auto* i = std::get_if<trace::SaInstalled>(&event.body))
    installed_(i->spi, i->direction);
  else if (const auto* x = std::get_if<trace::SaRemoved>(&event.body))
    removed_(x->spi, x->direction);
}

ns3::Ptr<IpsecNode> IpsecHelper::Install(ns3::Ptr<ns3::Node> node, const std::string& name,
                                         const std::string& connections) const {
  const auto made = factory_.Create<IpsecNode>();
  const auto configured = made->Configure(name, connections);
  NS_ABORT_MSG_IF(!configured.ok(), configured.error().to_string());
  node->AggregateObject(made);
  return made;
}

}  // namespace ikelab::sim
