"""The articles themselves: their list, page by page, and the text of one."""

from collections.abc import Sequence

from bot.domain import Listed
from bot.markup import Block, Bold, Button, Keyboard, Page, Text, pieces, rows, shortened
from bot.pages import counted
from bot.phrases import Phrases
from bot.presses import ListArticles, Press, ShowArticle, data, key_of
from bot.replies import MOST_TITLE, facts, listed
from rag.domain import Article

ON_A_PAGE = 8
"""Articles on a page of the list."""

WIDTH = 4
"""Buttons in a row."""

MOST_TEXT = 3_000
"""UTF-16 code units of an article on one page: with its title it is one message."""


def articles(phrases: Phrases, every: Sequence[Listed], page: int = 0) -> Page:
    """`/sources`: a page of the list, from 0; the last one where there are fewer."""
    heading = counted(phrases, len(every))
    if not every:
        return Page(blocks=(heading,))
    pages = -(-len(every) // ON_A_PAGE)
    page = min(page, pages - 1)
    first = page * ON_A_PAGE
    shown = list(enumerate(every[first : first + ON_A_PAGE], start=first + 1))
    opened = (
        Button(text=str(number), data=data(ShowArticle(key=key_of(one.article_id))))
        for number, one in shown
    )
    lines = (listed(phrases, number, one) for number, one in shown)
    turned = _turning(page, [ListArticles(page=number) for number in (page - 1, page + 1)], pages)
    return Page(
        blocks=(Block((Bold(heading.text),)), *lines, phrases.block("articles.hint")),
        buttons=(*rows(opened, WIDTH), *turned),
    )


def article(phrases: Phrases, shown: Article, page: int = 0) -> Page:
    """`/article`: a page of its text, from 0, as one message; the last one where there are fewer.

    Work grows with the article: about 0.3 s for a million characters.
    """
    texts = list(pieces(shown.text[shown.body_start :], most=MOST_TEXT))
    page = min(page, max(len(texts) - 1, 0))
    about = Listed(
        article_id=shown.id,
        title=shown.title,
        language=shown.language,
        published_on=shown.published_on,
    )
    key = key_of(shown.id)
    around = [ShowArticle(key=key, page=number) for number in (page - 1, page + 1)]
    return Page(
        blocks=(
            Block((Bold(shortened(shown.title, MOST_TITLE) or shown.id),)),
            Block(facts(phrases, about), gap="\n"),
            *(Block((Text(text),)) for text in texts[page : page + 1]),
        ),
        buttons=_turning(page, around, len(texts)),
    )


def _turning(page: int, around: Sequence[Press], pages: int) -> Keyboard:
    """Buttons to the pages before and after, with the number of this one; none for one page."""
    before, after = around
    back = (Button(text=f"‹ {page}", data=data(before)),) if page else ()
    on = (Button(text=f"{page + 2} ›", data=data(after)),) if page + 1 < pages else ()
    return ((*back, *on),) if back or on else ()
