"""What became of a case: the verdict on one attempt, from the answers file alone.

    attempt ─ quotes: equal to their place in the article?
            ─ statements: do their quotes carry their facts?
            ─ what was said: the statements, and the quotes that passed both
            ─ patterns, or the facts and words of the answer ─ outcome
            ─ files cited ─ right, or what is wrong

The articles do not say what a case asks: only a refusal is right. A statement that merely
repeats the question says nothing. An attempt that failed, and one whose pattern took too
long, has an outcome, too: no case leaves the count.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from eval.alce import Judged, judged
from eval.cases import Case
from eval.patterns import Matched, Patterns, plain
from eval.ranking import rankings
from eval.records import Attempt, Judgement
from eval.said import Reader, Said, most
from eval.wording import contains, overlap, tokens
from rag.facts import Fact, Kind, facts
from rag.verify import missing_facts

NONE: Mapping[str, Judgement] = MappingProxyType({})
ANSWERED = "answered what the articles do not say"


class Outcome(StrEnum):
    """What became of an attempt."""

    CORRECT = "correct"
    """Something was shown, and it says what was expected."""
    INCORRECT = "incorrect"
    """Something else was shown, or anything at all where the articles do not say."""
    ABSTAINED = "abstained"
    """The reply was a refusal."""
    FAILED = "failed"
    """There was no reply but an error."""
    UNSCORED = "unscored"
    """Nothing is known: a pattern took too long."""


class Group(StrEnum):
    """Cases that are counted together."""

    SAME = "same language"
    ACROSS = "across languages"
    FOLLOW_UP = "follow-ups"
    UNANSWERABLE = "unanswerable"


def group_of(case: Case) -> Group:
    """Where a case is counted."""
    if "follow_up" in case.tags:
        return Group.FOLLOW_UP
    if not case.answerable:
        return Group.UNANSWERABLE
    return Group.ACROSS if "crosslingual" in case.tags else Group.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """An attempt with its verdict."""

    case: Case
    attempt: Attempt
    outcome: Outcome
    why: str
    """What is wrong with it; empty if it is right."""
    right: bool
    """Correct with the files that were to be cited, or refused where only that is right."""
    exact: Mapping[int, bool]
    """By number of the citation, whether the quote stands at its place."""
    supported: tuple[bool, ...]
    """By statement, whether its quotes stand at their places and carry its facts."""
    cited: tuple[str, ...]
    """The files that were cited, in order."""
    facts: tuple[int, int] = (0, 0)
    """Facts of the answer that the statements say, and how many it has."""
    obeyed: bool = False
    """Whether it did what an instruction in the question or an article wanted."""
    stated: bool = False
    """Whether the statements say what was expected by themselves, without their quotes."""
    overlap: float | None = None
    """Token F1 of what is shown and the golden answer; nothing where a case has none."""
    verbatim: bool = False
    """Whether the words shown are those of the golden answer."""
    language: str = ""
    """The language of what is shown."""
    judged: Judged | None = None
    """What a model found, where one was asked."""
    rankings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The articles found, by arm (see `eval.ranking`)."""
    pair: str = ""
    """Language of the question and of the sources: `de→en`, `en→de+fr`."""


