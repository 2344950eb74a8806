"""Logs without tokens, and without what people wrote.

httpx logs every address, and an address of the Bot API has the token in it; so has `repr` of a bot.
python-telegram-bot logs updates that it cannot handle. Whatever is logged, and by whom, is put into
words, and the secrets are taken out of them, before any handler sees it.
"""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TOKEN = re.compile(r"(?<![A-Za-z0-9])(?:bot)?\d+(?::|%3[Aa])[\w-]{30,}")
"""A token, as it stands in an address or by itself."""

REDACTED = "[token]"
LEFT_OUT = "(left out)"

MOST_PLACES = 8
"""Places of the code that a line tells of."""

QUIET: Mapping[str, int] = {
    # They tell every address.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    # It tells every update.
    "telegram": logging.INFO,
    # It tells every value that is written down.
    "aiosqlite": logging.INFO,
}
"""Loggers, and the lowest level at which they are let speak."""

_FORMATTER = logging.Formatter()


class Redactor(logging.Filter):
    """Lets every record pass, in words that hold no secret."""

    def __init__(self, *secrets: str) -> None:
        """With secrets that are taken out, besides whatever looks like a token.

        The part of a token after its colon is a secret by itself.
        """
        super().__init__()
        parts = {part for secret in secrets for part in (secret, secret.partition(":")[2])}
        # The longest first: one may be a part of another.
        self._secrets = sorted(parts - {""}, key=len, reverse=True)

    def redact(self, text: str) -> str:
        """A text without secrets."""
        text = TOKEN.sub(REDACTED, text)
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Put a record into words, its exception and what was given along included."""
        record.msg, record.args = _message(record), None
        if record.exc_info and record.exc_info[0]:
            # No formatter gets at the exception itself, nor at what it holds.
            record.exc_text = record.exc_text or _FORMATTER.formatException(record.exc_info)
        record.exc_info = None
        for name, value in vars(record).items():
            if value is not None and not isinstance(value, int | float):
                setattr(record, name, self.redact(_words(value)))
        return True


def where(error: BaseException) -> str:
    """The kind of an error and the places that it came by: its text may be what somebody wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return f"{type(error).__name__} ({' > '.join(places[-MOST_PLACES:])})"


def _message(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] == "telegram" and record.args:
        record.args = _without_updates(record.args)
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a log line must not end what it tells of
        return f"{record.msg} {LEFT_OUT}"


def _without_updates(args: tuple[object, ...] | Mapping[str, object]) -> tuple[object, ...]:
    """The arguments, but for what may be an update, as an object or as JSON."""
    from telegram import TelegramObject

    if isinstance(args, Mapping):  # A single argument that is a mapping.
        return (LEFT_OUT,)
    kinds = (TelegramObject, Mapping, list, tuple)
    return tuple(LEFT_OUT if isinstance(one, kinds) else one for one in args)


def _words(value: object) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001 - the same
        return LEFT_OUT


@contextmanager
def redacting(*secrets: str) -> Iterator[Redactor]:
    """Redact all that is logged, by handlers that are there and by those to come.

    Handlers to come see `extra` as it was given. Levels of `QUIET` are set as long as this lasts.
    """
    redactor = Redactor(*secrets)
    made, handlers = logging.getLogRecordFactory(), _handlers()
    levels = {logging.getLogger(name): logging.getLogger(name).level for name in QUIET}

    def make(*args: Any, **more: Any) -> logging.LogRecord:
        record = made(*args, **more)
        redactor.filter(record)
        return record

    for logger in levels:
        logger.setLevel(max(QUIET[logger.name], logger.getEffectiveLevel()))
    for handler in handlers:
        # What is given by `extra` comes to a record after it is made.
        handler.addFilter(redactor)
    logging.setLogRecordFactory(make)
    try:
        yield redactor
    finally:
        logging.setLogRecordFactory(made)
        for handler in handlers:
            handler.removeFilter(redactor)
        for logger, level in levels.items():
            logger.setLevel(level)


def _handlers() -> set[logging.Handler]:
    known = [logging.root, *logging.root.manager.loggerDict.values()]
    loggers = [one for one in known if isinstance(one, logging.Logger)]
    return {handler for logger in loggers for handler in logger.handlers}
