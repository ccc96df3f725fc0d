#!/usr/bin/env python3
"""psk-crack (package ike-scan) on what an ikelab run in aggressive mode leaves: it finds the weak
secret in a dictionary that has it, and nothing in one that has not.

    tests/interop/psk_crack.py IKELAB-SIM

Exit codes: 0 it did, 1 it did not, 77 skipped with a reason (which is 1 when CI is set).
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

SCENARIO, SECRET = "ikev1-aggressive-crack", "Sunshine2024"
SA, KE, ID, HASH, NONCE = 1, 4, 5, 8, 10


def payloads(octets):
    """Bodies by payload type, of a message in the clear (RFC 2408, 3.2)."""
    found, kind, at = {}, octets[16], 28
    while kind:
        size = int.from_bytes(octets[at + 2:at + 4], "big")
        found[kind] = octets[at + 4:at + size]
        kind, at = octets[at], at + size
    return found


def message(ikelab, database, number):
    shown = subprocess.run([ikelab, "show", "--db", database, "message", str(number), "--json"],
                           check=True, capture_output=True, text=True)
    return bytes.fromhex(json.loads(shown.stdout)["octets"])


def attack(ikelab, database):
    return subprocess.run([ikelab, "show", "--db", database, "attack", "--json"], check=True,
                          capture_output=True, text=True).stdout


def main():
    ikelab = sys.argv[1]
    if not shutil.which("psk-crack"):
        print("skipped: psk-crack is not installed (package ike-scan)")
        return 1 if os.environ.get("CI") else 77
    with tempfile.TemporaryDirectory(prefix="ikelab-psk-crack-") as folder:
        database, left, words = (os.path.join(folder, n) for n in ("run.db", "psk.txt", "words.txt"))
        subprocess.run([ikelab, "run", SCENARIO, "--db", database, "--quiet"], check=True)
        first, second = (message(ikelab, database, n) for n in (1, 2))
        one, two = payloads(first), payloads(second)
        # g_xr:g_xi:cky_r:cky_i:sai_b:idir_b:ni_b:nr_b:hash_r (psk-crack(1))
        parts = [two[KE], one[KE], second[8:16], first[0:8], one[SA], two[ID], one[NONCE],
                 two[NONCE], two[HASH]]
        line = ":".join(part.hex() for part in parts)
        if line not in attack(ikelab, database):
            print("the attack's own line for psk-crack is another one")
            return 1
        with open(left, "w") as f:
            f.write(line + "\n")
        for dictionary, finds in ((["moonlight", SECRET], True), (["moonlight", "x"], False)):
            with open(words, "w") as f:
                f.write("\n".join(dictionary) + "\n")
            cracked = subprocess.run(["psk-crack", f"--dictionary={words}", left],
                                     capture_output=True, text=True).stdout
            if (f'key "{SECRET}" matches' in cracked) != finds:
                print(f"psk-crack, dictionary {dictionary}:\n{cracked}")
                return 1
    print("psk-crack finds the secret where the dictionary has it, and only there")
    return 0


if __name__ == "__main__":
    sys.exit(main())
