#include "sim/script/own_endpoint.hpp"

namespace ikelab::script {
namespace {

constexpr std::uint64_t endpoint_ids = 1ULL << 40;  // apart from the packets a script makes itself
constexpr std::size_t events_kept = 10'000;         // of one call: far more than an exchange says

/// "sk_ei" for "SK_ei": the words of ike.keys.
std::string word_of(const std::string& name) {
  std::string word = name;
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return word;
}

bool is_ike_key(const std::string& name) {
  return name == "SKEYSEED" || name.starts_with("SK_");
}

}  // namespace

OwnEndpoint::OwnEndpoint(const AdversaryOptions& options) : provider_(crypto::openssl_provider()) {
  policy::EndpointConfig config;
  config.node = options.name;
  config.datagram_id_base = options.datagram_id_base + endpoint_ids;
  config.connections = options.connections;
  config.disclose_secrets = true;  // to its owner
  config.epoch = options.epoch;
  endpoint_ = std::make_unique<ikev2::Endpoint>(
      std::move(config), *provider_, crypto::seeded_rng(options.seed, options.name + "/endpoint"));
}

void OwnEndpoint::receive(Instant now, const Injection& packet, const std::string& from) {
  towards_ = from;
  endpoint_->handle_datagram(now, {packet.datagram, packet.src, packet.dst, packet.payload});
  drain();
}

Result<void> OwnEndpoint::command(Instant now, const ikev2::Command& command,
                                  const std::string& towards) {
  if (!towards.empty()) towards_ = towards;
  auto done = endpoint_->command(now, command);
  drain();
  return done;
}

void OwnEndpoint::on_timer(Instant now) {
  if (const auto at = endpoint_->poll_timeout(); !at || *at > now) return;
  endpoint_->handle_timeout(now);
  drain();
}

void OwnEndpoint::drain() {
  while (auto event = endpoint_->poll_event()) {
    Told& told = told_[event->sa];
    if (const auto* key = std::get_if<trace::KeyDerived>(&event->body);
        key && is_ike_key(key->name))
      told.keys[word_of(key->name)] = key->output;
    if (const auto* sa = std::get_if<trace::SaInstalled>(&event->body); sa && sa->protocol == "ESP")
      told.esp.push_back(*sa);
    if (const auto* auth = std::get_if<trace::AuthDecided>(&event->body);
        auth && !auth->local && auth->ok)
      told.peer = auth->identity;
    if (events_.size() < events_kept) events_.push_back(std::move(*event));
  }
  while (endpoint_->poll_sad()) {
  }  // it has no data path: the script seals and opens ESP itself
  while (auto datagram = endpoint_->poll_transmit()) {
    Injection packet;
    packet.datagram = datagram->id;
    packet.src = datagram->src;
    packet.dst = datagram->dst;
    packet.protocol = "IKE";
    packet.payload = std::move(datagram->payload);
    packet.towards = towards_;
    transmits_.push_back(std::move(packet));
  }
}

std::vector<Injection> OwnEndpoint::poll_transmits() {
  return std::exchange(transmits_, {});
}

std::optional<trace::LocalEvent> OwnEndpoint::poll_event() {
  if (events_.empty()) return std::nullopt;
  trace::LocalEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void OwnEndpoint::push_sas(lua_State* state) const {
  lua_newtable(state);
  lua_Integer count = 0;
  for (const ikev2::IkeSaInfo& info : endpoint_->sas()) {
    lua_newtable(state);
    set(state, "name", info.name);
    set(state, "connection", info.connection);
    set(state, "state", info.state);
    set(state, "spi_i", to_string(info.spi_i));
    set(state, "spi_r", to_string(info.spi_r));
    set_boolean(state, "initiator", info.original_initiator);
    const auto told = told_.find(info.name);
    const Told nothing, &mine = told == told_.end() ? nothing : told->second;
    set(state, "peer", mine.peer);
    lua_newtable(state);
    for (const auto& [name, value] : mine.keys) set(state, name.c_str(), value);
    lua_setfield(state, -2, "keys");
    lua_newtable(state);
    for (std::size_t i = 0; i < mine.esp.size(); ++i) {
      const trace::SaInstalled& sa = mine.esp[i];
      lua_createtable(state, 0, 6);
      set(state, "spi", sa.spi);
      set(state, "direction", sa.direction);
      set(state, "encryption", sa.encryption);
      set(state, "encryption_key", sa.encryption_key);
      set(state, "integrity", sa.integrity);
      set(state, "integrity_key", sa.integrity_key);
      lua_rawseti(state, -2, static_cast<lua_Integer>(i + 1));
    }
    lua_setfield(state, -2, "esp");
    lua_rawseti(state, -2, ++count);
  }
}

}  // namespace ikelab::script
