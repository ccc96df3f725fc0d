// INFORMATIONAL: deleting SAs, and asking whether the peer is alive (RFC 7296, 1.4, 1.4.1, 2.4).
#include "protocol/ikev2/tasks/child_exchange.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;
using wire::ProtocolId;

class Informational : public Task {
 public:
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return wire::ExchangeType::informational;
  }
  [[nodiscard]] Scope scope() const override { return {false, {}}; }
};

//= rfc7296#1.4.1 "Normally, the response in the INFORMATIONAL exchange will contain Delete payloads
//= for the paired SAs going in the other direction."
class ChildDelete : public Informational {
 public:
  ChildDelete(EspSpi spi_in, bool ours) : spi_in_(spi_in), ours_(ours) {}
  [[nodiscard]] std::string_view name() const override { return "child_delete"; }
  [[nodiscard]] Scope scope() const override { return {false, spi_in_}; }

  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    const auto at = sa.children.find(spi_in_.value);
    if (at == sa.children.end() && ours_)
      return Error{"E-CMD-001", "the Child SA is already gone"}.see("RFC 7296, 2.25.1");
    if (at != sa.children.end() && at->second.state != ChildState::deleting)
      sa.set_child_state(at->second, ChildState::deleting, "DELETE sent", "RFC 7296, 1.4.1");
    return std::vector{
        wire::make_payload(wire::DeletePayload{ProtocolId::esp, {octets_of(spi_in_)}, 4})};
  }
  Outcome response(IkeSa& sa, const Inbound&) override {
    sa.remove_child(spi_in_, "deleted by us");
    return Outcome::done;
  }

 private:
  EspSpi spi_in_;
  bool ours_;
};

class IkeDelete : public Informational {
 public:
  [[nodiscard]] std::string_view name() const override { return "ike_delete"; }
  [[nodiscard]] Scope scope() const override { return {}; }
  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant) override {
    if (sa.state() != State::established && sa.state() != State::rekeyed)
      return Error{"E-CMD-002", "there is no IKE SA to delete"};
    sa.set_state(Trigger::delete_sent);
    return std::vector{wire::make_payload(wire::DeletePayload{ProtocolId::ike, {}, 0})};
  }
  Outcome response(IkeSa& sa, const Inbound& in) override {
    if (sa.state() != State::dead) sa.die(in.now, Trigger::delete_done, "deleted by us");
    return Outcome::done;
  }
};

class Liveness : public Informational {
 public:
  [[nodiscard]] std::string_view name() const override { return "dpd"; }
  Result<std::vector<wire::Payload>> request(IkeSa&, Instant) override {
    return std::vector<wire::Payload>{};
  }
  Outcome response(IkeSa&, const Inbound&) override {
    detail = "the peer is alive";
    return Outcome::done;
  }
};

class InvalidMessageId : public Informational {
 public:
  explicit InvalidMessageId(MessageId id) : id_(id) {}
  [[nodiscard]] std::string_view name() const override { return "invalid_message_id"; }
  Result<std::vector<wire::Payload>> request(IkeSa&, Instant) override {
    Bytes octets;
    for (int shift = 24; shift >= 0; shift -= 8)
      octets.push_back(static_cast<std::uint8_t>(id_.value >> shift));
    return std::vector{notify(NotifyType::invalid_message_id, std::move(octets))};
  }
  Outcome response(IkeSa&, const Inbound&) override { return Outcome::done; }

 private:
  MessageId id_;
};

class EspNotice : public Informational {
 public:
  explicit EspNotice(wire::Payload notification) : notification_(std::move(notification)) {}
  [[nodiscard]] std::string_view name() const override { return "esp_notice"; }
  Result<std::vector<wire::Payload>> request(IkeSa&, Instant) override {
    return std::vector{notification_};
  }
  Outcome response(IkeSa&, const Inbound&) override { return Outcome::done; }

 private:
  wire::Payload notification_;
};

