#!/usr/bin/env python3
"""`ikelab bench peer`: TCP through a tunnel between two `ikelab peer`, and between two charons with
strongSwan's userland ESP (kernel-libipsec). Both with ESP in UDP and a TUN device of 1,400 octets,
turn by turn on one machine.

    tests/interop/throughput.py IKELAB-PEER [--brief] [--json]

CPU is that of both daemons together, user and system; that of iperf3 is not in it. Exit codes: 0,
77 skipped with a reason, 1 a tunnel did not come up.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from traffic import Iperf, children_of, cpu_seconds
from world import (CHARON, IKELAB_INNER, IKELAB_IP, STRONGSWAN_CONF, STRONGSWAN_INNER,
                   STRONGSWAN_IP, Failed, reason_to_skip, run, wait_for)

IKE, ESP, SECRET = "aes256gcm16-prfsha256-x25519", "aes128gcm16", "correct horse battery staple"
ENDS = ((IKELAB_IP, IKELAB_INNER, "a.example"), (STRONGSWAN_IP, STRONGSWAN_INNER, "b.example"))


def scenario(own, other, initiates, child_more=""):
    """The node `gw` of an ikelab end; encap makes both speak ESP in UDP, as libipsec does."""
    return f"""name: throughput
duration: 1s
nodes:
  - name: gw
    role: gateway
    connections:
      - name: site
        local_addr: {own[0]}
        remote_addr: {other[0]}
        encap: true
        proposals: [{IKE}]
        local: {{auth: psk, id: {own[2]}, secret: {SECRET}}}
        remote: {{auth: psk, id: {other[2]}}}
        children:
          - {{name: net, local_ts: [{own[1]}/32], remote_ts: [{other[1]}/32], esp_proposals: [{ESP}]\
{', start_action: start' if initiates else ''}{child_more}}}
"""


def swanctl_conf(own, other, more="", child_more=""):
    return f"""connections {{
  site {{
    version = 2
    {more}
    local_addrs = {own[0]}
    remote_addrs = {other[0]}
    proposals = {IKE}
    local {{
      auth = psk
      id = {own[2]}
    }}
    remote {{
      auth = psk
      id = {other[2]}
    }}
    children {{
      net {{
        local_ts = {own[1]}/32
        remote_ts = {other[1]}/32
        esp_proposals = {ESP}
        {child_more}
      }}
    }}
  }}
}}
secrets {{
  ike-1 {{
    secret = "{SECRET}"
  }}
}}
"""


class Ikelab:
    """`ikelab peer` at one end, in a network namespace."""

    def __init__(self, program, space, folder, own, other, initiates):
        file = os.path.join(folder, "scenario.yaml")
        with open(file, "w") as f:
            f.write(scenario(own, other, initiates))
        self.out = open(os.path.join(folder, "out"), "w")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", space, program, file, "--name", "gw", "--udp-only"],
            stdout=self.out, stderr=subprocess.STDOUT)

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.out.close()


class Charon:
    """strongSwan at one end."""

    def __init__(self, _program, space, folder, own, other, initiates):
        conf, swanctl = (os.path.join(folder, name) for name in ("strongswan.conf", "swanctl.conf"))
        with open(conf, "w") as f:
            f.write(STRONGSWAN_CONF % {"folder": folder, "extra": ""})
        with open(swanctl, "w") as f:
            f.write(swanctl_conf(own, other))
        environment = dict(os.environ, STRONGSWAN_CONF=conf)
        self.out = open(os.path.join(folder, "out"), "w")
        self.process = subprocess.Popen(  # /run of its own: charons must not find each other's pid
            ["ip", "netns", "exec", space, "unshare", "-m", "sh", "-c",
             f"mount -t tmpfs tmpfs /run && exec {CHARON}"],
            env=environment, stdout=self.out, stderr=subprocess.STDOUT)
        socket = os.path.join(folder, "charon.vici")
        wait_for("charon listens", lambda: os.path.exists(socket))
        self.say = lambda *words: subprocess.run(
            ["swanctl", *words, "--uri", "unix://" + socket], env=environment, check=False,
            capture_output=True, timeout=40)
        self.say("--load-all", "--noprompt", "--file", swanctl)
        self.initiates = initiates

    def begin(self):
        if self.initiates:
            self.say("--initiate", "--child", "net", "--timeout", "20")

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        self.out.close()


class Tunnel:
    """Two namespaces, a daemon in each, and iperf3's server behind the second."""

    def __init__(self, name, daemon, program):
        self.name = name
        self.spaces = [f"ikt{os.getpid()}{name[0]}{end}" for end in "ab"]
        self.folder = tempfile.mkdtemp(prefix="ikelab-throughput-")
        self.daemons, self.iperf = [], None
        try:
            self.wire()
            for i, space in enumerate(self.spaces):
                folder = os.path.join(self.folder, str(i))
                os.mkdir(folder)
                self.daemons.append(daemon(program, space, folder, ENDS[i], ENDS[1 - i], i == 1))
            for end in self.daemons:
                if isinstance(end, Charon):
                    end.begin()
            wait_for(f"a ping through the tunnel of {name}", self.ping, 40)
            self.iperf = Iperf(self.spaces[1], ENDS[1][1])
        except BaseException:
            self.close()
            raise

    def wire(self):
        for space in self.spaces:
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", self.spaces[0], "link", "add", "veth-out", "type", "veth", "peer", "name",
            "veth-in", "netns", self.spaces[1])
        for space, device, end in zip(self.spaces, ("veth-out", "veth-in"), ENDS):
            run("ip", "-n", space, "address", "add", end[0] + "/24", "dev", device)
            run("ip", "-n", space, "link", "set", device, "up")
            run("ip", "-n", space, "address", "add", end[1] + "/32", "dev", "lo")

    def ping(self):
        return run("ip", "netns", "exec", self.spaces[0], "ping", "-q", "-c", "1", "-W", "1", "-I",
                   ENDS[0][1], ENDS[1][1], check=False).returncode == 0

    def measure(self, seconds):
        """Mbit/s, and CPU seconds of the daemons for each gigabyte."""
        pids = [pid for end in self.daemons for pid in children_of(end.process.pid)]
        before = sum(map(cpu_seconds, pids))
        said = self.iperf.run(self.spaces[0], ENDS[0][1], "-t", str(seconds))
        spent = sum(map(cpu_seconds, pids)) - before
        received = said["end"]["sum_received"]
        return received["bits_per_second"] / 1e6, spent / (received["bytes"] / 1e9)

    def close(self):
        for end in ([self.iperf] if self.iperf else []) + self.daemons:
            end.close()
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ikelab", help="the program ikelab-peer")
    parser.add_argument("--brief", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    reason = reason_to_skip(options.ikelab) or (
        None if shutil.which("iperf3") else "iperf3 is not installed")
    if reason:
        print(f"skipped: {reason}")
        return 77
    turns, seconds = (3, 3) if options.brief else (7, 5)
    tunnels, found = [], {}
    try:
        for name, daemon in (("ikelab", Ikelab), ("strongSwan", Charon)):
            tunnels.append(Tunnel(name, daemon, options.ikelab))
            found[name] = []
        for _ in range(turns):
            for tunnel in tunnels:
                found[tunnel.name].append(tunnel.measure(seconds))
    except Failed as failed:
        print(f"throughput: {failed}", file=sys.stderr)
        return 1
    finally:
        for tunnel in tunnels:
            tunnel.close()
    rate, cost = ({name: statistics.median(row[i] for row in rows) for name, rows in found.items()}
                  for i in (0, 1))
    ratios = rate["ikelab"] / rate["strongSwan"], cost["strongSwan"] / cost["ikelab"]
    if options.json:
        print(json.dumps({"mbit_s": rate, "cpu_s_gb": cost, "throughput_ratio": ratios[0],
                          "cpu_ratio": ratios[1]}))
        return 0
    print(f"{'':<12} {'throughput':>14} {'CPU of both ends':>20}")
    for name in found:
        print(f"{name:<12} {rate[name]:>7.0f} Mbit/s {cost[name]:>11.2f} s / GB")
    print(f"throughput {ratios[0]:.2f} times strongSwan's (aim: 2), CPU a gigabyte "
          f"{ratios[1]:.2f} times less")
    return 0


if __name__ == "__main__":
    sys.exit(main())
