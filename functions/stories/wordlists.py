"""The words that quality looks for, by language and audience. Data; written in small letters.

A banned entry that ends in `*` stands for every word that begins so. Words with an innocent meaning
of their own in that language are left out: a story about a heroine is no story about heroin.
"""

from __future__ import annotations

from collections.abc import Mapping

from functions.stories.request import Audience, Language

_SLURS: Mapping[Language, str] = {
    "en": "nigger* nigga* faggot* kike kikes wetback* retard retards retarded tranny trannies",
    "fr": "nègre nègres négro négros bougnoule* bicot bicots youpin* pédé pédés tarlouze*",
}
_COARSE: Mapping[Language, str] = {
    "en": "fuck* motherfuck* shit* bullshit* cunt* bitch* asshole* bastard* slut* whore* porn* "
    "pornograph* wank* cock cocks dildo* blowjob* handjob* rape raped rapes raping rapist* orgasm*",
    "fr": "merde* putain* pute putes salope* salaud* connard* connasse* con cons conne connes "
    "encul* niqu* chier foutre bordel* branle branler branlette* porn* pornograph* "
    "viol viols violer violée violées violeur* orgasm* couille* nichon*",
}
_GROWN_UP: Mapping[Language, str] = {
    "en": "sex sexy sexual* erotic* damn damned goddamn* crap piss pissed suicide* suicidal "
    "cocaine heroin meth marijuana cannabis vodka whisky whiskey cigarette* murder* corpse* "
    "behead* decapitat* dismember* gore gory torture* massacre* execution* genital* penis* vagina*",
    "fr": "sexe sexes sexy sexuel* érotique* suicid* cocaïne cannabis marijuana drogué* "
    "vodka whisky cigarette* meurtre* meurtri* assassin* cadavre* égorg* décapit* démembr* tortur* "
    "massacr* pénis vagin* génita*",
}
BANNED: Mapping[Audience, tuple[Mapping[Language, str], ...]] = {
    "adult": (_SLURS,),
    "teen": (_SLURS, _COARSE),
    "child": (_SLURS, _COARSE, _GROWN_UP),
}


def _each(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP_WORDS: Mapping[Language, frozenset[str]] = {
    "en": _each(
        "the and of to were he she it they his her their with that had for at not you is are be "
        "been this from there what said him them would could when who which my we into then out "
        "up down by have has your its where just before after over like now one if did how"
    ),
    "fr": _each(
        "les des et est dans une du elle ils elles pas pour qui sur avec au aux ce cette ces mais "
        "où dit était étaient avait avaient ses leur leurs nous vous je ne plus tout tous sa lui "
        "sans bien très puis alors être aussi même encore fut chaque comme sous vers jusqu l qu j n"
    ),
}
"""Frequent words of one language that the other lacks, or hardly uses. What they share with their
neighbours (la, de, que, un, il, le; in, was, so) is left out, so that Spanish or Italian is not
taken for French, nor German for English."""

PLACEHOLDERS = frozenset(
    {
        "a story",
        "conte",
        "histoire",
        "l'histoire",
        "sans titre",
        "story",
        "the story",
        "title",
        "titre",
        "un conte",
        "une histoire",
        "untitled",
    }
)
"""What stands where a title should, when a model had none."""

_CANNOT = r"(?:can't|cannot|can not|could not|couldn't|won't|will not|am unable|am not able)"
_MAKE = (
    r"(?:help|assist|write|create|generate|fulfil|fulfill|provide|comply|continue|produce|engage|"
    r"support|do that|do this|tell this|tell that|share|craft|compose)"
)
_ECRIRE = (
    r"(?:écrire|créer|générer|aider|produire|répondre|continuer|rédiger|raconter cette|fournir|"
    r"satisfaire|inventer|composer)"
)
REFUSALS = (
    rf"i {_CANNOT}(?: to)? {_MAKE}\b",
    r"i am (?:\w+ )?sorry,? but (?:i|as an|this|that request|your)\b",
    rf"(?:i am (?:\w+ )?)?sorry,? (?:but )?i {_CANNOT}\b",
    r"as an? (?:ai|artificial intelligence|large language model|language model|assistant)\b",
    rf"unfortunately,? i {_CANNOT}\b",
    r"i (?:must|have to) (?:respectfully |politely )?(?:decline|refuse)\b",
    r"i apologi[sz]e,? but i\b",
    r"(?:this|your) request (?:can't|cannot|violates|goes against|is not|isn't)\b",
    r"(?:je suis )?(?:\w+ )?désolée?s?,? (?:mais )?"
    r"(?:je ne (?:peux|pourrai|suis|saurais)|en tant qu|cette demande|votre demande|il m'est)",
    rf"je ne (?:peux|pourrai|saurais) (?:pas )?(?:vous )?{_ECRIRE}\b",
    r"je ne suis pas (?:en mesure|capable|autorisée?) d",
    r"en tant (?:qu'|que )(?:ia|assistante?|intelligence artificielle|modèle)\b",
    r"malheureusement,? je ne (?:peux|pourrai|suis|saurais)\b",
    r"je (?:dois|me dois de|suis dans l'obligation de) (?:décliner|refuser)\b",
    r"(?:cette|votre) demande (?:ne peut|va à l'encontre|enfreint|n'est pas)\b",
    rf"il m'est impossible (?:d'|de ){_ECRIRE}\b",
    r"je m'excuse,? mais je\b",
)
"""How a refusal begins, as regular expressions over small letters, straight apostrophes and `i am`
for `i'm`. A first person who tells of what they could not do is no refusal: the verb decides."""
