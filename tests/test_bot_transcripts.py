"""Whole conversations with a whole bot, over the sample articles and without a language model.

Each is compared with its transcript, from the first word to the last, so nothing else was said;
`...` stands for words that are not the point (never behind a full stop). What the bot says of its
own is written out here, not taken from its files.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from doctest import ELLIPSIS, OutputChecker
from importlib import resources
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from bot import asking
from rag.settings import Settings
from tests.running import at_work, settle, upon
from tests.telegram_people import Group, Person
from tests.telegram_people import Place as Where
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Message, Question

DATES = {"002_ef4ca6520480b210.txt": "2025-02-10", "004_a6ad9e2953b96fe9.txt": "2025-04-17"}
"""The sample articles have none, so two get one."""

LANGUAGES = pytest.mark.parametrize("language", ["de", "en", "fr", "ru"])

WORDS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "hello": "Guten Tag! Ich beantworte Fragen aus einer Sammlung von Artikeln",
        "count": "Es gibt 5 Artikel",
        "private": "Schreiben Sie einfach Ihre Frage",
        "group": "Schreiben Sie /ask und Ihre Frage",
        "refused": "Die Artikel beantworten diese Frage nicht.",
        "looked": "Gesucht habe ich:",
        "nearest": "Am nächsten kommen:",
        "back": "Diese Frage bezieht sich auf etwas vorher Gesagtes",
        "whole": "Artikel zeigen",
        "thanks": "Danke!",
        "blame": "Danke. Was stimmte an der Antwort nicht?",
        "lacking": "Es fehlt etwas",
        "noted": "Danke, ich habe notiert:",
        "found": "Antwort aus den Artikeln",
        "quotes": "Quellen:",
        "dates": "10. Februar 2025|17. April 2025",
    },
    "en": {
        "hello": "Hello! I answer questions from a collection of articles",
        "count": "There are 5 articles",
        "private": "Just write your question",
        "group": "Write /ask and your question",
        "refused": "The articles do not answer this question.",
        "looked": "I looked for:",
        "nearest": "Closest articles:",
        "back": "This question refers to something said before",
        "whole": "Show the article",
        "thanks": "Thank you!",
        "blame": "Thank you. What was wrong with the answer?",
        "lacking": "Something is missing",
        "noted": "Thank you, I have noted:",
        "found": "Answer from the articles",
        "quotes": "Sources:",
        "dates": "February 10, 2025|April 17, 2025",
    },
    "fr": {
        "hello": "Bonjour ! Je réponds aux questions à partir d'un ensemble d'articles",
        "count": "Il y a 5 articles",
        "private": "Écrivez simplement votre question",
        "group": "Écrivez /ask suivi de votre question",
        "refused": "Les articles ne répondent pas à cette question.",
        "looked": "J'ai cherché :",
        "nearest": "Articles les plus proches :",
        "back": "Cette question renvoie à quelque chose qui a été dit avant",
        "whole": "Afficher l'article",
        "thanks": "Merci !",
        "blame": "Merci. Qu'est-ce qui n'allait pas dans la réponse ?",
        "lacking": "Il manque quelque chose",
        "noted": "Merci, c'est noté :",
        "found": "Réponse tirée des articles",
        "quotes": "Sources :",
        "dates": "10 février 2025|17 avril 2025",
    },
    "ru": {
        "hello": "Здравствуйте! Я отвечаю на вопросы по собранию статей",
        "count": "В собрании 5 статей",
        "private": "Просто напишите свой вопрос",
        "group": "Напишите /ask и свой вопрос",
        "refused": "В статьях нет ответа на этот вопрос.",
        "looked": "Что я искал:",
        "nearest": "Самые близкие статьи:",
        "back": "Этот вопрос опирается на сказанное раньше",
        "whole": "Показать статью",
        "thanks": "Спасибо!",
        "blame": "Спасибо. Что в ответе не так?",
        "lacking": "Чего-то не хватает",
        "noted": "Спасибо, записано:",
        "found": "Ответ из статей",
        "quotes": "Источники:",
        "dates": "10 февраля 2025 г.|17 апреля 2025 г.",
    },
    "kk": {
        "hello": "Сәлеметсіз бе! Мен мақалалар жинағы бойынша сұрақтарға жауап беремін",
        "count": "Жинақта 5 мақала бар",
        "private": "Сұрағыңызды жаза беріңіз",
        "refused": "Мақалаларда бұл сұраққа жауап жоқ.",
        "looked": "Іздегенім:",
        "nearest": "Ең жақын мақалалар:",
        "back": "Бұл сұрақ бұрын айтылғанға сүйенеді",
        "whole": "Мақаланы көрсету",
        "thanks": "Рақмет!",
        "lacking": "Бірдеңе жетіспейді",
        "noted": "Рақмет, жазып қойдым:",
        "dates": "2025 ж. 10 ақпан|2025 ж. 17 сәуір",
    },
}

# Questions of `eval/golden/calibration.yaml` and the README that the articles' own sentences
# answer, and what has to stand in the answer: most of them are asked in another language than the
# article's.
ASKED: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "de": {
        "private": ("Mit welcher Zeitung sprach Teng über staatliche Bitcoin-Vorräte?", "Times"),
        "group": (
            "Wie viele nicht lizenzierte Kryptobörsen hat Kasachstan 2024 geschlossen?",
            "closed 36 exchanges",
        ),
        "topic": ("Seit wann besitzt Binance in Kasachstan eine vorläufige Zulassung?", "August"),
        "inline": (
            "Warum ist gerade Kasachstan für Binance ein lohnender Partner?",
            "Schwergewichten",
        ),
        "back": ("Und wann hat er das gesagt?", ""),
        "unknown": ("Wer hat gestern in der Bundesliga gewonnen?", ""),
    },
    "en": {
        "private": ("How does CZ feel about advising governments on crypto?", "sinnvolle Arbeit"),
        "group": (
            "Under which US president did plans for a national crypto stockpile come up?",
            "President Trump",
        ),
        "topic": ("In what year did Binance face criminal charges?", "in 2023"),
        "inline": (
            "After whose crackdown did Kazakhstan inherit so much mining capacity?",
            "Pékin a sévi",
        ),
        "back": ("And when was that?", ""),
        "unknown": ("How many bitcoins are in the American national stockpile?", ""),
    },
    "fr": {
        "private": (
            "Quel est le montant des pénalités réglées par Binance aux États-Unis ?",
            "more than $4.3 billion",
        ),
        "group": (
            "Quel rang mondial le Kazakhstan a-t-il brièvement occupé pour la production de "
            "bitcoins ?",
            "second-largest",
        ),
        "topic": ("Qui a signé le protocole d'entente avec Binance ?", "ministère kazakh"),
        "inline": (
            "Depuis quand Binance a-t-elle un feu vert provisoire au Kazakhstan ?",
            "Anfang",
        ),
        "back": ("Et quand cela ?", ""),
        "unknown": ("Canaan possède combien d'appareils chez les Kazakhs ?", ""),
    },
    "ru": {
        "private": (
            "С кем из чиновников, не считая президента, виделся глава Binance в Казахстане?",
            "Timur Suleimenov",
        ),
        "group": (
            "Чего, по данным Wall Street Journal, Binance добивалась от американского Минфина?",
            "removing a monitor",
        ),
        "topic": (
            "Кто подписал меморандум с Киргизией и какой газете рассказал о резервах Ричард Тенг?",
            "Changpeng Zhao",
        ),
        "inline": (
            "Чего Жапаров ждёт от сделки с CZ для экономики страны, и какой запас хотят создать "
            "США при Трампе?",
            "nachhaltigen Wachstum",
        ),
        "back": ("А когда это было?", ""),
        "unknown": ("Сколько стоит лицензия для криптобиржи в Казахстане?", ""),
    },
}

PRIVATE = """\
== Anna (private)
1 Anna: /start
2 bot: {hello}...
  {count}...
  {private}...
