"""What a plan will do, in words, before anybody gets the candidate. Pure.

In English and French: what happens, when it can end at the earliest, and what it can't see.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from functions.alerts.message import ENGLISH, FRENCH
from functions.rollouts import plan_told
from functions.rollouts.fitting import SLOWER, UNREPORTED, LeftOut
from functions.rollouts.foresight import (
    Circumstances,
    Traffic,
    WhatIf,
    earliest,
    seconds_for_requests,
    starving,
    unguarded,
    what_if,
)
from functions.rollouts.hours_told import moment
from functions.rollouts.plan import Plan, Type
from functions.rollouts.tongue import Tongue
from functions.stats.sizing import LONGEST_SECONDS

NOTHING_KNOWN = Circumstances()


def preview(
    plan: Plan, known: Circumstances = NOTHING_KNOWN, language: str = ENGLISH
) -> tuple[str, ...]:
    """What the plan will do and what it can't see, a sentence or two each."""
    tongue = Tongue(language)
    return (
        *_happens(plan, tongue),
        *_takes_back(plan, tongue),
        *_ends(plan, known, tongue),
        *_unseen(plan, known, tongue),
    )


def in_both(plan: Plan, known: Circumstances = NOTHING_KNOWN) -> dict[str, list[str]]:
    """The preview in English and in French, as answers have it."""
    return {
        "preview": list(preview(plan, known, ENGLISH)),
        "preview_fr": list(preview(plan, known, FRENCH)),
    }


def _happens(plan: Plan, tongue: Tongue) -> Iterator[str]:
    if plan.openings:
        yield plan_told.openings(plan, tongue)
    if plan.type is Type.HOTFIX:
        yield tongue.say(
            "What runs on its flag is ended when it starts, and a second person approves it first.",
            "Ce qui est en cours sur son drapeau prend fin à son début, et une deuxième personne "
            "l'approuve d'abord.",
        )
    for number in range(len(plan.stages)):
        yield plan_told.stage(plan, number, tongue)
    yield from plan_told.demands(plan.criteria, tongue)
    for number, stage in enumerate(plan.stages):
        if stage.criteria is not None:
            yield from (
                _of_stage(number, told, tongue)
                for told in plan_told.demands(stage.criteria, tongue)
            )


def _takes_back(plan: Plan, tongue: Tongue) -> Iterator[str]:
    if not all(stage.audience for stage in plan.stages):
        yield tongue.say(
            "Taken back as soon as more of its users fail than chance explains.",
            "Retirée dès que plus de ses utilisateurs échouent que le hasard ne l'explique.",
        )
    yield plan_told.guards(plan.limits, tongue)
    for number, stage in enumerate(plan.stages):
        if stage.limits is not None:
            yield _of_stage(number, plan_told.guards(stage.limits, tongue), tongue)
    for each in plan.checks:
        yield from plan_told.check(each, tongue)
    if plan.critical:
        yield plan_told.critical(plan, tongue)


def _of_stage(number: int, told: str, tongue: Tongue) -> str:
    return tongue.say(f"In stage {number + 1}: ", f"Au palier {number + 1} : ") + told


def _ends(plan: Plan, known: Circumstances, tongue: Tongue) -> Iterator[str]:
    watch = tongue.duration(plan.watch_seconds)
    yield tongue.say(
        f"Then it is watched for {watch} and becomes the default.",
        f"Puis elle est surveillée pendant {watch} et devient la version par défaut.",
    )
    if plan.type is Type.BLUE_GREEN:
        yield tongue.say(
            "Until then the old version stands by: going back is as quick as the switch.",
            "Jusque-là l'ancienne version reste prête : revenir est aussi rapide que basculer.",
        )
    if not plan.automatic:
        yield tongue.say(
            "How long it takes is up to the people who promote it.",
            "La durée dépend des personnes qui la promeuvent.",
        )
        return
    yield from _earliest(plan, known, tongue)


def _earliest(plan: Plan, known: Circumstances, tongue: Tongue) -> Iterator[str]:
    """On which day where today is known, else after how long without closed hours."""
    at_any_time = plan if known.now is not None else replace(plan, openings=())
    found = earliest(at_any_time, known.now or 0.0, known.traffic)
    if found is None:
        return
    if known.now is None:
        when = tongue.say("after ", "après ") + tongue.duration(found)
    else:
        when = tongue.say("on ", "le ") + moment(found, plan.openings, tongue.language)
    told = tongue.say(
        f"At the earliest it is the default {when}",
        f"Au plus tôt elle devient la version par défaut {when}",
    )
    if any(stage.approval for stage in plan.stages):
        told += tongue.say(
            ", and later by the time that people take to let stages begin",
            ", et plus tard du temps que prennent les autorisations",
        )
    yield f"{told}."


