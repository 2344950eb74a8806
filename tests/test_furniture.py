"""What `rag.furniture` promises: which lines are never cited, and which always may be."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.furniture import furniture_spans
from rag.phrases import PHRASES

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
PROSE = "The mill by the river was sold in March. Its wheel still turns."


def furniture(text: str) -> list[str]:
    return [text[start:end] for start, end in furniture_spans(text)]


@pytest.mark.parametrize(
    "line",
    [
        # English
        "Leave a Reply",
        "LEAVE A COMMENT",
        "Post Comment",
        "Cancel reply",
        "3 Comments",
        "Comments (12)",
        "Your email address will not be published. Required fields are marked *",
        "Required fields are marked *",
        "Save my name, email, and website in this browser for the next time I comment.",
        "Articles You May Like",
        "### You might also like:",
        "Related Articles",
        "Read also: A village finds its water again",
        "READ MORE: Twelve questions about the new harbour",
        "Share this article",
        "Share on Facebook",
        "Share via WhatsApp, Telegram and X",
        "Follow us on Instagram",
        "Subscribe to our weekly newsletter",
        "Sign up now for our free newsletter!",
        "We use cookies to make this page better. Read more about them in our notice.",
        "By continuing to use this site you agree to our terms.",
        "© 2025 The Miller's Post. All rights reserved.",
        "Copyright 2024 The Miller's Post",
        "2025 © Miller",
        "Advertisement",
        "Sponsored",
        "Skip to content",
        "Home > News > Rivers",
        "Home / News / Rivers",
        "Next article →",
        "[Read more](https://example.org/more)",
        "Tags: river, mill, wheel",
        "Filed under: Rivers",
        "5 min read",
        # German
        "Lesen Sie auch",
        "Lesen Sie auch: Ein Dorf findet sein Wasser wieder",
        "Lesen Sie auch unseren Bericht über die Mühle",
        "Das könnte Sie auch interessieren",
        "Mehr zum Thema: Die Mühle am Fluss",
        "Kommentar hinterlassen",
        "Schreiben Sie einen Kommentar",
        "Deine E-Mail-Adresse wird nicht veröffentlicht. Erforderliche Felder sind mit * markiert",
        "Anzeige",
        "Auf Facebook teilen",
        "Wir verwenden Cookies, um diese Seite zu verbessern.",
        "Schlagwörter: Fluss, Mühle",
        "Alle Rechte vorbehalten",
        "Startseite › Nachrichten › Flüsse",
        # French
        "À lire également : Un village retrouve son eau",
        "À\u00a0lire aussi\u00a0: Un village retrouve son eau",
        "Lire aussi",
        "Articles similaires",
        "Laisser un commentaire",
        "Votre adresse e-mail ne sera pas publiée. Les champs obligatoires sont indiqués avec *",
        "Publicité",
        "Partager sur Facebook",
        "Abonnez-vous à notre newsletter",
        "Nous utilisons des cookies pour améliorer cette page.",
        "Mots-clés : rivière, moulin",
        "Accueil > Actualités > Rivières",
        "S’inscrire à la newsletter",
        # Russian
        "Читайте также",
        "Читайте также: Деревня снова нашла воду",
        "Похожие новости",
        "Оставить комментарий",
        "Добавить комментарий",
        "Ваш адрес email не будет опубликован. Обязательные поля помечены *",
        "Реклама",
        "Поделиться в Telegram",
        "Подписывайтесь на наш канал в Telegram",
        "Мы используем файлы cookie, чтобы сделать сайт лучше.",
        "Теги: река, мельница",
        "Все права защищены",
        # Embedded posts and links
        "https://example.org/river?mill=1",
        "<https://example.org/river>",
        "pic.twitter.com/a1B2c3",
        "The wheel turns again! https://t.co/a1B2c3 — River Mill (@rivermill) May 5, 2025",
        "Das Rad dreht sich wiederhttps://t.co/a1B2c3 - Mühle (@muehle) 5. Mai 2025",
        "La roue tourne — Le Moulin (@moulin)",
    ],
)
def test_line_is_furniture(line: str) -> None:
    """The line is furniture between two paragraphs, and nothing else is."""
    assert furniture(f"{PROSE}\n\n{line}\n\n{PROSE}") == [line]


@pytest.mark.parametrize(
    "line",
    [
        "He left a reply to the ministry.",
        "Leave a reply to the ministry and it will be read.",
        "Comments by the ministry were mixed.",
        "The post drew 300 comments within an hour.",
        "Advertisement spending fell by 5% in March.",
        "Anzeige erstattete am Montag der Müller.",
        "Werbung für die Mühle ist seit Mai verboten.",
        "La publicité pour le moulin est interdite depuis mai.",
        "Реклама мельницы запрещена с мая.",
        "Share prices of the mill rose on Monday.",
        "Subscribe or not, the mill stays open.",
        "We use cookies, said the baker, and people like them.",
        "The bank uses cookies to follow its customers.",
        "Related: it is the word that the judge used. Nobody knew why.",
        "Read also the small print before you sign the lease.",
        "Lesen Sie auch das Kleingedruckte, bevor Sie unterschreiben.",
        "Copyright law changed in 2019, and the mill lost its sign.",
        "(c) the lease of 2004 applies to all members.",
        "The founder (@rivermill) said on Monday that the wheel turns.",
        "See https://example.org/river for the plan of the mill.",
        "Home is where the mill is.",
        "He wrote it down — see the note of River Mill (@rivermill) of May 2025.",
        "He put the plan on https://t.co/a1B2c3 on Monday, and it was gone by noon.",
        "Topics: the mill was sold. Nobody knew why. The judge did not ask.",
        "The judge wrote that we use cookies to follow people.",
        "Legislative Steps and What They Mean",
        "Background",
        "Hintergrund",
        "Die Rolle der Mühle",
        "Un nouvel élan",
        "Новые правила",
        "## What comes next",
        "Name | Year | Price",
        "- Bulgaria",
        "30",
    ],
)
def test_line_is_no_furniture(line: str) -> None:
    """A sentence or heading that merely holds such words may be cited."""
    assert furniture(f"{PROSE}\n\n{line}\n\n{PROSE}") == []


def test_titles_below_a_teaser_heading() -> None:
    """Short lines without a full stop below such a heading go with it, until a paragraph."""
    titles = ["The Long Road: A Bridge Is Built", "Is the Harbour Dead?", "12 Wheels for a Mill"]
    text = "\n".join([PROSE, "", "Articles You May Like", "", *titles, "", PROSE])
    assert furniture(text) == ["Articles You May Like", *titles]


def test_titles_with_blank_lines_between() -> None:
    """Titles set apart by blank lines are teasers as well."""
    text = "\n\n".join([PROSE, "Lesen Sie auch", "Ein Dorf am Fluss", "Das alte Rad", PROSE])
    assert furniture(text) == ["Lesen Sie auch", "Ein Dorf am Fluss", "Das alte Rad"]


def test_heading_behind_a_list_of_titles_stays() -> None:
    """A line set apart from the list, right above a paragraph, is that paragraph's heading."""
    text = f"Related Articles\n\nThe Long Road\nThe Old Wheel\n\nWhat Comes Next\n\n{PROSE}"
    assert furniture(text) == ["Related Articles", "The Long Road", "The Old Wheel"]


