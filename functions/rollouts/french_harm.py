"""What takes a version back or pauses it, in French, from the figures of its rule. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.alerts.message import FRENCH
from functions.alerts.thresholds import BY_ID
from functions.alerts.words import name_of, value_of
from functions.rollouts import checking, harm, health, latency, sample_ratio
from functions.rollouts.alarmed import TELLING
from functions.rollouts.french_figures import Figures, counted, named, number, percent, whole
from functions.rollouts.own import P95
from functions.rollouts.verdict import ALERT, CONTROL_ALERT, Kind, Verdict

MEASURED = {
    "error_rate": "des requêtes à la nouvelle version ont échoué, sans compter les répétitions "
    "d'un même utilisateur",
    "slow_rate": "des requêtes à la nouvelle version ont pris plus de 30 s",
    "memory": "de la mémoire était utilisée pendant que la nouvelle version tournait",
}


def paused(verdict: Verdict, figures: Figures) -> str:
    """Raises KeyError for a rule that doesn't pause."""
    if verdict.rule == sample_ratio.RULE:
        return _ratio(verdict.kind, figures)
    return {
        "upstream": _upstream,
        "alarm": lambda found: f"Suspendu : {alert(found)}.{_few(found)}",
        health.RULE: _unwell,
        checking.RULE: _told_by_few,
        checking.COMPARED: _unsure_comparison,
    }[verdict.rule](figures)


def failed(rule: str, figures: Figures) -> str:
    """Raises KeyError for a rule that takes nothing back."""
    if rule in MEASURED:
        return (
            f"Annulé : lors de {counted(figures, 'checks')} contrôles de suite, la limite de "
            f"{percent(figures['limit'])} a été dépassée ; au dernier, {percent(figures[rule])} "
            f"{MEASURED[rule]}."
        )
    return FAILED[rule](figures)


def _evidence(figures: Figures) -> str:
    if "usual" in figures:
        return (
            f"Annulé : {counted(figures, 'failing_users')} essais sur {counted(figures, 'tried')} "
            "avec la nouvelle version ont fini par une erreur ; avant le déploiement, l'ancienne "
            f"restait sous {percent(figures['usual'])}."
        )
    return (
        f"Annulé : {counted(figures, 'failing_users')} utilisateurs ont eu des erreurs avec la "
        f"nouvelle version ; {_about(figures['expected_failing_users'])} si elle était aussi "
        "saine que l'ancienne."
    )


def _internal(figures: Figures) -> str:
    if "unwell" in figures:
        return (
            "Retour au partage précédent : peu après le changement, les contrôles de santé des "
            "deux versions ont échoué."
        )
    return (
        "Retour au partage précédent : peu après le changement, "
        f"{percent(figures['internal'] / figures['requests'])} des requêtes aux deux versions "
        "se sont interrompues ou ont manqué de temps ou de mémoire."
    )


def _disaster(figures: Figures) -> str:
    well = figures["requests"] - figures["failures"]
    return (
        f"Annulé : {counted(figures, 'failing_users')} utilisateurs ont eu des erreurs avec la "
        f"nouvelle version, tandis que {whole(well)} requêtes ont abouti ; la limite pour "
        f"agir aussitôt est de {percent(figures['limit'])}."
    )


def _critical(figures: Figures) -> str:
    code, count = named(figures, harm.CRITICAL)
    return (
        f"Annulé : l'erreur critique {code} s'est produite avec la nouvelle version "
        f"({whole(count)} fois), et pas avec l'ancienne."
    )


def _latency(figures: Figures) -> str:
    usual = percent(figures["slow_control"])
    compared = (
        f"{usual} avec l'ancienne"
        if figures["share"] < 1
        else f"avant le déploiement, l'ancienne restait sous {usual}"
    )
    return (
        f"Annulé : {percent(figures['slow'])} des requêtes à la nouvelle version ont pris plus de "
        f"{number(figures['slow_ms'] / 1000)} s ; {compared}."
    )


def _health(figures: Figures) -> str:
    return (
        f"Annulé : les {counted(figures, 'unwell')} derniers contrôles de santé de la nouvelle "
        "version ont échoué ; l'ancienne va bien."
    )


