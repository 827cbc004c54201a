"""A verdict in French, from its rule, its figures and the plan. Pure.

The judge speaks English, in `Verdict.sentence`. What is said here is said from the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.alerts.message import FRENCH
from functions.alerts.thresholds import BY_ID
from functions.alerts.words import name_of, value_of
from functions.rollouts import harm, sample_ratio
from functions.rollouts.alarmed import TELLING
from functions.rollouts.criterion import Criterion
from functions.rollouts.durations import DAY, HOUR
from functions.rollouts.plan import Plan
from functions.rollouts.traffic import gate
from functions.rollouts.traffic.words import in_french
from functions.rollouts.verdict import ALERT, CONTROL_ALERT, Kind, Verdict

Figures = Mapping[str, float]

SHARED = (
    "Suspendu : l'ancienne version souffre aussi, revenir en arrière n'aiderait donc pas. "
    "Quelqu'un devrait regarder."
)
MEASURED = {
    "error_rate": "des requêtes à la nouvelle version ont échoué, sans compter les répétitions "
    "d'un même utilisateur",
    "slow_rate": "des requêtes à la nouvelle version ont pris plus de 30 s",
    "memory": "de la mémoire était utilisée pendant que la nouvelle version tournait",
}


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
    if verdict.sentence == harm.SHARED:
        return SHARED
    if rule == gate.RULE:
        return in_french(verdict.sentence) or verdict.sentence
    if verdict.kind is Kind.FAIL:
        return _failed(rule, figures)
    if verdict.kind is Kind.PASS:
        return (
            f"Saine : {_whole(figures, 'failures')} requêtes sur {_whole(figures, 'requests')} à "
            f"la nouvelle version ont échoué, {_whole(figures, 'failures_control')} sur "
            f"{_whole(figures, 'requests_control')} à l'ancienne."
        )
    if rule == "upstream":
        return _upstream(figures)
    if rule == sample_ratio.RULE:
        return _ratio(verdict.kind, figures)
    if rule == "alarm" and verdict.kind is Kind.PAUSE and "elapsed" not in figures:
        return f"Suspendu : {_alert(figures)}.{_few(figures)}"
    waiting = WAITING[rule](figures, plan)
    if verdict.kind is Kind.PAUSE:
        return (
            "Suspendu : la nouvelle version n'a pas pu faire ses preuves dans le temps prévu. "
            f"{waiting[:1].upper()}{waiting[1:]}"
        )
    return f"En attente : {waiting}"


def _failed(rule: str, figures: Figures) -> str:
    if rule == "evidence":
        return (
            f"Annulé : {_whole(figures, 'failing_users')} utilisateurs ont eu des erreurs avec la "
            f"nouvelle version ; {_about(figures['expected_failing_users'])} si elle était aussi "
            "saine que l'ancienne."
        )
    if rule == "internal":
        return (
            "Retour au partage précédent : peu après le changement, "
            f"{percent(figures['internal'] / figures['requests'])} des requêtes aux deux versions "
            "se sont interrompues ou ont manqué de temps ou de mémoire."
        )
    if rule == "disaster":
        well = figures["requests"] - figures["failures"]
        return (
            f"Annulé : {_whole(figures, 'failing_users')} utilisateurs ont eu des erreurs avec la "
            f"nouvelle version, tandis que {whole(well)} requêtes ont abouti ; la limite pour "
            f"agir aussitôt est de {percent(figures['limit'])}."
        )
    if rule in MEASURED:
        return (
            f"Annulé : lors de {_whole(figures, 'checks')} contrôles de suite, la limite de "
            f"{percent(figures['limit'])} a été dépassée ; au dernier, {percent(figures[rule])} "
            f"{MEASURED[rule]}."
        )
    if rule != "alarm":
        raise KeyError(rule)
    return f"Annulé : {_alert(figures)}."


def _upstream(figures: Figures) -> str:
    return (
        "Suspendu : ce dont les deux versions dépendent est en panne "
        f"({percent(figures['upstream_rate'])} des requêtes à la nouvelle version, "
        f"{percent(figures['upstream_rate_control'])} à l'ancienne) : la nouvelle version n'en "
        "est pas la cause."
    )


def _ratio(kind: Kind, figures: Figures) -> str:
    found = (
        f"ne vous fiez pas à ces chiffres : {percent(figures['planned'])} étaient prévus, "
        f"{percent(figures['arrived'])} sont arrivés, sur {_whole(figures, 'users')} utilisateurs."
    )
    if kind is Kind.PAUSE:
        return (
            f"Suspendu : {found} Autre chose que le partage décide qui reçoit la nouvelle version, "
            "ou qui est compté."
        )
    return f"En attente : {found} Rien n'avance de soi-même ; quelqu'un peut passer à la suite."


def _alert(figures: Figures) -> str:
    """What fires on the new version, with its value where the rule is one of Palier's own."""
    told = [
        _one_alert(name, value, figures.get(f"{CONTROL_ALERT}{name}"))
        for name, value in _alerts(figures).items()
    ]
    if not told:
        return "une alerte se déclenche sur la nouvelle version"
    many = "des alertes se déclenchent" if len(told) > 1 else "une alerte se déclenche"
    return f"{many} sur la nouvelle version : {', '.join(told)}"


