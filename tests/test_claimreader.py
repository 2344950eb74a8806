"""What `rag.claims` promises: each claim of a reply once it is whole, whatever is around it."""

import json
import time
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.claims import BEGINNINGS, LONGEST, MOST, MOST_KEYS, ClaimReader, Raw

SOLD = Raw(text="The mill was sold.", keys=("kabc2de",))
TURNS = Raw(text="Its wheel turns.", keys=("kxyz3uv", "kabc2de"))
REPLY = (
    '{"claims": [{"text": "The mill was sold.", "keys": ["kabc2de"]}, '
    '{"text": "Its wheel turns.", "keys": ["kxyz3uv", "kabc2de"]}]}'
)
LIST = REPLY[len('{"claims": ') : -1]
QUICK = 1.5
"""Seconds that the worst reply may take on a slow machine."""


def read(*pieces: str) -> tuple[list[Raw], ClaimReader]:
    reader = ClaimReader()
    return [claim for piece in pieces for claim in reader.feed(piece)], reader


def states(reader: ClaimReader) -> tuple[bool, bool, bool, bool, int]:
    return reader.readable, reader.whole, reader.over, reader.flooded, reader.count


def same_however_cut(text: str, cuts: Iterable[int]) -> None:
    """The reply in one piece, in letters, and cut at some places gives the same."""
    places = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    pieces = [text[a:b] for a, b in pairwise(places)]
    found, reader = read(text)
    for others in (pieces, list(text)):
        claims, other = read(*others)
        assert claims == found
        assert states(other) == states(reader)


# --- What is read ------------------------------------------------------------------------------


def test_claim_is_there_as_soon_as_it_is_whole() -> None:
    """A claim comes with the brace that closes it, not before and not later."""
    reader = ClaimReader()
    first = REPLY.index("}") + 1
    assert reader.feed(REPLY[: first - 1]) == []
    assert reader.feed(REPLY[first - 1 : first]) == [SOLD]
    assert reader.feed(REPLY[first:-2]) == [TURNS]
    assert not reader.over
    assert reader.feed(REPLY[-2:]) == []
    assert reader.over