def _unwell(figures: Figures) -> str:
    beside = (
        "ceux de l'ancienne aussi"
        if "unwell_control" in figures
        else "et l'ancienne n'a pas été contrôlée"
    )
    return (
        f"Suspendu : les {counted(figures, 'unwell')} derniers contrôles de santé de la nouvelle "
        f"version ont échoué, {beside}. Quelqu'un devrait regarder."
    )


def _check(figures: Figures) -> str:
    name, value = named(figures, checking.CHECK)
    said = (
        f"{percent(value)} des requêtes à la nouvelle version étaient trop lentes ; 5 % au plus "
        "peuvent l'être"
        if name == P95
        else f"« {name} » de la nouvelle version était de {number(value)}, hors de sa borne"
    )
    return f"Annulé : lors de {counted(figures, 'checks')} contrôles de suite, {said}."


def _told_by_few(figures: Figures) -> str:
    name, value = named(figures, checking.CHECK)
    return (
        f"Suspendu : « {name} » de la nouvelle version est de {number(value)}, hors de sa borne."
        f"{_few(figures)}"
    )


def _unsure_comparison(figures: Figures) -> str:
    return f"Suspendu : {_comparison(figures)}"


def _comparison(figures: Figures) -> str:
    name, value = named(figures, checking.CHECK)
    of_control = figures[f"{checking.CONTROL_CHECK}{name}"]
    fell = "fall" in figures
    share = figures["fall" if fell else "rise"]
    return (
        f"« {name} » de la nouvelle version est de {number(value)}, "
        f"{'inférieur' if fell else 'supérieur'} de plus de {percent(share)} aux "
        f"{number(of_control)} de l'ancienne."
    )


FAILED: Mapping[str, Callable[[Figures], str]] = {
    "evidence": _evidence,
    "internal": _internal,
    "disaster": _disaster,
    "critical": _critical,
    latency.RULE: _latency,
    health.RULE: _health,
    checking.RULE: _check,
    checking.COMPARED: lambda figures: f"Annulé : {_comparison(figures)}",
    "alarm": lambda figures: f"Annulé : {alert(figures)}.",
}
"""The rules that take a version back, beside those of the limits."""


def _upstream(figures: Figures) -> str:
    beside = figures.get("upstream_rate_control")
    return (
        "Suspendu : ce dont les deux versions dépendent est en panne "
        f"({percent(figures['upstream_rate'])} des requêtes à la nouvelle version"
        f"{_beside(beside)}) : la nouvelle version "
        "n'en est pas la cause."
    )


def _beside(of_control: float | None) -> str:
    return "" if of_control is None else f", {percent(of_control)} à l'ancienne"


def _ratio(kind: Kind, figures: Figures) -> str:
    found = (
        f"ne vous fiez pas à ces chiffres : {percent(figures['planned'])} étaient prévus, "
        f"{percent(figures['arrived'])} sont arrivés, sur {counted(figures, 'users')} utilisateurs."
    )
    if kind is Kind.PAUSE:
        return (
            f"Suspendu : {found} Autre chose que le partage décide qui reçoit la nouvelle version, "
            "ou qui est compté."
        )
    return f"En attente : {found} Rien n'avance de soi-même ; quelqu'un peut passer à la suite."


def alert(figures: Figures) -> str:
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
        f" Utilisateurs connectés qui l'ont signalé : {counted(figures, TELLING)} ; il en faut "
        f"{harm.LEAST_FAILING_USERS} pour annuler."
    )


def _of_control(value: float | None, shown: Callable[[float], str]) -> str:
    return "" if value is None else f" ; {shown(value)} sur l'ancienne version, qui souffre aussi"


def _alerts(figures: Figures) -> dict[str, float]:
    return {
        name.removeprefix(ALERT): value for name, value in figures.items() if name.startswith(ALERT)
    }


def _about(value: float) -> str:
    if value == 0:
        return "aucun n'en aurait"
    return f"environ {value:.0f} en auraient" if value >= 1 else "1 au plus en aurait"
