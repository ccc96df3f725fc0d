#!/usr/bin/env python3
"""strongSwan against `ikelab peer`, in both roles, with ping through the tunnel. See rows.py.

    tests/interop/interop.py IKELAB-PEER [--only WORD] [--keep] [--list]

Exit codes: 0 every row held, 1 one did not, 77 skipped with a reason (which is 1 when CI is set).
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

from certificates import Certificates
from rows import ROWS, Row
from world import (IKELAB_INNER, IKELAB_IP, INSIDE_IP, MOVED_IP, STRONGSWAN_INNER, STRONGSWAN_IP,
                   Failed,
                   Peer, World, reason_to_skip, run, wait_for)

SECRET = "correct horse battery staple"
PPK = "5tGb9Ks2Wp7Qx4Lm8Zv1Rn6Yd3Hc0JfE"
USER = "anna@example"


def filled(text):
    return text % {"ikelab_inner": IKELAB_INNER, "strongswan_inner": STRONGSWAN_INNER} \
        if "%(" in text else text


def scenario_of(row, world, certificates, initiates):
    local = INSIDE_IP if world.nat else IKELAB_IP
    remote = STRONGSWAN_IP if initiates or world.nat else "'%any'"
    more = row.ikelab_more
    node_more, connection_more = "", ""
    if more == "@cookies":
        node_more = "cookie_threshold: 0\n    "
    elif more:
        connection_more = filled(more) + "\n        "
    if row.ikelab_node:
        node_more += filled(row.ikelab_node) + "\n    "
    if row.ikelab_inner:
        node_more = f"inner_addresses: [{IKELAB_INNER}]\n    " + node_more
    local_ts, remote_ts = row.ikelab_ts
    if row.version == 1:
        connection_more += "version: 1\n        "
    if row.ppk:
        connection_more += f"ppks: [{{id: site-2026, secret: {PPK}}}]\n        ppk_id: site-2026\n        "
    if row.ppk == "required":
        connection_more += "ppk_required: yes\n        "
    pki = ""
    if row.auth != "psk":
        pki = f"""pki:
  ca: {{file: {certificates.ca}}}
  certificates: [{{name: own, file: {certificates.file('ikelab', row.auth)}, \
key_file: {certificates.key('ikelab', row.auth)}}}]
"""
    mine, theirs = ikelab_rounds(row, initiates)
    if row.user and not initiates:
        kind = "xauth" if row.user.endswith("xauth") else "eap"
        node_more += f"secrets: [{{type: {kind}, id: {USER}, secret: {SECRET}}}]\n    "
    rounds = "\n        ".join(f"{side}{suffix}: {value}" for side, values in
                               (("local", mine), ("remote", theirs))
                               for suffix, value in zip(("", "-2"), values))
    return f"""name: interop
