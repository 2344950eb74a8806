"""The chat in the README's picture, as far as no browser is needed."""

from tests.telegram_transcript import transcript
from tests.walkthrough import FIRST, FOLLOWS, NOT_SAID, SAID, conversation, page


def test_the_conversation_is_as_the_readme_shows_it() -> None:
    """All that the model says is shown, with a quote, a follow-up that is understood, a refusal."""
    with conversation() as chat:
        said, html = transcript([chat]), page(chat)

    order = [FIRST, *(one.text for one in SAID[FIRST]), FOLLOWS, "(AFM). [1]", "[1] Dozens of"]
    places = [said.index(words) for words in (*order, NOT_SAID, "Die Artikel beantworten")]
    assert places == sorted(places)
    assert "<blockquote>" in html
    assert 'class="pressed"' in html
