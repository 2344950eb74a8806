"""From sentence keys to files, offsets and quotes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.domain import Claim, Dropped, Hit, Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Supported:
    """A claim with the sentences that it names, each once, in its own order."""

    claim: Claim
    sentences: tuple[Sentence, ...]


def cite(
    claims: Iterable[Claim], hits: Sequence[Hit]
) -> tuple[tuple[Supported, ...], tuple[Dropped, ...]]:
    """Look up the keys of claims among the sentences of the hits, and there only.

    A key that is not among them is left out; a claim left without one is dropped. So is a key
    that two sentences share, for it does not say which is meant.
    """
    known = _by_key(hits)
    supported: list[Supported] = []
    dropped: list[Dropped] = []
    for claim in claims:
        sentences = tuple(known[key] for key in dict.fromkeys(claim.keys) if key in known)
        if sentences:
            supported.append(Supported(claim=claim, sentences=sentences))
        else:
            why = "names no sentence that was found" if claim.keys else "names no sentence"
            dropped.append(Dropped(claim=claim, why=why))
    return tuple(supported), tuple(dropped)


def _by_key(hits: Sequence[Hit]) -> Mapping[str, Sentence]:
    known: dict[str, Sentence] = {}
    shared: set[str] = set()
    for sentence in (s for hit in hits for s in hit.passage.sentences):
        if known.setdefault(sentence.key, sentence) != sentence:
            shared.add(sentence.key)
    return {key: sentence for key, sentence in known.items() if key not in shared}
