// The demultiplexer: which IKE SA a datagram belongs to, who may begin one, cookies under load (RFC
// 7296, 2.4, 2.6, 3.1).
#include "protocol/ikev2/endpoint.hpp"

#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/agenda.hpp"
#include "protocol/ikev2/cookie.hpp"
#include "protocol/ikev2/lifetimes.hpp"
#include "protocol/ikev2/mobike.hpp"
#include "protocol/ikev2/nat.hpp"
#include "protocol/ikev2/rate_limit.hpp"
#include "protocol/ikev2/redirect.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"
#include "protocol/wire/udp_encapsulation.hpp"

namespace ikelab::ikev2 {
namespace {

template <class T>
std::optional<T> pop(std::list<T>& queue) {
  if (queue.empty()) return std::nullopt;
  std::optional<T> front(std::move(queue.front()));
  queue.pop_front();
  return front;
}

/// When an IKE SA last told its peer of an ESP packet that no SA takes.
struct EspNotices {
  std::optional<Instant> last;
};

//= rfc7296#2.23 "Port 4500 is reserved for UDP-encapsulated ESP and IKE."
std::uint16_t first_port(const policy::ConnectionConfig& connection) {
  return connection.remote_port == wire::ike_port ? wire::ike_port : wire::udp_encapsulation_port;
}

}  // namespace

struct Endpoint::Impl {
  Impl(policy::EndpointConfig config, crypto::Provider& provider,
       std::unique_ptr<crypto::RngSource> rng, const Decisions& decisions)
      : services(std::move(config), provider, std::move(rng), decisions), cookies(services) {
    for (const policy::ConnectionConfig& connection : services.config.connections)
      tells_of_esp = tells_of_esp || connection.esp_notices;
    services.begin_anew = [this](IkeSa& old, Instant now, const IpAddress& peer) -> IkeSa& {
      return begin_anew(old, now, peer);
    };
    services.find = [this](IkeSpi spi) -> IkeSa* {
      for (const auto& sa : services.adopted)
        if (sa->local_spi() == spi) return sa.get();
      const auto at = sas.find(spi.value);
      return at == sas.end() ? nullptr : at->second.get();
    };
  }

  Services services;
  CookieJar cookies;
  std::map<std::uint64_t, std::unique_ptr<IkeSa>> sas;  ///< by our own SPI
  Agenda agenda;
  RateLimit notices{bounds::notices_in_a_second};
  bool tells_of_esp = false;  ///< some connection wants esp_notices

  void diagnose(const Error& error, std::uint64_t datagram) {
    const std::uint64_t at = error.offset.value_or(0);
    services.event(
        "", trace::Diagnostic{"error", error.code, error.message, error.rfc, datagram, at, at});
  }

  const policy::ConnectionConfig* connection_for(const SocketAddress& local,
                                                 const SocketAddress& peer) const {
    const policy::ConnectionConfig* any = nullptr;
    for (const policy::ConnectionConfig& connection : services.config.connections) {
      if (connection.local_addr != local.ip && !connection.local_addr.is_unspecified()) continue;
      if (connection.remote_addr == peer.ip) return &connection;
      if (connection.remote_addr.is_unspecified() && any == nullptr) any = &connection;
    }
    return any;
  }

  /// Tells the sender of an unprotected message what is wrong with it, unless too many were told.
  //= rfc7296#2.4 "Implementations MUST limit the rate at which they take actions based on
  //= unprotected messages."
  void notice(Instant now, const Datagram& to, const wire::Header& request,
              const std::vector<wire::Payload>& payloads) {
    if (notices.allows(now)) answer_statelessly(to, request, payloads);
  }