3 Anna: {asked}
4 bot: {answer}
  {sources}
  [👍] [👎]
{shown}{next} Anna: {back_asked}
... bot: {back}...
... Anna: {unknown_asked}
... bot: {refused}

  {looked} _{unknown_asked}_

  *{nearest}*
  1. *...*
  `00...txt` · ...
  [1] [2] [3]
Anna presses [1]
... bot: ...`00...txt`...
Anna presses [👍]: {thanks}
Anna presses [👎]: {thanks}
... bot (to 4, edited): {noted} _{lacking}_...
Anna presses [{lacking}]
"""

GROUP = """\
== Reading circle (supergroup)
1 Anna: /start
2 bot (to 1): {hello}...
  {group}...
3 Anna: What a day!
4 Anna: @citebot_test_bot {asked}
5 Anna: /ask@other_bot {asked}
6 Anna: /ask {asked}
7 bot (to 6): {answer}
  {sources}
  [👍] [👎]
{shown}{next} Boris (to 7): {other_asked}
... bot (to {next}): {other_answer}
  ...
  [👍] [👎]
... Boris (to 7): {back_asked}
... bot (to ...): {refusal}...
Boris presses [👎]: {thanks}
... bot (to 7): {blame}...
  [...] [{lacking}]
  [...] [...]
