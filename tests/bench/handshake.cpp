// `ikelab bench handshake`: the CPU of a whole handshake, IKE_SA_INIT and IKE_AUTH with one Child
// SA, both sides in memory, beside the bare OpenSSL operations it is made of.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>

#include "protocol/pki/pki.hpp"
#include "tests/bench/bench.hpp"

namespace ikelab::bench {
namespace {

using namespace ikev2;

struct End {
  std::unique_ptr<crypto::Provider> provider = crypto::openssl_provider();
  std::unique_ptr<Endpoint> endpoint;

  explicit End(policy::EndpointConfig config) {
    config.events = {};  // nobody listens
    endpoint = std::make_unique<Endpoint>(config, *provider, crypto::seeded_rng(1, config.node));
  }
};

/// Takes what an endpoint put out; its datagrams go to `to`.
bool drain(Instant now, Endpoint& from, Endpoint& to) {
  while (from.poll_event()) {
  }
  while (from.poll_sad()) {
  }
  bool any = false;
  while (auto datagram = from.poll_transmit()) {
    to.handle_datagram(now, *datagram);
    any = true;
  }
  static_cast<void>(from.poll_timeout());
  return any;
}

void exchange(Instant now, End& a, End& b) {
  bool busy = true;
  while (busy) {
    busy = drain(now, *a.endpoint, *b.endpoint);
    busy = drain(now, *b.endpoint, *a.endpoint) || busy;
  }
}

/// CPU of one handshake in microseconds; the SA is deleted again, unmeasured.
class Handshakes {
 public:
  explicit Handshakes(const Kind& kind) : sites_(sites(kind)), a_(sites_.a), b_(sites_.b) {}

  double run(unsigned times) {
    double spent = 0;
    for (unsigned i = 0; i < times; ++i) {
      const double before = cpu_us();
      IKELAB_ASSERT(a_.endpoint->command(now_, Initiate{"site", "net"}).ok());
      exchange(now_, a_, b_);
      spent += cpu_us() - before;
      IKELAB_ASSERT(a_.endpoint->sas().back().state == "ESTABLISHED");
      IKELAB_ASSERT(a_.endpoint->command(now_, DeleteIke{}).ok());
      exchange(now_, a_, b_);
      now_ = now_ + 60s;  // nothing lingers
      for (End* end : {&a_, &b_}) end->endpoint->handle_timeout(now_);
      exchange(now_, a_, b_);
    }
    return spent / times;
  }

