"""A plan's parts in words: its stages, what they demand, what takes the candidate back. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from functions.rollouts.check import Check
from functions.rollouts.criterion import Criterion
from functions.rollouts.harm import LIVE_SECONDS
from functions.rollouts.hours_told import hours
from functions.rollouts.plan import RAISES, Criteria, Limits, Plan, Without
from functions.rollouts.tongue import Tongue


def stage(plan: Plan, number: int, tongue: Tongue) -> str:
    """One stage (from 0): who gets the candidate, for how long, and what follows."""
    it = plan.stages[number]
    share = tongue.percentage(plan.percentage(number))
    if it.audience:
        who = tongue.say(
            f"{share} of the users in `{it.audience}`",
            f"{share} des utilisateurs du segment « {it.audience} »",
        )
    else:
        who = tongue.say(f"{share} of users", f"{share} des utilisateurs")
    bake = tongue.duration(it.bake_seconds)
    lasts = tongue.say(f" for at least {bake}", f" pendant au moins {bake}")
    told = f"{who}{lasts if it.bake_seconds else ''}{_then(plan, number, tongue)}"
    if not it.approval:
        return told
    return told + tongue.say(
        " A person has to let this stage begin.",
        " Une personne doit autoriser ce palier à commencer.",
    )


def _then(plan: Plan, number: int, tongue: Tongue) -> str:
    wait = tongue.duration(plan.stages[number].max_wait_seconds)
    if plan.automatic:
        advance = tongue.say("when it proves healthy", "quand elle s'est montrée saine")
    else:
        advance = tongue.say("when a person promotes it", "quand une personne la promeut")
    without = _following(plan.on_inconclusive, tongue)
    told = tongue.say(
        f", then on {advance}; {without} if it can't after {wait}",
        f", puis la suite {advance} ; {without} si elle ne le peut pas après {wait}",
    )
    if plan.on_no_data is plan.on_inconclusive:
        return f"{told}."
    unseen = _following(plan.on_no_data, tongue)
    return told + tongue.say(
        f", {unseen} if nobody has used it by then.",
        f", {unseen} si personne ne l'a utilisée d'ici là.",
    )


def _following(without: Without, tongue: Tongue) -> str:
    if without is Without.PAUSE:
        return tongue.say("paused", "suspendue")
    return tongue.say("taken back", "retirée")


def demands(criteria: Criteria, tongue: Tongue) -> Iterator[str]:
    """What must be seen before the next stage."""
    requests, rate = tongue.whole(criteria.requests), tongue.percent(criteria.error_rate)
    yield tongue.say(
        f"Each stage takes {requests} requests or more to the new version, of which {rate} at "
        "most fail.",
        f"Chaque palier demande {requests} requêtes ou plus à la nouvelle version, dont {rate} au "
        "plus échouent.",
    )
    for each in criteria.measures:
        yield from _demand(each, tongue)
    if criteria.budget is not None:
        left = tongue.percent(criteria.budget)
        yield tongue.say(
            f"Each stage takes {left} or more of the service's error budget to be left.",
            f"Chaque palier demande qu'il reste {left} ou plus du budget d'erreur du service.",
        )


def _demand(one: Criterion, tongue: Tongue) -> Iterator[str]:
    where = tongue.say(" (where it is reported)", " (là où elle est connue)")
    name = tongue.say(f"`{one.name}`", f"« {one.name} »") + (where if one.optional else "")
    told = _bounds(
        [("at least", "au moins", one.at_least), ("at most", "au plus", one.at_most)], tongue
    )
    samples = tongue.whole(one.samples)
    if told:
        bounds = tongue.say(" and ", " et ").join(told)
        yield tongue.say(
            f"Each stage takes a mean of {name} of {bounds}, over {samples} values or more.",
            f"Chaque palier demande une moyenne de {name} d'{bounds}, sur {samples} valeurs ou "
            "plus.",
        )
    if one.worse_by is not None:
        share = tongue.percent(one.worse_by)
        yield tongue.say(
            f"Each stage takes a mean of {name} that is not worse than the old version's by more "
            f"than {share}.",
            f"Chaque palier demande une moyenne de {name} qui ne soit pas pire de plus de {share} "
            "que celle de l'ancienne version.",
        )


def _bounds(given: Sequence[tuple[str, str, float | None]], tongue: Tongue) -> list[str]:
    """`at least 0.9`: those that are set, with the words before each in English and French."""
    return [
        f"{tongue.say(word, mot)} {tongue.number(bound)}"
        for word, mot, bound in given
        if bound is not None
    ]


def guards(limits: Limits, tongue: Tongue) -> str:
    """What takes the candidate back by fixed limits."""
    values = {
        "disaster": tongue.percent(limits.disaster_rate),
        "strikes": tongue.whole(limits.strikes),
        "errors": tongue.percent(limits.error_rate),
        "slow": tongue.percent(limits.slow_rate),
        "memory": tongue.percent(limits.memory),
    }
    return tongue.say(
        "Taken back at once when {disaster} of its requests fail; after {strikes} checks in a row "
        "when more than {errors} fail, more than {slow} take over 30 s, or more than {memory} of "
        "the memory is in use.",
        "Retirée aussitôt quand {disaster} de ses requêtes échouent ; après {strikes} contrôles de "
        "suite quand plus de {errors} échouent, que plus de {slow} prennent plus de 30 s ou que "
        "plus de {memory} de la mémoire est utilisée.",
    ).format(**values)


def unreached(limits: Limits, tongue: Tongue) -> str:
    """That the checks in a row can't come about: too few requests go to the candidate."""
    needed, within = limits.strikes * limits.check_requests, tongue.duration(LIVE_SECONDS)
    return tongue.say(
        "The limits on errors, slowness and memory can't take it back while so few requests go to "
        f"the new version: their checks in a row take {tongue.whole(needed)} within {within}.",
        "Les limites sur les erreurs, la lenteur et la mémoire ne peuvent pas la retirer tant que "
        "si peu de requêtes vont à la nouvelle version : leurs contrôles de suite en demandent "
        f"{tongue.whole(needed)} en {within}.",
    )


