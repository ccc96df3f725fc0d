"""The rows of the interop test: one row is one small configuration, run in both roles.

`steps` are words after the first ping: who does what. After each of them a ping must pass again,
but after a delete.
"""
from dataclasses import dataclass, field

GCM = "aes256gcm16-prfsha256-x25519"


@dataclass(frozen=True)
class Row:
    name: str
    ike: str = GCM                 # proposal of both
    esp: str = "aes256gcm16"
    auth: str = "psk"              # psk, or the certificates' kind: ecdsa, rsa, ed25519, chain
    user: str = ""                 # how the initiator proves itself, when that is EAP: the method, or
                                   # "pubkey, eap-..." for two rounds; the responder has `auth`
    mixed: bool = False            # ikelab proves itself by `auth`, strongSwan by a shared key
    steps: tuple = ()
    ikelab_ike: str = ""           # when ikelab's list differs
    strongswan_ike: str = ""
    strongswan_auth: str = "pubkey"
    ikelab_more: str = ""          # lines of ikelab's connection
    strongswan_more: str = ""
    ikelab_node: str = ""          # lines of ikelab's node
    ikelab_inner: bool = True      # it has its inner address from the beginning
    ikelab_ts: tuple = ("10.1.0.0/24", "10.2.0.0/24")      # local, remote
    strongswan_ts: tuple = ("10.2.0.0/24", "10.1.0.0/24")
    ikelab_child: str = ""         # more of ikelab's child, in one line
    strongswan_tail: str = ""      # more sections of swanctl.conf
    expect: tuple = ()             # regular expressions in ikelab's lines
    ppk: str = ""                  # a preshared key both have: required, or optional
    roles: tuple = ("ikelab", "strongswan")  # who initiates
    world: str = "plain"           # plain, nat, cookies, aggressive
    version: int = 2
    wrong_password: bool = False   # the user's: no tunnel may come up


REKEYS = ("ikelab rekeys child", "strongswan rekeys child", "ikelab rekeys ike",
          "strongswan rekeys ike")

