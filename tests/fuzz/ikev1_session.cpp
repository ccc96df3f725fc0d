// Fuzz target: a hostile peer of IKEv1 with the keys. b has an established SA and meets messages
// that are correctly encrypted and otherwise anything, with a HASH(1) that fits or one that does
// not.
//
//   messages, each
//     octet 0    bit 0: HASH(1) goes before the plaintext; bit 1: the message is sent twice; bit 2:
//     in
//                the clear
//     octet 1    exchange type: 5, 6, 32 or anything
//     octet 2    type of the first payload
//     octet 3    message id
//     octet 4    length of the plaintext
//     plaintext, as it is: chains that do not hold included
#include <algorithm>

#include "protocol/keys/ikev1_keys.hpp"
#include "protocol/wire/encode.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/support/ikev1_pair.hpp"

using namespace ikelab;
using namespace ikelab::test;

namespace ikelab::fuzz {
namespace {

struct Peer {
  V1Pair pair{v1_site_a(), v1_site_b()};
  Bytes key, skeyid_a, last_block;
  ikev2::IkeSaInfo sa;

  Peer() {
    IKELAB_ASSERT(pair.command(pair.a, ikev2::Initiate{"site", "net"}).ok());
    pair.settle();
    IKELAB_ASSERT(pair.consistent());
    key = pair.a.derived("Ka");
    skeyid_a = pair.a.derived("SKEYID_a");
    const Bytes& sixth = pair.b.sent.at(2).payload;  // message 6 of main mode
    last_block.assign(sixth.end() - 16, sixth.end());
    sa = pair.b.engine->sas().at(0);
  }

  void send(ByteView head, ByteView plain) {
    const crypto::Algorithm& encr = *crypto::find_keyword(crypto::TransformType::encr, "aes128");
    const crypto::Algorithm& prf = *crypto::find_keyword(crypto::TransformType::prf, "prfsha1");
    wire::Header header;
    header.spi_i = sa.spi_i;
    header.spi_r = sa.spi_r;
    header.major = 1;
    header.exchange = static_cast<wire::ExchangeType>(head[1]);
    header.message_id = {head[3]};
    auto first = static_cast<wire::PayloadType>(head[2]);
    Bytes content = to_bytes(plain);
    const Bytes id = {0, 0, 0, head[3]};
    keys::v1::Schedule schedule(*pair.a.provider, prf);
    if ((head[0] & 1) != 0) {
      const Bytes hash = schedule.hash(Secret(Bytes(skeyid_a)), {id, content}).value();
      const Bytes generic = {head[2], 0, 0, static_cast<std::uint8_t>(4 + hash.size())};
      content = concat({generic, hash, content});
      first = wire::PayloadType::v1_hash;
    }
    header.encrypted = (head[0] & 4) == 0;
    wire::v1::EncryptedPayload body{first, content};
    if (header.encrypted) {
      body.body.resize((content.size() + 15) / 16 * 16);
      const Bytes iv = schedule.iv(last_block, id, encr).value();
      body.body = pair.a.provider->seal(encr, key, iv, {}, body.body).value();
    }
    const Bytes octets = wire::encode({header, {wire::make_payload(body)}});
    for (int times = (head[0] & 2) != 0 ? 2 : 1; times > 0; --times) {
      pair.deliver(pair.b, {1, {pair.a.address, 500}, {pair.b.address, 500}, octets});
      pair.settle();
    }
  }
};

}  // namespace

void ikev1_session(ByteView octets) {
  Peer peer;
  for (unsigned messages = 0; octets.size() >= 5 && messages < 32; ++messages) {
    const ByteView head = octets.first(5);
    octets = octets.subspan(5);
    const ByteView plain = octets.first(std::min<std::size_t>(head[4], octets.size()));
    octets = octets.subspan(plain.size());
    peer.send(head, plain);
  }
  peer.pair.drive(100s);
  IKELAB_ASSERT(peer.pair.b.engine->sas().size() <= 1);
}

}  // namespace ikelab::fuzz

#ifdef IKELAB_FUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ikelab::fuzz::ikev1_session({data, size});
  return 0;
}
#endif
