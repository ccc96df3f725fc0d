"""Requirements of the RFCs as rows, found in the RFCs' texts.

requirements/rfcNNNN.tsv has a row for each sentence with a MUST or a SHOULD: the section and the
sentence's number in it, its level, a few of its words that no other such sentence of the section
has (a citation which quotes them is of this requirement), whom it binds ("us", "doc": writers of
other documents, "opt NAME": an option that ikelab does not have) and what it asks, in our words. The sentences
themselves stay in the RFCs.
"""
import dataclasses
import pathlib
import re

import citations as c

FOLDER = pathlib.Path(__file__).resolve().parent / "requirements"
LEVELS = {"MUST": "MUST", "SHALL": "MUST", "REQUIRED": "MUST", "SHOULD": "SHOULD", "RECOMMENDED": "SHOULD"}
_keyword = re.compile(r"\b(MUST|SHALL|REQUIRED|SHOULD|RECOMMENDED)\b")


@dataclasses.dataclass(frozen=True)
class Requirement:
    rfc: int
    id: str       # "2.8.1-3": the third of section 2.8.1
    level: str    # MUST or SHOULD: the strongest in the sentence
    key: str
    binds: str
    summary: str

    @property
    def section(self):
        return self.id.rsplit("-", 1)[0]

    def met_by(self, citation):
        return (citation.rfc == self.rfc and citation.section == self.section
                and any(c.squeezed(self.key) in part for part in citation.parts))


def sentences(text):
    """Sentences of a section; the items of a list are sentences of their own."""
    for paragraph in re.split(r"\n\s*\n", text):
        for item in re.split(r"\n(?=\s+(?:o|\*|-)\s{1,3}\S)", paragraph):
            line = re.sub(r"\s+", " ", item).strip()
            line = re.sub(r"\b(e\.g|i\.e|vs|cf|etc)\.", lambda m: m[0].replace(".", "\0"), line)
            for sentence in re.split(r'(?<=[.?!])\s+(?=["(A-Z\[])', line):
                yield sentence.replace("\0", ".")


def in_text(rfc):
    """{section: [sentences with a requirement]} of an RFC whose text is here."""
    return {section: [s for s in sentences(text) if _keyword.search(s)]
            for section, text in c.sections(rfc).items()}


def level_of(sentence):
    found = {LEVELS[word] for word in _keyword.findall(sentence)}
    return "MUST" if "MUST" in found else "SHOULD"


def key_of(sentence, others):
    """The fewest words around the strongest keyword that tell this sentence from the others."""
    words = sentence.split(" ")
    strongest = next(i for i, w in enumerate(words)
                     if (m := _keyword.search(w)) and LEVELS[m[0]] == level_of(sentence))
    begin, end = strongest, min(len(words), strongest + 3)
    while any(c.squeezed("".join(words[begin:end])) in c.squeezed(o) for o in others):
        if begin == 0 and end == len(words):
            break
        begin, end = max(0, begin - 1), min(len(words), end + 1)
    return " ".join(words[begin:end])


def read():
    rows = []
    for file in sorted(FOLDER.glob("rfc*.tsv")):
        for line in file.read_text().splitlines():
            if line and not line.startswith("#"):
                rows.append(Requirement(int(file.stem[3:]), *line.split("\t")))
    return rows


def faults(rows):
    """Rows that do not fit the RFC's text, and requirements of the text that have no row."""
    out = []
    for rfc in sorted({row.rfc for row in rows}):
        if c.sections(rfc) is None:
            continue
        text = in_text(rfc)
        for row in (r for r in rows if r.rfc == rfc):
            number = int(row.id.rsplit("-", 1)[1])
            there = text.get(row.section, [])
            if number > len(there) or c.squeezed(row.key) not in c.squeezed(there[number - 1]):
                out.append(f"rfc{rfc} {row.id}: its key is not in that sentence: {row.key}")
            elif level_of(there[number - 1]) != row.level:
                out.append(f"rfc{rfc} {row.id}: its level is {level_of(there[number - 1])}")
        ids = {r.id for r in rows if r.rfc == rfc}
        out += [f"rfc{rfc} {section}-{i}: has no row" for section, there in text.items()
                for i in range(1, len(there) + 1) if f"{section}-{i}" not in ids]
    return out