ROWS = [
    Row("psk"),
    Row("ecdsa", auth="ecdsa", strongswan_auth="ecdsa"),
    Row("rsa-pss", auth="rsa", strongswan_auth="rsa/pss"),
    Row("rsa-pkcs1", auth="rsa", strongswan_auth="rsa"),
    Row("ed25519", auth="ed25519"),
    Row("rekeys", steps=REKEYS),
    Row("rekeys with key exchange", esp="aes256gcm16-x25519",
        steps=("ikelab rekeys child", "strongswan rekeys child")),
    Row("ikelab deletes child", steps=("ikelab deletes child",)),
    Row("strongswan deletes child", steps=("strongswan deletes child",)),
    Row("ikelab deletes ike", steps=("ikelab deletes ike",)),
    Row("strongswan deletes ike", steps=("strongswan deletes ike",)),
    Row("invalid-ke", ikelab_ike="[aes256gcm16-prfsha256-x25519-ecp256]",
        strongswan_ike="aes256gcm16-prfsha256-ecp256-x25519",
        expect=(r"IKE_SA_INIT response 0: N\(INVALID_KE_PAYLOAD\)",)),
    Row("dpd of ikelab", ikelab_more="dpd_delay: 1s", steps=("ikelab checks liveness",)),
    Row("dpd of strongswan", strongswan_more="dpd_delay = 1s",
        steps=("strongswan checks liveness",)),
    Row("cookie of ikelab", ikelab_more="@cookies", roles=("strongswan",),
        expect=(r"IKE_SA_INIT response 0: N\(COOKIE\)",)),
    Row("cookie of strongswan", world="cookies", roles=("ikelab",),
        strongswan_ike=GCM + ",default",
        expect=(r"IKE_SA_INIT response 0: N\(COOKIE\)",)),
    # ciphers
    Row("aes128gcm16", ike="aes128gcm16-prfsha256-x25519", esp="aes128gcm16"),
    Row("chacha20poly1305", ike="chacha20poly1305-prfsha256-x25519", esp="chacha20poly1305"),
    Row("aes128-sha256", ike="aes128-sha256-x25519", esp="aes128-sha256"),
    Row("aes256-sha384", ike="aes256-sha384-x25519", esp="aes256-sha384"),
    Row("aes256-sha512", ike="aes256-sha512-x25519", esp="aes256-sha512"),
    Row("aes192, sha1", ike="aes192-sha256-x25519", esp="aes128-sha1"),
    Row("aes256gcm8, ccm", ike="aes256ccm16-prfsha384-x25519", esp="aes256gcm8"),
    # groups
    Row("ecp256", ike="aes256gcm16-prfsha256-ecp256"),
    Row("ecp384", ike="aes256gcm16-prfsha384-ecp384"),
    Row("ecp521", ike="aes256gcm16-prfsha512-ecp521"),
    Row("modp2048", ike="aes256-sha256-modp2048"),
    Row("modp3072", ike="aes256-sha256-modp3072"),
    Row("modp4096", ike="aes256-sha256-modp4096"),
    # EAP: whoever initiates is the user
    Row("eap-md5", auth="ecdsa", user="eap-md5"),
    Row("eap-mschapv2", auth="ecdsa", user="eap-mschapv2", steps=("ikelab rekeys ike",),
        expect=(r"EAP-MSCHAPv2",)),
    Row("eap-mschapv2, rsa", auth="rsa", user="eap-mschapv2"),
    Row("eap-tls 1.2", auth="ecdsa", user="eap-tls"),
    Row("eap-tls 1.2, rsa", auth="rsa", user="eap-tls"),
    # No row of EAP-TLS 1.3: strongSwan 5.9.8 is older than RFC 9190. As client it dies (SIGSEGV in
    # libtls) of the commitment message of 2.1.1, as server it ends without one.
    # several rounds (RFC 4739), and another kind on each side
    Row("certificate and eap-mschapv2", auth="ecdsa", user="pubkey, eap-mschapv2",
        expect=(r"ANOTHER_AUTH_FOLLOWS",)),
    Row("ecdsa as before RFC 7427", auth="ecdsa", ikelab_more="signature_authentication: no",
        expect=(r"ECDSA with SHA-256 on the P-256 curve",)),
    Row("rsa as before RFC 7427", auth="rsa", ikelab_more="signature_authentication: no",
        expect=(r"RSA Digital Signature",)),
    Row("certificate and psk mixed", auth="ecdsa", mixed=True),
    # large messages
    Row("fragmentation with a long chain", auth="chain",
        expect=(r"s  sent .*IKE_AUTH .*SKF", r"s  received .*IKE_AUTH .*SKF")),
    # IKEv1 (historic): every row negotiates ESP in UDP, which is all that this charon can do
    Row("ikev1 main mode", version=1, ike="aes128-sha1-modp2048", esp="aes128-sha1",
        expect=(r"Main Mode .*ID, HASH", r"Quick Mode .*HASH, SA, NONCE, ID, ID")),
    Row("ikev1 main mode, modp1024", version=1, ike="aes128-sha1-modp1024", esp="aes128-sha1"),
    Row("ikev1 sha256, pfs", version=1, ike="aes256-sha256-modp2048", esp="aes256-sha256-modp2048",
        steps=("ikelab rekeys child", "strongswan rekeys child")),
    Row("ikev1 rsa signatures", version=1, ike="aes128-sha1-modp2048", esp="aes128-sha1",
        auth="rsa", expect=(r"Main Mode .*ID, CERT, SIG",)),
    Row("ikev1 aggressive mode", version=1, world="aggressive", ike="aes128-sha1-modp2048",
        esp="aes128-sha1", ikelab_more="aggressive: yes", strongswan_more="aggressive = yes",
        expect=(r"Aggressive Mode .*SA, KE, NONCE, ID.*HASH",)),
    Row("ikev1 strongswan deletes child", version=1, ike="aes128-sha1-modp2048", esp="aes128-sha1",
        steps=("strongswan deletes child",)),
    Row("ikev1 ikelab deletes ike", version=1, ike="aes128-sha1-modp2048", esp="aes128-sha1",
        steps=("ikelab deletes ike",)),
    Row("ikev1 xauth", version=1, ike="aes128-sha1-modp2048", esp="aes128-sha1", user="psk, xauth",
        expect=(r"Transaction .*ATTR\(ISAKMP_CFG_REQUEST\)", r"Transaction .*ATTR\(ISAKMP_CFG_SET\)")),
    Row("ikev1 xauth, rsa, aggressive", version=1, world="aggressive", auth="rsa",
        ike="aes128-sha1-modp2048", esp="aes128-sha1", user="pubkey, xauth",
        ikelab_more="aggressive: yes", strongswan_more="aggressive = yes",
        expect=(r"Transaction .*ATTR\(ISAKMP_CFG_SET\)",)),
    Row("ikev1 xauth, wrong password", version=1, ike="aes128-sha1-modp2048", esp="aes128-sha1",
        user="psk, xauth", wrong_password=True),
    Row("ikev1 xauth, mode config of strongswan", version=1, ike="aes128-sha1-modp2048",
        esp="aes128-sha1", user="psk, xauth", roles=("ikelab",), ikelab_inner=False,
        ikelab_more="vips: [0.0.0.0]", ikelab_ts=("dynamic", "10.2.0.0/24"),
        strongswan_more="pools = office", strongswan_ts=("10.2.0.0/24", "dynamic"),
        strongswan_tail="pools {\n  office {\n    addrs = %(ikelab_inner)s-%(ikelab_inner)s\n"
                        "    dns = 10.2.0.53\n  }\n}\n",
        expect=(r"s  address .* got %(ikelab_inner)s, DNS 10\.2\.0\.53",)),
    Row("ikev1 xauth, mode config of ikelab", version=1, ike="aes128-sha1-modp2048",
        esp="aes128-sha1", user="psk, xauth", roles=("strongswan",),
        ikelab_node="pools: [{name: office, addrs: %(strongswan_inner)s, dns: [10.1.0.53]}]",
        ikelab_more="pools: [office]", ikelab_ts=("10.1.0.0/24", "dynamic"),
        strongswan_more="vips = 0.0.0.0", strongswan_ts=("dynamic", "10.1.0.0/24"),
        expect=(r"s  address .* given %(strongswan_inner)s of pool office",)),
    # post-quantum preshared keys (RFC 8784); strongSwan 5.9.8 has neither RFC 9242 nor RFC 9370
    Row("ppk, required", ppk="required", steps=REKEYS,
        expect=(r"IKE_AUTH .*N\(PPK_IDENTITY\)",)),
    Row("ppk, optional, with a signature", auth="ecdsa", strongswan_auth="ecdsa", ppk="optional",
        expect=(r"IKE_AUTH request .*N\(NO_PPK_AUTH\)", r"IKE_AUTH .*N\(PPK_IDENTITY\)")),
    Row("ppk that strongswan does not know", ppk="ours", roles=("ikelab",),
        expect=(r"IKE_AUTH request .*N\(NO_PPK_AUTH\)",)),
    # inner addresses
    Row("configuration payload of strongswan", roles=("ikelab",), ikelab_inner=False,
        ikelab_more="vips: [0.0.0.0]", ikelab_ts=("dynamic", "10.2.0.0/24"),
        strongswan_more="pools = office", strongswan_ts=("10.2.0.0/24", "dynamic"),
        strongswan_tail="pools {\n  office {\n    addrs = %(ikelab_inner)s-%(ikelab_inner)s\n"
                        "    dns = 10.2.0.53\n  }\n}\n",
        steps=("ikelab rekeys ike", "ikelab rekeys child"),
        expect=(r"s  address .* got %(ikelab_inner)s, DNS 10\.2\.0\.53",)),
    Row("configuration payload of ikelab", roles=("strongswan",),
        ikelab_node="pools: [{name: office, addrs: %(strongswan_inner)s, dns: [10.1.0.53]}]",
        ikelab_more="pools: [office]", ikelab_ts=("10.1.0.0/24", "dynamic"),
        strongswan_more="vips = 0.0.0.0", strongswan_ts=("dynamic", "10.1.0.0/24"),
        steps=("strongswan rekeys ike", "strongswan rekeys child"),
        expect=(r"s  address .* given %(strongswan_inner)s of pool office",)),
    # addresses that change
    Row("mobike", ikelab_more="mobike: yes", steps=("ikelab moves", "ikelab rekeys ike"),
        roles=("ikelab",), expect=(r"s  moved .*UPDATE_SA_ADDRESSES was answered",)),
    Row("mobike by itself", ikelab_more="mobike: yes", steps=("ikelab is moved", "ikelab rekeys ike"),
        roles=("ikelab",), expect=(r"timer .*this machine has", r"s  moved .*UPDATE_SA_ADDRESSES was answered",)),
    # lifetimes
    Row("lifetime by packets", ikelab_child=", rekey_packets: 12, life_packets: 1000",
        steps=("ikelab rekeys by volume",)),
    Row("lifetime by bytes", ikelab_child=", rekey_bytes: 1KiB, life_bytes: 1MiB",
        steps=("ikelab rekeys by volume",)),
    Row("reauthentication", ikelab_more="reauth_time: 3s", roles=("ikelab",),
        steps=("ikelab reauthenticates",)),
    # networks
    Row("nat", world="nat", roles=("ikelab",), steps=REKEYS,
        expect=(r"a NAT was detected",)),
]
