"""Writing a golden case from an article, with a person or by options: `python -m eval new`.

    article ── citable sentences ── those that carry the answer ─┐
    question ── language                                         ├─ patterns, tags, id: proposed
    answer ──────────────────────────────────────────────────────┘
        ── case ── row ── read back beside the others ── appended

Every pattern has to match a chosen sentence, so that a case cannot ask for what nobody wrote.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from eval.append import append, cases_in
from eval.cases import Case
from eval.propose import (
    check_pattern,
    chosen,
    proposed_id,
    proposed_patterns,
    proposed_tags,
    sentences_of,
    shown,
)
from rag.cldr import Names
from rag.corpus import article_path, read_article
from rag.domain import Article, Sentence
from rag.errors import ArticleError, UsageError
from rag.languages import LanguageDetector
from rag.paths import printable
from rag.question import checked
from rag.settings import Settings
from rag.understand import LANGUAGES

T = TypeVar("T")
Ask = Callable[[str, str], str]
"""Shows a prompt and a proposal, and gives the reply: the proposal where a person only agrees."""
Say = Callable[[str], None]


TRIES = 3
"""Times that a person is asked the same."""

DROP = "-"
"""The reply that rejects a proposed pattern, or all tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is known of a case before anybody is asked; None is asked for."""

    question: str | None = None
    language: str | None = None
    answer: str | None = None
    quote: str | None = None
    """Numbers of sentences, or words of the article."""
    expect: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None
    id: str | None = None
    answerable: bool = True


def agree(_prompt: str, proposal: str) -> str:
    """An `Ask` for scripts: takes every proposal. What has none must be given."""
    return proposal


def new(name: str, *, settings: Settings, to: Path, given: Given, ask: Ask, say: Say) -> Case:
    """Make a case from the article `name` and append it to the file `to`.

    Raises `UsageError`, and leaves the file as it was, for an unknown article, replies and
    options that do not fit, an id that is taken, or a file that holds no cases.
    """
    spare = given.answer, given.quote, given.expect
    if not given.answerable and any(value is not None for value in spare):
        raise UsageError(
            "What the articles do not answer has no answer, quote or pattern: leave these out, or "
            "leave out --unanswerable."
        )
    taken = {case.id for case in cases_in(to)}
    detector = LanguageDetector()
    article = _article(name, settings, detector)
    sentences = sentences_of(article)
    say(f"{printable(article.id)}: {shown(article.title)}")
    for number, sentence in enumerate(sentences, start=1):
        say(f"{number:3}  {shown(sentence.text)}")
    asking = _Asking(ask=ask, say=say)
    fit = partial(checked, most=settings.max_question_characters)
    question = asking.value(given.question, "Question", "", fit)
    likely = detector.detect(question, among={*LANGUAGES, article.language})
    language = asking.value(given.language, "Language", likely, _language)
    names = Names({*LANGUAGES, article.language, language})
    maker = _Maker(article=article, sentences=sentences, given=given, asking=asking, names=names)
    case = maker.case(question, language, taken, to)
    append(case, to)
    say(f"Written to {to}: {case.id}")
    return case


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asking:
    """Asks for what was not given, and again where a person's reply does not fit."""

    ask: Ask
    say: Say

    def value(self, given: str | None, prompt: str, default: str, read: Callable[[str], T]) -> T:
        """What `read` makes of the text given, else of a reply. Raises what `read` raises."""
        if given is not None:
            return read(given)
        for _ in range(TRIES - 1):
            reply = self.ask(prompt, default)
            try:
                return read(reply)
            except UsageError as error:
                if reply == default:  # Nobody may be there to reply otherwise.
                    raise
                self.say(str(error))
        return read(self.ask(prompt, default))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    """Makes a case about one article from what was given and what is asked for."""

    article: Article
    sentences: tuple[Sentence, ...]
    given: Given
    asking: _Asking
    names: Names

    def case(self, question: str, language: str, taken: Collection[str], to: Path) -> Case:
        """The case for a question; `taken` are the ids of the file `to`."""
        given, article = self.given, self.article
        answer, expect = self._answer(language) if given.answerable else ("", ())
        tags = proposed_tags(
            answer, language, article.language, self.names, answerable=given.answerable
        )
        told = None if given.tags is None else ",".join(given.tags) or DROP
        tags = self.asking.value(told, f"Tags ({DROP} for none)", ", ".join(tags), _tags)
        about = article.id if given.answerable else None
        name = proposed_id(question, language, about, taken)
        name = self.asking.value(given.id, "Id", name, lambda text: _id(text, taken, to))
        return Case(
            id=name,
            set=to.stem,
            language=language,
            question=question,
            answer=answer,
            expect=expect,
            sources=(article.id,) if given.answerable else (),
            answerable=given.answerable,
            tags=tags,
        )

    def _answer(self, language: str) -> tuple[str, tuple[str, ...]]:
        """The answer and its patterns."""
        given, value = self.given, self.asking.value
        answer = value(given.answer, "Short answer", "", _answer)
        carrying = value(
            given.quote,
            "What carries it (numbers, or words of the article)",
            "",
            lambda text: chosen(text, self.article, self.sentences),
        )
        if given.expect is None:
            written_in = self.article.language
            proposed = proposed_patterns(answer, language, carrying, written_in, self.names)
            patterns = self._edited(proposed, carrying)
        else:
            patterns = tuple(check_pattern(pattern, carrying) for pattern in given.expect)
        if not patterns:
            raise UsageError("The case has no pattern: give words of the sentence as one.")
        return answer, patterns

    def _edited(self, proposed: Sequence[str], carrying: Sequence[Sentence]) -> tuple[str, ...]:
        """What a person makes of the patterns that are proposed."""

        def read(text: str) -> str:
            return "" if text in ("", DROP) else check_pattern(text, carrying)

        value = self.asking.value
        kept = [value(None, f"Pattern ({DROP} drops it)", pattern, read) for pattern in proposed]
        while pattern := value(None, "Another pattern (none to go on)", "", read):
            kept.append(pattern)
        return tuple(dict.fromkeys(filter(None, kept)))


def _article(name: str, settings: Settings, detector: LanguageDetector) -> Article:
    try:
        path = article_path(settings.corpus, name)
    except ArticleError as error:  # Nothing is wrong with the corpus: the name is.
        raise UsageError(str(error)) from None
    most = settings.max_article_bytes
    return read_article(settings.corpus, path, max_bytes=most, detector=detector)


def _language(text: str) -> str:
    code = text.strip()
    if not re.fullmatch(r"[a-z]{2,3}", code):
        raise UsageError(f'"{shown(code)}" is no language: give a code such as `en`.')
    return code


def _answer(text: str) -> str:
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t" for c in text):
        raise UsageError("The answer holds control characters: type it as plain text.")
    if not text.strip():
        raise UsageError("The answer is empty: say in short what the article says.")
    return text.strip()


def _tags(text: str) -> tuple[str, ...]:
    if text.strip() == DROP:
        return ()
    return tuple(sorted({tag.strip() for tag in text.split(",") if tag.strip()}))


def _id(text: str, taken: Collection[str], file: Path) -> str:
    name = text.strip()
    if not name or any(c.isspace() or not c.isprintable() for c in name):
        raise UsageError(f'"{shown(name)}" is no id: give one word, such as en-mill-buyer.')
    if name in taken:
        raise UsageError(f"The id {name} already stands in {file}: choose another.")
    return name
