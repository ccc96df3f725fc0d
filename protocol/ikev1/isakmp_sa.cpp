// What all exchanges share: sealing, opening, repeating, timing out (RFC 2408, 5.1; RFC 2409,
// appendix B).
#include "protocol/ikev1/isakmp_sa.hpp"

#include <algorithm>
#include <cmath>

#include "protocol/base/bounds.hpp"
#include "protocol/wire/encode.hpp"
#include "protocol/wire/grammar.hpp"

namespace ikelab::ikev1 {
namespace {

constexpr Duration half_open_time = 30s;
constexpr std::size_t finished_kept = 16;

bool is_phase1(wire::ExchangeType type) {
  return type == wire::ExchangeType::main_mode || type == wire::ExchangeType::aggressive_mode;
}

std::optional<Instant> earlier(std::optional<Instant> a, std::optional<Instant> b) {
  if (!a) return b;
  return b && *b < *a ? b : a;
}

}  // namespace

std::string_view to_string(State state) {
  static constexpr std::string_view names[] = {"OFFERING",  "KEYING",      "AUTHENTICATING",
                                               "ADMITTING", "ESTABLISHED", "DEAD"};
  return names[static_cast<std::size_t>(state)];
}

const wire::Payload* find(const Payloads& payloads, wire::PayloadType type, unsigned nth) {
  for (const wire::Payload& payload : payloads)
    if (payload.type == type && nth-- == 0) return &payload;
  return nullptr;
}

const Bytes* data_of(const Payloads& payloads, wire::PayloadType type) {
  const wire::Payload* payload = find(payloads, type);
  const auto* data = payload ? std::get_if<wire::v1::DataPayload>(&payload->body) : nullptr;
  return data ? &data->data : nullptr;
}

wire::Payload data_payload(wire::PayloadType type, Bytes data) {
  return wire::make_payload(wire::v1::DataPayload{type, std::move(data)});
}

IsakmpSa::IsakmpSa(Services& services_in, const policy::ConnectionConfig& connection_in,
                   bool initiator_in, SocketAddress local_in, SocketAddress peer_in)
    : services(services_in),
      connection(&connection_in),
      name(services.config.node + "#v1." + std::to_string(++services.sa_count)),
      initiator(initiator_in),
      local(local_in),
      peer(peer_in) {}

void IsakmpSa::emit_keys(keys::Derivations& derivations) {
  for (trace::KeyDerived& step : derivations.take()) emit(std::move(step));
}

void IsakmpSa::become(State to, const char* event, const char* rfc) {
  emit(trace::StateChanged{"IKE", std::string(to_string(state)), std::string(to_string(to)), event,
                           rfc});
  state = to;
}

ChildSa* IsakmpSa::child_by_name(const std::string& child) {
  ChildSa* newest = nullptr;
  for (auto& [spi, sa] : children)
    if (sa.config->name == child && (newest == nullptr || !sa.rekey_at || sa.reason != "new"))
      newest = &sa;
  return newest;
}

// ---- sending -----------------------------------------------------------------------------------

wire::Header IsakmpSa::header_of(const Exchange& exchange, bool encrypt) const {
  wire::Header header;
  header.spi_i = cky_i;
  header.spi_r = cky_r;
  header.major = 1;
  header.exchange = exchange.type;
  header.encrypted = encrypt;
  header.message_id = exchange.id;
  return header;
}

Result<Bytes> IsakmpSa::fresh_iv(MessageId id) const {
  // RFC 2409, appendix B: from the last block of phase 1 and the Message ID.
  Bytes octets;
  for (int shift = 24; shift >= 0; shift -= 8)
    octets.push_back(static_cast<std::uint8_t>(id.value >> shift));
  keys::v1::Schedule schedule(services.provider, *suite.prf);
  return schedule.iv(last_block, octets, *suite.encr);
}

void IsakmpSa::emit_message(const Exchange& exchange, bool sent, const wire::Header& header,
                            std::uint64_t datagram, ByteView octets, const Payloads& payloads,
                            ByteView plain, const SocketAddress& src, const SocketAddress& dst,
                            bool by_us) const {
  trace::Message body;
  body.direction = sent ? "sent" : "received";
  body.datagram = datagram;
  body.src = src.to_string();
  body.dst = dst.to_string();
  body.spi_i = to_string(header.spi_i);
  body.spi_r = to_string(header.spi_r);
  body.exchange = wire::name(header.exchange);
  body.response = by_us != exchange.initiator;  // said by who did not begin the exchange
  body.message_id = header.message_id.value;
  body.attempt = sent ? exchange.attempt + exchange.again : 0;
  body.payloads = wire::payload_summary(payloads, body.response);
  body.encrypted = header.encrypted;
  body.bytes = to_bytes(octets);
  if (body.encrypted && services.config.disclose_secrets) {
    body.plain_first = payloads.empty() ? 0 : static_cast<std::uint64_t>(payloads.front().type);
    body.plain = to_bytes(plain);
  }
  services.event(name, std::move(body));
}

void IsakmpSa::arm(Instant now, Exchange& exchange, bool waits) {
  exchange.resend_at.reset();
  if (!waits) return;
  const policy::RetransmitPolicy& policy = services.config.retransmit;
  const double factor = std::pow(policy.base, exchange.attempt);
  exchange.resend_at =
      now +
      Duration(static_cast<std::int64_t>(static_cast<double>(policy.timeout.count()) * factor));
}

Result<void> IsakmpSa::send(Instant now, Exchange& exchange, const Payloads& payloads, bool encrypt,
                            bool waits) {
  const wire::Header header = header_of(exchange, encrypt);
  exchange.last_plain.clear();
  Bytes octets;
  if (encrypt) {
    wire::EncodedChain chain = wire::encode_chain(payloads);
    const std::size_t block = suite.encr->block_size;
    // RFC 2409, appendix B: padded with zeros, and nothing says how many.
    chain.bytes.resize((chain.bytes.size() + block - 1) / block * block);
    IKELAB_TRY(Bytes sealed, services.provider.seal(*suite.encr, cipher_key.reveal(), exchange.iv,
                                                    {}, chain.bytes));
    exchange.iv.assign(sealed.end() - static_cast<std::ptrdiff_t>(block), sealed.end());
    exchange.last_plain = std::move(chain.bytes);
    const wire::v1::EncryptedPayload body{chain.first, std::move(sealed)};
    octets = wire::encode({header, {wire::make_payload(body)}});
  } else {
    octets = wire::encode({header, payloads});
  }
  ++exchange.messages;
  exchange.attempt = exchange.again = 0;
  exchange.last_header = header;
  exchange.last_payloads = payloads;
  exchange.last_out = octets;
  const std::uint64_t id = services.transmit(local, peer, octets);
  emit_message(exchange, true, header, id, octets, payloads, exchange.last_plain, local, peer,
               true);
  arm(now, exchange, waits);
  return {};
}

void IsakmpSa::resend(Exchange& exchange) {
  if (exchange.last_out.empty()) return;
  const std::uint64_t id = services.transmit(local, peer, exchange.last_out);
  emit_message(exchange, true, exchange.last_header, id, exchange.last_out, exchange.last_payloads,
               exchange.last_plain, local, peer, true);
}

// ---- receiving ---------------------------------------------------------------------------------

std::optional<Inbound> IsakmpSa::open(Instant now, Exchange& exchange, const Datagram& datagram,
                                      const wire::Decoded& decoded) {
  const wire::Header& header = decoded.message.header;
  const auto refuse_it = [&](const Error& error) {
    services.diagnose(name, error, datagram.id);
    return std::nullopt;
  };
  if (const auto* error = wire::first_error(decoded.diagnostics))
    return refuse_it(wire::to_error(*error));
  Inbound in{now, header, datagram.id, datagram.src, datagram.dst, {}, {}};
  if (!header.encrypted) {
    in.octets = datagram.payload;
    in.payloads = decoded.message.payloads;
    emit_message(exchange, false, header, datagram.id, datagram.payload, in.payloads, {},
                 datagram.src, datagram.dst, false);
    return in;
  }
  const auto& body = std::get<wire::v1::EncryptedPayload>(decoded.message.payloads.front().body);
  if (cipher_key.empty() || body.body.empty() || body.body.size() % suite.encr->block_size != 0)
    return refuse_it(
        Error{"E-IKE1-001", "a ciphertext that is not whole blocks, or there are no keys yet"}.see(
            "RFC 2409, appendix B"));
  auto plain = services.provider.open(*suite.encr, cipher_key.reveal(), exchange.iv, {}, body.body);
  if (!plain) return refuse_it(plain.error());
  auto chain = wire::decode_chain(*plain, body.first_inner);
  if (const auto* error = wire::first_error(chain.diagnostics))
    return refuse_it(Error{"E-IKE1-002",
                           "decryption gives no payloads: another key, another IV, or another "
                           "message (" +
                               error->message + ")"}
                         .see("RFC 2409, appendix B"));
  const auto block = static_cast<std::ptrdiff_t>(suite.encr->block_size);
  exchange.iv.assign(body.body.end() - block, body.body.end());
  in.octets = std::move(*plain);
  in.payloads = std::move(chain.payloads);
  emit_message(exchange, false, header, datagram.id, datagram.payload, in.payloads, in.octets,
               datagram.src, datagram.dst, false);
  return in;
}

void IsakmpSa::receive(Instant now, const Datagram& datagram, const wire::Decoded& decoded) {
  const wire::ExchangeType type = decoded.message.header.exchange;
  if (state == State::dead) return;
  if (is_phase1(type)) return take_phase1(now, datagram, decoded);
  if (type == wire::ExchangeType::v1_informational)
    return take_informational(now, datagram, decoded);
  if (type == wire::ExchangeType::quick_mode && state == State::established)
    return take_quick(now, datagram, decoded);
  if (type == wire::ExchangeType::transaction && proven())
    return take_transaction(now, datagram, decoded);
  services.diagnose(name,
                    Error{"E-IKE1-003", "exchange " + wire::name(type) + " is not due in state " +
                                            std::string(to_string(state))}
                        .at(18)
                        .see("RFC 2408, 4"),
                    datagram.id);
}

// ---- time --------------------------------------------------------------------------------------

void IsakmpSa::die(Instant now, const std::string& reason) {
  if (state == State::dead) return;
  const bool was_established = proven();
  while (!children.empty()) delete_child(now, EspSpi{children.begin()->first}, reason);
  become(State::dead, reason.c_str(), "RFC 2408, 5");
  if (was_established)
    emit(trace::SaRemoved{"IKE", "", to_string(cky_i), reason});
  else
    emit(trace::TaskEnded{aggressive() ? "aggressive_mode" : "main_mode",
                          initiator ? "initiator" : "responder", "failed", reason,
                          (now - phase1.begun).count()});
  quick_.clear();
  transactions_.clear();
  release_addresses();
  phase1.resend_at = give_up_at_ = dpd_at_ = rekey_at = std::nullopt;
}

std::optional<Instant> IsakmpSa::next_timeout() const {
  std::optional<Instant> at = earlier(phase1.resend_at, give_up_at_);
  at = earlier(earlier(at, dpd_at_), rekey_at);
  for (const auto& [id, quick] : quick_) at = earlier(at, quick.exchange.resend_at);
  for (const auto& [id, exchange] : transactions_) at = earlier(at, exchange.resend_at);
  for (const auto& [spi, child] : children) at = earlier(at, child.rekey_at);
  return at;
}

void IsakmpSa::handle_timeout(Instant now) {
  const auto due = [&](const std::optional<Instant>& at) { return at && *at <= now; };
  const unsigned tries = services.config.retransmit.tries;
  if (due(give_up_at_))
    return die(now, proven() ? "no user was named in time" : "phase 1 did not end in time");
  if (due(phase1.resend_at)) {
    if (++phase1.attempt > tries) return die(now, "the peer does not answer");
    resend(phase1);
    arm(now, phase1, true);
  }
  for (auto& [id, exchange] : transactions_) {
    if (!due(exchange.resend_at)) continue;
    if (++exchange.attempt > tries) return die(now, "the peer does not answer");
    resend(exchange);
    arm(now, exchange, true);
  }
  std::vector<std::uint32_t> failed;
  for (auto& [id, quick] : quick_) {
    if (!due(quick.exchange.resend_at)) continue;
    if (++quick.exchange.attempt > tries) {
      failed.push_back(id);
      continue;
    }
    resend(quick.exchange);
    arm(now, quick.exchange, true);
  }
  for (const std::uint32_t id : failed)
    quick_failed(now, quick_.at(id), "the peer does not answer");
  if (!failed.empty()) return die(now, "the peer does not answer");
  for (auto& [spi, child] : children) {
    if (!due(child.rekey_at)) continue;
    child.rekey_at.reset();
    emit(trace::TimerFired{"rekey_child", child.config->name});
    begin_quick(now, *child.config, &child);
  }
  if (due(dpd_at_)) check_liveness(now);
  if (due(rekey_at)) {
    rekey_at.reset();
    emit(trace::TimerFired{"rekey_ike", connection->name});
    services.wants_rekey.push_back(own_cookie());
  }
}

// ---- phase 1's frame ---------------------------------------------------------------------------

void IsakmpSa::start(Instant now, const std::string& child) {
  phase1.type = connection->ikev1->aggressive ? wire::ExchangeType::aggressive_mode
                                              : wire::ExchangeType::main_mode;
  phase1.initiator = true;
  phase1.begun = now;
  if (!child.empty()) wanted.push_back(child);
  cky_i = IkeSpi{services.streams.cookie->u64() | 1};
  emit(trace::TaskStarted{aggressive() ? "aggressive_mode" : "main_mode", "initiator", 0});
  next_of_phase1(now);
}

void IsakmpSa::refuse(const Inbound& in, const Error& error) {
  services.diagnose(name, error, in.datagram);
  die(in.now, error.message);
}

void IsakmpSa::end_phase1(Instant now) {
  last_block = phase1.iv;
  give_up_at_.reset();
  phase1.resend_at.reset();
  if (asks_for_user() || names_user()) return begin_admission(now);
  establish(now, "the peer has proven who it is");
}

void IsakmpSa::establish(Instant now, const char* why) {
  become(State::established, why, "RFC 2409, 5");
  give_up_at_.reset();
  trace::SaInstalled body;
  body.protocol = "IKE";
  body.spi = to_string(cky_i);
  body.peer_spi = to_string(cky_r);
  body.src = local.to_string();
  body.dst = peer.to_string();
  body.name = connection->name;
  body.encryption = std::string(suite.encr->name);
  body.prf = std::string(suite.prf->name);
  body.ke = std::string(suite.ke->name);
  if (services.config.disclose_secrets) body.encryption_key = to_bytes(cipher_key.reveal());
  body.reason = replaces.value == 0 ? "new" : "rekey of " + to_string(replaces);
  emit(std::move(body));
  emit(trace::TaskEnded{aggressive() ? "aggressive_mode" : "main_mode",
                        initiator ? "initiator" : "responder", "done", "",
                        (now - phase1.begun).count()});
  if (connection->dpd_delay > Duration::zero() && peer_has_dpd)
    dpd_at_ = now + connection->dpd_delay;
  if (connection->rekey_time > Duration::zero() && initiator)
    rekey_at = now + connection->rekey_time;
  if (replaces.value != 0) services.replaced.push_back(replaces);
  if (!ask_address(now)) begin_wanted(now);
}

void IsakmpSa::begin_wanted(Instant now) {
  for (const std::string& child : std::exchange(wanted, {}))
    for (const policy::ChildConfig& config : connection->children)
      if (config.name == child) begin_quick(now, config, nullptr);
}

}  // namespace ikelab::ikev1