  /// An IKE_SA_INIT response that keeps no state.
  void answer_statelessly(const Datagram& to, const wire::Header& request, wire::Payload payload) {
    answer_statelessly(to, request, std::vector{std::move(payload)});
  }
  void answer_statelessly(const Datagram& to, const wire::Header& request,
                          const std::vector<wire::Payload>& payloads) {
    wire::Header header = request;
    header.response = true;
    header.initiator = !request.initiator;
    header.version_flag = false;
    header.major = 2;
    header.minor = 0;
    const Bytes octets = wire::encode(wire::Message{header, payloads});
    const std::uint64_t id = services.transmit(to.dst, to.src, octets);
    trace::Message body;
    body.direction = "sent";
    body.datagram = id;
    body.src = to.dst.to_string();
    body.dst = to.src.to_string();
    body.spi_i = to_string(header.spi_i);
    body.spi_r = to_string(header.spi_r);
    body.exchange = wire::name(header.exchange);
    body.response = true;
    body.message_id = header.message_id.value;
    body.payloads = wire::payload_summary(payloads, true);
    body.bytes = octets;
    services.event("", std::move(body));
  }

  /// A request of an IKE SA that is not here: an extension may have something to say.
  void answer_stranger(Instant now, const Datagram& datagram, const wire::Header& header) {
    if (header.response || header.exchange == wire::ExchangeType::ike_sa_init) return;
    std::vector<wire::Payload> out;
    for (const Extension& extension : extensions())
      if (extension.stranger != nullptr)
        for (wire::Payload& payload : extension.stranger(services, header))
          out.push_back(std::move(payload));
    if (!out.empty()) notice(now, datagram, header, out);
  }

  // RFC 7296, 3.1: the Initiator flag is the sender's, so our SPI is the other one.
  IkeSa* find(const wire::Header& header) const {
    const auto at = sas.find(header.initiator ? header.spi_r.value : header.spi_i.value);
    return at == sas.end() ? nullptr : at->second.get();
  }

  /// What a request shows under this load: that it comes from where it says, and cost its sender
  /// what it must. If it lacks something it is told. Nothing is kept for it either way.
  enum class Shown { too_little, enough, work };
  Shown shown_by(Instant now, const Datagram& datagram, const wire::Message& message,
                 std::size_t open) {
    const bool cookie_wanted = open >= services.config.cookie_threshold;
    const auto& puzzle_from = services.config.puzzle_threshold;
    const bool puzzle_wanted = puzzle_from && open >= *puzzle_from;
    if (!cookie_wanted && !puzzle_wanted) return Shown::enough;
    const auto brought = cookies.brought(now, datagram, message);
    const auto puzzle = puzzle_to_ask(services, open, brought.value_or(0), message);
    if (brought && !puzzle) return puzzle_wanted ? Shown::work : Shown::enough;
    auto cookie = cookies.make(now, datagram, message, puzzle ? puzzle->difficulty : 0);
    if (!cookie) return Shown::too_little;
    std::vector<wire::Payload> out = {notify(wire::NotifyType::cookie, std::move(*cookie))};
    if (puzzle) out.push_back(notify(wire::NotifyType::puzzle, puzzle_data(*puzzle)));
    answer_statelessly(datagram, message.header, out);
    return Shown::too_little;
  }

