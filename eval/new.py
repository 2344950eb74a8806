"""Writing a golden case from an article, with a person or by options: `python -m eval new`.

    article ── citable sentences ── those that carry the answer ─┐
    question ── language                                         ├─ patterns, tags, id: proposed
    answer ──────────────────────────────────────────────────────┘
        ── case ── row ── read back beside the others ── appended

Every pattern has to match a chosen sentence, so that a case cannot ask for what nobody wrote.
"""

import json
import re
import shutil
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TypeVar

import regex
import yaml

from eval.cases import Case, CaseError, read_cases
from eval.patterns import Patterns, PatternTimeoutError
from rag.answerer import LANGUAGES, checked
from rag.cldr import Names
from rag.corpus import article_path, read_article
from rag.domain import Article, Sentence
from rag.errors import ArticleError, UsageError
from rag.facts import Fact, Kind, facts, same_name
from rag.languages import LanguageDetector
from rag.passages import passages_of
from rag.paths import printable, reason
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.terms import fold, romanised, word_texts

T = TypeVar("T")
Ask = Callable[[str, str], str]
"""Shows a prompt and a proposal, and gives the reply: the proposal where a person only agrees."""
Say = Callable[[str], None]

SUFFIXES = (".yaml", ".yml", ".jsonl")
"""Endings of case files."""

TRIES = 3
"""Times that a person is asked the same."""

DROP = "-"
"""The reply that rejects a proposed pattern, or all tags."""

SLUG_WORDS, SLUG_LENGTH = 3, 24
"""Words and characters of a question that a proposed id holds at most."""

SHORT = 3
"""Characters of an answer such as `X` that has to stand alone to be one."""

BARE = frozenset({"id", "language", "sources", "any_of", "tags"})
"""Names whose values stand without quotation marks in YAML where they can."""

DATES = frozenset({Kind.DATE, Kind.TIME})
NUMBERS = frozenset({Kind.NUMBER, Kind.PERCENT, Kind.MONEY, Kind.DURATION})


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
    say(f"{printable(article.id)}: {_shown(article.title)}")
    for number, sentence in enumerate(sentences, start=1):
        say(f"{number:3}  {_shown(sentence.text)}")
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


# --- Proposals ---------------------------------------------------------------------------------


def sentences_of(article: Article) -> tuple[Sentence, ...]:
    """The sentences of an article that may be cited, in order."""
    # How long passages are does not matter: their sentences are the same.
    passages = passages_of(article, limit=Settings.model_fields["passage_characters"].default)
    return tuple(sentence for passage in passages for sentence in passage.sentences)


