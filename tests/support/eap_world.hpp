// gw-a comes by EAP to gw-b, which shows a certificate: the road warrior of RFC 7296, 2.16.
#pragma once
#include "tests/support/test_authority.hpp"

namespace ikelab::test {

struct EapWorld : TestAuthority {
  Holder root = ca("CN=Root,O=ikelab");
  Holder gateway = issue_for("gw-b.example"), user = issue_for("anna.example");
  policy::EndpointConfig a = site_a(), b = site_b();

  explicit EapWorld(wire::EapType method = wire::EapType::mschapv2) {
    auto& from = client();
    from.local = {};
    from.local.kind = policy::AuthKind::eap;
    from.local.eap_method = method;
    from.local.id = policy::Identity::parse("anna.example").value();
    from.local.psk = to_bytes(as_bytes("clientPass"));
    dress(from.local, user);
    from.remote.kind = policy::AuthKind::pubkey;
    from.remote.psk.clear();
    from.remote.authorities = {root.certificate};
    auto& to = server();
    to.local.kind = policy::AuthKind::pubkey;
    to.local.psk.clear();
    dress(to.local, gateway);
    to.remote = {};
    to.remote.kind = policy::AuthKind::eap;
    to.remote.eap_method = method;
    to.remote.id = policy::Identity::any();
    to.remote.authorities = {root.certificate};
    b.eap_users = {{"anna.example", to_bytes(as_bytes("clientPass"))}};
  }

  policy::ConnectionConfig& client() { return a.connections[0]; }
  policy::ConnectionConfig& server() { return b.connections[0]; }

  Holder issue_for(const std::string& name, const Holder* issuer = nullptr) {
    return issue("CN=" + name + ",O=ikelab", issuer ? issuer : &root,
                 [&](pki::CertificateSpec& spec) {
                   spec.alt_names = {{pki::SubjectAltName::Type::dns, name}};
                 });
  }
  static void dress(policy::AuthConfig& auth, const Holder& holder) {
    auth.certificates = {holder.certificate};
    auth.private_key = to_bytes(holder.key->private_key_der().reveal());
  }
  /// Without a certificate of the gateway: both prove themselves in EAP (RFC 5998).
  void eap_only() {
    client().remote.kind = policy::AuthKind::eap;
    server().local.kind = policy::AuthKind::eap;
  }
};

/// The payloads of the IKE_AUTH messages that a side sent.
inline std::vector<std::string> auth_payloads(const Side& side) {
  std::vector<std::string> out;
  for (const auto* message : side.all<trace::Message>())
    if (message->direction == "sent" && message->exchange == "IKE_AUTH")
      out.push_back(message->payloads);
  return out;
}

inline void require_nothing_left(const Pair& pair) {
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.a.inbound.empty());
  CHECK(pair.b.inbound.empty());
  CHECK(pair.a.outbound.empty());
  CHECK(pair.b.outbound.empty());
}

}  // namespace ikelab::test
