// Certificates by URL (RFC 7296, 3.6): said, sent, looked up; and URLs and hashes of an enemy.
#include "protocol/pki/bundle.hpp"
#include "protocol/wire/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lab_certificates.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace {

const std::string url_a = "http://pki.example/gw-a.der", url_b = "http://pki.example/gw-b.der";

/// Both look up, both have their certificate under a URL, and the store has both.
CertifiedPair sites(const LabCertificates& lab = {}) {
  auto both = certified_sites(lab);
  for (policy::EndpointConfig* config : {&both.a, &both.b}) {
    policy::ConnectionConfig& connection = config->connections[0];
    connection.hash_and_url = true;
    connection.local.certificate_urls = {config == &both.a ? url_a : url_b};
    connection.remote.certificate_store = {
        {url_a, Instant{}, both.a.connections[0].local.certificates[0]},
        {url_b, Instant{}, both.b.connections[0].local.certificates[0]}};
  }
  return both;
}

/// The CERT payloads of the first IKE_AUTH message that a side sent.
std::vector<wire::CertPayload> certs_of(const Side& side) {
  std::vector<wire::CertPayload> out;
  for (const auto* message : side.all<trace::Message>()) {
    if (message->exchange != "IKE_AUTH" || message->direction != "sent" || message->plain.empty())
      continue;
    const auto chain =
        wire::decode_chain(message->plain, static_cast<wire::PayloadType>(message->plain_first));
    for (const wire::Payload& payload : chain.payloads)
      if (const auto* cert = std::get_if<wire::CertPayload>(&payload.body)) out.push_back(*cert);
    break;
  }
  return out;
}

bool said(const Side& side, const std::string& exchange, const char* what) {
  for (const auto* message : side.all<trace::Message>())
    if (message->exchange == exchange && message->direction == "sent" &&
        message->payloads.find(what) != std::string::npos)
      return true;
  return false;
}

void run(Pair& pair) {
  REQUIRE(pair.command(pair.a, Initiate{"site", "net"}).ok());
  pair.drive(40s);
}

Bytes sha1(Pair& pair, const Bytes& of) {
  return pair.a.provider->hash(crypto::HashId::sha1, of).value();
}

}  // namespace

TEST_CASE("hash and URL: instead of the certificates", "[pair][ikev2][certificates]") {
  //= rfc7296#3.6 "Implementations MUST be capable of being configured to send and accept up to four
  //= X.509 certificates in support of authentication, and also MUST be capable of being configured
  //= to send and accept the two Hash and URL formats (with HTTP URLs)."
  const auto both = sites();
  Pair pair(both.a, both.b);
  run(pair);
  CHECK(pair.consistent());
  CHECK(said(pair.b, "IKE_SA_INIT", "N(HTTP_CERT_LOOKUP_SUPPORTED)"));
  CHECK(said(pair.a, "IKE_AUTH", "N(HTTP_CERT_LOOKUP_SUPPORTED)"));
  for (const auto& [side, url, config] :
       {std::tuple(&pair.a, url_a, &both.a), std::tuple(&pair.b, url_b, &both.b)}) {
    const auto certs = certs_of(*side);
    REQUIRE(certs.size() == 1);
    CHECK(certs[0].encoding == 12);
    const Bytes& der = config->connections[0].local.certificates[0];
    CHECK(certs[0].data == concat({sha1(pair, der), as_bytes(url)}));
  }
}

TEST_CASE("hash and URL: a bundle in one payload", "[pair][ikev2][certificates]") {
  auto both = sites();
  const std::string url = "http://pki.example/gw-a.bundle";
  policy::AuthConfig& own = both.a.connections[0].local;
  own.bundle_url = url;
  const Bytes bundle = pki::make_bundle(own.certificates);
  both.b.connections[0].remote.certificate_store.push_back({url, Instant{}, bundle});
  Pair pair(both.a, both.b);
  run(pair);
  CHECK(pair.consistent());
  REQUIRE(certs_of(pair.a).size() == 1);
  CHECK(certs_of(pair.a)[0].encoding == 13);
  CHECK(certs_of(pair.a)[0].data == concat({sha1(pair, bundle), as_bytes(url)}));
}

