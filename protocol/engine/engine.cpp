#include "protocol/engine/engine.hpp"

#include <algorithm>

namespace ikelab::engine {
namespace {

constexpr std::size_t version_octet = 17;  // RFC 7296, 3.1; RFC 2408, 3.1

policy::EndpointConfig only_v2(policy::EndpointConfig config) {
  std::erase_if(config.connections, [](const auto& c) { return c.ikev1.has_value(); });
  return config;
}

bool wants_v1(const policy::EndpointConfig& config) {
  return std::any_of(config.connections.begin(), config.connections.end(),
                     [](const auto& c) { return c.ikev1.has_value(); });
}

std::unique_ptr<ikev1::Endpoint> make_v1(const policy::EndpointConfig& config,
                                         crypto::Provider& provider,
                                         std::unique_ptr<crypto::RngSource> rng,
                                         ikev1::Habits habits) {
  if (!wants_v1(config)) return nullptr;
  return std::make_unique<ikev1::Endpoint>(config, provider, std::move(rng), habits);
}

/// Whose a command is: the names say it.
bool is_of_v1(const ikev1::Endpoint& v1, const ikev2::Command& command) {
  return std::visit(
      [&](const auto& c) {
        if constexpr (requires { c.connection; })
          return v1.has_connection(c.connection);
        else if constexpr (requires { c.child; })
          return v1.has_child(c.child);
        else if constexpr (requires { c.ike_sa; })
          return v1.has_sa(c.ike_sa);
        else
          return false;
      },
      command);
}

/// For "the only one or the newest".
bool names_no_sa(const ikev2::Command& command) {
  return std::visit(
      [](const auto& c) {
        if constexpr (requires { c.ike_sa; })
          return c.ike_sa.empty();
        else
          return false;
      },
      command);
}

}  // namespace

Engine::Engine(policy::EndpointConfig config, crypto::Provider& provider,
               std::unique_ptr<crypto::RngSource> rng, std::unique_ptr<crypto::RngSource> rng_of_v1,
               ikev2::Decisions decisions, ikev1::Habits habits)
    : v2_(only_v2(config), provider, std::move(rng), decisions),
      v1_(make_v1(config, provider, std::move(rng_of_v1), habits)) {}
Engine::~Engine() = default;

void Engine::handle_datagram(Instant now, const ikev2::Datagram& datagram) {
  const bool of_v1 =
      v1_ && datagram.payload.size() > version_octet && datagram.payload[version_octet] >> 4 == 1;
  if (of_v1)
    v1_->handle_datagram(now, datagram);
  else
    v2_.handle_datagram(now, datagram);
}

void Engine::handle_timeout(Instant now) {
  if (v1_) v1_->handle_timeout(now);
  v2_.handle_timeout(now);
}

void Engine::handle_esp_refusal(Instant now, const IpAddress& src, ByteView packet,
                                const std::string& code) {
  v2_.handle_esp_refusal(now, src, packet, code);
}
void Engine::handle_esp_source(EspSpi spi_in, const SocketAddress& src) {
  if (v1_) v1_->handle_esp_source(spi_in, src);
  v2_.handle_esp_source(spi_in, src);
}

Result<void> Engine::command(Instant now, const ikev2::Command& command) {
  if (v1_ && is_of_v1(*v1_, command)) return v1_->command(now, command);
  if (v1_ && names_no_sa(command) && v2_.sas().empty()) return v1_->command(now, command);
  return v2_.command(now, command);
}

std::optional<trace::LocalEvent> Engine::poll_event() {
  auto event = v2_.poll_event();
  return event || !v1_ ? std::move(event) : v1_->poll_event();
}
std::optional<esp::SadChange> Engine::poll_sad() {
  auto change = v2_.poll_sad();
  return change || !v1_ ? std::move(change) : v1_->poll_sad();
}
std::optional<ikev2::Datagram> Engine::poll_transmit() {
  auto datagram = v2_.poll_transmit();
  return datagram || !v1_ ? std::move(datagram) : v1_->poll_transmit();
}

std::optional<Instant> Engine::poll_timeout() const {
  const auto a = v2_.poll_timeout(), b = v1_ ? v1_->poll_timeout() : std::nullopt;
  return !a || (b && *b < *a) ? b : a;
}

std::vector<ikev2::IkeSaInfo> Engine::sas() const {
  auto out = v2_.sas();
  if (v1_)
    for (ikev2::IkeSaInfo& row : v1_->sas()) out.push_back(std::move(row));
  return out;
}

std::size_t Engine::half_open() const {
  return v2_.half_open() + (v1_ ? v1_->half_open() : 0);
}

}  // namespace ikelab::engine