@pytest.mark.parametrize(
    "text",
    [
        REPLY,
        f"Here you are:\n```json\n{REPLY}\n```\nI hope that this helps {{you}}.",
        f'<think>In {{1, 2}} or {{"a": {{}}}} the answer is {{ }}</think>{REPLY}',
        f'<think>Is it {{"claims": []}}? No.</think>{REPLY}',
        f"\ufeff{REPLY}",
        LIST,
        LIST[1:-1],
        "\n".join(json.dumps(one) for one in json.loads(LIST)),
        f'{{"answer": {REPLY}}}',
        f'{{"name": "answer", "arguments": {{"claims": {LIST}}}}}',
        f'{{"language": "en", "claims": {LIST}, "done": true}}',
        f'{{"text": "a {{ in here", "claims": {LIST}}}',
        f'{{"": {{}}, "claims": {LIST}}}',
        REPLY.replace('"keys"', '"more": {"text": "no", "keys": ["no"]}, "keys"'),
        REPLY.replace('"text"', '"text": "taken back", "text"'),
        REPLY.replace('"keys"', '"keys": ["taken", "back"], "keys"'),
        REPLY + REPLY,
        REPLY[:-2],
        REPLY[:-1],
        REPLY[:-2] + ",]}",
        REPLY[:-2] + ', {"text": "cut o',
        REPLY[:-2] + ", oops",
        REPLY.replace(", ", ",\r\n\t"),
    ],
)
def test_claims_are_read_whatever_stands_around(text: str) -> None:
    """Prose, fences, thoughts, wrappers, other names, repeated names and a cut-off end."""
    found, reader = read(text)
    assert found == [SOLD, TURNS]
    assert reader.readable
    same_however_cut(text, range(0, len(text), 5))


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ('{"claims": ["One.", "Two."]}', [Raw(text="One.", keys=()), Raw(text="Two.", keys=())]),
        (
            '{"claims": [{"text": "One.", "keys": "kabc2de"}]}',
            [Raw(text="One.", keys=("kabc2de",))],
        ),
        ('{"claims": [{"text": "One.", "keys": null}]}', [Raw(text="One.", keys=())]),
        ('{"claims": [{"text": null, "keys": ["k"]}]}', [Raw(text="", keys=("k",))]),
        ('{"claims": [{"text": 5, "keys": [5, "k", ["x"]]}]}', [Raw(text="", keys=("k",))]),
        ('{"claims": [{"text": "A", "keys": ["k", "k"]}]}', [Raw(text="A", keys=("k",))]),
        ('{"claims": [{}]}', [Raw(text="", keys=())]),
        ('{"claims": [[{"text": "A", "keys": ["k"]}], 7, null, true]}', []),
        ('{"claims": [{"text": "A\\ud83d", "keys": ["k"]}]}', [Raw(text="A?", keys=("k",))]),
        ('{"claims": [{"text": "A\ud83d", "keys": ["k"]}]}', [Raw(text="A?", keys=("k",))]),
        ('{"claims": [{"text": "A\nB", "keys": ["k"]}]}', [Raw(text="A B", keys=("k",))]),
        ('{"claims": [{"text": "A\\nB", "keys": ["k"]}]}', [Raw(text="A\nB", keys=("k",))]),
        ('{"claims": [{"text": "🦆", "keys": ["k"]}]}', [Raw(text="🦆", keys=("k",))]),
        ('{"claims": [{"text": "\\ud83e\\udd86", "keys": ["k"]}]}', [Raw(text="🦆", keys=("k",))]),
    ],
)
def test_odd_claims_come_as_what_they_hold(text: str, claims: list[Raw]) -> None:
    """Strings in place of objects, values of other kinds, doubled keys, and odd characters."""
    assert read(text)[0] == claims
    same_however_cut(text, [])


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ('{"claims": []}', True),
        ('{"claims": []', True),
        ('Nothing: {"claims": [ ]} is all.', True),
        ('{"result": {"claims": []}}', True),
        ("", False),
        ("The articles do not say.", False),
        ("{}", False),
        ("[]", False),
        ("null", False),
        ('{"claims": null}', False),
        ('{"claims": {}}', False),
        ('{"claims": [', False),
        ('{"claims": [{"text": "The mi', False),
        ('{"claims": [{"text": "A", "keys": ["k"]', False),
        ('{"text": "A"}', False),
        ('{"keys": ["k"]}', False),
        ('{"error": "overloaded"}', False),
        ("}{", False),
        ("{'claims': []}", False),
        ('{"claims"', False),
    ],
)
def test_no_claims_are_told_from_no_answer(text: str, readable: bool) -> None:
    """An empty list says that the articles do not answer; anything else says nothing at all."""
    found, reader = read(text)
    assert found == []
    assert reader.readable is readable
    same_however_cut(text, range(len(text)))


def test_fault_behind_claims_ends_the_reading() -> None:
    """What stood before a fault was read; nothing behind it is taken for a claim."""
    found, reader = read(REPLY[:-2] + "}, oops", REPLY)
    assert found == [SOLD, TURNS]
    assert reader.over


# --- Cutting -----------------------------------------------------------------------------------

PARTS = st.sampled_from(
    [
        *'{}[]",:\\ \n0',
        *(
            "null",
            "\\u00e9",
            "\\ud83d",
            "\ud83d",
            "é",
            "🦆",
            '"claims": [',
            '"text": "',
            '"keys": [',
        ),
        *('{"text": "A", "keys": ["k"]}', "]}", '"a"', REPLY, REPLY[:50], "{{{{", "x" * 60),
    ]
)


