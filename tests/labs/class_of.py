#!/usr/bin/env python3
"""A class is graded: honest submissions of every quality, and five that mean harm.

    tests/labs/class_of.py IKELAB-LAB [--students N]

Exit codes: 0 every grade is what it must be and each hostile file is contained and named, 1 not so.
"""
import argparse
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time

LAB = "flood"
# What a student has done, and what that is worth: answers that do not depend on the draw, files.
KINDS = [
    ("nothing", {}, {}, 26),
    ("half", {"carries": "3", "forged": "cookie"}, {"threshold.yaml": "20\n"}, 63),
    ("all but the draw's numbers", {"carries": "3", "forged": "cookie"},
     {"threshold.yaml": "20\n", "puzzle.yaml": "30\n"}, 79),
    ("a typing error", {"carries": "3"}, {"threshold.yaml": "[20\n"}, 6),
]
# Within what the sandbox allows a call, and for ever; the process is what must stop them.
ENDLESS = ('function on_timer() for i = 1, 200000 do local x = i * i end '
           'timer.after("1ms", "again") end\n')
GREEDY = ('function on_timer() for i = 1, 200 do say(("x"):rep(1900) .. i) end '
          'timer.after("1ms", "again") end\n')


def lab(program, *arguments, folder, check=True):
    ran = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True)
    if check and ran.returncode:
        sys.exit(f"{' '.join(arguments)}: {ran.stderr or ran.stdout}")
    return ran


def answered(path, answers):
    """answers.yaml with these fields filled in."""
    lines = []
    for line in path.read_text().splitlines():
        field = line.strip().split(":")[0]
        lines.append(f"  {field}: {answers[field]}" if field in answers else line)
    path.write_text("\n".join(lines) + "\n")


def hand_in(program, place, work, to):
    lab(program, "submit", str(work), "--out", str(to), folder=place)


def honest(program, place, students):
    """One submission each; returns what each must get."""
    expected = {}
    for i, student in enumerate(students):
        kind, answers, files, score = KINDS[i % len(KINDS)]
        work = place / "out" / f"{LAB}-{student}"
        answered(work / "answers.yaml", answers)
        for name, text in files.items():
            (work / name).write_text(text)
        hand_in(program, place, work, place / "in" / f"{student}.yaml")
        expected[student] = (score, kind)
    return expected


def hostile(program, place):
    """File to the code that must name it."""
    lab(program, "start", "psk-cracking", "--student", "loops", "--student", "floods", "--dir",
        "bad", folder=place)
    codes = {}
    for student, script, code in (("loops", ENDLESS, "E-LAB-060"), ("floods", GREEDY, "E-LAB-06")):
        work = place / "bad" / f"psk-cracking-{student}"
        (work / "crack.lua").write_text(script)
        hand_in(program, place, work, place / "late" / f"{student}.yaml")
        codes[student] = code
    text = (place / "late" / "floods.yaml").read_text()
    seed = [line for line in text.splitlines() if line.strip().startswith("seed:")][0]
    (place / "in" / "liar.yaml").write_text(text.replace(seed, "    seed: \"4711\""))
    codes["liar.yaml"] = "E-LAB-031"
    (place / "in" / "link.yaml").symlink_to("/etc/passwd")
    codes["link.yaml"] = "E-LAB-026"
    (place / "in" / "climbs.yaml").write_text(
        text.replace('  crack.lua:', '  "../../crack.lua":').replace("  \"crack.lua\":",
                                                                   '  "../../crack.lua":'))
    codes["climbs.yaml"] = "E-LAB-010"
    (place / "in" / "huge.yaml").write_text(text + "#" * (1 << 20))
    codes["huge.yaml"] = "E-LAB-003"
    return codes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--students", type=int, default=12)
    o = parser.parse_args()
    program = os.path.abspath(o.program)
    wrong = []
    with tempfile.TemporaryDirectory(prefix="ikelab-class-") as folder:
        place = pathlib.Path(folder)
        (place / "in").mkdir()
        (place / "late").mkdir()
        students = [f"student{i:03}" for i in range(o.students)]
        (place / "roster.csv").write_text("student,name,email\n" + "".join(
            f"{s},Student {s[-3:]},{s}@example.org\n" for s in students))
        lab(program, "roster", "roster.csv", "--db", "class.db", folder=place)
        begun = time.monotonic()
        lab(program, "start", LAB, "--roster", "--db", "class.db", "--dir", "out", folder=place)
        expected = honest(program, place, students)
        codes = hostile(program, place)
        handed_out = time.monotonic()
        ran = lab(program, "grade", "--all", "in", "--db", "class.db", folder=place, check=False)
        graded = time.monotonic()
        if ran.returncode != 2:
            wrong.append(f"exit code {ran.returncode}, not 2")
        # A limit that only those who never end can meet: the honest ones have the default.
        late = lab(program, "grade", "--all", "late", "--db", "class.db", "--seconds", "1",
                   folder=place, check=False)
        told = (ran.stderr + late.stderr).splitlines()
        for name, code in codes.items():
            if not any(code in line and name.split(".")[0] in line for line in told):
                wrong.append(f"{name}: {code} is not told\n{ran.stderr}{late.stderr}")
        book = sqlite3.connect(place / "class.db")
        scores = dict(book.execute("SELECT student, score FROM lab_attempts"))
        for student, (score, kind) in expected.items():
            if scores.get(student) != score:
                wrong.append(f"{student} ({kind}): {scores.get(student)}, not {score}")
        for student in ("loops", "floods"):
            if scores.get(student) != 0:
                wrong.append(f"{student}: {scores.get(student)}, not 0")
        if (place / "crack.lua").exists() or (place.parent / "crack.lua").exists():
            wrong.append("a file was written outside")
        lost, tied = book.execute("SELECT count(*), count(event) FROM lab_checks WHERE met = 0 AND "
                                  "run IN ('main', 'botnet') AND mistake = 'missed'").fetchone()
        if not lost or lost != tied:
            wrong.append(f"{lost} points lost in runs, {tied} tied to an event")
        for options in (["--stats"], ["--similar"], ["--moodle", "m.csv"], ["--canvas", "c.csv"],
                        ["--gradescope", "g"], ["--csv", "all.csv"]):
            lab(program, "report", "--db", "class.db", "--lab", LAB, *options, folder=place)
        print(f"{o.students} students: handed out in {handed_out - begun:.0f} s, graded in "
              f"{graded - handed_out:.0f} s, with {len(codes)} hostile ones")
    for line in wrong[:20]:
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