def check(one: Check, tongue: Tongue) -> Iterator[str]:
    """What takes it back by a metric."""
    where = tongue.say(" (where it is measured)", " (là où elle est mesurée)")
    name = tongue.say(f"`{one.metric}`", f"« {one.metric} »") + (where if one.optional else "")
    bounds = _bounds(
        [("below", "au-dessous de", one.below), ("above", "au-dessus de", one.above)], tongue
    )
    if bounds:
        beyond, strikes = tongue.say(" or ", " ou ").join(bounds), tongue.whole(one.strikes)
        lasting = tongue.duration(one.seconds)
        held = tongue.say(f" and for {lasting}", f" et pendant {lasting}") if one.seconds else ""
        yield tongue.say(
            f"Taken back when {name} is {beyond} in {strikes} checks in a row{held}.",
            f"Retirée quand {name} est {beyond} lors de {strikes} contrôles de suite{held}.",
        )
    for word, mot, share in (
        ("below", "au-dessous", one.fall),
        ("above", "au-dessus", one.rise),
    ):
        if share is not None:
            by = tongue.percent(share)
            yield tongue.say(
                f"Taken back as soon as {name} is surely more than {by} {word} the old version's; "
                "paused where nobody is left on the old one, or nobody knows how many users the "
                "values are of.",
                f"Retirée dès que {name} est à coup sûr plus de {by} {mot} de l'ancienne version ; "
                "suspendue là où personne n'a plus l'ancienne, ou si l'on ne sait pas de combien "
                "d'utilisateurs viennent les valeurs.",
            )


def critical(plan: Plan, tongue: Tongue) -> str:
    codes = ", ".join(f"`{code}`" for code in plan.critical)
    return tongue.say(
        f"Taken back at the first error {codes} that the old version doesn't have as well.",
        f"Retirée à la première erreur {codes} que l'ancienne version n'a pas aussi.",
    )


def openings(plan: Plan, tongue: Tongue) -> str:
    when = hours(plan.openings, tongue.language)
    if plan.open_for == RAISES:
        return tongue.say(
            f"It starts and gets more users in these hours only: {when}. Taking it back never "
            "waits.",
            f"Elle ne commence et ne gagne d'utilisateurs qu'à ces heures : {when}. La retirer "
            "n'attend jamais.",
        )
    return tongue.say(
        f"It starts in these hours only: {when}.",
        f"Elle ne commence qu'à ces heures : {when}.",
    )