TEST_CASE("hash and URL: only to who looks up", "[pair][ikev2][certificates]") {
  auto both = sites();
  both.b.connections[0].hash_and_url = false;
  Pair pair(both.a, both.b);
  run(pair);
  CHECK(pair.consistent());
  for (const Side* side : {&pair.a, &pair.b}) {
    REQUIRE(certs_of(*side).size() == 1);
    CHECK(certs_of(*side)[0].encoding == 4);
  }
}

TEST_CASE("hash and URL: what is not found, or is another",
          "[pair][ikev2][certificates][refusal]") {
  auto both = sites();
  policy::AuthConfig& own = both.a.connections[0].local;
  auto& store = both.b.connections[0].remote.certificate_store;
  std::string code;
  SECTION("nothing stands there") {
    own.certificate_urls = {"http://pki.example/other.der"};
    code = "E-PKI-041";
  }
  SECTION("it stands there only later") {
    store[0].at = Instant{} + 100s;
    code = "E-PKI-041";
  }
  SECTION("another certificate stands there: the hash tells") {
    store[0].der = both.b.connections[0].local.certificates[0];
    code = "E-PKI-042";
  }
  SECTION("more than anybody reads") {
    store[0].der = Bytes(40'000, 1);
    code = "E-PKI-041";
  }
  SECTION("a file of the gateway's own") {
    own.certificate_urls = {"file:///etc/shadow"};
    store[0].source = "file:///etc/shadow";
    code = "E-PKI-040";
  }
  SECTION("no host") {
    own.certificate_urls = {"http:///gw-a.der"};
    store[0].source = own.certificate_urls[0];
    code = "E-PKI-040";
  }
  SECTION("a line break, for whoever writes it into a log or a request") {
    own.certificate_urls = {"http://pki.example/a\r\nHost: x"};
    store[0].source = own.certificate_urls[0];
    code = "E-PKI-040";
  }
  SECTION("longer than any URL") {
    own.certificate_urls = {"http://pki.example/" + std::string(2000, 'a')};
    store[0].source = own.certificate_urls[0];
    code = "E-PKI-040";
  }
  SECTION("a bundle that is none") {
    own.bundle_url = url_a;
    store[0].der = {0x30, 0x82, 0x40, 0x00};
    code = "E-PKI-042";
  }
  Pair pair(both.a, both.b);
  run(pair);
  CHECK(pair.a.state() == "none");
  CHECK(pair.b.state() == "none");
  CHECK(pair.b.diagnosed(code));
  CHECK(pair.b.all<trace::SaInstalled>().empty());
}

TEST_CASE("bundle: read back, and every way to be none", "[pki]") {
  const std::vector<Bytes> two = {Bytes(200, 1), Bytes(3, 2)};
  const Bytes good = pki::make_bundle(two);
  CHECK(pki::read_bundle(good)->certificates == two);
  CHECK(pki::read_bundle(pki::make_bundle({}))->certificates.empty());
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK_FALSE(pki::read_bundle(ByteView(good).first(length)).ok());
  const std::vector<Bytes> many(200, Bytes(2, 0));
  const std::vector<Bytes> bad = {
      {0x31, 0x00},                          // no SEQUENCE
      {0x30, 0x00, 0x00},                    // something behind it
      {0x30, 0x02, 0xa2, 0x00},              // neither certificate nor CRL
      {0x30, 0x84, 0xff, 0xff, 0xff, 0xff},  // a length of four octets
      {0x30, 0x80, 0x00, 0x00},              // of indefinite length: BER
      pki::make_bundle(many),                // more than a chain has
  };
  for (const Bytes& der : bad) {
    const auto read = pki::read_bundle(der);
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().code == std::string("E-PKI-043"));
  }
}
