#include "sim/ns3/subscriber.hpp"

#include "protocol/esp/outer.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::sim {
namespace {

constexpr std::uint64_t esp_ids = 1ULL << 31;  // as a gateway's
constexpr std::uint8_t udp_protocol = 17;
constexpr std::size_t udp_header = 8;
constexpr std::uint16_t echo_port = 7, own_port = 49153;

std::uint16_t u16(ByteView octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

policy::EndpointConfig endpoint_config(const scenario::Node& node,
                                       const scenario::Scenario& scenario, std::uint64_t base) {
  policy::EndpointConfig config;
  config.node = node.name;
  config.datagram_id_base = base;
  config.connections = node.connections;
  config.retransmit = scenario.retransmit;
  config.disclose_secrets = scenario.disclose_secrets;
  config.epoch = scenario.epoch;
  return config;
}

/// IPv4 and UDP around a payload, both checksums made.
Bytes udp_packet(const SocketAddress& src, const SocketAddress& dst, ByteView payload) {
  const std::size_t size = udp_header + payload.size();
  esp::IpHeader header;
  header.src = src.ip;
  header.dst = dst.ip;
  header.protocol = udp_protocol;
  Bytes packet;
  packet.reserve(20 + size);
  esp::make_header(header, size, packet);
  const std::size_t at = packet.size();
  for (const std::size_t v : {std::size_t{src.port}, std::size_t{dst.port}, size, std::size_t{0}}) {
    packet.push_back(static_cast<std::uint8_t>(v >> 8));
    packet.push_back(static_cast<std::uint8_t>(v));
  }
  packet.insert(packet.end(), payload.begin(), payload.end());
  std::uint32_t pseudo = udp_protocol + static_cast<std::uint32_t>(size);
  for (const IpAddress& ip : {src.ip, dst.ip}) pseudo += u16(ip.octets(), 0) + u16(ip.octets(), 2);
  std::uint16_t checksum = esp::internet_checksum(ByteView(packet).subspan(at), pseudo);
  if (checksum == 0) checksum = 0xffff;  // RFC 768
  packet[at + 6] = static_cast<std::uint8_t>(checksum >> 8);
  packet[at + 7] = static_cast<std::uint8_t>(checksum);
  return packet;
}

}  // namespace

Subscriber::Subscriber(const scenario::Node& config, const scenario::Scenario& scenario,
                       const scenario::Cloud& cloud, std::size_t index, std::uint64_t ordinal,
                       const IpAddress& echo_server, Surroundings around)
    : config_(config),
      scenario_(scenario),
      cloud_(cloud),
      index_(index),
      esp_datagrams_((ordinal << 32) + esp_ids),
      echo_server_(echo_server),
      around_(std::move(around)),
      random_(crypto::seeded_rng(scenario.seed, config.name)),
      esp_iv_(random_->stream("esp-iv")),
      endpoint_(std::make_unique<ikev2::Endpoint>(endpoint_config(config, scenario, ordinal << 32),
                                                  *around_.provider,
                                                  crypto::seeded_rng(scenario.seed, config.name))),
      data_path_(*around_.provider, *esp_iv_) {
  for (const policy::ConnectionConfig& connection : config_.connections)
    for (esp::Policy& policy : esp::policies_of(connection))
      data_path_.add_policy(std::move(policy));
}

void Subscriber::emit(trace::Body body) {
  around_.journal->emit(now(), config_.name, "", std::move(body));
}

void Subscriber::schedule() {
  const policy::ConnectionConfig& connection = config_.connections.front();
  const std::string child = connection.children.front().name;
  const Duration start = cloud_.subscribers[index_].start;
  ns3::Simulator::Schedule(to_ns3(start), [this, name = connection.name, child] {
    command(ikev2::Initiate{name, child});
  });
  if (cloud_.rekey)
    ns3::Simulator::Schedule(to_ns3(start + *cloud_.rekey),
                             [this, child] { command(ikev2::RekeyChild{child}); });
  if (cloud_.flow.packets > 0)
    ns3::Simulator::Schedule(to_ns3(start + cloud_.flow.start), &Subscriber::echo, this);
}

void Subscriber::command(const ikev2::Command& command) {
  if (auto done = endpoint_->command(now(), command); !done)
    emit(trace::Diagnostic{"error", done.error().code, done.error().message, done.error().rfc, 0, 0,
                           0});
  drain();
}

void Subscriber::on_timeout() {
  endpoint_->handle_timeout(now());
  drain();
}

void Subscriber::drain() {
  while (auto event = endpoint_->poll_event())
    around_.journal->emit(now(), config_.name, std::move(*event));
  while (auto change = endpoint_->poll_sad()) data_path_.apply(std::move(*change));
  while (auto datagram = endpoint_->poll_transmit())
    send_udp(datagram->id, "IKE", datagram->src, datagram->dst, datagram->payload);
  ns3::Simulator::Remove(timer_);  // cancelled alone, it would stay in the schedule, for hours
  if (const auto at = endpoint_->poll_timeout())
    timer_ = ns3::Simulator::Schedule(to_ns3(std::max(*at - now(), Duration{0})),
                                      &Subscriber::on_timeout, this);
}

void Subscriber::send_udp(std::uint64_t id, const char* what, const SocketAddress& src,
                          const SocketAddress& dst, ByteView payload) {
  emit(trace::DatagramSent{id, what, src.to_string(), dst.to_string(), to_bytes(payload),
                           payload.size()});
  const bool esp = what[0] == 'E';
  around_.send(
      id, what,
      udp_packet(src, dst, esp ? to_bytes(payload) : wire::udp_payload(src.port, payload)));
}

// ---- what comes --------------------------------------------------------------------------------

void Subscriber::receive(std::uint64_t id, ByteView packet) {
  const auto header = esp::read_ip_header(packet);
  if (!header || header->fragment || packet.size() < header->size) return;
  const ByteView payload = packet.subspan(header->size);
  if (header->protocol == esp::ip_protocol_esp)
    on_esp(id, {header->src, 0}, {header->dst, 0}, packet.first(header->size), payload);
  else if (header->protocol == udp_protocol && payload.size() >= udp_header)
    on_udp(id, header->src, header->dst, payload);
}

void Subscriber::on_udp(std::uint64_t id, const IpAddress& src_ip, const IpAddress& dst_ip,
                        ByteView udp) {
  const SocketAddress src{src_ip, u16(udp, 0)}, dst{dst_ip, u16(udp, 2)};
  ByteView payload = udp.subspan(udp_header);
  if (dst.port == wire::udp_encapsulation_port) {
    const wire::UdpContent content = wire::classify_on_4500(payload);
    if (content == wire::UdpContent::esp) return on_esp(id, src, dst, {}, payload);
    if (content != wire::UdpContent::ike) return;
    payload = wire::without_marker(payload);
  } else if (dst.port != wire::ike_port) {
    return;
  }
  emit(trace::DatagramReceived{id, "IKE", src.to_string(), dst.to_string(), to_bytes(payload),
                               payload.size()});
  endpoint_->handle_datagram(now(), ikev2::Datagram{id, src, dst, to_bytes(payload)});
  drain();
}

void Subscriber::on_esp(std::uint64_t id, const SocketAddress& src, const SocketAddress& dst,
                        ByteView header, ByteView packet) {
  const bool in_udp = dst.port != 0;
  emit(trace::DatagramReceived{
      id, in_udp ? "ESP-in-UDP" : "ESP", in_udp ? src.to_string() : src.ip.to_string(),
      in_udp ? dst.to_string() : dst.ip.to_string(), to_bytes(packet), packet.size()});
  data_path_.set_now(now());
  auto opened = data_path_.open(packet, header);
  if (!opened) {
    emit(trace::EspRejected{id, packet.size() < 4 ? "" : to_hex(packet.first(4)), 0,
                            opened.error().code, opened.error().message});
    return;
  }
  emit(trace::EspOpened{id, to_string(opened->spi), opened->sequence, opened->inner.size(),
                        esp::summarize_packet(opened->inner),
                        scenario_.disclose_secrets ? opened->inner : Bytes{}});
  on_inner(opened->inner);
}

void Subscriber::on_inner(ByteView packet) {
  const auto header = esp::read_ip_header(packet);
  if (!header || header->protocol != udp_protocol || packet.size() < header->size + udp_header)
    return;
  const ByteView udp = packet.subspan(header->size);
  answered_ += u16(udp, 0) == echo_port && u16(udp, 2) == own_port;
}

// ---- traffic -----------------------------------------------------------------------------------

void Subscriber::echo() {
  ++sent_;
  const Bytes inner = udp_packet({config_.inner_addresses.front(), own_port},
                                 {echo_server_, echo_port}, Bytes(cloud_.flow.octets));
  data_path_.set_now(now());
  auto sealed = data_path_.seal(inner);
  if (!sealed) {
    emit(trace::EspRejected{0, "", 0, sealed.error().code, sealed.error().message});
  } else {
    const std::uint64_t id = ++esp_datagrams_;
    emit(trace::EspSealed{id, to_string(sealed->spi), sealed->sequence, inner.size(),
                          sealed->packet.size(), esp::summarize_packet(inner),
                          scenario_.disclose_secrets ? inner : Bytes{}});
    if (sealed->udp) {
      send_udp(id, "ESP-in-UDP", {sealed->src, sealed->udp->src}, {sealed->dst, sealed->udp->dst},
               sealed->packet);
    } else {
      emit(trace::DatagramSent{id, "ESP", sealed->src.to_string(), sealed->dst.to_string(),
                               sealed->packet, sealed->packet.size()});
      around_.send(id, "ESP", concat({sealed->header, sealed->packet}));
    }
  }
  if (sent_ < cloud_.flow.packets)
    ns3::Simulator::Schedule(to_ns3(cloud_.flow.interval), &Subscriber::echo, this);
}

}  // namespace ikelab::sim
