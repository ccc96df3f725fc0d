// CVE-2018-0131, Cisco IOS and IOS XE (and, in other products, CVE-2017-17305, CVE-2018-8753,
// CVE-2018-9129). A responder with RSA-encrypted nonces went on when the block it had decrypted
// began with 00 02, and fell silent when it did not: who asked some thousand times had a nonce
// decrypted.
#include "sim/historic/historic.hpp"

namespace ikelab::historic {

const Bug cve_2018_0131 = {
    "CVE-2018-0131",
    "Cisco IOS and IOS XE",
    "A nonce whose RSA block was not well-formed ended the exchange, any other went on: a padding "
    "oracle (Bleichenbacher), with which an adversary decrypts a nonce and passes for a peer.",
    "what does not decrypt is replaced by random octets, and the exchange goes on to fail later, "
    "as with any wrong nonce",
    nullptr,
    nullptr,
    nullptr,
    [](ikev1::Habits& habits) { habits.tells_bad_padding = true; }};

}  // namespace ikelab::historic
