"""What a rollout would need to go on, and when it is looked at next, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from functions.rollouts.criterion import Criterion
from functions.rollouts.explain.known import Known
from functions.rollouts.held import raises, unapproved
from functions.rollouts.look import Look
from functions.rollouts.means import mean_of
from functions.rollouts.opening import next_opening
from functions.rollouts.plan import RAISES, Type, Without
from functions.rollouts.state import ENDED, Paused, Phase
from functions.rollouts.tongue import Tongue

EVERY_SECONDS = 10.0
"""Between two looks while something is rolled out: tick's cycle."""

MANY = 100
"""Up to so many, every look is at all of them: as in in_turn.py."""


def needs(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    where, command = rollout.state, f"palier rollout {{}} {rollout.id}"
    if where.phase is Phase.PENDING:
        if rollout.plan.type is Type.HOTFIX and where.approved < 0:
            yield tongue.say(
                "Somebody else than who created it has to approve it first: "
                f"`{command.format('approve')}`.",
                "Quelqu'un d'autre que la personne qui l'a créé doit d'abord l'approuver : "
                f"`{command.format('approve')}`.",
            )
        elif rollout.plan.stages[0].approval and where.approved < 0:
            yield tongue.say(
                "A person has to let the first stage begin, before it is started: "
                f"`{command.format('approve')}`.",
                "Une personne doit autoriser le premier palier avant son lancement : "
                f"`{command.format('approve')}`.",
            )
        yield _order(tongue, command.format("start"))
    elif known.awaits_budget:
        yield _budget(rollout.plan.criteria_at(0).budget or 0.0, known.budget, tongue)
    elif where.phase is Phase.PAUSED:
        verb = "approve" if where.paused_for is Paused.APPROVAL else "resume"
        yield _order(tongue, command.format(verb))
    if where.phase in ENDED:
        if rollout.quarantined:
            yield tongue.say(
                f"To release {rollout.candidate} again: a corrected version, or "
                f"`{command.format('override-quarantine')}`.",
                f"Pour relancer {rollout.candidate} : une version corrigée, ou "
                f"`{command.format('override-quarantine')}`.",
            )
        return
    if known.look is not None and where.phase is not Phase.BLOCKED:
        yield from _criteria(known, known.look, tongue)
        yield from _approval(known, tongue)


def next_check(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    where = rollout.state
    if not where.running:
        yield tongue.say(
            "Palier doesn't look at it: it isn't running.",
            "Palier ne l'examine pas : il ne tourne pas.",
        )
        return
    yield tongue.say(
        f"Palier looks at it every {EVERY_SECONDS:g} s, and takes it back at once when it has to. "
        f"While more than {MANY} rollouts run, once a minute, and every {EVERY_SECONDS:g} s when "
        "something new fails.",
        f"Palier l'examine toutes les {EVERY_SECONDS:g} s, et l'annule aussitôt s'il le faut. "
        f"Quand plus de {MANY} déploiements tournent, chaque minute, et toutes les "
        f"{EVERY_SECONDS:g} s quand de nouvelles erreurs surviennent.",
    )
    if where.phase not in (Phase.BAKING, Phase.WATCHING) or not rollout.plan.automatic:
        return
    earliest = tongue.time(_earliest(known))
    if known.left > 0 and not unapproved(rollout):
        yield tongue.say(
            f"It goes on by itself at {earliest} at the earliest.",
            f"Il avance de lui-même le {earliest} au plus tôt.",
        )
    if where.deadline is not None:
        yield _deadline(known, tongue.time(where.deadline), tongue)


def _earliest(known: Known) -> float:
    """When it may go on: after its time, and in an opening where its plan asks for one."""
    plan, baked = known.rollout.plan, known.now + known.left
    if plan.open_for == RAISES and raises(known.rollout):
        return next_opening(plan.openings, baked) or baked
    return baked


def _deadline(known: Known, at: str, tongue: Tongue) -> str:
    plan = known.rollout.plan
    without = (plan.on_inconclusive, plan.on_no_data)
    if without == (Without.ROLL_BACK, Without.ROLL_BACK):
        return tongue.say(
            f"Without a proof of health by {at} it is rolled back.",
            f"Sans preuve de santé d'ici le {at}, il est annulé.",
        )
    if Without.ROLL_BACK in without:
        return tongue.say(
            f"Without a proof of health by {at} it is paused or rolled back, as its plan says.",
            f"Sans preuve de santé d'ici le {at}, il est suspendu ou annulé, selon son plan.",
        )
    return tongue.say(
        f"Without a proof of health by {at} it is paused.",
        f"Sans preuve de santé d'ici le {at}, il est suspendu.",
    )


def _criteria(known: Known, look: Look, tongue: Tongue) -> Iterator[str]:
    plan, stage = known.rollout.plan, known.rollout.state.stage
    criteria = plan.criteria_at(stage)
    candidate = look.situation.seen.stage.candidate
    needed = tongue.whole(criteria.requests)
    yield tongue.say(
        f"Requests to the new version: {tongue.whole(candidate.served)} of the {needed} needed.",
        f"Requêtes à la nouvelle version : {tongue.whole(candidate.served)} des {needed} "
        "nécessaires.",
    )
    passed = tongue.duration(known.elapsed)
    least = tongue.duration(known.rollout.needed_seconds)
    yield tongue.say(
        f"Time here: {passed} of at least {least}.",
        f"Temps passé ici : {passed} sur {least} au moins.",
    )
    rate = tongue.percent(candidate.error_rate or 0.0)
    most = tongue.percent(criteria.error_rate)
    yield tongue.say(
        f"Failed requests to the new version: {rate}, where at most {most} may fail.",
        f"Requêtes échouées à la nouvelle version : {rate}, pour {most} au plus.",
    )
    for each in criteria.measures:
        yield _measure(each, look, tongue)
    if criteria.budget is not None:
        yield _budget(criteria.budget, look.situation.budget_left, tongue)


def _measure(of: Criterion, look: Look, tongue: Tongue) -> str:
    count, value = mean_of(of.name, look.situation.seen.stage.candidate, look.situation)
    mean = tongue.say("unknown", "inconnue") if value is None else tongue.number(value)
    values, samples = tongue.whole(count), tongue.whole(of.samples)
    return tongue.say(
        f"Mean of `{of.name}`: {mean} over {values} of {samples} values; {_bounds(of, tongue)}.",
        f"Moyenne de « {of.name} » : {mean} sur {values} valeurs, {samples} au moins ; "
        f"{_bounds(of, tongue)}.",
    )


def _bounds(of: Criterion, tongue: Tongue) -> str:
    told = [
        (tongue.say("at least", "au moins"), of.at_least),
        (tongue.say("at most", "au plus"), of.at_most),
    ]
    said = [f"{word} {tongue.number(bound)}" for word, bound in told if bound is not None]
    if of.worse_by is not None:
        worse = tongue.percent(of.worse_by)
        said.append(
            tongue.say(
                f"at most {worse} worse than the old version",
                f"au plus {worse} de moins bien que l'ancienne version",
            )
        )
    return tongue.say(" and ", " et ").join(said)


def _budget(needed: float, left: float | None, tongue: Tongue) -> str:
    there = tongue.say("unknown", "inconnu") if left is None else tongue.percent(max(0.0, left))
    least = tongue.percent(needed)
    return tongue.say(
        f"Error budget that is left: {there}, at least {least} is needed.",
        f"Budget d'erreur restant : {there}, il en faut au moins {least}.",
    )


def _approval(known: Known, tongue: Tongue) -> Iterator[str]:
    if unapproved(known.rollout):
        following = known.rollout.state.stage + 1
        yield tongue.say(
            f"A person has to let stage {following + 1} begin, now or when it is due: `palier "
            f"rollout approve {known.rollout.id}`.",
            f"Une personne doit autoriser le palier {following + 1}, maintenant ou le moment venu "
            f": `palier rollout approve {known.rollout.id}`.",
        )


def _order(tongue: Tongue, command: str) -> str:
    return tongue.say(f"A person's word: `{command}`.", f"Le mot d'une personne : `{command}`.")
