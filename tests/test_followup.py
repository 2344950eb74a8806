"""What `rag.followup` promises: what leans on an earlier exchange is told from what does not."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import FOLDER, read_cases
from rag.followup import needs_history

DATA = Path(__file__).parents[2] / "shared/data"
LANGUAGES = ("de", "en", "fr", "ru")

FOLLOW_UPS = {
    "en": """
        And who runs it?
        And in 2023?
        Why?
        What about Kyrgyzstan?
        How old is its founder?
        Who lives there?
        And the other one?
        When did he say that?
        Which companies did she found?
        Did the court sentence him?
        Who else was invited?
        What does that mean?
        When was this law passed?
        Until when?
        How many of them survived?
        Is that true?
        Why did Zhao sell it?
        And the founder?
        What happened after that?
        Were the others closed too?
        How much was their fine?
        Which countries?
        Did they find it?
        What was its price?
        Who is she?
        And what about its employees?
        How did he react?
        Can you tell me more about him?
        Where was he born?
        What else did Teng say?
        So who owns them now?
        And after 2020?
        How long was he there?
        Is it still open?
        What did the minister say about that?
        Did those countries agree?
        How much did it cost?
        When does it start?
        Was she the first?
        But why Astana?
        Which of them was bigger?
        What is their address?
        And did Zhao agree to this?
        Since when has it been closed?
        Who told him that?
        For how long?
        How much exactly?
        And his successor?
        Who was president then?
        Does Binance own it?
        Are they legal?
        Who was behind this?
    """,
    "de": """
        Wann hat er das gesagt?
        Und wann?
        Wer war sein Gründer?
        Was macht Teng dort?
        Und der zweite?
        Und in Frankreich?
        Wie hoch war ihre Strafe?
        Wer hat dieses Gesetz beschlossen?
        Was bedeutet das?
        Warum nicht?
        Wie viele Kinder hatte sie?
        Wer war damals Präsident?
        Wie viel hat man dafür bezahlt?
        Was ist mit Kirgisistan?
        Wer sonst?
        Und Teng?
        Welche Länder?
        Hat Zhao das bestritten?
        Seit wann gehört sie ihm?
        Wo wurde er geboren?
        Was hat sie daran gestört?
        Und warum?
        Wo lebt er jetzt?
        Wie alt ist sie?
        Was sagte der Minister dazu?
        Gilt das auch für Frankreich?
        Und wie hoch war die?
        Wem gehört es?
        Was sind ihre Ziele?
        Hat er Kinder?
        Wer hat sie verkauft?
        Wann war das?
        Wie lange dauerte das?
        Wie viele davon sind geschlossen?
        Wer leitet ihn heute?
        Und seine Frau?
        Was passierte danach?
        Ist das legal?
        Wer unterstützt diese Pläne?
        Und in Astana?
        Nur in Kasachstan?
        Wie reagierte Zhao darauf?
        Wie viel genau?
        Welche anderen?
        Warum gerade dort?
        Wurde sie verurteilt?
        Mit wem hat er gesprochen?
        Wann wurde es gegründet?
        Und was ist mit den anderen?
        Wie heißt ihr Chef?
    """,
    "fr": """
        Et combien en a-t-il payé ?
        Pourquoi ?
        Qui est son fondateur ?
        Que fait-on là-bas ?
        Et en France ?
        Quand l'a-t-elle dit ?
        Quel pays a-t-il visité ?
        Qui a voté cette loi ?
        Et le deuxième ?
        Qu'en est-il de Teng ?
        Que veut dire cela ?
        Depuis quand ?
        Combien coûte leur formation ?
        Lesquels ?
        Que lui reproche-t-on ?
        Et les autres ?
        Combien de livres a-t-elle écrits ?
        Où est-il né ?
        Et pourquoi ?
        Combien de temps y est-il resté ?
        Quel âge a-t-elle ?
        Qu'a-t-il répondu ?
        Qui les dirige ?
        C'était quand ?
        Et au Kazakhstan ?
        Quelle est sa capitale ?
        Que pense Teng de cela ?
        Quand a-t-elle été fondée ?
        Ont-ils accepté ?
        Qui d'autre était présent ?
        Et lui ?
        Combien valent ses actions ?
        Pourquoi ce pays ?
        Que s'est-il passé ensuite ?
        Est-ce vrai ?
        Qui l'a fondée ?
        Depuis quand existe-t-elle ?
        Quels autres pays ?
        Et en 2023 ?
        Qui sont leurs clients ?
        Comment l'expliquent-ils ?
        À qui appartient-elle ?
        Combien d'entre eux ont été arrêtés ?
        Et Teng alors ?
        Quelle était cette amende ?
        Lequel des deux ?
        Pour combien de temps ?
    """,
    "ru": """
        А кто им руководит?
        А во Франции?
        Почему?
        Кто его основатель?
        Что там произошло?
        Сколько ей лет?
        Когда это было?
        А второй?
        А Тенг?
        Кто принял этот закон?
        Что с ними стало?
        Сколько она заплатила?
        А почему Казахстан?
        Кто ещё участвовал?
        Что это значит?
        А как насчёт Киргизии?
        Сколько при этом погибло?
        Где он родился?
        А когда?
        Сколько это стоило?
        Кто её основал?
        Как он отреагировал?
        Что она сказала?
        Кому они принадлежат?
        А в 2023 году?
        Почему там?
        И что потом?
        А его жена?
        Какие у них планы?
        Сколько человек там работает?
        Это законно?
        Кто ещё?
        Чем закончился этот суд?
        А другие биржи?
        Какова его капитализация?
        С каких пор?
        На какой срок?
        Что об этом сказал Тенг?
        Кто за этим стоит?
        А Киргизия?
        Они согласились?
        Как её зовут?
        Сколько именно?
        А что ответил он?
        Кто был тогда президентом?
        Где их офис?
    """,
}

ALONE = {
    "en": """
        Who is the CEO of Binance?
        Is it true that Binance was fined?
        When did Zhao say that he would resign?
        When did Zhao say he would resign?
        How many exchanges were closed?
        Who is CZ?
        What is USDT?
        What is it that Canaan makes?
        Are there any mills in Holland?
        How did Tesla finance his work?
        Which company sold its shares?
        Is it legal to mine bitcoin?
        How long does it take to build a bridge?
        What did the court say about those who fled?
        Who said that Paris is a village?
        Who besides Zhao was sentenced, and who else was not?
        What are these articles about?
        How old was Manning when he retired?
        What happened in Bishkek this year?
        What can you do?
        After he left Rome, what did Goethe write?
        Why did parents send their children to school?
        who is the founder of binance and when did he leave?
        Explain why the mills were closed
        Who runs Binance?
        Bitcoin Kazakhstan mining
        When was the Eiffel Tower built?
        Does the city of Rome have its own police?
        Which minister resigned because he lied?
        Why is it so hard to learn Finnish?
        Where do swallows go when they migrate?
        What are the rules for those who mine at home?
        Who wrote the letter that Goethe burned?
        How much money did the banks lose?
        Can you summarise the article about Zhao?
        Tell me about Richard Teng
        what did teng say about governments?
        What is happening with crypto in Kazakhstan these days?
        Has Zhao ever explained how he made his money?
        And who is the president of Peru?
        Is there a museum in Bern?
        Does Canaan still produce the machines it announced?
        Kyrgyzstan memorandum CZ
        How does staking work?
        Did the judge say why Zhao was sentenced?
        Who won the election in Peru?
    """,
    "de": """
        Wie viele Börsen gibt es in Kasachstan?
        Gibt es Züge nach Rom?
        Was sagte Teng über seine Firma?
        Wie heißt die Börse, die geschlossen wurde?
        Wer hat das Memorandum unterschrieben?
        Wer ist Richard Teng?
        Stimmt es, dass Zhao im Gefängnis war?
        Worum geht es in dem Vertrag mit Peru?
        Was sagt Teng?
        Welche Bank hat ihren Sitz in Rom?
        Was führte dazu, dass die Mühle brannte?
        Wer kaufte die in Rom geschlossenen Mühlen?
        wer ist der chef von binance?
        Wie kann man Präsident von Peru sein?
        Können Sie mir helfen?
        Was geschah in diesem Jahr in Bischkek?
        Wann sagte Zhao, dass er zurücktritt?
        Was kostet die Ausbildung und wer nimmt daran teil?
        Was heißt DeFi?
        Was ist Mining?
        Und wer leitet die Agentur in Astana?
        Wer gründete die Stadt, deren Mauern noch stehen?
        Was hat Zhao mit Kirgisistan vereinbart?
        Wer war der erste Mensch auf dem Mond?
        Welcher Minister trat zurück, weil er gelogen hatte?
        Stimmt das, dass Binance verboten ist?
        Wie heißt der Chef der Firma, die das Öl fördert?
        Warum dürfen Beamte nicht spekulieren?
        Ist es wahr, dass Rom brannte?
        Wie wird das Wetter in Bern?
        was kostet eine lizenz in kasachstan?
        Hat Tokajew seine Meinung geändert?
        Wer sind die wichtigsten Händler in Rom?
        Welche Rolle spielt der Staat dabei, die Mühlen zu retten?
        Erkläre mir bitte die Reform
        Wo steht das größte Riesenrad?
        Wann findet die nächste Wahl statt?
        Womit verdient Canaan sein Geld?
        Und was macht Canaan in Kasachstan?
        Was sagt das Gesetz über Kryptobörsen?
        Wie viele Menschen leben dort, wo der Nil entspringt?
        Kann man in Kasachstan Bitcoin kaufen?
    """,
    "fr": """
        Y a-t-il un calendrier pour la réforme ?
        Qu'est-ce que c'est que le staking ?
        Combien Zhao a-t-il payé ?
        Est-il vrai que la banque a fermé ?
        Il y a combien de moulins en Hollande ?
        Qui est Richard Teng ?
        Où en est le projet de loi ?
        Pourquoi le gouvernement a-t-il fermé les mines ?
        Que dit Teng de sa société ?
        Est-ce que Goethe parlait latin ?
        Quel est le pays qui a interdit le minage ?
        Quand Zhao a-t-il dit qu'il partirait ?
        Dans quelle ville Kafka est-il né ?
        Qui dirige Binance ?
        Faut-il une licence pour ouvrir une bourse ?
        De quoi parlent ces articles ?
        Qu'est-ce qui a changé à Paris cette année ?
        Combien coûte le bitcoin ?
        Quand la tour Eiffel a-t-elle été construite ?
        Le bitcoin est-il légal au Kirghizistan ?
        Pourquoi Zhao a-t-il dû quitter son poste ?
        Quelles banques ont perdu leurs clients ?
        Est-ce qu'il faut payer pour entrer au Louvre ?
        Que va faire le Kazakhstan de ses mines ?
        Combien de personnes travaillent chez Canaan ?
        Peux-tu résumer l'article sur Teng ?
        Que fait Binance pour former les policiers ?
        Comment fonctionne le minage ?
        Qui est le ministre qui a démissionné parce qu'il avait menti ?
        Est-il possible de miner en France ?
        Quel est le rôle de la NIA ?
        Qu'est-ce que le memorandum prévoit ?
        À quoi sert une plateforme d'échange ?
        Où se trouve le siège de Binance ?
        Existe-t-il une loi sur les jetons ?
        Combien de bourses ont été fermées ?
        Et qui dirige la banque de France ?
        Quels pays ont interdit Binance ?
    """,
    "ru": """
        Это правда, что Чжао сидел в тюрьме?
        Кто такой Ричард Тенг?
        Что такое биткоин?
        Когда Чжао сказал, что он уйдёт?
        Сколько бирж закрыли?
        Где находится Алматы?
        Какая столица у Казахстана?
        Как зовут основателя Binance, и сколько ему лет?
        Есть ли мельницы в Голландии?
        О чём эти статьи?
        Что случилось в Бишкеке в этом году?
        Правда ли это, что Рим горел?
        Кто продал свою мельницу?
        Почему банк заявил, что он закрывается?
        Где Алматы?
        А кто руководит банком в Астане?
        Сколько лет было Гёте, когда он умер?
        Что вы умеете?
        Когда построили Эйфелеву башню?
        Законен ли майнинг в Киргизии?
        Почему Чжао ушёл с поста?
        Сколько денег потеряли банки?
        Расскажи о Ричарде Тенге
        Какой министр ушёл, потому что он солгал?
        Есть ли в Риме метро?
        Как работает майнинг?
        Кто президент Казахстана?
        Что предлагает Binance чиновникам?
        Какие страны запретили биржи?
        Можно ли купить биткоин в Алматы?
        Чем занимается компания Canaan?
        Правда, что Рим сгорел?
        Что говорит Тенг о резервах?
        Когда начнётся следующий чемпионат?
        Кто основатель Binance?
        Сколько стоит лицензия?
        А что делает Canaan в Казахстане?
        Где учился Гёте?
    """,
}


def lines(table: Mapping[str, str]) -> list[tuple[str, str]]:
    """(language, question) pairs of a table."""
    return [
        (code, line.strip()) for code, text in table.items() for line in text.strip().split("\n")
    ]


@pytest.mark.parametrize(("language", "question"), lines(FOLLOW_UPS))
def test_a_follow_up_is_told(language: str, question: str) -> None:
    """Questions that nobody understands by themselves point back."""
    assert needs_history(question, language)


@pytest.mark.parametrize(("language", "question"), lines(ALONE))
def test_a_question_that_stands_alone_is_left_alone(language: str, question: str) -> None:
    """Dummy subjects, relative clauses and pronouns beside their noun point nowhere."""
    assert needs_history(question, language) == ()


@pytest.mark.parametrize(
    ("language", "question", "pointing"),
    [
        ("en", "When did he say that?", ("he", "that")),
        ("en", "And who runs it, and who owns it?", ("it",)),
        ("en", "Who else did they sue?", ("Who else", "they")),
        ("en", " And in 2023? ", ("And in 2023?",)),
        ("de", "Wer war damals Papst, und wo lebt er?", ("damals",)),
        ("fr", "Que fait-il là-bas ?", ("il", "là-bas")),
        ("ru", "Её муж там работал?", ("Её", "там")),
    ],
)
def test_the_words_are_given_as_written(
    language: str, question: str, pointing: tuple[str, ...]
) -> None:
    """Each pointing word comes once and in order; a piece of a question comes whole."""
    assert needs_history(question, language) == pointing


@pytest.mark.parametrize(
    ("language", "alone", "pointing"),
    [
        ("en", "Is it true that Rome burned?", "Is it true?"),
        ("en", "When did Goethe say that he was ill?", "When did Goethe sell it?"),
        ("en", "What did Nobel do with his money?", "What is his money worth?"),
        ("en", "Which city has its own coins?", "Which city is its capital?"),
        ("en", "And who founded the city of Rome?", "And the founder of Rome?"),
        ("en", "What is new in Rome this year?", "What is new in this town?"),
        ("en", "Who besides Zhao was there, and who else?", "Who else was there?"),
        ("de", "Wer schrieb das Gedicht?", "Wer schrieb das?"),
        ("de", "Wer kann Kaiser sein?", "Wer war sein Kaiser?"),
        ("de", "Haben Sie Bücher?", "Haben sie Bücher?"),
        ("fr", "Le pays a-t-il une armée ?", "Quel pays a-t-il visité ?"),
        ("fr", "Qu'est-ce qui a brûlé à Rome ?", "Qu'est-ce qui a brûlé à cette occasion ?"),
        ("ru", "Где Рим?", "А почему Рим?"),
        ("ru", "Это правда, что Рим горел?", "Это правда?"),
    ],
)
def test_a_small_difference_tells(language: str, alone: str, pointing: str) -> None:
    """Of two questions that share their words, one points back."""
    assert needs_history(alone, language) == ()
    assert needs_history(pointing, language)


def test_other_languages_have_no_rules() -> None:
    """Of a language without lists nothing is said, nor of a text without words."""
    assert needs_history("E lui?", "it") == ()
    assert needs_history(" ?! ", "en") == ()


@given(text=st.text(max_size=60), language=st.sampled_from(LANGUAGES))
def test_what_points_stands_in_the_text(text: str, language: str) -> None:
    """Whatever is typed, the answer is made of pieces of it."""
    assert all(piece and piece in text for piece in needs_history(text, language))


@given(
    start=st.sampled_from(
        ["And", "Und", "Et", "А", "Which", "da", "en", "это", "das", "that", "her"]
    ),
    rest=st.lists(
        st.sampled_from("it das es il t Rom, die , . der was it? что его".split()), max_size=6
    ),
    language=st.sampled_from(LANGUAGES),
)
def test_no_order_of_words_is_too_much(start: str, rest: list[str], language: str) -> None:
    """Grammar that makes no sense raises nothing."""
    text = " ".join([start, *rest])

    assert all(piece in text for piece in needs_history(text, language))


def test_golden_follow_ups_are_told() -> None:
    """Of the cases for calibration exactly those with earlier turns point back."""
    for case in read_cases([FOLDER / "calibration.yaml"]):
        assert bool(needs_history(case.question, case.language)) is bool(case.history), case.id


@pytest.mark.skipif(not (DATA / "xquad").is_dir(), reason="the public data is not here")
@pytest.mark.parametrize(
    ("name", "language", "most"),
    # A good part of these do point back (`When was this edict declared?`), of PIAF's nine in ten.
    [("xquad", "de", 0.025), ("xquad", "en", 0.03), ("xquad", "ru", 0.03), ("piaf_fr", "fr", 0.05)],
)
def test_public_questions_are_left_alone(name: str, language: str, most: float) -> None:
    """Of questions asked about a passage, few are said to point back."""
    rows = map(json.loads, (DATA / name / "questions.jsonl").read_text("utf-8").splitlines())
    questions = [row["question"] for row in rows if row["lang"] == language]

    assert sum(bool(needs_history(q, language)) for q in questions) < most * len(questions)
