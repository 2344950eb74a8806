"""Replies, passages and articles as text on standard output.

Articles, file names and questions are other people's text: control characters and those
that turn the writing direction around are printed as escapes, and markup means nothing.
"""

import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from rag.corpus import line_of
from rag.domain import Answer, Article, Hit, Passage, Provenance, Reason, Refusal, Reply, Statement
from rag.errors import CitebotError, UsageError
from rag.paths import printable

if TYPE_CHECKING:
    from rag.answerer import Answerer

MOST_NEAREST = 3
"""Articles that a refusal offers."""

PREVIEW = 160
"""Characters of a passage that a list of hits shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a language says around an answer."""

    refusal: str
    """That the articles do not answer."""
    vain: str
    """What the question names in vain."""
    nearest: str
    """What stands above the nearest articles."""
    follow_up: str
    """That the question cannot be understood by itself."""
    degraded: str
    """That there was no language model's answer, before why."""


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        "de": Words(
            refusal="Die Artikel sagen das nicht.",
            vain="Was am nächsten kommt, spricht nicht von: {}.",
            nearest="Am nächsten kommen:",
            follow_up="Diese Frage bezieht sich auf das vorher Gesagte, und das kann ohne ein "
            "Sprachmodell niemand nachschlagen: bitte so fragen, dass sie für sich allein steht.",
            degraded="Weniger, als das Sprachmodell könnte",
        ),
        "en": Words(
            refusal="The articles do not say.",
            vain="What comes nearest does not speak of: {}.",
            nearest="Nearest:",
            follow_up="This question points back to what was said before, which cannot be "
            "followed without a language model: ask it so that it stands by itself.",
            degraded="Less than the language model could do",
        ),
        "fr": Words(
            refusal="Les articles ne le disent pas.",
            vain="Ce qui s'en approche le plus ne parle pas de : {}.",
            nearest="Les plus proches :",
            follow_up="Cette question renvoie à ce qui a été dit avant, ce qui ne peut être suivi "
            "sans modèle de langue : posez-la de façon qu'elle se comprenne seule.",
            degraded="Moins que ce que peut le modèle de langue",
        ),
        "ru": Words(
            refusal="В статьях об этом не сказано.",
            vain="В самом близком не упоминается: {}.",
            nearest="Ближе всего:",
            follow_up="Этот вопрос опирается на сказанное раньше, а без языковой модели это не "
            "проследить: задайте его так, чтобы он был понятен сам по себе.",
            degraded="Меньше, чем может языковая модель",
        ),
    }
)


class Places:
    """Where passages stand in their files, and what these are called."""

    def __init__(self, answerer: "Answerer") -> None:
        self._answerer = answerer
        self._articles: dict[str, Article | None] = {}

    def line(self, passage: Passage) -> int | None:
        """The line of a passage; nothing, if the file is not any more as it was indexed."""
        article = self._article(passage.article_id)
        if article is None or article.text[passage.start : passage.end] != passage.text:
            return None
        return line_of(article.text, passage.start)

    def nearest(self, hits: Iterable[Hit]) -> list[tuple[str, str]]:
        """The best articles among the hits, as ids and titles."""
        ids = list(dict.fromkeys(hit.passage.article_id for hit in hits))[:MOST_NEAREST]
        found = ((article_id, self._article(article_id)) for article_id in ids)
        return [(article_id, article.title if article else "") for article_id, article in found]

    def _article(self, article_id: str) -> Article | None:
        if article_id not in self._articles:
            try:
                self._articles[article_id] = self._answerer.read(article_id)
            except CitebotError:
                self._articles[article_id] = None
        return self._articles[article_id]


def one_line(text: str) -> str:
    """Text fit for a terminal, on one line."""
    return printable(re.sub(r"[ \t\r\n]+", " ", text).strip())


def show_reply(reply: Reply, places: Places, *, why: bool) -> None:
    """An answer with its sources, or a refusal with the nearest articles."""
    console = new_console()
    if isinstance(reply, Answer):
        _show_answer(console, reply)
    else:
        _show_refusal(console, reply, places)
    _show_degraded(console, reply)
    if why:
        _show_why(console, reply, places)


def show_hits(hits: Iterable[Hit], places: Places) -> None:
    """Passages with their scores."""
    console = new_console()
    for hit in hits:
        arms = "  ".join(f"{arm} {share:.2f}" for arm, share in sorted(hit.arms.items()))
        place = _place(hit.passage.article_id, places.line(hit.passage))
        write(console, Text(f"{hit.score:.3f}  ").append(place, "bold").append(f"  {arms}", "dim"))
        write(console, Text(f"       {_cut(one_line(hit.passage.text))}"))


def show_article(article: Article, *, line: int | None, marked: tuple[int, int] | None) -> None:
    """An article with numbered lines; a line, or a quote, is marked.

    Raises `UsageError` for a place that the article does not have.
    """
    lines = _lines(article.text)
    if line is not None and not 1 <= line <= len(lines):
        raise UsageError(
            f"{one_line(article.id)} has {len(lines)} lines, so none has the number {line}."
        )
    if marked and not 0 <= marked[0] < marked[1] <= len(article.text):
        raise UsageError(
            f"{one_line(article.id)} has {len(article.text)} characters, so there is no quote "
            f"{marked[0]}:{marked[1]}."
        )
    console = new_console()
    width = len(str(len(lines)))
    for number, (start, text) in enumerate(lines, start=1):
        first, last = _overlap(start, text, marked) if marked else (0, 0)
        if number == line:
            first, last = 0, len(text)
        is_marked = number == line or first < last
        row = Text(f"{'>' if is_marked else ' '} {number:{width}}  ", "dim")
        row.append(_visible(text[:first]), "not dim")
        row.append(_visible(text[first:last]), "not dim reverse")
        row.append(_visible(text[last:]), "not dim")
        write(console, row)


