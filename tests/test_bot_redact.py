"""What `bot.redact` promises: whatever gets into a log, no token or update is to be read in it."""

import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update
from telegram.error import NetworkError
from telegram.ext import ApplicationBuilder, ExtBot
from telegram.request import HTTPXRequest

from bot.redact import REDACTED, Redactor, redacting
from tests.telegram_server import telegram
from tests.telegram_world import TOKEN

BARE = TOKEN.partition(":")[2]
OTHER = "123456789:BBanother-token-of-someone-else-0000"
MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "hunter2"}
UPDATE = {"update_id": 77, "message": MESSAGE}

Log = Callable[[logging.Logger], None]


class Loud(logging.Formatter):
    """Formats a record in its own way, with everything that it has."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record) + json.dumps(vars(record), default=repr)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's name
        return repr(ei) + super().formatException(ei)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that is logged, by a handler that was there before."""
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(Loud())
    root, level = logging.getLogger(), logging.root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    with pytest.raises(type(error)) as caught:
        raise error from cause
    return caught.value


def stack(logger: logging.Logger) -> None:
    exec(f"logger.error('stack', stack_info=True)  # {TOKEN}")  # noqa: S102


class Bad:
    def __str__(self) -> str:
        raise ValueError(TOKEN)


WAYS: dict[str, Log] = {
    "message": lambda log: log.error(f"https://127.0.0.1/bot{TOKEN}/getMe"),  # noqa: G004
    "argument": lambda log: log.error("calling %s", f"https://127.0.0.1/bot{TOKEN}/getMe"),
    "named argument": lambda log: log.error("calling %(url)s", {"url": f"/bot{TOKEN}/getMe"}),
    "address, quoted": lambda log: log.error(f"/bot{TOKEN.replace(':', '%3A')}/"),  # noqa: G004
    "bare": lambda log: log.error("token=%r", TOKEN),
    "without its id": lambda log: log.error("token=%r", BARE),
    "in the middle": lambda log: log.error("x%sx", TOKEN),
    "another's": lambda log: log.error("token=%s", OTHER),
    "bytes": lambda log: log.error("payload %r", TOKEN.encode()),
    "bot": lambda log: log.error("%r", ExtBot(TOKEN)),
    "application": lambda log: log.error("%s", ApplicationBuilder().token(TOKEN).build()),
    "exception": lambda log: log.error("no", exc_info=raised(NetworkError(TOKEN))),
    "cause": lambda log: log.error("no", exc_info=raised(KeyError(1), ValueError(TOKEN))),
    "extra": lambda log: log.error("no", extra={"url": f"/bot{TOKEN}/getMe"}),
    "extra object": lambda log: log.error("no", extra={"bot": ExtBot(TOKEN)}),
    "stack": stack,
    "wrong arguments": lambda log: log.error(" %s %s", TOKEN),  # noqa: PLE1206
    "wrong object": lambda log: log.error("one %s", Bad()),
    "wrong extra": lambda log: log.error("one", extra={"bad": Bad()}),
    "warning of asyncio": lambda log: logging.getLogger("asyncio").error("%r", {"bot": TOKEN}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning")
def test_no_way_of_logging_shows_a_token(way: str, written: io.StringIO) -> None:
    """A message, an argument, an exception, a stack, an extra: the token is in none of them."""
    with redacting(TOKEN):
        WAYS[way](logging.getLogger("citebot"))
    assert written.getvalue()
    assert BARE not in written.getvalue()
    assert OTHER not in written.getvalue()


@pytest.mark.parametrize(
    "way", [way for way in WAYS if "extra" not in way and "asyncio" not in way]
)
@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning")
def test_a_handler_added_later_sees_no_token(way: str) -> None:
    """A library that adds a handler of its own, long after the start, gets no token either."""
    logger, later = logging.getLogger("citebot.later"), logging.StreamHandler(io.StringIO())
    later.setFormatter(Loud())
    with redacting(TOKEN):
        logger.addHandler(later)
        WAYS[way](logger)
    logger.removeHandler(later)
    assert later.stream.getvalue()
    assert BARE not in later.stream.getvalue()


def test_the_message_is_kept_but_for_the_token(written: io.StringIO) -> None:
    """What is left tells what happened, with the place of the exception."""
    with redacting(TOKEN):
        error = raised(NetworkError(f"no answer from /bot{TOKEN}/getMe"))
        logging.getLogger("citebot").error("Try %d of %s", 3, "5", exc_info=error)
    said = written.getvalue()
    assert "Try 3 of 5" in said
    assert f"telegram.error.NetworkError: no answer from /{REDACTED}/getMe" in said
    assert "in raised" in said


@pytest.mark.parametrize(
    "log",
    [
        lambda log: log.critical("Received data was: %r", UPDATE),
        lambda log: log.critical("Received data was %r (%s)", [UPDATE], "wrong"),
        lambda log: log.critical("context for update %s", Update.de_json(UPDATE, None)),
        lambda log: log.debug("Webhook received data: %s", json.dumps(UPDATE)),
    ],
)
def test_updates_are_not_logged_by_the_library(log: Log, written: io.StringIO) -> None:
    """Where python-telegram-bot logs an update, what somebody wrote is left out."""
    with redacting(TOKEN):
        log(logging.getLogger("telegram.ext.Updater"))
        logging.getLogger("telegram.ext.Updater").info("Application started")
    assert "hunter2" not in written.getvalue()
    assert "Application started" in written.getvalue()


async def test_a_call_of_the_bot_leaves_no_token(written: io.StringIO) -> None:
    """With every logger at DEBUG a real call, and one that fails, leave no token in the log."""
    with telegram() as server, redacting(server.token):
        async with ExtBot(server.token, server.url, server.file_url) as bot:
            logging.getLogger("citebot").debug("%r is %s", bot, bot)
        async with HTTPXRequest() as request:
            away = ExtBot(server.token, request=request, base_url="http://127.0.0.1:9/bot")
            with pytest.raises(NetworkError) as caught:
                await away.get_me()
            logging.getLogger("citebot").error("away", exc_info=caught.value)
    assert "away" in written.getvalue()
    assert BARE not in written.getvalue()


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        (logging.DEBUG, "httpx", logging.WARNING),
        (logging.INFO, "httpcore", logging.WARNING),
        (logging.ERROR, "httpx", logging.ERROR),
        (logging.DEBUG, "telegram", logging.INFO),
        (logging.WARNING, "telegram", logging.WARNING),
    ],
)
def test_chatty_loggers_are_not_louder_than_the_rest(before: int, name: str, after: int) -> None:
    """Addresses are told by nobody: httpx speaks from WARNING on, the library from INFO on."""
    logger, level = logging.getLogger(name), logging.root.level
    logging.root.setLevel(before)
    was = logger.level
    try:
        with redacting():
            assert logger.getEffectiveLevel() == after
        assert logger.level == was
    finally:
        logging.root.setLevel(level)


