#include "sim/script/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "sim/script/libraries.hpp"
#include "sim/script/lua_adversary.hpp"

namespace ikelab::script {
namespace {

constexpr FunctionRow rows[] = {
    // ---- the packet in hand
    {"pass", "pass()", "lets the packet in hand go on, which it does anyway when nothing is said",
     "pass()"},
    {"drop", "drop(note)", "keeps the packet in hand (`on-path`)", "drop(\"not for them\")"},
    {"modify", "modify(octets, note)",
     "another payload goes on in its place (`on-path`); a number of its own in the trace",
     "modify(bytes.flip(p.payload, p.size), \"one bit\")"},
    {"delay", "delay(\"20ms\", note)", "holds the packet in hand for so long (`on-path`)",
     "delay(\"20ms\", \"late\")"},
    {"hold", "hold(p, name, note)",
     "keeps the packet in hand under a name, until release (`on-path`)",
     "hold(p, \"first\")  assert(release(\"first\") == 1)"},
    {"release", "release(name, {after =, note =}) -> count", "lets held packets go on",
     "hold(p, \"a\")  release(\"a\", { after = \"1s\" })  assert(release(\"a\") == 0)"},
    // ---- new packets
    {"replay", "replay(p, {after =, every =, count =, note =})",
     "sends a packet again as it was; all options may be left out",
     "replay(p, { count = 3, every = \"10ms\" })"},
    {"inject",
     "inject{src =, src_port =, dst =, dst_port =, protocol =, payload =, to =, after =, "
     "note =}",
     "sends a packet of its own; `protocol` is IKE, ESP, ESP-in-UDP, ICMP or UDP, `to` the end of "
     "the link it "
     "travels to",
     "inject{ src = p.dst, src_port = 500, dst = p.src, dst_port = 500, protocol = \"IKE\", to = "
     "p.from, payload = \"junk\" }"},
    {"timer.after", "timer.after(\"1s\", label)",
     "on_timer(label) is called then; at least `1ms`, up to 1,024 at once",
     "timer.after(\"1s\", \"next\")"},
    {"now", "now() -> seconds", "simulated time since the run began", "assert(now() >= 0)"},
    // ---- words
    {"say", "say(text)", "a line in its log", "say(\"saw \" .. p.size .. \" octets\")"},
    {"print", "print(text)", "the same as say", "print(\"hello\")"},
    {"mark", "mark(text)", "a chapter of the run", "mark(\"It begins.\")"},
    {"learn", "learn(item, text, how, octets)",
     "something it knows from now on, and how it came to know it; `octets` may be left out",
     "learn(\"SPI\", \"an IKE SA begins\", \"the header is readable\", p.payload:sub(1, 8))"},
    {"progress", "progress(what, done, all)", "how far a long computation is",
     "progress(\"dictionary\", 200, 4000)"},
    {"achieved", "achieved(goal, yes, text)",
     "the outcome, which `expect: - attack:` tests: once the goal is decided",
     "achieved(\"see a handshake\", true, \"it came by\")"},
    {"held", "held(item) -> octets",
     "what `compromise:` put into its hands before the run (`psk:gw-a`, `key:gw-a`, `cert:gw-a`), "
     "or nil",
     "assert(held(\"psk:nobody\") == nil)"},
    {"words", "words(name) -> list",
     "a dictionary of sim/attacks/words, or a .txt file beside the "
     "scenario",
     "assert(#words(\"common\") > 0)"},
    // ---- matching
    {"on",
     "on({exchange =, response =, payload =, notify =, from =, to =, src =, dst =, protocol =, "
     "spi =, position =, nth =, repeated =}, function(p, message) ... end)",
     "a rule: called for each packet that has all that is named. `position` counts the messages of "
     "a "
     "conversation, `nth` the packets this rule matched, `repeated` tells retransmissions",
     "on({ exchange = \"IKE_AUTH\", response = true }, function(q, message) say(message.spi_i) "
     "end)"},
    {"conversation", "conversation(message) -> table",
     "the script's notes on an IKE SA: `spi_i`, and whatever it puts there; with rules also "
     "`messages` and `last`",
     "local talk = conversation(ike.of(p))  talk.tries = (talk.tries or 0) + 1"},
    {"find", "find(message, type, n) -> payload", "the nth payload of a type (1), or nil",
     "assert(find(ike.of(p), \"KE\").method_name)"},
    {"notify_of", "notify_of(message, name) -> payload", "a notification by name or number, or nil",
     "assert(notify_of(ike.of(p), \"COOKIE\") == nil)"},
    // ---- IKE messages
    {"ike.of", "ike.of(p) -> message", "the IKE message in a packet, on port 500 or 4500, or nil",
     "assert(ike.of(p).exchange_name == \"IKE_SA_INIT\")"},
    {"ike.octets", "ike.octets(p) -> octets", "its octets, from the IKE header on, or nil",
     "assert(#ike.octets(p) >= 28)"},
    {"ike.decode", "ike.decode(octets) -> message", "never fails: what is wrong is in `errors`",
     "assert(#ike.decode(\"short\").errors > 0)"},
    {"ike.encode", "ike.encode(message) -> octets",
     "the inverse: lengths and Next Payload are worked out, all else is written as it stands",
     "assert(ike.encode(ike.of(p)) == p.payload)"},
    {"ike.sa", "ike.sa(proposal) -> payload", "an SA payload with one proposal",
     "local sa = ike.sa(ike.choose(find(ike.of(p), \"SA\").proposals[1]))  assert(sa.number == "
     "33)"},
    {"ike.choose", "ike.choose(proposal) -> proposal",
     "one transform of each type, the first on offer: what a responder may choose",
     "assert(#ike.choose(find(ike.of(p), \"SA\").proposals[1]).transforms >= 3)"},
    {"ike.ke", "ike.ke(pair) -> payload", "a KE payload of a key pair",
     "assert(ike.ke(crypto.key_pair(\"x25519\")).number == 34)"},
    {"ike.nonce", "ike.nonce(octets) -> payload", "a nonce payload",
     "assert(ike.nonce(crypto.random(32)).number == 40)"},
    {"ike.notify", "ike.notify(type, data, protocol, spi) -> payload",
     "a notification by number; all but the type may be left out",
     "assert(ike.notify(16390, \"cookie\").number == 41)"},
    {"ike.id", "ike.id(\"i\" or \"r\", type, data) -> payload", "an ID payload (2 is an FQDN)",
     "assert(ike.id(\"i\", 2, \"gw-a.example\").number == 35)"},
    {"ike.auth", "ike.auth(method, data) -> payload",
     "an AUTH payload (2: shared key, 14: "
     "signature)",
     "assert(ike.auth(2, \"mac\").number == 39)"},
    {"ike.cert", "ike.cert(der) -> payload", "a CERT payload, X.509",
     "assert(ike.cert(\"der\").number == 37)"},
    {"ike.ts", "ike.ts(\"i\" or \"r\", first, last) -> payload",
     "a range of IPv4 addresses as traffic selector",
     "assert(ike.ts(\"r\", \"10.0.0.0\", \"10.0.0.255\").number == 45)"},
    {"ike.delete", "ike.delete(spis) -> payload",
     "Delete of the IKE SA, or of Child SAs (a list of hex SPIs)",
     "assert(ike.delete().number == 42 and #ike.delete({ \"c0ffee01\" }).body == 8)"},
    // ---- keys
    {"ike.suite", "ike.suite(proposal) -> suite",
     "the words of a chosen proposal: `encr`, `integ`, `prf`, `ke`",
     "assert(ike.suite(find(ike.of(p), \"SA\").proposals[1]).encr == \"aes256gcm16\")"},
    {"ike.keys", "ike.keys(suite, {ni =, nr =, shared =, spi_i =, spi_r =, sk_d_old =}) -> keys",
     "`skeyseed`, `sk_d`, `sk_ai`, `sk_ar`, `sk_ei`, `sk_er`, `sk_pi`, `sk_pr`; with `sk_d_old` "
     "those of a rekey",
     "local k = ike.keys({ encr = \"aes128gcm16\", prf = \"prfsha256\" }, { ni = "
     "crypto.random(32), nr = crypto.random(32), "
     "shared = crypto.random(32), spi_i = \"0000000000000001\", spi_r = \"0000000000000002\" })  "
     "assert(#k.sk_ei == 20)"},
    {"ike.child_keys", "ike.child_keys(prf, suite, {sk_d =, ni =, nr =, shared =}) -> keys",
     "`encr_i`, `integ_i` (initiator to responder), `encr_r`, `integ_r`",
     "local k = ike.child_keys(\"prfsha256\", { encr = \"aes128gcm16\" }, { sk_d = "
     "crypto.random(32), ni = \"n\", nr = \"m\" })  "
     "assert(#k.encr_i == 20)"},
    {"ike.open", "ike.open(octets, suite, keys) -> message, or nil and why",
     "the message with what is inside its Encrypted payload",
     "assert(ike.open(p.payload, { encr = \"aes128gcm16\" }, { sk_ei = crypto.random(20), sk_er = "
     "\"\" }) == nil)"},
    {"ike.seal", "ike.seal(message, suite, keys) -> octets", "the inverse",
     "local s, k = { encr = \"aes128gcm16\" }, { sk_ei = crypto.random(20), sk_er = "
     "crypto.random(20) }  "
     "local o = ike.seal({ spi_i = \"0000000000000001\", spi_r = \"0000000000000002\", exchange = "
     "37, initiator = true, "
     "message_id = 2, payloads = { ike.delete() } }, s, k)  assert(find(ike.open(o, s, k), "
     "\"D\"))"},
    {"ike.signed_octets", "ike.signed_octets(prf, {message =, nonce =, sk_p =, id =}) -> octets",
     "what AUTH covers (RFC 7296, 2.15); `id` is the ID payload's body",
     "assert(#ike.signed_octets(\"prfsha256\", { message = p.payload, nonce = \"n\", sk_p = "
     "crypto.random(32), id = \"id\" }) > p.size)"},
    {"ike.psk_auth", "ike.psk_auth(prf, secret, octets) -> octets", "AUTH of a shared secret",
     "assert(#ike.psk_auth(\"prfsha256\", \"secret\", \"octets\") == 32)"},
    {"ring.ike", "ring.ike(spi_i, suite, keys)", "puts the keys of an IKE SA on the ring",
     "ring.ike(ike.of(p).spi_i, { encr = \"aes128gcm16\" }, { sk_ei = crypto.random(20), sk_er = "
     "crypto.random(20) })"},
    {"ring.esp", "ring.esp(spi, suite, key, integ_key)", "puts the keys of an ESP SA on the ring",
     "ring.esp(\"c0ffee01\", { encr = \"aes128gcm16\" }, crypto.random(20))"},
    {"ring.open", "ring.open(p) -> message, or {payload =, next_header =}",
     "the decrypted view of a packet, when the ring has its key; else nil",
     "assert(ring.open(p) == nil)"},
    // ---- ESP, ICMP, IP
    {"esp.header", "esp.header(octets) -> {spi =, sequence =}", "or nil when it is too short",
     "assert(esp.header(bytes.from_hex(\"c0ffee0100000007\")).sequence == 7)"},
    {"esp.open", "esp.open(packet, suite, key, integ_key) -> {payload =, next_header =}",
     "or nil and why",
     "local s, k = { encr = \"aes128gcm16\" }, crypto.random(20)  "
     "local o = esp.seal(\"inside\", s, k, nil, { spi = \"c0ffee01\", sequence = 1 })  "
     "assert(esp.open(o, s, k).payload == \"inside\")"},
    {"esp.seal",
     "esp.seal(payload, suite, key, integ_key, {spi =, sequence =, next_header =}) -> packet",
     "the inverse",
     "assert(esp.header(esp.seal(\"x\", { encr = \"aes128gcm16\" }, crypto.random(20), nil, { spi "
     "= \"c0ffee01\", sequence = 9 })).sequence == 9)"},
    {"icmp.message", "icmp.message{type =, code =, rest =, data =} -> octets",
     "an ICMP message with its checksum; `data` is what it quotes",
     "assert(#icmp.message{ type = 3, code = 4, rest = \"\\0\\0\\2\\64\", data = \"quoted\" } == "
     "14)"},
    {"inet.packet", "inet.packet{src =, dst =, protocol =, payload =, ttl =, id =} -> octets",
     "an IPv4 packet",
     "assert(inet.read(inet.packet{ src = \"10.1.0.1\", dst = \"10.2.0.1\", protocol = 17, payload "
     "= \"x\" }).protocol == 17)"},
    {"inet.read", "inet.read(octets) -> {src =, dst =, protocol =, ttl =, payload =}",
     "or nil when it is none", "assert(inet.read(\"none\") == nil)"},
    {"inet.address", "inet.address(text) -> octets", "four octets of an IPv4 address",
     "assert(inet.address(\"10.0.0.1\") == \"\\10\\0\\0\\1\")"},
    {"inet.checksum", "inet.checksum(octets) -> number", "the Internet checksum (RFC 1071)",
     "assert(inet.checksum(\"\\0\\1\") == 0xfffe)"},
    // ---- octets
    {"bytes.hex", "bytes.hex(octets) -> text", "", "assert(bytes.hex(\"\\1\\255\") == \"01ff\")"},
    {"bytes.from_hex", "bytes.from_hex(text) -> octets", "",
     "assert(bytes.from_hex(\"01ff\") == \"\\1\\255\")"},
    {"bytes.u16", "bytes.u16(octets, at) -> number",
     "two octets, big endian; positions count from 1", "assert(bytes.u16(\"\\1\\2\", 1) == 258)"},
    {"bytes.u32", "bytes.u32(octets, at) -> number", "four octets",
     "assert(bytes.u32(\"\\0\\0\\1\\0\", 1) == 256)"},
    {"bytes.patch", "bytes.patch(octets, at, other) -> octets",
     "a copy with other octets from a position on",
     "assert(bytes.patch(\"abc\", 2, \"X\") == \"aXc\")"},
    {"bytes.flip", "bytes.flip(octets, at, bit) -> octets", "a copy with one bit turned over",
     "assert(bytes.flip(\"a\", 1, 0) == \"`\")"},
    // ---- crypto
    {"crypto.random", "crypto.random(n) -> octets", "from the run's seed",
     "assert(#crypto.random(32) == 32)"},
    {"crypto.hash", "crypto.hash(name, data) -> octets", "sha1, sha256, sha384, sha512",
     "assert(#crypto.hash(\"sha256\", \"\") == 32)"},
    {"crypto.prf", "crypto.prf(name, key, data) -> octets", "a PRF by swanctl's word",
     "assert(#crypto.prf(\"prfsha256\", \"key\", \"data\") == 32)"},
    {"crypto.mac", "crypto.mac(name, key, data) -> octets",
     "an integrity algorithm's truncated MAC",
     "assert(#crypto.mac(\"sha256\", crypto.random(32), \"data\") == 16)"},
    {"crypto.seal", "crypto.seal(name, key, iv, aad, text) -> octets", "`key` is key and salt",
     "assert(#crypto.seal(\"aes128gcm16\", crypto.random(20), crypto.random(8), \"\", \"text\") == "
     "20)"},
    {"crypto.open", "crypto.open(name, key, iv, aad, octets) -> text",
     "nil and why when the tag is wrong",
     "assert(crypto.open(\"aes128gcm16\", crypto.random(20), crypto.random(8), \"\", "
     "crypto.random(20)) == nil)"},
    {"crypto.key_pair", "crypto.key_pair(name) -> pair",
     "`method`, `name`, `public`, `handle`; the 64 latest stay open",
     "assert(#crypto.key_pair(\"x25519\").public == 32)"},
    {"crypto.shared", "crypto.shared(pair, public) -> octets",
     "g^ir, checked as RFC 6989 wants; nil and why",
     "local a, b = crypto.key_pair(\"x25519\"), crypto.key_pair(\"x25519\")  "
     "assert(crypto.shared(a, b.public) == crypto.shared(b, a.public))"},
    {"crypto.sign", "crypto.sign(key, data) -> signature, scheme, AlgorithmIdentifier",
     "`key` is PKCS #8, as `held(\"key:gw-a\")`",
     "assert(crypto.sign(\"no key\", \"data\") == nil)"},
    // ---- its own endpoint
    {"endpoint.receive", "endpoint.receive(p)",
     "its own IKE endpoint (`connections:` of the adversary) gets the packet, and answers",
     "-- endpoint.receive(p)"},
    {"endpoint.command", "endpoint.command(\"initiate\", {connection =, child =, to =}) -> why not",
     "initiate, rekey-ike, rekey-child, delete-ike, delete-child, liveness; nil when it is done",
     "-- endpoint.command(\"initiate\", { connection = \"home\", to = \"gw-b\" })"},
    {"endpoint.sas", "endpoint.sas() -> list",
     "its IKE SAs: `name`, `state`, `peer`, `spi_i`, `spi_r`, `keys` (as ike.keys), `esp` (SPIs "
     "and keys)",
     "-- endpoint.sas()[1].keys.sk_d"},
    // ---- IKEv1
    {"ikev1.sa", "ikev1.sa(body) -> {suite =, method =}",
     "of IKEv1: the first transform of an SA payload's `body` in swanctl's words, and its "
     "authentication method; nil and why",
     "assert(ikev1.sa(\"no SA payload\") == nil)"},
    {"ikev1.skeyid", "ikev1.skeyid(prf, {psk =, ni =, nr =}) -> octets",
     "SKEYID (RFC 2409, 5); with `shared` instead of `psk` that of signatures, with `spi_i` and "
     "`spi_r` that of RSA encryption",
     "assert(#ikev1.skeyid(\"prfsha1\", { psk = \"secret\", ni = \"12345678\", nr = \"87654321\" "
     "}) == 20)"},
    {"ikev1.keys", "ikev1.keys(suite, {skeyid =, shared =, spi_i =, spi_r =}) -> table",
     "`skeyid_d`, `skeyid_a`, `skeyid_e` and the cipher's `key`",
     "local keys = ikev1.keys({ encr = \"aes128\", prf = \"prfsha1\" }, { skeyid = "
     "crypto.random(20), shared = \"g^xy\", spi_i = \"0000000000000001\", spi_r = "
     "\"0000000000000002\" })  assert(#keys.key == 16)"},
    {"ikev1.iv", "ikev1.iv(suite, first, second) -> octets",
     "the first block of hash(first, second): of both public values, or of phase 1's last block "
     "and the message id",
     "assert(#ikev1.iv({ encr = \"aes128\", prf = \"prfsha1\" }, \"g^xi\", \"g^xr\") == 16)"},
    {"ikev1.hash",
     "ikev1.hash(prf, who, {skeyid =, g_xi =, g_xr =, spi_i =, spi_r =, sa =, id =}) -> octets",
     "HASH_I (who is `initiator`) or HASH_R; `sa` and `id` are payloads' bodies",
     "assert(#ikev1.hash(\"prfsha1\", \"responder\", { skeyid = \"s\", g_xi = \"i\", g_xr = \"r\", "
     "sa = \"a\", id = \"d\", spi_i = \"0000000000000001\", spi_r = \"0000000000000002\" }) == "
     "20)"},
    {"ikev1.open", "ikev1.open(octets, suite, key, iv) -> message",
     "the message with the payloads inside, and `iv` of the next one; nil and why when the key "
     "opens none",
     "assert(ikev1.open(p.payload, { encr = \"aes128\", prf = \"prfsha1\" }, crypto.random(16), "
     "crypto.random(16)) == nil)"},
    {"ikev1.seal", "ikev1.seal(message, suite, key, iv) -> octets, iv",
     "the inverse, with the IV of the next message",
     "local key, iv = crypto.random(16), crypto.random(16)\nlocal octets = ikev1.seal({ version = "
     "16, exchange = 5, spi_i = \"0000000000000001\", spi_r = \"0000000000000002\", payloads = { { "
     "number = 13, body = \"vendor\" } } }, { encr = \"aes128\", prf = \"prfsha1\" }, key, "
     "iv)\nassert(ikev1.open(octets, { encr = \"aes128\", prf = \"prfsha1\" }, key, "
     "iv).payloads[1].body == \"vendor\")"},
    {"rsa.key", "rsa.key(certificate) -> {n =, e =}",
     "modulus and exponent of an RSA certificate; nil and why",
     "assert(rsa.key(\"no certificate\") == nil)"},
    {"rsa.block", "rsa.block(data, octets) -> block",
     "a PKCS #1 block for encryption: 00 02, padding, 00, data",
     "assert(#rsa.block(\"abc\", 64) == 64)"},
    {"rsa.data", "rsa.data(block) -> octets", "what is in such a block, or nil",
     "assert(rsa.data(rsa.block(\"abc\", 64)) == \"abc\")"},
    {"number.add", "number.add(a, b) -> octets",
     "natural numbers of any size: big-endian octets, or Lua's integers",
     "assert(number.add(255, 1) == \"\\1\\0\")"},
    {"number.sub", "number.sub(a, b) -> octets", "a must not be less than b",
     "assert(number.sub(\"\\1\\0\", 1) == \"\\255\")"},
    {"number.mul", "number.mul(a, b) -> octets", "the product",
     "assert(number.mul(16, 16) == \"\\1\\0\")"},
    {"number.div", "number.div(a, b) -> octets", "the quotient, rounded down",
     "assert(number.div(7, 2) == \"\\3\")"},
    {"number.mod", "number.mod(a, b) -> octets", "the remainder",
     "assert(number.mod(7, 4) == \"\\3\")"},
    {"number.less", "number.less(a, b) -> boolean", "whether a is less than b",
     "assert(number.less(2, 3) and not number.less(3, 3))"},
    {"number.power", "number.power(base, exponent, modulus) -> octets", "a power modulo a number",
     "assert(number.power(3, 4, 100) == \"Q\")"},
    {"number.octets", "number.octets(a, count) -> octets", "so many octets, with zeros in front",
     "assert(number.octets(1, 3) == \"\\0\\0\\1\")"},
    {"eap.packet", "eap.packet(code, identifier, type, data) -> octets",
     "an EAP packet: code 1 request, 2 response, 3 Success, 4 Failure; type and data are of "
     "requests and responses",
     "assert(#eap.packet(1, 7, 4, \"data\") == 9 and #eap.packet(3, 7) == 4)"},
    {"eap.read", "eap.read(octets) -> {code =, identifier =, type =, data =}",
     "the inverse; nil and why when it is no packet",
     "assert(eap.read(eap.packet(2, 7, 4, \"data\")).data == \"data\" and eap.read(\"none\") == "
     "nil)"},
    {"eap.md5", "eap.md5(identifier, password, challenge) -> octets",
     "what answers an MD5-Challenge (RFC 3748, 5.4)",
     "assert(#eap.md5(7, \"password\", crypto.random(16)) == 16)"},
    {"eap.mschapv2", "eap.mschapv2(password, challenge, peer_challenge, user) -> octets",
     "the NT-Response that answers both challenges (RFC 2759, 8.1)",
     "assert(#eap.mschapv2(\"password\", crypto.random(16), crypto.random(16), \"anna\") == 24)"},
    {"eap.mschapv2_proof", "eap.mschapv2_proof(password, challenge, peer_challenge, user) -> text",
     "what proves to the peer that the server knows the password as well (RFC 2759, 8.7)",
     "assert(#eap.mschapv2_proof(\"password\", crypto.random(16), crypto.random(16), \"anna\") == "
     "42)"},
    {"gcm.add", "gcm.add(a, b) -> octets", "16 octets each: their sum in GCM's field, bit by bit",
     "assert(bytes.hex(gcm.add((\"\\1\"):rep(16), (\"\\3\"):rep(16))) == (\"02\"):rep(16))"},
    {"gcm.multiply", "gcm.multiply(a, b) -> octets",
     "their product in GF(2^128), bit 0 on the left (NIST SP 800-38D, 6.3)",
     "local a, one = crypto.random(16), \"\\128\" .. (\"\\0\"):rep(15)  assert(gcm.multiply(a, "
     "one) == a)"},
    // ---- shipped libraries
    {"library", "library(name) -> table",
     "a module of sim/attacks/lib, by its bare name; the functions below come from there",
     "local caller = library \"caller\"  assert(caller == library(\"caller\"))"},
    {"secrets.variants", "secrets.variants(word) -> list", "a word as people vary it",
     "local secrets = library \"secrets\"  assert(#secrets.variants(\"summer\") == 22)"},
    {"secrets.plan", "secrets.plan(params, each) -> plan",
     "what the parameters `dictionary`, `each` (guesses in one go) and `pause` say of a search",
     "local secrets = library \"secrets\"  assert(secrets.plan({ pause = \"1s\" }).pause == "
     "\"1s\")"},
    {"secrets.search",
     "secrets.search(plan, {fits = f(guess), found = f(guess, tried), none = f(tried), vary = "
     "f(word)}) -> step",
     "begins to try the words of a plan; `on_timer` calls the step that it returns",
     "local secrets = library \"secrets\"  local step = secrets.search(secrets.plan({}), { fits = "
     "function(guess) return guess == \"word1\" end, found = say, none = say })  step()"},
    {"caller.call", "caller.call({own =, target =}, note) -> me",
     "an initiator by hand: sends IKE_SA_INIT to `target` from the address `own`; `me` has spi, "
     "nonce, pair, request",
     "local caller = library \"caller\"  assert(#caller.call({ own = p.src, target = p.dst }).spi "
     "== 16)"},
    {"caller.answered", "caller.answered(me, message) -> boolean",
     "whether this answers the call for the first time; then `me` has spi_r, nr, suite, keys too",
     "local caller = library \"caller\"  assert(not caller.answered(caller.call({ own = p.src, "
     "target = p.dst }), ike.of(p)))"},
    {"caller.request", "caller.request(me, exchange, message_id, payloads, note)",
     "a request under the keys of the call",
     "local caller = library \"caller\"  local me = caller.call({ own = p.src, target = p.dst })  "
     "me.spi_r, me.suite = me.spi, ike.suite(caller.ike_proposal())  me.keys = { sk_ei = "
     "crypto.random(36), sk_er = crypto.random(36) }  caller.request(me, 37, 2, {}, \"still "
     "there?\")"},
    {"caller.send", "caller.send({own =, target =}, note, octets)",
     "a packet of IKE from `own` to `target`",
     "local caller = library \"caller\"  caller.send({ own = p.src, target = p.dst }, \"noise\", "
     "crypto.random(40))"},
    {"caller.signed_octets", "caller.signed_octets(me, id) -> octets",
     "what this initiator's AUTH has to cover, for an ID payload (RFC 7296, 2.15)",
     "local caller = library \"caller\"  local me = caller.call({ own = p.src, target = p.dst })  "
     "me.nr, me.suite, me.keys = me.nonce, { prf = \"prfsha256\" }, { sk_pi = crypto.random(32) }  "
     "assert(#caller.signed_octets(me, ike.id(\"i\", 2, \"somebody\")) > 64)"},
    {"caller.child", "caller.child(first, last) -> SA, TSi, TSr",
     "three payloads that ask for a tunnel from these addresses to 10.2.0.0/24",
     "local caller = library \"caller\"  assert(#{ caller.child(\"10.8.0.66\") } == 3)"},
    {"caller.ike_proposal", "caller.ike_proposal() -> proposal", "the suite that it offers",
     "local caller = library \"caller\"  assert(ike.suite(caller.ike_proposal()).prf)"},
    {"caller.esp_proposal", "caller.esp_proposal() -> proposal",
     "the suite and a fresh SPI for a Child SA",
     "local caller = library \"caller\"  assert(#caller.esp_proposal().spi == 4)"},
    {"answerer.answer", "answerer.answer(p, message, note) -> me",
     "a responder by hand: answers IKE_SA_INIT in the place of whom it was for; `me` has spi_i, "
     "spi, suite, keys, ni, nr, request, response, and the ring has the keys",
     "local answerer = library \"answerer\"  assert(#answerer.answer(p, ike.of(p)).keys.sk_d >= "
     "32)"},
    {"answerer.respond", "answerer.respond(me, p, message, payloads, note)",
     "a response under these keys to the request in `message`",
     "local answerer = library \"answerer\"  local message = ike.of(p)  "
     "answerer.respond(answerer.answer(p, message), p, message, { ike.notify(24) }, \"no\")"},
    {"answerer.reply", "answerer.reply(p, octets, note)",
     "a packet back to where p came from, in the name of whom p was for",
     "local answerer = library \"answerer\"  answerer.reply(p, crypto.random(40), \"noise\")"},
    {"answerer.own_octets", "answerer.own_octets(me, id) -> octets",
     "what this responder's AUTH has to cover, for its ID payload (RFC 7296, 2.15)",
     "local answerer = library \"answerer\"  assert(#answerer.own_octets(answerer.answer(p, "
     "ike.of(p)), ike.id(\"r\", 2, \"gw\")) > 100)"},
    {"answerer.peer_octets", "answerer.peer_octets(me, id) -> octets",
     "what the initiator's AUTH covers, for the IDi that it sent",
     "local answerer = library \"answerer\"  assert(#answerer.peer_octets(answerer.answer(p, "
     "ike.of(p)), ike.id(\"i\", 2, \"gw\")) > 100)"},
    // ---- monitors
    {"alert", "alert(text, severity, p)",
     "detectors only: info, warning or critical; about the packet in hand, or p", nullptr},
    {"block", "block(note)",
     "detectors only: takes the packet in hand out, where the monitor `blocks: true`", nullptr},
};

}  // namespace

std::span<const FunctionRow> function_rows() {
  return rows;
}

std::string reference_page() {
  std::string page =
      "# Functions of scripts\n\n"
      "Printed by `ikelab attack reference` from sim/script/reference.cpp; a test runs every "
      "example, "
      "and fails when a function is missing here. How scripts live: "
      "[ADVERSARY.md](ADVERSARY.md).\n\n"
      "`p` is the packet that `on_packet(p)` or a rule got. Beside these there is the harmless "
      "part of "
      "Lua 5.4.\n";
  for (const FunctionRow& row : rows) {
    page += fmt::format("\n## `{}`\n\n`{}`\n\n", row.name, row.signature);
    if (*row.text != 0) page += fmt::format("{}\n\n", row.text);
    if (row.example != nullptr) page += fmt::format("```lua\n{}\n```\n", row.example);
  }
  return page;
}

std::vector<std::string> functions_of(Side side) {
  std::vector<std::string> names;
  const auto collect = [&](lua_State* state, const std::string& prefix, auto&& self) -> void {
    for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) {
      const std::string name = prefix + std::string(check_text(state, -2));
      if (lua_isfunction(state, -1)) names.push_back(name);
      if (lua_istable(state, -1) && prefix.empty()) self(state, name + ".", self);
    }
  };
  AdversaryOptions options;
  options.side = side;
  LuaAdversary script("", options);
  script.inspect([&](lua_State* state) {
    lua_pushglobaltable(state);
    collect(state, "", collect);
    for (const Library& module : libraries()) {
      lua_getglobal(state, "library");
      push(state, module.name);
      lua_call(state, 1, 1);
      collect(state, std::string(module.name) + ".", collect);
      lua_pop(state, 1);
    }
  });
  // Lua's own
  Sandbox bare(Sandbox::Limits{});
  std::vector<std::string> all = std::exchange(names, {});
  static_cast<void>(bare.run([&](lua_State* state) {
    lua_pushglobaltable(state);
    collect(state, "", collect);
  }));
  std::erase_if(all, [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end() && name != "print";
  });
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace ikelab::script