  void begin_as_responder(Instant now, const Datagram& datagram, wire::Decoded decoded) {
    const wire::Header header = decoded.message.header;
    if (const auto known = agenda.answered({header.spi_i, datagram.src}))
      return sas.at(*known)->receive(now, datagram, std::move(decoded));
    auto judged = decoded.diagnostics;
    if (decoded.ok()) judged = wire::check(decoded.message, nullptr);
    if (const auto* error = wire::first_error(judged)) {
      diagnose(wire::to_error(*error), datagram.id);
      //= rfc7296#2.5 "the message MUST be rejected and the response to the IKE request containing
      //= that payload MUST include a Notify payload UNSUPPORTED_CRITICAL_PAYLOAD"
      for (const wire::Payload& payload : decoded.message.payloads)
        if (payload.critical && std::holds_alternative<wire::UnknownPayload>(payload.body) &&
            error->code == "E-WIRE-105")
          return notice(now, datagram, header,
                        {notify(wire::NotifyType::unsupported_critical_payload,
                                {static_cast<std::uint8_t>(payload.type)})});
      return;
    }
    const policy::ConnectionConfig* connection = connection_for(datagram.dst, datagram.src);
    if (connection == nullptr)
      return diagnose(
          Error{"E-IKE-003", "no connection is configured for " + datagram.src.to_string()}.see(
              "RFC 7296, 2.4"),
          datagram.id);
    const std::size_t open = agenda.half_open();
    //= rfc7296#2.6 "When one party receives an IKE_SA_INIT request containing a cookie whose
    //= contents do not match the value expected, that party MUST ignore the cookie and process the
    //= message as if no cookie had been included"
    const Shown shown = shown_by(now, datagram, decoded.message, open);
    if (shown == Shown::too_little) return;
    if (open >= bounds::half_open_sas)
      return diagnose(Error{"E-IKE-004", "too many half-open IKE SAs"}.see("RFC 7296, 2.6"),
                      datagram.id);
    auto sa = std::make_unique<IkeSa>(services, *connection, false, datagram.dst, datagram.src);
    sa->solved_puzzle = shown == Shown::work;
    sa->spi_i = header.spi_i;
    sa->spi_r = IkeSpi{services.streams.ike_spi->u64() | 1};
    const std::uint64_t key = sa->spi_r.value;
    sa->receive(now, datagram, std::move(decoded));
    if (sa->state() != State::half_open) {  // refused: nothing is kept, and the name is free again
      --services.sa_count;
      return;
    }
    agenda.begun(key, {header.spi_i, datagram.src});
    sas[key] = std::move(sa);
  }

  //= rfc7296#2.8.3 "Reauthentication is done by creating a new IKE SA from scratch (using
  //= IKE_SA_INIT/IKE_AUTH exchanges, without any REKEY_SA Notify payloads), creating new Child SAs
  //= within the new IKE SA (without REKEY_SA Notify payloads), and finally deleting the old IKE SA"
  IkeSa& begin_anew(IkeSa& old, Instant now, const IpAddress& peer) {
    if (IkeSa* begun = services.find(old.anew); begun && begun->state() != State::dead)
      return *begun;
    auto sa = std::make_unique<IkeSa>(services, *old.connection, true,
                                      SocketAddress{old.local.ip, wire::ike_port},
                                      SocketAddress{peer, wire::ike_port});
    std::set<std::string> children(old.also_children.begin(), old.also_children.end());
    for (const auto& [spi, child] : old.children) children.insert(child.config->name);
    const bool began = old.state() != State::initiating;
    const std::string first = began && !children.empty() ? *children.begin() : old.first_child;
    children.erase(first);
    sa->also_children.assign(children.begin(), children.end());
    sa->first_packet = old.first_packet;
    sa->replaces = old.local_spi();
    sa->start(now, first);
    old.anew = sa->local_spi();
    services.adopted.push_back(std::move(sa));
    return *services.adopted.back();
  }

  /// After every input: waiting tasks begin, SAs made by rekeying come in, finished ones go.
  void tidy(Instant now) {
    services.handling = false;
    for (IkeSa* sa : std::exchange(services.waiting, {})) sa->run_next(now);
    for (auto& sa : services.adopted) {
      const std::uint64_t key = sa->local_spi().value;
      services.touched.insert(key);
      sas[key] = std::move(sa);
    }
    services.adopted.clear();
    look_at_touched();
  }

  /// The agenda is what the SAs say, again.
  void look_at_touched() {
    for (const std::uint64_t key : std::exchange(services.touched, {})) {
      const auto at = sas.find(key);
      if (at == sas.end()) continue;  // refused, and never kept
      if (at->second->finished()) {
        agenda.forget(key);
        sas.erase(at);
      } else {
        agenda.put(key, at->second->next_timeout(), at->second->state() == State::half_open);
      }
    }
    // Whoever changes an SA without saying so is found while there are few.
    if (sas.size() <= 4)
      for (const auto& [key, sa] : sas) IKELAB_ASSERT(sa->next_timeout() == agenda.timeout_of(key));
  }