duration: 1s
{pki}nodes:
  - name: gw
    role: gateway
    {node_more}connections:
      - name: site
        local_addr: {local}
        remote_addr: {remote}
        proposals: {row.ikelab_ike or '[' + row.ike + ']'}
        {rounds}
        {connection_more}children:
          - {{name: net, local_ts: [{local_ts}], remote_ts: [{remote_ts}], \
esp_proposals: [{row.esp}]{row.ikelab_child}}}
"""


def ikelab_rounds(row, initiates):
    """`local` and `remote` of ikelab, a list of rounds each."""
    shared = f"{{auth: psk, id: ikelab.example, secret: {SECRET}}}"
    certificate = "{auth: pubkey, id: ikelab.example, cert: own}"
    mine = [shared if row.auth == "psk" else certificate]
    theirs = [f"{{auth: {'psk' if row.auth == 'psk' else 'pubkey'}, id: strongswan.example}}"]
    if row.mixed:
        theirs = [f"{{auth: psk, id: strongswan.example, secret: {SECRET}}}"]
    if row.user and initiates:
        eap = row.user.split(", ")[-1]
        password = "no horse" if row.wrong_password else SECRET
        what = "cert: own" if eap == "eap-tls" else f"eap_id: {USER}, secret: {password}"
        who = f"id: ikelab.example, {what}"
        if eap == "xauth":
            who = f"xauth_id: {USER}, secret: {password}"
        mine = mine[:row.user.count(",")] + [f"{{auth: {eap}, {who}}}"]
    elif row.user:
        eap = row.user.split(", ")[-1]
        asked = "" if eap in ("eap-tls", "xauth") else ", eap_id: '%any'"
        theirs = theirs[:row.user.count(",")] + [f"{{auth: {eap}{asked}}}"]
    return mine, theirs


def strongswan_rounds(row, certificates, initiates):
    """The sections local and remote of swanctl.conf, and its secrets."""
    own = f"certs = {certificates.file('strongswan', row.auth)}" if row.auth != "psk" else ""
    kind = "psk" if row.auth == "psk" else row.strongswan_auth
    local = [("psk" if row.mixed else kind, "strongswan.example", "" if row.mixed else own)]
    trust = f"cacerts = {certificates.ca}" if row.auth != "psk" else ""
    remote = [(kind, "ikelab.example", trust)]
    if row.user:
        eap = row.user.split(", ")[-1]
        more = own if eap == "eap-tls" else f"eap_id = {USER}"
        if eap == "xauth" and initiates:
            local += [(eap, "", f"xauth_id = {USER}")]
        elif eap == "xauth":
            remote += [(eap, "", "")]
        elif initiates:
            local = local[:row.user.count(",")] + [(eap, "strongswan.example", more)]
        else:
            more = trust if eap == "eap-tls" else "eap_id = %any"
            remote = remote[:row.user.count(",")] + [(eap, "ikelab.example", more)]
    sections = ""
    for name, rounds in (("local", local), ("remote", remote)):
        for i, (auth, identity, more) in enumerate(rounds, 1):
            named = f"      id = {identity}\n" if identity else ""
            sections += (f"    {name}-{i} {{\n      auth = {auth}\n{named}"
                         f"      {more}\n    }}\n")
    return sections


def swanctl_conf_of(row, world, certificates, initiates):
    rounds = strongswan_rounds(row, certificates, initiates)
    secrets = f"""secrets {{
  ike-1 {{
    id-1 = ikelab.example
    id-2 = strongswan.example
    secret = "{SECRET}"
  }}
  {"xauth" if row.user.endswith("xauth") else "eap"}-1 {{
    id = {USER}
    secret = "{'no horse' if row.wrong_password and initiates else SECRET}"
  }}
}}
"""  # keys lie in swanctl/private
    ppk = ""
    if row.ppk:
        name = "another" if row.ppk == "ours" else "site-2026"
        ppk = f"ppk_required = {'yes' if row.ppk == 'required' else 'no'}"
        if row.ppk != "ours":
            ppk += f"\n    ppk_id = {name}"
        entry = f"  ppk-1 {{\n    id = {name}\n    secret = \"{PPK}\"\n  }}\n"
        secrets = secrets.replace("secrets {\n", "secrets {\n" + entry) or f"secrets {{\n{entry}}}\n"
    return f"""connections {{
  site {{
    version = {row.version}
    local_addrs = {STRONGSWAN_IP}
    remote_addrs = {IKELAB_IP if not world.nat else '%any'}
    proposals = {row.strongswan_ike or row.ike}
    {row.strongswan_more}
    {ppk}
{rounds}    children {{
      net {{
        local_ts = {row.strongswan_ts[0]}
        remote_ts = {row.strongswan_ts[1]}
        esp_proposals = {row.esp}
        rekey_time = 0
      }}
    }}
  }}
}}
{secrets}{filled(row.strongswan_tail)}"""


class Conversation:
    """One row in one role."""

    def __init__(self, row, world, certificates, initiator):
        self.row, self.world, self.initiator = row, world, initiator
        self.moved = False
        world.configure(swanctl_conf_of(row, world, certificates, initiator == "strongswan"),
                        None if row.auth == "psk" else certificates.key("strongswan", row.auth),
                        [stem + ".pem" for stem in certificates.intermediates()]
                        if row.auth == "chain" else ())
        if row.world == "cookies":  # a half-open SA there, so that the next is asked for a cookie
            world.ns(world.ikelab_ns, "ike-scan", "--ikev2", "--sport=0", "--retry=1",
                     "--dhgroup=14", STRONGSWAN_IP, check=False)
        options = ["--initiate", "site/net"] if initiator == "ikelab" else []
        self.peer = Peer(world, scenario_of(row, world, certificates, initiator == "ikelab"),
                         *options)

    def hold(self):
        peer, world = self.peer, self.world
        if self.row.wrong_password:
            return self.refused()
        if self.initiator == "strongswan":
            world.swanctl("--initiate", "--child", "net", "--timeout", "20")
        peer.wait(r"s  child .* out: ")
        world.ping()
        world.ping(from_ikelab=False)
        for step in self.row.steps:
            STEPS[step](self)
        for pattern in self.row.expect:
            peer.wait(filled(pattern))
        code = peer.stop()
        if code != 0:
            raise Failed(f"ikelab ended with {code}")
        # our DELETE reached strongSwan: nothing is left of us there
        wait_for("strongSwan forgets the SA", lambda: "site" not in world.swanctl("--list-sas"))

    def refused(self):
        """Nobody gets a tunnel."""
        if self.initiator == "strongswan":
            self.world.swanctl("--initiate", "--child", "net", "--timeout", "5", check=False)
        self.peer.wait(r"E-IKE1-05[04]")
        if self.peer.count(r"s  child .* out: "):
            raise Failed("a child came up all the same")
        self.peer.stop()

    def rekey(self, line_or_words, fresh):
        """After a rekey: the new SAs stand in ikelab's lines, and ping passes through them."""
        peer = self.peer
        before = peer.count(fresh)
        if isinstance(line_or_words, str):
            peer.say(line_or_words)
        else:
            self.world.swanctl(*line_or_words)
        peer.wait(fresh, before + 1)
        self.world.ping()
        self.world.ping(from_ikelab=False)

    def move(self):
        """Another address of ikelab's, in the same network; the old one is taken away."""
        world, peer = self.world, self.peer
        change = lambda verb, ip: run("ip", "-n", world.ikelab_ns, "address", verb, ip + "/24",
                                      "dev", "veth-out")
        change("add", MOVED_IP)
        try:
            peer.say("move " + MOVED_IP)
            peer.wait(r"s  moved .*UPDATE_SA_ADDRESSES was answered")
            world.ping()
            world.ping(from_ikelab=False)
            self.moved = True
        except Failed:
            change("del", MOVED_IP)
            raise

    def be_moved(self):
        """The old address is taken away and another one comes; nobody tells ikelab but the kernel."""
        world, peer = self.world, self.peer
        change = lambda verb, ip: run("ip", "-n", world.ikelab_ns, "address", verb, ip + "/24",
                                      "dev", "veth-out")
        change("del", IKELAB_IP)
        try:
            change("add", MOVED_IP)
            peer.wait(r"s  moved .*UPDATE_SA_ADDRESSES was answered")
            world.ping()
            world.ping(from_ikelab=False)
            self.moved = True
        finally:
            change("add", IKELAB_IP)

    def rekey_by_volume(self):
        before = self.peer.count(CHILD_FRESH)
        self.world.ping(times=12)
        self.peer.wait(CHILD_FRESH, before + 1)
        self.world.ping()

    def reauthenticate(self):
        self.peer.wait(r"s  established ", 2)
        self.peer.wait(r"s  deleted .*deleted by us")
        self.world.ping()
        self.world.ping(from_ikelab=False)

    def gone(self, pattern):
        self.peer.wait(pattern)
        done = self.world.ns(self.world.ikelab_ns, "ping", "-q", "-c", "1", "-W", "1",
                             STRONGSWAN_INNER, check=False)
        if done.returncode == 0:
            raise Failed("ping passed though the tunnel is gone")

    def close(self):
        try:
            self.peer.stop()
            if self.moved:
                # with the first address of a network Linux takes away the others in it
                for verb, ip in (("del", MOVED_IP), ("replace", IKELAB_IP)):
                    run("ip", "-n", self.world.ikelab_ns, "address", verb, ip + "/24", "dev",
                        "veth-out")
        finally:
            self.world.swanctl("--terminate", "--ike", "site", "--force", check=False)


