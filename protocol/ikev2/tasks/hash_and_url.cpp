// Certificates by URL (RFC 7296, 3.6): instead of a certificate of a thousand octets and more, its
// SHA-1 hash and where to find it.
//
//   HTTP_CERT_LOOKUP_SUPPORTED stands wherever CERTREQ may, and says that its sender looks up
//   CERT (encoding 12)  SHA-1 of the certificate | URL
//   CERT (encoding 13)  SHA-1 of the bundle | URL, the bundle as in pki/bundle.hpp
//
// The engine has no network: it looks into AuthConfig::certificate_store, which whoever runs it has
// filled. The URL is an unknown peer's until AUTH is believed. So it names an entry of the store
// and nothing else, and the hash must fit: what the store holds under another name is not found.
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/ikev2/ike_sa.hpp"
#include "protocol/ikev2/tasks/rows.hpp"
#include "protocol/pki/bundle.hpp"
#include "protocol/wire/encode.hpp"

namespace ikelab::ikev2 {
namespace {

using wire::CertPayload;
using wire::ExchangeType;
using wire::NotifyType;
using Payloads = std::vector<wire::Payload>;

constexpr std::uint8_t x509_signature = 4, hash_and_url = 12, hash_and_url_of_bundle = 13;
constexpr std::size_t hash_octets = 20;
constexpr std::string_view http = "http://";

struct LookUps {
  bool peer_does = false;
};

Error problem(const char* code, std::string what) {
  return Error{code, std::move(what)}.see("RFC 7296, 3.6");
}

// ---- ours --------------------------------------------------------------------------------------

Result<wire::Payload> by_url(IkeSa& sa, std::uint8_t encoding, ByteView der,
                             const std::string& url) {
  IKELAB_TRY(const Bytes hash, sa.services.provider.hash(crypto::HashId::sha1, der));
  return wire::make_payload(CertPayload{encoding, concat({hash, as_bytes(url)})});
}

/// The bundle in the place of all our certificates, or a URL in the place of each that has one.
Result<void> replace_certificates(IkeSa& sa, Payloads& payloads) {
  const policy::AuthConfig& own = sa.connection->local;
  const auto ours = [&](const wire::Payload& payload) {
    const auto* cert = std::get_if<CertPayload>(&payload.body);
    if (cert == nullptr || cert->encoding != x509_signature) return own.certificates.end();
    return std::find(own.certificates.begin(), own.certificates.end(), cert->data);
  };
  if (!own.bundle_url.empty()) {
    const auto first = std::find_if(payloads.begin(), payloads.end(), [&](const auto& payload) {
      return ours(payload) != own.certificates.end();
    });
    if (first == payloads.end()) return {};
    IKELAB_TRY(*first, by_url(sa, hash_and_url_of_bundle, pki::make_bundle(own.certificates),
                              own.bundle_url));
    std::erase_if(payloads,
                  [&](const auto& payload) { return ours(payload) != own.certificates.end(); });
    return {};
  }
  for (wire::Payload& payload : payloads) {
    const auto at = ours(payload);
    if (at == own.certificates.end()) continue;
    const auto n = static_cast<std::size_t>(at - own.certificates.begin());
    if (n >= own.certificate_urls.size() || own.certificate_urls[n].empty()) continue;
    IKELAB_TRY(payload, by_url(sa, hash_and_url, *at, own.certificate_urls[n]));
  }
  return {};
}

/// Where CERTREQ stands: the responder's first message, and the initiator's second.
bool may_say(const IkeSa& sa, const Outbound& out, const Payloads& payloads) {
  if (sa.connection->remote.kind != policy::AuthKind::pubkey) return false;
  if (out.response)
    return out.exchange == ExchangeType::ike_sa_init &&
           wire::first<wire::SaPayload>(payloads) != nullptr;
  return out.exchange == ExchangeType::ike_auth &&
         wire::first<wire::IdPayload>(payloads) != nullptr;
}

void add(IkeSa& sa, const Outbound& out, Payloads& payloads) {
  if (!sa.connection->hash_and_url) return;
  if (may_say(sa, out, payloads))
    payloads.push_back(notify(NotifyType::http_cert_lookup_supported));
  const auto* look_ups = sa.notes.find<LookUps>();
  //= rfc7296#3.6 "Implementations MUST be capable of being configured to send and accept up to four
  //= X.509 certificates in support of authentication, and also MUST be capable of being configured
  //= to send and accept the two Hash and URL formats (with HTTP URLs)."
  if (out.exchange != ExchangeType::ike_auth || look_ups == nullptr || !look_ups->peer_does) return;
  if (auto done = replace_certificates(sa, payloads); !done) sa.diagnose(done.error());
}

void read(IkeSa& sa, const Inbound& in) {
  if (sa.connection->hash_and_url &&
      find_notify(in.payloads, NotifyType::http_cert_lookup_supported) != nullptr)
    sa.notes.of<LookUps>().peer_does = true;
}

// ---- the peer's --------------------------------------------------------------------------------

/// "http://" and at least a host, in printable ASCII.
bool is_http_url(std::string_view url) {
  return url.size() > http.size() && url.size() <= bounds::url_octets_max &&
         url.starts_with(http) && url[http.size()] != '/' &&
         std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

/// What stands under a URL now; nullptr: nothing.
const Bytes* find(const policy::AuthConfig& expected, std::string_view url, Instant now) {
  const policy::Published* newest = nullptr;
  for (const policy::Published& entry : expected.certificate_store)
    if (entry.source == url && entry.at <= now && (newest == nullptr || newest->at <= entry.at))
      newest = &entry;
  return newest == nullptr ? nullptr : &newest->der;
}

Result<Bytes> fetch(IkeSa& sa, const CertPayload& cert, Instant now) {
  if (cert.data.size() <= hash_octets)
    return problem("E-PKI-040", "a certificate by URL without a URL");
  const ByteView hash = ByteView(cert.data).first(hash_octets);
  const std::string url(cert.data.begin() + hash_octets, cert.data.end());
  if (!is_http_url(url)) return problem("E-PKI-040", "the peer names a URL that is none of http");
  const Bytes* found = find(sa.connection->remote, url, now);
  if (found == nullptr) return problem("E-PKI-041", "nothing is found under " + url);
  if (found->size() > bounds::fetched_octets_max)
    return problem("E-PKI-041", "too much is found under " + url);
  IKELAB_TRY(const Bytes real, sa.services.provider.hash(crypto::HashId::sha1, *found));
  if (!equal(real, hash))
    return problem("E-PKI-042", "what stands under " + url + " does not have the peer's hash");
  sa.emit(trace::TimerFired{"cert_lookup",
                            "found " + std::to_string(found->size()) + " octets under " + url});
  return *found;
}

/// Certificates in the place of URLs, before anybody looks at them.
Result<std::optional<Payloads>> judges(IkeSa& sa, const Inbound& in) {
  const auto is_by_url = [](const wire::Payload& payload) {
    const auto* cert = std::get_if<CertPayload>(&payload.body);
    return cert != nullptr &&
           (cert->encoding == hash_and_url || cert->encoding == hash_and_url_of_bundle);
  };
  if (!sa.connection->hash_and_url ||
      std::none_of(in.payloads.begin(), in.payloads.end(), is_by_url))
    return std::optional<Payloads>{};
  Payloads out;
  std::size_t fetched = 0;
  for (const wire::Payload& payload : in.payloads) {
    if (!is_by_url(payload)) {
      out.push_back(payload);
      continue;
    }
    if (++fetched > bounds::certificates_in_chain)
      return problem("E-PKI-040", "more URLs than a chain has certificates");
    const auto& cert = std::get<CertPayload>(payload.body);
    IKELAB_TRY(Bytes der, fetch(sa, cert, in.now));
    if (cert.encoding == hash_and_url) {
      out.push_back(wire::make_payload(CertPayload{x509_signature, std::move(der)}));
      continue;
    }
    IKELAB_TRY(pki::Bundle bundle, pki::read_bundle(der));
    for (Bytes& one : bundle.certificates)
      out.push_back(wire::make_payload(CertPayload{x509_signature, std::move(one)}));
  }
  return std::optional(std::move(out));
}

}  // namespace

Extension hash_and_url_extension() {
  return {
      .name = "hash_and_url", .rfc = "RFC 7296, 3.6", .add = add, .read = read, .judges = judges};
}

}  // namespace ikelab::ikev2
