// The demultiplexer of IKEv1: which SA a message belongs to, and who may begin one (RFC
// 2408, 2.5.3).
#include "protocol/ikev1/endpoint.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/ikev1_grammar.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev1 {
namespace {

template <class T>
std::optional<T> pop(std::deque<T>& queue) {
  if (queue.empty()) return std::nullopt;
  std::optional<T> front(std::move(queue.front()));
  queue.pop_front();
  return front;
}

bool begins(const wire::Header& header) {
  const bool phase1 = header.exchange == wire::ExchangeType::main_mode ||
                      header.exchange == wire::ExchangeType::aggressive_mode;
  return phase1 && header.spi_r.value == 0 && header.spi_i.value != 0 && !header.encrypted;
}

}  // namespace

struct Endpoint::Impl {
  Impl(policy::EndpointConfig config, crypto::Provider& provider,
       std::unique_ptr<crypto::RngSource> rng, Habits habits)
      : services(std::move(config), provider, std::move(rng), habits) {
    std::erase_if(services.config.connections, [](const auto& c) { return !c.ikev1; });
    services.successor = [this](const IsakmpSa& old) -> IsakmpSa* {
      for (const auto& [cookie, sa] : sas)
        if (&*sa != &old && sa->connection == old.connection && sa->peer.ip == old.peer.ip &&
            sa->state == State::established)
          return sa.get();
      return nullptr;
    };
  }

  Services services;
  std::map<std::uint64_t, std::unique_ptr<IsakmpSa>> sas;  ///< by our own cookie

  [[nodiscard]] std::size_t half_open() const {
    return static_cast<std::size_t>(std::count_if(sas.begin(), sas.end(), [](const auto& row) {
      return !row.second->initiator && row.second->state != State::established;
    }));
  }

  const policy::ConnectionConfig* connection_for(const Datagram& datagram, bool aggressive) const {
    const policy::ConnectionConfig* any = nullptr;
    for (const policy::ConnectionConfig& c : services.config.connections) {
      if (c.local_addr != datagram.dst.ip && !c.local_addr.is_unspecified()) continue;
      if (c.ikev1->aggressive != aggressive) continue;
      if (c.remote_addr == datagram.src.ip) return &c;
      if (c.remote_addr.is_unspecified() && any == nullptr) any = &c;
    }
    return any;
  }

  IsakmpSa* find(const wire::Header& header, const SocketAddress& src) const {
    for (const IkeSpi own : {header.spi_r, header.spi_i}) {
      const auto at = sas.find(own.value);
      if (at == sas.end()) continue;
      IsakmpSa& sa = *at->second;
      if (sa.cky_i == header.spi_i && sa.cky_r == header.spi_r) return &sa;
      // The first answer brings the responder's cookie.
      if (sa.initiator && sa.cky_i == header.spi_i && sa.cky_r.value == 0) return &sa;
    }
    if (header.spi_r.value == 0)  // a repeated first message
      for (const auto& [cookie, sa] : sas)
        if (!sa->initiator && sa->cky_i == header.spi_i && sa->peer == src) return sa.get();
    return nullptr;
  }

  void diagnose(const Error& error, std::uint64_t datagram) {
    services.diagnose("", error, datagram);
  }

  /// A refusal that keeps no state and vouches for nothing (RFC 2408, 5.4).
  void answer_in_clear(const Datagram& to, const wire::Header& asked, std::uint16_t type) {
    wire::Header header = asked;
    header.exchange = wire::ExchangeType::v1_informational;
    header.spi_r = {};
    header.message_id = {static_cast<std::uint32_t>(services.streams.message_id->u64())};
    wire::v1::NotifyPayload body;
    body.type = type;
    const Payloads payloads{wire::make_payload(std::move(body))};
    const Bytes octets = wire::encode({header, payloads});
    const std::uint64_t id = services.transmit(to.dst, to.src, octets);
    trace::Message event;
    event.direction = "sent";
    event.datagram = id;
    event.src = to.dst.to_string();
    event.dst = to.src.to_string();
    event.spi_i = to_string(header.spi_i);
    event.spi_r = to_string(header.spi_r);
    event.exchange = wire::name(header.exchange);
    event.response = true;
    event.message_id = header.message_id.value;
    event.payloads = "N(" + wire::v1::notify_name(type) + ")";
    event.bytes = octets;
    services.event("", std::move(event));
  }

