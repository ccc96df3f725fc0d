#include "sim/open/ikev1_listener.hpp"

#include <fmt/format.h>

#include "protocol/ikev1/selector_id.hpp"
#include "protocol/keys/ikev1_keys.hpp"
#include "protocol/policy/ikev1_proposal.hpp"
#include "protocol/wire/ikev1_iana.hpp"

namespace ikelab::open {
namespace {

using wire::ExchangeType;
using wire::PayloadType;

constexpr std::size_t most_conversations = 100'000, most_exchanges = 10'000, most_told = 10'000;

bool is_phase1(ExchangeType type) {
  return type == ExchangeType::main_mode || type == ExchangeType::aggressive_mode;
}

/// Phase 1 is over after so many messages (RFC 2409, 5).
unsigned messages_in(ExchangeType phase1) {
  return phase1 == ExchangeType::main_mode ? 6 : 3;
}

Bytes octets_of(MessageId id) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(id.value >> shift));
  return out;
}

EspSpi spi_of(ByteView octets) {
  std::uint32_t value = 0;
  for (const std::uint8_t octet : octets) value = value << 8 | octet;
  return {value};
}

const Bytes* data_of(const Content& content, PayloadType type) {
  for (const wire::Payload& payload : content.payloads)
    if (payload.type == type)
      if (const auto* data = std::get_if<wire::v1::DataPayload>(&payload.body)) return &data->data;
  return nullptr;
}

std::vector<wire::Proposal> words_of(const wire::v1::SaPayload& sa, std::uint8_t protocol) {
  std::vector<wire::Proposal> out;
  for (const policy::v1::Offer& offer : policy::v1::offers(sa, protocol))
    out.push_back(offer.words);
  return out;
}

/// The one transform of an answer, with the number that it has among those offered.
std::optional<wire::Proposal> choice_among(const std::vector<wire::Proposal>& offered,
                                           const wire::v1::SaPayload& answer,
                                           std::uint8_t protocol) {
  auto theirs = words_of(answer, protocol);
  if (theirs.size() != 1) return std::nullopt;
  for (const wire::Proposal& offer : offered)
    if (policy::to_string(offer) == policy::to_string(theirs[0])) {
      theirs[0].number = offer.number;
      return theirs[0];
    }
  return std::nullopt;
}

/// The traffic of quick mode: IDci and IDcr, or the peers themselves (RFC 2409, 5.5).
std::vector<std::string> selector(const Content& content, unsigned nth, const IpAddress& else_of) {
  for (const wire::Payload& payload : content.payloads)
    if (const auto* id = std::get_if<wire::v1::IdPayload>(&payload.body); id && nth-- == 0) {
      const auto ts = ikev1::selector_of_id(*id);
      return ts ? std::vector{text_of(*ts)} : std::vector<std::string>{};
    }
  return {text_of(ikev1::host_selector(else_of))};
}

Error cannot(std::string why) {
  return Error{"E-CAP-021", "it cannot be decrypted: " + std::move(why)}.see(
      "RFC 2409, appendix B");
}

}  // namespace

void Ikev1Listener::hear(const Sighting& seen) {
  const wire::Decoded decoded = wire::decode(seen.octets);
  const wire::Header& header = decoded.message.header;
  ++observer_.counts.ike;
  if (conversations_.size() >= most_conversations && !conversations_.contains(header.spi_i)) {
    observer_.sent(seen, "IKE");
    return observer_.received(seen, "IKE");
  }
  Conversation& sa = conversation_of(header);
  Exchange& exchange = exchange_of(sa, seen, header);
  if (sa.told.size() > most_told) sa.told.clear();
  const auto [at, is_new] = sa.told.try_emplace(to_bytes(seen.octets));
  Told& told = at->second;
  if (is_new) told.content = open(sa, exchange, decoded);
  if (told.content.encrypted)
    ++(told.content.opened ? observer_.counts.ike_opened : observer_.counts.ike_sealed);
  const bool response = exchange.beginner != seen.src.ip;
  tell(observer_, seen, {sa.name, header, response, told.attempts++}, told.content);
  if (!is_new) return;
  ++exchange.messages;
  learn(sa, exchange, seen, header, told.content);
}

