// Informational exchanges: deletions, notifications, and the R-U-THERE of DPD (RFC 2409, 5.7; RFC
// 2408, 3.14 and 3.15; RFC 3706). What is not protected by HASH(1) is told and changes nothing.
#include "protocol/ikev1/isakmp_sa.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev1 {
namespace {

using wire::PayloadType;
namespace notify_type = wire::v1::notify;

constexpr unsigned dpd_tries = 3;

Bytes number_octets(std::uint32_t value) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  return out;
}

wire::v1::NotifyPayload notification(std::uint16_t type, Bytes spi, Bytes data) {
  wire::v1::NotifyPayload out;
  out.type = type;
  out.spi = std::move(spi);
  out.data = std::move(data);
  return out;
}

}  // namespace

Result<Bytes> hash_of_message(const IsakmpSa& sa, MessageId id, ByteView rest) {
  keys::v1::Schedule schedule(sa.services.provider, *sa.suite.prf);
  return schedule.hash(sa.keys.skeyid_a, {number_octets(id.value), rest});
}

bool vouched_for(const IsakmpSa& sa, const Inbound& in) {
  if (!in.header.encrypted || in.payloads.empty() ||
      in.payloads.front().type != PayloadType::v1_hash)
    return false;
  const std::size_t begin = in.payloads.front().end, end = in.payloads.back().end;
  const auto expected =
      hash_of_message(sa, in.header.message_id, ByteView(in.octets).subspan(begin, end - begin));
  return expected && equal_constant_time(*expected, *data_of(in.payloads, PayloadType::v1_hash));
}

void IsakmpSa::inform(Instant now, const wire::PayloadBody& body) {
  Exchange exchange;
  exchange.type = wire::ExchangeType::v1_informational;
  exchange.initiator = true;
  exchange.begun = now;
  while (exchange.id.value == 0)
    exchange.id = MessageId{static_cast<std::uint32_t>(services.streams.message_id->u64())};
  Payloads payloads{wire::make_payload(body)};
  const auto send_it = [&]() -> Result<void> {
    IKELAB_TRY(exchange.iv, fresh_iv(exchange.id));
    IKELAB_TRY(Bytes hash, hash_of_message(*this, exchange.id, wire::encode_chain(payloads).bytes));
    payloads.insert(payloads.begin(), data_payload(PayloadType::v1_hash, std::move(hash)));
    return send(now, exchange, payloads, true, false);
  };
  if (auto sent = send_it(); !sent) services.diagnose(name, sent.error());
}

void IsakmpSa::notify(Instant now, std::uint16_t type, Bytes spi, Bytes data) {
  inform(now, notification(type, std::move(spi), std::move(data)));
}

void IsakmpSa::delete_child(Instant now, EspSpi spi_in, const std::string& reason) {
  const auto at = children.find(spi_in.value);
  if (at == children.end()) return;
  const ChildSa child = at->second;
  children.erase(at);
  if (proven()) {
    wire::v1::DeletePayload body;
    body.protocol = wire::v1::protocol_esp;
    body.spi_size = 4;
    body.spis = {number_octets(spi_in.value)};
    inform(now, body);
  }
  emit(trace::SaRemoved{"ESP", "in", to_string(child.spi_in), reason});
  emit(trace::SaRemoved{"ESP", "out", to_string(child.spi_out), reason});
  services.sad.push_back(esp::RemoveSa{true, child.spi_in});
  services.sad.push_back(esp::RemoveSa{false, child.spi_out, child.spi_in});
}

void IsakmpSa::delete_self(Instant now, const std::string& reason) {
  if (proven()) {
    while (!children.empty()) delete_child(now, EspSpi{children.begin()->first}, reason);
    wire::v1::DeletePayload body;
    body.spi_size = 16;
    body.spis = {keys::v1::cookies(cky_i, cky_r)};
    inform(now, body);
  }
  die(now, reason);
}

void IsakmpSa::hand_children_to(IsakmpSa& other) {
  for (auto& [spi, child] : std::exchange(children, {}))
    other.children.emplace(spi, std::move(child));
  for (auto addresses : {&IsakmpSa::inner_local, &IsakmpSa::inner_peer})
    if ((other.*addresses).empty()) other.*addresses = std::exchange(this->*addresses, {});
}

