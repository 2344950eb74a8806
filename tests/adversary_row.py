"""What a row of the adversary table is: an output of a model, and what of it may be shown.

    request -> Sight (what the model is sent, read back) -> output -> Reply

A row knows by its making which of its claims are right, so that no verdict rests on the code
under test.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from rag.domain import Exchange
from tests.openai_server import Reply, Request, completes

_SENTENCE = re.compile(r"^(k[a-z2-7]{5,16}) (.+)$", re.MULTILINE)
_TEXT = re.compile(r"^begin (\w+) ([\w ]+)\n(.*?)\nend \1 \2$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What a model sees of a request."""

    request: Request
    turn: int = 0
    """How many times the same was asked before, for the same row."""

    @cached_property
    def articles(self) -> tuple[Mapping[str, str], ...]:
        """The sentences of each article, by key."""
        texts = [text for label, text in self._texts if label == "article"]
        return tuple(dict(_SENTENCE.findall(text)) for text in texts)

    @cached_property
    def sentences(self) -> Mapping[str, str]:
        """All sentences, by key."""
        return {key: text for article in self.articles for key, text in article.items()}

    @property
    def question(self) -> str:
        """What is asked."""
        return next((text for label, text in self._texts if label == "question"), "")

    def key(self, words: str) -> str:
        """The key of the only sentence that has these words. Raises `ValueError`."""
        (key,) = [key for key, text in self.sentences.items() if words in text]
        return key

    def article(self, words: str) -> Mapping[str, str]:
        """The article of that sentence."""
        key = self.key(words)
        return next(article for article in self.articles if key in article)

    @cached_property
    def _texts(self) -> list[tuple[str, str]]:
        return [(label, text) for _, label, text in _TEXT.findall(self.request.message("user"))]


Output = Callable[[Sight], Reply]
"""How a model's output is made from what it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A claim, under the keys of the sentences that have certain words, and under others."""

    text: str
    quotes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    def value(self, sight: Sight) -> dict[str, object]:
        """The claim as it is asked for."""
        return {"text": self.text, "keys": [*map(sight.key, self.quotes), *self.keys]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An output, and what may come of it."""

    name: str
    kind: str
    language: str
    """Of the question; empty where it does not matter."""
    question: str
    draft: Output
    repair: Output
    right: tuple[str, ...] = ()
    """What has to be shown."""
    may: tuple[str, ...] = ()
    """What else may be; an article's own sentence always may."""
    told: bool = False
    """Whether the reply has to say that it is less than the model could do."""
    history: tuple[Exchange, ...] = ()
    wording: Output | None = None
    """Says the question in other words, or languages; else nothing is said."""


def reply_of(*claims: Mapping[str, object]) -> str:
    """Claims in the form that is asked for; half a character can only be sent by its number."""
    text = json.dumps({"claims": claims}, ensure_ascii=False)
    return text if text.isascii() or _sendable(text) else json.dumps({"claims": claims})


def _sendable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def says(*said: Said, parts: int = 4, finish: str = "stop") -> Output:
    """The output with these claims."""
    return lambda sight: completes(
        reply_of(*(one.value(sight) for one in said)), parts=parts, finish=finish
    )


def writes(content: str | None, *, finish: str = "stop", parts: int = 3) -> Output:
    """The output with this text, whatever it is."""
    return lambda _: completes(content, finish=finish, parts=parts)


def sends(reply: Reply) -> Output:
    """The output that is sent as it is."""
    return lambda _: reply


def in_turn(*outputs: Output) -> Output:
    """One output after the other, the last for ever."""
    return lambda sight: outputs[min(sight.turn, len(outputs) - 1)](sight)


def crowded(text: str, words: str) -> Output:
    """A claim under as many keys of an article as there are."""

    def output(sight: Sight) -> Reply:
        return completes(reply_of({"text": text, "keys": list(sight.article(words))}))

    return output


SILENT = says()
"""The output that gives no claim."""