@given(st.lists(PARTS, max_size=25).map("".join), st.lists(st.integers(0, 2000), max_size=6))
@example("{" * 30 + REPLY, [])
@example("{" * (BEGINNINGS + 1) + '"claims": ["a"]}', [])
@example("{}" * BEGINNINGS + '{"claims": ["a"]}', [])
@example('{"claims": [{"a": ' + "[" * 200 + "]" * 200 + ', "text": "A"}]}', [])
@example('{"claims": ["a", nonsense "b"]}', [])
def test_cutting_changes_nothing(text: str, cuts: list[int]) -> None:
    """Claims and all that is told about a reply are the same wherever it is cut."""
    same_however_cut(text, cuts)


@pytest.mark.parametrize("off", range(-3, 4))
def test_cutting_changes_nothing_at_the_limit(off: int) -> None:
    """The limit of characters falls on the same one, however the reply is cut."""
    claim = '{"text": "A", "keys": ["k"]}'
    before = '{"claims": ["'
    text = f'{before}{"x" * (LONGEST - len(before) - len(claim) - 2 + off)}",{claim},{claim}]}}'
    found, reader = read(text)
    assert len(found) == (2 if off <= 0 else 1)
    assert reader.flooded
    for size in (1, 977, LONGEST - 1):
        claims, other = read(*(text[at : at + size] for at in range(0, len(text), size)))
        assert (claims, states(other)) == (found, states(reader))


# --- Floods ------------------------------------------------------------------------------------


def claims(number: int) -> str:
    return json.dumps([{"text": f"Claim {one}.", "keys": ["k"]} for one in range(number)])


@pytest.mark.parametrize("form", ['{{"claims": {}}}', "{}"])
def test_a_thousand_claims_are_not_read(form: str) -> None:
    """As many claims as any answer needs are read, in a bare list, too; then it is a flood."""
    found, reader = read(form.format(claims(1000)))
    assert [claim.text for claim in found] == [f"Claim {one}." for one in range(MOST)]
    assert reader.flooded
    assert reader.count == MOST
    assert read(form.format(claims(MOST)))[0] == found


def test_keys_without_end_are_cut() -> None:
    """A claim keeps the first of its keys."""
    keys = [f"k{number}" for number in range(1000)]
    found, _ = read(json.dumps({"claims": [{"text": "A", "keys": keys}]}))
    assert found == [Raw(text="A", keys=tuple(keys[:MOST_KEYS]))]


WORST = {
    "braces": "{" * 1_000_000,
    "closed braces": "{}" * 500_000,
    "brackets": '{"claims": ' + "[" * 1_000_000,
    "nested names": '{"a":' * 200_000,
    "nested names and their ends": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "nested lists in a claim": '{"claims": [{"x": ' + "[" * 500_000 + "]" * 500_000 + "}]}",
    "a long name": '{"' + "a" * 1_000_000 + '": 1}',
    "a long text": '{"claims": [{"text": "' + "a" * 1_000_000 + '", "keys": ["k"]}]}',
    "long prose": "The mill. " * 100_000,
    "names without end": "{" + '"a": 1, ' * 125_000,
    "ends": "}" * 1_000_000,
    "quotes": '{"' + '\\"' * 500_000,
    "claims in vain": '{"claims": [' + '{"text": 1} ' * 80_000,
}


@pytest.mark.parametrize("text", WORST.values(), ids=WORST.keys())
def test_the_worst_reply_is_cheap(text: str) -> None:
    """A megabyte of anything is done with soon, in one piece and in many; nothing raises."""
    for size in (len(text), 1000):
        begun = time.perf_counter()
        found, reader = read(*(text[at : at + size] for at in range(0, len(text), size)))
        assert time.perf_counter() - begun < QUICK
        assert len(found) <= 1
        assert not reader.whole


def test_long_thoughts_do_not_hide_the_answer() -> None:
    """Prose before the object costs nothing of what may be read."""
    thoughts = "So the mill was sold, I think. " * 10_000
    assert read(thoughts, REPLY)[0] == [SOLD, TURNS]
