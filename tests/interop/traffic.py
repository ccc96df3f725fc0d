"""iperf3 through a tunnel, and what the daemons at its ends spend on it."""
import json
import os
import subprocess

from world import Failed, wait_for

PORT = 5201


def cpu_seconds(pid):
    """User and system time of a process with all its threads."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_of(pid):
    """The process and all that it began: `ip netns exec` and `unshare` become their program."""
    found = [pid]
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as f:
            for child in f.read().split():
                found += children_of(int(child))
    return found


def overflows(space):
    """Packets that were dropped in a namespace because a queue was full: a socket's, or that of an
    interface (a TUN device whose daemon did not get the processor in time)."""
    done = subprocess.run(
        ["ip", "netns", "exec", space, "sh", "-c",
         "grep -h ^Udp: /proc/net/snmp; cat /sys/class/net/*/statistics/tx_dropped"],
        capture_output=True, text=True, check=True).stdout.splitlines()
    names, values = done[0].split(), done[1].split()
    return int(values[names.index("RcvbufErrors")]) + sum(map(int, done[2:]))


class Iperf:
    """A server in `ns` at `address`; run() is a client elsewhere."""

    def __init__(self, ns, address):
        self.address = address
        self.server = subprocess.Popen(
            ["ip", "netns", "exec", ns, "iperf3", "-s", "-B", address, "-p", str(PORT)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("iperf3 listens", lambda: subprocess.run(
            ["ip", "netns", "exec", ns, "ss", "-Hltn", f"sport = :{PORT}"], capture_output=True,
            text=True).stdout.strip())

    def run(self, ns, source, *options, timeout=600):
        """What iperf3 says as JSON of one run from `source` in `ns`."""
        done = subprocess.run(
            ["ip", "netns", "exec", ns, "iperf3", "-J", "-c", self.address, "-B", source, "-p",
             str(PORT), *options], capture_output=True, text=True, timeout=timeout)
        try:
            said = json.loads(done.stdout)
        except ValueError:
            raise Failed(f"iperf3: {(done.stdout + done.stderr).strip()[-300:]}") from None
        if "error" in said:
            raise Failed("iperf3: " + said["error"])
        return said

    def close(self):
        self.server.terminate()
        self.server.wait()