 private:
  Sites sites_;
  End a_, b_;
  Instant now_;
};

struct Row {
  Kind kind;
  double floor_us = 0, whole_us = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Floor and engine by turns; the medians of each.
Row measure(const Kind& kind, unsigned turns, unsigned times) {
  Floor floor(kind);
  Handshakes handshakes(kind);
  floor.run();
  handshakes.run(2);
  std::vector<double> floors, wholes;
  for (unsigned turn = 0; turn < turns; ++turn) {
    const double before = cpu_us();
    for (unsigned i = 0; i < times; ++i) floor.run();
    floors.push_back((cpu_us() - before) / times);
    wholes.push_back(handshakes.run(times));
  }
  return {kind, median(floors), median(wholes)};
}

}  // namespace

std::string_view to_string(Auth auth) {
  constexpr std::string_view names[] = {"PSK", "ECDSA P-256", "RSA-2048 PSS"};
  return names[static_cast<std::size_t>(auth)];
}

double cpu_us() {
  timespec at{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e6 + static_cast<double>(at.tv_nsec) / 1e3;
}

Sites sites(const Kind& kind) {
  const auto provider = crypto::openssl_provider();
  const auto rng = crypto::seeded_rng(9, "bench")->stream("keys");
  const char* type = kind.auth == Auth::rsa ? "rsa2048" : "p256";
  const auto ca_key = provider->generate_key(type, *rng).value();
  const auto issue = [&](const char* name, const crypto::PrivateKey& key, ByteView issuer) {
    pki::CertificateSpec spec;
    spec.subject = std::string("CN=") + name;
    spec.alt_names = {{pki::SubjectAltName::Type::dns, std::string(name) + ".example"}};
    spec.public_key_der = key.public_key_der();
    spec.not_before = 1'780'000'000;
    spec.not_after = 1'800'000'000;
    spec.is_ca = issuer.empty();
    return pki::issue_certificate(spec, issuer, *ca_key, *rng).value();
  };
  const Bytes ca = issue("ca", *ca_key, {});
  const auto site = [&](bool is_a) {
    const auto text = [&](const char* a, const char* b) { return is_a ? a : b; };
    const auto net = [](const char* words) {
      return policy::parse_traffic_selector(words).value();
    };
    policy::EndpointConfig config;
    config.node = text("gw-a", "gw-b");
    config.datagram_id_base = is_a ? 1ULL << 32 : 2ULL << 32;
    config.epoch = 1'790'000'000;
    policy::ConnectionConfig c;
    c.name = "site";
    c.local_addr = IpAddress::parse(text("192.0.2.1", "192.0.2.2")).value();
    c.remote_addr = IpAddress::parse(text("192.0.2.2", "192.0.2.1")).value();
    c.proposals = {policy::parse_proposal(std::string("aes256gcm16-prfsha256-") + kind.ke,
                                          wire::ProtocolId::ike)
                       .value()};
    c.local.id = policy::Identity::parse(text("gw-a.example", "gw-b.example")).value();
    c.remote.id = policy::Identity::parse(text("gw-b.example", "gw-a.example")).value();
    if (kind.auth == Auth::psk) {
      c.local.psk = c.remote.psk = to_bytes(as_bytes("u3Zr9Qm2Xv7Lk1Tb8Wd5Yc4N"));
    } else {
      const auto key = provider->generate_key(type, *rng).value();
      c.local.kind = c.remote.kind = policy::AuthKind::pubkey;
      c.local.certificates = {issue(text("gw-a", "gw-b"), *key, ca)};
      c.local.private_key = to_bytes(key->private_key_der().reveal());
      c.remote.authorities = {ca};
    }
    policy::ChildConfig child;
    child.name = "net";
    child.local_ts = {net(text("10.1.0.0/24", "10.2.0.0/24"))};
    child.remote_ts = {net(text("10.2.0.0/24", "10.1.0.0/24"))};
    child.esp_proposals = {policy::parse_proposal("aes256gcm16", wire::ProtocolId::esp).value()};
    c.children = {child};
    config.connections = {c};
    return config;
  };
  return {site(true), site(false)};
}

int handshake(const std::vector<std::string>& arguments) {
  const bool json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  const bool brief = std::find(arguments.begin(), arguments.end(), "--brief") != arguments.end();
  const unsigned turns = brief ? 3 : 15, times = brief ? 5 : 40;
  if (!json)
    fmt::print("{:<14} {:<10} {:>16} {:>14} {:>8}\n", "authentication", "exchange", "bare OpenSSL",
               "whole", "ratio");
  std::string rows;
  for (const Auth auth : {Auth::psk, Auth::ecdsa, Auth::rsa})
    for (const char* ke : {"x25519", "ecp256", "modp2048"}) {
      const Row row = measure({auth, ke}, turns, times);
      const double ratio = row.whole_us / row.floor_us;
      if (json)
        rows += fmt::format(
            "{}\n  {{\"authentication\": \"{}\", \"key_exchange\": \"{}\", \"floor_us\": {:.1f}, "
            "\"whole_us\": {:.1f}, \"ratio\": {:.3f}}}",
            rows.empty() ? "" : ",", to_string(auth), ke, row.floor_us, row.whole_us, ratio);
      else
        fmt::print("{:<14} {:<10} {:>13.1f} us {:>11.1f} us {:>8.2f}\n", to_string(auth), ke,
                   row.floor_us, row.whole_us, ratio);
      std::fflush(stdout);
    }
  if (json) fmt::print("[{}\n]\n", rows);
  return 0;
}

}  // namespace ikelab::bench
