#include "sim/open/ike_listener.hpp"

#include <fmt/format.h>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/protect.hpp"
#include "protocol/wire/grammar.hpp"

namespace ikelab::open {
namespace {

using wire::ExchangeType;

std::string text_of(const wire::TrafficSelector& ts) {
  std::string out = ts.start == ts.end
                        ? ts.start.to_string()
                        : fmt::format("{} to {}", ts.start.to_string(), ts.end.to_string());
  if (ts.protocol != 0) out += fmt::format(", protocol {}", ts.protocol);
  if (ts.start_port != 0 || ts.end_port != 65535)
    out += fmt::format(", ports {} to {}", ts.start_port, ts.end_port);
  return out;
}

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

const char* protocol_name(wire::ProtocolId protocol) {
  return protocol == wire::ProtocolId::esp ? "ESP" : "IKE";
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
  observer_.sent(seen, "IKE");
  if (conversations_.size() >= most_conversations && !conversations_.contains(header.spi_i)) {
    observer_.received(seen, "IKE");
    return;
  }
  Conversation& sa = conversation_of(header);
  const Content content = open(sa, seen, decoded);
  if (sa.repeats.size() > most_remembered) sa.repeats.clear();
  const std::uint64_t attempt = sa.repeats[to_bytes(seen.octets)]++;
  tell("sent", sa, seen, header, content, attempt);
  observer_.received(seen, "IKE");
  tell("received", sa, seen, header, content, attempt);
  for (const wire::Diagnostic& d : content.diagnostics)
    observer_.journal.emit(seen.time, node_of(seen.dst), sa.name,
                           trace::Diagnostic{wire::name(d.severity), d.code, d.message, d.rfc,
                                             seen.id, d.begin, d.end});
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

IkeListener::Content IkeListener::open(Conversation& sa, const Sighting& seen,
                                       const wire::Decoded& decoded) {
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
  if (part.total != parts.total) parts = {part.total, wire::PayloadType::none, {}};
  if (part.total > bounds::fragments_in_message) return;
  if (part.number == 1) parts.first_inner = part.first_inner;
  parts.plain[part.number] = std::move(content.plain);
  content.plain.clear();
  if (parts.plain.size() != part.total) return;
  for (const auto& [number, octets] : parts.plain)
    content.plain.insert(content.plain.end(), octets.begin(), octets.end());
  content.first = parts.first_inner;
  content.opened = true;
  sa.fragments.erase(direction << 32 | std::uint64_t{header.message_id.value});
}

// ---- telling -----------------------------------------------------------------------------------

void IkeListener::tell(const std::string& direction, const Conversation& sa, const Sighting& seen,
                       const wire::Header& header, const Content& content, std::uint64_t attempt) {
  trace::Message body;
  body.direction = direction;
  body.datagram = seen.id;
  body.src = text_of(seen, seen.src);
  body.dst = text_of(seen, seen.dst);
  body.spi_i = to_string(header.spi_i);
  body.spi_r = to_string(header.spi_r);
  body.exchange = wire::name(header.exchange);
  body.response = header.response;
  body.message_id = header.message_id.value;
  body.attempt = attempt;
  body.fragment = content.fragment;
  body.fragments = content.fragments;
  body.encrypted = content.encrypted;
  body.bytes = to_bytes(seen.octets);
  if (content.opened) {
    body.payloads = wire::payload_summary(content.payloads, header.response);
    if (content.encrypted) {
      body.plain_first = static_cast<std::uint64_t>(content.first);
      body.plain = content.plain;
    }
  }
  observer_.journal.emit(seen.time, node_of(direction == "sent" ? seen.src : seen.dst), sa.name,
                         std::move(body));
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
  trace::Negotiated body;
  body.protocol = protocol_name(chosen.protocol);
  body.role = "responder";
  body.chosen = policy::to_string(chosen);
  for (const wire::Proposal& offer : sa.offered) {
    const bool taken = offer.number == chosen.number;
    body.verdicts.push_back({offer.number, body.protocol, policy::to_string(offer), taken,
                             taken ? "the responder chose it"
                                   : "the responder chose another; a capture does not say why"});
  }
  observer_.journal.emit(seen.time, node_of(seen.src), sa.name, std::move(body));
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
  const std::string reason = "DELETE seen from " + node_of(seen.src);
  if (gone->protocol == wire::ProtocolId::ike) {
    for (const auto& [spi, other] : conversations_)
      if (&other == &sa && sa.installed)
        for (const SocketAddress& end : {seen.src, seen.dst})
          observer_.journal.emit(seen.time, node_of(end), sa.name,
                                 trace::SaRemoved{"IKE", "", to_string(spi), reason});
    return;
  }
  // It names the SPIs that its sender receives on: the other side sends on these (RFC 7296, 1.4.1).
  for (const Bytes& spi : gone->spis)
    observer_.journal.emit(seen.time, node_of(seen.dst), sa.name,
                           trace::SaRemoved{"ESP", "out", to_hex(spi), reason});
}

void IkeListener::install(Conversation& sa, const Sighting& seen, const wire::Header& header) {
  if (sa.installed) return;
  sa.installed = true;
  const bool from_initiator = header.initiator;
  const SocketAddress& initiator = from_initiator ? seen.src : seen.dst;
  const SocketAddress& responder = from_initiator ? seen.dst : seen.src;
  trace::SaInstalled body;
  body.protocol = "IKE";
  body.spi = to_string(header.spi_i);
  body.peer_spi = to_string(header.spi_r);
  body.name = "seen in the capture";
  body.encryption = sa.encryption;
  body.integrity = sa.integrity;
  body.prf = sa.prf;
  body.ke = sa.ke;
  body.reason = "seen in the capture";
  if (sa.keys != nullptr) {
    body.encryption = sa.keys->encr->name;
    body.integrity = sa.keys->integ == nullptr ? "" : sa.keys->integ->name;
    body.encryption_key = concat({sa.keys->sk_ei, sa.keys->sk_er});
    body.integrity_key = concat({sa.keys->sk_ai, sa.keys->sk_ar});
  }
  for (const bool at_initiator : {true, false}) {
    body.src = (at_initiator ? initiator : responder).to_string();
    body.dst = (at_initiator ? responder : initiator).to_string();
    observer_.journal.emit(seen.time, node_of(at_initiator ? initiator : responder), sa.name, body);
  }
}

}  // namespace ikelab::open
