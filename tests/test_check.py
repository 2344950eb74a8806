"""What `rag.check` promises: a statement's quotes stand in their files now, and carry it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from rag.analysis import Analyser
from rag.check import Checker
from rag.cite import Supported
from rag.cldr import Names
from rag.domain import Article, Claim, Dropped, Sentence, Statement
from rag.errors import ArticleError, UsageError
from rag.lexicon import Lexicon
from rag.manifest import Entry
from rag.passages import passages_of
from rag.stopwords import StopWords
from rag.verify import Verifier
from tests.fakes import article_of

VERIFIER = Verifier(Analyser(lexicon=Lexicon(), names=Names(["de", "en"]), stop_words=StopWords()))
MILL = replace(
    article_of(
        "The mill by the river was sold in March.\n\nAnna Weber paid 300 euros.\nThe mill turns.",
        "mill.txt",
    ),
    title="The mill",
    published_on=date(2025, 4, 3),
)
HARBOUR = article_of("Der Hafen wurde 2024 gebaut.", "harbour.txt", "de")
SOLD, PAID, TURNS = (s for p in passages_of(MILL, limit=1_000) for s in p.sentences)
(BUILT,) = passages_of(HARBOUR, limit=1_000)[0].sentences


class Files:
    """The files of a corpus, and how often each was read."""

    def __init__(self, *articles: Article) -> None:
        self.articles = {article.id: article for article in articles}
        self.reads: list[str] = []

    def read(self, article_id: str) -> tuple[str, str]:
        self.reads.append(article_id)
        if article_id not in self.articles:
            raise ArticleError(f"There is no article {article_id}.")
        article = self.articles[article_id]
        return article.text, article.sha256


def checker(files: Files | None = None) -> Checker:
    """A checker of an index of both articles, over files that may have become others."""
    entries = {
        a.id: Entry(
            id=a.id,
            sha256=a.sha256,
            body="",
            title=a.title,
            language=a.language,
            published_on=a.published_on,
        )
        for a in (MILL, HARBOUR)
    }
    files = files or Files(MILL, HARBOUR)
    return Checker(entries=entries, read=files.read, verifier=VERIFIER)


def supported(text: str, *sentences: Sentence) -> Supported:
    claim = Claim(text=text, keys=tuple(sentence.key for sentence in sentences))
    return Supported(claim=claim, sentences=sentences)


def shown(one: Checker, claim: Supported, language: str = "en") -> Statement:
    assert one.check(claim, language) is None
    return one.state(claim)


def test_statement_says_where_its_quotes_stand() -> None:
    """A citation has file, title, day, line, offsets, and the words cut from the file."""
    statement = shown(checker(), supported("Anna Weber paid 300 euros.", PAID))
    (citation,) = statement.citations
    assert statement.text == "Anna Weber paid 300 euros."
    assert (citation.number, citation.article_id, citation.title) == (1, "mill.txt", "The mill")
    assert (citation.published_on, citation.line) == (date(2025, 4, 3), 3)
    assert citation.quote == MILL.text[citation.start : citation.end] == PAID.text


def test_sentence_keeps_its_number() -> None:
    """Citations are numbered in the order of first use; a sentence used again keeps its own."""
    one = checker()
    numbers = [
        [c.number for c in shown(one, supported(sentences[0].text, *sentences)).citations]
        for sentences in ([PAID, SOLD], [BUILT], [SOLD, TURNS], [BUILT, PAID])
    ]
    assert numbers == [[1, 2], [3], [2, 4], [3, 1]]


def test_dropped_claim_takes_no_number() -> None:
    """A claim that is not shown leaves no gap in the numbers of the others."""
    one = checker()
    assert isinstance(one.check(supported("It cost 999 euros.", SOLD), "en"), Dropped)
    (citation,) = shown(one, supported("The mill turns.", TURNS)).citations
    assert citation.number == 1


def changed(article: Article) -> Files:
    return Files(replace(article, text=article.text + " ", sha256="0" * 64))


def vanished(_: Article) -> Files:
    return Files()


def moved(article: Article) -> Files:
    """Its digest is as indexed, and yet the words stand elsewhere."""
    return Files(replace(article, text=" " + article.text))


@pytest.mark.parametrize(
    ("files", "why"),
    [
        (changed, "mill.txt has changed since it was indexed: run `ingest`"),
        (vanished, "There is no article mill.txt."),
        (moved, "mill.txt does not hold the quote at its place"),
    ],
)
@pytest.mark.parametrize("sentences", [(SOLD,), (BUILT, SOLD)])
def test_quote_that_does_not_stand_in_the_file_now_is_not_shown(
    files: Callable[[Article], Files], why: str, sentences: tuple[Sentence, ...]
) -> None:
    """A changed or vanished file, or a shifted quote, costs the whole claim, and says why."""
    folder = files(MILL)
    folder.articles[HARBOUR.id] = HARBOUR
    claim = supported("The mill was sold.", *sentences)
    assert checker(folder).check(claim, "en") == Dropped(claim=claim.claim, why=why)


def test_article_that_left_the_index_is_not_shown() -> None:
    """What the index does not hold is not cited, even if its file is there."""
    claim = supported("The mill was sold.", SOLD)
    gone = Checker(entries={}, read=Files(MILL).read, verifier=VERIFIER)
    assert gone.check(claim, "en") == Dropped(
        claim=claim.claim, why="mill.txt is not in the index any more"
    )


def test_id_that_cannot_be_read_is_a_reason() -> None:
    """Any error of reading is the reason that is given."""

    def read(_: str) -> tuple[str, str]:
        raise UsageError("No such thing.")

    one = replace(checker(), read=read)
    result = one.check(supported("The mill was sold.", SOLD), "en")
    assert isinstance(result, Dropped)
    assert result.why == "No such thing."


@pytest.mark.parametrize(
    ("text", "language", "missing"),
    [
        ("Anna Weber paid 400 euros.", "en", "400"),
        ("It was Berta Weber who paid 300 euros.", "en", "Berta"),
        ("Anna Weber zahlte 400 Euro.", "de", "400"),
        ("Anna Weber paid 300 euros in 2024.", "en", "2024"),
    ],
)
def test_facts_that_the_quotes_do_not_say_are_named(text: str, language: str, missing: str) -> None:
    """A number, name or date that stands in no quote costs the claim, and is named."""
    result = checker().check(supported(text, PAID), language)
    assert isinstance(result, Dropped)
    assert result.why.startswith("its quotes do not say “")
    assert missing in result.why


def test_quotes_carry_a_claim_together() -> None:
    """The facts of a claim may stand in different quotes, in different languages."""
    text = "The harbour was built in 2024, and Anna Weber paid 300 euros."
    statement = shown(checker(), supported(text, BUILT, PAID))
    assert [c.article_id for c in statement.citations] == ["harbour.txt", "mill.txt"]
    assert isinstance(checker().check(supported(text, PAID), "en"), Dropped)


def test_files_are_read_once_for_a_reply_and_anew_for_the_next() -> None:
    """All statements of a reply see one state of a file; the next reply looks again."""
    files = Files(MILL, HARBOUR)
    one = checker(files)
    for sentence in (SOLD, PAID, SOLD):
        shown(one, supported(sentence.text, sentence))
    assert files.reads == ["mill.txt"]
    checker(files).check(supported(SOLD.text, SOLD), "en")
    assert files.reads == ["mill.txt", "mill.txt"]
