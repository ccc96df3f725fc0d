"""Two network namespaces (three with a NAT), ikelab peer in one, strongSwan's charon in the other.

strongSwan runs its userland ESP (kernel-libipsec): it needs no ESP of the kernel, and always
speaks ESP in UDP. Everything is made under names of this process and taken away at the end.
"""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time

CHARON = "/usr/lib/ipsec/charon"
IKELAB_IP, STRONGSWAN_IP = "192.0.2.1", "192.0.2.2"          # without a NAT
INSIDE_IP, NAT_INSIDE_IP, NAT_IP = "198.51.100.1", "198.51.100.254", "192.0.2.1"  # with one
MOVED_IP = "192.0.2.77"                                      # where ikelab goes
IKELAB_INNER, STRONGSWAN_INNER = "10.1.0.1", "10.2.0.1"

STRONGSWAN_CONF = """
charon {
  load = random nonce openssl pem pkcs1 pkcs8 pubkey x509 revocation constraints hmac kdf curve25519 \
chapoly gcm ccm aes sha1 sha2 mgf1 gmp md5 fips-prf eap-identity eap-md5 eap-mschapv2 eap-tls \
kernel-libipsec kernel-netlink socket-default vici updown
  retransmit_timeout = 1.0
  delete_rekeyed_delay = 1
  %(extra)s
  plugins {
    vici { socket = unix://%(folder)s/charon.vici }
    eap-tls { fragment_size = 1024 }
  }
  filelog {
    log { path = %(folder)s/charon.log
      default = 1
      ike = 2
      cfg = 2
      flush_line = yes
    }
  }
}
swanctl { load = pem pkcs1 pkcs8 pubkey x509 openssl random curve25519 }
"""


class Failed(Exception):
    """A row did not hold: the reason, in words."""


def run(*words, check=True, timeout=20):
    done = subprocess.run(words, capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(words)}: {(done.stdout + done.stderr).strip()[-400:]}")
    return done


def reason_to_skip(ikelab):
    """Why these tests cannot run here, or None."""
    if os.geteuid() != 0:
        return "not root: no network namespaces"
    for program in ("ip", "nft", "swanctl", "openssl", "ping", CHARON):
        if not shutil.which(program):
            return f"{program} is not installed (see packages.txt, part interop)"
    if not os.path.exists(ikelab):
        return f"{ikelab} is not built"
    if not os.path.exists("/dev/net/tun"):
        return "no /dev/net/tun"
    probe = f"ikp{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True).returncode != 0:
        return "network namespaces are not allowed here"
    subprocess.run(["ip", "netns", "del", probe])
    return None


def wait_for(what, condition, seconds=15.0):
    """Polls; an overloaded machine makes it slow, never wrong."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise Failed(f"did not happen in {seconds:g} s: {what}")


class Peer:
    """A running `ikelab peer`."""

    def __init__(self, world, scenario, *options, verbose=True):
        self.out = os.path.join(world.folder, "ikelab.out")
        with open(os.path.join(world.folder, "ikelab.yaml"), "w") as f:
            f.write(scenario)
        self.sink = open(self.out, "w")
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", world.ikelab_ns, world.ikelab,
             os.path.join(world.folder, "ikelab.yaml"), "--name", "gw", "--commands",
             *(["--verbose"] if verbose else []), *options],
            stdin=subprocess.PIPE, stdout=self.sink, stderr=subprocess.STDOUT, text=True)
        self.wait("is ready")

    def text(self):
        with open(self.out) as f:
            return f.read()

    def count(self, pattern):
        return len(re.findall(pattern, self.text(), re.M))

    def wait(self, pattern, times=1, seconds=15.0):
        def look():
            if self.process.poll() is not None and self.count(pattern) < times:
                raise Failed(f"ikelab ended with {self.process.returncode}")
            return self.count(pattern) >= times
        wait_for(f"{times} of '{pattern}' in ikelab's lines", look, seconds)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def stop(self):
        """Ends it as a user would; its exit code must be 0."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.sink.close()
        return self.process.returncode