"""

TOPIC = """\
== Reading circle (supergroup, with topics)
1 Anna (topic 1): <forum_topic_created>
2 Anna (topic 2): <forum_topic_created>
3 Anna (topic 2): /start
4 bot (topic 2, to 3): {hello}...
  {group}...
5 Anna (topic 2): What a day!
6 Anna (topic 2): /ask {asked}
7 bot (topic 2, to 6): {answer}
  {sources}
  [👍] [👎]
{shown}{next} Anna (topic 2, to 7): {back_asked}
... bot (topic 2, to {next}): {back}...
Anna presses [👎]: {thanks}
... bot (topic 2, to 7, edited): {noted} _{lacking}_...
Anna presses [{lacking}]
"""

INLINE = """\
== Friends (supergroup)
1 Anna: <left_chat_member>
2 Anna via bot: {answer}

  {quotes}
  [1]... · `00...txt`...
"""

SHOWN = """\
{name} presses [[{number}]]
{id} bot ({topic}to {answer_id}): *[{number}] ...*
  `{file}`{date}
  «...*{statement}*...»…
  [{whole}]
"""


@dataclass(kw_only=True)
class Talk:
    """A conversation, as far as it has come."""

    server: Telegram
    corpus: Path
    language: str
    where: Where
    values: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values |= WORDS[self.language]

    def next(self, does: Callable[[], object]) -> Message:
        """What the bot says upon something."""
        return upon(self.server, self.where, does)

    def answered(self, question: tuple[str, str], answer: Message, name: str = "") -> None:
        """Check an answer, and have the transcript expect it as `{name}answer`."""
        asked, right = question
        assert right in answer.text
        said = {f"{name}asked": asked, f"{name}answer": _indented(plain(answer.text))}
        self.values |= said
        numbers = sorted({number for _, one in statements(answer.text) for number in one})
        labels = [button.text for button in answer.buttons]
        assert labels == [*(f"[{number}]" for number in numbers), "👍", "👎"]
        rows = [" ".join(f"[[{number}]]" for number in numbers)]
        self.values["sources"] = "\n  ".join(rows)

    def shown(self, answer: Message, person: Person, topic: str = "") -> None:
        """Press the button of every source, check each, and have the transcript expect them."""
        lines = []
        for text, numbers in statements(answer.text):
            for number in numbers:
                press = lambda n=number: person.presses(answer, f"[{n}]")  # noqa: E731
                shown = self.next(press)
                lines.append(self._source(answer, shown, number, text, person, topic))
        self.values |= {"shown": "".join(lines), "next": str(shown.id + 1)}

    def _source(
        self, answer: Message, shown: Message, number: int, text: str, person: Person, topic: str
    ) -> str:
        (file,) = shown.words.under("code")
        (around,) = shown.words.under("expandable_blockquote")
        _, quote = shown.words.under("bold")
        article = (self.corpus / file).read_text("utf-8")
        assert quote == text
        assert quote in article
        assert around.removeprefix("… ").removesuffix(" …") in article
        assert len(around) > len(quote)
        assert "published_on" not in around  # Front matter is not the article's.
        return SHOWN.format(
            name=person.user.first_name,
            number=number,
            id=shown.id,
            topic=topic,
            answer_id=answer.id,
            file=file,
            date=f" · {self._date(file)}" if file in DATES else "",
            statement=_indented(plain(text)),
            whole=self.values["whole"],
        )

    def _date(self, file: str) -> str:
        return dict(zip(DATES, self.values["dates"].split("|"), strict=True))[file]

    def reads(self, template: str, **values: Any) -> None:
        """Check that nothing but this was said."""
        got = plain(self.server.transcript(self.where))
        want = plain(template.format(**(self.values | values)))
        checker = OutputChecker()
        # Lines are indented also where they are empty, which is not to be seen.
        got, want = (re.sub(r" +$", "", text, flags=re.MULTILINE) for text in (got, want))
        assert checker.check_output(want, got, ELLIPSIS), f"{got}\n\nis not\n\n{want}"


def statements(text: str) -> list[tuple[str, list[int]]]:
    """The statements of an answer, and the numbers behind each."""
    found = []
    for block in text.split("\n\n"):
        match = re.fullmatch(r"(.+?) ((?:\[\d+\])+)", block, re.DOTALL)
        assert match, f"no source: {block}"
        found.append((match[1], [int(number) for number in re.findall(r"\d+", match[2])]))
    return found


def plain(text: str) -> str:
    """Without narrow and unbreakable spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample articles, two of them with a date."""
    folder = tmp_path_factory.mktemp("transcripts")
    corpus = folder / "articles"
    corpus.mkdir()
    for file in (resources.files("rag") / "articles").iterdir():
        head = f"---\npublished_on: {DATES[file.name]}\n---\n" if file.name in DATES else ""
        if file.name.endswith(".txt"):
            (corpus / file.name).write_text(head + file.read_text("utf-8"), "utf-8", newline="")
    return Settings(corpus=corpus, data=folder / "data", model=None, _env_file=None)


@pytest.fixture(scope="module")
def server(library: Settings) -> Iterator[Telegram]:
    """A bot at work; it shows nothing in the making, so that two runs say the same."""
    with (
        telegram() as running,
        patch.object(asking, "QUIET", 60.0),
        at_work(running, library, per_minute=1_000) as settings,
    ):
        yield running
        settle(running, settings, library)


@LANGUAGES
def test_a_private_chat(server: Telegram, library: Settings, language: str) -> None:
    """A private chat goes from greeting to cited answer, quotes, refusals and feedback."""
    asked = ASKED[language]
    _private(server, library, language, asked)


def test_a_private_chat_in_kazakh(server: Telegram, library: Settings) -> None:
    """The bot's own words are Kazakh for whom Telegram names it, whatever language is asked in."""
    _private(server, library, "kk", ASKED["ru"])


