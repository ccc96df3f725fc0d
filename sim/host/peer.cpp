#include "sim/host/peer.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>

#include "sim/host/os_random.hpp"

namespace ikelab::host {
namespace {

constexpr Duration patience_at_the_end = 3s;

std::int64_t clock_ns() {
  timespec at{};
  ::clock_gettime(CLOCK_BOOTTIME, &at);  // runs on while the machine sleeps
  return at.tv_sec * 1'000'000'000LL + at.tv_nsec;
}

policy::EndpointConfig endpoint_config(const scenario::Scenario& scenario,
                                       const scenario::Node& node, const PeerOptions& options,
                                       const trace::Journal& journal) {
  policy::EndpointConfig config;
  config.node = node.name;
  config.connections = node.connections;
  config.eap_users = node.eap_users;
  for (policy::ConnectionConfig& connection : config.connections)  // IKE has no part in these
    std::erase_if(connection.children,
                  [](const policy::ChildConfig& child) { return !child.needs_sas(); });
  if (options.listen)
    for (policy::ConnectionConfig& connection : config.connections)
      connection.local_addr = *options.listen;
  config.pools = node.pools;
  config.retransmit = scenario.retransmit;
  config.puzzle_threshold = node.puzzle_threshold;
  config.puzzle_difficulty = node.puzzle_difficulty;
  config.auth_puzzle_threshold = node.auth_puzzle_threshold;
  config.auth_puzzle_difficulty = node.auth_puzzle_difficulty;
  config.puzzle_solve = node.puzzle_solve;
  if (node.cookie_threshold) config.cookie_threshold = *node.cookie_threshold;
  config.disclose_secrets = scenario.disclose_secrets;
  config.epoch = ::time(nullptr);
  if (!options.everything) config.events = journal.wanted();
  return config;
}

/// Something of IKE lives on: the peer should hear of the end.
bool lives(const ikev2::IkeSaInfo& sa) {
  return sa.state != "DEAD" && sa.state != "HALF_OPEN";
}

Error no_such_node(const scenario::Scenario& scenario, const std::string& name) {
  std::vector<std::string> names;
  for (const scenario::Node& node : scenario.nodes)
    if (!node.connections.empty()) names.push_back(node.name);
  return Error{"E-PEER-005", fmt::format("no node '{}' with connections", name)}
      .in(scenario.file.string())
      .expect(fmt::format("expected --name with one of: {}", fmt::join(names, ", ")));
}

}  // namespace

// ---- opening -----------------------------------------------------------------------------------

Peer::Peer(const scenario::Scenario& scenario, const scenario::Node& node,
           const PeerOptions& options, trace::Journal& journal)
    : options_(options),
      journal_(journal),
      config_(endpoint_config(scenario, node, options, journal)),
      provider_(crypto::openssl_provider()),
      random_(os_random()),
      esp_iv_(random_->stream("esp-iv")),
      endpoint_(std::make_unique<engine::Engine>(config_, *provider_, os_random(), os_random())),
      data_path_(std::make_unique<esp::DataPath>(*provider_, *esp_iv_)),
      started_ns_(clock_ns()) {}

Peer::~Peer() = default;

Result<std::unique_ptr<Peer>> Peer::open(const scenario::Scenario& scenario,
                                         const std::string& name, const PeerOptions& options,
                                         trace::Journal& journal) {
  const auto node = std::find_if(scenario.nodes.begin(), scenario.nodes.end(),
                                 [&](const scenario::Node& n) { return n.name == name; });
  if (node == scenario.nodes.end() || node->connections.empty())
    return no_such_node(scenario, name);
  for (const ikev2::Initiate& wish : options.initiate)
    if (std::none_of(node->connections.begin(), node->connections.end(),
                     [&](const auto& c) { return c.name == wish.connection; }))
      return Error{"E-PEER-006", fmt::format("{} has no connection '{}'", name, wish.connection)}
          .in(scenario.file.string());
  std::unique_ptr<Peer> peer(new Peer(scenario, *node, options, journal));
  peer->epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
  if (!peer->epoll_.open()) return Error{"E-HOST-001", std::strerror(errno)};
  IKELAB_CHECK(peer->open_tun(*node));
  IKELAB_CHECK(peer->open_sockets(*node));
  IKELAB_CHECK(peer->watch_addresses());
  if (options.commands) IKELAB_CHECK(peer->watch(STDIN_FILENO));
  return peer;
}

Result<void> Peer::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return Error{"E-HOST-001", fmt::format("epoll: {}", std::strerror(errno))};
}