def test_afterwards_logging_is_as_it_was(written: io.StringIO) -> None:
    """At the end of the block nothing of it is left."""
    factory = logging.getLogRecordFactory()
    with redacting(TOKEN):
        pass
    logging.getLogger("citebot").error("%s", TOKEN)
    assert TOKEN in written.getvalue()
    assert logging.getLogRecordFactory() is factory


def test_without_any_handler_nothing_is_told_either() -> None:
    """Where logging was never set up, Python's last resort writes to standard error: redacted."""
    code = (
        "import logging\nfrom bot.redact import redacting\n"
        f"with redacting():\n logging.getLogger('x').error('/bot{TOKEN}/getMe')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stderr == f"/{REDACTED}/getMe\n"


@given(
    st.from_regex(r"[0-9]{1,12}:[A-Za-z0-9_-]{30,60}", fullmatch=True),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=5),
)
def test_the_very_token_is_found_anywhere(token: str, before: str, after: str) -> None:
    """The bot's own token is taken out of any text, whatever stands around it."""
    assert token.partition(":")[2] not in Redactor(token).redact(before + token + after)


@pytest.mark.parametrize(
    "text",
    ["12:30 begins", "sha256:" + "a" * 64, "127.0.0.1:8080/" + "a" * 40, "update 500000001", ""],
)
def test_other_texts_are_left_alone(text: str) -> None:
    """What only has a colon and digits stays."""
    assert Redactor(TOKEN).redact(text) == text
