"""What `rag.passages` promises: whole sentences at their places, and no page furniture."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Article
from rag.furniture import furniture_spans
from rag.passages import passages_of
from tests.fakes import article_of

LINES = st.sampled_from(
    [
        "The mill was sold in March. Its wheel still turns! Who paid?",
        "Die Mühle wurde am 3. April verkauft. Sie kostete 4,3 Mio. Euro.",
        "Мельница продана. Её колесо вращается…",
        "« C'est fini », dit-il. M. Dupont l'a vendue.",
        "A Heading",
        "- an item of a list",
        "Leave a Reply",
        "Read also: A village finds its water again",
        "Advertisement",
        "© 2025 The Miller's Post. All rights reserved.",
        "A very long sentence " + "that goes on and on " * 12 + "before it ends.",
        "\U0001f600 A smiling line. e\u0301 is one letter.",
        "",
        "   ",
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\n\n", "\r"])
HEADS = st.sampled_from(["", "---\ntitle: The mill. A story.\n---\n"])


@st.composite
def articles(draw: st.DrawFn) -> Article:
    lines = draw(st.lists(st.tuples(LINES | st.text(max_size=40), ENDS), max_size=12))
    head = draw(HEADS)
    text = head + "".join(line + end for line, end in lines)
    clean = text.encode("utf-8", "replace").decode()
    return replace(article_of(clean, language=draw(st.sampled_from(["en", "de", "ru", "xx"]))),
                   body_start=len(head))  # fmt: skip


@given(articles(), st.integers(20, 400))
def test_everything_equals_its_slice(article: Article, limit: int) -> None:
    """Passages and sentences are what stands at their offsets, and carry the article's name."""
    for passage in passages_of(article, limit=limit):
        assert passage.text == article.text[passage.start : passage.end]
        assert (passage.article_id, passage.language) == (article.id, article.language)
        for sentence in passage.sentences:
            assert sentence.text == article.text[sentence.start : sentence.end]
            assert sentence.text == sentence.text.strip() != ""
            assert sentence.article_id == article.id


@given(articles(), st.integers(20, 400))
def test_sentences_stand_in_order_without_overlap(article: Article, limit: int) -> None:
    """Sentences follow each other, and a passage reaches from its first to its last one."""
    last = article.body_start
    for passage in passages_of(article, limit=limit):
        assert passage.sentences
        assert passage.start == passage.sentences[0].start
        assert passage.end == passage.sentences[-1].end
        for sentence in passage.sentences:
            assert last <= sentence.start < sentence.end
            last = sentence.end


@given(articles(), st.integers(20, 400))
def test_furniture_is_in_no_passage(article: Article, limit: int) -> None:
    """No character of page furniture or of the front matter is in any passage."""
    for passage in passages_of(article, limit=limit):
        assert passage.start >= article.body_start
        for start, end in furniture_spans(article.text):
            assert end <= passage.start or start >= passage.end


@given(articles(), st.integers(20, 400))
def test_all_other_text_is_in_a_sentence(article: Article, limit: int) -> None:
    """What is neither furniture nor front matter is in exactly one sentence."""
    rest = list(article.text)
    spans = [(0, article.body_start), *furniture_spans(article.text)]
    spans += [(s.start, s.end) for p in passages_of(article, limit=limit) for s in p.sentences]
    for start, end in spans:
        rest[start:end] = " " * (end - start)
    assert "".join(rest).strip() == ""


@given(articles(), st.integers(20, 400))
def test_passages_keep_the_limit(article: Article, limit: int) -> None:
    """A passage beyond the limit is a single sentence."""
    for passage in passages_of(article, limit=limit):
        assert len(passage.text) <= limit or len(passage.sentences) == 1


@given(articles(), st.integers(20, 400))
def test_keys_are_unique_and_stable(article: Article, limit: int) -> None:
    """No two sentences of an article share a key, and keys do not depend on the limit."""
    passages = passages_of(article, limit=limit)
    sentences = [sentence for passage in passages for sentence in passage.sentences]
    assert len({s.key for s in sentences}) == len(sentences)
    assert len({p.id for p in passages}) == len(passages)
    assert passages_of(article, limit=limit) == passages
    again = [sentence for p in passages_of(article, limit=10_000) for sentence in p.sentences]
    assert [s.key for s in again] == [s.key for s in sentences]


def test_keys_are_short_and_opaque() -> None:
    """A key is `k` and six letters or digits, the same on every machine and in every version."""
    (passage,) = passages_of(article_of("The mill was sold. Its wheel turns."), limit=1_000)
    assert [s.key for s in passage.sentences] == ["krej5my", "ks4bagz"]


@pytest.mark.parametrize(
    "other",
    [
        article_of("The mill was sold! Its wheel turns."),
        article_of("The mill was sold. Its wheel turns.", "b.txt"),
    ],
)
def test_other_articles_have_other_keys(other: Article) -> None:
    """A key names a sentence of one state of one file: an edit elsewhere in it changes it, too."""
    one = article_of("The mill was sold. Its wheel turns.")
    keys = [{s.key for p in passages_of(a, limit=1_000) for s in p.sentences} for a in (one, other)]
    assert not keys[0] & keys[1]


def test_passages_end_with_furniture_and_half_full_with_their_paragraph() -> None:
    """Furniture parts passages always, a paragraph's end once a passage is half full."""
    short, long = "The mill is old.", "The mill by the river was sold in March to a stranger."
    text = f"{short}\n\n{long}\n\n{short}\n\nAdvertisement\n\n{short} {short}"
    found = passages_of(article_of(text), limit=120)
    assert [p.text for p in found] == [f"{short}\n\n{long}", short, f"{short} {short}"]


def test_time_grows_with_the_length_of_the_text() -> None:
    """Thirty times the text, half of it furniture, takes nothing like 900 times as long."""
    block = "The mill was sold in March. Its wheel turns.\n\nAdvertisement\n\n"
    seconds = []
    for count in (200, 6_000):
        article = article_of(block * count)
        begun = time.perf_counter()
        assert len(passages_of(article, limit=1_000)) == count
        seconds.append(time.perf_counter() - begun)
    assert seconds[1] < 150 * seconds[0]


def test_a_text_without_stops_is_cited_in_parts() -> None:
    """What goes on for more than 2,000 characters is no sentence: its parts are, none lost."""
    text = "word " * 3_000

    parts = [s.text for p in passages_of(article_of(text), limit=1_000) for s in p.sentences]

    assert max(map(len, parts)) <= 2_000
    assert " ".join(parts) == text.strip()
