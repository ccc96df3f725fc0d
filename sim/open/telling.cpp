#include "sim/open/telling.hpp"

#include <fmt/format.h>

#include "protocol/wire/grammar.hpp"

namespace ikelab::open {
namespace {

void tell_end(Observer& observer, const std::string& direction, const Sighting& seen,
              const Placed& place, const Content& content) {
  trace::Message body;
  body.direction = direction;
  body.datagram = seen.id;
  body.src = text_of(seen, seen.src);
  body.dst = text_of(seen, seen.dst);
  body.spi_i = to_string(place.header.spi_i);
  body.spi_r = to_string(place.header.spi_r);
  body.exchange = wire::name(place.header.exchange);
  body.response = place.response;
  body.message_id = place.header.message_id.value;
  body.attempt = place.attempt;
  body.fragment = content.fragment;
  body.fragments = content.fragments;
  body.encrypted = content.encrypted;
  body.bytes = to_bytes(seen.octets);
  if (content.opened) {
    std::vector<wire::Payload> shown = content.outside;
    shown.insert(shown.end(), content.payloads.begin(), content.payloads.end());
    body.payloads = wire::payload_summary(shown, place.response);
    if (content.encrypted) {
      body.plain_first = static_cast<std::uint64_t>(content.first);
      body.plain = content.plain;
    }
  }
  observer.journal.emit(seen.time, node_of(direction == "sent" ? seen.src : seen.dst), place.ike_sa,
                        std::move(body));
}

std::string deleted_by(const Sighting& seen) {
  return "DELETE seen from " + node_of(seen.src);
}

}  // namespace

void tell(Observer& observer, const Sighting& seen, const Placed& place, const Content& content) {
  observer.sent(seen, "IKE");
  tell_end(observer, "sent", seen, place, content);
  observer.received(seen, "IKE");
  tell_end(observer, "received", seen, place, content);
  for (const wire::Diagnostic& d : content.diagnostics)
    observer.journal.emit(seen.time, node_of(seen.dst), place.ike_sa,
                          trace::Diagnostic{wire::name(d.severity), d.code, d.message, d.rfc,
                                            seen.id, d.begin, d.end});
}

void tell_choice(Observer& observer, const Sighting& seen, const std::string& ike_sa,
                 const std::vector<wire::Proposal>& offered, const wire::Proposal& chosen) {
  trace::Negotiated body;
  body.protocol = chosen.protocol == wire::ProtocolId::esp ? "ESP" : "IKE";
  body.role = "responder";
  body.chosen = policy::to_string(chosen);
  for (const wire::Proposal& offer : offered) {
    const bool taken = offer.number == chosen.number;
    body.verdicts.push_back({offer.number, body.protocol, policy::to_string(offer), taken,
                             taken ? "the responder chose it"
                                   : "the responder chose another; a capture does not say why"});
  }
  observer.journal.emit(seen.time, node_of(seen.src), ike_sa, std::move(body));
}

void tell_installed(Observer& observer, const Sighting& seen, const Placed& place,
                    bool from_initiator, trace::SaInstalled body) {
  body.protocol = "IKE";
  body.spi = to_string(place.header.spi_i);
  body.peer_spi = to_string(place.header.spi_r);
  body.name = body.reason = "seen in the capture";
  const SocketAddress &initiator = from_initiator ? seen.src : seen.dst,
                      &responder = from_initiator ? seen.dst : seen.src;
  for (const bool at_initiator : {true, false}) {
    body.src = (at_initiator ? initiator : responder).to_string();
    body.dst = (at_initiator ? responder : initiator).to_string();
    observer.journal.emit(seen.time, node_of(at_initiator ? initiator : responder), place.ike_sa,
                          body);
  }
}

void tell_deleted_ike(Observer& observer, const Sighting& seen, const std::string& ike_sa,
                      IkeSpi spi_i) {
  for (const SocketAddress& end : {seen.src, seen.dst})
    observer.journal.emit(seen.time, node_of(end), ike_sa,
                          trace::SaRemoved{"IKE", "", to_string(spi_i), deleted_by(seen)});
}

void tell_deleted_esp(Observer& observer, const Sighting& seen, const std::string& ike_sa,
                      const std::vector<Bytes>& spis) {
  for (const Bytes& spi : spis)
    observer.journal.emit(seen.time, node_of(seen.dst), ike_sa,
                          trace::SaRemoved{"ESP", "out", to_hex(spi), deleted_by(seen)});
}

std::string text_of(const wire::TrafficSelector& ts) {
  std::string out = ts.start == ts.end
                        ? ts.start.to_string()
                        : fmt::format("{} to {}", ts.start.to_string(), ts.end.to_string());
  if (ts.protocol != 0) out += fmt::format(", protocol {}", ts.protocol);
  if (ts.start_port != 0 || ts.end_port != 65535)
    out += fmt::format(", ports {} to {}", ts.start_port, ts.end_port);
  return out;
}

}  // namespace ikelab::open