Result<void> Peer::open_sockets(const scenario::Node& node) {
  std::set<IpAddress> addresses;
  for (const policy::ConnectionConfig& connection : config_.connections)
    addresses.insert(connection.local_addr);
  for (const IpAddress& address : addresses) {
    if (address.is_unspecified())
      return Error{"E-PEER-007", fmt::format("{} does not say which address to bind", node.name)}
          .expect("name one with --listen");
    IKELAB_CHECK(bind(address));
  }
  return {};
}

/// With MOBIKE, a new address of this machine is a reason to move.
Result<void> Peer::watch_addresses() {
  for (const policy::ConnectionConfig& connection : config_.connections)
    if (connection.mobike) own_address_.begin(connection.local_addr);
  if (std::none_of(config_.connections.begin(), config_.connections.end(),
                   [](const auto& connection) { return connection.mobike; }))
    return {};
  IKELAB_TRY(AddressWatch opened, AddressWatch::open());
  addresses_ = std::move(opened);
  return watch(addresses_->fd());
}

Result<void> Peer::bind(const IpAddress& address) {
  for (const std::uint16_t port : {options_.ports.ike, options_.ports.nat}) {
    IKELAB_TRY(Socket socket, Socket::bind(SocketKind::udp, {address, port}, tun_.has_value()));
    IKELAB_CHECK(watch(socket.fd()));
    udp_.emplace(socket.fd(), std::move(socket));
  }
  if (!tun_ || options_.udp_only) return {};
  IKELAB_TRY(Socket socket, Socket::bind(SocketKind::esp, {address, 0}, true));
  IKELAB_CHECK(watch(socket.fd()));
  esp_.emplace(socket.fd(), std::move(socket));
  return {};
}

Result<void> Peer::open_tun(const scenario::Node& node) {
  for (const policy::ConnectionConfig& connection : node.connections)
    for (esp::Policy& policy : esp::policies_of(connection, node.pools))
      data_path_->add_policy(std::move(policy));
  if (options_.tun == "none") return {};
  IKELAB_TRY(tun_, Tun::open(options_.tun, options_.tun_mtu));
  IKELAB_CHECK(watch(tun_->fd()));
  for (const IpAddress& address : node.inner_addresses) IKELAB_CHECK(tun_->add_address(address));
  for (const policy::ConnectionConfig& connection : node.connections)
    for (const policy::ChildConfig& child : connection.children)
      if (child.mode != policy::ChildMode::pass) {
        const auto whole = policy::written_out(child, connection, node.pools);
        IKELAB_CHECK(tun_->add_routes(whole.local_ts, whole.remote_ts));
      }
  return {};
}

// ---- the loop ----------------------------------------------------------------------------------

Instant Peer::now() const {
  return {clock_ns() - started_ns_};
}

void Peer::emit(trace::Body body) {
  journal_.emit(now(), config_.node, "", std::move(body));
}

void Peer::start() {
  for (const policy::ConnectionConfig& connection : config_.connections)
    for (const policy::ChildConfig& child : connection.children)
      if (child.start) command(ikev2::Initiate{connection.name, child.name});
  for (const ikev2::Initiate& wish : options_.initiate) {
    ikev2::Initiate whole = wish;
    for (const policy::ConnectionConfig& connection : config_.connections)
      if (connection.name == wish.connection && wish.child.empty() && !connection.children.empty())
        whole.child = connection.children.front().name;
    command(whole);
  }
}

void Peer::command(const ikev2::Command& wish) {
  if (const auto* move = std::get_if<ikev2::MoveTo>(&wish);
      move != nullptr && socket_at(SocketKind::udp, {move->address, options_.ports.ike}) == nullptr)
    if (auto bound = bind(move->address); !bound)
      return emit(
          trace::Diagnostic{"error", bound.error().code, bound.error().message, "", 0, 0, 0});
  if (const auto* move = std::get_if<ikev2::MoveTo>(&wish)) own_address_.move(move->address);
  if (auto done = endpoint_->command(now(), wish); !done)
    emit(trace::Diagnostic{"error", done.error().code, done.error().message, done.error().rfc, 0, 0,
                           0});
  drain();
}

void Peer::on_addresses() {
  for (const AddressChange& change : addresses_->read())
    if (const auto there = own_address_.take(change)) {
      emit(trace::TimerFired{"address", "this machine has " + there->to_string() + " instead"});
      command(ikev2::MoveTo{*there});
    }
}