def chosen(text: str, article: Article, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The sentences that numbers such as `2, 3` name, or that words of the article stand in.

    White space does not matter. Raises `UsageError` for numbers and words that name none, and
    for words that stand in several places.
    """
    if re.fullmatch(r"[\s\d,]*\d[\s\d,]*", text):
        numbers = dict.fromkeys(int(digits[:9]) for digits in re.findall(r"\d+", text))
        for number in numbers:
            if not 1 <= number <= len(sentences):
                raise UsageError(
                    f"There is no sentence {number}: the article has {len(sentences)}."
                )
        return tuple(sentences[number - 1] for number in numbers)
    pattern = r"\s+".join(map(re.escape, text.split()))
    if not pattern:
        raise UsageError("No sentence was chosen: give its number, or words of the article.")
    spans = [match.span() for match in re.finditer(pattern, article.text)]
    if not spans:
        raise UsageError(
            f"The quote does not stand in {printable(article.id)}: copy it from there."
        )
    places = {
        tuple(s for s in sentences if s.start < end and start < s.end) for start, end in spans
    }
    places.discard(())
    if not places:
        raise UsageError("The quote stands beside the article's sentences, where nothing is cited.")
    if len(places) > 1:
        raise UsageError("The quote stands in several places: quote more of it, or give a number.")
    return places.pop()


def proposed_patterns(
    answer: str, language: str, sentences: Sequence[Sentence], written_in: str, names: Names
) -> tuple[str, ...]:
    """Patterns for an answer: its words where a sentence has them, else the facts they share.

    Languages are those of the answer and of the sentences. A fact that both write in another
    way becomes a pattern for either.
    """
    words = answer.strip().rstrip(".!?… ")
    for sentence in sentences:
        pattern = _standing(words, sentence.text)
        if pattern:
            return (pattern,)
    wanted = facts(answer, language, names)
    found: dict[str, None] = {}
    for sentence in sentences:
        for fact in facts(sentence.text, written_in, names):
            there = sentence.text[fact.start : fact.end]
            for twin in wanted:
                here = answer[twin.start : twin.end]
                if _same(fact, there, twin, here):
                    found[_either(there, sentence.text, here)] = None
                    break
    return tuple(found)


def proposed_tags(
    answer: str, language: str, written_in: str, names: Names, *, answerable: bool = True
) -> tuple[str, ...]:
    """Tags that the languages and the facts of an answer speak for, in alphabetical order."""
    if not answerable:
        return ("unanswerable",)
    kinds = {fact.kind for fact in facts(answer, language, names)}
    tags = {"date"} if kinds & DATES else set()
    tags |= {"numeric"} if kinds & NUMBERS else set()
    tags = tags or {"lookup"}
    return tuple(sorted(tags | ({"crosslingual"} if language != written_in else set())))


def proposed_id(
    question: str, language: str, article_id: str | None, taken: Collection[str]
) -> str:
    """An id such as `de-000-binance-kasachstan`, not among those taken; `none` without article."""
    stop_words = StopWords()
    words = [word for word in word_texts(question) if not stop_words(fold(word), language)]
    slug = _slug(words[:SLUG_WORDS])[:SLUG_LENGTH].strip("-")
    stem = PurePosixPath(article_id).stem if article_id else "none"
    parts = language, _slug([re.split(r"[_.\s]", stem)[0]]), slug
    wanted = "-".join(part for part in parts if part)
    free, number = wanted, 2
    while free in taken:
        free, number = f"{wanted}-{number}", number + 1
    return free


def check_pattern(pattern: str, sentences: Sequence[Sentence]) -> str:
    """The pattern itself. Raises `UsageError` if it is none, or matches none of the sentences."""
    try:
        matches = Patterns().match(pattern, tuple(sentence.text for sentence in sentences))
    except (regex.error, OverflowError, RecursionError) as error:
        raise UsageError(f"/{_shown(pattern)}/ is no pattern: {error}.") from None
    except PatternTimeoutError:
        raise UsageError(f"/{_shown(pattern)}/ takes too long: find a simpler one.") from None
    if not matches:
        raise UsageError(
            f"/{_shown(pattern)}/ does not match what was chosen: take words from there."
        )
    return pattern


def _standing(words: str, text: str) -> str | None:
    """A pattern for words where they stand in a text, with one white space for another."""
    parts = list(map(_escape, words.split()))
    first, last = (_edge(character, words) for character in (words[:1], words[-1:]))
    for gap in (" ", r"\s+"):
        pattern = f"{first}{gap.join(parts)}{last}"
        if parts and regex.search(pattern, text, regex.IGNORECASE):
            return pattern
    return None


def _edge(character: str, words: str) -> str:
    """A word boundary where `36` would be found in `2036`, or `X` in `Export`."""
    alone = character.isdigit() or len(words) <= SHORT
    return r"\b" if alone and regex.fullmatch(r"\w", character) else ""


def _same(fact: Fact, there: str, twin: Fact, here: str) -> bool:
    if fact.kind is not twin.kind:
        return False
    return same_name(there, here) if fact.kind is Kind.NAME else fact.value == twin.value


def _either(there: str, text: str, here: str) -> str:
    """A pattern for two ways to write a fact: there, in the text, and here, in the answer."""
    ways = (there, text), (here, here)
    return "|".join(dict.fromkeys(_standing(way, where) or _escape(way) for way, where in ways))


def _escape(words: str) -> str:
    return regex.escape(words, special_only=True, literal_spaces=True)


def _slug(words: Sequence[str]) -> str:
    return "-".join(filter(None, re.split(r"[^a-z0-9]+", romanised(" ".join(words)))))


# --- The case ----------------------------------------------------------------------------------


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
        raise UsageError(f'"{_shown(code)}" is no language: give a code such as `en`.')
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
        raise UsageError(f'"{_shown(name)}" is no id: give one word, such as en-mill-buyer.')
    if name in taken:
        raise UsageError(f"The id {name} already stands in {file}: choose another.")
    return name


def _shown(text: str) -> str:
    """Text of articles and people on one line, fit for a terminal."""
    return printable(" ".join(text.split()))


# --- The file ----------------------------------------------------------------------------------


def cases_in(file: Path) -> tuple[Case, ...]:
    """The cases of a file; none of one that is missing or empty.

    Raises `UsageError` for a file that holds something else, or has another ending than those
    of case files.
    """
    if file.suffix not in SUFFIXES:
        raise UsageError(f"{file} is no case file: name one that ends in .yaml or .jsonl.")
    try:
        if not file.exists() or _is_blank(file):
            return ()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({reason(error)}): name another.") from None
    try:
        return read_cases([file])
    except CaseError as error:
        raise UsageError(f"{file} is no case file ({_first(error)}): mend it first.") from None


def append(case: Case, file: Path) -> None:
    """Add a case at the end of a file, which is made if it is missing.

    The file is changed at once, or not at all. Raises `UsageError` where it holds no cases, the
    id is taken, or the case would not read back as it is.
    """
    before = cases_in(file)
    row = json_row(case) if file.suffix == ".jsonl" else yaml_row(case)
    try:
        target = file.resolve()
        old = target.read_bytes() if target.exists() else b""
        line_end = b"\r\n" if b"\r\n" in old else b"\n"
        gap = line_end if old and not old.endswith(b"\n") else b""
        # In a folder beside it, so that it can take the file's place, and under the file's name,
        # so that it reads as the file will.
        with TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
            draft = Path(folder) / file.name
            draft.write_bytes(old + gap + row.encode("utf-8") + line_end)
            if read_cases([draft]) != (*before, case):
                raise UsageError(f"The case would not read back from {file} as it is: simplify it.")
            if old:
                shutil.copymode(target, draft)
            draft.replace(target)
    except CaseError as error:
        raise UsageError(f"The case cannot stand in {file} ({_first(error)}).") from None
    except UnicodeEncodeError:
        raise UsageError("The case holds half a character: type it as plain text.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({reason(error)}): name another.") from None


def yaml_row(case: Case) -> str:
    """A case as an item of a YAML list, on one line."""
    return f"- {_flow(_values(case))}"


def json_row(case: Case) -> str:
    """A case as a JSON object on one line."""
    return json.dumps(_values(case), ensure_ascii=False)


def _values(case: Case) -> Mapping[str, object]:
    """What a case says in a file, in the order of the bundled ones; what is empty is left out."""
    sources = list(case.sources)
    values = {
        "id": case.id,
        "language": case.language,
        "history": [{"question": one.question, "answer": one.reply} for one in case.history],
        "question": case.question,
        "answer": case.answer,
        "expect": list(case.expect),
        "forbid": list(case.forbid),
        "sources": {"any_of": sources} if case.any_source else sources,
        "answerable": None if case.answerable else False,
        "tags": list(case.tags),
    }
    return {name: value for name, value in values.items() if value or value is False}


def _flow(value: object, *, bare: bool = False) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, Mapping):
        pairs = (f"{name}: {_flow(one, bare=name in BARE)}" for name, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, bare=bare) for one in value) + "]"
    if isinstance(value, str) and not (bare and _is_plain(value)):
        # JSON's strings are YAML's, but for characters that YAML takes for line breaks or refuses.
        return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))
    return value if isinstance(value, str) else json.dumps(value)


def _is_plain(text: str) -> bool:
    """Whether YAML reads a text without quotation marks as itself: not so `no` and `2024`."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_./-]*", text):
        return False
    try:
        return bool(yaml.safe_load(text) == text)
    except ValueError:  # A date that no calendar has.
        return False


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"}:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _first(error: CaseError) -> str:
    """The first thing that is wrong with a file, for a place in brackets."""
    return printable(str(error).splitlines()[:2][-1].rstrip("."))


def _is_blank(file: Path) -> bool:
    """Whether a file holds nothing but comments."""
    lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    comment = () if file.suffix == ".jsonl" else (b"#",)
    return not any(line.strip() and not line.lstrip().startswith(comment) for line in lines)
