"""The command line of the bot: settings, signals, exit status."""

import asyncio
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import CitebotError, UsageError

if TYPE_CHECKING:
    from bot.settings import BotSettings
    from rag.settings import Settings

STOPPED, FAILED, MISUSED = 0, 1, 2


class BrokenError(CitebotError):
    """What should not happen did."""


EPILOG = (
    "Needs CITEBOT_TELEGRAM_TOKEN or CITEBOT_TELEGRAM_TOKEN_FILE; the README lists all settings. "
    "Exit status: 0 stopped by a signal, 1 failure, 2 wrong settings."
)

app = typer.Typer(
    name="citebot-telegram",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command(epilog=EPILOG)
def serve(
    *,
    corpus: Annotated[
        str | None, typer.Option("--corpus", metavar="DIR", help="The folder of articles.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DIR", help="Where indexes and the database are kept."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more in the log.")] = False,
) -> None:
    """Answer questions in Telegram until a signal comes."""
    # The newer of two forms of waiting times; the older one warns.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    from bot.redact import redacting, where
    from bot.settings import BotSettings
    from rag.settings import Settings

    given = {name: value for name, value in (("corpus", corpus), ("data", data)) if value}
    library, settings = Settings(**given), BotSettings()
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    if not verbose:
        logging.getLogger("alembic").setLevel(logging.WARNING)
    key = library.openai_api_key
    secrets = [settings.token.get_secret_value(), *([key.get_secret_value()] if key else [])]
    with redacting(*secrets) as redactor:
        try:
            asyncio.run(_until_signal(settings, library))
        except CitebotError:
            raise
        except Exception as error:  # noqa: BLE001 - it is told, without its secrets
            # Python itself would print it with whatever it says, the token included.
            logging.getLogger(__name__).critical("The bot broke: %s", where(error))
            said = redactor.redact(f"{type(error).__name__}: {error}")
            raise BrokenError(f"The bot broke ({said}): please report it.") from None


async def _until_signal(settings: "BotSettings", library: "Settings") -> None:
    from bot.app import run

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, library, stop)


def main(arguments: list[str] | None = None) -> int:
    """Run the bot; its exit status."""
    try:
        app(args=arguments, prog_name="python -m bot", standalone_mode=False)
    except CitebotError as error:
        sys.stderr.write(f"citebot: {' '.join(str(error).split())}\n")
        return MISUSED if isinstance(error, UsageError) else FAILED
    except typer.Exit as error:
        return error.exit_code
    except Exception as error:
        if hasattr(error, "format_message"):  # Click's, whichever copy of it Typer uses.
            sys.stderr.write(f"citebot: {error.format_message()}\n")
            return MISUSED
        raise
    return STOPPED