  IkeSa* choose(const std::string& name) const {
    IkeSa* best = nullptr;
    for (const auto& [spi, sa] : sas) {
      if (!name.empty() && sa->name == name) return sa.get();
      const bool better = best == nullptr || sa->name.size() > best->name.size() ||
                          (sa->name.size() == best->name.size() && sa->name > best->name);
      if (name.empty() && sa->state() == State::established && better) best = sa.get();
    }
    return best;
  }
  IkeSa* with_child(const std::string& child) const {
    for (const auto& [spi, sa] : sas)
      if (sa->state() == State::established && sa->child_by_name(child) != nullptr) return sa.get();
    return nullptr;
  }

  Result<void> execute(Instant now, const Initiate& c);
  Result<void> execute(Instant now, const RekeyIke& c) {
    return on_ike_sa(now, c.ike_sa, make_ike_rekey);
  }
  Result<void> execute(Instant now, const DeleteIke& c) {
    return on_ike_sa(now, c.ike_sa, make_ike_delete);
  }
  Result<void> execute(Instant now, const CheckLiveness& c) {
    return on_ike_sa(now, c.ike_sa, make_liveness);
  }
  Result<void> execute(Instant now, const RekeyChild& c) {
    return on_child(now, c.child, c.spi_in, make_child_rekey);
  }
  Result<void> execute(Instant now, const DeleteChild& c) {
    return on_child(now, c.child, c.spi_in, make_child_delete);
  }
  Result<void> execute(Instant now, const ExpireChild& c) {
    IkeSa* sa = with_spi(c.spi_in);
    if (sa == nullptr) return Error{"E-CMD-001", "no Child SA has the SPI " + to_string(c.spi_in)};
    expire_child(*sa, now, c.spi_in, "it carried all it may");
    return {};
  }

