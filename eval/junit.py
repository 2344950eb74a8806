"""Scores as JUnit XML, as build servers read it.

Gates are tests; so are cases, but whether a case has to be right is for the gates to say: one
that is not right counts as skipped, with the reason, and only one that failed as an error.
"""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from eval.gates import Held
from eval.grade import Graded, Outcome
from eval.score import Scores


def junit(scores: Scores, gates: Sequence[Held], broken: str = "") -> bytes:
    """The XML of a run; `broken` says why it cannot be relied on."""
    gates = (*gates, Held(sentence=broken or "the run is whole", held=not broken))
    root = ET.Element("testsuites", name=_valid(scores.run.name))
    suite = _suite(root, "gates", len(gates), failures=sum(not gate.held for gate in gates))
    for gate in gates:
        case = ET.SubElement(suite, "testcase", classname="gates", name=_valid(gate.sentence))
        if not gate.held:
            ET.SubElement(case, "failure", message=_valid(gate.sentence))
    for name in dict.fromkeys(one.case.set for one in scores.graded):
        _cases(root, name, [one for one in scores.graded if one.case.set == name])
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _cases(root: ET.Element, name: str, graded: Sequence[Graded]) -> None:
    errors = sum(one.outcome is Outcome.FAILED for one in graded)
    wrong = sum(not one.right for one in graded)
    suite = _suite(root, name, len(graded), errors=errors, skipped=wrong - errors)
    for one in graded:
        label = one.case.id + (f" (round {one.attempt.round + 1})" if one.attempt.round else "")
        case = ET.SubElement(
            suite,
            "testcase",
            classname=_valid(name),
            name=_valid(label),
            time=f"{one.attempt.seconds:.3f}",
        )
        if not one.right:
            kind = "error" if one.outcome is Outcome.FAILED else "skipped"
            ET.SubElement(case, kind, message=_valid(f"{one.outcome}: {one.why}"))


def _suite(root: ET.Element, name: str, tests: int, **counts: int) -> ET.Element:
    numbers = {"failures": 0, "errors": 0, "skipped": 0, **counts}
    attributes = {"name": _valid(name), "tests": str(tests)}
    attributes |= {key: str(value) for key, value in numbers.items()}
    return ET.SubElement(root, "testsuite", attributes)


def _valid(text: str) -> str:
    """Text without the characters that XML 1.0 does not allow."""
    return "".join(
        c
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
        else "�"
        for c in text
    )
