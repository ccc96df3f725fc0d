// Fuzz target: a hostile peer with the keys. Whole endpoints meet messages that are correctly
// encrypted and otherwise anything (RFC 7296: the peer is authenticated, not honest).
//
//   octet 0      the situation that is met (see Situation)
//   then messages, each
//     octet 0    bit 0: sent by b, else by a; bit 1: a response; bit 2: of a message id of its own
//                (octet 3), else the one that is due; bit 3: with the newest IKE SA's keys, else
//                the first one's; bit 4: nothing is delivered until the next message
//     octet 1    exchange type
//     octet 2    type of the first payload
//     octet 3    message id
//     octets 4-5 length of the plaintext
//     plaintext, as it is: chains that do not hold included
//
// Whatever comes, nothing crashes, hangs, or grows beyond its bounds.
#include <algorithm>

#include "protocol/base/bounds.hpp"
#include "protocol/wire/decode.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/pair.hpp"
#include "tests/support/test_authority.hpp"

using namespace ikelab;
using namespace ikelab::ikev2;
using namespace ikelab::test;

namespace ikelab::fuzz {
namespace {

enum class Situation {
  established,
  half_open,       ///< b has answered IKE_SA_INIT
  authenticating,  ///< a waits for the response of IKE_AUTH
  rekeying_child,  ///< a waits for the response of CREATE_CHILD_SA
  rekeying_ike,
  deleting,
  certified,  ///< as half_open, with certificates
  count
};

policy::EndpointConfig config(bool is_a, bool with_certificates) {
  static const CertifiedConfigs certified_configs = [] {
    TestAuthority authority;
    const Holder root = authority.ca("CN=Root");
    const auto gateway = [&](const char* name) {
      return authority.issue("CN=gw", &root, [&](pki::CertificateSpec& spec) {
        spec.alt_names = {{pki::SubjectAltName::Type::dns, name}};
      });
    };
    return certified(root, gateway("gw-a.example"), gateway("gw-b.example"));
  }();
  policy::EndpointConfig out = with_certificates
                                   ? (is_a ? certified_configs.a : certified_configs.b)
                                   : (is_a ? site_a() : site_b());
  out.retransmit.timeout = 1s;
  out.retransmit.tries = 1;
  // As much as possible to abuse: addresses that move, a window, lifetimes, inner addresses.
  policy::ConnectionConfig& connection = out.connections[0];
  connection.mobike = true;
  connection.window_size = 4;
  connection.rekey_time = 20s;
  connection.children[0].rekey_time = 10s;
  if (is_a) {
    connection.vips = {IpAddress{}};
  } else {
    policy::PoolConfig pool;
    pool.name = "few";
    pool.first = IpAddress::parse("10.9.0.1").value();
    pool.last = IpAddress::parse("10.9.0.3").value();
    out.pools = {pool};
    connection.pools = {"few"};
    connection.unique = policy::Unique::replace;
  }
  return out;
}

class Stage {
 public:
  explicit Stage(Situation situation)
      : pair_(config(true, situation == Situation::certified),
              config(false, situation == Situation::certified)),
        provider_(crypto::openssl_provider()),
        suite_encr_(crypto::find_keyword(crypto::TransformType::encr, "aes256gcm16")) {
    const bool half_open = situation == Situation::half_open || situation == Situation::certified;
    if (half_open)  // a's own IKE_AUTH is lost, and comes again later
      pair_.lose = [this](const Side& from, unsigned nth, const Datagram&) {
        return &from == &pair_.a && nth == 2;
      };
    IKELAB_ASSERT(pair_.command(pair_.a, Initiate{"site", "net"}).ok());
    const auto steps = [&](int count) {
      while (count-- > 0) pair_.step(pair_.now + 10ms);
    };
    switch (situation) {
      case Situation::half_open:
      case Situation::certified:
      case Situation::authenticating:
        steps(2);
        break;
      default:
        pair_.settle();
        IKELAB_ASSERT(pair_.consistent());
    }
    if (situation == Situation::rekeying_child)
      IKELAB_ASSERT(pair_.command(pair_.a, RekeyChild{"net"}).ok());
    if (situation == Situation::rekeying_ike)
      IKELAB_ASSERT(pair_.command(pair_.a, RekeyIke{}).ok());
    if (situation == Situation::deleting) IKELAB_ASSERT(pair_.command(pair_.a, DeleteIke{}).ok());
  }

