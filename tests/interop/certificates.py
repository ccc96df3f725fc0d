"""Certificates for both sides, made with openssl when they are first needed."""
import os

from world import run

KINDS = {
    "ecdsa": ("EC", "ec_paramgen_curve:P-256"),
    "rsa": ("RSA", "rsa_keygen_bits:2048"),
    "ed25519": ("ED25519", None),
}


class Certificates:
    def __init__(self, folder):
        self.folder = folder
        self.ca = os.path.join(folder, "ca.pem")
        self.ca_key = os.path.join(folder, "ca.key")
        self.new_key(self.ca_key, "ecdsa")
        run("openssl", "req", "-x509", "-new", "-key", self.ca_key, "-subj", "/CN=Interop CA",
            "-days", "30", "-out", self.ca, "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def new_key(self, file, kind):
        algorithm, option = KINDS[kind]
        run("openssl", "genpkey", "-algorithm", algorithm, *(["-pkeyopt", option] if option else []),
            "-out", file)

    def key(self, side, kind):
        self.make(side, kind)
        return os.path.join(self.folder, f"{side}-{kind}.key")

    def file(self, side, kind):
        self.make(side, kind)
        return os.path.join(self.folder, f"{side}-{kind}.pem")

    def make(self, side, kind):
        stem = os.path.join(self.folder, f"{side}-{kind}")
        if os.path.exists(stem + ".pem"):
            return
        issuer = (self.ca, self.ca_key)
        if kind == "chain":
            for name in self.intermediates():
                if not os.path.exists(name + ".pem"):
                    self.issue(name, "rsa", os.path.basename(name), issuer,
                               "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n")
                issuer = (name + ".pem", name + ".key")
        self.issue(stem, "rsa" if kind == "chain" else kind, f"{side}.example", issuer,
                   f"subjectAltName=DNS:{side}.example\nkeyUsage=digitalSignature\n")
        if kind == "chain" and side == "ikelab":  # strongSwan has them in x509ca/
            with open(stem + ".pem", "a") as f:
                for name in reversed(self.intermediates()):
                    f.write(open(name + ".pem").read())

    def intermediates(self):
        """Stems of files, the one below the root first."""
        return [os.path.join(self.folder, f"intermediate-{i}") for i in (1, 2, 3)]

    def issue(self, stem, kind, name, issuer, extensions):
        self.new_key(stem + ".key", kind)
        run("openssl", "req", "-new", "-key", stem + ".key", "-subj", f"/CN={name}",
            "-out", stem + ".csr")
        with open(stem + ".ext", "w") as f:
            f.write(extensions)
        run("openssl", "x509", "-req", "-in", stem + ".csr", "-CA", issuer[0], "-CAkey", issuer[1],
            "-CAcreateserial", "-days", "30", "-extfile", stem + ".ext", "-out", stem + ".pem")