class World:
    """The namespaces and the charon in them."""

    def __init__(self, ikelab, nat=False, charon_extra=""):
        self.ikelab = ikelab
        self.nat = nat
        tag = f"{os.getpid()}{'n' if nat else ''}"
        self.ikelab_ns, self.strongswan_ns, self.nat_ns = f"iki{tag}", f"iks{tag}", f"ikn{tag}"
        self.folder = tempfile.mkdtemp(prefix="ikelab-interop-")
        self.charon = None
        self.charon_extra = charon_extra
        try:
            self.make_network()
            self.start_charon()
        except BaseException:
            self.close()
            raise

    def ns(self, name, *words, **more):
        return run("ip", "netns", "exec", name, *words, **more)

    def make_network(self):
        names = [self.ikelab_ns, self.strongswan_ns] + ([self.nat_ns] if self.nat else [])
        for name in names:
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        if not self.nat:
            self.wire(self.ikelab_ns, IKELAB_IP, self.strongswan_ns, STRONGSWAN_IP)
        else:
            self.wire(self.ikelab_ns, INSIDE_IP, self.nat_ns, NAT_INSIDE_IP)
            self.wire(self.nat_ns, NAT_IP, self.strongswan_ns, STRONGSWAN_IP)
            run("ip", "-n", self.ikelab_ns, "route", "add", "default", "via", NAT_INSIDE_IP)
            self.ns(self.nat_ns, "sysctl", "-qw", "net.ipv4.ip_forward=1")
            rules = os.path.join(self.folder, "nat.nft")
            with open(rules, "w") as f:
                f.write("table ip nat {\n chain post {\n  type nat hook postrouting priority 100;\n"
                        f"  ip saddr {INSIDE_IP} masquerade random;\n }}\n}}\n")
            self.ns(self.nat_ns, "nft", "-f", rules)
        run("ip", "-n", self.strongswan_ns, "address", "add", STRONGSWAN_INNER + "/32", "dev", "lo")

    def wire(self, a, a_ip, b, b_ip):
        run("ip", "-n", a, "link", "add", "veth-out", "type", "veth", "peer", "name", "veth-in",
            "netns", b)
        for ns, ip, device in ((a, a_ip, "veth-out"), (b, b_ip, "veth-in")):
            run("ip", "-n", ns, "address", "add", ip + "/24", "dev", device)
            run("ip", "-n", ns, "link", "set", device, "up")

    def start_charon(self):
        conf = os.path.join(self.folder, "strongswan.conf")
        with open(conf, "w") as f:
            extra = self.charon_extra.replace("%(folder)s", self.folder)
            f.write(STRONGSWAN_CONF % {"folder": self.folder, "extra": extra})
        self.environment = dict(os.environ, STRONGSWAN_CONF=conf)
        self.charon_out = open(os.path.join(self.folder, "charon.out"), "w")
        # /run of its own: two charons must not find each other's pid file
        self.charon = subprocess.Popen(
            ["ip", "netns", "exec", self.strongswan_ns, "unshare", "-m", "sh", "-c",
             f"mount -t tmpfs tmpfs /run && exec {CHARON}"],
            env=self.environment, stdout=self.charon_out, stderr=subprocess.STDOUT)
        wait_for("charon listens", lambda: os.path.exists(self.folder + "/charon.vici"))

    def swanctl(self, *words, check=True, timeout=30):
        done = subprocess.run(["swanctl", *words, "--uri", f"unix://{self.folder}/charon.vici"],
                              capture_output=True, text=True, env=self.environment, timeout=timeout)
        if check and done.returncode != 0:
            raise Failed(f"swanctl {' '.join(words)}: {(done.stdout + done.stderr)[-600:].strip()}")
        return done.stdout

    def configure(self, conf, private_key=None, authorities=()):
        """`private_key` is a file: swanctl looks for it in private/ beside its configuration."""
        folder = os.path.join(self.folder, "swanctl")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder + "/private")
        if private_key:
            shutil.copy(private_key, folder + "/private")
        os.makedirs(folder + "/x509ca")
        for file in authorities:
            shutil.copy(file, folder + "/x509ca")
        file = os.path.join(folder, "swanctl.conf")
        with open(file, "w") as f:
            f.write(conf)
        self.swanctl("--load-all", "--clear", "--noprompt", "--file", file)

    def log(self):
        with open(os.path.join(self.folder, "charon.log")) as f:
            return f.read()

    def ping(self, from_ikelab=True, times=2):
        ns, src, dst = ((self.ikelab_ns, IKELAB_INNER, STRONGSWAN_INNER) if from_ikelab else
                        (self.strongswan_ns, STRONGSWAN_INNER, IKELAB_INNER))
        done = self.ns(ns, "ping", "-q", "-c", str(times), "-i", "0.2", "-W", "5", "-I", src, dst,
                       check=False)
        if done.returncode != 0 or f" {times} received" not in done.stdout:
            raise Failed(f"ping {src} to {dst}: {done.stdout.strip()[-200:]}")

    def close(self):
        if self.charon is not None:
            self.charon.terminate()
            try:
                self.charon.wait(10)
            except subprocess.TimeoutExpired:
                self.charon.kill()
                self.charon.wait()
            self.charon_out.close()
        for name in (self.ikelab_ns, self.strongswan_ns, self.nat_ns if self.nat else None):
            if name:
                subprocess.run(["ip", "netns", "del", name], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
