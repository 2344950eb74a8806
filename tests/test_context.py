"""What `rag.context` promises: the best whole passages within a budget, each sentence citable."""

from datetime import date
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.cite import by_key
from rag.context import GAP, Context, context, tokens
from rag.domain import Heading, Material, Passage
from rag.passages import passages_of
from tests.fakes import article_of, hit_of, passage_of

ENDLESS = 10**9


def long_article(name: str, sentences: int = 60, words: str = "The mill by the river has") -> str:
    return " ".join(f"{words} wheel number {number} in {name}." for number in range(sentences))


def passages(name: str, sentences: int = 60) -> list[Passage]:
    return passages_of(article_of(long_article(name, sentences), name), limit=300)


def shown(found: Context) -> str:
    return "\n".join(text for _, text in found.texts)


def keys(text: str) -> list[str]:
    lines = [line for line in text.split("\n") if line != GAP]
    heads = ("title: ", "published: ", "language: ")
    return [line.split(" ")[0] for line in lines if not line.startswith(heads)]


def test_an_article_is_shown_under_its_heading() -> None:
    """Title, day and language, then each sentence behind its key."""
    passage = passage_of("The mill was sold.\n\nIts wheel\t\x85turns.", "mill.txt")
    headings = {"mill.txt": Heading(title="The mill", published_on=date(2024, 4, 3))}
    found = context(Material(hits=hit_of(passage), headings=headings), ENDLESS)
    first, second = passage.sentences
    assert found == Context(
        texts=(
            (
                "article",
                "title: The mill\npublished: 2024-04-03\nlanguage: en\n"
                f"{first.key} The mill was sold.\n{second.key} Its wheel turns.",
            ),
        )
    )


def test_heading_is_one_line() -> None:
    """A title with line breaks cannot pass for the line of a sentence or of another heading."""
    title = "The mill\nlanguage: fr\u2028kabc2de It burnt down.\r\x0bend"
    headings = {"a.txt": Heading(title=title)}
    found = context(Material(hits=hit_of(passage_of("Yes.")), headings=headings), ENDLESS)
    lines = shown(found).splitlines()
    assert lines[:3] == [
        "title: The mill language: fr kabc2de It burnt down. end",
        "published: unknown",
        "language: en",
    ]
    assert len(lines) == 4


def test_article_without_a_heading_is_called_by_its_file() -> None:
    """Where the title is not known the id stands in for it."""
    found = context(Material(hits=hit_of(passage_of("Yes.", "sub/a.txt"))), ENDLESS)
    assert shown(found).startswith("title: sub/a.txt\npublished: unknown\n")


def test_passages_stand_as_in_their_article() -> None:
    """Within an article the order is the article's; the best article comes first."""
    mill, bridge = passages("mill.txt"), passages("bridge.txt")
    material = Material(hits=hit_of(bridge[3], mill[2], bridge[1]), rest=(mill[0], bridge[0]))
    texts = [text for _, text in context(material, ENDLESS).texts]
    assert [keys(text) for text in texts] == [
        [s.key for p in (bridge[0], bridge[1], bridge[3]) for s in p.sentences],
        [s.key for p in (mill[0], mill[2]) for s in p.sentences],
    ]


def test_what_is_left_out_between_is_told() -> None:
    """A gap stands where passages are missing, not where they follow each other."""
    one = passages("mill.txt")
    apart = shown(context(Material(hits=hit_of(one[0], one[2])), ENDLESS))
    together = shown(context(Material(hits=hit_of(one[0], one[1])), ENDLESS))
    assert apart.split("\n").count(GAP) == 1
    assert GAP not in together
    assert apart.index(one[0].sentences[-1].key) < apart.index(f"\n{GAP}\n")


def test_passage_that_was_found_twice_stands_once() -> None:
    """A passage among the hits and beside them is shown, and paid for, once."""
    passage = passage_of("Yes.")
    found = context(Material(hits=hit_of(passage), rest=(passage,)), ENDLESS)
    assert keys(shown(found)) == [passage.sentences[0].key]
    assert found.left_out == 0


def test_best_passage_is_always_there() -> None:
    """However small the budget, the best passage is shown whole, and nothing else."""
    one, other = passages("mill.txt")[:2]
    found = context(Material(hits=hit_of(one, other)), 1)
    assert keys(shown(found)) == [sentence.key for sentence in one.sentences]
    assert found.left_out == 1


@given(st.integers(1, 4_000), st.permutations(range(16)), st.integers(0, 16))
def test_budget_holds_and_passages_are_whole(budget: int, order: list[int], hits: int) -> None:
    """More than the best passage is only shown within the budget: the best ones, and whole."""
    every = [*passages("mill.txt", 40), *passages("bridge.txt", 40)]
    some = [every[number] for number in order if number < len(every)]
    material = Material(hits=hit_of(*some[:hits]), rest=tuple(some[hits:]))
    found = context(material, budget)
    kept = some[: len(some) - found.left_out]
    assert len(kept) == 1 or sum(tokens(text) for _, text in found.texts) <= budget
    assert len(kept) >= 1
    assert sorted(keys(shown(found))) == sorted(s.key for p in kept for s in p.sentences)


@given(st.permutations(range(9)))
def test_budget_counts_every_byte(order: list[int]) -> None:
    """One token less than all passages have together, gaps and line breaks included, is too few."""
    every = passages_of(article_of(long_article("mill.txt", 40), "mill.txt"), limit=100)
    material = Material(hits=hit_of(*(every[4 * number] for number in order)))
    whole = sum(tokens(text) for _, text in context(material, ENDLESS).texts)
    assert context(material, whole - 1).left_out


def test_nothing_found_is_nothing_shown() -> None:
    """Without passages there is no text, whatever the budget."""
    assert context(Material(), 100) == Context(texts=())


def test_every_key_can_be_cited() -> None:
    """What a model is shown under a key is the sentence that the key is looked up as."""
    some = (*passages("mill.txt"), *passages("bridge.txt"))
    material = Material(hits=hit_of(*some[:5]), rest=some[5:])
    known = by_key(material.passages)
    for line in shown(context(material, ENDLESS)).split("\n"):
        key, _, text = line.partition(" ")
        if key not in {"title:", "published:", "language:", GAP}:
            assert known[key].text == text
    assert len(known) == sum(len(passage.sentences) for passage in some)


@pytest.mark.parametrize(
    "text", ["", "a", "The mill.", "Мельница у реки.", "水車小屋", "🦆🦆", "\ud800", "kq3x7ab"]
)
def test_tokens_are_rather_too_many(text: str) -> None:
    """A token is at most three bytes, so that the count errs to the safe side."""
    assert (
        len(text.encode("utf-8", "replace"))
        <= 3 * tokens(text)
        < len(text.encode("utf-8", "replace")) + 3
    )


def test_headings_of_others_do_not_matter() -> None:
    """A heading of an article without a passage is not shown."""
    headings = MappingProxyType({"b.txt": Heading(title="The bridge")})
    found = context(Material(hits=hit_of(passage_of("Yes.")), headings=headings), ENDLESS)
    assert "bridge" not in shown(found)
