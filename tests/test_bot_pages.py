"""Pages: what the bot shows, in every language of the interface."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import desk, pages, presses, replies, shelf
from bot.domain import (
    Fault,
    Interface,
    Kept,
    Lapse,
    Limit,
    Listed,
    Me,
    Objection,
    Offered,
    Place,
    Said,
    Source,
    Stats,
    Status,
    Thread,
    Trouble,
    Verdict,
)
from bot.markup import MOST, Code, Page, Quote, Text, parts, units
from bot.phrases import Phrases, words
from bot.presses import HIGHEST, Press, parse
from rag.changes import Change, Kind
from rag.domain import Article, Question, Reason, Refusal
from rag.ingest import Report
from tests.telegram_text import finished
from tests.telegram_text import parse as parse_html

LANGUAGES = pytest.mark.parametrize("phrases", [*map(words, Interface)], ids=list(Interface))
EN = words(Interface.EN)
DAY = date(2025, 4, 3)
EVIL = '<b>&amp;</b>{x}\u202e/x" readme.md'

SOURCES = tuple(
    Source(
        number=number,
        article_id=f"folder/{number}.md",
        title=f"Title {number} {EVIL}",
        published_on=DAY,
        quote=f"Quote {number} {EVIL}.",
        before="What stands before. ",
        after=" What stands after.",
    )
    for number in (1, 2)
)
KEPT = Kept(
    id=987_654_321,
    thread=Thread(place=Place(chat_id=1), user_id=2),
    question=f"Who? {EVIL}",
    language="en",
    asked_at=datetime(2025, 4, 3, tzinfo=UTC),
    statements=(Said(text=f"First {EVIL}.", numbers=(1,)), Said(text="Second.", numbers=(1, 2))),
    sources=SOURCES,
)
LISTED = tuple(
    Listed(article_id=f"{number}.txt", title=f"On {number}", language="fr", published_on=DAY)
    for number in range(1, 20)
)
BARE = Listed(article_id="bare.md", title="")
ARTICLE = Article(
    id="long.txt",
    title="Long",
    language="de",
    text="---\nfront matter\n---\n" + "A sentence that is not long. " * 500,
    body_start=21,
    sha256="",
    published_on=DAY,
)
REPORT = Report(
    changes=(
        *(Change(kind=Kind.ADDED, article_id=f"{number}.txt") for number in range(12)),
        *(
            Change(kind=kind, article_id=f"{kind}.txt", detail=f"About {kind}.")
            for kind in Kind
            if kind is not Kind.ADDED
        ),
    ),
    unchanged=1,
    articles=14,
    passages=1_234,
    generation=2,
    notes=("A note.",),
)
NOTHING = Report(changes=(), unchanged=1, articles=1, passages=2, generation=3)
STATUS = Status(
    articles=5,
    passages=1_234,
    generation=3,
    changed=2,
    model="model-x",
    waiting=1,
    copies=0,
    uptime=timedelta(hours=5),
    polled=timedelta(seconds=3),
)
ME = Me(username="citebot", reads_groups=False, is_inline=True)


def refused(reason: Reason = Reason.NOT_SUPPORTED, **more: object) -> Refusal:
    question = Question(
        text=f"Who? {EVIL}", language="en", asked_at=datetime(2025, 4, 3, tzinfo=UTC)
    )
    return Refusal(question=question, reason=reason, generator="x", **more)  # type: ignore[arg-type]


Show = Callable[[Phrases], Page]

SHOWN: Mapping[str, Show] = {
    "greeting": lambda p: pages.greeting(p, articles=5, is_private=True),
    "greeting, group": lambda p: pages.greeting(p, articles=0, is_private=False),
    "guide": lambda p: pages.guide(p, ME, is_private=True, is_admin=False),
    "guide, group": lambda p: pages.guide(p, ME, is_private=False, is_admin=True),
    "question_missing": pages.question_missing,
    "article_missing": pages.article_missing,
    "languages": pages.languages,
    "language_set": pages.language_set,
    "reset_done": pages.reset_done,
    "privacy": lambda p: pages.privacy(p, days=30, model="model-x"),
    "forget_ask": pages.forget_ask,
    "forget_done": pages.forget_done,
    "forget_left": pages.forget_left,
    **{
        f"limited, {limit}": partial(pages.limited, limit=limit, wait=timedelta(minutes=5), most=6)
        for limit in Limit
    },
    "stranger": lambda p: pages.stranger(p, 42, is_private=True),
    "stranger, chat": lambda p: pages.stranger(p, -42, is_private=False),
    "banned": pages.banned,
    "administrators_only": pages.administrators_only,
    **{f"apology, {lapse}": partial(pages.apology, lapse=lapse, question=EVIL) for lapse in Lapse},
    **{f"trouble, {why}": partial(pages.trouble, why=why, detail=EVIL) for why in Trouble},
    "answer": lambda p: replies.answer(p, KEPT, is_degraded=True, is_stale=True),
    "making": lambda p: replies.making(p, KEPT.statements),
    "making, nothing yet": lambda p: replies.making(p, ()),
    "source": lambda p: replies.source(p, SOURCES[0]),
    **{
        f"refusal, {reason}": partial(
            replies.refusal,
            refused=refused(reason, unknown=(EVIL, "Ann")),
            nearest=(*LISTED[:2], BARE),
        )
        for reason in Reason
    },
    "refusal, nothing near": lambda p: replies.refusal(p, refused(degraded="x", stale=("y",)), ()),
    "blame": lambda p: replies.blame(p, KEPT.id),
    **{f"blamed, {fault}": partial(replies.blamed, fault=fault) for fault in Fault},
    "inline_answer": lambda p: replies.inline_answer(p, KEPT).page,
    "inline_refusal": lambda p: replies.inline_refusal(p, refused(), LISTED[:3]).page,
    "articles": lambda p: shelf.articles(p, LISTED, 1),
    "articles, none": lambda p: shelf.articles(p, ()),
    "article": lambda p: shelf.article(p, ARTICLE, 1),
    "status": lambda p: desk.status(p, STATUS),
    "status, less": lambda p: desk.status(p, replace(STATUS, model=None, changed=0, polled=None)),
    "stats": lambda p: desk.stats(
        p, Stats(days=7, people=2, answers=1_234, refusals=3, good=4, bad=5, cost=1.234)
    ),
    "reindexing": lambda p: desk.reindexing(p, 3, 1_234),
    "reindexing, begun": lambda p: desk.reindexing(p, 0, 0),
    "reindexed": lambda p: desk.reindexed(p, REPORT),
    "reindexed, nothing": lambda p: desk.reindexed(p, NOTHING),
    "person_missing": lambda p: desk.person_missing(p, "ban"),
    "shut_out": lambda p: desk.shut_out(p, 42),
    "let_in": lambda p: desk.let_in(p, 42),
    "kept_in": lambda p: desk.kept_in(p, 42),
    "upload_ask": lambda p: desk.upload_ask(
        p, Offered(id=1, name=EVIL, kind="PDF", size=1_234_567)
    ),
    "upload_added": lambda p: desk.upload_added(p, EVIL),
    "upload_left": lambda p: desk.upload_left(p, EVIL),
    **{
        f"upload_refused, {why}": partial(desk.upload_refused, name=EVIL, why=why, most=20_000_000)
        for why in Objection
    },
}
"""Every page there is, by the name of its function and how it was called."""


def said(page: Page) -> str:
    return "\n".join(part.text for part in parts(page))


def pressed(page: Page) -> list[Press | None]:
    return [parse(button.data) for row in page.buttons for button in row]


def of_pages(module: ModuleType) -> set[str]:
    """The functions of a module that make pages."""
    return {
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", "") == module.__name__
        and getattr(value, "__annotations__", {}).get("return") in {Page, replies.Inline}
        and not name.startswith("_")
    }


def test_every_page_is_in_the_table() -> None:
    """The table of these tests has each function that makes a page."""
    made = set().union(*map(of_pages, (pages, replies, shelf, desk)))
    assert {name.partition(",")[0] for name in SHOWN} == made


@LANGUAGES
@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_every_page_can_be_sent(show: Show, phrases: Phrases) -> None:
    """Each page in each language is taken by Telegram as it is meant, with buttons of ours."""
    page = show(phrases)

    for part in parts(page):
        assert 0 < units(part.text) <= MOST
        assert finished(parse_html(part.html)).text == part.text.strip()
    assert None not in pressed(page)
    assert all(len(row) <= 8 for row in page.buttons)


@LANGUAGES
@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_nothing_is_left_to_fill_in(show: Show, phrases: Phrases) -> None:
    """No place of a phrase is shown, and nothing that Python calls a value."""
    text = said(show(phrases)).replace("{x}", "")
    assert not re.search(r"[{}]|\bNone\b|\bTrue\b|\bFalse\b|datetime|Text\(", text)


@pytest.mark.parametrize("name", ["answer", "source", "making", "inline_answer"])
@LANGUAGES
def test_what_articles_say_is_not_touched(name: str, phrases: Phrases) -> None:
    """Statements and quotes are the same in every language of the interface."""
    text = said(SHOWN[name](phrases))
    shown = SOURCES[0].quote if name == "source" else KEPT.statements[0].text
    assert Text(shown).text in text


@LANGUAGES
def test_an_answer_has_its_buttons(phrases: Phrases) -> None:
    """Under an answer there are a button for each source and two for the verdict."""
    page = replies.answer(phrases, KEPT)

    assert [[button.text for button in row] for row in page.buttons] == [
        ["[1]", "[2]"],
        ["👍", "👎"],
    ]
    assert pressed(page) == [
        presses.ShowSource(answer_id=KEPT.id, number=1),
        presses.ShowSource(answer_id=KEPT.id, number=2),
        presses.Judge(answer_id=KEPT.id, verdict=Verdict.GOOD),
        presses.Judge(answer_id=KEPT.id, verdict=Verdict.BAD),
    ]
    assert [block.text for block in page.blocks] == [
        f"{Text(KEPT.statements[0].text).text} [1]",
        "Second. [1][2]",
    ]


def test_an_answer_with_too_many_sources_is_taken() -> None:
    """However many sources there are, there are no more than 100 buttons."""
    sources = tuple(replace(SOURCES[0], number=n) for n in range(1, 200))
    page = replies.answer(EN, replace(KEPT, sources=sources))
    assert len(pressed(page)) <= 100


@pytest.mark.parametrize(
    ("is_degraded", "is_stale", "keys"),
    [
        (False, False, []),
        (True, False, ["answer.degraded"]),
        (False, True, ["answer.stale"]),
        (True, True, ["answer.degraded", "answer.stale"]),
    ],
)
@LANGUAGES
def test_an_answer_that_is_less_says_so(
    phrases: Phrases, is_degraded: bool, is_stale: bool, keys: list[str]
) -> None:
    """What a language model could not do, and articles left out, are a line each."""
    page = replies.answer(phrases, KEPT, is_degraded=is_degraded, is_stale=is_stale)
    assert [block.text for block in page.blocks[2:]] == [phrases.phrase(key) for key in keys]


@LANGUAGES
def test_a_source_shows_where_it_stands(phrases: Phrases) -> None:
    """A source is its title, file and date, and the quote in bold in an expandable block quote."""
    page = replies.source(phrases, SOURCES[0])
    html = parts(page)[0].html

    assert "<code>folder/1.md</code>" in html
    assert phrases.date(DAY) in html
    assert "<blockquote expandable>… What stands before. <b>Quote 1 " in html
    assert html.endswith("</b> What stands after. …</blockquote>")
    assert pressed(page) == [presses.ShowArticle(key=presses.key_of("folder/1.md"))]


def test_a_quote_without_surroundings_stands_alone() -> None:
    """Where nothing stands around a quote, no sign says that there is more."""
    bare = replace(SOURCES[0], before=" ", after="", quote="Alone.")
    (quote,) = (block for block in replies.source(EN, bare).blocks if isinstance(block, Quote))
    assert quote.text == "Alone."


@pytest.mark.parametrize(
    ("reason", "looks", "offers"),
    [
        (Reason.NO_EVIDENCE, True, True),
        (Reason.NOT_SUPPORTED, True, True),
        (Reason.FOLLOW_UP, False, True),
        (Reason.OFF_TOPIC, False, False),
    ],
)
@LANGUAGES
def test_what_a_refusal_says(phrases: Phrases, reason: Reason, looks: bool, offers: bool) -> None:
    """A refusal says why, what was looked for, what is not spoken of, and offers articles."""
    page = replies.refusal(phrases, refused(reason, unknown=("Ann", "Bob")), LISTED[:2])
    text = said(page)

    assert text.startswith(phrases.phrase(f"refusal.{reason}"))
    assert (Text(f"Who? {EVIL}").text in text) == looks
    assert (phrases.listed(["Ann", "Bob"]) in text) == looks
    assert ("/sources" in text) == looks
    assert ("On 1\n1.txt" in text) == offers
    keys = [presses.ShowArticle(key=presses.key_of(one.article_id)) for one in LISTED[:2]]
    assert pressed(page) == (keys if offers else [])


def test_a_follow_up_is_looked_for_as_it_is_meant() -> None:
    """A refusal names the question that stands alone, not the words that pointed back."""
    question = Question(
        text="And he?", language="en", asked_at=KEPT.asked_at, standalone="What did Ann say?"
    )
    refusal = Refusal(question=question, reason=Reason.NO_EVIDENCE, generator="x")
    text = said(replies.refusal(EN, refusal, ()))
    assert "What did Ann say?" in text
    assert "And he?" not in text


@LANGUAGES
def test_an_inline_answer_needs_no_buttons(phrases: Phrases) -> None:
    """An answer for another chat is text only: each mark has a line that says what it is."""
    inline = replies.inline_answer(phrases, KEPT)

    assert not inline.page.buttons
    assert inline.title == phrases.phrase("answer.found")
    assert inline.description.startswith("First")
    assert [block.text for block in inline.page.blocks[3:]] == [
        f"[{one.number}] {Text(one.title).text} · {one.article_id}" for one in SOURCES
    ]


def test_an_inline_answer_names_an_article_once() -> None:
    """Sources in the same article stand on one line."""
    other = replace(SOURCES[1], article_id=SOURCES[0].article_id, title=SOURCES[0].title)
    page = replies.inline_answer(EN, replace(KEPT, sources=(SOURCES[0], other))).page

    assert page.blocks[-1].text == f"[1][2] {Text(other.title).text} · {other.article_id}"


@pytest.mark.parametrize("statements", [3, 5, 9, 40])
def test_an_inline_answer_is_one_message(statements: int) -> None:
    """An answer too long for one message loses its end, says so, and keeps the sources it needs."""
    long = tuple(
        Said(text=f"S{n} " + "word " * 190, numbers=(n,)) for n in range(1, statements + 1)
    )
    sources = tuple(
        replace(SOURCES[0], number=n, article_id=f"{n}.txt") for n in range(1, statements + 1)
    )
    kept = replace(KEPT, statements=long, sources=sources)
    page = replies.inline_answer(EN, kept, is_degraded=True).page
    text = said(page)

    shown = len(re.findall(r"^S\d", text, re.MULTILINE))
    assert text.startswith("S1 ")
    assert len(parts(page)) == 1
    assert text.count("Title 1") == shown
    assert (EN.phrase("answer.cut") in text) == (shown < statements)
    assert EN.phrase("answer.degraded") in text


@pytest.mark.parametrize(("length", "offered"), [(10, 5), (1_000, 2), (5_000, 0)])
def test_an_inline_refusal_is_one_message(length: int, offered: int) -> None:
    """A refusal for another chat offers no more articles than have room."""
    near = [Listed(article_id="x" * length, title="y" * 5_000) for _ in range(5)]
    refusal = refused(unknown=("name " * 1_000,))
    page = replies.inline_refusal(EN, refusal, near).page

    assert len(parts(page)) == 1
    assert said(page).count("yyyy …") == offered


@pytest.mark.parametrize("reads_groups", [True, False])
@pytest.mark.parametrize("is_private", [True, False])
@LANGUAGES
def test_help_says_what_works_here(phrases: Phrases, is_private: bool, reads_groups: bool) -> None:
    """A mention is offered only where it reaches the bot; what works here comes first."""
    me = Me(username="citebot", reads_groups=reads_groups, is_inline=False)
    page = pages.guide(phrases, me, is_private=is_private, is_admin=False)
    key = "help.groups_all" if reads_groups else "help.groups"
    groups = phrases.phrase(key, name="@citebot") if reads_groups else phrases.phrase(key)
    alone = phrases.phrase("help.private")

    texts = [block.text for block in page.blocks]
    assert ("@citebot" in said(page)) == reads_groups
    assert texts[1:3] == ([alone, groups] if is_private else [groups, alone])


@LANGUAGES
def test_help_names_the_commands_of_a_person(phrases: Phrases) -> None:
    """Everybody sees the commands that are theirs; administrators are told about files, too."""
    shown = [
        said(pages.guide(phrases, ME, is_private=True, is_admin=is_admin))
        for is_admin in (False, True)
    ]

    assert all(f"/{name} – " in text for name in pages.COMMANDS for text in shown)
    assert ["/ban – " in text for text in shown] == [False, True]
    assert ["Markdown" in text for text in shown] == [False, True]
    assert "@citebot" in shown[0]


@LANGUAGES
def test_commands_are_as_telegram_wants_them(phrases: Phrases) -> None:
    """Names are small letters, descriptions at most 256 characters, nothing comes twice."""
    mine, theirs = (pages.commands(phrases, is_admin=is_admin) for is_admin in (False, True))

    assert theirs[: len(mine)] == mine
    assert len({one.name for one in theirs}) == len({one.description for one in theirs})
    for one in theirs:
        assert re.fullmatch("[a-z]{1,32}", one.name)
        assert 1 <= units(one.description) <= 256


@LANGUAGES
def test_notices_are_short(phrases: Phrases) -> None:
    """What a pressed button answers has at most 200 characters."""
    notices = [replies.thanks(phrases), *(pages.brief(phrases, why) for why in Trouble)]
    assert all(1 <= units(notice) <= 200 for notice in notices)


@LANGUAGES
def test_languages_are_named_in_their_own_words(phrases: Phrases) -> None:
    """Each language has a button in its own words, and the one that is spoken is marked."""
    page = pages.languages(phrases)
    names = [button.text.removeprefix("✓ ") for row in page.buttons for button in row]
    marked = [p for (b,), p in zip(page.buttons, pressed(page), strict=True) if "✓" in b.text]

    assert names == ["Deutsch", "English", "Français", "Русский", "Қазақ тілі"]
    assert pressed(page) == [presses.SetLanguage(language=one) for one in Interface]
    assert marked == [presses.SetLanguage(language=phrases.language)]


@pytest.mark.parametrize("limit", Limit)
@LANGUAGES
def test_who_has_to_wait_is_told_how_long(phrases: Phrases, limit: Limit) -> None:
    """Every limit says when the next question may come."""
    text = said(pages.limited(phrases, limit, wait=timedelta(minutes=61), most=6))
    assert phrases.wait(timedelta(minutes=61)) in text
    assert ("6 " in text.replace("61 ", "")) == (limit is not Limit.COST)


@LANGUAGES
def test_privacy_says_how_long_and_to_whom(phrases: Phrases) -> None:
    """What is kept, for how many days, and a language model where there is one, are told."""
    told = said(pages.privacy(phrases, days=30, model="model-x"))

    assert all(word in told for word in ("30", "model-x", "/forget"))
    assert "model-x" not in said(pages.privacy(phrases, days=30, model=None))


@LANGUAGES
def test_forgetting_has_to_be_confirmed(phrases: Phrases) -> None:
    """`/forget` deletes nothing by itself: one button does, the other leaves it."""
    assert pressed(pages.forget_ask(phrases)) == [
        presses.ForgetMe(is_sure=True),
        presses.ForgetMe(is_sure=False),
    ]


@LANGUAGES
def test_a_stranger_learns_the_number_to_give(phrases: Phrases) -> None:
    """Who is not let in is told the number that an administrator needs."""
    assert "<code>4242</code>" in parts(pages.stranger(phrases, 4242, is_private=True))[0].html


def test_an_apology_repeats_the_question() -> None:
    """A question that was not answered is shown, so that it can be sent again."""
    html = parts(pages.apology(EN, Lapse.LATE, "Who was it?"))[0].html
    assert "<blockquote><i>Who was it?</i></blockquote>" in html
    assert "blockquote" not in parts(pages.apology(EN, Lapse.LATE, ""))[0].html
    assert len(parts(pages.apology(EN, Lapse.LATE, "word " * 5_000))) == 1


@pytest.mark.parametrize(
    ("page", "numbers", "turns"),
    [
        (0, range(1, 9), [1]),
        (1, range(9, 17), [0, 2]),
        (2, range(17, 20), [1]),
        (9, range(17, 20), [1]),
    ],
)
def test_the_list_of_articles_has_pages(page: int, numbers: range, turns: list[int]) -> None:
    """Each page of the list opens its articles, and leads to the pages beside it."""
    shown = shelf.articles(EN, LISTED, page)
    opened = [one for one in pressed(shown) if isinstance(one, presses.ShowArticle)]
    turned = [one.page for one in pressed(shown) if isinstance(one, presses.ListArticles)]

    assert opened == [
        presses.ShowArticle(key=presses.key_of(f"{number}.txt")) for number in numbers
    ]
    assert turned == turns
    assert f"{numbers[0]}. On {numbers[0]}\n{numbers[0]}.txt · French · April 3, 2025" in said(
        shown
    )


def test_an_article_is_shown_whole() -> None:
    """The pages of an article hold its body, each is one message, and they lead to each other."""
    body = ARTICLE.text[ARTICLE.body_start :]
    shown = [shelf.article(EN, ARTICLE, page) for page in range(6)]
    last = 4

    assert " ".join(page.blocks[2].text for page in shown[: last + 1]).split() == body.split()
    assert shown[last + 1] == shown[last]
    assert {len(parts(page)) for page in shown} == {1}
    turned = [
        [one.page for one in pressed(page) if isinstance(one, presses.ShowArticle)]
        for page in shown
    ]
    assert turned == [[1], [0, 2], [1, 3], [2, 4], [3], [3]]


def test_an_article_without_words_is_a_page() -> None:
    """An article with nothing in it still has its title and its file."""
    empty = Article(id="a.txt", title="", language="en", text=" \n", sha256="")
    assert said(shelf.article(EN, empty)) == "a.txt\na.txt · English"


def test_a_report_names_files_but_not_too_many() -> None:
    """Each kind of change has its line; what was left out says why; long lists are cut."""
    text = said(desk.reindexed(EN, REPORT))

    assert "Added (12): 0.txt, 1.txt" in text
    assert "9.txt and 2 more" in text
    assert "11.txt" not in text
    assert "<code>changed.txt</code>" in parts(desk.reindexed(EN, REPORT))[0].html
    assert "• About skipped." in text
    assert "A note." in text
    assert "Articles: 14, passages: 1,234" in text


@LANGUAGES
def test_files_are_always_code(phrases: Phrases) -> None:
    """A file's name is code, so that no name becomes a link or a mention."""
    named = [
        desk.upload_added(phrases, "readme.md"),
        desk.upload_refused(phrases, "readme.md", Objection.KIND, most=1),
        desk.upload_ask(phrases, Offered(id=1, name="readme.md", kind="PDF", size=1)),
        replies.refusal(phrases, refused(), (Listed(article_id="readme.md", title=""),)),
        shelf.articles(phrases, (Listed(article_id="readme.md", title=""),)),
    ]
    for page in named:
        tokens = [token for block in page.blocks for token in block.tokens]
        assert Code("readme.md") in tokens
        plain = [token for token in tokens if type(token) is Text]
        assert not any(
            " readme.md " in f" {token.text} " for token in plain if EVIL[:3] not in token.text
        )


