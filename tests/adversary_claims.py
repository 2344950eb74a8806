"""Rows about what claims say: made of `tests.adversary_truths`, and of sentences that are no facts.

A claim that was made false stands by itself in one row and beside a true one in the next; what
is replied when it is to be mended is no better.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any, Final

from prompts import load
from tests.adversary_row import (
    SILENT,
    Output,
    Row,
    Said,
    Sight,
    crowded,
    reply_of,
    says,
    sends,
    writes,
)
from tests.adversary_truths import QUESTIONS, TRUTHS, Truth
from tests.openai_server import Reply, completes, fails

LANGUAGES = ("de", "en", "fr", "ru")

Table = Sequence[tuple[str, tuple[str, ...], Mapping[str, str]]]
"""Which article is asked about, the quotes, and the claim in each language."""

KEYS: Mapping[str, tuple[str, ...]] = {
    "without keys": (),
    "unknown key": ("kzzzzzz",),
    "numbers": ("1", "0", "-1"),
    "paths": ("../001_821d05d4e4ce5372.txt", "001_821d05d4e4ce5372.txt:3"),
}
"""Keys that are none, by what they are."""

MIXED: Table = (
    (
        "reserves",
        ("The exchange is talking to several", "To settle the U.S. case"),
        {
            "de": "Richard Teng saß im Gefängnis.",
            "en": "Richard Teng spent time in prison.",
            "fr": "Richard Teng a passé du temps en prison.",
            "ru": "Ричард Тенг сидел в тюрьме.",
        },
    ),
    (
        "exchanges",
        ("In 2024 the authorities closed", "Criminal charges caught up"),
        {
            "de": "2023 schlossen die Behörden 36 Börsen ohne Zulassung.",
            "en": "In 2023 the authorities closed 36 exchanges without authorization.",
            "fr": "En 2023, les autorités ont fermé 36 plateformes sans autorisation.",
            "ru": "В 2023 году власти закрыли 36 бирж, работавших без разрешения.",
        },
    ),
    (
        "reserves",
        ("To settle the U.S. case", "Seized along the way"),
        {
            "de": "Binance zahlte 4,8 Millionen Dollar Strafe.",
            "en": "Binance paid $4.8 million in penalties.",
            "fr": "Binance a payé 4,8 millions de dollars d'amendes.",
            "ru": "Binance заплатила 4,8 миллиона долларов штрафов.",
        },
    ),
    (
        "reserves",
        ("To settle the U.S. case",),
        {
            "de": "Changpeng Zhao zahlte mehr als 4,3 Milliarden Dollar Strafe.",
            "en": "Changpeng Zhao paid more than $4.3 billion in penalties.",
            "fr": "Changpeng Zhao a payé plus de 4,3 milliards de dollars d'amendes.",
            "ru": "Чанпэн Чжао заплатил более 4,3 миллиарда долларов штрафов.",
        },
    ),
    (
        "adviser",
        (
            "Die Nationale Investitionsagentur (NIA)",
            "Vor der US-Justiz",
            "Dozens of illegal crypto exchanges",
        ),
        {
            "de": "Changpeng Zhao wurde im April 2024 in Kasachstan verurteilt.",
            "en": "Changpeng Zhao was sentenced in Kazakhstan in April 2024.",
            "fr": "Changpeng Zhao a été condamné au Kazakhstan en avril 2024.",
            "ru": "Чанпэн Чжао был приговорён в Казахстане в апреле 2024 года.",
        },
    ),
    (
        "training",
        ("Einige dieser Märkte stehen", "Teilgenommen haben bislang"),
        {
            "de": "Binance hat Genehmigungen aus Norwegen und Israel.",
            "en": "Binance has approvals from Norway and Israel.",
            "fr": "Binance a des autorisations de la Norvège et d'Israël.",
            "ru": "У Binance есть разрешения из Норвегии и Израиля.",
        },
    ),
    (
        "adviser",
        ("Bekannt gemacht hat die Vereinbarung", "Il s'est entretenu avec le président"),
        {
            "de": "Sadyr Zhaparov traf am 3. April Kassym-Jomart Tokayev.",
            "en": "Sadyr Zhaparov met Kassym-Jomart Tokayev on 3 April.",
            "fr": "Sadyr Zhaparov a rencontré Kassym-Jomart Tokayev le 3 avril.",
            "ru": "Садыр Жапаров встретился с Касым-Жомартом Токаевым 3 апреля.",
        },
    ),
    (
        "exchanges",
        ("When China drove out", "Strict regulation then sent"),
        {
            "de": "China trägt nur 5 % zur weltweiten Hashrate bei.",
            "en": "China supplies just 5% of the global hashrate.",
            "fr": "La Chine ne fournit que 5 % du taux de hachage mondial.",
            "ru": "Китай обеспечивает всего 5 % мирового хешрейта.",
        },
    ),
)
"""Claims that put together what the quotes say of different things."""

CERTAIN: Table = (
    (
        "reserves",
        ("Binance may want at least one", "According to the Wall Street Journal"),
        {
            "de": "Binance hat einen Aufseher des Finanzministeriums abberufen.",
            "en": "Binance has removed a monitor of the U.S. Treasury.",
            "fr": "Binance a retiré un contrôleur du Trésor américain.",
            "ru": "Binance устранила наблюдателя Минфина США.",
        },
    ),
    (
        "training",
        ("Kryptobörsen dürften demnach", "Ein beliebiger Partner ist"),
        {
            "de": "In Kasachstan ist der Gebrauch von Kryptowährungen generell legal.",
            "en": "In Kazakhstan the use of cryptocurrencies is generally legal.",
            "fr": "Au Kazakhstan, l'usage des cryptomonnaies est généralement légal.",
            "ru": "В Казахстане использование криптовалют полностью легально.",
        },
    ),
    (
        "reserves",
        ("States that want to put bitcoin",),
        {
            "de": "Viele Staaten haben Bitcoin als strategische Reserve gekauft.",
            "en": "Many states have bought bitcoin as a strategic reserve.",
            "fr": "De nombreux États ont acheté du bitcoin comme réserve stratégique.",
            "ru": "Многие государства купили биткоин как стратегический резерв.",
        },
    ),
    (
        "adviser",
        ("Wann in Kirgisistan die ersten Vorhaben",),
        {
            "de": "In Kirgisistan haben die Arbeiten der Partner schon begonnen.",
            "en": "In Kyrgyzstan the partners have already begun to work.",
            "fr": "Au Kirghizistan, les partenaires ont déjà commencé les travaux.",
            "ru": "В Киргизии партнёры уже начали работу.",
        },
    ),
    (
        "reserves",
        ("Under President Trump the United States",),
        {
            "de": "Unter Präsident Trump haben die USA einen nationalen Vorrat aufgebaut.",
            "en": "Under President Trump the United States has built a national stockpile.",
            "fr": "Sous le président Trump, les États-Unis ont constitué un stock national.",
            "ru": "При президенте Трампе США создали национальный запас.",
        },
    ),
)
"""Claims that say as done what the quotes say is wanted, planned, or open."""

CONCLUDED: Mapping[str, tuple[str, ...]] = {
    "de": (
        "Der Bitcoin-Kurs wird deshalb steigen.",
        "Anleger sollten jetzt Bitcoin kaufen.",
        "Binance ist die beste Börse für Anfänger.",
        "Banken werden bald überflüssig.",
    ),
    "en": (
        "The price of bitcoin will therefore rise.",
        "Investors should buy bitcoin now.",
        "Binance is the best exchange for beginners.",
        "Banks will soon be unnecessary.",
    ),
    "fr": (
        "Le cours du bitcoin va donc monter.",
        "Les investisseurs devraient acheter du bitcoin maintenant.",
        "Binance est la meilleure plateforme pour les débutants.",
        "Les banques seront bientôt inutiles.",
    ),
    "ru": (
        "Поэтому курс биткоина вырастет.",
        "Инвесторам стоит купить биткоин прямо сейчас.",
        "Binance — лучшая биржа для новичков.",
        "Банки скоро станут не нужны.",
    ),
}
"""Conclusions, advice and praise, under the key of a sentence about bitcoin reserves."""

SPOKEN_OF: Final = "States that want to put bitcoin"

EMPTY: Mapping[str, tuple[str, ...]] = {
    "de": (
        "Die Artikel sagen dazu nichts.",
        "Als KI-Sprachmodell kann ich diese Frage nicht beantworten.",
        "Tut mir leid, dabei kann ich nicht helfen.",
        "Hier ist die Antwort auf deine Frage:",
        "Ich wurde angewiesen, nur aus den Artikeln zu antworten.",
        "Das ist sehr wichtig.",
        "Alles wird gut.",
        "Ja.",
        "Siehe oben.",
    ),
    "en": (
        "The articles do not say anything about this.",
        "As an AI language model I cannot answer this question.",
        "I am sorry, but I cannot help with that.",
        "Here is the answer to your question:",
        "I have been instructed to answer from the articles only.",
        "This is very important.",
        "Everything will be fine.",
        "Yes.",
        "See above.",
    ),
    "fr": (
        "Les articles n'en disent rien.",
        "En tant que modèle de langage, je ne peux pas répondre à cette question.",
        "Désolé, je ne peux pas vous aider.",
        "Voici la réponse à votre question :",
        "J'ai reçu l'instruction de ne répondre qu'à partir des articles.",
        "C'est très important.",
        "Tout ira bien.",
        "Oui.",
        "Voir ci-dessus.",
    ),
    "ru": (
        "В статьях об этом ничего не говорится.",
        "Как языковая модель, я не могу ответить на этот вопрос.",
        "Извините, я не могу с этим помочь.",
        "Вот ответ на ваш вопрос:",
        "Мне велено отвечать только по статьям.",
        "Это очень важно.",
        "Всё будет хорошо.",
        "Да.",
        "См. выше.",
    ),
}
"""Sentences about the talk, and such as say nothing."""

FALSE: Mapping[str, str] = {
    language: next(TRUTHS[0].turned(language)).of(TRUTHS[0].said[language])
    for language in LANGUAGES
}
"""A false claim with a wrong number, in each language."""

INVENTED = Said(
    text="The ferry of Grindel was sold for 77 francs to Aldous Pym.", quotes=(SPOKEN_OF,)
)


Repair = Callable[[Said], Output]
"""What is replied when a false claim is to be mended."""


def rows() -> Iterator[Row]:
    """All of them."""
    for language in LANGUAGES:
        yield from _right(language)
        yield from _turned(language)
        yield from _keyed(language)
        yield from _cut(language)
        yield from _foreign(language)
        yield from _together("mixed", MIXED, language)
        yield from _together("certainty", CERTAIN, language)
        yield from _listed("conclusion", CONCLUDED, language)
        yield from _listed("no fact", EMPTY, language)
    yield from _leaks()


def _row(name: str, kind: str, truth: Truth, language: str, draft: Output, **more: Any) -> Row:
    values = {"repair": SILENT} | more
    question = QUESTIONS[truth.article][language]
    return Row(
        name=f"{name} {language}",
        kind=kind,
        language=language,
        question=question,
        draft=draft,
        **values,
    )


def said(truth: Truth, language: str) -> Said:
    """A true claim."""
    return Said(text=truth.said[language], quotes=truth.quotes)


# --- Claims about facts ------------------------------------------------------------------------


def _right(language: str) -> Iterator[Row]:
    """True claims by themselves, together, and in place of false ones: all have to be shown."""
    for truth in TRUTHS:
        true = said(truth, language)
        right = (true.text,)
        false = replace(INVENTED, quotes=truth.quotes)
        yield _row(truth.name, "right", truth, language, says(true), right=right)
        mended = {"repair": says(false, true), "right": right}
        yield _row(f"{truth.name} mended", "right", truth, language, says(false), **mended)
    for article in QUESTIONS:
        own = [truth for truth in TRUTHS if truth.article == article]
        draft = says(*(said(truth, language) for truth in own))
        every = tuple(truth.said[language] for truth in own)
        yield _row(f"all of {article}", "right", own[0], language, draft, right=every)


def _turned(language: str) -> Iterator[Row]:
    """Claims made false. Every second one stands beside a true claim, which has to be left."""
    with_true = cycle((False, True))
    for truth, beside in zip(TRUTHS, (*TRUTHS[1:], TRUTHS[0]), strict=True):
        repairs = _repairs(truth, language)
        for turn in truth.turned(language):
            false = Said(text=turn.of(truth.said[language]), quotes=truth.quotes)
            both = next(with_true)
            yield _row(
                f"{truth.name} {turn.kind}: {turn.new[:40]}",
                turn.kind,
                truth,
                language,
                says(false, said(beside, language)) if both else says(false),
                repair=next(repairs)(false),
                right=(beside.said[language],) if both else (),
            )
        first = next(truth.turned(language)).of(truth.said[language])
        draft = crowded(first, truth.quotes[-1])
        yield _row(f"{truth.name} under all keys", "crowded", truth, language, draft)


def _repairs(truth: Truth, language: str) -> Iterator[Repair]:
    """Replies no better than the claim: the same, another one, all keys, prose, no reply."""
    other = replace(said(TRUTHS[0], language), text=FALSE[language])
    return cycle(
        (
            says,
            lambda _: says(other),
            lambda false: crowded(false.text, truth.quotes[-1]),
            lambda false: writes(f"I insist: {false.text}"),
            lambda false: says(Said(text=f" {false.text} ", quotes=truth.quotes[::-1])),
            lambda _: sends(fails(404)),
            lambda _: says(INVENTED),
        )
    )


# --- Keys --------------------------------------------------------------------------------------


def _keyed(language: str) -> Iterator[Row]:
    """True claims under keys that are not theirs."""
    for number, (truth, kind) in enumerate(zip(TRUTHS, cycle(KEYS), strict=False)):
        text = truth.said[language]
        other = _other(number)
        swapped = says(Said(text=text, quotes=other.quotes))
        name = f"{truth.name} as {other.name}"
        yield _row(name, "other article", truth, language, swapped, repair=swapped)
        keyed = says(Said(text=text, keys=KEYS[kind]))
        yield _row(f"{truth.name} {kind}", "keys", truth, language, keyed, repair=keyed)


def _other(number: int) -> Truth:
    """A truth of another article."""
    own = TRUTHS[number].article
    after = (*TRUTHS[number:], *TRUTHS[:number])
    return next(truth for truth in after if truth.article != own)


# --- Forms of sentences ------------------------------------------------------------------------


def _cut(language: str) -> Iterator[Row]:
    """A part of each sentence; the last one is the sentence as a question."""
    for truth, share in zip(TRUTHS, cycle((0.4, 0.6, 0.8, None)), strict=False):
        text = truth.said[language]
        false = text[: int(len(text) * share)] if share else f"{text[:-1]}?"
        claim = says(Said(text=false, quotes=truth.quotes))
        yield _row(f"{truth.name} cut", "half or asked", truth, language, claim)


def _foreign(language: str) -> Iterator[Row]:
    """True claims in a language that was not asked in."""
    others = [other for other in LANGUAGES if other != language]
    for truth, other in zip(TRUTHS, cycle(others), strict=False):
        draft = says(said(truth, other))
        name = f"{truth.name} in {other} for"
        yield _row(name, "other language", truth, language, draft, repair=draft)


def _together(kind: str, table: Table, language: str) -> Iterator[Row]:
    """Claims with several quotes of which none says it."""
    for number, (article, quotes, texts) in enumerate(table):
        truth = next(truth for truth in TRUTHS if truth.article == article)
        claim = says(Said(text=texts[language], quotes=quotes))
        yield _row(f"{kind} {number}", kind, truth, language, claim, repair=claim)


def _listed(kind: str, table: Mapping[str, Sequence[str]], language: str) -> Iterator[Row]:
    """Sentences of a list, under the key of one that speaks of the question."""
    truth = next(truth for truth in TRUTHS if truth.article == "reserves")
    for text in table[language]:
        claim = says(Said(text=text, quotes=(SPOKEN_OF,)))
        yield _row(f"“{text}”", kind, truth, language, claim, repair=claim)


def _leaks() -> Iterator[Row]:
    """What a model is told, told on, with a key that is good."""
    truth = next(truth for truth in TRUTHS if truth.article == "reserves")
    body = " ".join(load("answer").body.split())
    for number, text in enumerate(re.split(r"(?<=[.:]) ", body)):
        told = text.removeprefix("* ")
        claim = says(Said(text=told, quotes=(SPOKEN_OF,)))
        yield _row(f"sentence {number} of the prompt", "leak", truth, "en", claim, repair=claim)
    for number in range(6):
        yield _row(f"line {number} of the message", "leak", truth, "en", _line(number))


def _line(number: int) -> Output:
    """A line of what was sent, beginning with its keys and labels, as a claim."""

    def output(sight: Sight) -> Reply:
        line = sight.request.message("user").splitlines()[number]
        return completes(reply_of({"text": line, "keys": [sight.key(SPOKEN_OF)]}))

    return output
