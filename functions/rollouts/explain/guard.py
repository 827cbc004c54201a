"""What takes a candidate back while users have it, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from functions.rollouts import plan_told
from functions.rollouts.explain.known import Known
from functions.rollouts.foresight import unreached
from functions.rollouts.harm import LIVE_SECONDS
from functions.rollouts.plan import Limits
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import ENDED, Phase
from functions.rollouts.tongue import Tongue
from functions.rollouts.verdict import Situation


def takes_back(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    plan, where = rollout.plan, rollout.state
    if where.phase is Phase.SUCCEEDED:
        yield tongue.say(
            f"A person, while {rollout.candidate} is still the default: "
            f"`palier rollout rollback {rollout.id}`.",
            f"Une personne, tant que {rollout.candidate} est la valeur par défaut : "
            f"`palier rollout rollback {rollout.id}`.",
        )
        return
    if where.phase in ENDED:
        yield tongue.say("It has ended.", "Il est terminé.")
        return
    yield tongue.say(
        f"A person at any time: `palier rollout rollback {rollout.id}`.",
        f"Une personne à tout moment : `palier rollout rollback {rollout.id}`.",
    )
    if where.phase is Phase.BLOCKED:
        return
    if not rollout.audience:
        yield from _errors(rollout, tongue)
        yield from _slowness(rollout, tongue)
    limits = plan.limits_at(where.stage)
    yield plan_told.guards(limits, tongue)
    if known.look and _few(known.look.situation, limits):
        yield plan_told.unreached(limits, tongue)
    for each in plan.checks:
        # In a stage for an audience chance didn't choose the users: nothing is compared.
        alone = replace(each, fall=None, rise=None) if rollout.audience else each
        yield from plan_told.check(alone, tongue)
    if plan.critical:
        yield plan_told.critical(plan, tongue)
    yield tongue.say(
        "Three failed health checks in a row, where its service names an address for them and the "
        "old one's go well. Where those fail too or aren't made, it is paused, or soon after a "
        "raise taken back to the split before if both fail.",
        "Trois contrôles de santé de suite en échec, là où son service nomme une adresse pour eux "
        "et où ceux de l'ancienne réussissent. S'ils échouent aussi ou n'ont pas lieu, il est "
        "suspendu, ou ramené au partage précédent si les deux échouent peu après une hausse.",
    )
    yield tongue.say(
        "An alert on the new version whose rule says `roll_back`, unless the old one has it too.",
        "Une alerte sur la nouvelle version dont la règle dit `roll_back`, sauf si l'ancienne "
        "l'a aussi.",
    )


def _few(situation: Situation, limits: Limits) -> bool:
    """Whether the checks in a row don't come about, by the requests since the shift."""
    since = situation.since_shift
    if since < LIVE_SECONDS:
        return False
    return unreached(limits, situation.seen.stage.candidate.served / since)


def _errors(rollout: Rollout, tongue: Tongue) -> Iterator[str]:
    """Users who fail: beside the control's, or as before where nobody is left on it."""
    if rollout.percentage >= 100.0:
        if rollout.frozen is not None and rollout.frozen.known:
            usual = tongue.percent(rollout.frozen.failing * rollout.plan.tolerance)
            yield tongue.say(
                "More users who hit errors on the new version than chance explains, at once: "
                f"nobody is left on the old one, and {usual} is what it hardly ever exceeded.",
                "Plus d'utilisateurs en erreur avec la nouvelle version que le hasard ne "
                "l'explique, aussitôt : plus personne n'a l'ancienne, qui ne dépassait presque "
                f"jamais {usual}.",
            )
        return
    yield tongue.say(
        "More users who hit errors on the new version than the split explains, at once. A healthy "
        f"version is taken back by it in at most {tongue.percent(rollout.plan.alpha)} of rollouts.",
        "Plus d'utilisateurs en erreur avec la nouvelle version que le partage ne l'explique, "
        "aussitôt. Une version saine est annulée ainsi dans "
        f"{tongue.percent(rollout.plan.alpha)} des déploiements au plus.",
    )


def _slowness(rollout: Rollout, tongue: Tongue) -> Iterator[str]:
    """Once users have it, only where it is known what slow is."""
    if rollout.state.splitting and not (rollout.frozen and rollout.frozen.slow):
        return
    yield tongue.say(
        "More requests to it that are slower than the old version's 95th percentile was than "
        "chance explains, at once.",
        "Plus de ses requêtes au-delà de ce qu'était le 95e centile de l'ancienne version que "
        "le hasard ne l'explique, aussitôt.",
    )
