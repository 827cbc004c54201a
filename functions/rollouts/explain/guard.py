"""What takes a candidate back while users have it, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from functions.rollouts.check import Check
from functions.rollouts.explain.known import Known
from functions.rollouts.explain.tongue import Tongue
from functions.rollouts.plan import Limits
from functions.rollouts.state import ENDED, Phase

HEALTH = "health"
P95 = "p95_ms"
SHARES = frozenset({"availability", HEALTH})
"""Metrics that are shares, 0..1."""


def takes_back(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    plan, where = rollout.plan, rollout.state
    if where.phase in ENDED:
        yield tongue.say("It has ended.", "Il est terminé.")
        return
    yield tongue.say(
        f"A person at any time: `palier rollout rollback {rollout.id}`.",
        f"Une personne à tout moment : `palier rollout rollback {rollout.id}`.",
    )
    if where.phase is Phase.BLOCKED:
        return
    if not plan.stages[where.stage].audience:
        yield tongue.say(
            "More users who hit errors on the new version than the split explains, at once. A "
            f"healthy version is taken back by it in at most {tongue.percent(plan.alpha)} of "
            "rollouts.",
            "Plus d'utilisateurs en erreur avec la nouvelle version que le partage ne l'explique, "
            "aussitôt. Une version saine est annulée ainsi dans "
            f"{tongue.percent(plan.alpha)} des déploiements au plus.",
        )
    yield from _limits(plan.limits_at(where.stage), tongue)
    yield from (_check(each, tongue) for each in plan.checks)
    if plan.critical:
        codes = ", ".join(plan.critical)
        yield tongue.say(
            f"One error of these on the new version and none on the old one: {codes}.",
            f"Une seule de ces erreurs avec la nouvelle version, et aucune avec l'ancienne : "
            f"{codes}.",
        )
    yield tongue.say(
        "An alert on the new version whose rule says `roll_back`, unless the old one has it too.",
        "Une alerte sur la nouvelle version dont la règle dit `roll_back`, sauf si l'ancienne "
        "l'a aussi.",
    )


def _limits(limits: Limits, tongue: Tongue) -> Iterator[str]:
    rate, least = tongue.percent(limits.disaster_rate), tongue.whole(limits.disaster_requests)
    yield tongue.say(
        f"{rate} or more of the last minute's requests to it failing, of at least {least}: at "
        "once.",
        f"{rate} ou plus de ses requêtes de la dernière minute en échec, sur {least} au moins : "
        "aussitôt.",
    )
    errors, slow = tongue.percent(limits.error_rate), tongue.percent(limits.slow_rate)
    memory, strikes = tongue.percent(limits.memory), tongue.whole(limits.strikes)
    requests = tongue.whole(limits.check_requests)
    yield tongue.say(
        f"In {strikes} checks in a row of at least {requests} requests: more than {errors} errors, "
        f"more than {slow} of requests over 30 s, or more than {memory} of the memory.",
        f"Lors de {strikes} contrôles de suite d'au moins {requests} requêtes : plus de {errors} "
        f"d'erreurs, plus de {slow} de requêtes au-delà de 30 s, ou plus de {memory} de la "
        "mémoire.",
    )


def _check(check: Check, tongue: Tongue) -> str:
    bounds = [
        (("below", "sous"), check.below, _value),
        (("above", "au-dessus de"), check.above, _value),
        (("a fall by", "une baisse de"), check.fall, _change),
        (("a rise by", "une hausse de"), check.rise, _change),
    ]
    said = [
        f"{tongue.choose(words)} {shown(check, bound, tongue)}"
        for words, bound, shown in bounds
        if bound is not None
    ]
    kept = ""
    if check.seconds:
        kept = tongue.say(
            f" for {tongue.duration(check.seconds)}", f" pendant {tongue.duration(check.seconds)}"
        )
    return tongue.say(
        f"`{check.metric}` of the new version: {' or '.join(said)}{kept}.",
        f"« {check.metric} » de la nouvelle version : {' ou '.join(said)}{kept}.",
    )


def _value(check: Check, bound: float, tongue: Tongue) -> str:
    if check.metric in SHARES:
        return tongue.percent(bound)
    return tongue.number(bound) + (" ms" if check.metric == P95 else "")


def _change(_check: Check, bound: float, tongue: Tongue) -> str:
    share = tongue.percent(bound)
    return tongue.say(f"{share} against the old one", f"{share} par rapport à l'ancienne")