  void begin_as_responder(Instant now, const Datagram& datagram, const wire::Decoded& decoded) {
    const wire::Header& header = decoded.message.header;
    const bool aggressive = header.exchange == wire::ExchangeType::aggressive_mode;
    if (const auto* error = wire::first_error(decoded.diagnostics))
      return diagnose(wire::to_error(*error), datagram.id);
    const auto judged = wire::v1::check(header.exchange, 1, 0, decoded.message.payloads);
    if (const auto* error = wire::first_error(judged))
      return diagnose(wire::to_error(*error), datagram.id);
    const policy::ConnectionConfig* connection = connection_for(datagram, aggressive);
    if (connection == nullptr) {
      diagnose(Error{"E-IKE1-005", "no connection of IKEv1 with " + wire::name(header.exchange) +
                                       " is configured for " + datagram.src.to_string()}
                   .see("RFC 2409, 5"),
               datagram.id);
      return answer_in_clear(datagram, header, wire::v1::notify::no_proposal_chosen);
    }
    if (half_open() >= bounds::half_open_sas)
      return diagnose(Error{"E-IKE1-006", "too many half-open SAs"}.see("RFC 2408, 2.5.3"),
                      datagram.id);
    auto sa = std::make_unique<IsakmpSa>(services, *connection, false, datagram.dst, datagram.src);
    sa->phase1.type = header.exchange;
    sa->phase1.begun = now;
    sa->cky_i = header.spi_i;
    sa->cky_r = IkeSpi{services.streams.cookie->u64() | 1};
    sa->emit(trace::TaskStarted{aggressive ? "aggressive_mode" : "main_mode", "responder", 0});
    sa->receive(now, datagram, decoded);
    if (sa->state == State::dead)
      return answer_in_clear(datagram, header, wire::v1::notify::no_proposal_chosen);
    if (sa->phase1.messages < 2) return;
    sas[sa->cky_r.value] = std::move(sa);
  }

  IsakmpSa* begin(Instant now, const policy::ConnectionConfig& connection, const std::string& child,
                  IkeSpi replaces) {
    auto sa = std::make_unique<IsakmpSa>(services, connection, true,
                                         SocketAddress{connection.local_addr, wire::ike_port},
                                         SocketAddress{connection.remote_addr, wire::ike_port});
    sa->replaces = replaces;
    sa->start(now, child);
    if (sa->state == State::dead) return nullptr;
    return (sas[sa->cky_i.value] = std::move(sa)).get();
  }

  void tidy(Instant now) {
    for (const IkeSpi cookie : std::exchange(services.wants_rekey, {}))
      if (const auto at = sas.find(cookie.value); at != sas.end())
        begin(now, *at->second->connection, "", cookie);
    for (const IkeSpi cookie : std::exchange(services.replaced, {})) {
      const auto at = sas.find(cookie.value);
      if (at == sas.end()) continue;
      if (IsakmpSa* next = services.successor(*at->second)) at->second->hand_children_to(*next);
      at->second->delete_self(now, "replaced");
    }
    std::erase_if(sas, [](const auto& row) { return row.second->state == State::dead; });
  }