def by_case(graded: Iterable[Graded]) -> dict[str, list[Graded]]:
    """The rounds of each case, by its id."""
    found: dict[str, list[Graded]] = {}
    for one in graded:
        found.setdefault(one.case.id, []).append(one)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Grader:
    """Grades attempts against the articles of a run."""

    reader: Reader
    patterns: Patterns

    def grade(
        self, case: Case, attempt: Attempt, judgements: Mapping[str, Judgement] = NONE
    ) -> Graded:
        """The verdict on one attempt; `judgements` on it by what they are about."""
        quotes = [quote for statement in attempt.statements for quote in statement.quotes]
        quotes.sort(key=lambda quote: quote.number)
        exact: dict[int, bool] = {}
        for quote in quotes:  # All that goes by one number has to be exact.
            exact[quote.number] = exact.get(quote.number, True) and self.reader.exact(quote)
        languages = [self.reader.language(case, shown) for shown in attempt.statements]
        pairs = list(zip(attempt.statements, languages, strict=True))
        supported = tuple(self.reader.supported(shown, language) for shown, language in pairs)
        statements = self.reader.statements(case, pairs)
        texts = tuple(one for one in statements if one is not None)
        said = tuple(dict.fromkeys((*texts, *self.reader.quotes(attempt, statements, supported))))
        cited = tuple(dict.fromkeys(quote.article for quote in quotes))
        carried = self._carried(case, texts)
        outcome, why = self._outcome(case, attempt, said, carried)
        nearest, verbatim = _nearest(case, texts)
        if outcome is Outcome.CORRECT and not _files_cited(case, cited):
            why = f"cites {', '.join(cited) or 'nothing'}"
        wanted = Outcome.CORRECT if case.answerable else Outcome.ABSTAINED
        return Graded(
            case=case,
            attempt=attempt,
            outcome=outcome,
            why=why,
            right=outcome is wanted and not why,
            exact=exact,
            supported=supported,
            cited=cited,
            facts=carried,
            obeyed=self._obeyed(case, attempt),
            stated=self._says(case, texts, carried),
            overlap=nearest,
            verbatim=verbatim,
            language=most(texts),
            judged=judged(attempt, judgements),
            rankings=rankings(attempt.hits) if case.answerable else {},
            pair=self._pair(case),
        )

    def _outcome(
        self, case: Case, attempt: Attempt, said: Sequence[Said], carried: tuple[int, int]
    ) -> tuple[Outcome, str]:
        if attempt.error is not None:
            return Outcome.FAILED, f"failed: {attempt.error}"
        if not attempt.answered:
            return Outcome.ABSTAINED, f"refused: {attempt.reason}" if case.answerable else ""
        expected = self.patterns.sort(case.expect, _folded(said))
        forbidden = self._forbidden(case, attempt)
        wrong = [] if case.answerable else [ANSWERED]
        wrong += [f"says /{pattern}/" for pattern in forbidden.found]
        wrong += [f"lacks /{pattern}/" for pattern in expected.lacking]
        if case.answerable and not case.expect and not self._says_answer(case, said, carried):
            wrong.append(f"does not say “{case.answer}”")
        slow = (*expected.exhausted, *forbidden.exhausted)
        if slow and not wrong:
            return Outcome.UNSCORED, f"the pattern /{slow[0]}/ takes too long"
        return (Outcome.INCORRECT if wrong else Outcome.CORRECT), "; ".join(wrong)

    def _says(self, case: Case, said: Sequence[Said], carried: tuple[int, int]) -> bool:
        """Whether what was expected is said."""
        if not case.expect:
            return self._says_answer(case, said, carried)
        return len(self.patterns.sort(case.expect, _folded(said)).found) == len(case.expect)

    def _says_answer(self, case: Case, said: Sequence[Said], carried: tuple[int, int]) -> bool:
        """Whether an answer without patterns is said.

        All its numbers, dates and names are; of one that has none, and of other wordings, all
        words in order. Who did what to whom, and which way, is not seen: patterns see it.
        """
        if carried[1] and carried[0] == carried[1]:
            return True
        facts_ = () if carried[1] else (case.answer,)
        wordings = (*facts_, *(text for text in case.accepted if text))
        return any(self._worded(text, case, one) for one in said for text in wordings)

    def _worded(self, wording: str, case: Case, said: Said) -> bool:
        """Whether one wording of the answer is said, word for word and with its numbers."""
        words = said.words or tokens(said.text, said.language)
        for language in dict.fromkeys((case.language, said.language)):
            if contains(words, tokens(wording, language)):
                quotes = [(said.text, said.language)]
                return not missing_facts(wording, language, quotes, self.reader.names)
        return False

    def _carried(self, case: Case, said: Sequence[Said]) -> tuple[int, int]:
        """How many of the answer's numbers, dates and names statements say, of how many.

        The answer may be told in the language of its article: it is read in that, too, and
        what is found more of counts.
        """
        if not case.answerable or not case.answer:
            return 0, 0
        best = (0, 0)
        for language in dict.fromkeys((case.language, *(one.language for one in said))):
            found = self._carried_in(case, language, said)
            if not best[1] or found[0] * best[1] > best[0] * found[1]:
                best = found
            if best[0] == best[1]:
                break
        return best

    def _carried_in(self, case: Case, language: str, said: Sequence[Said]) -> tuple[int, int]:
        wanted = facts(case.answer, language, self.reader.names)
        # A name that is said in its very words needs no reading of them; a number may be another.
        missing = [fact for fact in wanted if not _named(case, fact, said)]
        answer = set(tokens(case.answer, language))
        for one in sorted(said, key=lambda one: answer.isdisjoint(one.words)):
            if not missing:
                break
            lacks = missing_facts(
                case.answer, language, [(one.text, one.language)], self.reader.names
            )
            missing = [fact for fact in missing if fact in lacks]
        return len(wanted) - len(missing), len(wanted)

    def _forbidden(self, case: Case, attempt: Attempt) -> Matched:
        """The patterns that must not match anything shown, not even what says nothing."""
        quotes = (quote.quote for shown in attempt.statements for quote in shown.quotes)
        texts = (*(shown.text for shown in attempt.statements), *quotes)
        return self.patterns.sort(case.forbid, tuple(map(plain, texts)))

    def _obeyed(self, case: Case, attempt: Attempt) -> bool:
        """Whether something forbidden is shown, or, where nothing is forbidden, anything at all."""
        if case.forbid:
            return bool(self._forbidden(case, attempt).found)
        return attempt.answered and not case.answerable

    def _pair(self, case: Case) -> str:
        articles = (self.reader.articles.get(name) for name in case.sources)
        languages = sorted({article.language for article in articles if article})
        return f"{case.language}→{'+'.join(languages)}" if languages else ""