// ---- DPD ---------------------------------------------------------------------------------------

void IsakmpSa::check_liveness(Instant now) {
  if (dpd_unanswered_ >= dpd_tries) {
    emit(trace::TimerFired{"dpd", "no answer to " + std::to_string(dpd_tries) + " R-U-THERE"});
    while (!children.empty()) {
      const EspSpi spi{children.begin()->first};
      delete_child(now, spi, "the peer is gone");
    }
    return die(now, "the peer is gone: no answer to R-U-THERE");
  }
  if (dpd_sequence_ == 0)
    dpd_sequence_ =
        static_cast<std::uint32_t>(services.streams.message_id->u64() & 0x7fff'ffff) | 1;
  ++dpd_unanswered_;
  //= rfc3706#5.3 "MUST be set to the sequence number corresponding to this message"
  notify(now, notify_type::r_u_there, keys::v1::cookies(cky_i, cky_r),
         number_octets(++dpd_sequence_));
  const Duration wait =
      connection->dpd_delay > Duration::zero() ? connection->dpd_delay : Duration(10s);
  dpd_at_ = now + (dpd_unanswered_ > 0 ? std::min(wait, Duration(5s)) : wait);
}

// ---- receiving ---------------------------------------------------------------------------------

void IsakmpSa::take_informational(Instant now, const Datagram& datagram,
                                  const wire::Decoded& decoded) {
  Exchange exchange;
  exchange.type = wire::ExchangeType::v1_informational;
  exchange.id = decoded.message.header.message_id;
  exchange.begun = now;
  if (proven())
    if (auto iv = fresh_iv(exchange.id)) exchange.iv = std::move(*iv);
  const bool readable = !decoded.message.header.encrypted || proven();
  if (!readable) return;
  exchange.initiator = false;
  const auto in = open(now, exchange, datagram, decoded);
  if (!in) return;
  if (!vouched_for(*this, *in)) {
    std::string said;
    for (const wire::Payload& payload : in->payloads)
      if (const auto* n = std::get_if<wire::v1::NotifyPayload>(&payload.body))
        said += " " + wire::v1::notify_name(n->type);
    return services.diagnose(
        name,
        Error{"E-IKE1-040", "an informational message that nobody vouches for is ignored:" + said}
            .see("RFC 2409, 5.7"),
        datagram.id, "warning");
  }
  dpd_unanswered_ = 0;
  if (dpd_at_) dpd_at_ = now + std::max(connection->dpd_delay, Duration(1s));
  for (const wire::Payload& payload : in->payloads) {
    if (const auto* n = std::get_if<wire::v1::NotifyPayload>(&payload.body)) {
      //= rfc3706#5.3 "Again, the Notification Data MUST be sent to the sequence number
      //= corresponding to the received R-U-THERE message."
      if (n->type == notify_type::r_u_there)
        notify(now, notify_type::r_u_there_ack, n->spi, n->data);
      if (n->type < 16384 && n->protocol == wire::v1::protocol_isakmp)
        services.diagnose(
            name,
            Error{"E-IKE1-041", "the peer says " + wire::v1::notify_name(n->type)}.see(
                "RFC 2408, 3.14.1"),
            datagram.id);
    }
    const auto* gone = std::get_if<wire::v1::DeletePayload>(&payload.body);
    if (gone == nullptr) continue;
    if (gone->protocol == wire::v1::protocol_isakmp) {
      if (IsakmpSa* successor = services.successor(*this)) hand_children_to(*successor);
      return die(now, "the peer deleted it");
    }
    std::vector<EspSpi> ours;
    for (const Bytes& spi : gone->spis)
      for (const auto& [spi_in, child] : children)
        if (equal(number_octets(child.spi_out.value), spi)) ours.push_back(child.spi_in);
    for (const EspSpi spi : ours) {
      // A deletion of one side ends the pair; ours is told as well (RFC 2408, 5.15).
      delete_child(now, spi, "the peer deleted it");
    }
  }
}

}  // namespace ikelab::ikev1
