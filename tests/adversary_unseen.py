"""Rows of which something wrong is shown, by the reason why the checks do not see it.

One name to a line. The list only gets shorter: a row that is seen by now is taken off it, and a
new one is a fault. `python -m tests.adversary --prune` takes off what is seen.
"""

from collections.abc import Mapping

_KNOWN: Mapping[str, str] = {
    "A negation is told from words near it, which have to be the quote's, too.": """
        closed negation: niemals 36 Kryptobörsen de
        sentenced negation: nicht verurteilt de
        sentenced negation: bei Binance nicht zurück de
        signed negation: keine Absichtserklärung de
        penalties negation: Binance niemals mehr als de
        hashrate negation: nicht einmal de
        miners negation: nie wurde de
        seized negation: nicht beschlagnahmt de
        announced negation: nicht bekannt de
        programme negation: begann offiziell nicht de
        licence negation: keine vorläufige de
        approvals negation: hat keine Genehmigungen de
        talks negation: sprach weder mit Putin noch de
        teng negation: die Börse spreche nicht de
        moved negation: nicht nach Kasachstan de
        age negation: widmet sich heute nicht de
        closed negation: did not close en
        closed negation: never closed en
        sentenced negation: was not sentenced en
        sentenced negation: did not step down en
        signed negation: refused to sign en
        hashrate negation: does not supply even en
        seized negation: did not include en
        announced negation: did not announce en
        programme negation: did not officially start en
        licence negation: has not had en
        licence negation: has had no licence en
        approvals negation: has no approvals en
        approvals negation: does not have approvals en
        talks negation: did not talk en
        talks negation: refused to talk en
        monitor negation: has not spoken en
        moved negation: did not move en
        moved negation: never moved en
        age negation: is not en
        closed negation: n'ont pas fermé fr
        closed negation: n'ont jamais fermé fr
        sentenced negation: n'a pas été condamné fr
        sentenced negation: n'a pas quitté fr
        penalties negation: n'a pas payé fr
        miners negation: n'est jamais devenu fr
        seized negation: ne figuraient pas fr
        announced negation: n'a pas annoncé fr
        programme negation: n'a pas officiellement fr
        licence negation: n'a pas d'autorisation fr
        approvals negation: n'a pas d'autorisations fr
        approvals negation: n'a aucune autorisation fr
        talks negation: n'a pas parlé fr
        teng negation: ne discute pas fr
        moved negation: n'ont pas déménagé fr
        age negation: ne se consacre pas fr
        closed negation: не закрыли ru
        closed negation: никогда не закрывали ru
        sentenced negation: не был приговорён ru
        sentenced negation: не ушёл ru
        hashrate negation: не обеспечивает и ru
        miners negation: не стал вторым ru
        seized negation: не было ru
        announced negation: не объявил ru
        programme negation: официально не началась ru
        licence negation: нет предварительной лицензии ru
        approvals negation: нет разрешений ru
        talks negation: не беседовал ru
        monitor negation: не обсуждала ru
        teng negation: не ведёт ru
        moved negation: не перенесли ru
        age negation: не занимается ru
    """,
    "That words exclude each other is known of few, and only side by side.": """
        closed antonym: eröffneten de
        sentenced antonym: freigesprochen de
        signed antonym: kündigten de
        penalties antonym: erhielt de
        seized antonym: zurückgegeben de
        programme antonym: endete de
        licence antonym: dauerhafte de
        monitor antonym: mögliche Ernennung de
        closed antonym: opened en
        sentenced antonym: was acquitted en
        signed antonym: cancelled en
        penalties antonym: received en
        seized antonym: returned en
        announced antonym: denied en
        programme antonym: ended en
        licence antonym: permanent en
        licence antonym: has lost en
        monitor antonym: appointing en
        closed antonym: ont ouvert fr
        sentenced antonym: a été acquitté fr
        signed antonym: ont annulé fr
        penalties antonym: a reçu fr
        announced antonym: a démenti fr
        programme antonym: officiellement pris fin fr
        licence antonym: définitive fr
        monitor antonym: éventuel renfort fr
        closed antonym: открыли ru
        sentenced antonym: был оправдан ru
        signed antonym: расторгли ru
        penalties antonym: получила ru
        programme antonym: закончилась ru
        licence antonym: постоянная ru
        monitor antonym: назначение ru
    """,
    "What is added to a true beginning is too small a part of the claim.": """
        closed addition: , was die Weltbank lobte. de
        sentenced addition: , aus dem er entkam. de
        penalties addition: , und die Lizenz wurde entzogen. de
        closed addition: . Deposits are therefore safe. en
        sentenced addition: , from which he escaped. en
        penalties addition: , and its licence was revoked. en
        penalties addition: , so customers get their money back. en
        closed addition: , ce que la Banque mondiale a salué. fr
        sentenced addition: , d'où il s'est évadé. fr
        penalties addition: , et sa licence a été retirée. fr
        closed addition: , что похвалил Всемирный банк. ru
        sentenced addition: , откуда сбежал. ru
        penalties addition: , и её лицензия была отозвана. ru
    """,
    "A name begins its sentence, stands alone, is spelt nearly alike, or another's.": """
        sentenced name: Coinbase de
        signed name: Coinbase de
        signed name: Kraken de
        penalties name: Coinbase de
        hashrate name: Ethereum-Netzes de
        programme name: Coinbase de
        licence name: Coinbase de
        talks name: Timur de
        talks name: Coinbase de
        monitor name: Coinbase de
        teng name: Tang de
        teng name: Coinbase de
        signed name: Coinbase en
        signed name: Kraken en
        miners name: ether en
        programme name: Coinbase en
        talks name: Timur en
        talks name: Mukhin en
        teng name: Tang en
        signed name: Coinbase fr
        signed name: Kraken fr
        talks name: Timur fr
        teng name: Tang fr
        teng name: Чанпэн Чжао ru
        moved name: Bitmain ru
    """,
    "Quotes are taken together: what one of many says of something else counts.": """
        signed under all keys de
        licence under all keys de
        monitor under all keys de
        teng under all keys de
        signed under all keys en
        monitor under all keys en
        teng under all keys en
        signed under all keys fr
        monitor under all keys fr
        teng under all keys fr
        monitor under all keys ru
        teng under all keys ru
        moved under all keys ru
    """,
    "Who does what to whom is told from two names and one verb between them.": """
        penalties roles: zahlten die USA an Binance de
        miners roles: Kasachstan de
        penalties roles: the United States paid Binance en
        miners roles: Kazakhstan en
        announced roles: Changpeng Zhao en
        teng roles: the Financial Times en
        penalties roles: les États-Unis ont payé à Binance fr
        miners roles: le Kazakhstan fr
        miners roles: Казахстан ru
    """,
    "A bound is held against an opposite bound only, and here there is none.": """
        hashrate bound: mehr als de
        programme bound: vor dem 26. de
        hashrate bound: more than en
        programme bound: before 26 en
        programme bound: avant le 26 fr
        hashrate bound: более ru
        programme bound: до 26 ru
    """,
    "A superlative without a number (`largest`) is no fact.": """
        miners number: größten de
        miners number: largest en
    """,
    "Whether something is planned, wanted or done is in no fact.": """
        miners certainty: dauerhaft de
        monitor certainty: beschlossene Abberufung de
        certainty 0 de
        certainty 1 de
        certainty 2 de
        certainty 3 de
        certainty 4 de
        miners certainty: for good en
        monitor certainty: and so removed en
        certainty 0 en
        certainty 1 en
        certainty 2 en
        certainty 3 en
        certainty 4 en
        miners certainty: pour toujours fr
        certainty 0 fr
        certainty 1 fr
        certainty 2 fr
        certainty 3 fr
        certainty 4 fr
        miners certainty: навсегда ru
        certainty 0 ru
        certainty 1 ru
        certainty 2 ru
        certainty 3 ru
        certainty 4 ru
    """,
    "What somebody is called by office is no part of a name.": """
        announced title: Ministerpräsident de
        talks title: Bagdat Musin de
        teng title: der Gründer von de
        sentenced title: President Changpeng Zhao en
        announced title: Prime Minister en
        talks title: Bagdat Musin en
        talks title: general en
        teng title: founder en
        announced title: Le premier ministre fr
        talks title: Bagdat Musin fr
        teng title: le fondateur fr
        announced title: Премьер-министр ru
        talks title: Багдатом Мусиным ru
        teng title: основатель ru
    """,
    "Mended under many keys: another sentence of the article names the country.": """
        approvals country: Deutschland de
        approvals country: Germany en
        approvals country: la Norvège fr
        approvals country: Германии ru
    """,
    "Too few small words tell the language of a sentence of names and numbers.": """
        seized in en for de
    """,
    "Quotes are taken together, and so is all that one of them says.": """
        mixed 0 de
        mixed 1 de
        mixed 2 de
        mixed 3 de
        mixed 4 de
        mixed 5 de
        mixed 6 de
        mixed 7 de
        mixed 0 en
        mixed 1 en
        mixed 2 en
        mixed 3 en
        mixed 4 en
        mixed 5 en
        mixed 6 en
        mixed 7 en
        mixed 0 fr
        mixed 1 fr
        mixed 2 fr
        mixed 3 fr
        mixed 4 fr
        mixed 5 fr
        mixed 6 fr
        mixed 7 fr
        mixed 0 ru
        mixed 1 ru
        mixed 2 ru
        mixed 3 ru
        mixed 4 ru
        mixed 5 ru
        mixed 6 ru
        mixed 7 ru
    """,
    "Over languages one word in common is enough where few are known.": """
        “Die Artikel sagen dazu nichts.” de
    """,
    "The beginning and the end of a year are no dates.": """
        sentenced date: в начале ru
    """,
}

UNSEEN: Mapping[str, frozenset[str]] = {
    why: frozenset(filter(None, map(str.strip, lines.splitlines())))
    for why, lines in _KNOWN.items()
}
"""The names of the rows by reason."""

NAMES = frozenset(name for names in UNSEEN.values() for name in names)