def _private(
    server: Telegram, library: Settings, language: str, asked: Mapping[str, tuple[str, str]]
) -> None:
    anna = server.person("Anna", language=language)
    talk = Talk(server=server, corpus=library.corpus, language=language, where=anna)
    talk.next(lambda: anna.says("/start"))
    answer = talk.next(lambda: anna.says(asked["private"][0]))
    talk.answered(asked["private"], answer)
    talk.shown(answer, anna)
    talk.next(lambda: anna.says(asked["back"][0]))
    refusal = talk.next(lambda: anna.says(asked["unknown"][0]))
    article = talk.next(lambda: anna.presses(refusal, "1"))
    # The article that opens is the one that the refusal named first.
    assert refusal.words.under("code")[0] in article.words.under("code")
    press = anna.presses(answer, "👍")
    server.wait(lambda: press.is_answered)
    blame = talk.next(lambda: anna.presses(answer, "👎"))
    anna.presses(blame, talk.values["lacking"])
    server.wait(lambda: blame.edits)
    talk.reads(PRIVATE, back_asked=asked["back"][0], unknown_asked=asked["unknown"][0])


@LANGUAGES
def test_a_group_with_privacy_mode(server: Telegram, library: Settings, language: str) -> None:
    """In a group commands and replies are answered; a mention never comes, others are left."""
    asked = ASKED[language]
    anna, boris = (server.person(name, language=language) for name in ("Anna", "Boris"))
    group = server.group("Reading circle", [anna, boris])
    talk = Talk(server=server, corpus=library.corpus, language=language, where=group)
    talk.next(lambda: anna.says("/start", chat=group))
    before = server.world.queue.last
    anna.says("What a day!", chat=group)
    anna.says(f"@citebot_test_bot {asked['group'][0]}", chat=group)
    anna.says(f"/ask@other_bot {asked['group'][0]}", chat=group)
    assert server.world.queue.last == before  # Telegram keeps them from the bot.
    answer = talk.next(lambda: anna.says(f"/ask {asked['group'][0]}", chat=group))
    talk.answered(asked["group"], answer)
    talk.shown(answer, boris)
    other = talk.next(lambda: boris.says(asked["private"][0], chat=group, reply_to=answer))
    sources = talk.values["sources"]
    talk.answered(asked["private"], other, "other_")
    talk.next(lambda: boris.says(asked["back"][0], chat=group, reply_to=answer))
    talk.next(lambda: boris.presses(answer, "👎"))
    talk.values |= {"refusal": talk.values["back"], "sources": sources}
    talk.reads(GROUP, back_asked=asked["back"][0])


