"""Citations of RFCs in the tree, and the RFC texts they quote.

A citation stands at the line that meets a requirement (protocol/) or tests it (tests/):

    //= rfc7296#2.8.1 "words of the RFC, exactly; '...' where something is left out"

and may go on over the next comment lines until the closing quotation mark ends a line.

The RFC texts are not in the tree (Debian keeps them in non-free): they are looked for in the folder
$IKELAB_RFC_DIR and in those of Debian's doc-rfc packages.
"""
import dataclasses
import functools
import gzip
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("protocol", "sim", "labs", "visualizer", "tests")
ENDINGS = (".cpp", ".hpp")
SECTION = r"[0-9A-Z]+(?:\.\d+)*"

_opening = re.compile(rf'^\s*//= rfc(\d+)#({SECTION}) "(.*)$')
_comment = re.compile(r"^\s*//=?\s?(.*)$")


@dataclasses.dataclass(frozen=True)
class Citation:
    path: str  # from the root, with '/'
    line: int  # from 1
    rfc: int
    section: str
    quote: str  # its lines joined with one space; without the quotation marks around

    @property
    def parts(self):
        """The pieces between omissions, each without white space."""
        return [squeezed(part) for part in self.quote.split("...") if part.strip()]


def squeezed(text):
    """Without white space: line breaks within words ("Diffie-/Hellman") then do not matter."""
    return re.sub(r"\s+", "", text)


def citations_in(path, text):
    """Citations of one file and complaints about those that never end."""
    found, complaints = [], []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if not re.match(r"^\s*//=", line):
            continue
        opening = _opening.match(line)
        if not opening:
            if '"' in line and re.match(r"^\s*//= ?rfc", line):
                complaints.append(f"{path}:{number}: not of the form //= rfcNNNN#section \"words\"")
            continue
        quote, at = opening[3].rstrip(), number
        while not quote.endswith('"'):
            more = _comment.match(lines[at]) if at < len(lines) else None
            if not more or _opening.match(lines[at]):
                complaints.append(f"{path}:{number}: the quotation has no end")
                break
            quote, at = f"{quote} {more[1].strip()}", at + 1
        else:
            found.append(Citation(path, number, int(opening[1]), opening[2], quote[:-1]))
    return found, complaints


def citations_of_tree(rooms=ROOMS):
    found, complaints = [], []
    for room in rooms:
        for file in sorted((ROOT / room).rglob("*")):
            if file.suffix in ENDINGS and file.is_file():
                more = citations_in(file.relative_to(ROOT).as_posix(), file.read_text())
                found += more[0]
                complaints += more[1]
    return found, complaints


def _folders():
    own = os.environ.get("IKELAB_RFC_DIR")
    debian = pathlib.Path("/usr/share/doc/RFC")
    return ([pathlib.Path(own)] if own else []) + [debian, *sorted(debian.glob("*"))]


@functools.cache
def rfc_text(rfc):
    """The text of an RFC, or None where it is not on this machine."""
    for folder in _folders():
        for name in (f"rfc{rfc}.txt", f"rfc{rfc}.txt.gz"):
            file = folder / name
            if file.is_file():
                octets = file.read_bytes()
                octets = gzip.decompress(octets) if name.endswith(".gz") else octets
                return octets.decode("utf-8", "replace")
    return None


def _joint(match):
    """What stands where a page break was: a paragraph's end if one ended there."""
    ended = match.string[:match.start()].rstrip()[-1:] in ".:;?!)"
    starts_afresh = re.match(r"\s{0,6}(o |\* |- |\d|[A-Z][a-z]+:)", match.string[match.end():])
    return "\n\n" if ended or starts_afresh else "\n"


@functools.cache
def sections(rfc):
    """{section: text without page breaks} of an RFC, or None. The text begins with the heading."""
    text = rfc_text(rfc)
    if text is None:
        return None
    out, current = {}, ""
    heading = re.compile(rf"^(?:Appendix )?({SECTION})\.?(?:  ?|\t)\S")
    # a page break: blank lines, the foot, the head, blank lines; a sentence may go on after it
    text = re.sub(r"\n\s*\n[^\n]*\[Page \d+\]\n\s*RFC \d+ [^\n]* \d{4}\n\s*?\n(?= *\S)",
                  _joint, text.replace("\f", ""))
    for line in text.splitlines():
        match = heading.match(line)
        if match and (match[1][0].isdigit() or match[1][0] in "ABCDEFGH"):
            current = match[1]
        out[current] = out.get(current, "") + line + "\n"
    return out


def fault(citation):
    """What is wrong with a citation, or None. The RFC's text must be there."""
    parts_of_rfc = sections(citation.rfc)
    if citation.section not in parts_of_rfc:
        return f"RFC {citation.rfc} has no section {citation.section}"
    text, at = squeezed(parts_of_rfc[citation.section]), 0
    for part in citation.parts:
        at = text.find(part, at)
        if at < 0:
            elsewhere = [name for name, other in parts_of_rfc.items()
                         if all(piece in squeezed(other) for piece in citation.parts)]
            where = f"; it is in {', '.join(elsewhere)}" if elsewhere else ""
            return f"not in RFC {citation.rfc}, {citation.section}{where}: \"{citation.quote}\""
        at += len(part)
    return None
