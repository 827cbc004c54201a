"""What is looked at after a rollback, check by check. Pure.

Each says what it found in both languages, or that it can't say yet: what can't by DEADLINE_SECONDS
after the rollback is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from functions.metrics.tally import merge_all
from functions.rollouts import french
from functions.rollouts.after.rollback import Rollback, Status
from functions.rollouts.after.seen import (
    DEADLINE_SECONDS,
    ENOUGH,
    PENDING,
    SERVING_SECONDS,
    SETTLE_SECONDS,
    STOP_SECONDS,
    WORSE,
    Finding,
    Seen,
    late,
    of,
)
from functions.rollouts.own import HEALTH
from functions.rollouts.traffic.move import Became
from functions.rollouts.verdict import percent


def _snapshot(rollback: Rollback, seen: Seen) -> Finding:
    figures = {"generation": float(seen.generation)}
    if seen.generation < rollback.generation:
        return (
            Status.FAILED,
            f"Generation {seen.generation} is published, older than {rollback.generation}, which "
            "took the version back.",
            f"La génération {seen.generation} est publiée, plus ancienne que la "
            f"{rollback.generation}, qui a retiré la version.",
            figures,
        )
    if seen.split:
        return (
            Status.FAILED,
            "What is published still splits the users for this rollout.",
            "Ce qui est publié partage encore les utilisateurs pour ce déploiement.",
            figures,
        )
    return (
        Status.OK,
        f"Generation {rollback.generation} is published: nobody is split for this rollout.",
        f"La génération {rollback.generation} est publiée : plus aucun partage pour ce "
        "déploiement.",
        figures,
    )


def _configuration(rollback: Rollback, _seen: Seen) -> Finding:
    places = sum(each.places for each in rollback.flags)
    figures = {"differences": float(places)}
    if not rollback.flags or any(each.revision_before is None for each in rollback.flags):
        return (
            Status.UNKNOWN,
            "Nobody noted what the flag was before the rollout, or it is gone.",
            "Personne n'a noté l'état du drapeau avant le déploiement, ou il n'existe plus.",
            figures,
        )
    if not places:
        return (
            Status.OK,
            "The flag is exactly as it was before the rollout.",
            "Le drapeau est exactement comme avant le déploiement.",
            figures,
        )
    if all(each.elsewhere and not each.edited for each in rollback.flags):
        return (
            Status.OK,
            f"The version before can't be served: {rollback.control} is the flag's default now, "
            f"which differs from before the rollout in {places} places.",
            "La version précédente ne peut pas servir : la valeur par défaut du drapeau est "
            f"désormais {rollback.control}. Il a {places} différences avec son état d'avant.",
            figures,
        )
    if any(each.edited for each in rollback.flags):
        return (
            Status.UNKNOWN,
            f"People edited the flag during the rollout: it differs in {places} places.",
            f"Le drapeau a été modifié pendant le déploiement : {places} différences.",
            figures,
        )
    return (
        Status.FAILED,
        f"The flag is not as it was before the rollout: it differs in {places} places.",
        f"Le drapeau n'est pas comme avant le déploiement : {places} différences.",
        figures,
    )


def _health(rollback: Rollback, seen: Seen) -> Finding:
    probes = of(rollback.control, rollback, seen, recent=True).measure(HEALTH)
    figures = {"probes": float(probes.count)}
    if not seen.readable:
        return (
            Status.FAILED,
            "A part of the published snapshot can't be read: new instances can't serve.",
            "Une partie de l'instantané publié est illisible : de nouvelles instances ne peuvent "
            "pas servir.",
            figures,
        )
    if seen.now < rollback.at + SERVING_SECONDS:
        return PENDING
    if probes.count and (probes.mean or 0.0) < 0.5:
        if seen.now < rollback.at + DEADLINE_SECONDS:
            return PENDING
        return (
            Status.FAILED,
            f"Most health probes of {rollback.control} fail, ten minutes after the rollback.",
            f"La plupart des sondes de {rollback.control} échouent, dix minutes après le retour.",
            figures,
        )
    probed = f", and {rollback.control} answers its health probes" if probes.count else ""
    sondes = f", et {rollback.control} répond aux sondes" if probes.count else ""
    return (
        Status.OK,
        f"All that instances need can be read{probed}.",
        f"Tout ce dont les instances ont besoin est lisible{sondes}.",
        figures,
    )


def _function(rollback: Rollback, seen: Seen) -> Finding:
    if seen.now < rollback.at + SERVING_SECONDS:
        return PENDING
    tally = of(rollback.control, rollback, seen, recent=True)
    over = seen.now >= rollback.at + DEADLINE_SECONDS
    if not tally.served or (tally.served < ENOUGH and not over):
        return PENDING
    rate = tally.failures / tally.served
    usual = seen.beside.error_rate or 0.0
    allowed = max(rollback.error_limit, WORSE * usual)
    figures = {
        "requests": float(tally.served),
        "failures": float(tally.failures),
        "allowed": round(allowed, 4),
        **({"usual": round(rollback.usual, 4)} if rollback.usual is not None else {}),
    }
    before, avant = _before(rollback)
    if rate <= allowed:
        return (
            Status.OK,
            f"{rollback.control} serves: {tally.failures} of {tally.served} requests failed in the "
            f"last minute{before}.",
            f"{rollback.control} sert : {tally.failures} échecs sur {tally.served} requêtes dans "
            f"la dernière minute{avant}.",
            figures,
        )
    if not over:
        return PENDING
    return (
        Status.FAILED,
        f"{rollback.control} fails more than it should: {tally.failures} of {tally.served} "
        f"requests in the last minute, where {percent(allowed)} would do.",
        f"{rollback.control} échoue trop : {tally.failures} échecs sur {tally.served} requêtes "
        f"dans la dernière minute, pour {french.percent(allowed)} admis.",
        figures,
    )


def _before(rollback: Rollback) -> tuple[str, str]:
    """How it was before the rollout, where that is known; in English and French."""
    if rollback.usual is None:
        return "", ""
    return (
        f", where before the rollout it was rarely more than {percent(rollback.usual)}",
        f", contre rarement plus de {french.percent(rollback.usual)} avant le déploiement",
    )


def _metrics(rollback: Rollback, seen: Seen) -> Finding:
    tally = merge_all(window.tally for window in late(rollback, seen))
    after = max(0.0, rollback.last_candidate_at - rollback.at)
    figures = {"seconds": round(after, 1), "requests": float(tally.requests)}
    if tally.requests and _reached(rollback):
        return _by_rules(rollback, figures)
    if tally.requests:
        return (
            Status.FAILED,
            f"{rollback.candidate} is still served: {tally.requests} requests, {after:.0f} s after "
            "the rollback.",
            f"{rollback.candidate} est encore servie : {tally.requests} requêtes, {after:.0f} s "
            "après le retour.",
            figures,
        )
    if seen.now < rollback.at + STOP_SECONDS + SETTLE_SECONDS:
        return PENDING
    if not rollback.last_candidate_at:
        return (
            Status.OK,
            f"{rollback.candidate} has served nobody since the rollback.",
            f"{rollback.candidate} n'a servi personne depuis le retour.",
            figures,
        )
    return (
        Status.OK,
        f"{rollback.candidate} served its last request at most {after:.0f} s after the rollback.",
        f"{rollback.candidate} a servi sa dernière requête au plus {after:.0f} s après le retour.",
        figures,
    )


def _reached(rollback: Rollback) -> bool:
    return any(each.reaches for each in rollback.flags)


def _by_rules(rollback: Rollback, figures: Mapping[str, float]) -> Finding:
    """Those users have the candidate because people wrote so: it says nothing of the rollback."""
    return (
        Status.UNKNOWN,
        f"The flag's own rules still give some users {rollback.candidate}.",
        f"Les règles du drapeau donnent encore {rollback.candidate} à certains utilisateurs.",
        figures,
    )


def _logs(rollback: Rollback, seen: Seen) -> Finding:
    """What is logged of a request is counted of it: a failure in the log is one in a slot."""
    tally = merge_all(window.tally for window in late(rollback, seen))
    figures = {"failures": float(tally.failures)}
    if tally.failures and _reached(rollback):
        return _by_rules(rollback, figures)
    if tally.failures:
        return (
            Status.FAILED,
            f"{rollback.candidate} still fails: {tally.failures} new failures after it was taken "
            "back.",
            f"{rollback.candidate} échoue encore : {tally.failures} nouveaux échecs après son "
            "retrait.",
            figures,
        )
    if seen.now < rollback.at + STOP_SECONDS + SETTLE_SECONDS:
        return PENDING
    return (
        Status.OK,
        f"No new failures of {rollback.candidate}.",
        f"Aucun nouvel échec de {rollback.candidate}.",
        figures,
    )


def _traffic(_rollback: Rollback, seen: Seen) -> Finding:
    if seen.traffic is Became.CONFIRMED:
        return (
            Status.OK,
            "All Cloud Run traffic goes to the stable revision.",
            "Tout le trafic de Cloud Run va à la révision stable.",
            {},
        )
    if seen.traffic is Became.REFUSED:
        return (
            Status.FAILED,
            "Cloud Run refused to send its traffic to the stable revision.",
            "Cloud Run a refusé d'envoyer son trafic à la révision stable.",
            {},
        )
    if seen.traffic is Became.DRIFTED:
        return (
            Status.FAILED,
            "Somebody else has sent Cloud Run traffic elsewhere since.",
            "Le trafic de Cloud Run a été envoyé ailleurs depuis, par quelqu'un d'autre.",
            {},
        )
    return PENDING


TRAFFIC = "traffic"
RULES: Mapping[str, Callable[[Rollback, Seen], Finding]] = {
    "snapshot": _snapshot,
    "configuration": _configuration,
    HEALTH: _health,
    "function": _function,
    "metrics": _metrics,
    "logs": _logs,
    TRAFFIC: _traffic,
}
"""What is looked at, in this order."""
