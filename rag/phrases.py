"""What page furniture says, language by language: the data of `rag.furniture`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What furniture says in one language, as regular expressions in small letters.

    Apostrophes are straight, white space is one space, final marks and Markdown are gone.
    """

    teaser_headings: tuple[str, ...]
    """Whole lines above a list of other articles' titles."""
    teaser_labels: tuple[str, ...]
    """Beginnings of lines that go on with another article's title."""
    tag_labels: tuple[str, ...]
    """Words in front of a colon and a list of categories or tags."""
    lines: tuple[str, ...]
    """Whole lines."""
    comment_headings: tuple[str, ...]
    """Whole lines above a comment form."""
    openings: tuple[str, ...]
    """Beginnings that no sentence of an article has; the rest of the line may be anything."""
    home: tuple[str, ...]
    """The first word of a breadcrumb trail."""


SERVICES = (
    r"(?:facebook|x|twitter|linkedin|telegram|whatsapp|reddit|instagram|youtube|e-?mail|google news"
    r"|mastodon|bluesky|vk|вк|вконтакте|pinterest|flipboard|rss)"
)
SERVICE_LIST = rf"{SERVICES}(?:(?:,| |/|\||&|and|und|et|и)+{SERVICES})*"

ENGLISH = Phrases(
    teaser_headings=(
        r"(?:articles|stories|posts) you (?:may|might)(?: also)? (?:like|enjoy)",
        r"you (?:may|might)(?: also)? (?:like|enjoy|be interested in)",
        r"(?:related|similar|recommended|recent|popular|trending|latest|more)"
        r" (?:articles|posts|stories|news|reading|content)(?: (?:for you|from us|to read))?",
        r"read (?:next|more|also)|also read|related|recommended(?: for you)?|trending(?: now)?",
        r"most (?:read|popular|viewed)|editor'?s'? picks?|don't miss|what to read next|see also",
    ),
    teaser_labels=(r"read (?:also|more|next)|also read|see also|related(?: article| story)?",),
    tag_labels=(
        r"tags?|categor(?:y|ies)|topics?|filed under|posted in|tagged(?: with)?|keywords?",
    ),
    lines=(
        r"(?:leave|post|write|add)(?: an?| your)? (?:reply|comment)s?|cancel reply|post comment",
        r"(?:no |\d+ )?comments?(?: \(\d+\))?|log ?in to (?:comment|leave a comment)|join"
        r" the discussion",
        r"(?:be the first to|show|hide|view|load)(?: all| more)? comments?|name \*"
        r"|e-?mail \*|website",
        r"share(?: (?:this|the))?(?: (?:article|post|story|page))?",
        rf"share(?: this)?(?: article| post| story)? (?:on|via|with|to) {SERVICE_LIST}",
        rf"(?:follow|join|find) us(?: (?:on|at) {SERVICE_LIST})?|tweet|print|copy link",
        r"(?:subscribe|sign up)(?: (?:now|today|here))?(?: (?:to|for)"
        r" (?:our|the|my)[^.]{0,40}newsletters?)?",
        r"newsletter|get the latest news in your inbox|accept(?: all)?(?: cookies)?"
        r"|cookie settings",
        r"all rights reserved|advertisements?|advertising|sponsored(?: content| post)?"
        r"|promoted|\[?ad\]?",
        r"(?:skip|jump) to (?:main )?content|back to (?:top|home)|(?:main )?menu|home|search",
        r"(?:previous|next|older|newer) (?:post|article|story|page|entry)s?|continue"
        r" reading|read more",
        r"about us|contact(?: us)?|privacy policy|terms (?:of (?:use|service)|and conditions)",
        r"view this post on instagram|image (?:credit|source)s?|\d+ min(?:ute)?s? read",
    ),
    comment_headings=(r"(?:leave|post|write|add)(?: an?| your)? (?:reply|comment)s?",),
    openings=(
        r"your e-?mail address will not be published|required fields are marked",
        r"save my name, e-?mail",
        r"(?:we|this (?:web)?site|our (?:web)?site) uses? cookies (?:to|on|in order|and"
        r" similar|for)",
        r"by (?:continuing to (?:use|browse) (?:this|our)|clicking [\"“'‘]?(?:accept|subscribe))",
        r"this site uses akismet",
    ),
    home=(r"home(?:page)?|start",),
)

