"""What `rag.cite` promises: a key names one sentence that was found, or it names nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cite import cite
from rag.domain import Claim, Passage
from tests.fakes import hit_of, passage_of

MILL = passage_of("The mill was sold. Its wheel turns.", "mill.txt")
HARBOUR = passage_of("A harbour was built.", "harbour.txt")
SOLD, WHEEL = MILL.sentences
BUILT = HARBOUR.sentences[0]
FOUND = hit_of(MILL, HARBOUR)


def claim(*keys: str) -> Claim:
    return Claim(text="So it is.", keys=keys)


def with_key(passage: Passage, key: str) -> Passage:
    first, *rest = passage.sentences
    return replace(passage, sentences=(replace(first, key=key), *rest))


@pytest.mark.parametrize(
    ("keys", "sentences"),
    [
        ([SOLD.key], [SOLD]),
        ([BUILT.key, SOLD.key], [BUILT, SOLD]),
        ([WHEEL.key, WHEEL.key, SOLD.key], [WHEEL, SOLD]),
        (["kunknown", WHEEL.key], [WHEEL]),
    ],
)
def test_keys_become_sentences(keys: list[str], sentences: list[object]) -> None:
    """Each key that was found becomes its sentence, once, in the order of the claim."""
    (supported,), dropped = cite([claim(*keys)], FOUND)
    assert list(supported.sentences) == sentences
    assert supported.claim == claim(*keys)
    assert dropped == ()


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ([], "names no sentence"),
        (["kunknown"], "names no sentence that was found"),
        ([SOLD.key.upper()], "names no sentence that was found"),
        ([f" {SOLD.key}"], "names no sentence that was found"),
        ([""], "names no sentence that was found"),
    ],
)
def test_claim_without_a_known_key_is_dropped(keys: list[str], why: str) -> None:
    """A key is matched as it stands; a claim left without a sentence says why it goes."""
    supported, dropped = cite([claim(*keys), claim(SOLD.key)], FOUND)
    assert [one.claim for one in supported] == [claim(SOLD.key)]
    assert [(one.claim, one.why) for one in dropped] == [(claim(*keys), why)]


def test_only_what_was_found_can_be_cited() -> None:
    """A key of a sentence of another article, which was not found, is unknown."""
    supported, dropped = cite([claim(BUILT.key)], hit_of(MILL))
    assert (supported, len(dropped)) == ((), 1)


def test_key_of_two_sentences_names_neither() -> None:
    """A key that two sentences share does not say which is meant, and is not used."""
    twin = with_key(HARBOUR, SOLD.key)
    supported, dropped = cite([claim(SOLD.key), claim(SOLD.key, WHEEL.key)], hit_of(MILL, twin))
    assert [one.sentences for one in supported] == [(WHEEL,)]
    assert [one.claim for one in dropped] == [claim(SOLD.key)]


def test_sentence_found_twice_is_one_sentence() -> None:
    """A passage that stands twice among the hits does not make its keys ambiguous."""
    (supported,), _ = cite([claim(SOLD.key)], hit_of(MILL, HARBOUR, MILL))
    assert supported.sentences == (SOLD,)


@given(st.lists(st.lists(st.sampled_from([SOLD.key, WHEEL.key, BUILT.key, "kx", ""]))))
def test_every_claim_is_supported_or_dropped(keys: list[list[str]]) -> None:
    """No claim is lost or doubled, and what is supported rests on found sentences only."""
    claims = [claim(*some) for some in keys]
    supported, dropped = cite(claims, FOUND)
    assert len(supported) + len(dropped) == len(claims)
    assert [c for c in claims if c in [s.claim for s in supported]] == [s.claim for s in supported]
    for one in supported:
        assert 0 < len(one.sentences) == len(set(one.sentences))
        assert {sentence.key for sentence in one.sentences} <= set(one.claim.keys)
