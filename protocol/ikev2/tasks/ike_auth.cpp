// IKE_AUTH of the initiator: each side proves who it is, in one round or several, and the first
// Child SA is made (RFC 7296, 1.2, 2.15, 2.21.2; RFC 4739).
//
//   HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, SAi2, TSi, TSr}  -->
//                                  <--  HDR, SK {IDr, [CERT,] AUTH, SAr2, TSi, TSr}
//
// With a second round, ANOTHER_AUTH_FOLLOWS stands beside AUTH, SAr2 waits, and then:
//
//   HDR, SK {IDi, [CERT,] AUTH}  -->
//                                  <--  HDR, SK {SAr2, TSi, TSr}
#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/authentication.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;
using Payloads = std::vector<wire::Payload>;

void append(Payloads& to, Payloads payloads) {
  for (wire::Payload& payload : payloads) to.push_back(std::move(payload));
}

const policy::ChildConfig* child_config(const policy::ConnectionConfig& connection,
                                        const std::string& name) {
  for (const policy::ChildConfig& child : connection.children)
    if (name.empty() || child.name == name) return &child;
  return nullptr;
}

class IkeAuth : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "ike_auth"; }
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return wire::ExchangeType::ike_auth;
  }

  Result<Payloads> request(IkeSa& sa, Instant now) override {
    const bool first = own_.all.empty();
    if (first) {
      own_.all = sa.connection->local_rounds();
      peer_.all = sa.connection->remote_rounds();
    }
    auto out = first ? open(sa) : go_on(sa);
    if (!out) {
      detail = out.error().message;
      sa.die(now, Trigger::auth_failed, detail);
    }
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    const bool spoke = !own_.complete();
    if (const auto* error = find_notify(in.payloads, NotifyType::authentication_failed))
      return fail(sa, in, "the peer answered " + wire::name(error->type));
    const bool has_auth = wire::first<wire::AuthPayload>(in.payloads) != nullptr;
    if (!has_auth && !peer_.complete()) {
      const auto* error = find_error(in.payloads);
      return fail(
          sa, in,
          error ? "the peer answered " + wire::name(error->type) : "the response lacks AUTH");
    }
    if (has_auth)
      if (auto believed = take_round(sa, peer_, in); !believed)
        return disbelieve(sa, in, believed.error());
    if (spoke) ++own_.done;
    if (!own_.complete() || !peer_.complete()) return Outcome::more;
    return establish(sa, in);
  }

 private:
  /// The first request: what we want, and our first round.
  Result<Payloads> open(IkeSa& sa) {
    if (own_.all.size() > 1 && !sa.notes.of<MultipleAuth>().peer_supports)
      return Error{"E-AUTH-016", "the peer does not know of several rounds of authentication"}.see(
          "RFC 4739, 2.1");
    IKELAB_TRY(Payloads out, prove(sa));
    wire::Payload auth = std::move(out.back());
    out.pop_back();  // what the request asks for stands before AUTH
    if (auto request = certificate_request(sa)) out.push_back(std::move(*request));
    if (!sa.connection->remote.id.any_value)
      out.push_back(wire::make_payload(sa.connection->remote.id.payload(true)));
    out.push_back(std::move(auth));
    append(out, another_auth(own_));
    config_ = child_config(*sa.connection, sa.first_child);
    if (config_ != nullptr) {
      spi_in_ = sa.new_esp_spi();
      offer_ = offer_child(sa, *config_, spi_in_, false, sa.first_packet);
      append(out, offer_.payloads);
    }
    return out;
  }

  /// A request of a further round; nothing is in it when only the peer has rounds left.
  Result<Payloads> go_on(IkeSa& sa) {
    if (own_.complete()) return Payloads{};
    IKELAB_TRY(Payloads out, prove(sa));
    append(out, another_auth(own_));
    return out;
  }

  /// IDi, CERT, AUTH of the round under way.
  Result<Payloads> prove(IkeSa& sa) {
    own_.id = local_identity(sa, own_.current()).payload(false);
    Payloads out = {wire::make_payload(own_.id)};
    IKELAB_TRY(Payloads auth, make_auth(sa, own_.current(), own_.id));
    append(out, std::move(auth));
    return out;
  }

  Outcome establish(IkeSa& sa, const Inbound& in) {
    sa.become_established(in.now, Trigger::auth_accepted, "new");
    if (config_ == nullptr) return Outcome::done;
    //= rfc7296#1.2 "If creating the Child SA during the IKE_AUTH exchange fails for some reason,
    //= the IKE SA is still created as usual."
    auto plan = accept_child(sa, in.payloads, *config_, spi_in_, offer_);
    if (!plan) {
      detail = "the IKE SA is up, the Child SA is not: " + plan.error().message;
      sa.diagnose(plan.error(), in.datagram);
      if (wire::first<wire::SaPayload>(in.payloads) != nullptr)
        sa.enqueue(in.now, make_child_refusal(spi_in_));  // the peer has it
      return Outcome::done;
    }
    const keys::Nonces nonces{sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
    auto child = install_child(sa, in.now, *plan, {nonces, nullptr, true}, "new");
    if (!child) detail = child.error().message;
    return Outcome::done;
  }

  Outcome disbelieve(IkeSa& sa, const Inbound& in, const Error& why) {
    detail = why.message;
    sa.diagnose(why, in.datagram);
    //= rfc7296#2.21.2 "If the error occurs on the initiator, the notification MAY be returned in
    //= a separate INFORMATIONAL exchange, usually with no other payloads."
    sa.enqueue(in.now, make_auth_failed_notice());
    return Outcome::failed;
  }

  Outcome fail(IkeSa& sa, const Inbound& in, std::string why) {
    detail = std::move(why);
    sa.die(in.now, Trigger::auth_failed, detail);
    return Outcome::failed;
  }

  Rounds own_, peer_;
  const policy::ChildConfig* config_ = nullptr;
  EspSpi spi_in_;
  ChildOffer offer_;
};

class AuthFailedNotice : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "auth_failed_notice"; }
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return wire::ExchangeType::informational;
  }
  Result<std::vector<wire::Payload>> request(IkeSa&, Instant) override {
    return std::vector{notify(NotifyType::authentication_failed)};
  }
  Outcome response(IkeSa& sa, const Inbound& in) override {
    sa.die(in.now, Trigger::auth_failed, "the peer was not believed");
    return Outcome::done;
  }
};

}  // namespace

std::unique_ptr<Task> make_ike_auth() {
  return std::make_unique<IkeAuth>();
}
std::unique_ptr<Task> make_auth_failed_notice() {
  return std::make_unique<AuthFailedNotice>();
}

}  // namespace ikelab::ikev2