Ikev1Listener::Conversation& Ikev1Listener::conversation_of(const wire::Header& header) {
  const auto [at, is_new] = conversations_.try_emplace(header.spi_i);
  if (is_new) {
    at->second.name = fmt::format("isakmp#{}", conversations_.size());
    at->second.key = observer_.keys.find_ikev1(header.spi_i);
  }
  return at->second;
}

Ikev1Listener::Exchange& Ikev1Listener::exchange_of(Conversation& sa, const Sighting& seen,
                                                    const wire::Header& header) {
  if (sa.exchanges.size() > most_exchanges)
    sa.exchanges.erase(std::next(sa.exchanges.begin()));  // not phase 1
  Exchange& exchange = sa.exchanges[header.message_id.value];
  if (!exchange.beginner) exchange.beginner = seen.src.ip;
  return exchange;
}

// ---- opening -----------------------------------------------------------------------------------

/// The IV with which an exchange begins.
Result<void> Ikev1Listener::begin_iv(Conversation& sa, Exchange& exchange,
                                     const wire::Header& header) {
  if (sa.suite.encr == nullptr || sa.suite.prf == nullptr)
    return cannot(
        "the capture does not show which cipher and hash phase 1 chose, or not one known");
  if (sa.key->key.size() != sa.suite.encr->key_size)
    return cannot(fmt::format("the table's key has {} octets, {} needs {}", sa.key->key.size(),
                              sa.suite.encr->name, sa.suite.encr->key_size));
  if (sa.hidden_values) return cannot("RSA encryption hides the nonces, and the key does not help");
  if (sa.g_xi.empty() || sa.g_xr.empty())
    return cannot("the public values of phase 1, of which the IV is made, are not in the capture");
  keys::v1::Schedule schedule(observer_.provider, *sa.suite.prf);
  if (sa.last_block.empty()) {
    IKELAB_TRY(sa.last_block, schedule.iv(sa.g_xi, sa.g_xr, *sa.suite.encr));
  }
  if (is_phase1(header.exchange)) {
    exchange.iv = sa.last_block;
    return {};
  }
  IKELAB_TRY(exchange.iv, schedule.iv(sa.last_block, octets_of(header.message_id), *sa.suite.encr));
  return {};
}

Content Ikev1Listener::open(Conversation& sa, Exchange& exchange, const wire::Decoded& decoded) {
  Content content;
  content.diagnostics = decoded.diagnostics;
  const wire::Message& message = decoded.message;
  const auto* sealed =
      message.payloads.empty()
          ? nullptr
          : std::get_if<wire::v1::EncryptedPayload>(&message.payloads.front().body);
  content.encrypted = message.header.encrypted;
  content.opened = !message.header.encrypted;
  if (content.opened) content.payloads = message.payloads;
  if (content.opened || sealed == nullptr) return content;
  if (sa.key == nullptr) {
    observer_.counts.without_key.insert(fmt::format(
        "IKEv1 SA {} / {}", to_string(message.header.spi_i), to_string(message.header.spi_r)));
    return content;
  }
  const auto decrypt = [&]() -> Result<void> {
    if (exchange.iv.empty()) {
      IKELAB_CHECK(begin_iv(sa, exchange, message.header));
    }
    const std::size_t block = sa.suite.encr->block_size;
    if (sealed->body.empty() || sealed->body.size() % block != 0)
      return cannot("the ciphertext is not whole blocks");
    IKELAB_TRY(content.plain,
               observer_.provider.open(*sa.suite.encr, sa.key->key, exchange.iv, {}, sealed->body));
    auto chain = wire::decode_chain(content.plain, sealed->first_inner);
    if (wire::first_error(chain.diagnostics) != nullptr)
      return cannot("the table's key gives no payloads, or messages between are missing");
    content.first = sealed->first_inner;
    content.payloads = std::move(chain.payloads);
    content.opened = true;
    const auto last = static_cast<std::ptrdiff_t>(block);
    exchange.iv.assign(sealed->body.end() - last, sealed->body.end());
    if (is_phase1(message.header.exchange)) sa.last_block = exchange.iv;
    return {};
  };
  if (const auto done = decrypt(); !done) {
    content.plain.clear();
    const wire::Payload& outer = message.payloads.front();
    content.diagnostics.push_back({wire::Severity::warning, done.error().code, done.error().message,
                                   done.error().rfc, outer.begin, outer.end});
  }
  return content;
}

// ---- learning ----------------------------------------------------------------------------------

