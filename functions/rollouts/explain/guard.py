"""What takes a candidate back while users have it, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from functions.rollouts import plan_told
from functions.rollouts.explain.known import Known
from functions.rollouts.explain.tongue import Tongue
from functions.rollouts.state import ENDED, Phase


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
        yield tongue.say(
            "More users who hit errors on the new version than the split explains, at once. A "
            f"healthy version is taken back by it in at most {tongue.percent(plan.alpha)} of "
            "rollouts.",
            "Plus d'utilisateurs en erreur avec la nouvelle version que le partage ne l'explique, "
            "aussitôt. Une version saine est annulée ainsi dans "
            f"{tongue.percent(plan.alpha)} des déploiements au plus.",
        )
        yield tongue.say(
            "More requests to it that are slower than the old version's 95th percentile was than "
            "chance explains, at once.",
            "Plus de ses requêtes au-delà de ce qu'était le 95e centile de l'ancienne version que "
            "le hasard ne l'explique, aussitôt.",
        )
    yield plan_told.guards(plan.limits_at(where.stage), tongue)
    for each in plan.checks:
        yield from plan_told.check(each, tongue)
    if plan.critical:
        yield plan_told.critical(plan, tongue)
    yield tongue.say(
        "Three failed health checks in a row, where its service names an address for them, unless "
        "the old one's fail too.",
        "Trois contrôles de santé de suite en échec, là où son service nomme une adresse pour eux, "
        "sauf si ceux de l'ancienne échouent aussi.",
    )
    yield tongue.say(
        "An alert on the new version whose rule says `roll_back`, unless the old one has it too.",
        "Une alerte sur la nouvelle version dont la règle dit `roll_back`, sauf si l'ancienne "
        "l'a aussi.",
    )
