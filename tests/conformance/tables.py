"""Tables of what has a test each: rows that name a test case, held to the tests that there are.

situations.tsv has strongSwan's 48 situations of rekeying; notifies.tsv every notification that the engine
sends or understands, with a test of each direction. A cell "file: test case" names a Catch2 test case of
tests/; "-" says in the cell behind it why there is none.
"""
import functools
import re

import citations as c

FOLDER = c.ROOT / "tests" / "conformance"


@functools.cache
def cases(path):
    file = c.ROOT / "tests" / path
    if not file.is_file():
        return frozenset()
    text = re.sub(r'"\s*\n\s*"', "", file.read_text())
    return frozenset(re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', text))


def read(name):
    """(header, rows) of a table; the first line that is no comment names the columns."""
    lines = [line for line in (FOLDER / name).read_text().splitlines() if line and not line.startswith("#")]
    return lines[0].split("\t"), [line.split("\t") for line in lines[1:]]


def faults(name, tested):
    """Rows without the right number of cells, and cells of the columns `tested` that name no test."""
    header, rows = read(name)
    out = []
    for row in rows:
        if len(row) != len(header):
            out.append(f"{name}: {row[0]}: {len(row)} cells instead of {len(header)}")
            continue
        for column in tested:
            cell = row[header.index(column)]
            if cell.startswith("- "):
                continue
            path, _, case = cell.partition(": ")
            if case not in cases(path):
                out.append(f"{name}: {row[0]}: tests/{path} has no test case \"{case}\"")
    return out


def markdown(name):
    header, rows = read(name)
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)] + [
        "| " + " | ".join(row) + " |" for row in rows]
