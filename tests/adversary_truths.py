"""True sentences about the bundled articles in four languages, and how each is made false.

A turn is a line `kind: old > new`: where the old words stand in the true sentence, the new ones
make it false; with `<>` the two change places. `$` as the old words is the full stop at the end.
Turns of all languages stand under the empty name. What a turn makes is false, or not in the quotes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

ANYWHERE = ""
"""Under this name stand the turns of all languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A way to make a true sentence false."""

    kind: str
    old: str
    new: str

    both: bool = False
    """Whether each stands where the other did."""

    def of(self, text: str) -> str:
        """The sentence made false. Raises `ValueError` where the old words are not in it."""
        if self.old == "$":
            return text.removesuffix(".") + self.new
        if self.old not in text or (self.both and self.new not in text):
            raise ValueError(f"{self.old!r} is not in {text!r}")
        if self.both:
            parts = (part.replace(self.new, self.old) for part in text.split(self.old))
            return self.new.join(parts)
        return text.replace(self.old, self.new, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A true sentence in four languages, the sentences that carry it, and its turns."""

    name: str
    article: str
    """Which of `QUESTIONS` is asked."""
    quotes: tuple[str, ...]
    """Words that only the sentence that is meant has."""
    said: Mapping[str, str]
    turns: Mapping[str, str]

    def turned(self, language: str) -> Iterator[Turn]:
        """The turns of a language."""
        text = self.said[language]
        shared = turns_of(self.turns.get(ANYWHERE, ""))
        yield from (turn for turn in shared if turn.old in text)
        yield from turns_of(self.turns.get(language, ""))


def turns_of(lines: str) -> Iterator[Turn]:
    """The turns that lines describe."""
    for line in filter(None, map(str.strip, lines.splitlines())):
        kind, _, rest = line.partition(": ")
        both = " <> " in rest
        old, _, new = rest.partition(" <> " if both else " > ")
        yield Turn(kind=kind, old=old, new=new, both=both)


QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "training": {
        "de": "Was berichten die Artikel über die Schulungen von Binance und über die Zulassungen?",
        "en": "What do the articles say about the training by Binance and about its approvals?",
        "fr": "Que disent les articles des formations de Binance et de ses autorisations ?",
        "ru": "Что говорится в статьях об обучении со стороны Binance и о разрешениях?",
    },
    "adviser": {
        "de": "Was berichten die Artikel über den Gründer von Binance und über Kirgisistan?",
        "en": "What do the articles say about the founder of Binance and about Kyrgyzstan?",
        "fr": "Que disent les articles du fondateur de Binance et du Kirghizistan ?",
        "ru": "Что говорится в статьях об основателе Binance и о Киргизии?",
    },
    "exchanges": {
        "de": "Was berichten die Artikel über Kryptobörsen und über das Mining in Kasachstan?",
        "en": "What do the articles say about crypto exchanges and about mining in Kazakhstan?",
        "fr": "Que disent les articles des plateformes de crypto et du minage au Kazakhstan ?",
        "ru": "Что говорится в статьях о криптобиржах и о майнинге в Казахстане?",
    },
    "ministry": {
        "de": "Was berichten die Artikel über das Abkommen von Binance mit dem Ministerium?",
        "en": "What do the articles say about the agreement of Binance with the ministry?",
        "fr": "Que disent les articles de l'accord de Binance avec le ministère ?",
        "ru": "Что говорится в статьях о соглашении Binance с министерством?",
    },
    "reserves": {
        "de": "Was berichten die Artikel über Reserven in Bitcoin und über die Strafe in den USA?",
        "en": "What do the articles say about bitcoin reserves and about penalties in the U.S.?",
        "fr": "Que disent les articles des réserves de bitcoins et de l'amende aux États-Unis ?",
        "ru": "Что говорится в статьях о резервах в биткоинах и о штрафе в США?",
    },
}
"""What is asked about each article."""

