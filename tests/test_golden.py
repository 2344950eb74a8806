"""What the bundled cases promise: each can be answered, or not, and together they cover it all."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import pytest

from eval.cases import BUNDLED, Case, check_sources, read_cases
from eval.patterns import Patterns
from eval.wording import overlap, tokens
from rag.understand import LANGUAGES
from tests.oracle import sample_articles, sentences

ARTICLES = sample_articles()
TEXTS = {name: [s.text for s in sentences(article)] for name, article in ARTICLES.items()}
BY_FILE = {file.stem: read_cases([file]) for file in BUNDLED}
CASES = read_cases(BUNDLED)
PATTERNS = Patterns()
COVERED = (
    "list", "date", "numeric", "multi_article", "temporal", "false_premise", "off_topic",
    "injection", "follow_up",
)  # fmt: skip
TAGS = frozenset({*COVERED, "lookup", "crosslingual", "unanswerable"})
REFUSED = frozenset({"unanswerable", "false_premise", "off_topic", "injection"})
ALIKE = 0.8
"""Token F1 from which two questions are the same one."""

each_file = pytest.mark.parametrize("cases", BY_FILE.values(), ids=BY_FILE)


def languages_of(case: Case) -> set[str]:
    """The languages of the sources."""
    return {ARTICLES[source].language for source in case.sources}


def saying(case: Case, pattern: str) -> list[str]:
    """The sentences of the sources that a pattern is found in."""
    texts = [text for source in case.sources for text in TEXTS[source]]
    return [text for text in texts if PATTERNS.match(pattern, (text,))]


# --- Each case ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case_can_be_answered_from_its_sources(case: Case) -> None:
    """Each pattern stands in a citable sentence of a source in which nothing is forbidden."""
    check_sources([case], ARTICLES)
    for pattern in case.expect:
        found = saying(case, pattern)
        allowed = [t for t in found if not any(PATTERNS.match(f, (t,)) for f in case.forbid)]
        assert allowed, pattern


def test_patterns_do_not_match_everything() -> None:
    """A pattern that is found in a text without a word would be met, or broken, by any reply."""
    met = [
        (case.id, pattern)
        for case in CASES
        for pattern in (*case.expect, *case.forbid)
        if PATTERNS.match(pattern, ("", "…"))
    ]
    assert met == []


def test_ids_say_file_and_language() -> None:
    """An id begins with the letter of its file and the language that it is asked in."""
    wrong = [c.id for c in CASES if not c.id.startswith(f"{c.set[0]}-{c.language}-")]
    assert wrong == []


def test_tags_are_known() -> None:
    """Every case is in a language of ours, and has tags, all of which mean something."""
    assert {case.language for case in CASES} == set(LANGUAGES)
    assert [case.id for case in CASES if not case.tags or not set(case.tags) <= TAGS] == []


@pytest.mark.parametrize(
    ("tag", "holds"),
    [
        ("follow_up", lambda case: bool(case.history)),
        ("crosslingual", lambda case: bool(languages_of(case) - {case.language})),
    ],
)
def test_tag_says_what_the_case_is(tag: str, holds: Callable[[Case], bool]) -> None:
    """A tag that follows from the rest of a case stands where it does, and nowhere else."""
    assert [case.id for case in CASES if (tag in case.tags) is not holds(case)] == []


def test_cases_over_several_articles_say_so() -> None:
    """What needs several files has the tag, and what has the tag needs several things said."""
    several = [case for case in CASES if len(case.sources) > 1 and not case.any_source]
    assert [case.id for case in several if "multi_article" not in case.tags] == []
    tagged = [case for case in CASES if "multi_article" in case.tags]
    assert [case.id for case in tagged if max(len(case.sources), len(case.expect)) < 2] == []


def test_cases_to_be_refused_say_why() -> None:
    """What the articles do not say is tagged with why it is asked, and nothing else is."""
    told = [case for case in CASES if case.answerable]
    assert [case.id for case in told if not (case.expect and case.answer)] == []
    assert [case.id for case in told if set(case.tags) & (REFUSED - {"injection"})] == []
    untold = [case for case in CASES if not case.answerable]
    assert [case.id for case in untold if not set(case.tags) & REFUSED] == []


# --- Both files together -----------------------------------------------------------------------


def test_there_are_enough_cases() -> None:
    """At least 120 cases, more of them held out than not."""
    assert len(CASES) >= 120
    assert len(BY_FILE["heldout"]) > len(BY_FILE["calibration"])


def test_ids_are_unique() -> None:
    """No id stands twice in both files together."""
    assert [name for name, count in Counter(c.id for c in CASES).items() if count > 1] == []


def test_nothing_held_out_is_tuned_on() -> None:
    """No question of one file is asked in the other one, nor nearly so in the same language."""
    worded = {
        name: [(c, tokens(c.question, c.language)) for c in cases if not c.history]
        for name, cases in BY_FILE.items()
    }
    shared = [
        (one.id, other.id)
        for (one, words), (other, others) in product(worded["calibration"], worded["heldout"])
        if words == others or (one.language == other.language and overlap(words, others) >= ALIKE)
    ]
    assert shared == []


def test_all_pairs_of_languages_are_asked() -> None:
    """There is a question in each of our languages on articles in each of theirs."""
    asked = {(c.language, ARTICLES[source].language) for c in CASES for source in c.sources}
    assert asked == set(product(("de", "en", "fr", "ru"), ("de", "en", "fr")))


@each_file
def test_file_covers_every_article(cases: Sequence[Case]) -> None:
    """Each article is asked about in both files, and in every language of ours."""
    asked: Mapping[str, set[str]] = {
        name: {case.language for case in cases if name in case.sources} for name in ARTICLES
    }
    assert [name for name, languages in asked.items() if not languages] == []
    assert set().union(*asked.values()) == set(LANGUAGES)


@each_file
def test_file_covers_every_kind_of_question(cases: Sequence[Case]) -> None:
    """Both files have every kind of case that we count, asked and to be refused."""
    tags = Counter(tag for case in cases for tag in case.tags)
    assert [tag for tag in COVERED if not tags[tag]] == []
    for answerable in (True, False):
        asked_in = {case.language for case in cases if case.answerable is answerable}
        assert asked_in == set(LANGUAGES)
