"""A verdict in French, from its rule, its figures and the plan. Pure.

The judge speaks English, in `Verdict.sentence`. What is said here is said from the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.rollouts import checking, harm
from functions.rollouts.criterion import Criterion
from functions.rollouts.french_figures import Figures, counted, named
from functions.rollouts.french_figures import duration as duration
from functions.rollouts.french_figures import number as number
from functions.rollouts.french_figures import percent as percent
from functions.rollouts.french_figures import whole as whole
from functions.rollouts.french_harm import alert, failed, paused
from functions.rollouts.plan import Criteria, Plan
from functions.rollouts.traffic import gate
from functions.rollouts.traffic.words import in_french
from functions.rollouts.verdict import Kind, Verdict

ERROR = "error"
ELAPSED = "elapsed"
"""The figure that tells what a stage still needs (criteria.py) from what a rule says by itself."""

WAITS = (Kind.NO_DATA, Kind.INCONCLUSIVE)

SHARED = (
    "Suspendu : l'ancienne version souffre aussi, revenir en arrière n'aiderait donc pas. "
    "Quelqu'un devrait regarder."
)
UNSURE = (
    "Suspendu : trop peu de requêtes sont allées à l'ancienne version entre-temps pour dire si "
    "elle souffre aussi. Quelqu'un devrait regarder."
)
SHARED_TROUBLE = {harm.SHARED: SHARED, harm.UNSURE: UNSURE}


def sentence(verdict: Verdict, plan: Plan) -> str:
    """What is known, for people who read French; in English where figures are missing: no decision
    may fail for want of words."""
    try:
        return said(verdict, plan)
    except (KeyError, ZeroDivisionError):
        return verdict.sentence


def said(verdict: Verdict, plan: Plan) -> str:
    """Raises KeyError, ZeroDivisionError when the figures are not those of the rule."""
    figures, rule = verdict.figures, verdict.rule
    if verdict.sentence in SHARED_TROUBLE:
        return SHARED_TROUBLE[verdict.sentence]
    if rule == gate.RULE:
        return in_french(verdict.sentence) or verdict.sentence
    if rule == ERROR:
        return _unjudged(verdict)
    if rule in WAITING and (ELAPSED in figures or verdict.kind in WAITS):
        return _waiting(verdict, plan)
    if verdict.kind is Kind.FAIL:
        return failed(rule, figures)
    if verdict.kind is Kind.PASS:
        failures = figures["failures"]
        many = failures >= 2  # in French two are the first plural
        return (
            f"Saine : {whole(failures)} requête{'s' if many else ''} sur "
            f"{counted(figures, 'requests')} à la nouvelle version {'ont' if many else 'a'} "
            f"échoué, {counted(figures, 'failures_control')} sur "
            f"{counted(figures, 'requests_control')} à l'ancienne."
        )
    return paused(verdict, figures)


def _waiting(verdict: Verdict, plan: Plan) -> str:
    waiting = WAITING[verdict.rule](verdict.figures, plan)
    if verdict.kind not in (Kind.PAUSE, Kind.FAIL):
        return f"En attente : {waiting}"
    begins = "Suspendu" if verdict.kind is Kind.PAUSE else "Annulé"
    return (
        f"{begins} : la nouvelle version n'a pas pu faire ses preuves dans le temps prévu. "
        f"{waiting[:1].upper()}{waiting[1:]}"
    )


def _unjudged(verdict: Verdict) -> str:
    begins = "Suspendu" if verdict.kind is Kind.PAUSE else "Impossible à juger"
    return (
        f"{begins} : la règle « {verdict.method} » n'a pas pu être évaluée, ce qui est une erreur "
        "de Palier. Les autres règles n'ont rien trouvé. Rien n'avance tant qu'elle n'est pas "
        "réparée ou que quelqu'un ne fait pas passer le déploiement à la suite."
    )


def _requests(figures: Figures, _plan: Plan) -> str:
    return (
        f"{counted(figures, 'requests')} des {counted(figures, 'needed_requests')} requêtes "
        "nécessaires à la nouvelle version jusqu'ici."
    )


def _criteria(figures: Figures, _plan: Plan) -> str:
    rate = figures["failures"] / figures["requests"]
    return (
        f"{percent(rate)} des requêtes à la nouvelle version ont échoué ; au plus "
        f"{percent(figures['needed_error_rate'])} sont admis avant qu'elle avance."
    )


def _samples(figures: Figures, plan: Plan) -> str:
    for each in _demanded(figures, plan).measures:
        count = figures.get(f"values_of_{each.name}", 0)
        if count < each.samples:
            return (
                f"{whole(count)} des {whole(each.samples)} valeurs de « {each.name} » nécessaires "
                "de la nouvelle version jusqu'ici."
            )
        needed = min(each.samples, checking.LEAST_COMPARED)
        theirs = figures.get(f"values_of_{each.name}_control", needed)
        if theirs < needed:
            return (
                f"{whole(theirs)} des {whole(needed)} valeurs de « {each.name} » de l'ancienne "
                "version qu'il faut pour comparer."
            )
    return "il manque encore des valeurs de la nouvelle version."


def _measures(figures: Figures, plan: Plan) -> str:
    for each in _demanded(figures, plan).measures:
        mean = figures.get(f"mean_of_{each.name}")
        if mean is not None and not each.holds(mean):
            return (
                f"la moyenne de « {each.name} » est de {number(mean)} avec la nouvelle version ; "
                f"il faut {_bounds(each)} avant qu'elle avance."
            )
    return "une moyenne de la nouvelle version est hors de ses bornes."


def _worse(figures: Figures, plan: Plan) -> str:
    for each in _demanded(figures, plan).measures:
        mean, theirs = (figures.get(f"mean_of_{each.name}{arm}") for arm in ("", "_control"))
        if mean is None or theirs is None or not each.behind(mean, theirs):
            continue
        return (
            f"la moyenne de « {each.name} » est de {number(mean)} avec la nouvelle version et de "
            f"{number(theirs)} avec l'ancienne ; elle peut être pire de "
            f"{percent(each.worse_by or 0.0)} "
            "au plus avant qu'elle avance."
        )
    return "une moyenne de la nouvelle version est pire que celle de l'ancienne."


def _checked(figures: Figures, _plan: Plan) -> str:
    name, _ = named(figures, checking.CHECK)
    return (
        f"« {name} » de la nouvelle version est hors de sa borne, mais l'ancienne ne fait "
        "peut-être pas mieux."
    )


def _demanded(figures: Figures, plan: Plan) -> Criteria:
    """Of the stage that the figures are of."""
    return plan.criteria_at(int(figures.get("stage", 0)))


def _budget(figures: Figures, plan: Plan) -> str:
    left, needed = figures.get("budget_left"), _demanded(figures, plan).budget or 0.0
    if left is None:
        return (
            "personne ne sait ce qui reste du budget d'erreur du service : il n'a pas d'objectif, "
            "ou rien n'a encore été compté."
        )
    share = f"il reste {percent(left)}" if left > 0 else "il ne reste rien"
    return (
        f"{share} du budget d'erreur du service ; il en faut au moins {percent(needed)} avant "
        "que la version avance."
    )


WAITING: Mapping[str, Callable[[Figures, Plan], str]] = {
    "no data": lambda _figures, _plan: (
        "personne n'a utilisé la nouvelle version depuis le dernier changement."
    ),
    "requests": _requests,
    "control": lambda figures, _plan: (
        f"{counted(figures, 'requests_control')} requêtes à l'ancienne version jusqu'ici, trop peu "
        "pour comparer."
    ),
    "time": lambda figures, _plan: (
        f"saine jusqu'ici, depuis {duration(figures['elapsed'])} ; il faut encore du temps."
    ),
    "criteria": _criteria,
    "samples": _samples,
    "measures": _measures,
    "worse": _worse,
    "check": _checked,
    "budget": _budget,
    "suspicion": lambda _figures, _plan: (
        "plus d'utilisateurs de la nouvelle version ont eu des erreurs que le hasard ne "
        "l'explique bien."
    ),
    "alarm": lambda figures, _plan: f"{alert(figures)}.",
}
"""The rules of what a stage still needs (criteria.py)."""


def _bounds(criterion: Criterion) -> str:
    told = [("au moins", criterion.at_least), ("au plus", criterion.at_most)]
    return " et ".join(f"{word} {number(bound)}" for word, bound in told if bound is not None)
