"""Rows of which something wrong is shown, by the reason why the checks do not see it.

One name to a line. The list only gets shorter: a row that is seen by now is taken off it, and a
new one is a fault. `python -m tests.adversary --prune` takes off what is seen.
"""

from collections.abc import Mapping

_KNOWN: Mapping[str, str] = {
    "What a negation denies is in no word that both sides share, or beside another's denial.": """
        closed negation: niemals 36 Kryptobörsen de
        licence negation: has had no licence en
        moved negation: did not move en
        moved negation: never moved en
        talks negation: n'a pas parlé fr
        moved negation: не перенесли ru
    """,
    "That words exclude each other is known of few, in few of their forms, and side by side.": """
        signed antonym: kündigten de
        penalties antonym: erhielt de
        seized antonym: zurückgegeben de
        programme antonym: endete de
        sentenced antonym: was acquitted en
        signed antonym: cancelled en
        penalties antonym: received en
        announced antonym: denied en
        programme antonym: ended en
        licence antonym: has lost en
        sentenced antonym: a été acquitté fr
        penalties antonym: a reçu fr
        announced antonym: a démenti fr
        programme antonym: officiellement pris fin fr
        licence antonym: définitive fr
        monitor antonym: éventuel renfort fr
        sentenced antonym: был оправдан ru
        signed antonym: расторгли ru
        penalties antonym: получила ru
        programme antonym: закончилась ru
    """,
    "What is added to a true beginning is a single word that is known, or one of it is met.": """
        closed addition: , was die Weltbank lobte. de
        sentenced addition: , aus dem er entkam. de
        penalties addition: , und die Lizenz wurde entzogen. de
        sentenced addition: , from which he escaped. en
        sentenced addition: , d'où il s'est évadé. fr
        sentenced addition: , откуда сбежал. ru
    """,
    "Who does what is told from a name right before a verb that both sides share.": """
        penalties roles: zahlten die USA an Binance de
        miners roles: Kasachstan de
        miners roles: le Kazakhstan fr
        miners roles: Казахстан ru
    """,
    "What is open is told by few words right before the deed; how long it lasts, by none.": """
        miners certainty: dauerhaft de
        monitor certainty: beschlossene Abberufung de
        certainty 0 de
        miners certainty: for good en
        monitor certainty: and so removed en
        miners certainty: pour toujours fr
        certainty 0 fr
        miners certainty: навсегда ru
        certainty 0 ru
    """,
    "Too few small words tell the language of a sentence of names and numbers.": """
        seized in en for de
    """,
    "Quotes are taken together: a country, a name or a pronoun of one may go with any other.": """
        mixed 0 de
        mixed 3 de
        mixed 4 de
        mixed 5 de
        mixed 6 de
        mixed 7 de
        mixed 4 en
        mixed 5 en
        mixed 6 en
        mixed 7 en
        mixed 0 fr
        mixed 4 fr
        mixed 5 fr
        mixed 6 fr
        mixed 7 fr
        mixed 0 ru
        mixed 3 ru
        mixed 4 ru
        mixed 5 ru
        mixed 6 ru
        mixed 7 ru
    """,
}

UNSEEN: Mapping[str, frozenset[str]] = {
    why: frozenset(filter(None, map(str.strip, lines.splitlines())))
    for why, lines in _KNOWN.items()
}
"""The names of the rows by reason."""

NAMES = frozenset(name for names in UNSEEN.values() for name in names)
