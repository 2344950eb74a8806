"""A passage in LlamaIndex's node format: how it stands in Chroma.

Everything but the text is metadata, so that LlamaIndex can open a segment and read it.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rag.domain import Passage, Sentence

if TYPE_CHECKING:
    from llama_index.core.schema import TextNode


def node_of(passage: Passage, vector: list[float]) -> "TextNode":
    """A passage with its vector, as LlamaIndex keeps it."""
    from llama_index.core.schema import NodeRelationship, RelatedNodeInfo, TextNode

    metadata = {
        "article_id": passage.article_id,
        "language": passage.language,
        "start": passage.start,
        "end": passage.end,
        "sentences": json.dumps(
            [(s.start - passage.start, s.end - passage.start, s.key) for s in passage.sentences]
        ),
    }
    return TextNode(
        id_=passage.id,
        text=passage.text,
        embedding=vector,
        metadata=metadata,
        excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=list(metadata),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.article_id)},
    )


def passage_of(passage_id: str, text: str, metadata: Mapping[str, Any]) -> Passage:
    """The passage that `node_of` wrote, from its text and its metadata."""
    article_id, first = str(metadata["article_id"]), int(metadata["start"])
    return Passage(
        id=passage_id,
        article_id=article_id,
        language=str(metadata["language"]),
        start=first,
        end=int(metadata["end"]),
        text=text,
        sentences=tuple(
            Sentence(
                article_id=article_id,
                start=first + start,
                end=first + end,
                text=text[start:end],
                key=key,
            )
            for start, end, key in json.loads(str(metadata["sentences"]))
        ),
    )