CHILD_FRESH = r"s  child .* out: .*rekey of"
IKE_FRESH = r"s  rekeyed "

STEPS = {
    "ikelab rekeys child": lambda c: c.rekey("rekey-child net", CHILD_FRESH),
    "strongswan rekeys child": lambda c: c.rekey(("--rekey", "--child", "net"), CHILD_FRESH),
    "ikelab rekeys ike": lambda c: c.rekey("rekey-ike", IKE_FRESH),
    "strongswan rekeys ike": lambda c: c.rekey(("--rekey", "--ike", "site"), IKE_FRESH),
    "ikelab deletes child": lambda c: (c.peer.say("delete-child net"), c.gone(r"s  child gone ")),
    "strongswan deletes child": lambda c: (
        c.world.swanctl("--terminate", "--child", "net"), c.gone(r"s  child gone ")),
    "ikelab deletes ike": lambda c: (c.peer.say("delete-ike"), c.gone(r"s  deleted ")),
    "strongswan deletes ike": lambda c: (
        c.world.swanctl("--terminate", "--ike", "site"), c.gone(r"s  deleted ")),
    "ikelab moves": lambda c: c.move(),
    "ikelab is moved": lambda c: c.be_moved(),
    "ikelab rekeys by volume": lambda c: c.rekey_by_volume(),
    "ikelab reauthenticates": lambda c: c.reauthenticate(),
    "ikelab checks liveness": lambda c: c.peer.wait(r"done +\S+ dpd, as initiator: the peer is alive"),
    "strongswan checks liveness": lambda c: c.peer.wait(r"done +\S+ \S+, as responder", 2),
}