def show_statement(statement: Statement) -> None:
    """One statement with the numbers of its citations, as soon as it is there."""
    numbers = "".join(f"[{citation.number}]" for citation in statement.citations)
    write(new_console(), Text(one_line(f"{statement.text} {numbers}"), "bold"))
    sys.stdout.flush()


def show_rest(reply: Reply, places: Places) -> None:
    """What belongs to a reply besides its statements."""
    console = new_console()
    if isinstance(reply, Answer):
        _show_sources(console, reply)
    else:
        _show_refusal(console, reply, places)
    _show_degraded(console, reply)


def show_why(reply: Reply, places: Places) -> None:
    """What a reply rests on."""
    _show_why(new_console(), reply, places)


def _show_answer(console: Console, answer: Answer) -> None:
    write(console, Text(one_line(answer.text), "bold"))
    _show_sources(console, answer)


def _show_sources(console: Console, answer: Answer) -> None:
    write(console, Text())
    for citation in answer.citations:
        row = Text(f"[{citation.number}] ").append(
            _place(citation.article_id, citation.line), "cyan"
        )
        write(console, row.append(f' "{one_line(citation.quote)}"'))


def _show_degraded(console: Console, reply: Reply) -> None:
    if reply.degraded:
        write(console, Text(f"\n{one_line(degraded_words(reply))}", "yellow"))


def _show_refusal(console: Console, refusal: Refusal, places: Places) -> None:
    heading = words_of(refusal.question.language).nearest
    write(console, Text(one_line(refusal_words(refusal)), "bold"))
    nearest = places.nearest(refusal.nearest)
    if nearest:
        write(console, Text(f"\n{heading}"))
    for article_id, title in nearest:
        write(
            console,
            Text(f"  {_place(article_id)}", "cyan").append(f"  {one_line(title)}", "default"),
        )


def _show_why(console: Console, reply: Reply, places: Places) -> None:
    reason = f", {reply.reason}" if isinstance(reply, Refusal) else ""
    write(console, Text(f"\nconfidence {reply.confidence:.2f} ({reply.generator}{reason})"))
    question = reply.question
    for label, text in (("understood as", question.standalone), *sorted(question.wordings.items())):
        if text:
            write(console, Text(f"{label}: {one_line(text)}"))
    write(console, Text("\nhits", "bold"))
    show_hits(reply.hits if isinstance(reply, Answer) else reply.nearest, places)
    if reply.dropped:
        write(console, Text("\ndropped", "bold"))
    for dropped in reply.dropped:
        write(console, Text(f'  "{one_line(dropped.claim.text)}": {one_line(dropped.why)}'))
    write(console, Text("\ntimings", "bold"))
    for stage, seconds in reply.timings.items():
        write(console, Text(f"  {stage:10} {seconds:.3f} s"))
    if reply.provenance.prompts:
        _show_provenance(console, reply.provenance)


def _show_provenance(console: Console, provenance: Provenance) -> None:
    usage = provenance.usage
    write(console, Text("\nlanguage model", "bold"))
    cost = "" if usage.cost is None else f", cost {usage.cost:.6f}"
    write(
        console,
        Text(
            f"  {one_line(provenance.model or 'none')}: {usage.tokens_in:,} tokens in "
            f"({usage.tokens_cached:,} cached), {usage.tokens_out:,} out{cost}"
        ),
    )
    for name, digest in provenance.prompts.items():
        write(console, Text(f"  prompt {name:10} {digest[:12]}"))


def new_console() -> Console:
    """Standard output, for text that holds no markup."""
    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False)


def write(console: Console, text: Text) -> None:
    """Print text without cutting it into lines, so that it can be searched and copied."""
    console.print(text, soft_wrap=True)


def words_of(language: str) -> Words:
    """What a language says around an answer; English where it is none of ours."""
    return WORDS.get(language, WORDS["en"])


def refusal_words(refusal: Refusal) -> str:
    """How a refusal reads in the question's language, or in English."""
    words = words_of(refusal.question.language)
    if refusal.reason is Reason.FOLLOW_UP:
        return words.follow_up
    if not refusal.unknown:
        return words.refusal
    return f"{words.refusal} {words.vain.format(', '.join(refusal.unknown))}"


def degraded_words(reply: Reply) -> str:
    """Why a reply is less than it could be, in a line; why in English, for it names settings."""
    return f"({words_of(reply.question.language).degraded}: {reply.degraded})"


def _place(article_id: str, line: int | None = None) -> str:
    return one_line(article_id) + (f":{line}" if line else "")


def _cut(text: str) -> str:
    return text if len(text) <= PREVIEW else f"{text[:PREVIEW].rstrip()} …"


def _lines(text: str) -> list[tuple[int, str]]:
    r"""Lines with their offsets, cut where `line_of` counts: at `\n`, `\r\n` and `\r`."""
    lines: list[tuple[int, str]] = []
    start = 0
    for end in re.finditer(r"\r\n|\r|\n", text):
        lines.append((start, text[start : end.start()]))
        start = end.end()
    if start < len(text):
        lines.append((start, text[start:]))
    return lines


def _overlap(start: int, text: str, marked: tuple[int, int]) -> tuple[int, int]:
    """The part of a line that a quote covers, as offsets into the line."""
    first, last = (min(max(offset - start, 0), len(text)) for offset in marked)
    return first, last


def _visible(text: str) -> str:
    return printable(text.expandtabs(4))
