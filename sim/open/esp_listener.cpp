#include "sim/open/esp_listener.hpp"

#include <fmt/format.h>

#include "protocol/esp/esp.hpp"
#include "protocol/esp/outer.hpp"

namespace ikelab::open {
namespace {

constexpr std::size_t remembered_numbers = 4096, most_sas = 100'000;

std::optional<esp::Transform> transform_of(crypto::Provider& provider,
                                           const capture::EspKeyRow& row, EspSpi spi, bool esn) {
  esp::SaParameters sa;
  sa.spi = spi;
  sa.suite.encr = row.encr;
  sa.suite.integ = row.integ;
  sa.suite.esn = esn;
  sa.encryption_key = Secret(row.key);
  sa.integrity_key = Secret(row.integ_key);
  auto made = esp::Transform::make(provider, sa, false);
  return made ? std::optional(std::move(*made)) : std::nullopt;
}

/// The inner packet: in tunnel mode as it stands, in transport mode behind the outer header again.
Bytes inner_packet(const Sighting& seen, std::uint8_t next_header, Bytes payload) {
  if (next_header == esp::next_header_ipv4 || next_header == esp::next_header_ipv6) return payload;
  Bytes out;
  esp::copy_header(seen.ip_header, next_header, payload.size(), out);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace

EspListener::Sa& EspListener::sa_of(const Sighting& seen, EspSpi spi) {
  const auto [at, is_new] = sas_.try_emplace({seen.dst.ip, spi.value});
  if (!is_new) return at->second;
  const capture::EspKeyRow* row = observer_.keys.find(seen.src.ip, seen.dst.ip, spi);
  const auto child = observer_.children.find(spi.value);
  trace::SaInstalled body;
  body.protocol = "ESP";
  body.direction = "out";
  body.spi = to_string(spi);
  body.src = text_of(seen, seen.src);
  body.dst = text_of(seen, seen.dst);
  body.name = "seen in the capture";
  body.reason = "seen in the capture";
  if (child != observer_.children.end()) {
    body.peer_spi = child->second.peer_spi;
    body.ts_src = child->second.ts_src;
    body.ts_dst = child->second.ts_dst;
  }
  if (row != nullptr) {
    at->second.transform = transform_of(observer_.provider, *row, spi, false);
    at->second.with_esn = transform_of(observer_.provider, *row, spi, true);
    body.encryption = row->encr->name;
    body.integrity = row->integ == nullptr ? "" : row->integ->name;
    body.encryption_key = row->key;
    body.integrity_key = row->integ_key;
  }
  observer_.journal.emit(seen.time, node_of(seen.src),
                         child == observer_.children.end() ? "" : child->second.ike_sa, body);
  return at->second;
}

std::optional<Bytes> EspListener::open(Sa& sa, const Sighting& seen, std::uint32_t sequence,
                                       Error& why) {
  Bytes plain;
  auto opened = (sa.esn ? sa.with_esn : sa.transform)->open(sequence, seen.octets, plain);
  // The high half of an extended number is not sent: 0 while an SA is young (RFC 4303, 2.2.1).
  if (!opened && !sa.esn && sa.with_esn && sa.recent.empty()) {
    opened = sa.with_esn->open(sequence, seen.octets, plain);
    sa.esn = opened.ok();
  }
  if (!opened) return why = opened.error(), std::nullopt;
  const auto next_header = esp::strip_padding(plain);
  if (!next_header) return why = next_header.error(), std::nullopt;
  return inner_packet(seen, *next_header, std::move(plain));
}

void EspListener::note_repeat(Sa& sa, const Sighting& seen, std::uint32_t sequence) {
  if (!sa.recent.insert(sequence).second)
    observer_.journal.emit(
        seen.time, node_of(seen.dst), "",
        trace::Diagnostic{"warning", "E-CAP-020",
                          fmt::format("ESP sequence number {} was seen before: a replay, or a "
                                      "packet that was captured twice",
                                      sequence),
                          "RFC 4303, 3.4.3", seen.id, 4, 8});
  if (sa.recent.size() > remembered_numbers) sa.recent.erase(sa.recent.begin());
}

void EspListener::hear(const Sighting& seen) {
  const std::string protocol = seen.udp ? "ESP-in-UDP" : "ESP";
  const auto header = esp::header_of(seen.octets);
  if (!header || sas_.size() >= most_sas) {
    ++observer_.counts.other;
    return;
  }
  ++observer_.counts.esp;
  Sa& sa = sa_of(seen, header->spi);
  Error why;
  const auto inner = sa.transform ? open(sa, seen, header->sequence, why) : std::nullopt;
  trace::EspSealed sealed{
      seen.id, to_string(header->spi), header->sequence, 0, seen.octets.size(), "", {}};
  if (inner) {
    sealed.inner_size = inner->size();
    sealed.summary = esp::summarize_packet(*inner);
    sealed.inner = *inner;
  } else {
    sealed.summary = sa.transform ? "it does not open: " + why.message : "encrypted; no key for it";
    if (!sa.transform) observer_.counts.without_key.insert(fmt::format("ESP SA {}", sealed.spi));
  }
  observer_.journal.emit(seen.time, node_of(seen.src), "", sealed);
  observer_.sent(seen, protocol);
  observer_.received(seen, protocol);
  note_repeat(sa, seen, header->sequence);
  if (inner) {
    ++observer_.counts.esp_opened;
    observer_.journal.emit(seen.time, node_of(seen.dst), "",
                           trace::EspOpened{seen.id, sealed.spi, sealed.sequence, sealed.inner_size,
                                            sealed.summary, *inner});
  } else if (sa.transform) {
    observer_.journal.emit(
        seen.time, node_of(seen.dst), "",
        trace::EspRejected{seen.id, sealed.spi, sealed.sequence, why.code, why.message});
  }
}

}  // namespace ikelab::open
