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
//
// A round by EAP has no AUTH beside IDi. It goes on once the responder has proved itself (or must
// do so in EAP, RFC 5998), and ends with an AUTH of both:
//
//                                  <--  HDR, SK {IDr, [CERT,] AUTH, EAP}
//   HDR, SK {EAP}  -->
//                                  <--  HDR, SK {EAP (Success)}
//   HDR, SK {AUTH}  -->
//                                  <--  HDR, SK {AUTH, SAr2, TSi, TSr}
#include "protocol/ikev2/auth_rounds.hpp"
#include "protocol/ikev2/child_setup.hpp"
#include "protocol/ikev2/eap_round.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::NotifyType;
using Payloads = std::vector<wire::Payload>;

constexpr const char* eap_failure = "E-EAP-003";

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
      for (const Extension& extension : extensions())
        if (extension.proves != nullptr) extension.proves(sa);
    }
    auto out = first ? open(sa) : go_on(sa);
    if (!out) {
      detail = out.error().message;
      sa.die(now, Trigger::auth_failed, detail);
    }
    return out;
  }

  Outcome response(IkeSa& sa, const Inbound& in) override {
    if (const auto* error = find_notify(in.payloads, NotifyType::authentication_failed)) {
      if (eap_ && said_ == Said::eap) (void)hear_eap(sa, in);  // Failure, and perhaps why
      return fail(sa, in, "the peer answered " + wire::name(error->type));
    }
    if (lacks_auth(in)) {
      const auto* error = find_error(in.payloads);
      return fail(
          sa, in,
          error ? "the peer answered " + wire::name(error->type) : "the response lacks AUTH");
    }
    auto believed = hear_peer(sa, in);
    if (believed) believed = hear_about_us(sa, in);
    if (!believed && believed.error().code == eap_failure)  // the responder has ended already
      return fail(sa, in, believed.error().message);
    if (!believed) return disbelieve(sa, in, believed.error());
    if (!own_.complete() || !peer_.complete()) return Outcome::more;
    return establish(sa, in);
  }

 private:
  /// What our last request said, and so what its response is about.
  enum class Said { nothing, round, eap, proof };

  [[nodiscard]] bool by_eap() const {
    return !own_.complete() && own_.current().kind == policy::AuthKind::eap;
  }
  /// The responder proves itself by the EAP of our round, and by nothing else (RFC 5998).
  [[nodiscard]] bool eap_only() const {
    return !peer_.complete() && peer_.current().kind == policy::AuthKind::eap;
  }
  [[nodiscard]] bool lacks_auth(const Inbound& in) const {
    if (wire::first<wire::AuthPayload>(in.payloads) != nullptr) return false;
    return said_ == Said::proof || (!peer_.complete() && !eap_only() && said_ != Said::eap);
  }

  // ---- what we say ----

  /// The first request: what we want, and our first round.
  Result<Payloads> open(IkeSa& sa) {
    IKELAB_CHECK(check_plan(sa));
    IKELAB_TRY(Payloads out, prove(sa));
    std::optional<wire::Payload> auth;
    if (!by_eap()) {  // what the request asks for stands before AUTH
      auth = std::move(out.back());
      out.pop_back();
    }
    if (auto request = certificate_request(sa)) out.push_back(std::move(*request));
    if (!sa.connection->remote.id.any_value)
      out.push_back(wire::make_payload(sa.connection->remote.id.payload(true)));
    if (auth) {
      out.push_back(std::move(*auth));
      append(out, another_auth(own_));
    }
    config_ = child_config(*sa.connection, sa.first_child);
    if (config_ != nullptr && is_childless(sa)) {  // it is made when the IKE SA is up
      sa.also_children.insert(sa.also_children.begin(), config_->name);
      config_ = nullptr;
    }
    if (config_ != nullptr) {
      spi_in_ = sa.new_esp_spi();
      offer_ = offer_child(sa, *config_, spi_in_, false, sa.first_packet);
      append(out, offer_.payloads);
    }
    //= rfc5998#3 "If the initiator does not wish to use public-key-based responder authentication,
    //= it includes an EAP_ONLY_AUTHENTICATION notification payload (16417) in message 3."
    if (eap_only()) out.push_back(notify(NotifyType::eap_only_authentication));
    return out;
  }

  [[nodiscard]] Result<void> check_plan(IkeSa& sa) const {
    if (own_.all.size() > 1 && !sa.notes.of<MultipleAuth>().peer_supports)
      return Error{"E-AUTH-016", "the peer does not know of several rounds of authentication"}.see(
          "RFC 4739, 2.1");
    const policy::AuthKind theirs = peer_.current().kind;
    //= rfc7296#2.16 "MUST be used in conjunction with a public-key-signature-based authentication
    //= of the responder to the initiator."
    const bool proper = theirs == policy::AuthKind::pubkey || theirs == policy::AuthKind::eap;
    if (by_eap() ? proper : theirs != policy::AuthKind::eap) return {};
    return Error{"E-AUTH-018",
                 by_eap() ? "EAP needs a responder that proves itself by certificate, or by EAP"
                          : "only with EAP of our own can the responder prove itself by EAP"}
        .see("RFC 7296, 2.16");
  }

  /// A request after the first; nothing is in it when only the peer has rounds left.
  Result<Payloads> go_on(IkeSa& sa) {
    if (own_.complete()) {
      said_ = Said::nothing;
      return Payloads{};
    }
    if (reply_) {
      said_ = Said::eap;
      return Payloads{wire::make_payload(wire::EapPayload{*std::exchange(reply_, {})})};
    }
    if (key_) {
      said_ = Said::proof;
      IKELAB_TRY(wire::Payload auth, make_eap_auth(sa, *key_, own_.id));
      Payloads out = {std::move(auth)};
      append(out, another_auth(own_));
      return out;
    }
    IKELAB_TRY(Payloads out, prove(sa));
    if (!by_eap()) append(out, another_auth(own_));
    return out;
  }

  /// IDi of the round under way; CERT, AUTH too, unless EAP follows.
  Result<Payloads> prove(IkeSa& sa) {
    said_ = Said::round;
    own_.id = local_identity(sa, own_.current()).payload(false);
    Payloads out = {wire::make_payload(own_.id)};
    if (by_eap()) return out;
    IKELAB_TRY(Payloads auth, make_auth(sa, own_.current(), own_.id));
    append(out, std::move(auth));
    return out;
  }

  // ---- what we hear ----

  /// The responder's own proof: of a round, or the AUTH that ends our EAP.
  Result<void> hear_peer(IkeSa& sa, const Inbound& received) {
    std::optional<Inbound> instead;
    IKELAB_TRY(const Inbound* judged, judged_by_extensions(sa, received, instead));
    const Inbound& in = *judged;
    const auto* auth = wire::first<wire::AuthPayload>(in.payloads);
    if (said_ == Said::proof) {
      IKELAB_CHECK(check_eap_auth(sa, *key_, peer_.id, *auth));
      if (!eap_only()) return {};
      IKELAB_CHECK(check_announcement(peer_, in.payloads));
      ++peer_.done;
      return {};
    }
    if (eap_only() && said_ == Said::round && auth == nullptr) return hear_name(sa, in);
    return auth == nullptr ? Result<void>{} : sa.services.decisions.take_round(sa, peer_, in);
  }

  /// EAP-only: the responder says its name now and proves it at the end.
  Result<void> hear_name(IkeSa& sa, const Inbound& in) {
    if (!take_identity(sa, peer_, in.payloads))
      return Error{"E-AUTH-014", "ID or AUTH is missing"}.see("RFC 5998, 3");
    if (peer_.current().id.matches({peer_.id.type, peer_.id.data, false})) return {};
    return Error{"E-AUTH-010", "the peer is not '" + peer_.current().id.to_string() + "'"}.see(
        "RFC 5998, 3");
  }

  /// How our own round goes on.
  Result<void> hear_about_us(IkeSa& sa, const Inbound& in) {
    if (said_ == Said::nothing) return {};
    if (by_eap() && said_ != Said::proof) return hear_eap(sa, in);
    ++own_.done;
    eap_.reset();
    key_.reset();
    return {};
  }

  // Nothing is told to an EAP server before hear_peer() has believed the responder (CVE-2015-4171),
  // unless the method itself must prove it.
  Result<void> hear_eap(IkeSa& sa, const Inbound& in) {
    const auto* payload = wire::first<wire::EapPayload>(in.payloads);
    if (payload == nullptr) return Error{"E-AUTH-014", "EAP is missing"}.see("RFC 7296, 2.16");
    if (!eap_) eap_ = make_eap_peer(sa, own_.current(), peer_.id, in.now);
    auto reply = eap_->take(payload->data);
    if (!reply) {
      tell_eap(sa, true, *eap_, reply.error().message);
      return reply.error();
    }
    reply_ = std::move(*reply);
    if (eap_only() && eap_->method() != nullptr && !proves_both(*eap_)) {
      const Error error =
          Error{"E-AUTH-019", "this EAP method does not prove the responder"}.see("RFC 5998, 3");
      tell_eap(sa, true, *eap_, error.message);
      return error;
    }
    if (reply_) return {};
    tell_eap(sa, true, *eap_, {});
    key_ = key_of(*eap_);
    return {};
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
      if (find_notify(in.payloads, NotifyType::single_pair_required) && sa.first_packet)
        sa.enqueue(in.now, make_child_create(config_->name, sa.first_packet));
      return Outcome::done;
    }
    const keys::Nonces nonces{sa.transcript.ni, sa.transcript.nr, "IKE_SA_INIT"};
    auto child = install_child(sa, in.now, *plan, {nonces, nullptr, true}, "new");
    if (!child) detail = child.error().message;
    if (child && plan->more_possible) detail = more_possible;
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
  Said said_ = Said::nothing;
  std::unique_ptr<eap::Peer> eap_;
  std::optional<Bytes> reply_;  ///< of EAP, to be sent
  std::optional<EapKey> key_;   ///< EAP is over, AUTH is due
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