void Ikev1Listener::learn(Conversation& sa, Exchange& exchange, const Sighting& seen,
                          const wire::Header& header, const Content& content) {
  const bool phase1 = is_phase1(header.exchange);
  if (content.opened && phase1) learn_phase1(sa, exchange, seen, content);
  if (content.opened && header.exchange == ExchangeType::quick_mode)
    learn_quick(sa, exchange, seen, content);
  const bool established =
      phase1 ? exchange.messages >= messages_in(header.exchange) : header.encrypted;
  if (established && header.spi_r.value != 0) install(sa, seen, header);
  if (content.opened && content.encrypted) learn_delete(sa, seen, content);
}

void Ikev1Listener::learn_phase1(Conversation& sa, Exchange& exchange, const Sighting& seen,
                                 const Content& content) {
  const bool by_initiator = exchange.beginner == seen.src.ip;
  if (const Bytes* value = data_of(content, PayloadType::v1_ke))
    (by_initiator ? sa.g_xi : sa.g_xr) = *value;
  const auto* proposals = wire::first<wire::v1::SaPayload>(content.payloads);
  if (proposals == nullptr) return;
  if (by_initiator) {
    exchange.offered = *proposals;
    return;
  }
  const auto offered = words_of(exchange.offered, wire::v1::protocol_isakmp);
  const auto chosen = choice_among(offered, *proposals, wire::v1::protocol_isakmp);
  if (!chosen) return;
  tell_choice(observer_, seen, sa.name, offered, *chosen);
  sa.suite = policy::select({*chosen}, {*chosen}).suite;
  const auto method =
      proposals->proposals.front().transforms.front().value_of(wire::v1::phase1::authentication);
  sa.hidden_values = method == wire::v1::auth::rsa_encryption;
}

void Ikev1Listener::learn_quick(const Conversation& sa, Exchange& exchange, const Sighting& seen,
                                const Content& content) {
  const auto* proposals = wire::first<wire::v1::SaPayload>(content.payloads);
  if (proposals == nullptr) return;
  if (exchange.beginner == seen.src.ip) {
    exchange.offered = *proposals;
    exchange.ts_i = selector(content, 0, seen.src.ip);
    exchange.ts_r = selector(content, 1, seen.dst.ip);
    return;
  }
  const auto offered = words_of(exchange.offered, wire::v1::protocol_esp);
  const auto chosen = choice_among(offered, *proposals, wire::v1::protocol_esp);
  if (!chosen) return;
  tell_choice(observer_, seen, sa.name, offered, *chosen);
  const EspSpi of_initiator = spi_of(offered[chosen->number - 1U].spi),
               of_responder = spi_of(chosen->spi);
  observer_.children[of_responder.value] = {sa.name, to_string(of_initiator), exchange.ts_i,
                                            exchange.ts_r};
  observer_.children[of_initiator.value] = {sa.name, to_string(of_responder), exchange.ts_r,
                                            exchange.ts_i};
}

void Ikev1Listener::learn_delete(const Conversation& sa, const Sighting& seen,
                                 const Content& content) {
  for (const wire::Payload& payload : content.payloads) {
    const auto* gone = std::get_if<wire::v1::DeletePayload>(&payload.body);
    if (gone == nullptr) continue;
    if (gone->protocol == wire::v1::protocol_esp) {
      tell_deleted_esp(observer_, seen, sa.name, gone->spis);
      continue;
    }
    for (const auto& [cookie, other] : conversations_)
      if (&other == &sa && sa.installed) tell_deleted_ike(observer_, seen, sa.name, cookie);
  }
}

void Ikev1Listener::install(Conversation& sa, const Sighting& seen, const wire::Header& header) {
  if (sa.installed) return;
  sa.installed = true;
  const auto name = [](const crypto::Algorithm* a) { return std::string(a ? a->name : ""); };
  trace::SaInstalled body;
  body.encryption = name(sa.suite.encr);
  body.prf = name(sa.suite.prf);
  body.ke = name(sa.suite.ke);
  if (sa.key != nullptr) body.encryption_key = sa.key->key;
  const auto phase1 = sa.exchanges.find(0);
  const bool from_initiator =
      phase1 == sa.exchanges.end() || phase1->second.beginner == seen.src.ip;
  tell_installed(observer_, seen, {sa.name, header, false, 0}, from_initiator, std::move(body));
}

}  // namespace ikelab::open
