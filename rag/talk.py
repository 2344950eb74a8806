"""A conversation: each question is asked with what was said before."""

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from rag.answerer import Answerer
from rag.domain import Answer, Exchange, Refusal, Reply, Statement
from rag.render import refusal_words

MOST = 6
"""Exchanges that a question is asked with; older ones are forgotten."""


class Talk:
    """One person's conversation with one answerer."""

    def __init__(self, answerer: Answerer) -> None:
        self.last: Reply | None = None
        """The latest reply."""
        self._answerer = answerer
        self._history: deque[Exchange] = deque(maxlen=MOST)

    def forget(self) -> None:
        """Begin a new conversation."""
        self._history.clear()
        self.last = None

    async def ask(self, text: str) -> AsyncGenerator[Statement | Reply, None]:
        """The statements as they come, and last the reply; raises as `Answerer.stream` does."""
        stream = self._answerer.stream(text, history=tuple(self._history))
        async with aclosing(stream):
            async for one in stream:
                if isinstance(one, Answer | Refusal):
                    self._remember(one)
                yield one

    def _remember(self, reply: Reply) -> None:
        self.last = reply
        said = reply.text if isinstance(reply, Answer) else refusal_words(reply)
        asked = reply.question.standalone or reply.question.text
        self._history.append(Exchange(question=asked, reply=said))
