// What RFC 2759, 9.2 and RFC 3079, 3.5.3 print for user "User" and password "clientPass".
#include "protocol/eap/mschapv2_crypto.hpp"
#include "tests/support/catch.hpp"

using namespace ikelab;
using namespace ikelab::eap;

TEST_CASE("eap: MS-CHAPv2, value by value", "[eap][mschapv2]") {
  const auto provider = crypto::openssl_provider();
  const Bytes authenticator_challenge = hex("5B5D7C7D7B3F2F3E3C2C602132262628");
  const Bytes peer_challenge = hex("21402324255E262A28295F2B3A337C7E");
  const Bytes challenge =
      challenge_hash(*provider, peer_challenge, authenticator_challenge, "User");
  CHECK(challenge == hex("D02E4386BCE91226"));
  const Bytes hash = nt_password_hash(*provider, as_bytes("clientPass"));
  CHECK(hash == hex("44EBBA8D5312B8D611474411F56989AE"));
  const Bytes response = challenge_response(*provider, challenge, hash);
  CHECK(response == hex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"));
  CHECK(provider->md4(hash) == hex("41C00C584BD2D91C4017A2A12FA59F3F"));
  CHECK(authenticator_response(*provider, hash, response, challenge) ==
        "S=407A5589115FD0D6209F510FE9C04566932CDA56");
  const Bytes master = master_key(*provider, provider->md4(hash), response);
  CHECK(master == hex("FDECE3717A8C838CB388E527AE3CDD31"));
  CHECK(asymmetric_start_key(*provider, master, true) == hex("8B7CDC149B993A1BA118CB153F56DCCB"));
  const Secret msk = mschapv2_msk(*provider, hash, response);
  REQUIRE(msk.size() == 64);
  CHECK(equal(msk.reveal().subspan(16, 16), hex("8B7CDC149B993A1BA118CB153F56DCCB")));
  CHECK(equal(msk.reveal().subspan(32), Bytes(32)));
}

TEST_CASE("eap: a password is UTF-16 before it is hashed", "[eap][mschapv2]") {
  const auto provider = crypto::openssl_provider();
  const auto md4_of = [&](const char* octets) { return provider->md4(hex(octets)); };
  CHECK(nt_password_hash(*provider, as_bytes("\xc3\xbc")) == md4_of("fc00"));
  CHECK(nt_password_hash(*provider, as_bytes("\xe2\x82\xac")) == md4_of("ac20"));
  CHECK(nt_password_hash(*provider, as_bytes("\xf0\x9f\x94\x91")) == md4_of("3dd811dd"));
  CHECK(nt_password_hash(*provider, as_bytes("a\xc3")) == md4_of("6100c300"));  // no UTF-8
  CHECK(nt_password_hash(*provider, {}) == md4_of(""));
}