  // The established SA of that name; without a name the newest (names end in a number that grows).
  IsakmpSa* choose(const std::string& name) const {
    const auto older = [](const IsakmpSa& a, const IsakmpSa& b) {
      return std::pair(a.name.size(), std::string_view(a.name)) <
             std::pair(b.name.size(), std::string_view(b.name));
    };
    IsakmpSa* best = nullptr;
    for (const auto& [cookie, sa] : sas) {
      if (sa->state != State::established) continue;
      if (!name.empty() && sa->name == name) return sa.get();
      if (name.empty() && (best == nullptr || older(*best, *sa))) best = sa.get();
    }
    return best;
  }
  IsakmpSa* with_child(const std::string& child) const {
    for (const auto& [cookie, sa] : sas)
      if (sa->state == State::established && sa->child_by_name(child) != nullptr) return sa.get();
    return nullptr;
  }

  Result<void> execute(Instant now, const ikev2::Initiate& c);
  Result<void> execute(Instant now, const ikev2::RekeyIke& c) {
    IKELAB_TRY(IsakmpSa * sa, established(c.ike_sa));
    begin(now, *sa->connection, "", sa->own_cookie());
    return {};
  }
  Result<void> execute(Instant now, const ikev2::DeleteIke& c) {
    IKELAB_TRY(IsakmpSa * sa, established(c.ike_sa));
    sa->delete_self(now, "asked for");
    return {};
  }
  static Result<void> execute(Instant, const ikev2::RedirectTo&) {
    return Error{"E-CMD-002", "IKEv1 has no redirect"};
  }
  Result<void> execute(Instant now, const ikev2::CheckLiveness& c) {
    IKELAB_TRY(IsakmpSa * sa, established(c.ike_sa));
    sa->check_liveness(now);
    return {};
  }
  Result<void> execute(Instant now, const ikev2::RekeyChild& c) {
    IKELAB_TRY(IsakmpSa * sa, holder_of(c.child));
    const ChildSa& old = *sa->child_by_name(c.child);
    sa->begin_quick(now, *old.config, &old);
    return {};
  }
  Result<void> execute(Instant now, const ikev2::DeleteChild& c) {
    IKELAB_TRY(IsakmpSa * sa, holder_of(c.child));
    sa->delete_child(now, sa->child_by_name(c.child)->spi_in, "asked for");
    return {};
  }

  Result<IsakmpSa*> established(const std::string& name) const {
    if (IsakmpSa* sa = choose(name)) return sa;
    return Error{"E-CMD-001",
                 "no established IKE SA" + (name.empty() ? std::string() : " '" + name + "'")};
  }
  Result<IsakmpSa*> holder_of(const std::string& child) const {
    if (IsakmpSa* sa = with_child(child)) return sa;
    return Error{"E-CMD-001", "no Child SA '" + child + "' is installed"};
  }
};

Result<void> Endpoint::Impl::execute(Instant now, const ikev2::Initiate& c) {
  const auto& connections = services.config.connections;
  const auto connection = std::find_if(connections.begin(), connections.end(),
                                       [&](const auto& x) { return x.name == c.connection; });
  if (connection == connections.end())
    return Error{"E-CMD-001", "no connection '" + c.connection + "' is configured"};
  if (connection->remote_addr.is_unspecified())
    return Error{"E-CMD-002",
                 "connection '" + c.connection + "' has no peer's address to begin with"};
  const auto child = std::find_if(connection->children.begin(), connection->children.end(),
                                  [&](const auto& config) { return config.name == c.child; });
  if (!c.child.empty() && child == connection->children.end())
    return Error{"E-CMD-001", "no child '" + c.child + "' is configured"};
  for (auto& [cookie, sa] : sas) {
    if (sa->connection != &*connection || c.child.empty()) continue;
    if (sa->child_by_name(c.child) != nullptr)
      return Error{"E-CMD-002", "child '" + c.child + "' is already installed"};
    if (sa->state == State::established)
      return sa->begin_quick(now, *child, nullptr), Result<void>{};
    if (sa->initiator) return sa->wanted.push_back(c.child), Result<void>{};
  }
  begin(now, *connection, c.child, {});
  return {};
}

Endpoint::Endpoint(policy::EndpointConfig config, crypto::Provider& provider,
                   std::unique_ptr<crypto::RngSource> rng, Habits habits)
    : impl_(std::make_unique<Impl>(std::move(config), provider, std::move(rng), habits)) {}
