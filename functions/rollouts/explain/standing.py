"""Where a rollout stands, and why it waits, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from functions.rollouts.explain.known import Known
from functions.rollouts.held import closed
from functions.rollouts.hours_told import opens
from functions.rollouts.rollout import Rollout
from functions.rollouts.state import ENDED, Paused, Phase
from functions.rollouts.tongue import Tongue
from functions.rollouts.traffic.words import in_french
from functions.rollouts.verdict import Kind

Words = tuple[str, str]
"""In English and in French."""

STANDS: Mapping[Phase, Words] = {
    Phase.PENDING: (
        "Nobody gets {candidate} yet: the rollout has not been started.",
        "Personne n'a encore {candidate} : le déploiement n'a pas été lancé.",
    ),
    Phase.QUEUED: (
        "Nobody gets {candidate} yet: the rollout is queued behind another one.",
        "Personne n'a encore {candidate} : le déploiement est en file derrière un autre.",
    ),
    Phase.STARTING: (
        "Nobody gets {candidate} yet: the rollout was asked to start.",
        "Personne n'a encore {candidate} : son lancement est demandé.",
    ),
    Phase.BAKING: (
        "Stage {stage} of {stages}, for {elapsed} so far: {share} get {candidate}, everybody else "
        "{control}.",
        "Palier {stage} sur {stages}, depuis {elapsed} : {share} ont {candidate}, tous les autres "
        "{control}.",
    ),
    Phase.PAUSED: (
        "Paused at stage {stage} of {stages}: {share} get {candidate} and keep it, everybody else "
        "gets {control}.",
        "Suspendu au palier {stage} sur {stages} : {share} ont {candidate} et le gardent, tous les "
        "autres ont {control}.",
    ),
    Phase.WATCHING: (
        "All stages are done: {share} get {candidate}, which has been watched for {elapsed}.",
        "Tous les paliers sont passés : {share} ont {candidate}, sous surveillance depuis "
        "{elapsed}.",
    ),
    Phase.BLOCKED: (
        "It is to be taken back, but no version can serve in its place: {share} still get "
        "{candidate}.",
        "Il doit être annulé, mais aucune version ne peut servir à sa place : {share} ont encore "
        "{candidate}.",
    ),
    Phase.SUCCEEDED: (
        "It has succeeded: {candidate} is the default.",
        "Il a réussi : {candidate} est la valeur par défaut.",
    ),
    Phase.ROLLED_BACK: (
        "It was rolled back: everybody gets {restored}.",
        "Il a été annulé : tout le monde a {restored}.",
    ),
    Phase.SUPERSEDED: (
        "It has not begun: nobody got {candidate}.",
        "Il n'a pas commencé : personne n'a eu {candidate}.",
    ),
    Phase.ABORTED: (
        "A person ended it: everybody gets {control}.",
        "Quelqu'un y a mis fin : tout le monde a {control}.",
    ),
}

PAUSED_FOR: Mapping[Paused, Words] = {
    Paused.PERSON: (
        "A person paused it.",
        "Quelqu'un l'a suspendu.",
    ),
    Paused.JUDGE: (
        "Palier paused it: what it saw needs a person.",
        "Palier l'a suspendu : ce qu'il a vu demande une personne.",
    ),
    Paused.INCONCLUSIVE: (
        "Palier paused it: it could not prove itself healthy in the time planned.",
        "Palier l'a suspendu : il n'a pas pu faire ses preuves dans le temps prévu.",
    ),
    Paused.NO_DATA: (
        "Palier paused it: too little was seen of it in the time planned.",
        "Palier l'a suspendu : on en a vu trop peu dans le temps prévu.",
    ),
    Paused.DRIFT: (
        "Palier paused it: the traffic in Cloud Run is not what was asked for.",
        "Palier l'a suspendu : le trafic dans Cloud Run n'est pas celui qui était demandé.",
    ),
    Paused.APPROVAL: (
        "It has proved itself healthy here, and a person has to let the next stage begin.",
        "Il a fait ses preuves ici, et une personne doit autoriser le palier suivant.",
    ),
    Paused.HEALTH: (
        "Palier paused it: health checks of the new version failed, and those of the old one did "
        "too, or weren't made.",
        "Palier l'a suspendu : les contrôles de santé de la nouvelle version ont échoué, et ceux "
        "de l'ancienne aussi, ou n'ont pas eu lieu.",
    ),
}

WAITS: Mapping[Phase, Words] = {
    Phase.PENDING: (
        "It waits for a person to start it.",
        "Il attend qu'une personne le lance.",
    ),
    Phase.STARTING: (
        "The controller makes the first split within a minute of the request.",
        "Le contrôleur fait le premier partage dans la minute qui suit la demande.",
    ),
    Phase.BLOCKED: (
        "It waits for a version that can serve, and tries again at each look.",
        "Il attend une version qui puisse servir, et réessaie à chaque examen.",
    ),
}

AWAITS_BUDGET: Words = (
    "It waits for the service's error budget: less is left than its plan asks for.",
    "Il attend le budget d'erreur du service : il en reste moins que son plan n'en demande.",
)

OVER: Words = ("It waits for nothing: it has ended.", "Il n'attend rien : il est terminé.")


def stands(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    yield tongue.say(
        f"{rollout.flag}: from {rollout.control} to {rollout.candidate}, by the plan "
        f"{rollout.plan.name}.",
        f"{rollout.flag} : de {rollout.control} à {rollout.candidate}, selon le plan "
        f"{rollout.plan.name}.",
    )
    yield tongue.choose(STANDS[rollout.state.phase]).format(
        candidate=rollout.candidate,
        control=rollout.control,
        restored=rollout.serves_again,
        stage=rollout.state.stage + 1,
        stages=len(rollout.plan.stages),
        elapsed=tongue.duration(known.elapsed),
        share=_share(rollout, tongue),
    )
    if rollout.also:
        others = ", ".join(f"{each.flag} ({each.candidate})" for each in rollout.also)
        yield tongue.say(f"With it move: {others}.", f"Suivent le même partage : {others}.")
    if rollout.quarantined:
        yield tongue.say(
            f"{rollout.candidate} is quarantined: no rollout of it starts without an override.",
            f"{rollout.candidate} est en quarantaine : il ne repart pas sans dérogation.",
        )


def waits(known: Known, tongue: Tongue) -> Iterator[str]:
    rollout = known.rollout
    phase = rollout.state.phase
    if phase in ENDED:
        yield tongue.choose(OVER)
        return
    if phase is Phase.QUEUED:
        yield _queued(known, tongue)
    elif phase is Phase.PAUSED:
        yield tongue.choose(PAUSED_FOR[rollout.state.paused_for or Paused.JUDGE])
    elif not closed(rollout, known.now):
        yield from _by_itself(known, tongue)
    if closed(rollout, known.now):
        yield _closed(known, tongue)
    if known.look is not None:
        yield tongue.verdict(known.look.verdict, rollout)
        if known.look.verdict.kind is Kind.PASS and not rollout.plan.automatic:
            yield tongue.say(
                "Its plan leaves each step to a person.",
                "Son plan laisse chaque pas à une personne.",
            )


def _by_itself(known: Known, tongue: Tongue) -> Iterator[str]:
    """What it waits for where neither a person nor an opening is."""
    phase, traffic = known.rollout.state.phase, known.traffic.waits
    if phase is Phase.STARTING and traffic:
        yield tongue.say(traffic, in_french(traffic))
    elif known.awaits_budget:
        yield tongue.choose(AWAITS_BUDGET)
    elif phase in WAITS:
        yield tongue.choose(WAITS[phase])


def _closed(known: Known, tongue: Tongue) -> str:
    when = opens(known.rollout.plan.openings, known.now, tongue.language)
    if known.rollout.state.phase is Phase.STARTING:
        return tongue.say(
            f"Waiting: its plan starts it in its openings only, the next one opens {when}.",
            f"En attente : son plan ne le lance que dans ses créneaux, le prochain ouvre {when}.",
        )
    return tongue.say(
        f"Its plan gives it more users in its openings only, the next one opens {when}.",
        f"Son plan ne lui donne plus d'utilisateurs que dans ses créneaux, le prochain ouvre "
        f"{when}.",
    )


def _queued(known: Known, tongue: Tongue) -> str:
    ahead = ", ".join(known.ahead)
    if not ahead and known.awaits_budget:
        return tongue.choose(AWAITS_BUDGET)
    if not ahead:
        return tongue.say(
            "Nothing is ahead of it any more: it is its turn at the next look.",
            "Plus rien n'est devant lui : ce sera son tour au prochain examen.",
        )
    return tongue.say(
        f"It waits until the rollout {ahead} has ended.",
        f"Il attend la fin du déploiement {ahead}.",
    )


def _share(rollout: Rollout, tongue: Tongue) -> str:
    share = tongue.percentage(rollout.percentage)
    audience = rollout.audience
    if audience:
        return tongue.say(
            f"{share} of the members of {audience}", f"{share} des membres de {audience}"
        )
    return tongue.say(f"{share} of the users", f"{share} des utilisateurs")