std::vector<wire::Payload> respond_to_delete(IkeSa& sa, const Inbound& in, std::string& detail,
                                             bool&) {
  std::vector<Bytes> paired;
  for (const wire::Payload& payload : in.payloads) {
    const auto* body = std::get_if<wire::DeletePayload>(&payload.body);
    if (body == nullptr) continue;
    if (body->protocol == ProtocolId::ike) {
      detail = "the IKE SA and what lives under it";
      sa.die(in.now, Trigger::delete_received, "deleted by the peer");
      return {};
    }
    for (const Bytes& spi : body->spis) {
      std::uint32_t value = 0;
      for (const std::uint8_t octet : spi) value = value << 8 | octet;
      ChildSa* child = sa.child_by_out(EspSpi{value});
      if (child == nullptr) {
        for (Task* task : sa.under_way())
          if (auto* making = dynamic_cast<ChildExchange*>(task))
            making->peer_deleted(EspSpi{value});
        continue;
      }
      //= rfc7296#1.4.1 "If a node receives a delete request for SAs for which it has already issued
      //= a delete request, it MUST delete the outgoing SAs while processing the request and the
      //= incoming SAs while processing the response. In that case, the responses MUST NOT include
      //= Delete payloads for the deleted SAs"
      if (child->state == ChildState::deleting) {
        sa.half_close(*child, "deleted by the peer");
        continue;
      }
      paired.push_back(octets_of(child->spi_in));
      sa.remove_child(child->spi_in, "deleted by the peer");
    }
  }
  detail = std::to_string(paired.size()) + " Child SA(s)";
  if (paired.empty()) return {};
  return {wire::make_payload(wire::DeletePayload{ProtocolId::esp, std::move(paired), 4})};
}

/// What the peer makes of our ESP packets. A Child SA that it does not know is made anew: its
/// answer to the rekey says so, CHILD_SA_NOT_FOUND (RFC 7296, 2.25).
void hear_of_esp(IkeSa& sa, const Inbound& in) {
  const auto remark = [&](const char* code, const std::string& words, const char* rfc) {
    sa.emit(trace::Diagnostic{"warning", code, words, rfc, in.datagram, 0, 0});
  };
  const auto* unknown = find_notify(in.payloads, NotifyType::invalid_spi);
  if (unknown != nullptr && unknown->data.size() == 4) {
    EspSpi spi;
    for (const std::uint8_t octet : unknown->data) spi.value = spi.value << 8 | octet;
    remark("E-IKE-087", "the peer has no ESP SA with the SPI " + to_string(spi), "RFC 7296, 1.5");
    if (const ChildSa* child = sa.child_by_out(spi);
        child != nullptr && child->state == ChildState::installed)
      sa.enqueue(in.now, make_child_rekey(child->spi_in));
  }
  if (find_notify(in.payloads, NotifyType::invalid_selectors) != nullptr)
    remark("E-IKE-088", "the peer got a packet on an ESP SA whose selectors it does not fit",
           "RFC 7296, 3.10.1");
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail, bool&) {
  if (find_notify(in.payloads, NotifyType::authentication_failed) != nullptr) {
    detail = "the peer does not believe us";
    sa.die(in.now, sa.state() == State::half_open ? Trigger::auth_failed : Trigger::delete_received,
           detail);
  } else {
    detail = "we are alive";
    hear_of_esp(sa, in);
  }
  return {};
}

bool has_delete(const Inbound& in) {
  return wire::first<wire::DeletePayload>(in.payloads) != nullptr;
}

}  // namespace

std::unique_ptr<Task> make_child_delete(EspSpi spi_in) {
  return std::make_unique<ChildDelete>(spi_in, true);
}
std::unique_ptr<Task> make_child_refusal(EspSpi spi_in) {
  return std::make_unique<ChildDelete>(spi_in, false);
}
std::unique_ptr<Task> make_ike_delete() {
  return std::make_unique<IkeDelete>();
}
std::unique_ptr<Task> make_invalid_message_id(MessageId id) {
  return std::make_unique<InvalidMessageId>(id);
}
std::unique_ptr<Task> make_esp_notice(wire::Payload notification) {
  return std::make_unique<EspNotice>(std::move(notification));
}
std::unique_ptr<Task> make_liveness() {
  return std::make_unique<Liveness>();
}

ResponderRow respond_delete() {
  return {"delete", wire::ExchangeType::informational, has_delete, respond_to_delete};
}
ResponderRow respond_informational() {
  return {"informational", wire::ExchangeType::informational, [](const Inbound&) { return true; },
          respond};
}

}  // namespace ikelab::ikev2