Result<void> Peer::step(Duration patience) {
  if (const auto at = endpoint_->poll_timeout())
    patience = std::clamp(*at - now(), Duration::zero(), patience);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  epoll_event ready[16];
  const int count = ::epoll_wait(epoll_.get(), ready, 16, static_cast<int>(ms));
  if (count < 0 && errno != EINTR)
    return Error{"E-HOST-001", fmt::format("epoll: {}", std::strerror(errno))};
  for (int i = 0; i < count; ++i) {
    const int fd = ready[i].data.fd;
    if (const auto socket = udp_.find(fd); socket != udp_.end()) {
      on_udp(socket->second);
    } else if (const auto raw = esp_.find(fd); raw != esp_.end()) {
      on_raw(raw->second);
    } else if (tun_ && fd == tun_->fd()) {
      on_tun();
    } else if (addresses_ && fd == addresses_->fd()) {
      on_addresses();
    } else if (fd == STDIN_FILENO) {
      on_commands();
    } else if (fd == signals_.get()) {
      ending_ = true;
    }
  }
  if (const auto at = endpoint_->poll_timeout(); at && *at <= now())
    endpoint_->handle_timeout(now());
  drain();
  return {};
}

Result<void> Peer::run() {
  sigset_t mask;
  sigemptyset(&mask);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&mask, signal);
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
  signals_ = Descriptor(::signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!signals_.open()) return Error{"E-HOST-001", std::strerror(errno)};
  IKELAB_CHECK(watch(signals_.get()));
  start();
  while (!ending_) IKELAB_CHECK(step(1h));
  signals_ = Descriptor();
  return shut_down();
}

Result<void> Peer::shut_down() {
  const Instant deadline = now() + patience_at_the_end;
  for (const ikev2::IkeSaInfo& sa : endpoint_->sas())
    if (sa.state == "ESTABLISHED") command(ikev2::DeleteIke{sa.name});
  const auto any = [&] {
    const auto all = endpoint_->sas();
    return std::any_of(all.begin(), all.end(), lives);
  };
  while (any() && now() < deadline) IKELAB_CHECK(step(deadline - now()));
  return {};
}

std::vector<ikev2::IkeSaInfo> Peer::sas() const {
  return endpoint_->sas();
}

std::string Peer::tun_name() const {
  return tun_ ? tun_->name() : "";
}

void Peer::grant_wishes() {
  while (const auto wish = data_path_->poll_wish()) {
    switch (wish->kind) {
      case esp::Wish::Kind::acquire:
        emit(trace::TimerFired{"acquire", wish->reason});
        command(ikev2::Initiate{wish->connection, wish->child, wish->packet});
        break;
      case esp::Wish::Kind::rekey:
        emit(trace::TimerFired{"rekey_child", wish->reason});
        command(ikev2::RekeyChild{wish->child, wish->spi_in});
        break;
      case esp::Wish::Kind::expire:
        command(ikev2::ExpireChild{wish->spi_in});
        break;
    }
  }
}

void Peer::drain() {
  while (auto event = endpoint_->poll_event()) {
    if (const auto* moved = std::get_if<trace::SaMoved>(&event->body);
        moved != nullptr && moved->protocol == "IKE") {
      const auto colon = moved->dst.rfind(':');
      std::string host = moved->dst.substr(0, colon);
      if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
      if (const auto address = IpAddress::parse(host)) moved_to_.insert(*address);
    }
    journal_.emit(now(), config_.node, std::move(*event));
  }
  while (auto change = endpoint_->poll_sad()) apply(std::move(*change));
  while (auto datagram = endpoint_->poll_transmit()) transmit(*datagram);
}

void Peer::apply(const esp::InnerAddress& change) {
  if (!tun_) return;
  auto done =
      change.ours ? tun_->add_address(change.address) : tun_->remove_address(change.address);
  if (!done)
    emit(trace::Diagnostic{"warning", done.error().code, done.error().message, "", 0, 0, 0});
}

void Peer::apply(esp::SadChange change) {
  if (const auto* inner = std::get_if<esp::InnerAddress>(&change)) return apply(*inner);
  // What was narrowed or assigned may need other routes than what was configured.
  if (const auto* install = std::get_if<esp::InstallSa>(&change);
      install != nullptr && !install->inbound && tun_)
    if (auto routed = tun_->add_routes(install->sa.ts_src, install->sa.ts_dst); !routed)
      emit(trace::Diagnostic{"warning", routed.error().code, routed.error().message, "", 0, 0, 0});
  data_path_->apply(std::move(change));
}

}  // namespace ikelab::host
