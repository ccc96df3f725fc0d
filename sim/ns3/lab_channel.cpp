#include "sim/ns3/lab_channel.hpp"

#include "sim/ns3/datagram_tag.hpp"
#include "sim/ns3/ip_packet.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint16_t ppp_ipv4 = 0x0021;  // of what an adversary makes
constexpr std::size_t ppp_octets = 2;

ns3::Ptr<ns3::Packet> framed(ns3::Ptr<ns3::Packet> ip_packet) {
  ns3::PppHeader ppp;
  ppp.SetProtocol(ppp_ipv4);
  ip_packet->AddHeader(ppp);
  return ip_packet;
}

}  // namespace

ns3::TypeId LabChannel::GetTypeId() {
  static const ns3::TypeId id =
      ns3::TypeId("ikelab::LabChannel").SetParent<ns3::PointToPointChannel>();
  return id;
}

LabChannel::LabChannel(const scenario::Link& link, std::uint64_t seed)
    : link_(link), random_(crypto::seeded_rng(seed, "link " + link.name)) {
  for (std::size_t to = 0; to < 2; ++to)
    weather_[to] = std::make_unique<path::Weather>(to == 0 ? link.to_a : link.to_b, link.outages,
                                                   *random_, end(to));
}

bool LabChannel::TransmitStart(ns3::Ptr<const ns3::Packet> frame,
                               ns3::Ptr<ns3::PointToPointNetDevice> from, ns3::Time transmission) {
  const std::size_t to = GetPointToPointDevice(0) == from ? 1 : 0;
  offer({to, datagram_id(*frame), frame->Copy(), end(1 - to), Duration{0}}, transmission, nullptr);
  return true;
}

void LabChannel::offer(Crossing crossing, ns3::Time transmission, const Seat* maker) {
  const bool made_on_the_way = maker != nullptr && maker->host.empty();
  for (const std::unique_ptr<Seat>& seat : around.seats) {
    if (seat.get() == maker || (made_on_the_way && seat->leaving)) continue;
    if (!pass(*seat, crossing)) return;
  }
  cross(std::move(crossing), transmission);
}

bool LabChannel::pass(Seat& seat, Crossing& crossing) {
  // off the path one sees what is routed to one's own host, and nothing else
  if (!seat.host.empty() && end(crossing.to) != seat.host) return true;
  ns3::Ptr<ns3::Packet> ip = crossing.frame->Copy();
  ns3::PppHeader ppp;
  ip->RemoveHeader(ppp);
  script::TappedPacket seen = read_packet(bytes_of(*ip));
  seen.datagram = crossing.id;
  seen.link = link_.name;
  seen.from = end(1 - crossing.to);
  seen.to = end(crossing.to);
  seen.leaving = seat.leaving;
  const script::Decision decision = seat.script->on_packet(now(), seen);
  drain(seat);
  using Fate = script::Decision::Fate;
  const Fate fate = seat.decides ? decision.fate : Fate::pass;
  if (fate == Fate::drop)
    around.journal->emit(
        now(), "", "",
        trace::DatagramDropped{crossing.id, seat.name,
                               seat.monitor ? decision.note : "the adversary kept it"});
  if (fate == Fate::delay) crossing.extra += decision.delay;
  if (fate == Fate::modify) {
    ns3::Ptr<ns3::Packet> changed =
        make_packet(seen.protocol, seen.src, seen.dst, decision.payload);
    changed->AddByteTag(DatagramTag(decision.datagram));
    crossing = {crossing.to, decision.datagram, framed(changed), seat.name, crossing.extra};
  }
  carry_out(seat, decision);
  schedule_timer(seat);
  return fate != Fate::drop;
}

