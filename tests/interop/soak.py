#!/usr/bin/env python3
"""A long stay: `ikelab peer` against strongSwan's userland ESP, gigabytes both ways under iperf3,
while both ends rekey every few seconds. Nothing may be lost to a rekey.

    tests/interop/soak.py IKELAB-PEER [--megabytes 1000] [--seconds 60]

First TCP, so many megabytes in each direction; then UDP at 5 Mbit/s, so many seconds in each, of
which every packet is counted. It fails when a side refused an ESP packet or had no SA to send one
with, when UDP packets are missing that no full queue dropped, or when there were too few rekeys to
tell. Exit codes: 0, 1, 77 skipped with a reason.
"""
import argparse
import os
import re
import shutil
import sys
import time

from throughput import ENDS, scenario, swanctl_conf
from traffic import Iperf, overflows
from world import Failed, Peer, World, reason_to_skip, run, wait_for

CHILD_FRESH = r"s  child .* out: .*rekey of"
IKE_FRESH = r"s  rekeyed "
LOST_HERE = r"s  (?:ESP refused|not sent|dropped|error) .*"
# libipsec's own words, at level 2 of its log
LOST_THERE = r".*(?:does not belong to an installed|verification failed|error encrypting).*"
ESP_LOG = "filelog {\n esp {\n path = %(folder)s/esp.log\n default = -1\n esp = 2\n flush_line = yes\n }\n }\n"


class Soak:
    def __init__(self, world):
        self.world, self.missing = world, []
        own, other = ENDS
        world.configure(swanctl_conf(other, own, "rekey_time = 23s", "rekey_time = 7s"))
        run("ip", "-n", world.ikelab_ns, "address", "add", own[1] + "/32", "dev", "lo")
        self.peer = Peer(world, scenario(own, other, True, ", rekey_time: 4s"), "--udp-only",
                         verbose=False)
        self.peer.wait(r"s  child .* out: ")
        wait_for("a ping through the tunnel", lambda: run(
            "ip", "netns", "exec", world.ikelab_ns, "ping", "-q", "-c", "1", "-W", "1", "-I",
            own[1], other[1], check=False).returncode == 0)
        self.iperf = Iperf(world.strongswan_ns, other[1])

    def send(self, what, *options):
        """One run of iperf3; tells of it, and how many rekeys it met."""
        children, ikes = self.peer.count(CHILD_FRESH), self.peer.count(IKE_FRESH)
        full = self.overflows()
        begun = time.monotonic()
        end = self.iperf.run(self.world.ikelab_ns, ENDS[0][1], *options, timeout=3600)["end"]
        seconds = time.monotonic() - begun
        children, ikes = (self.peer.count(CHILD_FRESH) - children,
                          self.peer.count(IKE_FRESH) - ikes)
        total = end["sum"] if "-u" in options else end["sum_received"]
        lost = f"{total['lost_packets']} of {total['packets']} packets lost" if "-u" in options \
            else f"{end['sum_sent']['retransmits']} segments repeated"
        print(f"{what:<24} {total['bytes'] / 1e6:>7.0f} MB {seconds:>7.1f} s "
              f"{total['bytes'] * 8e-6 / seconds:>7.0f} Mbit/s  {children:>3} child and {ikes} IKE "
              f"rekeys, {lost}", flush=True)
        full = self.overflows() - full
        if "-u" in options and total["lost_packets"] != 0:
            print(f"{'':<24} {full} packets met a full queue: the machine is too busy", flush=True)
        if "-u" in options and total["lost_packets"] > full:
            self.missing.append(f"{what}: {lost}, and only {full} met a full queue")
        return children

    def overflows(self):
        return overflows(self.world.ikelab_ns) + overflows(self.world.strongswan_ns)

    def hold(self, megabytes, seconds):
        size, last = ("-n", f"{megabytes}M"), ("-u", "-b", "5M", "-l", "1200", "-t", str(seconds))
        rekeys = sum(self.send(what, *options) for what, options in (
            ("TCP from ikelab", size), ("TCP from strongSwan", (*size, "-R")),
            ("UDP from ikelab", last), ("UDP from strongSwan", (*last, "-R"))))
        if rekeys < 5:
            raise Failed(f"only {rekeys} rekeys: too short a stay to tell")
        here = re.findall(LOST_HERE, self.peer.text(), re.M)
        with open(os.path.join(self.world.folder, "esp.log")) as f:
            there = re.findall(LOST_THERE, f.read(), re.M)
        for name, lines in (("ikelab", here), ("strongSwan", there)):
            if lines:
                raise Failed(f"{name} lost {len(lines)} packets; the first: {lines[0].strip()}")
        if self.missing:
            raise Failed("; ".join(self.missing))

    def close(self):
        self.iperf.close()
        self.peer.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("ikelab", help="the program ikelab-peer")
    parser.add_argument("--megabytes", type=int, default=1000, help="of TCP, in each direction")
    parser.add_argument("--seconds", type=int, default=60, help="of UDP, in each direction")
    options = parser.parse_args()
    reason = reason_to_skip(options.ikelab) or (
        None if shutil.which("iperf3") else "iperf3 is not installed")
    if reason:
        print(f"skipped: {reason}")
        return 77
    world = World(options.ikelab, charon_extra=ESP_LOG)
    try:
        soak = Soak(world)
        try:
            soak.hold(options.megabytes, options.seconds)
        finally:
            soak.close()
    except Failed as failed:
        print(f"soak: {failed}", file=sys.stderr)
        return 1
    finally:
        world.close()
    print("nothing was lost to a rekey")
    return 0


if __name__ == "__main__":
    sys.exit(main())