GERMAN = Phrases(
    teaser_headings=(
        r"lesen sie (?:auch|mehr|weiter)|auch interessant|mehr zum thema|zum thema|lesetipps?",
        r"(?:weitere|ähnliche|verwandte|neueste|beliebte|empfohlene|aktuelle)"
        r" (?:artikel|beiträge|meldungen|nachrichten|themen)",
        r"das könnte (?:sie|dich|ihnen|euch)(?: auch)? (?:interessieren|gefallen)",
        r"meistgelesen|am meisten gelesen|empfehlungen der redaktion|siehe auch",
    ),
    teaser_labels=(
        r"lesen sie (?:auch|hier|mehr|dazu)|lies auch|auch interessant|mehr zum thema|siehe auch"
        r"|passend dazu|lesetipp",
    ),
    tag_labels=(r"schlagw[oö]rte?r?|stichw[oö]rte?r?|kategorien?|themen|rubrik|abgelegt unter",),
    lines=(
        r"(?:einen )?kommentar (?:hinterlassen|schreiben|verfassen|abschicken|absenden)",
        r"schreiben? sie einen kommentar|schreibe einen kommentar|antworten? abbrechen",
        r"(?:keine |\d+ )?kommentare?(?: \(\d+\))?|diskutieren sie mit|zur diskussion",
        r"(?:artikel |beitrag )?(?:teilen|drucken|merken)|link kopieren",
        rf"(?:(?:artikel|beitrag) )?(?:auf|per|über|bei) {SERVICE_LIST} teilen",
        rf"(?:folgen sie|folge|folgt) uns(?: (?:auf|bei) {SERVICE_LIST})?",
        r"(?:jetzt )?(?:unseren |den )?newsletter (?:abonnieren|bestellen)|(?:zum )?newsletter",
        r"alle (?:cookies )?akzeptieren|cookie-?einstellungen|alle rechte vorbehalten",
        r"anzeigen?|werbung|gesponsert|werbepartner|bezahlter inhalt",
        r"zum (?:haupt)?inhalt springen|nach oben|zurück zur startseite|startseite|menü|suche",
        r"(?:vorheriger|nächster|voriger) (?:artikel|beitrag)|weiterlesen|mehr lesen|mehr anzeigen",
        r"impressum|datenschutz(?:erklärung)?|kontakt|über uns|agb|\d+ min(?:uten)?\.? lesezeit",
    ),
    comment_headings=(
        r"(?:hinterlasse(?:n sie)?|schreibe(?:n sie)?)(?: einen?)? (?:kommentar|antwort)"
        r"|kommentar (?:hinterlassen|schreiben|verfassen)|antwort hinterlassen",
    ),
    openings=(
        r"(?:deine|ihre) e-?mail-?adresse wird nicht veröffentlicht",
        r"erforderliche felder sind (?:mit|markiert)",
        r"(?:wir|diese (?:web)?seite|unsere (?:web)?seite) (?:verwenden?|nutz(?:en|t)"
        r"|benutz(?:en|t))"
        r" cookies(?:,| und| auf| für| zur)",
        r"meinen namen, (?:meine )?e-?mail",
    ),
    home=(r"start(?:seite)?|home",),
)

FRENCH = Phrases(
    teaser_headings=(
        r"[àa] lire (?:aussi|également|ensuite)|lire (?:aussi|également|la suite)|voir aussi",
        r"(?:articles|sujets|contenus|actualités) (?:similaires|liés|connexes|recommandés"
        r"|associés|récents)",
        r"(?:cela|ces articles|ça) (?:pourrai(?:t|ent)|peu(?:t|vent))(?: aussi)? vous"
        r" (?:intéresser|plaire)",
        r"vous aimerez(?: peut-être)? aussi|sur le même (?:sujet|thème)|les plus lus|dans"
        r" la même rubrique",
    ),
    teaser_labels=(
        r"[àa] (?:lire|voir|découvrir) (?:aussi|également|ensuite)|lire (?:aussi"
        r"|également)|voir aussi"
        r"|sur le même sujet",
    ),
    tag_labels=(
        r"étiquettes?|mots[- ]clés?|catégories?|tags?|rubriques?|thèmes?|classé (?:sous|dans)",
    ),
    lines=(
        r"(?:laisser|écrire|ajouter|poster|publier) un commentaire|laisser une réponse",
        r"(?:publier|envoyer) (?:le|mon|votre) commentaire|annuler la réponse",
        r"(?:aucun |\d+ )?commentaires?(?: \(\d+\))?|réagir|connectez-vous pour commenter",
        rf"partag(?:er|ez)(?: (?:cet|l'|l)?\s?(?:article|page))?(?: (?:sur|par|via)"
        rf" {SERVICE_LIST})?",
        rf"suivez-nous(?: sur {SERVICE_LIST})?|imprimer|copier le lien",
        r"(?:abonnez-vous|inscrivez-vous|s'abonner|s'inscrire)(?: à (?:notre|la)"
        r" (?:newsletter|lettre"
        r"(?: d'information)?))?|newsletter",
        r"(?:tout )?accepter(?: (?:tous )?les cookies)?|gérer les cookies|tous droits réservés",
        r"publicité|contenu sponsorisé|sponsorisé",
        r"aller au contenu(?: principal)?|haut de page|retour (?:en haut|à l'accueil)"
        r"|accueil|menu|recherche",
        r"article (?:précédent|suivant)|lire la suite|en savoir plus",
        r"mentions légales|politique de confidentialité|contact(?:ez-nous)?|qui sommes-nous",
        r"temps de lecture ?:? ?\d+ min(?:utes)?|\d+ min(?:utes)? de lecture",
    ),
    comment_headings=(r"(?:laisser|poster|écrire|ajouter) un commentaire|laisser une réponse",),
    openings=(
        r"votre adresse (?:e-?mail|de messagerie|électronique) ne sera pas publiée",
        r"les champs obligatoires sont",
        r"(?:nous utilisons|ce site utilise|notre site utilise) des cookies",
        r"en poursuivant (?:votre navigation|la navigation)|enregistrer mon nom, mon e-?mail",
    ),
    home=(r"accueil",),
)