def _unseen(plan: Plan, known: Circumstances, tongue: Tongue) -> Iterator[str]:
    """What it can't see."""
    if not plan.holdback:
        yield tongue.say(
            "At 100 % nobody is left on the old version to compare with: it is compared with how "
            "the old version did before the start. Where too little is known of that, only the "
            "limits on errors, slowness and memory can take it back then.",
            "À 100 % personne ne reste sur l'ancienne version pour comparer : on compare à ce "
            "qu'elle faisait avant le début. Si on en sait trop peu, seules les limites sur les "
            "erreurs, la lenteur et la mémoire peuvent alors la retirer.",
        )
    for audience in dict.fromkeys(stage.audience for stage in plan.stages if stage.audience):
        yield tongue.say(
            f"Chance doesn't choose who belongs to `{audience}`, so these users are not compared "
            "with the others: there it is taken back by limits, checks with bounds of their own, "
            "critical errors, alerts and health checks only.",
            f"Le hasard ne choisit pas qui appartient au segment « {audience} » : ces utilisateurs "
            "ne sont pas comparés aux autres. Là, seuls la retirent les limites, les contrôles à "
            "bornes propres, les erreurs critiques, les alertes et les contrôles de santé.",
        )
    if known.history is False:
        yield tongue.say(
            "Too little was measured of the old version so far to know what is usual: that it got "
            "slower is not seen.",
            "Trop peu a été mesuré de l'ancienne version pour savoir ce qui est habituel : un "
            "ralentissement ne se verra pas.",
        )
    yield from _left_out(known.left_out, tongue)
    if known.traffic is not None:
        yield from _at_this_traffic(plan, known.traffic, tongue)


def _left_out(left: tuple[LeftOut, ...], tongue: Tongue) -> Iterator[str]:
    for why, english, in_french in (
        (
            UNREPORTED,
            "Left out, since nobody measures it of this service: {names}.",
            "Laissé de côté, car personne ne le mesure pour ce service : {names}.",
        ),
        (
            SLOWER,
            "Left out, since this service takes longer when all is well: {names}.",
            "Laissé de côté, car ce service prend plus de temps quand tout va bien : {names}.",
        ),
    ):
        names = ", ".join(tongue.say(f"`{e.name}`", f"« {e.name} »") for e in left if e.why == why)
        if names:
            yield tongue.say(english, in_french).format(names=names)


def _at_this_traffic(plan: Plan, traffic: Traffic, tongue: Tongue) -> Iterator[str]:
    for number in starving(plan, traffic):
        needed = tongue.whole(plan.criteria_at(number).requests)
        wait = tongue.duration(plan.stages[number].max_wait_seconds)
        coming = seconds_for_requests(plan, number, traffic)
        if coming == float("inf"):
            yield tongue.say(
                "Nobody uses the service: no stage would ever advance.",
                "Personne n'utilise le service : aucun palier n'avancerait.",
            )
            return
        takes = tongue.duration(coming)
        if coming > LONGEST_SECONDS:
            takes = tongue.say("more than 90 days", "plus de 90 jours")
        yield tongue.say(
            f"Stage {number + 1} would not advance at this traffic: {needed} requests to the new "
            f"version take {takes}, and its time is over after {wait}.",
            f"Le palier {number + 1} n'avancerait pas à ce trafic : {needed} requêtes à la "
            f"nouvelle version prennent {takes}, et son temps est écoulé après {wait}.",
        )
    for number in unguarded(plan, traffic):
        yield _of_stage(number, plan_told.unreached(plan.limits_at(number), tongue), tongue)
    rows = what_if(plan, traffic)
    for number, stage in enumerate(plan.stages):
        if not stage.audience:
            yield _seen(traffic, [row for row in rows if row.stage == number], tongue)


def _seen(traffic: Traffic, rows: list[WhatIf], tongue: Tongue) -> str:
    rate = tongue.number(traffic.requests_per_second)
    share = tongue.percentage(rows[0].percentage)
    found = ", ".join(_row(row, tongue) for row in rows)
    return tongue.say(
        f"With {share} of users and {rate} requests a second, a rise in failures {found}.",
        f"Avec {share} des utilisateurs et {rate} requêtes par seconde, une hausse des échecs "
        f"{found}.",
    )


def _row(row: WhatIf, tongue: Tongue) -> str:
    before, after = tongue.percent(row.control), tongue.percent(row.candidate)
    what = tongue.say(f"from {before} to {after}", f"de {before} à {after}")
    if row.seconds is None:
        return what + tongue.say(" is not seen in 90 days", " ne se voit pas en 90 jours")
    time = tongue.duration(row.seconds)
    return what + tongue.say(f" is seen after {time} or so", f" se voit après {time} environ")