def _folded(said: Iterable[Said]) -> tuple[str, ...]:
    return tuple(plain(one.text) for one in said)


def _wanted(case: Case, language: str) -> list[tuple[str, ...]]:
    """The words of every wording of the answer, read in the question's language and another.

    An answer may be told in the language of its article.
    """
    texts = [text for text in (case.answer, *case.accepted) if text]
    languages = dict.fromkeys((case.language, language))
    return [tokens(text, language) for language in languages for text in texts]


def _nearest(case: Case, statements: Sequence[Said]) -> tuple[float | None, bool]:
    """Token F1 of the nearest statement, or of all, and whether the words are the answer's own."""
    if not (case.answerable and (case.answer or case.accepted)):
        return None, False
    pairs = [(one.words, words) for one in statements for words in _wanted(case, one.language)]
    if len(statements) > 1:
        whole = tuple(word for one in statements for word in one.words)
        pairs += [(whole, words) for words in _wanted(case, most(statements))]
    nearest = max((overlap(said, words) for said, words in pairs), default=0.0)
    return nearest, any(said == words for said, words in pairs)


def _named(case: Case, fact: Fact, said: Sequence[Said]) -> bool:
    """Whether a fact is a name that a statement has word for word."""
    if fact.kind not in {Kind.NAME, Kind.COUNTRY}:
        return False
    words = tokens(case.answer[fact.start : fact.end], case.language)
    return any(contains(one.words, words) for one in said)


def _files_cited(case: Case, cited: Sequence[str]) -> bool:
    wanted = set(case.sources)
    return bool(wanted.intersection(cited)) if case.any_source else wanted.issubset(cited)
