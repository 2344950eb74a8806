"""From sentence keys to files, offsets and quotes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag.domain import Claim, Dropped, Passage, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """A claim with the sentences that it names, each once, in its own order."""

    claim: Claim
    sentences: tuple[Sentence, ...]


def cite(claim: Claim, known: Mapping[str, Sentence]) -> Supported | Dropped:
    """Look up the keys of a claim among the known sentences, and there only.

    A key that is not among them is left out; a claim left without one is dropped.
    """
    sentences = tuple(known[key] for key in dict.fromkeys(claim.keys) if key in known)
    if sentences:
        return Supported(claim=claim, sentences=sentences)
    why = "it names no sentence that was found" if claim.keys else "it names no sentence"
    return Dropped(claim=claim, why=why)


def by_key(passages: Iterable[Passage]) -> Mapping[str, Sentence]:
    """The sentences of passages by their keys.

    A key that two sentences share is left out, for it does not say which is meant.
    """
    known: dict[str, Sentence] = {}
    shared: set[str] = set()
    for sentence in (s for passage in passages for s in passage.sentences):
        if known.setdefault(sentence.key, sentence) != sentence:
            shared.add(sentence.key)
    return {key: sentence for key, sentence in known.items() if key not in shared}
