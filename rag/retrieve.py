"""Find the passages that may answer a question.

    question ─ terms ─┬─ words    ┐
                      ├─ grams    ├─ per language: min-max, weighted sum ─┐
                      ├─ concepts │                                       ├─ hits
                      └─ vector   ┘            strength of the language ──┘

Scores of different arms are fused by min-max, not by rank: a weak arm then adds little where
the strong ones are sure (measured on XQuAD: reciprocal ranks cost German 15 points of
recall@1). Every language is fused by itself, because passages in the language of the
question match more of its words than any translation can; how the languages stand to each
other is read from the two arms that know no language, concepts and romanised grams.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from rag.analysis import Analyser
from rag.domain import Hit, Question
from rag.lexical import Field, Rows
from rag.manifest import Snapshot
from rag.ports import Embedder, Store

VECTORS = "vectors"
"""Name of the arm that searches Chroma."""

SAME: Mapping[str, float] = MappingProxyType(
    {Field.WORDS: 1.0, Field.GRAMS: 1.0, Field.CONCEPTS: 0.1, VECTORS: 0.3}
)
"""Weights of the arms where question and passage share a language (XQuAD, even
articles)."""

ACROSS: Mapping[str, float] = MappingProxyType(
    {Field.WORDS: 0.3, Field.GRAMS: 1.0, Field.CONCEPTS: 1.0, VECTORS: 0.3}
)
"""Weights of the arms where they do not."""

DEEP = 50
"""Passages that every arm may offer in each language."""

NEUTRAL = (Field.CONCEPTS, Field.GRAMS)
"""Arms whose scores mean the same in every language."""

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retriever:
    """Looks a question up in one generation of the index."""

    store: Store
    embedder: Embedder
    analyser: Analyser

    def find(self, question: Question, snapshot: Snapshot, limit: int) -> tuple[Hit, ...]:
        """The best passages, best first: at most `limit` of each language."""
        arms = self._arms(question, snapshot)
        languages = sorted({language for arm in arms.values() for language in arm})
        ranked: dict[str, dict[str, dict[str, float]]] = {}
        for language in languages:
            weights = ACROSS if question.wording(language) is None else SAME
            ranked[language] = _fused({n: a.get(language, {}) for n, a in arms.items()}, weights)
        strength = _strengths({arm: arms[arm] for arm in NEUTRAL})
        chosen = {
            passage_id: (sum(shares.values()) * strength.get(language, 0.0), shares)
            for language, rows in ranked.items()
            for passage_id, shares in _best(rows, limit)
        }
        passages = self.store.passages(chosen.keys(), snapshot.segments)
        hits = (
            Hit(passage=passages[i], score=score, arms=MappingProxyType(shares))
            for i, (score, shares) in chosen.items()
            if i in passages
        )
        return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.passage.id)))

    def _arms(self, question: Question, snapshot: Snapshot) -> Mapping[str, Mapping[str, Scores]]:
        """By arm and language, the raw scores of the passages that it offers.

        Every language is searched with the question's wording in it, where there is one.
        """
        arms: dict[str, dict[str, Scores]] = {arm: {} for arm in (*Field, VECTORS)}
        languages = snapshot.rows.languages()
        wordings = list(_wordings(question, languages))
        near = self._near([text for text, _, _ in wordings], languages, snapshot)
        for (wording, spoken, among), vectors in zip(wordings, near, strict=True):
            terms = self.analyser.terms(wording, spoken)
            found: dict[str, Mapping[str, Scores]] = {
                field: snapshot.rows.search(field, terms.of(field), DEEP) for field in Field
            }
            for arm, scores in (found | {VECTORS: vectors}).items():
                kept = {code: passages for code, passages in scores.items() if code in among}
                arms[arm].update(kept)
        return arms

    def _near(
        self, texts: Sequence[str], languages: Collection[str], snapshot: Snapshot
    ) -> list[Mapping[str, Scores]]:
        """For each wording, by language, the passages whose vectors are nearest to its own."""
        import numpy

        if not texts:
            return []
        vectors = numpy.concatenate([self.embedder.embed_question(text) for text in texts])
        nearest = self.store.search(vectors, snapshot.segments, DEEP * len(languages))
        return [_by_language(near, snapshot.rows) for near in nearest]


def _by_language(near: Scores, rows: Rows) -> Mapping[str, Scores]:
    found: dict[str, dict[str, float]] = {}
    for passage_id, language in rows.languages_of(near).items():
        if near[passage_id] > 0:
            found.setdefault(language, {})[passage_id] = near[passage_id]
    return found


def _wordings(
    question: Question, languages: Collection[str]
) -> Iterator[tuple[str, str, Collection[str]]]:
    """Each wording with its language, and the languages of the passages to look up with it."""
    others = [code for code in languages if question.wording(code) is None]
    own = {question.language, *others} & set(languages)
    if own:
        yield question.meant, question.language, own
    for code in languages:
        if code not in own:
            yield question.wordings[code], code, (code,)


def _fused(arms: Mapping[str, Scores], weights: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """By passage, the share of each arm: its min-max score times its weight.

    The shares of the best possible passage add up to 1; what an arm does not offer has 0 of
    it. The least score of a lexical arm is 0, that of a passage without any of the terms;
    vectors have no such zero, so there it is the worst that was offered.
    """
    whole = sum(weights.values())
    fused: dict[str, dict[str, float]] = {}
    for arm, scores in arms.items():
        if not scores:
            continue
        high = max(scores.values())
        low = min(scores.values()) if arm == VECTORS else 0.0
        low = low if low < high else 0.0
        for passage_id, score in scores.items():
            share = weights[arm] * (score - low) / (high - low) / whole
            fused.setdefault(passage_id, {})[str(arm)] = share
    return fused


def _strengths(arms: Mapping[str, Mapping[str, Scores]]) -> dict[str, float]:
    """By language, 0..1: its best score in each neutral arm against the best of any language."""
    strengths: dict[str, float] = {}
    for by_language in arms.values():
        best = {language: max(scores.values()) for language, scores in by_language.items()}
        for language, score in best.items():
            share = score / max(best.values()) / len(arms)
            strengths[language] = strengths.get(language, 0.0) + share
    return strengths


def _best(rows: Mapping[str, dict[str, float]], limit: int) -> list[tuple[str, dict[str, float]]]:
    return sorted(rows.items(), key=lambda row: (-sum(row[1].values()), row[0]))[:limit]
