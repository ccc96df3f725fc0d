#include "sim/open/ike_listener.hpp"

#include <fmt/format.h>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/protect.hpp"

namespace ikelab::open {
namespace {

using wire::ExchangeType;

std::vector<std::string> selectors(const std::vector<wire::Payload>& payloads, bool responder) {
  std::vector<std::string> out;
  for (const wire::Payload& payload : payloads)
    if (const auto* ts = std::get_if<wire::TsPayload>(&payload.body);
        ts != nullptr && ts->responder == responder)
      for (const wire::TrafficSelector& selector : ts->selectors) out.push_back(text_of(selector));
  return out;
}

EspSpi esp_spi(const std::vector<wire::Proposal>& proposals) {
  for (const wire::Proposal& proposal : proposals) {
    if (proposal.protocol != wire::ProtocolId::esp || proposal.spi.size() != 4) continue;
    std::uint32_t value = 0;
    for (const std::uint8_t octet : proposal.spi) value = value << 8 | octet;
    return {value};
  }
  return {};
}

ikev2::DirectionKeys keys_of(const capture::IkeKeyRow& row, bool of_initiator) {
  return of_initiator ? ikev2::DirectionKeys{row.sk_ei, row.sk_ai}
                      : ikev2::DirectionKeys{row.sk_er, row.sk_ar};
}

constexpr std::size_t most_conversations = 100'000, most_open_fragments = 64,
                      most_remembered = 10'000;

}  // namespace

void IkeListener::hear(const Sighting& seen) {
  const wire::Decoded decoded = wire::decode(seen.octets);
  const wire::Header& header = decoded.message.header;
  ++observer_.counts.ike;
  if (conversations_.size() >= most_conversations && !conversations_.contains(header.spi_i)) {
    observer_.sent(seen, "IKE");
    return observer_.received(seen, "IKE");
  }
  Conversation& sa = conversation_of(header);
  const Content content = open(sa, seen, decoded);
  if (sa.repeats.size() > most_remembered) sa.repeats.clear();
  const std::uint64_t attempt = sa.repeats[to_bytes(seen.octets)]++;
  tell(observer_, seen, {sa.name, header, header.response, attempt}, content);
  if (attempt == 0) learn(sa, seen, header, content);
}

IkeListener::Conversation& IkeListener::conversation_of(const wire::Header& header) {
  Conversation& sa = conversations_[header.spi_i];
  if (sa.name.empty()) sa.name = fmt::format("ike#{}", conversations_.size());
  if (sa.keys == nullptr && header.spi_r.value != 0)
    sa.keys = observer_.keys.find(header.spi_i, header.spi_r);
  return sa;
}

// ---- opening -----------------------------------------------------------------------------------

Content IkeListener::open(Conversation& sa, const Sighting& seen, const wire::Decoded& decoded) {
  Content content;
  content.diagnostics = decoded.diagnostics;
  const wire::Message& message = decoded.message;
  const wire::Payload* sealed = nullptr;
  for (const wire::Payload& payload : message.payloads)
    if (std::holds_alternative<wire::SkPayload>(payload.body) ||
        std::holds_alternative<wire::SkfPayload>(payload.body))
      sealed = &payload;
  if (sealed == nullptr) {
    content.payloads = message.payloads;
    content.opened = true;
    return content;
  }
  content.encrypted = true;
  for (const wire::Payload& payload : message.payloads)
    if (&payload != sealed) content.outside.push_back(payload);
  const auto* part = std::get_if<wire::SkfPayload>(&sealed->body);
  if (part != nullptr) {
    content.fragment = part->number;
    content.fragments = part->total;
  }
  if (sa.keys == nullptr) {
    ++observer_.counts.ike_sealed;
    observer_.counts.without_key.insert(fmt::format(
        "IKE SA {} / {}", to_string(message.header.spi_i), to_string(message.header.spi_r)));
    return content;
  }
  policy::Suite suite;
  suite.encr = sa.keys->encr;
  suite.integ = sa.keys->integ;
  auto plain = ikev2::open_message(
      observer_.provider, suite, keys_of(*sa.keys, message.header.initiator), seen.octets, *sealed);
  if (!plain) {
    ++observer_.counts.ike_sealed;
    content.diagnostics.push_back({wire::Severity::error, plain.error().code, plain.error().message,
                                   plain.error().rfc, sealed->begin, sealed->end});
    return content;
  }
  ++observer_.counts.ike_opened;
  content.plain = std::move(*plain);
  if (part != nullptr) {
    open_fragment(sa, message.header, *part, content);
    if (!content.opened) return content;
  } else {
    content.first = std::get<wire::SkPayload>(sealed->body).first_inner;
    content.opened = true;
  }
  auto chain = wire::decode_chain(content.plain, content.first);
  content.payloads = std::move(chain.payloads);
  content.diagnostics.insert(content.diagnostics.end(), chain.diagnostics.begin(),
                             chain.diagnostics.end());
  return content;
}

// RFC 7383, 2.6: the message is whole when every part of one set is there.
void IkeListener::open_fragment(Conversation& sa, const wire::Header& header,
                                const wire::SkfPayload& part, Content& content) {
  const std::uint64_t direction = (header.initiator ? 2U : 0U) + (header.response ? 1U : 0U);
  if (sa.fragments.size() > most_open_fragments) sa.fragments.clear();
  Conversation::Parts& parts =
      sa.fragments[direction << 32 | std::uint64_t{header.message_id.value}];
  if (part.total != parts.total) parts = {part.total, wire::PayloadType::none, {}, {}};
  if (part.total > bounds::fragments_in_message) return;
  if (part.number == 1) {
    parts.first_inner = part.first_inner;
    parts.outside = content.outside;
  }
  parts.plain[part.number] = std::move(content.plain);
  content.plain.clear();
  if (parts.plain.size() != part.total) return;
  for (const auto& [number, octets] : parts.plain)
    content.plain.insert(content.plain.end(), octets.begin(), octets.end());
  content.first = parts.first_inner;
  content.outside = parts.outside;
  content.opened = true;
  sa.fragments.erase(direction << 32 | std::uint64_t{header.message_id.value});
}

// ---- learning ----------------------------------------------------------------------------------

void IkeListener::learn(Conversation& sa, const Sighting& seen, const wire::Header& header,
                        const Content& content) {
  if (!content.opened) return;
  const auto* proposals = wire::first<wire::SaPayload>(content.payloads);
  if (!header.response) {
    if (proposals != nullptr) {
      sa.offered = proposals->proposals;
      sa.request_spi = esp_spi(sa.offered);
    }
  } else if (proposals != nullptr && proposals->proposals.size() == 1) {
    learn_answer(sa, seen, content);
    if (const EspSpi spi = esp_spi(proposals->proposals); spi.value != 0)
      learn_child(sa, content, spi);
  }
  if (header.spi_r.value != 0) install(sa, seen, header);
  learn_delete(sa, seen, content);
}

/// What was offered and what was taken; why, only the responder knew.
void IkeListener::learn_answer(Conversation& sa, const Sighting& seen, const Content& content) {
  const wire::Proposal& chosen = wire::first<wire::SaPayload>(content.payloads)->proposals.front();
  tell_choice(observer_, seen, sa.name, sa.offered, chosen);
  if (chosen.protocol != wire::ProtocolId::ike || sa.installed) return;
  const auto suite = policy::check_answer(sa.offered, chosen);
  if (!suite) return;
  const auto name = [](const crypto::Algorithm* a) { return std::string(a ? a->name : ""); };
  sa.encryption = name(suite->encr);
  sa.integrity = name(suite->integ);
  sa.prf = name(suite->prf);
  sa.ke = name(suite->ke);
}

/// Packets to the requester bear its SPI; selectors are the initiator's of this exchange first.
void IkeListener::learn_child(const Conversation& sa, const Content& content, EspSpi response_spi) {
  const auto ts_i = selectors(content.payloads, false), ts_r = selectors(content.payloads, true);
  observer_.children[response_spi.value] = {sa.name, to_string(sa.request_spi), ts_i, ts_r};
  observer_.children[sa.request_spi.value] = {sa.name, to_string(response_spi), ts_r, ts_i};
}

void IkeListener::learn_delete(const Conversation& sa, const Sighting& seen,
                               const Content& content) {
  const auto* gone = wire::first<wire::DeletePayload>(content.payloads);
  if (gone == nullptr) return;
  if (gone->protocol != wire::ProtocolId::ike)
    return tell_deleted_esp(observer_, seen, sa.name, gone->spis);
  for (const auto& [spi, other] : conversations_)
    if (&other == &sa && sa.installed) tell_deleted_ike(observer_, seen, sa.name, spi);
}

void IkeListener::install(Conversation& sa, const Sighting& seen, const wire::Header& header) {
  if (sa.installed) return;
  sa.installed = true;
  trace::SaInstalled body;
  body.encryption = sa.encryption;
  body.integrity = sa.integrity;
  body.prf = sa.prf;
  body.ke = sa.ke;
  if (sa.keys != nullptr) {
    body.encryption = sa.keys->encr->name;
    body.integrity = sa.keys->integ == nullptr ? "" : sa.keys->integ->name;
    body.encryption_key = concat({sa.keys->sk_ei, sa.keys->sk_er});
    body.integrity_key = concat({sa.keys->sk_ai, sa.keys->sk_ar});
  }
  tell_installed(observer_, seen, {sa.name, header, false, 0}, header.initiator, std::move(body));
}

}  // namespace ikelab::open
