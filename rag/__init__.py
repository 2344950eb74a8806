"""Answers from a folder of articles, each sentence with the words that carry it.

    from rag import answer
    reply = answer("How many exchanges were closed?")

or, with settings of one's own, in an async program:

    with open_answerer(Settings(corpus="articles")) as answerer:
        reply = await answerer.answer("How many exchanges were closed?")
"""

from typing import TYPE_CHECKING, Any

from rag.domain import Answer, Citation, Exchange, Refusal, Reply, Statement
from rag.errors import CitebotError

if TYPE_CHECKING:
    from rag.answerer import Answerer
    from rag.settings import Settings

__all__ = [
    "Answer",
    "Answerer",
    "Citation",
    "CitebotError",
    "Exchange",
    "Refusal",
    "Reply",
    "Settings",
    "Statement",
    "answer",
    "open_answerer",
]


def answer(question: str, settings: "Settings | None" = None) -> Reply:
    """Answer a question from a script or a notebook; an async program uses `open_answerer`.

    Without settings, those of the environment count. Raises `CitebotError`.
    """
    import asyncio
    import threading

    replies: list[Reply | BaseException] = []

    def work() -> None:
        try:
            with open_answerer(settings) as answerer:
                replies.append(asyncio.run(answerer.answer(question)))
        except BaseException as error:  # noqa: BLE001 - raised again below
            replies.append(error)

    # A notebook has an event loop running in this thread already; another thread has none.
    thread = threading.Thread(target=work, name="citebot")
    thread.start()
    thread.join()
    if isinstance(replies[0], BaseException):
        raise replies[0]
    return replies[0]


def open_answerer(settings: "Settings | None" = None) -> "Answerer":
    """An answerer for one folder of articles: make it once, share it between tasks."""
    from rag.build import Parts
    from rag.settings import Settings

    return Parts(settings or Settings()).answerer


def __getattr__(name: str) -> Any:
    """`Answerer` and `Settings` are loaded when first asked for: they bring libraries."""
    if name == "Answerer":
        from rag.answerer import Answerer

        return Answerer
    if name == "Settings":
        from rag.settings import Settings

        return Settings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