TRUTHS = (
    Truth(
        name="closed",
        article="exchanges",
        quotes=("Dozens of illegal crypto exchanges", "In 2024 the authorities closed"),
        said={
            "de": "2024 schlossen die Behörden Kasachstans 36 Kryptobörsen ohne Zulassung, die "
            "zusammen mehr als 100 Millionen Dollar abgewickelt hatten.",
            "en": "In 2024 the authorities of Kazakhstan closed 36 crypto exchanges without "
            "authorization, which together had processed more than $100 million.",
            "fr": "En 2024, les autorités du Kazakhstan ont fermé 36 plateformes d'échange de "
            "cryptomonnaies sans autorisation, qui avaient traité ensemble plus de 100 "
            "millions de dollars.",
            "ru": "В 2024 году власти Казахстана закрыли 36 криптобирж, работавших без "
            "разрешения и обработавших вместе более 100 миллионов долларов.",
        },
        turns={
            "": """
                number: 36 > 37
                number: 36 > 63
                number: 36 > 3.6
                number: 100 > 10
                date: 2024 > 2023
                date: 2024 > 2042
            """,
            "en": """
                number: 36 > thirty-seven
                magnitude: 36 > 36,000
                number: 36 > XXXVII
                number: closed 36 > closed between 36 and 40
                magnitude: million > billion
                currency: $100 > €100
                currency: $100 million > 100 million tenge
                bound: more than > less than
                country: Kazakhstan > Kyrgyzstan
                country: Kazakhstan > Uzbekistan
                negation: closed > did not close
                negation: closed > never closed
                negation: without authorization > with authorization
                antonym: closed > opened
                addition: $ > , and 12 managers were arrested.
                addition: $ > , which the World Bank praised.
                addition: $ > . Deposits are therefore safe.
            """,
            "de": """
                number: 36 > siebenunddreißig
                magnitude: 36 > 36.000
                magnitude: Millionen > Milliarden
                currency: Dollar > Euro
                bound: mehr als > weniger als
                country: Kasachstans > Kirgisistans
                country: Kasachstans > Usbekistans
                negation: 36 Kryptobörsen > niemals 36 Kryptobörsen
                negation: ohne Zulassung > mit Zulassung
                antonym: schlossen > eröffneten
                addition: $ > , und 12 Manager wurden verhaftet.
                addition: $ > , was die Weltbank lobte.
            """,
            "fr": """
                number: 36 > trente-sept
                magnitude: 36 > 36 000
                magnitude: millions > milliards
                currency: de dollars > d'euros
                bound: plus de > moins de
                country: Kazakhstan > Kirghizistan
                negation: ont fermé > n'ont pas fermé
                negation: ont fermé > n'ont jamais fermé
                antonym: ont fermé > ont ouvert
                addition: $ > , et 12 dirigeants ont été arrêtés.
                addition: $ > , ce que la Banque mondiale a salué.
            """,
            "ru": """
                number: 36 > тридцать семь
                magnitude: 36 > 36 000
                magnitude: миллионов > миллиардов
                currency: долларов > евро
                bound: более > менее
                country: Казахстана > Киргизии
                negation: закрыли > не закрыли
                negation: закрыли > никогда не закрывали
                antonym: закрыли > открыли
                addition: $ > , и 12 руководителей были арестованы.
                addition: $ > , что похвалил Всемирный банк.
            """,
        },
    ),
    Truth(
        name="sentenced",
        article="adviser",
        quotes=(
            "Die Nationale Investitionsagentur (NIA)",
            "Bei Binance trat er Ende 2023",
            "Vor der US-Justiz hatte",
        ),
        said={
            "de": "Changpeng Zhao trat Ende 2023 bei Binance zurück und wurde im April 2024 zu "
            "vier Monaten Gefängnis verurteilt.",
            "en": "Changpeng Zhao stepped down from Binance at the end of 2023 and was "
            "sentenced in April 2024 to four months in prison.",
            "fr": "Changpeng Zhao a quitté Binance fin 2023 et a été condamné en avril 2024 à "
            "quatre mois de prison.",
            "ru": "Чанпэн Чжао ушёл из Binance в конце 2023 года и в апреле 2024 года был "
            "приговорён к четырём месяцам тюрьмы.",
        },
        turns={
            "": """
                date: 2023 > 2022
                date: 2024 > 2025
                name: Changpeng Zhao > Richard Teng
                name: Changpeng Zhao > Changpeng Zhou
                name: Zhao > Zhaparov
                name: Binance > Coinbase
            """,
            "en": """
                number: four > five
                number: four > fourteen
                unit: months > years
                unit: months > weeks
                date: April > May
                date: the end of 2023 > the beginning of 2023
                negation: was sentenced > was not sentenced
                negation: stepped down > did not step down
                antonym: was sentenced > was acquitted
                title: Changpeng Zhao > President Changpeng Zhao
                addition: $ > , from which he escaped.
                addition: $ > and a fine of $50 million.
            """,
            "de": """
                number: vier > fünf
                unit: Monaten > Jahren
                unit: Monaten > Wochen
                date: April > Mai
                date: Ende 2023 > Anfang 2023
                negation: verurteilt > nicht verurteilt
                negation: bei Binance zurück > bei Binance nicht zurück
                antonym: zu vier Monaten Gefängnis verurteilt > freigesprochen
                addition: $ > , aus dem er entkam.
                addition: $ > und zahlte 50 Millionen Dollar Strafe.
            """,
            "fr": """
                number: quatre > cinq
                unit: mois > ans
                unit: mois > semaines
                date: avril > mai
                date: fin 2023 > début 2023
                negation: a été condamné > n'a pas été condamné
                negation: a quitté > n'a pas quitté
                antonym: a été condamné > a été acquitté
                addition: $ > , d'où il s'est évadé.
            """,
            "ru": """
                number: четырём > пяти
                unit: месяцам > годам
                unit: месяцам > неделям
                date: апреле > мае
                date: в конце > в начале
                name: Чанпэн Чжао > Ричард Тенг
                negation: был приговорён > не был приговорён
                negation: ушёл > не ушёл
                antonym: был приговорён > был оправдан
                addition: $ > , откуда сбежал.
            """,
        },
    ),
    Truth(
        name="signed",
        article="ministry",
        quotes=("La plateforme d'échange et le ministère", "Pour bâtir son marché"),
        said={
            "de": "Binance und ein kasachisches Ministerium unterzeichneten am Mittwoch eine "
            "Absichtserklärung.",
            "en": "Binance and a ministry of Kazakhstan signed a memorandum of understanding on "
            "Wednesday.",
            "fr": "Binance et un ministère du Kazakhstan ont signé mercredi un protocole "
            "d'entente.",
            "ru": "В среду Binance и министерство Казахстана подписали меморандум о "
            "взаимопонимании.",
        },
        turns={
            "": """
                name: Binance > Coinbase
                name: Binance > Kraken
            """,
            "en": """
                date: Wednesday > Thursday
                country: Kazakhstan > Uzbekistan
                negation: signed > did not sign
                negation: signed > refused to sign
                antonym: signed > cancelled
                addition: $ > for 10 years.
                addition: $ > , which is worth $20 million.
            """,
            "de": """
                date: Mittwoch > Donnerstag
                country: kasachisches > usbekisches
                negation: eine Absichtserklärung > keine Absichtserklärung
                antonym: unterzeichneten > kündigten
                addition: $ > für 10 Jahre.
            """,
            "fr": """
                date: mercredi > jeudi
                country: Kazakhstan > Ouzbékistan
                negation: ont signé > n'ont pas signé
                antonym: ont signé > ont annulé
                addition: $ > pour 10 ans.
            """,
            "ru": """
                date: среду > четверг
                country: Казахстана > Узбекистана
                negation: подписали > не подписали
                antonym: подписали > расторгли
                addition: $ > на 10 лет.
            """,
        },
    ),
    Truth(
        name="penalties",
        article="reserves",
        quotes=("To settle the U.S. case",),
        said={
            "de": "Um das Verfahren in den USA beizulegen, zahlte Binance mehr als 4,3 "
            "Milliarden Dollar Strafe.",
            "en": "To settle the case in the United States, Binance paid more than $4.3 billion "
            "in penalties.",
            "fr": "Pour clore l'affaire aux États-Unis, Binance a payé plus de 4,3 milliards de "
            "dollars d'amendes.",
            "ru": "Чтобы урегулировать дело в США, Binance заплатила более 4,3 миллиарда "
            "долларов штрафов.",
        },
        turns={
            "": """
                number: 4.3 > 3.4
                number: 4.3 > 43
                number: 4.3 > 4.35
                number: 4.3 > 4,300
                number: 4,3 > 3,4
                number: 4,3 > 43
                number: 4,3 > 4,35
                name: Binance > Coinbase
            """,
            "en": """
                magnitude: billion > million
                magnitude: billion > trillion
                currency: $4.3 > £4.3
                currency: $4.3 billion > 4.3 billion roubles
                unit: $4.3 billion in penalties > 4.3 percent in penalties
                bound: more than > less than
                bound: more than > at most
                country: the United States > the United Kingdom
                negation: Binance paid > Binance never paid
                negation: Binance paid > Binance has not paid
                antonym: paid > received
                roles: Binance paid > the United States paid Binance
                addition: $ > , and its licence was revoked.
                addition: $ > , so customers get their money back.
            """,
            "de": """
                magnitude: Milliarden > Millionen
                currency: Dollar Strafe > Euro Strafe
                bound: mehr als > weniger als
                bound: mehr als > höchstens
                country: den USA > Großbritannien
                negation: Binance mehr als > Binance niemals mehr als
                antonym: zahlte > erhielt
                roles: zahlte Binance > zahlten die USA an Binance
                addition: $ > , und die Lizenz wurde entzogen.
            """,
            "fr": """
                magnitude: milliards > millions
                currency: de dollars > d'euros
                bound: plus de > moins de
                country: aux États-Unis > au Royaume-Uni
                negation: a payé > n'a jamais payé
                negation: a payé > n'a pas payé
                antonym: a payé > a reçu
                roles: Binance a payé > les États-Unis ont payé à Binance
                addition: $ > , et sa licence a été retirée.
            """,
            "ru": """
                magnitude: миллиарда > миллиона
                currency: долларов штрафов > евро штрафов
                bound: более > менее
                country: США > Великобритании
                negation: заплатила > не заплатила
                antonym: заплатила > получила
                addition: $ > , и её лицензия была отозвана.
            """,
        },
    ),
    Truth(
        name="hashrate",
        article="exchanges",
        quotes=("Mining has already been", "When China drove out", "Strict regulation then sent"),
        said={
            "de": "Kasachstan trägt heute nur noch 5 % zur weltweiten Hashrate des "
            "Bitcoin-Netzes bei.",
            "en": "Today Kazakhstan supplies only 5% of the global hashrate of the Bitcoin "
            "network.",
            "fr": "Aujourd'hui, le Kazakhstan ne fournit plus que 5 % du taux de hachage "
            "mondial du réseau Bitcoin.",
            "ru": "Сегодня Казахстан обеспечивает лишь 5 % мирового хешрейта сети Bitcoin.",
        },
        turns={
            "": """
                number: 5 > 50
                number: 5 > 6
                number: 5 > 0.5
            """,
            "en": """
                unit: 5% > 5 percentage points
                unit: 5% > five
                name: Bitcoin > Ethereum
                country: Kazakhstan > Kyrgyzstan
                bound: only > more than
                negation: supplies only > does not supply even
            """,
            "de": """
                unit: 5 % > 5 Prozentpunkte
                name: Bitcoin-Netzes > Ethereum-Netzes
                country: Kasachstan > Kirgisistan
                bound: nur noch > mehr als
                negation: nur noch > nicht einmal
            """,
            "fr": """
                unit: 5 % > 5 points de pourcentage
                name: Bitcoin > Ethereum
                country: Kazakhstan > Kirghizistan
                negation: ne fournit plus que > ne fournit même pas
            """,
            "ru": """
                unit: 5 % > 5 процентных пунктов
                name: Bitcoin > Ethereum
                country: Казахстан > Киргизия
                bound: лишь > более
                negation: обеспечивает лишь > не обеспечивает и
            """,
        },
    ),
    Truth(
        name="miners",
        article="exchanges",
        quotes=("When China drove out",),
        said={
            "de": "Als China 2021 seine Miner vertrieb, zogen viele nach Kasachstan, das eine "
            "Zeit lang zum zweitgrößten Bitcoin-Produzenten wurde.",
            "en": "When China drove out its miners in 2021, many of them moved to Kazakhstan, "
            "which became the second-largest producer of bitcoin for a while.",
            "fr": "Quand la Chine a chassé ses mineurs en 2021, le Kazakhstan en a accueilli "
            "beaucoup et est devenu un temps le deuxième producteur de bitcoins.",
            "ru": "Когда Китай в 2021 году изгнал своих майнеров, многие переехали в Казахстан, "
            "который на время стал вторым по величине производителем биткоинов.",
        },
        turns={
            "": """
                date: 2021 > 2022
                date: 2021 > 2012
            """,
            "en": """
                number: second-largest > third-largest
                number: second-largest > largest
                country: Kazakhstan > Mongolia
                country: China > Russia
                roles: China <> Kazakhstan
                negation: became > never became
                certainty: for a while > for good
                name: bitcoin > ether
            """,
            "de": """
                number: zweitgrößten > drittgrößten
                number: zweitgrößten > größten
                country: Kasachstan > die Mongolei
                country: China > Russland
                roles: China <> Kasachstan
                negation: wurde > nie wurde
                certainty: eine Zeit lang > dauerhaft
            """,
            "fr": """
                number: deuxième > troisième
                country: le Kazakhstan > la Mongolie
                country: la Chine > la Russie
                roles: la Chine <> le Kazakhstan
                negation: est devenu un temps > n'est jamais devenu
                certainty: un temps > pour toujours
            """,
            "ru": """
                number: вторым > третьим
                country: Казахстан, > Монголию,
                country: Китай > Россия
                roles: Китай <> Казахстан
                negation: стал вторым > не стал вторым
                certainty: на время > навсегда
            """,
        },
    ),
    Truth(
        name="seized",
        article="exchanges",
        quotes=("Dozens of illegal crypto exchanges", "Seized along the way"),
        said={
            "de": "In Kasachstan wurden unter anderem 4,8 Millionen Dollar in USDT beschlagnahmt.",
            "en": "Assets seized in Kazakhstan included $4.8 million in USDT.",
            "fr": "Parmi les actifs saisis au Kazakhstan figuraient 4,8 millions de dollars en "
            "USDT.",
            "ru": "Среди изъятых в Казахстане активов было 4,8 миллиона долларов в USDT.",
        },
        turns={
            "": """
                number: 4.8 > 8.4
                number: 4.8 > 48
                number: 4,8 > 8,4
                number: 4,8 > 48
                name: USDT > USDC
                name: USDT > BTC
            """,
            "en": """
                magnitude: million > billion
                currency: $4.8 > €4.8
                country: Kazakhstan > Kyrgyzstan
                antonym: seized > returned
                negation: included > did not include
            """,
            "de": """
                magnitude: Millionen > Milliarden
                currency: Dollar > Euro
                country: Kasachstan > Kirgisistan
                antonym: beschlagnahmt > zurückgegeben
                negation: beschlagnahmt > nicht beschlagnahmt
            """,
            "fr": """
                magnitude: millions > milliards
                currency: de dollars > d'euros
                country: Kazakhstan > Kirghizistan
                negation: figuraient > ne figuraient pas
            """,
            "ru": """
                magnitude: миллиона > миллиарда
                currency: долларов > евро
                country: Казахстане > Киргизии
                negation: было > не было
            """,
        },
    ),
    Truth(
        name="announced",
        article="adviser",
        quotes=("Die Nationale Investitionsagentur (NIA)", "Bekannt gemacht hat die Vereinbarung"),
        said={
            "de": "Präsident Sadyr Zhaparov gab am 3. April die Absichtserklärung Kirgisistans "
            "mit Changpeng Zhao bekannt.",
            "en": "President Sadyr Zhaparov announced Kyrgyzstan's agreement with Changpeng "
            "Zhao on 3 April.",
            "fr": "Le président Sadyr Zhaparov a annoncé le 3 avril l'accord du Kirghizistan "
            "avec Changpeng Zhao.",
            "ru": "Президент Садыр Жапаров объявил 3 апреля о соглашении Киргизии с Чанпэном Чжао.",
        },
        turns={
            "": """
                date: 3 > 4
                date: 3 > 13
                name: Sadyr Zhaparov > Kassym-Jomart Tokayev
                name: Sadyr > Askar
                name: Changpeng Zhao > Richard Teng
            """,
            "en": """
                date: April > May
                country: Kyrgyzstan > Kazakhstan
                title: President > Prime Minister
                roles: Sadyr Zhaparov <> Changpeng Zhao
                negation: announced > did not announce
                antonym: announced > denied
            """,
            "de": """
                date: April > Mai
                country: Kirgisistans > Kasachstans
                title: Präsident > Ministerpräsident
                negation: bekannt > nicht bekannt
            """,
            "fr": """
                date: avril > mai
                country: Kirghizistan > Kazakhstan
                title: Le président > Le premier ministre
                negation: a annoncé > n'a pas annoncé
                antonym: a annoncé > a démenti
            """,
            "ru": """
                date: апреля > мая
                country: Киргизии > Казахстана
                name: Садыр Жапаров > Касым-Жомарт Токаев
                title: Президент > Премьер-министр
                negation: объявил > не объявил
            """,
        },
    ),
    Truth(
        name="programme",
        article="training",
        quotes=("Binance, die größte Handelsplattform", "Zwar fiel der offizielle Startschuss"),
        said={
            "de": "Das Trainingsprogramm von Binance begann offiziell am 26. September.",
            "en": "The training programme of Binance officially started on 26 September.",
            "fr": "Le programme de formation de Binance a officiellement débuté le 26 septembre.",
            "ru": "Учебная программа Binance официально началась 26 сентября.",
        },
        turns={
            "": """
                date: 26 > 27
                date: 26 > 16
                date: 26 > 62
                name: Binance > Coinbase
            """,
            "en": """
                date: September > October
                antonym: started > ended
                negation: officially started > did not officially start
                bound: on 26 > before 26
                addition: $ > in Astana.
            """,
            "de": """
                date: September > Oktober
                antonym: begann > endete
                negation: begann offiziell > begann offiziell nicht
                bound: am 26. > vor dem 26.
                addition: $ > in Astana.
            """,
            "fr": """
                date: septembre > octobre
                antonym: officiellement débuté > officiellement pris fin
                negation: a officiellement > n'a pas officiellement
                bound: le 26 > avant le 26
            """,
            "ru": """
                date: сентября > октября
                antonym: началась > закончилась
                negation: официально началась > официально не началась
                bound: 26 > до 26
            """,
        },
    ),
    Truth(
        name="licence",
        article="training",
        quotes=("Ein beliebiger Partner ist", "Seit Anfang August besitzt"),
        said={
            "de": "Seit Anfang August hat Binance eine vorläufige Zulassung in Kasachstan.",
            "en": "Since the beginning of August Binance has had a provisional licence in "
            "Kazakhstan.",
            "fr": "Depuis début août, Binance a une autorisation provisoire au Kazakhstan.",
            "ru": "С начала августа у Binance есть предварительная лицензия в Казахстане.",
        },
        turns={
            "": """
                name: Binance > Coinbase
            """,
            "en": """
                date: August > July
                date: the beginning of August > 1 August 2021
                country: Kazakhstan > Kyrgyzstan
                antonym: provisional > permanent
                antonym: has had > has lost
                negation: has had > has not had
                negation: has had a provisional licence > has had no licence
            """,
            "de": """
                date: August > Juli
                country: Kasachstan > Kirgisistan
                antonym: vorläufige > dauerhafte
                negation: eine vorläufige > keine vorläufige
            """,
            "fr": """
                date: août > juillet
                country: Kazakhstan > Kirghizistan
                antonym: provisoire > définitive
                negation: a une autorisation > n'a pas d'autorisation
            """,
            "ru": """
                date: августа > июля
                country: Казахстане > Киргизии
                antonym: предварительная > постоянная
                negation: есть предварительная лицензия > нет предварительной лицензии
            """,
        },
    ),
    Truth(
        name="approvals",
        article="training",
        quotes=("Einige dieser Märkte stehen",),
        said={
            "de": "Binance hat Genehmigungen aus Frankreich, Italien und Spanien.",
            "en": "Binance has approvals from France, Italy and Spain.",
            "fr": "Binance a des autorisations de la France, de l'Italie et de l'Espagne.",
            "ru": "У Binance есть разрешения из Франции, Италии и Испании.",
        },
        turns={
            "": """
                name: Binance > Kraken
            """,
            "en": """
                country: Spain > Portugal
                country: France > Germany
                country: Italy and Spain > Italy, Spain and Norway
                number: France, Italy and Spain > 17 countries
                negation: has approvals > has no approvals
                negation: has approvals > does not have approvals
                antonym: has approvals from > has been banned by
            """,
            "de": """
                country: Spanien > Portugal
                country: Frankreich > Deutschland
                negation: hat Genehmigungen > hat keine Genehmigungen
                antonym: hat Genehmigungen aus > hat Verbote aus
            """,
            "fr": """
                country: l'Espagne > l'Autriche
                country: la France > la Norvège
                negation: a des autorisations > n'a pas d'autorisations
                negation: a des autorisations > n'a aucune autorisation
            """,
            "ru": """
                country: Испании > Португалии
                country: Франции > Германии
                negation: есть разрешения > нет разрешений
            """,
        },
    ),
    Truth(
        name="talks",
        article="ministry",
        quotes=("Le PDG de Binance n'est pas venu", "Il s'est entretenu avec le président"),
        said={
            "de": "Der Chef von Binance sprach mit Präsident Kassym-Jomart Tokayev und mit "
            "Minister Bagdat Musin.",
            "en": "The head of Binance talked with President Kassym-Jomart Tokayev and with "
            "minister Bagdat Musin.",
            "fr": "Le PDG de Binance a parlé avec le président Kassym-Jomart Tokayev et avec le "
            "ministre Bagdat Musin.",
            "ru": "Глава Binance беседовал с президентом Касым-Жомартом Токаевым и с министром "
            "Багдатом Мусиным.",
        },
        turns={
            "": """
                name: Kassym-Jomart Tokayev > Nursultan Nazarbayev
                name: Bagdat > Timur
                name: Musin > Mukhin
                name: Binance > Coinbase
            """,
            "en": """
                title: Kassym-Jomart Tokayev <> Bagdat Musin
                title: minister > general
                negation: talked > did not talk
                negation: talked > refused to talk
            """,
            "de": """
                title: Kassym-Jomart Tokayev <> Bagdat Musin
                negation: sprach > sprach weder mit Putin noch
            """,
            "fr": """
                title: Kassym-Jomart Tokayev <> Bagdat Musin
                negation: a parlé > n'a pas parlé
            """,
            "ru": """
                name: Касым-Жомартом Токаевым > Нурсултаном Назарбаевым
                title: Касым-Жомартом Токаевым <> Багдатом Мусиным
                negation: беседовал > не беседовал
            """,
        },
    ),
    Truth(
        name="monitor",
        article="reserves",
        quotes=("Binance may want at least one", "According to the Wall Street Journal"),
        said={
            "de": "Laut Wall Street Journal sprach Binance mit dem US-Finanzministerium über "
            "die mögliche Abberufung eines Aufsehers.",
            "en": "According to the Wall Street Journal, Binance has spoken with the U.S. "
            "Treasury about possibly removing a monitor.",
            "fr": "Selon le Wall Street Journal, Binance a parlé avec le Trésor américain d'un "
            "éventuel retrait d'un contrôleur.",
            "ru": "По данным Wall Street Journal, Binance обсуждала с Минфином США возможное "
            "устранение наблюдателя.",
        },
        turns={
            "": """
                name: Wall Street Journal > Financial Times
                name: Binance > Coinbase
            """,
            "en": """
                country: U.S. > Kazakh
                negation: has spoken > has not spoken
                antonym: removing > appointing
                certainty: about possibly removing > and so removed
                number: a monitor > all 3 monitors
            """,
            "de": """
                country: US-Finanzministerium > kasachischen Finanzministerium
                negation: sprach Binance > sprach Binance nicht
                antonym: mögliche Abberufung > mögliche Ernennung
                certainty: mögliche Abberufung > beschlossene Abberufung
            """,
            "fr": """
                country: américain > kazakh
                negation: a parlé > n'a pas parlé
                antonym: éventuel retrait > éventuel renfort
            """,
            "ru": """
                country: США > Казахстана
                negation: обсуждала > не обсуждала
                antonym: устранение > назначение
            """,
        },
    ),
    Truth(
        name="teng",
        article="reserves",
        quotes=("States that want to put bitcoin", "The exchange is talking to several"),
        said={
            "de": "Richard Teng, der Chef von Binance, sagte der Financial Times, die Börse "
            "spreche mit mehreren Ländern über Bitcoin-Reserven.",
            "en": "Richard Teng, the CEO of Binance, told the Financial Times that the exchange "
            "is talking to several countries about bitcoin reserves.",
            "fr": "Richard Teng, le PDG de Binance, a dit au Financial Times que la plateforme "
            "discute avec plusieurs pays de réserves de bitcoins.",
            "ru": "Ричард Тенг, глава Binance, сказал Financial Times, что биржа ведёт "
            "переговоры с несколькими странами о резервах в биткоинах.",
        },
        turns={
            "": """
                name: Richard Teng > Changpeng Zhao
                name: Richard > Robert
                name: Teng > Tang
                name: Financial Times > Wall Street Journal
                name: Binance > Coinbase
            """,
            "en": """
                title: CEO > founder
                number: several > 12
                negation: is talking > is not talking
                roles: Richard Teng, the CEO of Binance, <> the Financial Times
                addition: $ > , among them Japan.
                addition: $ > and expects results by 2026.
            """,
            "de": """
                title: der Chef von > der Gründer von
                number: mehreren > 12
                negation: die Börse spreche > die Börse spreche nicht
                addition: $ > , darunter Japan.
            """,
            "fr": """
                title: le PDG > le fondateur
                number: plusieurs > 12
                negation: discute > ne discute pas
                addition: $ > , dont le Japon.
            """,
            "ru": """
                name: Ричард Тенг > Чанпэн Чжао
                title: глава > основатель
                negation: ведёт > не ведёт
                addition: $ > , в том числе с Японией.
            """,
        },
    ),
    Truth(
        name="moved",
        article="ministry",
        quotes=(
            "Pour bâtir son marché",
            "Dans l'économie du bitcoin",
            "Deux entreprises de Chine",
        ),
        said={
            "de": "Canaan und BTC.com, zwei chinesische Firmen, verlegten ihr Mining nach "
            "Kasachstan.",
            "en": "Canaan and BTC.com, two companies from China, moved their mining to Kazakhstan.",
            "fr": "Canaan et BTC.com, deux entreprises chinoises, ont déménagé leur minage au "
            "Kazakhstan.",
            "ru": "Canaan и BTC.com, две компании из Китая, перенесли свой майнинг в Казахстан.",
        },
        turns={
            "": """
                name: Canaan > Bitmain
                name: BTC.com > F2Pool
            """,
            "en": """
                number: two > three
                country: China > Russia
                country: to Kazakhstan > to Kyrgyzstan
                negation: moved > did not move
                negation: moved > never moved
            """,
            "de": """
                number: zwei > drei
                country: chinesische > russische
                country: Kasachstan > Kirgisistan
                negation: nach Kasachstan > nicht nach Kasachstan
            """,
            "fr": """
                number: deux > trois
                country: chinoises > russes
                negation: ont déménagé > n'ont pas déménagé
            """,
            "ru": """
                number: две > три
                country: Китая > России
                country: Казахстан > Узбекистан
                negation: перенесли > не перенесли
            """,
        },
    ),
    Truth(
        name="age",
        article="adviser",
        quotes=("Die Nationale Investitionsagentur (NIA)", "Seither widmet sich der 48-jährige"),
        said={
            "de": "Der 48-jährige Changpeng Zhao widmet sich heute vor allem der Beratung.",
            "en": "Changpeng Zhao, who is 48 years old, is now mainly concerned with advising.",
            "fr": "Changpeng Zhao, âgé de 48 ans, se consacre désormais surtout au conseil.",
            "ru": "48-летний Чанпэн Чжао теперь занимается прежде всего консультированием.",
        },
        turns={
            "": """
                number: 48 > 47
                number: 48 > 84
                name: Changpeng Zhao > Sadyr Zhaparov
            """,
            "en": """
                unit: years > months
                negation: is now > is not
            """,
            "de": """
                unit: 48-jährige > 48 Monate alte
                negation: widmet sich heute > widmet sich heute nicht
            """,
            "fr": """
                unit: 48 ans > 48 mois
                negation: se consacre désormais > ne se consacre pas
            """,
            "ru": """
                name: Чанпэн Чжао > Ричард Тенг
                negation: занимается > не занимается
            """,
        },
    ),
)