Endpoint::~Endpoint() = default;

void Endpoint::handle_datagram(Instant now, const Datagram& datagram) {
  if (wire::is_nat_keepalive(datagram.payload)) return;
  const wire::Decoded decoded = wire::decode(datagram.payload);
  const wire::Header& header = decoded.message.header;
  if (header.major != 1) {
    const auto* error = wire::first_error(decoded.diagnostics);
    return impl_->diagnose(
        error != nullptr
            ? wire::to_error(*error)
            : Error{"E-WIRE-004", "not a message of IKEv1"}.at(17).see("RFC 2408, 3.1"),
        datagram.id);
  }
  if (IsakmpSa* sa = impl_->find(header, datagram.src)) {
    if (sa->initiator && sa->cky_r.value == 0 && header.spi_r.value != 0 &&
        header.exchange == sa->phase1.type)
      sa->cky_r = header.spi_r;
    sa->receive(now, datagram, decoded);
  } else if (begins(header)) {
    impl_->begin_as_responder(now, datagram, decoded);
  } else {
    impl_->diagnose(
        Error{"E-IKE1-007", "no ISAKMP SA has these cookies"}.at(0).see("RFC 2408, 2.5.3"),
        datagram.id);
  }
  impl_->tidy(now);
}

void Endpoint::handle_timeout(Instant now) {
  for (const auto& [cookie, sa] : impl_->sas)
    if (const auto at = sa->next_timeout(); at && *at <= now) sa->handle_timeout(now);
  impl_->tidy(now);
}

void Endpoint::handle_esp_source(EspSpi, const SocketAddress&) {}

Result<void> Endpoint::command(Instant now, const Command& command) {
  auto result = std::visit(
      [&](const auto& c) -> Result<void> {
        if constexpr (requires { impl_->execute(now, c); })
          return impl_->execute(now, c);
        else
          return Error{"E-CMD-002", "IKEv1 has nothing of the kind"};
      },
      command);
  impl_->tidy(now);
  return result;
}

std::optional<trace::LocalEvent> Endpoint::poll_event() {
  return pop(impl_->services.events);
}
std::optional<esp::SadChange> Endpoint::poll_sad() {
  return pop(impl_->services.sad);
}
std::optional<Datagram> Endpoint::poll_transmit() {
  return pop(impl_->services.transmits);
}

std::optional<Instant> Endpoint::poll_timeout() const {
  std::optional<Instant> next;
  for (const auto& [cookie, sa] : impl_->sas)
    if (const auto at = sa->next_timeout(); at && (!next || *at < *next)) next = at;
  return next;
}

std::vector<IkeSaInfo> Endpoint::sas() const {
  std::vector<IkeSaInfo> out;
  for (const auto& [cookie, sa] : impl_->sas) {
    IkeSaInfo info{sa->name,
                   sa->connection->name,
                   std::string(to_string(sa->state)),
                   sa->initiator,
                   sa->cky_i,
                   sa->cky_r,
                   {}};
    for (const auto& [spi, child] : sa->children)
      info.children.push_back({child.config->name,
                               "INSTALLED",
                               child.spi_in,
                               child.spi_out,
                               {child.local_ts},
                               {child.remote_ts}});
    out.push_back(std::move(info));
  }
  return out;
}

std::size_t Endpoint::half_open() const {
  return impl_->half_open();
}
bool Endpoint::has_connection(const std::string& name) const {
  const auto& all = impl_->services.config.connections;
  return std::any_of(all.begin(), all.end(), [&](const auto& c) { return c.name == name; });
}
bool Endpoint::has_sa(const std::string& name) const {
  return std::any_of(impl_->sas.begin(), impl_->sas.end(),
                     [&](const auto& row) { return row.second->name == name; });
}
bool Endpoint::has_child(const std::string& child) const {
  return impl_->with_child(child) != nullptr;
}

}  // namespace ikelab::ikev1