def _one_alert(name: str, value: float, of_control: float | None) -> str:
    rule = BY_ID.get(name)
    if rule is None:
        return f"{name} ({number(value)}{_of_control(of_control, number)})"

    def shown(value: float) -> str:
        return value_of(rule, value, FRENCH)

    return (
        f"{name} ({name_of(rule)[FRENCH]} : {shown(value)}{_of_control(of_control, shown)}, "
        f"limite {shown(rule.threshold)})"
    )


def _few(figures: Figures) -> str:
    if TELLING not in figures:
        return ""
    return (
        f" Utilisateurs connectés qui l'ont signalé : {_whole(figures, TELLING)} ; il en faut "
        f"{harm.LEAST_FAILING_USERS} pour annuler."
    )


def _of_control(value: float | None, shown: Callable[[float], str]) -> str:
    return "" if value is None else f" ; {shown(value)} sur l'ancienne version, qui souffre aussi"


def _alerts(figures: Figures) -> dict[str, float]:
    return {
        name.removeprefix(ALERT): value for name, value in figures.items() if name.startswith(ALERT)
    }


def _requests(figures: Figures, plan: Plan) -> str:
    return (
        f"{_whole(figures, 'requests')} des {whole(plan.criteria.requests)} requêtes nécessaires "
        "à la nouvelle version jusqu'ici."
    )


def _criteria(figures: Figures, plan: Plan) -> str:
    rate = figures["failures"] / figures["requests"]
    return (
        f"{percent(rate)} des requêtes à la nouvelle version ont échoué ; au plus "
        f"{percent(plan.criteria.error_rate)} sont admis avant qu'elle avance."
    )


def _samples(figures: Figures, plan: Plan) -> str:
    for each in plan.criteria.measures:
        count = figures.get(f"values_of_{each.name}", 0)
        if count < each.samples:
            return (
                f"{whole(count)} des {whole(each.samples)} valeurs de « {each.name} » nécessaires "
                "de la nouvelle version jusqu'ici."
            )
    return "il manque encore des valeurs de la nouvelle version."


def _measures(figures: Figures, plan: Plan) -> str:
    for each in plan.criteria.measures:
        mean = figures.get(f"mean_of_{each.name}")
        if mean is not None and not each.holds(mean):
            return (
                f"la moyenne de « {each.name} » est de {number(mean)} avec la nouvelle version ; "
                f"il faut {_bounds(each)} avant qu'elle avance."
            )
    return "une moyenne de la nouvelle version est hors de ses bornes."


def _budget(figures: Figures, plan: Plan) -> str:
    left, needed = figures.get("budget_left"), plan.criteria.budget or 0.0
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
        f"{_whole(figures, 'requests_control')} requêtes à l'ancienne version jusqu'ici, trop peu "
        "pour comparer."
    ),
    "time": lambda figures, _plan: (
        f"saine jusqu'ici, depuis {duration(figures['elapsed'])} ; il faut encore du temps."
    ),
    "criteria": _criteria,
    "samples": _samples,
    "measures": _measures,
    "budget": _budget,
    "suspicion": lambda _figures, _plan: (
        "plus d'utilisateurs de la nouvelle version ont eu des erreurs que le hasard ne "
        "l'explique bien."
    ),
    "alarm": lambda figures, _plan: f"{_alert(figures)}.",
}
"""The rules of what a stage still needs (criteria.py)."""


def percent(value: float) -> str:
    return f"{100 * value:.1f}".rstrip("0").rstrip(".").replace(".", ",") + " %"


def whole(value: float) -> str:
    return f"{round(value):,}".replace(",", "\u202f")


def number(value: float) -> str:
    """With at most three decimals, none that say nothing."""
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace(",", "\u202f").replace(".", ",")


def duration(seconds: float) -> str:
    """45 s, 12 min, 3 h or 2 jours."""
    for size, name in ((DAY, "jours"), (HOUR, "h"), (60.0, "min")):
        if seconds >= size:
            value = number(round(seconds / size, 1))
            return "1 jour" if name == "jours" and value == "1" else f"{value} {name}"
    return f"{seconds:.0f} s"


def _whole(figures: Figures, name: str) -> str:
    return whole(figures[name])


def _about(value: float) -> str:
    if value == 0:
        return "aucun n'en aurait"
    return f"environ {value:.0f} en auraient" if value >= 1 else "1 au plus en aurait"


def _bounds(criterion: Criterion) -> str:
    told = [("au moins", criterion.at_least), ("au plus", criterion.at_most)]
    return " et ".join(f"{word} {number(bound)}" for word, bound in told if bound is not None)
