"""What `rag.cite` promises: a key names one sentence that was found, or it names nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cite import Supported, by_key, cite
from rag.domain import Claim, Dropped, Passage
from tests.fakes import passage_of

MILL = passage_of("The mill was sold. Its wheel turns.", "mill.txt")
HARBOUR = passage_of("A harbour was built.", "harbour.txt")
SOLD, WHEEL = MILL.sentences
BUILT = HARBOUR.sentences[0]
FOUND = by_key([MILL, HARBOUR])


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
    supported = cite(claim(*keys), FOUND)
    assert isinstance(supported, Supported)
    assert list(supported.sentences) == sentences
    assert supported.claim == claim(*keys)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ([], "it names no sentence"),
        (["kunknown"], "it names no sentence that was found"),
        ([SOLD.key.upper()], "it names no sentence that was found"),
        ([f" {SOLD.key}"], "it names no sentence that was found"),
        ([""], "it names no sentence that was found"),
    ],
)
def test_claim_without_a_known_key_is_dropped(keys: list[str], why: str) -> None:
    """A key is matched as it stands; a claim left without a sentence says why it goes."""
    assert cite(claim(*keys), FOUND) == Dropped(claim=claim(*keys), why=why)


def test_only_what_was_found_can_be_cited() -> None:
    """A key of a sentence of another article, which was not found, is unknown."""
    assert isinstance(cite(claim(BUILT.key), by_key([MILL])), Dropped)


def test_key_of_two_sentences_names_neither() -> None:
    """A key that two sentences share does not say which is meant, and is not used."""
    twin = with_key(HARBOUR, SOLD.key)
    known = by_key([MILL, twin])
    assert isinstance(cite(claim(SOLD.key), known), Dropped)
    both = cite(claim(SOLD.key, WHEEL.key), known)
    assert isinstance(both, Supported)
    assert both.sentences == (WHEEL,)


def test_sentence_found_twice_is_one_sentence() -> None:
    """A passage that stands twice among the hits does not make its keys ambiguous."""
    assert by_key([MILL, HARBOUR, MILL])[SOLD.key] == SOLD


@given(st.lists(st.sampled_from([SOLD.key, WHEEL.key, BUILT.key, "kx", ""])))
def test_every_claim_is_supported_or_dropped(keys: list[str]) -> None:
    """What is supported rests on found sentences only, each once; nothing else is."""
    result = cite(claim(*keys), FOUND)
    known = [FOUND[key] for key in dict.fromkeys(keys) if key in FOUND]
    if isinstance(result, Supported):
        assert list(result.sentences) == known != []
    else:
        assert known == []