def ike_scan_is_answered(world, certificates):
    """ike-scan --ikev2 offers a proposal; a sensible answer is a handshake or a notify."""
    row = next(r for r in ROWS if r.name == "modp2048")
    peer = Peer(world, scenario_of(row, world, certificates, True).replace("192.0.2.2", "'%any'"))
    try:
        # 12 is AES-CBC of 256 bits, 5 PRF_HMAC_SHA2_256, 12 AUTH_HMAC_SHA2_256_128, 14 MODP-2048
        done = world.ns(world.strongswan_ns, "ike-scan", "--ikev2", "--sport=0", "--retry=3",
                        "--dhgroup=14", IKELAB_IP, check=False)
        if not re.search(r"1 returned (handshake|notify)", done.stdout):
            raise Failed("ike-scan found nothing: " + done.stdout.strip()[-300:])
        peer.wait(r"s  (sent|received) .*IKE_SA_INIT|negotiated")
    finally:
        peer.stop()


WEAK = "sunshine"


def ike_scan_of_v1(world, certificates, aggressive):
    """ike-scan offers AES-128, SHA-1, pre-shared key, MODP-1024; -A wants aggressive mode, and what
    it leaves there is enough for psk-crack to find a weak key."""
    row = Row("", version=1, ike="aes128-sha1-modp1024", esp="aes128-sha1",
              ikelab_more="aggressive: yes" if aggressive else "")
    scenario = scenario_of(row, world, certificates, True)
    peer = Peer(world, scenario.replace("192.0.2.2", "'%any'").replace(SECRET, WEAK))
    left, words = (os.path.join(world.folder, name) for name in ("psk.txt", "words.txt"))
    try:
        mode = ["--aggressive", "--id=strongswan.example", "--idtype=2", f"--pskcrack={left}"]
        done = world.ns(world.strongswan_ns, "ike-scan", "--sport=0", "--retry=3", "--dhgroup=2",
                        "--trans=(1=7,14=128,2=2,3=1,4=2)", *(mode if aggressive else []),
                        IKELAB_IP, check=False)
        if "1 returned handshake" not in done.stdout:
            raise Failed("ike-scan found nothing: " + done.stdout.strip()[-300:])
        if aggressive:
            for dictionary, finds in (([WEAK, "moonlight"], True), (["moonlight"], False)):
                with open(words, "w") as f:
                    f.write("\n".join(dictionary) + "\n")
                cracked = run("psk-crack", f"--dictionary={words}", left, check=False).stdout
                if (f'key "{WEAK}" matches' in cracked) != finds:
                    raise Failed("psk-crack: " + cracked.strip()[-300:])
    finally:
        peer.stop()


