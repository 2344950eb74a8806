"""Replies and passages as JSON on standard output."""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rag.domain import Answer, Citation, Hit, Refusal, Reply
from rag.paths import is_bad
from rag.render import Places, refusal_words


def reply_object(reply: Reply, places: Places) -> dict[str, Any]:
    """A reply for JSON; an answer and a refusal have the same names."""
    answer = reply if isinstance(reply, Answer) else None
    refusal = reply if isinstance(reply, Refusal) else None
    hits = answer.hits if answer else refusal.nearest if refusal else ()
    return {
        "kind": "answer" if answer else "refusal",
        "question": reply.question.text,
        "language": reply.question.language,
        "standalone": reply.question.standalone or None,
        "wordings": dict(reply.question.wordings),
        "text": reply.text if isinstance(reply, Answer) else refusal_words(reply),
        "statements": [
            {"text": s.text, "citations": [_citation_object(c) for c in s.citations]}
            for s in (answer.statements if answer else ())
        ],
        "generator": reply.generator,
        "confidence": reply.confidence,
        "reason": str(refusal.reason) if refusal else None,
        "unknown": list(refusal.unknown) if refusal else [],
        "stale": list(reply.stale),
        "nearest": [
            {"file": article_id, "title": title}
            for article_id, title in (places.nearest(hits) if refusal else ())
        ],
        "hits": [hit_object(hit, places) for hit in hits],
        "dropped": [
            {"text": d.claim.text, "keys": list(d.claim.keys), "why": d.why} for d in reply.dropped
        ],
        "degraded": reply.degraded or None,
        "model": reply.provenance.model,
        "prompts": dict(reply.provenance.prompts),
        "usage": asdict(reply.provenance.usage),
        "timings": dict(reply.timings),
    }


def hit_object(hit: Hit, places: Places) -> dict[str, Any]:
    """A hit for JSON."""
    return {
        "file": hit.passage.article_id,
        "line": places.line(hit.passage),
        "start": hit.passage.start,
        "end": hit.passage.end,
        "language": hit.passage.language,
        "score": hit.score,
        "arms": dict(hit.arms),
        "text": hit.passage.text,
    }


def write_json(value: Mapping[str, Any]) -> None:
    """A JSON object: readable in every script, without a character that a terminal obeys."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    safe = "".join(f"\\u{ord(c):04x}" if is_bad(c) and c != "\n" else c for c in text)
    sys.stdout.write(safe + "\n")
    sys.stdout.flush()


def _citation_object(citation: Citation) -> dict[str, Any]:
    return {
        "number": citation.number,
        "file": citation.article_id,
        "title": citation.title,
        "line": citation.line,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "published_on": citation.published_on.isoformat() if citation.published_on else None,
    }