  Result<void> on_ike_sa(Instant now, const std::string& name, std::unique_ptr<Task> (*make)()) {
    IkeSa* sa = choose(name);
    if (sa == nullptr)
      return Error{"E-CMD-001", "no established IKE SA" + (name.empty() ? "" : " '" + name + "'")};
    sa->enqueue(now, make());
    return {};
  }
  Result<void> execute(Instant now, const MoveTo& c);
  Result<void> execute(Instant now, const RedirectTo& c) {
    unsigned told = 0;
    for (auto& [spi, sa] : sas) {
      if (sa->state() != State::established || (!c.ike_sa.empty() && sa->name != c.ike_sa) ||
          !takes_redirects(*sa))
        continue;
      sa->enqueue(now, make_redirect(c.gateway));
      ++told;
    }
    if (told != 0) return {};
    return Error{"E-CMD-002", "no client here takes a redirect"}.see("RFC 5685, 3");
  }
  IkeSa* with_spi(EspSpi spi_in) const {
    for (const auto& [spi, sa] : sas)
      if (sa->children.contains(spi_in.value)) return sa.get();
    return nullptr;
  }
  Result<void> on_child(Instant now, const std::string& child, EspSpi spi_in,
                        std::unique_ptr<Task> (*make)(EspSpi)) {
    IkeSa* sa = spi_in.value != 0 ? with_spi(spi_in) : with_child(child);
    if (sa == nullptr) return Error{"E-CMD-001", "no Child SA '" + child + "' is installed"};
    sa->enqueue(now, make(spi_in.value != 0 ? spi_in : sa->child_by_name(child)->spi_in));
    return {};
  }
};

/// New IKE SAs begin at the new address; the old ones go there, if their peers speak MOBIKE.
Result<void> Endpoint::Impl::execute(Instant now, const MoveTo& c) {
  std::set<IpAddress> left;
  std::string stayed;
  for (auto& [spi, sa] : sas) {
    if (sa->state() != State::established || sa->local.ip == c.address ||
        (!c.ike_sa.empty() && sa->name != c.ike_sa))
      continue;
    const IpAddress old = sa->local.ip;
    if (move_to(*sa, now, c.address))
      left.insert(old);
    else
      stayed = sa->name;
  }
  for (policy::ConnectionConfig& connection : services.config.connections)
    if (left.contains(connection.local_addr)) connection.local_addr = c.address;
  if (!stayed.empty())
    return Error{"E-CMD-002", "the peer of " + stayed + " does not speak MOBIKE"}.see(
        "RFC 4555, 3.1");
  if (left.empty()) return Error{"E-CMD-001", "no established IKE SA has another address"};
  return {};
}

Result<void> Endpoint::Impl::execute(Instant now, const Initiate& c) {
  const auto& connections = services.config.connections;
  const auto connection = std::find_if(connections.begin(), connections.end(),
                                       [&](const auto& x) { return x.name == c.connection; });
  if (connection == connections.end())
    return Error{"E-CMD-001", "no connection '" + c.connection + "' is configured"};
  if (connection->remote_addr.is_unspecified())
    return Error{"E-CMD-002",
                 "connection '" + c.connection + "' has no peer's address to begin with"};
  const bool known_child =
      c.child.empty() || std::any_of(connection->children.begin(), connection->children.end(),
                                     [&](const auto& child) { return child.name == c.child; });
  if (!known_child) return Error{"E-CMD-001", "no child '" + c.child + "' is configured"};
  for (auto& [spi, sa] : sas) {
    if (sa->connection != &*connection || c.child.empty()) continue;
    if (sa->child_by_name(c.child) != nullptr)
      return Error{"E-CMD-002", "child '" + c.child + "' is already installed"};
    if (sa->state() == State::established)
      return sa->enqueue(now, make_child_create(c.child, c.packet)), Result<void>{};
    if (sa->state() == State::initiating || sa->state() == State::authenticating)
      return sa->also_children.push_back(c.child), Result<void>{};
  }
  auto sa = std::make_unique<IkeSa>(
      services, *connection, true, SocketAddress{connection->local_addr, first_port(*connection)},
      SocketAddress{connection->remote_addr, connection->remote_port});
  IkeSa& begun = *sa;
  begun.first_packet = c.packet;
  begun.start(now, c.child);
  sas[begun.spi_i.value] = std::move(sa);
  return {};
}

Endpoint::Endpoint(policy::EndpointConfig config, crypto::Provider& provider,
                   std::unique_ptr<crypto::RngSource> rng, const Decisions& decisions)
    : impl_(std::make_unique<Impl>(std::move(config), provider, std::move(rng), decisions)) {}
Endpoint::~Endpoint() = default;

void Endpoint::handle_datagram(Instant now, const Datagram& datagram) {
  if (wire::is_nat_keepalive(datagram.payload)) return;  // for the NATs on the way, not for us
  Impl& impl = *impl_;
  impl.services.handling = true;
  wire::Decoded decoded = wire::decode(datagram.payload);
  const wire::Header header = decoded.message.header;
  const bool begins =
      header.exchange == wire::ExchangeType::ike_sa_init && !header.response && header.initiator;
  if (datagram.payload.size() < 28) {
    const auto* error = wire::first_error(decoded.diagnostics);
    impl.diagnose(error
                      ? wire::to_error(*error)
                      : Error{"E-IKE-001", "shorter than an IKE header"}.at(0).see("RFC 7296, 3.1"),
                  datagram.id);
  } else if (header.major < 2) {  // IKEv1 has an engine of its own, for whom it was configured
    impl.diagnose(Error{"E-WIRE-004", "a message of IKE version " + std::to_string(header.major) +
                                          ", and only version 2 is configured"}
                      .at(17)
                      .see("RFC 7296, 2.5"),
                  datagram.id);
  } else if (header.major > 2) {
    //= rfc7296#2.5 "If an endpoint receives a message with a higher major version number, it MUST
    //= drop the message and SHOULD send an unauthenticated Notify message of type
    //= INVALID_MAJOR_VERSION containing the highest (closest) version number it supports."
    impl.diagnose(
        Error{"E-IKE-005", "major version " + std::to_string(header.major) + " is not spoken here"}
            .at(17)
            .see("RFC 7296, 2.5"),
        datagram.id);
    if (!header.response)
      impl.notice(now, datagram, header, {notify(wire::NotifyType::invalid_major_version)});
  } else if (begins && header.message_id.value == 0 && header.spi_r.value == 0 &&
             header.spi_i.value != 0) {
    impl.begin_as_responder(now, datagram, std::move(decoded));
  } else if (const auto* error = wire::first_error(decoded.diagnostics)) {
    impl.diagnose(wire::to_error(*error), datagram.id);  // not even the outside can be read
  } else if (IkeSa* sa = impl.find(header);
             sa != nullptr &&
             (header.exchange != wire::ExchangeType::ike_sa_init ||
              sa->peer == datagram.src)) {  // nothing else authenticates the latter
    //= rfc7296#2.11 "An implementation MUST accept incoming requests even if the source port is not
    //= 500 or 4500, and MUST respond to the address and port from which the request was received."
    sa->receive(now, datagram, std::move(decoded));
  } else {
    impl.diagnose(Error{"E-IKE-002", "no IKE SA has these SPIs"}.at(0).see("RFC 7296, 2.4"),
                  datagram.id);
    impl.answer_stranger(now, datagram, header);
  }
  impl.tidy(now);
}

void Endpoint::handle_timeout(Instant now) {
  impl_->services.handling = true;
  for (const std::uint64_t spi : impl_->agenda.due(now)) impl_->sas.at(spi)->handle_timeout(now);
  impl_->tidy(now);
}

void Endpoint::handle_esp_source(EspSpi spi_in, const SocketAddress& src) {
  for (const auto& [spi, sa] : impl_->sas)
    if (sa->children.contains(spi_in.value)) {
      follow_esp(*sa, src);
      sa->touch();
      return impl_->look_at_touched();
    }
}

void Endpoint::handle_esp_refusal(Instant now, const IpAddress& src, ByteView packet,
                                  const std::string& code) {
  constexpr std::size_t start_of_packet = 64;
  constexpr Duration between = 60s;
  if (!impl_->tells_of_esp || packet.size() < 4 ||
      (code != "E-ESP-NO-SA" && code != "E-ESP-POLICY"))
    return;
  const Bytes spi = to_bytes(packet.first(4));
  for (const auto& [key, sa] : impl_->sas) {
    if (sa->peer.ip != src || sa->state() != State::established || !sa->connection->esp_notices)
      continue;
    auto& last = sa->notes.of<EspNotices>().last;
    if (last && now - *last < between) return;
    last = now;
    impl_->services.handling = true;
    sa->enqueue(
        now, make_esp_notice(code == "E-ESP-NO-SA" ? notify(wire::NotifyType::invalid_spi, spi)
                                                   : notify(wire::NotifyType::invalid_selectors,
                                                            to_bytes(packet.first(std::min(
                                                                packet.size(), start_of_packet))),
                                                            wire::ProtocolId::esp, spi)));
    return impl_->tidy(now);
  }
}

Result<void> Endpoint::command(Instant now, const Command& command) {
  impl_->services.handling = true;
  auto result = std::visit([&](const auto& c) { return impl_->execute(now, c); }, command);
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
  return impl_->agenda.next();
}

std::vector<IkeSaInfo> Endpoint::sas() const {
  std::vector<IkeSaInfo> out;
  for (const auto& [spi, sa] : impl_->sas) {
    IkeSaInfo info{sa->name,
                   sa->connection->name,
                   std::string(to_string(sa->state())),
                   sa->original_initiator,
                   sa->spi_i,
                   sa->spi_r,
                   {}};
    for (const auto& [child_spi, child] : sa->children)
      info.children.push_back({child.config->name, std::string(to_string(child.state)),
                               child.spi_in, child.spi_out, child.local_ts, child.remote_ts});
    out.push_back(std::move(info));
  }
  return out;
}

std::size_t Endpoint::half_open() const {
  return impl_->agenda.half_open();
}

CertificateCounts Endpoint::certificate_counts() const {
  return impl_->services.certificates.counts();
}

}  // namespace ikelab::ikev2
