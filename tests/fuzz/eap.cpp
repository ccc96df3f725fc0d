// Fuzz target: one side of an EAP conversation meets whatever comes. The first octet chooses side
// and method; then packets, each behind its length in two octets. Identifiers and lengths are made
// to fit, so that the methods see what is inside. Nobody may get through: a peer reports success
// only with the server's proof, an authenticator only with the password or a good certificate.
#include "protocol/eap/authenticator.hpp"
#include "protocol/eap/peer.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::eap;

namespace ikelab::fuzz {
namespace {

struct Fixture {
  test::TestAuthority authority;
  test::Holder root = authority.ca("CN=Root"), holder = authority.issue("CN=x", &root);

  [[nodiscard]] crypto::TlsConfig tls() const {
    crypto::TlsConfig config;
    config.certificates = {holder.certificate};
    config.private_key = to_bytes(holder.key->private_key_der().reveal());
    config.authorities = {root.certificate};
    config.unix_time = test::test_epoch;
    return config;
  }
};

const Fixture& fixture() {
  static const Fixture made;
  return made;
}

constexpr EapType types[] = {EapType::none, EapType::mschapv2, EapType::tls,
                             EapType::md5_challenge};

/// The next packet of the input with its Identifier and Length put right.
std::optional<Bytes> next_packet(ByteView& input, std::uint8_t identifier) {
  if (input.size() < 2) return std::nullopt;
  const std::size_t size = std::min<std::size_t>(input[0] * 256U + input[1], input.size() - 2);
  Bytes packet = to_bytes(input.subspan(2, size));
  input = input.subspan(2 + size);
  if (packet.size() >= 4) {
    packet[1] = identifier;
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size());
  }
  return packet;
}

void as_peer(EapType only, ByteView input, crypto::Provider& provider, crypto::Rng& rng) {
  PeerConfig config;
  config.identity = "anna";
  config.password = to_bytes(as_bytes("clientPass"));
  config.only = only;
  config.tls = fixture().tls();
  Peer peer(std::move(config), provider, rng, true);
  while (const auto packet = next_packet(input, 1)) {
    const auto reply = peer.take(*packet);
    if (!reply) return;
    if (*reply) {
      const auto sent = ikelab::eap::decode(**reply);
      IKELAB_ASSERT(sent.ok() && sent->code == Code::response);
      continue;
    }
    // EAP-MD5 proves nothing of the server; the others must not have been convinced.
    IKELAB_ASSERT(peer.method()->type == EapType::md5_challenge);
    return;
  }
}

void as_server(EapType method, ByteView input, crypto::Provider& provider, crypto::Rng& rng) {
  ServerConfig config;
  config.method = method;
  config.name = "vpn.example";
  const Bytes secret = rng.bytes(16);
  config.password_of = [&](const std::string& user) {
    return user == "anna" ? std::optional<Bytes>(secret) : std::nullopt;
  };
  config.tls = fixture().tls();
  Authenticator server(std::move(config), provider, rng, true);
  auto step = server.begin();
  while (const auto packet = next_packet(input, step.packet.at(1))) {
    step = server.take(*packet);
    IKELAB_ASSERT(ikelab::eap::decode(step.packet).ok());
    IKELAB_ASSERT(step.verdict != Authenticator::Verdict::success);
    if (step.verdict == Authenticator::Verdict::failure) return;
  }
}

}  // namespace

void eap(ByteView octets) {
  if (octets.empty() || octets.size() > 65'000) return;
  const auto provider = crypto::openssl_provider();
  const auto rng = crypto::seeded_rng(1, "fuzz")->stream("eap");
  const EapType type = types[(octets[0] >> 1) % 4];
  if (octets[0] % 2 == 0)
    as_peer(type, octets.subspan(1), *provider, *rng);
  else
    as_server(type, octets.subspan(1), *provider, *rng);
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::eap({data, size});
  return 0;
}
#endif