def test_paragraph_below_a_teaser_heading_stays() -> None:
    """A paragraph with full stops is never a teaser."""
    assert furniture(f"Related\n\n{PROSE}\n\nA heading\n\n{PROSE}") == ["Related"]


@pytest.mark.parametrize("tag", ["Rivers", "Mills and Wheels", "Flüsse", "Реки"])
@pytest.mark.parametrize("tail", ["", "\n\nLeave a Reply", "\n\nNews\n\nAdvertisement\n"])
def test_category_behind_the_last_paragraph(tag: str, tail: str) -> None:
    """A category standing alone at the end, with nothing but furniture below, is furniture."""
    assert tag in furniture(f"{PROSE}\n\n{tag}{tail}")


@pytest.mark.parametrize(
    "text",
    [
        "Rivers",
        "Rivers\n\nMills",
        f"{PROSE}\n\nPopulation 5000",
        f"{PROSE}\n\nThe members are:\n\nBulgaria",
        f"{PROSE}\nlast words",
        f"{PROSE}\n\nRivers\n\nAdvertisement\n\n{PROSE}",
    ],
)
def test_short_line_that_is_no_category(text: str) -> None:
    """Text that is all headings, facts with figures, lists and headings above prose stay."""
    assert [line for line in furniture(text) if line != "Advertisement"] == []


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_break(break_: str) -> None:
    """Lines are found with any kind of line break."""
    text = break_.join([PROSE, "", "Rivers", "", "Leave a Reply", ""])
    assert furniture(text) == ["Rivers", "Leave a Reply"]


def test_every_language_has_every_kind_of_phrase() -> None:
    """No language leaves a kind of furniture out."""
    for phrases in PHRASES.values():
        for kind in phrases.__slots__:
            assert getattr(phrases, kind)


LINES = st.sampled_from(
    [PROSE, "Related", "Rivers", "Leave a Reply", "", " ", "A title", "🎉", "\u00a0", "#", "©"]
)


@given(lines=st.lists(st.one_of(LINES, st.text(max_size=12))), break_=st.sampled_from("\n\r"))
@settings(max_examples=300, deadline=None)
def test_spans_are_whole_lines(lines: list[str], break_: str) -> None:
    """Spans are in order, apart, inside one line each, and cover all of it but white space."""
    text = break_.join(lines)
    end = 0
    for start, following in furniture_spans(text):
        assert end <= start < following <= len(text)
        before = text[:start].replace("\r", "\n").rpartition("\n")[2]
        behind = text[following:].replace("\r", "\n").partition("\n")[0]
        assert not before.strip()
        assert not behind.strip()
        assert "\n" not in text[start:following]
        assert "\r" not in text[start:following]
        end = following


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the original articles are not here")
def test_original_articles_keep_their_prose() -> None:
    """In real pages only lines without a sentence of the article are furniture."""
    found = {path.name[:3]: furniture(path.read_text("utf-8")) for path in SEEDS.iterdir()}
    assert {name: len(lines) for name, lines in found.items()} == {
        "000": 0,
        "001": 0,
        "002": 8,
        "003": 2,
        "004": 1,
    }


def test_comment_form_at_the_foot_is_furniture() -> None:
    """Below the heading of a comment form, its notes and labels are furniture to the end."""
    form = [
        "Leave a Reply",
        "Your address stays private. Fields marked *",
        "Nickname",
        "Send it off",
    ]

    assert furniture("\n\n".join([PROSE, *form])) == form


def test_heading_of_more_stories_for_you_begins_teasers() -> None:
    """Titles below "More Stories For You" are furniture, questions among them."""
    teasers = ["More Stories For You", "Who Turned the Wheel? A Miller Remembers", "Rivers Rise"]

    assert furniture("\n".join([PROSE, "", *teasers])) == teasers