RUSSIAN = Phrases(
    teaser_headings=(
        r"чита(?:йте|ть) (?:также|дальше|далее|ещ[её])|смотрите также|по теме|материалы по теме",
        r"(?:похожие|другие|связанные|последние|популярные|рекомендуемые|свежие)"
        r" (?:статьи|новости|материалы|записи|публикации)",
        r"вам (?:может|могут)(?: также)? (?:понравиться|быть интересно)|вас (?:может"
        r"|могут) заинтересовать",
        r"самое (?:читаемое|популярное)|рекомендуем(?: почитать)?|ещ[её] по теме",
    ),
    teaser_labels=(
        r"чита(?:йте|ть) (?:также|ещ[её]|подробнее)|смотрите также|по теме|ранее по теме",
    ),
    tag_labels=(r"теги?|метки|рубрик[аи]|категори[яи]|темы|ключевые слова",),
    lines=(
        r"(?:оставить|добавить|написать|отправить|оставьте) (?:свой )?(?:комментарий|ответ|отзыв)",
        r"отменить ответ|комментари(?:и|ев|й)(?: \(\d+\))?|\d+ комментари(?:и|ев|й|я)|нет"
        r" комментариев",
        rf"поделиться(?: (?:в|на|через|с) (?:друзьями|соцсетях|{SERVICE_LIST}))?",
        rf"(?:подписывайтесь|подпишитесь|подписаться)(?: на (?:нас|наш(?:у|и)?|рассылку|наш канал)?"
        rf"(?: ?(?:рассылку|новости|канал))?(?: (?:в|на) {SERVICE_LIST})?)?",
        rf"(?:мы|читайте нас|следите за нами) (?:в|на) {SERVICE_LIST}|скопировать ссылку"
        rf"|распечатать",
        r"принять(?: все)?(?: (?:cookies?|куки))?|все права защищены",
        r"реклама|на правах рекламы|партн[её]рский материал|рекламный материал",
        r"перейти к (?:содержимому|содержанию|контенту)|наверх|на главную|главная|меню|поиск",
        r"(?:предыдущая|следующая) (?:статья|запись|новость)|читать далее|подробнее"
        r"|показать ещ[её]",
        r"политика конфиденциальности|контакты|о нас|о проекте|время чтения:? \d+"
        r" мин(?:ут[аы]?)?\.?",
    ),
    comment_headings=(r"(?:оставить|добавить|написать) (?:комментарий|ответ|отзыв)",),
    openings=(
        r"ваш (?:адрес email|e-?mail|адрес электронной почты) не будет опубликован",
        r"обязательные поля помечены",
        r"(?:мы используем|этот сайт использует|наш сайт использует|сайт использует)"
        r" (?:файлы )?(?:cookies?|куки)",
        r"продолжая (?:использовать|пользоваться) (?:наш|этим|этот|нашим)? ?сайт",
        r"сохранить мо[её] имя, e-?mail",
    ),
    home=(r"главная",),
)

PHRASES = {"de": GERMAN, "en": ENGLISH, "fr": FRENCH, "ru": RUSSIAN}