// One packet over the link: captured, in the trace, and delivered unless it is lost.
void LabChannel::cross(Crossing crossing, ns3::Time transmission) {
  octets_.resize(crossing.frame->GetSize());
  crossing.frame->CopyData(octets_.data(), crossing.frame->GetSize());
  const ByteView octets = ByteView(octets_).subspan(ppp_octets);
  if (around.tap != nullptr) around.tap->on_wire(link_.name, now(), crossing.id, octets);

  const path::Fate fate = weather_[crossing.to]->next(now());
  const Duration before = Duration(transmission.GetNanoSeconds()) + crossing.extra;
  trace::PacketOnLink body;
  body.id = crossing.id;
  body.link = link_.name;
  body.from = std::move(crossing.from);
  body.to = end(crossing.to);
  body.protocol = protocol_of(octets);
  body.size = octets.size();
  body.sent_ns = now().ns;
  body.lost = fate.lost;
  if (fate.lost.empty()) body.arrives_ns = (now() + before + fate.delays.front()).ns;
  around.journal->emit(now(), "", "", std::move(body));
  if (!fate.lost.empty() && crossing.id != 0)
    around.journal->emit(now(), "", "",
                         trace::DatagramDropped{crossing.id, "link " + link_.name, fate.lost});
  const ns3::Ptr<ns3::PointToPointNetDevice> device = GetPointToPointDevice(crossing.to);
  for (const Duration& delay : fate.delays)  // a second time it is another packet
    ns3::Simulator::ScheduleWithContext(
        device->GetNode()->GetId(), to_ns3(before + delay), &ns3::PointToPointNetDevice::Receive,
        device, &delay == &fate.delays.back() ? crossing.frame : crossing.frame->Copy());
}

// ---- the scripts' hands ------------------------------------------------------------------------

void LabChannel::carry_out(Seat& seat, const script::Decision& decision) {
  if (!seat.sends) return;
  for (const script::Injection& injection : decision.injections) {
    ns3::Ptr<LabChannel> self(this);
    ns3::Simulator::Schedule(to_ns3(injection.after),
                             [self, at = &seat, injection] { self->inject(*at, injection); });
  }
}

void LabChannel::inject(Seat& seat, const script::Injection& injection) {
  ns3::Ptr<ns3::Packet> packet =
      make_packet(injection.protocol, injection.src, injection.dst, injection.payload);
  packet->AddByteTag(DatagramTag(injection.datagram));
  const std::size_t to = !seat.host.empty()             ? (link_.a == seat.host ? 1 : 0)
                         : injection.towards == link_.a ? 0
                                                        : 1;
  trace::DatagramSent sent;
  sent.id = injection.datagram;
  sent.protocol = injection.protocol;
  sent.src = injection.src.port == 0 ? injection.src.ip.to_string() : injection.src.to_string();
  sent.dst = injection.dst.port == 0 ? injection.dst.ip.to_string() : injection.dst.to_string();
  sent.payload = injection.payload;
  sent.size = injection.payload.size();
  around.journal->emit(now(), seat.name, "", std::move(sent));
  offer({to, injection.datagram, framed(packet), seat.name, Duration{0}}, ns3::Time(0), &seat);
}

void LabChannel::drain(Seat& seat) {
  while (auto event = seat.script->poll_event())
    around.journal->emit(now(), seat.name, std::move(*event));
}

void LabChannel::grant(const std::string& name, const script::Grant& grant) {
  for (const std::unique_ptr<Seat>& seat : around.seats) {
    if (seat->name != name) continue;
    const script::Decision decision = seat->script->on_grant(now(), grant);
    drain(*seat);
    carry_out(*seat, decision);
    schedule_timer(*seat);
  }
}

void LabChannel::on_timer(Seat& seat) {
  const script::Decision decision = seat.script->on_timer(now());
  drain(seat);
  carry_out(seat, decision);
  schedule_timer(seat);
}

void LabChannel::schedule_timer(Seat& seat) {
  ns3::Simulator::Remove(seat.timer);
  const auto at = seat.script->next_timer();
  if (!at) return;
  ns3::Ptr<LabChannel> self(this);
  const Duration wait = std::max(*at - now(), Duration{0});
  seat.timer =
      ns3::Simulator::Schedule(to_ns3(wait), [self, place = &seat] { self->on_timer(*place); });
}

void LabChannel::begin() {
  for (const std::unique_ptr<Seat>& seat : around.seats) {
    drain(*seat);
    schedule_timer(*seat);
  }
}

void LabChannel::finish() {
  for (const std::unique_ptr<Seat>& seat : around.seats) {
    if (seat->leaving) continue;  // its script is another seat's as well
    seat->script->on_finish(now());
    drain(*seat);
  }
}

}  // namespace ikelab::sim