NUMBERS = st.integers(0, HIGHEST)
PRESSES = st.one_of(
    st.builds(presses.ShowSource, answer_id=NUMBERS, number=NUMBERS),
    st.builds(presses.Judge, answer_id=NUMBERS, verdict=st.sampled_from(Verdict)),
    st.builds(presses.Blame, answer_id=NUMBERS, fault=st.sampled_from(Fault)),
    st.builds(presses.ShowArticle, key=st.text().map(presses.key_of), page=NUMBERS),
    st.builds(presses.ListArticles, page=NUMBERS),
    st.builds(presses.SetLanguage, language=st.sampled_from(Interface)),
    st.builds(presses.AddFile, file_id=NUMBERS, is_sure=st.booleans()),
    st.builds(presses.ForgetMe, is_sure=st.booleans()),
)


@given(PRESSES)
def test_presses_come_back(press: Press) -> None:
    """What a button carries fits into 64 bytes of ASCII, and is read as what it was."""
    data = presses.data(press)
    assert len(data.encode("ascii")) <= 64
    assert parse(data) == press


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        ":",
        "s",
        "s:1",
        "s:1:2:3",
        "s:01:2",
        "s:1:-1",
        "s:+1:2",
        "s:1_0:2",
        "s: 1:2",
        "s:A:1",
        "s:\u0661:1",
        "s:1y2p0ij32e8e8:1",
        "s:zzzzzzzzzzzzzz:1",
        "v:1:great",
        "v:1:GOOD",
        "w:1:good",
        "a:../../etc/passwd:0",
        "a:0123456789abcdeg:0",
        "a:0123456789ABCDEF:0",
        "a:0123456789abcdef",
        "a:0123:0",
        "a::0",
        "l:",
        "l:0\n",
        "i:xx",
        "i:",
        "u:1:yes",
        "u:1:",
        "f:",
        "f:Y",
        "x:1",
        "s:1:2" + "0" * 80,
        "\U0001f600",
        "\ud800",
    ],
)
def test_forged_presses_are_nothing(data: str | None) -> None:
    """What no button of ours carries is read as nothing."""
    assert parse(data) is None


@given(st.text(max_size=70) | st.from_regex(r"[svwaliuf](:[0-9a-z]{0,16}){1,3}", fullmatch=True))
def test_whatever_is_pressed_is_read(data: str) -> None:
    """Reading never fails, and what is read would be written the same."""
    press = parse(data)
    assert press is None or presses.data(press) == data


def test_keys_tell_articles_apart() -> None:
    """The key of an article is short, however it is called, and its own."""
    names = ["a.txt", "A.txt", "a.txt ", "Ä" * 500, "folder/a.txt"]
    assert len({presses.key_of(name) for name in names}) == len(names)
    assert {len(presses.key_of(name)) for name in names} == {16}