@LANGUAGES
def test_a_topic(server: Telegram, library: Settings, language: str) -> None:
    """In a forum all that the bot says stands in the topic that it was asked in."""
    asked = ASKED[language]
    anna = server.person("Anna", language=language)
    group = server.group("Reading circle", [anna], topics=True)
    _, topic = group.topic("News", anna), group.topic("Crypto", anna)
    talk = Talk(server=server, corpus=library.corpus, language=language, where=group)
    talk.next(lambda: anna.says("/start", chat=group, topic=topic))
    anna.says("What a day!", chat=group, topic=topic)
    answer = talk.next(lambda: anna.says(f"/ask {asked['topic'][0]}", chat=group, topic=topic))
    talk.answered(asked["topic"], answer)
    talk.shown(answer, anna, topic="topic 2, ")
    talk.next(lambda: anna.says(asked["back"][0], chat=group, topic=topic, reply_to=answer))
    blame = talk.next(lambda: anna.presses(answer, "👎"))
    anna.presses(blame, talk.values["lacking"])
    server.wait(lambda: blame.edits)
    talk.reads(TOPIC, back_asked=asked["back"][0])
    assert {message.thread for message in server.messages(group)} == {topic}
    # A reply would get there by itself: each message has to name the topic.
    calls = [call.params for call in server.calls("sendMessage") if call.chat_id == group.id]
    assert {params.get("message_thread_id") for params in calls} == {topic}


@LANGUAGES
def test_inline(server: Telegram, library: Settings, language: str) -> None:
    """In any other chat there is one result, and what is sent is the answer with its sources."""
    anna = server.person("Anna", language=language)
    group = _without_bot(server, anna)
    talk = Talk(server=server, corpus=library.corpus, language=language, where=anna)
    greeting = talk.next(lambda: anna.says("/start"))
    assert plain(greeting.text).startswith(talk.values["hello"])
    asked, right = ASKED[language]["inline"]
    result = _only_result(server, anna.inline(asked))
    taken = anna.takes(server.world.questions[result["question"]], chat=group)
    answer, _, sources = taken.text.partition(talk.values["quotes"][:6])
    assert right in answer
    assert result["title"] == talk.values["found"]
    for text, numbers in statements(answer.strip()):
        named = {number: file for numbers_, file in _named(sources) for number in numbers_}
        for number in numbers:
            assert text in (library.corpus / named[number]).read_text("utf-8")
    talk.where = group
    talk.values["answer"] = _indented(plain(answer.strip()))
    talk.reads(INLINE)
    assert len(server.messages(anna)) == 1


def _only_result(server: Telegram, question: Question) -> dict[str, Any]:
    server.wait(lambda: question.results is not None, 30.0)
    assert question.results is not None
    (result,) = question.results
    return result | {"question": question.id}


def _named(sources: str) -> list[tuple[list[int], str]]:
    """The numbers and the file of each line about sources."""
    lines = [line for line in sources.splitlines() if line.startswith("[")]
    return [
        ([int(number) for number in re.findall(r"\[(\d+)\]", line)], line.rpartition(" · ")[2])
        for line in lines
    ]


def _without_bot(server: Telegram, person: Person) -> Group:
    group = server.group("Friends", [person])
    group.removes_bot(person)
    return group