  /// The rest of `octets` after one message.
  ByteView send(ByteView octets) {
    const std::uint8_t control = octets[0];
    const bool by_b = (control & 1) != 0, response = (control & 2) != 0;
    const std::size_t length =
        std::min<std::size_t>(std::size_t{octets[4]} << 8 | octets[5], octets.size() - 6);
    Side &from = by_b ? pair_.b : pair_.a, &to = by_b ? pair_.a : pair_.b;
    wire::Header header;
    if (!address(header, (control & 8) != 0)) return octets.subspan(6 + length);
    header.exchange = static_cast<wire::ExchangeType>(octets[1]);
    header.initiator = by_b == of_b_;
    header.response = response;
    header.message_id =
        MessageId{(control & 4) != 0 ? octets[3] : due(header, by_b != response, response)};
    Datagram datagram;
    datagram.src = {from.address, 500};
    datagram.dst = {to.address, 500};
    datagram.payload = sealed(header, static_cast<wire::PayloadType>(octets[2]),
                              octets.subspan(6, length), (control & 8) != 0);
    pair_.deliver(to, datagram);
    if ((control & 16) == 0) pair_.settle();
    return octets.subspan(6 + length);
  }

  void check() {
    for (Side* side : {&pair_.a, &pair_.b}) {
      IKELAB_ASSERT(side->endpoint->sas().size() <= 64);
      for (const IkeSaInfo& sa : side->endpoint->sas())
        IKELAB_ASSERT(sa.children.size() <= bounds::children_in_ike_sa);
    }
    pair_.drive(30s);  // every timer that was set runs out
    IKELAB_ASSERT(pair_.sink.events.size() < 100'000);
  }

 private:
  /// SPIs of the first or the newest IKE SA. False: there is none.
  bool address(wire::Header& header, bool newest) {
    of_b_ = false;
    if (!newest) {
      const wire::Header first = wire::decode(pair_.wire.at(1).payload).message.header;
      header.spi_i = first.spi_i;
      header.spi_r = first.spi_r;
      return true;
    }
    for (Side* side : {&pair_.a, &pair_.b}) {
      const auto all = side->endpoint->sas();
      if (all.empty()) continue;
      header.spi_i = all.back().spi_i;
      header.spi_r = all.back().spi_r;
      of_b_ = all.back().original_initiator == (side == &pair_.b);
      return true;
    }
    return false;
  }

  /// A request's id is one above those the sender used, a response's that of the last request.
  [[nodiscard]] std::uint32_t due(const wire::Header& of, bool from_b, bool response) const {
    std::uint32_t next = 0;
    for (const Datagram& sent : pair_.wire) {
      const wire::Header header = wire::decode(sent.payload).message.header;
      const bool by_b = sent.src.ip == pair_.b.address;
      if (header.spi_i == of.spi_i && !header.response && by_b == from_b)
        next = std::max(next, header.message_id.value + 1);
    }
    return response && next > 0 ? next - 1 : next;
  }

  Bytes sealed(const wire::Header& header, wire::PayloadType first, ByteView plain, bool newest) {
    const char* name = header.initiator ? "SK_ei" : "SK_er";
    Bytes key;
    for (const auto* derived : pair_.a.all<trace::KeyDerived>())
      if (derived->name == name && (newest || key.empty())) key = derived->output;
    Bytes padded = to_bytes(plain);
    padded.push_back(0);
    const crypto::Algorithm& encr = *suite_encr_;
    const std::size_t content = encr.iv_size + padded.size() + encr.icv_size;
    const wire::Message shell{header, {wire::make_payload(wire::SkPayload{first, Bytes(content)})}};
    Bytes out = wire::encode(shell);
    if (key.size() != encr.key_size + encr.salt_size) return out;
    const std::size_t body = out.size() - content;  // the Encrypted payload is the last one
    Bytes iv(encr.iv_size, 0xff);
    iv.back() = ++sent_;
    const auto ciphertext = provider_->seal(encr, key, iv, ByteView(out).first(body), padded);
    std::copy(iv.begin(), iv.end(), out.begin() + static_cast<std::ptrdiff_t>(body));
    std::copy(ciphertext->begin(), ciphertext->end(),
              out.begin() + static_cast<std::ptrdiff_t>(body + iv.size()));
    return out;
  }

  Pair pair_;
  std::unique_ptr<crypto::Provider> provider_;
  const crypto::Algorithm* suite_encr_;
  bool of_b_ = false;  ///< b is the original initiator of the IKE SA that is addressed
  std::uint8_t sent_ = 0;
};

}  // namespace

void session(ByteView octets) {
  if (octets.empty() || octets.size() > 8'192) return;
  Stage stage(static_cast<Situation>(octets[0] % static_cast<unsigned>(Situation::count)));
  octets = octets.subspan(1);
  for (unsigned messages = 0; messages < 12 && octets.size() >= 6; ++messages)
    octets = stage.send(octets);
  stage.check();
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::session({data, size});
  return 0;
}
#endif
