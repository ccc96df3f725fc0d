// IKE_AUTH: each side proves who it is, and the first Child SA is made (RFC
// 7296, 1.2, 2.15, 2.21.2).
//
//   HDR, SK {IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, SAi2, TSi, TSr}  -->
//                                  <--  HDR, SK {IDr, [CERT,] AUTH, SAr2, TSi, TSr}
#include "protocol/ikev2/authentication.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/pki/pki.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;

template <class T>
void append(std::vector<wire::Payload>& to, T&& payloads) {
  for (wire::Payload& payload : payloads) to.push_back(std::move(payload));
}

const policy::ChildConfig* child_config(const policy::ConnectionConfig& connection,
                                        const std::string& name) {
  for (const policy::ChildConfig& child : connection.children)
    if (name.empty() || child.name == name) return &child;
  return nullptr;
}

keys::Nonces init_nonces(const IkeSa& sa) {
  return {sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
}

class IkeAuth : public Task {
 public:
  [[nodiscard]] std::string_view name() const override { return "ike_auth"; }
  [[nodiscard]] wire::ExchangeType exchange() const override {
    return wire::ExchangeType::ike_auth;
  }

  Result<std::vector<wire::Payload>> request(IkeSa& sa, Instant now) override {
    const policy::ConnectionConfig& connection = *sa.connection;
    const wire::IdPayload id_i = local_identity(sa).payload(false);
    std::vector<wire::Payload> out = {wire::make_payload(id_i)};
    auto auth = make_auth(sa, id_i);
    if (!auth) {
      detail = auth.error().message;
      sa.die(now, Trigger::auth_failed, detail);
      return auth.error();
    }
    wire::Payload auth_payload = std::move(auth->back());
    auth->pop_back();
    append(out, *auth);  // CERT payloads stand before AUTH
    if (connection.remote.kind == policy::AuthKind::pubkey) {
      Bytes hashes;
      for (const Bytes& authority : connection.remote.authorities)
        if (auto hash = sa.services.certificates.authority_hash(authority))
          hashes = concat({hashes, *hash});
      out.push_back(wire::make_payload(wire::CertreqPayload{4, std::move(hashes)}));
    }
    if (!connection.remote.id.any_value)
      out.push_back(wire::make_payload(connection.remote.id.payload(true)));
    out.push_back(std::move(auth_payload));
    config_ = child_config(connection, sa.first_child);
    if (config_ != nullptr) {
      spi_in_ = sa.new_esp_spi();
      offer_ = offer_child(*config_, spi_in_, false);
      append(out, std::vector(offer_.payloads));
    }
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    if (const auto* error = find_notify(in.payloads, NotifyType::authentication_failed))
      return fail(sa, in, "the peer answered " + wire::name(error->type));
    if (wire::first<wire::AuthPayload>(in.payloads) == nullptr) {
      const auto* error = find_error(in.payloads);
      return fail(
          sa, in,
          error ? "the peer answered " + wire::name(error->type) : "the response lacks AUTH");
    }
    if (auto believed = check_auth(sa, sa.connection->remote, in.payloads, in.now); !believed) {
      detail = believed.error().message;
      sa.diagnose(believed.error(), in.datagram);
      //= rfc7296#2.21.2 "If the error occurs on the initiator, the notification MAY be returned in
      //= a separate INFORMATIONAL exchange, usually with no other payloads."
      sa.enqueue(in.now, make_auth_failed_notice());
      return Outcome::failed;
    }
    sa.become_established(in.now, Trigger::auth_accepted, "new");
    if (config_ == nullptr) return Outcome::done;
    //= rfc7296#1.2 "If creating the Child SA during the IKE_AUTH exchange fails for some reason,
    //= the IKE SA is still created as usual."
    auto plan = accept_child(sa, in.payloads, *config_, spi_in_, offer_.proposals);
    if (!plan) {
      detail = "the IKE SA is up, the Child SA is not: " + plan.error().message;
      sa.diagnose(plan.error(), in.datagram);
      if (wire::first<wire::SaPayload>(in.payloads) != nullptr)
        sa.enqueue(in.now, make_child_refusal(spi_in_));  // the peer has it
      return Outcome::done;
    }
    auto child = install_child(sa, in.now, *plan, {init_nonces(sa), nullptr, true}, "new");
    if (!child) detail = child.error().message;
    return Outcome::done;
  }

 private:
  Outcome fail(IkeSa& sa, const Inbound& in, std::string why) {
    detail = std::move(why);
    sa.die(in.now, Trigger::auth_failed, detail);
    return Outcome::failed;
  }

  const policy::ChildConfig* config_ = nullptr;
  EspSpi spi_in_;
  ChildOffer offer_;
};

/// IDr, CERT, AUTH of a responder that believes its peer, and the Child SA or the reason why there
/// is none.
Result<std::vector<wire::Payload>> accept(IkeSa& sa, const Inbound& in, std::string& detail) {
  const wire::IdPayload id_r = local_identity(sa).payload(true);
  std::vector<wire::Payload> out = {wire::make_payload(id_r)};
  IKELAB_TRY(auto auth, make_auth(sa, id_r));
  append(out, auth);
  sa.become_established(in.now, Trigger::auth_accepted, "new");
  if (wire::first<wire::SaPayload>(in.payloads) == nullptr) return out;
  ResponderChoice choice = choose_child(sa, in.payloads, nullptr, false, detail);
  if (!choice.plan) {
    out.push_back(std::move(*choice.refusal));
    return out;
  }
  if (auto child =
          install_child(sa, in.now, *choice.plan, {init_nonces(sa), nullptr, false}, "new");
      !child) {
    detail = child.error().message;
    out.push_back(notify(NotifyType::no_proposal_chosen));
    return out;
  }
  append(out, answer_child(*choice.plan));
  return out;
}

/// The connection among those for this pair of addresses whose identities the peer names; the first
/// one otherwise.
void choose_connection(IkeSa& sa, const std::vector<wire::Payload>& payloads) {
  const wire::IdPayload* id_i = nullptr;
  const wire::IdPayload* id_r = nullptr;
  for (const wire::Payload& payload : payloads)
    if (const auto* id = std::get_if<wire::IdPayload>(&payload.body))
      (id->responder ? id_r : id_i) = id;
  if (id_i == nullptr) return;
  for (const policy::ConnectionConfig& candidate : sa.services.config.connections) {
    if (candidate.local_addr != sa.connection->local_addr ||
        candidate.remote_addr != sa.connection->remote_addr)
      continue;
    const bool peer_fits = candidate.remote.id.matches({id_i->type, id_i->data, false});
    const bool own_fits =
        id_r == nullptr || candidate.local.id.matches({id_r->type, id_r->data, false});
    if (peer_fits && own_fits) {
      sa.connection = &candidate;
      return;
    }
  }
}

std::vector<wire::Payload> respond(IkeSa& sa, const Inbound& in, std::string& detail,
                                   bool& failed) {
  choose_connection(sa, in.payloads);
  auto believed = check_auth(sa, sa.connection->remote, in.payloads, in.now);
  if (believed) {
    auto payloads = accept(sa, in, detail);
    if (payloads) return std::move(*payloads);
    believed = payloads.error();
  }
  failed = true;
  detail = believed.error().message;
  sa.diagnose(believed.error(), in.datagram);
  sa.die(in.now, sa.state() == State::half_open ? Trigger::auth_failed : Trigger::delete_received,
         detail);
  //= rfc7296#2.21.2 "All errors that occur in an IKE_AUTH exchange, causing the authentication to
  //= fail for whatever reason (invalid shared secret, invalid ID, untrusted certificate issuer,
  //= revoked or expired certificate, etc.) SHOULD result in an AUTHENTICATION_FAILED notification."
  return {notify(NotifyType::authentication_failed)};
}

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

ResponderRow respond_ike_auth() {
  return {"ike_auth", wire::ExchangeType::ike_auth, [](const Inbound&) { return true; }, respond};
}

}  // namespace ikelab::ikev2
