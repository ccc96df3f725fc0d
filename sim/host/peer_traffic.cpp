// The datagrams of a Peer: what comes from sockets, TUN device and stdin, and what goes out.
#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

#include "protocol/wire/udp_encapsulation.hpp"
#include "sim/host/peer.hpp"

namespace ikelab::host {
namespace {

constexpr const char* in_udp_name = "ESP-in-UDP";
/// After so many, sockets and timers have their turn.
constexpr std::size_t packets_a_turn = 256;

/// Our sockets' ports may be others than those the engine knows.
std::uint16_t engine_port(const Ports& ports, std::uint16_t system) {
  if (system == ports.ike) return wire::ike_port;
  if (system == ports.nat) return wire::udp_encapsulation_port;
  return system;
}

std::uint16_t system_port(const Ports& ports, std::uint16_t engine) {
  if (engine == wire::ike_port) return ports.ike;
  if (engine == wire::udp_encapsulation_port) return ports.nat;
  return engine;
}

std::string address_text(const SocketAddress& address) {
  return address.port == 0 ? address.ip.to_string() : address.to_string();
}

/// The outer addresses and ports decide which socket sends, and where to.
bool goes_along(const esp::Sealed& a, const esp::Sealed& b) {
  return a.src == b.src && a.dst == b.dst && a.udp == b.udp;
}

}  // namespace

bool Peer::may_send_to(const IpAddress& address) const {
  if (moved_to_.contains(address)) return true;
  for (const policy::ConnectionConfig& connection : config_.connections)
    if (connection.remote_addr == address || connection.remote_addr.is_unspecified()) return true;
  return false;
}

Socket* Peer::socket_at(SocketKind kind, const SocketAddress& local) {
  for (auto& [fd, socket] : kind == SocketKind::udp ? udp_ : esp_)
    if (socket.local() == local) return &socket;
  return nullptr;
}

// ---- out ---------------------------------------------------------------------------------------

void Peer::transmit(const ikev2::Datagram& datagram) {
  if (!may_send_to(datagram.dst.ip))
    return emit(trace::DatagramDropped{datagram.id, config_.node,
                                       datagram.dst.ip.to_string() + " is no peer of ours"});
  Socket* socket =
      socket_at(SocketKind::udp, {datagram.src.ip, system_port(options_.ports, datagram.src.port)});
  if (socket == nullptr)
    return emit(trace::DatagramDropped{datagram.id, config_.node,
                                       "no socket at " + datagram.src.to_string()});
  emit(trace::DatagramSent{datagram.id,
                           wire::is_nat_keepalive(datagram.payload) ? "keepalive" : "IKE",
                           datagram.src.to_string(), datagram.dst.to_string(), datagram.payload,
                           datagram.payload.size()});
  const auto sent =
      socket->send({datagram.dst.ip, system_port(options_.remote_ports, datagram.dst.port)},
                   wire::udp_payload(datagram.src.port, datagram.payload));
  if (!sent) emit(trace::DatagramDropped{datagram.id, config_.node, sent.error().message});
}

void Peer::on_tun() {
  data_path_->set_now(now());
  for (std::size_t i = 0; i < packets_a_turn; ++i) {
    const ByteView inner = tun_->read();
    if (inner.empty()) break;
    if (sealed_count_ == sealed_.size()) send_sealed();
    esp::Sealed& sealed = sealed_[sealed_count_];
    const auto done = data_path_->seal(inner, sealed);
    grant_wishes();
    if (!done) {
      emit(trace::EspRejected{0, "", 0, done.error().code, done.error().message});
      continue;
    }
    sealed_ids_[sealed_count_] = next_datagram();
    if (options_.everything) tell_sealed(sealed, inner);
    if (sealed_count_ > 0 && !goes_along(sealed, sealed_.front())) {
      send_sealed();
      std::swap(sealed_.front(), sealed);
      std::swap(sealed_ids_.front(), sealed_ids_[&sealed - sealed_.data()]);
    }
    ++sealed_count_;
  }
  send_sealed();
}

void Peer::tell_sealed(const esp::Sealed& sealed, ByteView inner) {
  trace::EspSealed body{sealed_ids_[sealed_count_],
                        to_string(sealed.spi),
                        sealed.sequence,
                        inner.size(),
                        sealed.packet.size(),
                        esp::summarize_packet(inner),
                        {}};
  if (config_.disclose_secrets) body.inner = to_bytes(inner);
  emit(std::move(body));
}

/// Sends what waits, all of it from one socket to one place.
void Peer::send_sealed() {
  const std::size_t count = std::exchange(sealed_count_, 0);
  if (count == 0) return;
  const esp::Sealed& first = sealed_.front();
  const SocketAddress src{first.src, first.udp ? first.udp->src : std::uint16_t{0}};
  const SocketAddress dst{first.dst, first.udp ? first.udp->dst : std::uint16_t{0}};
  Socket* socket = first.udp
                       ? socket_at(SocketKind::udp, {src.ip, system_port(options_.ports, src.port)})
                       : socket_at(SocketKind::esp, src);
  if (socket == nullptr || !may_send_to(dst.ip))
    return emit(trace::DatagramDropped{sealed_ids_.front(), config_.node,
                                       socket == nullptr
                                           ? "no socket for ESP at " + address_text(src)
                                           : dst.ip.to_string() + " is no peer of ours"});
  std::array<ByteView, Socket::send_batch> packets;
  for (std::size_t i = 0; i < count; ++i) {
    packets[i] = sealed_[i].packet;
    if (options_.everything)
      emit(trace::DatagramSent{sealed_ids_[i], first.udp ? in_udp_name : "ESP", address_text(src),
                               address_text(dst), sealed_[i].packet, sealed_[i].packet.size()});
  }
  const SocketAddress to{dst.ip,
                         first.udp ? system_port(options_.remote_ports, dst.port) : dst.port};
  if (const auto sent = socket->send(to, std::span(packets).first(count)); !sent)
    emit(trace::DatagramDropped{sealed_ids_.front(), config_.node, sent.error().message});
}

// ---- in ----------------------------------------------------------------------------------------

void Peer::on_udp(Socket& socket) {
  const SocketAddress local{socket.local().ip, engine_port(options_.ports, socket.local().port)};
  data_path_->set_now(now());
  for (const Received& received : socket.receive(inbox_)) {
    const SocketAddress src{received.src.ip, engine_port(options_.remote_ports, received.src.port)};
    if (local.port != wire::udp_encapsulation_port) {
      on_ike(local, src, received.payload);
      continue;
    }
    switch (wire::classify_on_4500(received.payload)) {
      case wire::UdpContent::ike:
        on_ike(local, src, wire::without_marker(received.payload));
        break;
      case wire::UdpContent::esp:
        on_esp(local, src, true, received.payload);
        break;
      case wire::UdpContent::keepalive:
      case wire::UdpContent::nothing:
        break;
    }
  }
}

void Peer::on_raw(Socket& socket) {
  data_path_->set_now(now());
  for (const Received& received : socket.receive(inbox_))
    on_esp(socket.local(), received.src, false, received.payload);
}

void Peer::on_ike(const SocketAddress& local, const SocketAddress& src, ByteView message) {
  const ikev2::Datagram datagram{next_datagram(), src, local, to_bytes(message)};
  emit(trace::DatagramReceived{datagram.id, "IKE", src.to_string(), local.to_string(),
                               datagram.payload, datagram.payload.size()});
  endpoint_->handle_datagram(now(), datagram);
  drain();
}

void Peer::on_esp(const SocketAddress& local, const SocketAddress& src, bool in_udp,
                  ByteView packet) {
  const std::uint64_t id = next_datagram();
  if (options_.everything)
    emit(trace::DatagramReceived{id, in_udp ? in_udp_name : "ESP", address_text(src),
                                 address_text(local), to_bytes(packet), packet.size()});
  if (const auto done = data_path_->open(packet, {}, opened_); !done) {
    std::uint64_t sequence = 0;
    for (std::size_t i = 4; i < 8 && i < packet.size(); ++i) sequence = sequence << 8 | packet[i];
    emit(trace::EspRejected{id, packet.size() < 4 ? "" : to_hex(packet.first(4)), sequence,
                            done.error().code, done.error().message});
    endpoint_->handle_esp_refusal(now(), src.ip, packet, done.error().code);
    return drain();
  }
  if (options_.everything) {
    trace::EspOpened body{id,
                          to_string(opened_.spi),
                          opened_.sequence,
                          opened_.inner.size(),
                          esp::summarize_packet(opened_.inner),
                          {}};
    if (config_.disclose_secrets) body.inner = opened_.inner;
    emit(std::move(body));
  }
  if (in_udp) came_from(opened_.spi, src);
  if (tun_) tun_->write(opened_.inner);
}

/// The peer behind a NAT may have got another port (RFC 7296, 2.23): the engine hears of changes.
void Peer::came_from(EspSpi spi, const SocketAddress& src) {
  if (came_from_ == std::pair(spi, src)) return;
  came_from_ = {spi, src};
  endpoint_->handle_esp_source(spi, src);
  drain();
}

// ---- commands ----------------------------------------------------------------------------------

Result<ikev2::Command> parse_command(const std::string& line) {
  std::istringstream words(line);
  std::string action, first, second;
  words >> action >> first >> second;
  if (action == "initiate" && !first.empty()) return ikev2::Command(ikev2::Initiate{first, second});
  if (action == "rekey-ike") return ikev2::Command(ikev2::RekeyIke{first});
  if (action == "delete-ike") return ikev2::Command(ikev2::DeleteIke{first});
  if (action == "liveness") return ikev2::Command(ikev2::CheckLiveness{first});
  if (action == "rekey-child" && !first.empty()) return ikev2::Command(ikev2::RekeyChild{first});
  if (action == "delete-child" && !first.empty()) return ikev2::Command(ikev2::DeleteChild{first});
  if (action == "move")
    if (const auto address = IpAddress::parse(first))
      return ikev2::Command(ikev2::MoveTo{*address, second});
  return Error{"E-PEER-008", fmt::format("'{}' is no command", line)}.expect(
      "expected initiate CONNECTION [CHILD], rekey-ike, rekey-child CHILD, delete-ike, "
      "delete-child CHILD, liveness, move ADDRESS or sas");
}

void Peer::on_commands() {
  char octets[4096];
  const ssize_t got = ::read(STDIN_FILENO, octets, sizeof octets);
  if (got <= 0) {  // nobody will type any more
    ::close(STDIN_FILENO);
    return;
  }
  typed_.append(octets, static_cast<std::size_t>(got));
  for (std::size_t end = typed_.find('\n'); end != std::string::npos; end = typed_.find('\n')) {
    on_line(typed_.substr(0, end));
    typed_.erase(0, end + 1);
  }
  if (typed_.size() > sizeof octets) typed_.clear();
}

void Peer::on_line(const std::string& line) {
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  if (line == "sas") return tell_sas();
  auto wish = parse_command(line);
  if (wish) return command(*wish);
  emit(trace::Diagnostic{"error", wish.error().code,
                         wish.error().message + ": " + wish.error().hint, "", 0, 0, 0});
}

void Peer::tell_sas() {
  for (const ikev2::IkeSaInfo& sa : endpoint_->sas()) {
    emit(trace::Mark{fmt::format("{} {} {}", sa.name, sa.connection, sa.state)});
    for (const auto& child : sa.children)
      emit(trace::Mark{fmt::format("{} {} {} in {} out {}", sa.name, child.name, child.state,
                                   to_string(child.spi_in), to_string(child.spi_out))});
  }
}

}  // namespace ikelab::host