def tell(ok, name, seconds, reason=""):
    print(f"{'ok    ' if ok else 'FAILED'}  {name:<44} {seconds:5.1f} s  {reason}", flush=True)


def evidence(world, keep):
    """What a person needs to find out why: the last lines of both."""
    for file, lines in (("ikelab.out", 40), ("charon.log", 40)):
        path = os.path.join(world.folder, file)
        if os.path.exists(path):
            with open(path) as f:
                print(f"---- {file}\n" + "".join(f.readlines()[-lines:]), flush=True)
    if keep:
        print(f"---- kept in {world.folder}")


def make_world(kind, ikelab):
    extra = {"cookies": "cookie_threshold = 1\n  half_open_timeout = 60",
             "aggressive": "i_dont_care_about_security_and_use_aggressive_mode_psk = yes"
             }.get(kind, "")
    world = World(ikelab, nat=kind == "nat", charon_extra=extra)
    return world


def run_rows(rows, arguments, certificates):
    failed = 0
    for kind in dict.fromkeys(row.world for row in rows):
        world = make_world(kind, arguments.ikelab)
        try:
            for row in (r for r in rows if r.world == kind):
                for role in row.roles:
                    failed += not run_one(f"{row.name}, {role} initiates", world, arguments,
                                          lambda: hold(row, world, certificates, role))
            if kind == "plain" and not arguments.only:
                failed += not run_one("ike-scan", world, arguments,
                                      lambda: ike_scan_is_answered(world, certificates))
            if kind == "plain" and (not arguments.only or arguments.only in "ikev1 ike-scan"):
                for aggressive in (False, True):
                    failed += not run_one(f"ikev1 ike-scan{' -A, psk-crack' if aggressive else ''}",
                                          world, arguments,
                                          lambda: ike_scan_of_v1(world, certificates, aggressive))
        finally:
            if arguments.keep:
                print(f"logs are kept in {world.folder}")
            else:
                world.close()
    return failed


def hold(row, world, certificates, role):
    conversation = Conversation(row, world, certificates, role)
    try:
        conversation.hold()
    finally:
        conversation.close()


def run_one(name, world, arguments, body):
    began = time.monotonic()
    try:
        body()
    except (Failed, subprocess.TimeoutExpired, OSError) as reason:
        tell(False, name, time.monotonic() - began, str(reason))
        evidence(world, arguments.keep)
        return False
    tell(True, name, time.monotonic() - began)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ikelab", help="the program ikelab-peer")
    parser.add_argument("--only", help="rows whose name contains this")
    parser.add_argument("--keep", action="store_true", help="keep namespaces and logs")
    parser.add_argument("--list", action="store_true", help="list the rows")
    arguments = parser.parse_args()
    rows = [r for r in ROWS if not arguments.only or arguments.only in r.name]
    if arguments.list:
        for row in rows:
            print(f"{row.name}: {', '.join(row.roles)}")
        return 0
    reason = reason_to_skip(arguments.ikelab)
    if reason:
        print(f"skipped: {reason}")
        return 1 if os.environ.get("CI") else 77
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ikelab-certificates-") as folder:
        failed = run_rows(rows, arguments, Certificates(folder))
    print(f"{'every row held' if not failed else f'{failed} failed'} "
          f"({time.monotonic() - began:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
