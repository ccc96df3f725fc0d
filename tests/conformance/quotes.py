#!/usr/bin/env python3
"""Holds every citation in the tree to the RFC's own words. Exit codes: 0 all true, 1 some are not,
77 no RFC texts here (then nothing could be checked; set IKELAB_RFC_DIR)."""
import sys

import citations as c

# A rule is first shown a sinner, so that a check which finds nothing is known to be able to find.
SINNERS = [
    '//= rfc7296#2.1 "The initiator MUST forget each request"\n',
    '//= rfc7296#99 "The initiator MUST remember each request"\n',
    '//= rfc7296#2.2 "The initiator MUST remember each request"\n',
    '//= rfc7296#2.1 "corresponding response ... MUST remember each request"\n',
]
SAINT = ('  //= rfc7296#2.1 "The initiator MUST remember\n'
         '  // each request ... corresponding response."\n')


def main():
    found, complaints = c.citations_of_tree()
    if c.rfc_text(7296) is None:
        print("skipped: no RFC texts here (set IKELAB_RFC_DIR, or install doc-rfc-std-proposed)")
        return 1 if complaints else 77
    for sinner in SINNERS:
        (citation,), _ = c.citations_in("sinner.cpp", sinner)
        assert c.fault(citation), sinner
    (saint,), _ = c.citations_in("saint.cpp", SAINT)
    assert c.fault(saint) is None, c.fault(saint)
    assert c.citations_in("endless.cpp", '//= rfc7296#2.1 "no end\nint x;\n')[1]

    unread = set()
    for citation in found:
        if c.sections(citation.rfc) is None:
            unread.add(citation.rfc)
            continue
        wrong = c.fault(citation)
        if wrong:
            complaints.append(f"{citation.path}:{citation.line}: {wrong}")
    print(*complaints, sep="\n")
    print(f"{len(found)} citations, {len(complaints)} wrong"
          + (f"; no text here of RFC {', '.join(map(str, sorted(unread)))}" if unread else ""))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
