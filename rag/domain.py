"""The values everything else speaks in: frozen, compared by content, no I/O.

Offsets are always counted in characters (Python `str` indices) into `Article.text`,
which is the decoded file exactly as it stands, end exclusive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One file of the corpus, read and decoded.

    `id` is the file's path relative to the corpus folder, with `/` between parts.
    `language` is an ISO 639-1 code. `sha256` is the hex digest of the file's bytes.
    """

    id: str
    title: str
    language: str
    text: str
    sha256: str
    body_start: int = 0
    """Where the body begins: behind the front matter, 0 without one."""
    published_on: date | None = None
    outlet: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence that may be cited: `article.text[start:end] == text`.

    `key` is short, opaque and derived from the content, so that a model can name the
    sentence but cannot guess a name.
    """

    article_id: str
    start: int
    end: int
    text: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of whole sentences: what is embedded and searched."""

    id: str
    article_id: str
    language: str
    start: int
    end: int
    text: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found. Higher scores are better; `score` lies in 0..1."""

    passage: Passage
    score: float
    arms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """The fused share of each arm, before they were added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What an article is called, and when it was published."""

    title: str
    published_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a generator may use: the hits, and the other passages of the articles they are of."""

    hits: tuple[Hit, ...] = ()
    """Best first."""
    rest: tuple[Passage, ...] = ()
    """In the order of their articles' best hits; within an article as they stand."""
    headings: Mapping[str, Heading] = field(default_factory=lambda: MappingProxyType({}))
    """By the id of the article."""

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All of it, each once, the best first."""
        every = (*(hit.passage for hit in self.hits), *self.rest)
        return tuple({passage.id: passage for passage in every}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An earlier question and the text of its reply."""

    question: str
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person asked, in which language, and when: the clock is data."""

    text: str
    language: str
    asked_at: datetime
    history: tuple[Exchange, ...] = ()
    standalone: str = ""
    """What a follow-up asks, in words that need no history; empty where `text` needs none."""
    wordings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The same in other languages of the corpus, by language."""

    @property
    def meant(self) -> str:
        """The question to be answered, in its own language."""
        return self.standalone or self.text

    def wording(self, language: str) -> str | None:
        """The question in a language; nothing where it was not put into it."""
        return self.meant if language == self.language else self.wordings.get(language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a generator proposes to say, and the keys of the sentences it rests on."""

    text: str
    keys: tuple[str, ...]
    verbatim: bool = False
    """Whether it is a sentence of an article, in the article's language."""


class Reason(StrEnum):
    """Why the articles do not give an answer."""

    NO_EVIDENCE = "no_evidence"
    """Nothing in the corpus resembles the question."""
    NOT_SUPPORTED = "not_supported"
    """Passages resemble the question, but none of them answers it."""
    OFF_TOPIC = "off_topic"
    """The text is not a question about the articles."""
    FOLLOW_UP = "follow_up"
    """The question needs what was said before, and there is no language model to see what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a language model was paid for: tokens, and their price where it is known."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    """Those of `tokens_in` that the server had kept."""
    cost: float | None = None
    """In the currency of the price table; nothing where the model's price is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Which model wrote a draft, from which prompts; nothing of all this without a model."""

    model: str | None = None
    prompts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The digest of each prompt by its name."""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A generator's proposal. Nothing in it is trusted.

    Without claims it says that the articles do not answer, and `reason` why.
    `confidence` is the generator's own estimate, 0..1, that the claims answer the question.
    """

    claims: tuple[Claim, ...]
    reason: Reason = Reason.NOT_SUPPORTED
    confidence: float = 1.0
    unknown: tuple[str, ...] = ()
    """What the question names and the nearest passages do not speak of."""
    generator: str = ""
    """Who wrote it, where that is not the generator that was asked."""
    degraded: str = ""
    """Why this is less than the language model could do, in a sentence; mostly empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Words of a file: `quote` is the slice `start:end` of its text, cut by code."""

    number: int
    article_id: str
    title: str
    line: int
    start: int
    end: int
    quote: str
    published_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence of an answer with the citations that carry it, at least one.

    Raises `ValueError` without any.
    """

    text: str
    citations: tuple[Citation, ...]

    def __post_init__(self) -> None:
        if not self.citations:
            raise ValueError("a statement needs a citation")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A claim that was not shown, and why."""

    claim: Claim
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the articles say, statement by statement."""

    question: Question
    statements: tuple[Statement, ...]
    generator: str
    confidence: float = 1.0
    hits: tuple[Hit, ...] = ()
    stale: tuple[str, ...] = ()
    """Sentences on articles that were found but left out: their files changed since."""
    dropped: tuple[Dropped, ...] = ()
    timings: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds per stage."""
    generation: int = 0
    """The generation of the index that was asked."""
    degraded: str = ""
    """Why this is less than the language model could do, in a sentence; mostly empty."""
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def text(self) -> str:
        """The statements in order, each followed by the numbers of its citations."""
        return " ".join(
            f"{statement.text} " + "".join(f"[{c.number}]" for c in statement.citations)
            for statement in self.statements
        )

    @property
    def citations(self) -> tuple[Citation, ...]:
        """Each citation once, in the order of its number."""
        found = {c.number: c for s in self.statements for c in s.citations}
        return tuple(found[number] for number in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The articles do not say. `nearest` is what came closest; it is no answer."""

    question: Question
    reason: Reason
    generator: str
    confidence: float = 0.0
    unknown: tuple[str, ...] = ()
    """What the question names and the nearest passages do not speak of."""
    nearest: tuple[Hit, ...] = ()
    stale: tuple[str, ...] = ()
    """Sentences on articles that were left out: their files changed, or are new."""
    dropped: tuple[Dropped, ...] = ()
    timings: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds per stage."""
    generation: int = 0
    """The generation of the index that was asked."""
    degraded: str = ""
    """Why this is less than the language model could do, in a sentence; mostly empty."""
    provenance: Provenance = field(default_factory=Provenance)


Reply = Answer | Refusal
