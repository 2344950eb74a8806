"""The command line: commands, options, exit statuses. What they print is in `rag.render`.

Libraries are loaded inside the commands, so that `--help` and a wrong command are quick.
"""

import asyncio
import os
import sys
from contextlib import aclosing, contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, cast

import typer

from rag.domain import Answer
from rag.errors import CitebotError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rag.answerer import Answerer
    from rag.build import Parts
    from rag.domain import Reply
    from rag.ingest import Progress
    from rag.render import Places
    from rag.settings import Settings
    from rag.talk import Talk

ANSWERED, FAILED, MISUSED, REFUSED, INTERRUPTED = 0, 1, 2, 3, 130

EPILOG = (
    "Exit status: 0 answered or done, 3 the articles do not say, 2 wrong usage, 1 failure. "
    "Every option also has a setting: CITEBOT_CORPUS, CITEBOT_DATA and others, from the "
    "environment or from a file .env."
)

Corpus = Annotated[
    str | None, typer.Option("--corpus", metavar="DIR", help="The folder of articles.")
]
Data = Annotated[
    str | None, typer.Option("--data", metavar="DIR", help="Where the indexes are kept.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Words = Annotated[str, typer.Argument(metavar="QUESTION", help="The question, or - to read it.")]


WrongUsage = cast("type[typer.BadParameter]", typer.BadParameter.__bases__[0])
"""Click's UsageError, be it Typer's own copy of Click or Click itself."""

app = typer.Typer(
    name="citebot",
    help="Answers from a folder of articles, each sentence with the words that carry it.",
    epilog=EPILOG,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # What the terminal cannot show, or what is no text, must not end in a traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="surrogateescape" if stream is sys.stdin else "backslashreplace")
    try:
        status = app(args=arguments, prog_name="citebot", standalone_mode=False)
        sys.stdout.flush()
    except CitebotError as error:
        complain(str(error))
        return MISUSED if isinstance(error, UsageError) else FAILED
    except WrongUsage as error:
        complain(f"{error.format_message().rstrip('.')}: see `--help`.")
        return MISUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _unheard()
    except OSError as error:
        complain(f"The system refused ({error}): free space, or check permissions.")
        return _unheard()
    return status if isinstance(status, int) else ANSWERED


def _unheard() -> int:
    """Nobody takes the output any more; Python would complain about that at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def complain(sentence: str) -> None:
    """Say on standard error what is wrong, in one line."""
    from rag.paths import printable

    sys.stderr.write(f"citebot: {printable(' '.join(sentence.split()))}\n")


@app.command(epilog=EPILOG)
def ask(
    question: Words,
    *,
    json: Json = False,
    why: Annotated[bool, typer.Option("--why", help="Show what the reply rests on.")] = False,
    corpus: Corpus = None,
    data: Data = None,
) -> None:
    """Answer a question with quotes, or say that the articles do not."""
    from rag import export, render
    from rag.question import checked

    settings = _settings(corpus, data)
    text = checked(_words(question), most=settings.max_question_characters)
    with _answerer(settings) as answerer:
        reply = asyncio.run(answerer.answer(text))
        places = render.Places(answerer)
        if json:
            export.write_json(export.reply_object(reply, places))
        else:
            render.show_reply(reply, places, why=why)
    _remark(reply)
    if not isinstance(reply, Answer):
        raise typer.Exit(REFUSED)


@app.command(epilog=EPILOG)
def chat(*, corpus: Corpus = None, data: Data = None) -> None:
    """Hold a conversation: /why for what a reply rests on, /new for a new one, /quit."""
    from rag import render
    from rag.talk import Talk

    # One event loop for all of it, so that connections are kept.
    with _answerer(_settings(corpus, data)) as answerer, asyncio.Runner() as runner:
        talk, places = Talk(answerer), render.Places(answerer)
        for line in _lines():
            match line:
                case "":
                    continue
                case "/quit":
                    return
                case "/new":
                    talk.forget()
                case "/why" if talk.last:
                    render.show_why(talk.last, places)
                case "/why":
                    complain("Nothing was asked yet.")
                case _:
                    runner.run(_exchange(talk, line, places))


@app.command(epilog=EPILOG)
def ingest(
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="The folder, instead of --corpus.")
    ] = None,
    *,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Empty the index when the folder is empty.")
    ] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Index everything anew.")] = False,
    corpus: Corpus = None,
    data: Data = None,
) -> None:
    """Bring the index up to date with the folder, and say what changed."""
    from rag import summary

    if folder and corpus:
        raise UsageError("The folder was given twice: leave out DIR or --corpus.")
    with _parts(_settings(folder or corpus, data)) as parts, _progress() as progress:
        report = parts.indexer.run(allow_empty=allow_empty, rebuild=rebuild, progress=progress)
    summary.show_report(report)


@app.command(epilog=EPILOG)
def status(*, corpus: Corpus = None, data: Data = None) -> None:
    """Say what is indexed, and whether the folder has changed since."""
    from rag import summary

    with _parts(_settings(corpus, data)) as parts:
        summary.show_status(parts.settings, parts.folder, parts.indexer)


@app.command(epilog=EPILOG)
def show(
    place: Annotated[str, typer.Argument(metavar="FILE[:LINE]", help="As below an answer.")],
    *,
    quote: Annotated[
        str | None,
        typer.Option(metavar="START:END", help="Mark these characters (see ask --json)."),
    ] = None,
    corpus: Corpus = None,
    data: Data = None,
) -> None:
    """Print an article with the line, or the quote, marked."""
    from rag import render

    article_id, line = _place(place)
    marked = _span(quote) if quote else None
    with _parts(_settings(corpus, data)) as parts:
        article = parts.answerer.read(article_id)
    render.show_article(article, line=line, marked=marked)


@app.command(epilog=EPILOG)
def search(
    words: Words,
    *,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many passages.")] = 10,
    json: Json = False,
    corpus: Corpus = None,
    data: Data = None,
) -> None:
    """List the passages nearest to a text, with their scores."""
    from rag import export, render
    from rag.question import checked

    settings = _settings(corpus, data)
    text = checked(_words(words), most=settings.max_question_characters)
    with _answerer(settings) as answerer:
        hits = asyncio.run(answerer.search(text, limit=limit))
        places = render.Places(answerer)
        if json:
            export.write_json({"hits": [export.hit_object(hit, places) for hit in hits]})
        else:
            render.show_hits(hits, places)
    if not hits:
        complain("No passage resembles this text.")
        raise typer.Exit(REFUSED)


def _settings(corpus: str | None, data: str | None) -> "Settings":
    from rag.settings import Settings

    given = {"corpus": corpus, "data": data}
    for name, value in given.items():
        if value is not None and not value.strip():
            raise UsageError(f"The option --{name} is empty: name a folder.")
    return Settings(**{name: value for name, value in given.items() if value})


@contextmanager
def _parts(settings: "Settings") -> "Iterator[Parts]":
    """The parts of an installation, closed behind."""
    from rag.build import Parts

    parts = Parts(settings)
    try:
        yield parts
    finally:
        parts.close()


@contextmanager
def _answerer(settings: "Settings") -> "Iterator[Answerer]":
    """What answers, with its index built."""
    with _parts(settings) as parts:
        parts.warm()
        _prepare(parts.answerer)
        yield parts.answerer


def _lines() -> "Iterator[str]":
    """What is typed, line by line, until the end of input; a prompt only in a terminal."""
    while True:
        try:
            yield input("> " if sys.stdin.isatty() and sys.stdout.isatty() else "").strip()
        except EOFError:
            return


async def _exchange(talk: "Talk", text: str, places: "Places") -> None:
    """One question and its reply, statement by statement."""
    from rag import render
    from rag.domain import Statement
    from rag.errors import QuestionError

    try:
        async with aclosing(talk.ask(text)) as said:
            async for one in said:
                if isinstance(one, Statement):
                    render.show_statement(one)
                else:
                    render.show_rest(one, places)
                    _remark(one)
    except QuestionError as error:
        complain(str(error))


def _remark(reply: "Reply") -> None:
    """Say beside a reply what was left out of it."""
    for sentence in reply.stale:
        complain(sentence)
    left_out = [dropped for dropped in reply.dropped if dropped.claim.verbatim]
    for reason in dict.fromkeys(dropped.why for dropped in left_out):
        complain(f"A sentence was left out: {reason.rstrip('.')}.")
    failed = len(reply.dropped) - len(left_out)
    if failed:
        why = "--why, in a chat /why, says why"
        complain(f"Sentences of the language model that were not shown: {failed} ({why}).")


def _words(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _prepare(answerer: "Answerer") -> None:
    """Build the index if there is none, and say what could not be read.

    In this thread, not in one of `Answerer.prepare`, so that Ctrl-C ends it at once.
    """
    from rag.changes import Kind

    if answerer.indexer.manifest.exists:
        return
    with _progress() as progress:
        report = answerer.indexer.run(progress=progress)
    skipped = report.of(Kind.SKIPPED)
    if skipped:
        complain(f"Files left out of the index: {len(skipped)}; `ingest` says why.")


@contextmanager
def _progress() -> "Iterator[Progress]":
    """A bar on standard error, once there is something to wait for; none in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("Reading articles"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("")

    def advance(done: int, total: int) -> None:
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        bar.stop()


def _place(place: str) -> tuple[str, int | None]:
    """The file and the line of `FILE[:LINE]`."""
    article_id, colon, line = place.rpartition(":")
    if colon and line.isascii() and line.isdigit():
        return article_id, int(line[:9])
    return place, None


def _span(quote: str) -> tuple[int, int]:
    start, _, end = quote.partition(":")
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (start, end)):
        raise UsageError(f'"{quote}" is no quote: give START:END, such as 120:180.')
    return int(start), int(end)
