"""What may be a question at all."""

import unicodedata

from rag.errors import QuestionError


def checked(text: str, *, most: int) -> str:
    """A question fit to be worked on: trimmed, composed (NFC), of printable characters.

    Raises `QuestionError` when it is blank, longer than `most` characters, or holds control
    characters other than line breaks and tabs.
    """
    if len(text) > most:
        raise QuestionError(
            f"The question has {len(text):,} characters, more than the {most:,} allowed: shorten "
            "it, or raise CITEBOT_MAX_QUESTION_CHARACTERS."
        )
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t" for c in text):
        raise QuestionError("The question holds control characters: type it as plain text.")
    shown = unicodedata.normalize("NFC", text).strip()
    if not any(c.isalnum() for c in shown):
        raise QuestionError("The question is empty: ask something in words.")
    return shown
