"""Rules that are wanted often, to be taken for a service and adapted. Pure.

What they look at is either measured by Palier or to be declared first as a metric of apps: `needs`
names those. A rule that is made of a template keeps the template's runbook.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from functions.alerts.rule import (
    ABOVE,
    ABSENCE,
    BASELINE,
    BELOW,
    CPU,
    ERROR_RATE,
    EXECUTION_TIME,
    MEMORY,
    NOTIFY,
    P1,
    P2,
    P3,
    PAUSE,
    PERFORMANCE_SCORE,
    REQUESTS_PER_SECOND,
    ROLL_BACK,
    THRESHOLD,
    Rule,
)

MINUTE = 60


@dataclass(frozen=True)
class Template:
    """
    about   what it is for, in one sentence
    needs   the metrics that apps report for it, by name, with how they are to be declared
    """

    rule: Rule
    about: str
    needs: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.rule.id


def _rule(
    name: str,
    severity: str,
    metric: str,
    comparison: str,
    threshold: float,
    english: str,
    french: str,
    *,
    held: int = 0,
    window: int = MINUTE,
    minimum: int = 20,
    actions: tuple[str, ...] = (NOTIFY,),
    kind: str = THRESHOLD,
    days: int = 0,
) -> Rule:
    return Rule(
        name,
        severity,
        metric,
        threshold,
        window,
        held,
        max(120, min(held, 300)),
        minimum,
        actions,
        comparison,
        kind,
        days,
        title={"en": english, "fr": french},
    )


TEMPLATES: Mapping[str, Template] = {
    each.id: each
    for each in (
        Template(
            _rule(
                "service-down",
                P1,
                REQUESTS_PER_SECOND,
                ABOVE,
                30,
                "silence",
                "silence",
                window=3 * MINUTE,
                minimum=0,
                kind=ABSENCE,
            ),
            "Nothing was served for more than 30 s, of a service that is never quiet.",
        ),
        Template(
            _rule(
                "low-precision",
                P1,
                "precision:mean",
                BELOW,
                0.94,
                "precision",
                "précision",
                held=5 * MINUTE,
            ),
            "The precision of answers is below 94 % for 5 minutes.",
            {"precision": "gauge, from 0 to 1, higher is better, by a secret key"},
        ),
        Template(
            _rule(
                "errors-for-minutes",
                P1,
                ERROR_RATE,
                ABOVE,
                0.01,
                "error rate",
                "taux d'erreur",
                held=3 * MINUTE,
                minimum=100,
            ),
            "More than 1 % of requests fail, for 3 minutes.",
        ),
        Template(
            _rule(
                "slow-answers",
                P1,
                EXECUTION_TIME,
                ABOVE,
                200,
                "execution time (95th percentile)",
                "temps d'exécution (95e percentile)",
                held=5 * MINUTE,
            ),
            "The 95th percentile of execution times is above 200 ms for 5 minutes.",
        ),
        Template(
            _rule(
                "busy-cpu",
                P2,
                CPU,
                ABOVE,
                0.60,
                "CPU in use",
                "processeur utilisé",
                held=10 * MINUTE,
            ),
            "More than 60 % of the CPU is in use for 10 minutes.",
        ),
        Template(
            _rule(
                "memory-for-minutes",
                P2,
                MEMORY,
                ABOVE,
                0.70,
                "memory in use",
                "mémoire utilisée",
                held=15 * MINUTE,
                minimum=1,
            ),
            "More than 70 % of the memory is in use for 15 minutes.",
        ),
        Template(
            _rule(
                "long-queue",
                P2,
                "queue_depth:mean",
                ABOVE,
                100,
                "jobs waiting",
                "tâches en attente",
                minimum=1,
            ),
            "More than 100 jobs wait in a queue.",
            {"queue_depth": "gauge, lower is better, by a secret key"},
        ),
        Template(
            _rule(
                "cache-misses",
                P2,
                "cache_hits:mean",
                BELOW,
                0.85,
                "cache hit rate",
                "taux de succès du cache",
            ),
            "Less than 85 % of what is looked up is found in the cache.",
            {"cache_hits": "conversion: 1 for a hit, 0 for a miss, by a secret key"},
        ),
        Template(
            _rule(
                "deployment-failed",
                P1,
                "deployment_success:mean",
                BELOW,
                1,
                "successful deployments",
                "déploiements réussis",
                minimum=1,
            ),
            "A deployment ended with another status than success.",
            {"deployment_success": "conversion: 1 for success, else 0, from CI by a secret key"},
        ),
        Template(
            _rule(
                "slower-than-usual",
                P2,
                EXECUTION_TIME,
                ABOVE,
                2,
                "execution time against the usual",
                "temps d'exécution par rapport à l'habitude",
                held=3 * MINUTE,
                window=3 * MINUTE,
                kind=BASELINE,
                days=7,
            ),
            "Execution times are more than twice those of the last 7 days at this hour.",
        ),
        Template(
            _rule(
                "more-errors-than-usual",
                P1,
                ERROR_RATE,
                ABOVE,
                5,
                "error rate against the usual",
                "taux d'erreur par rapport à l'habitude",
                window=3 * MINUTE,
                minimum=50,
                kind=BASELINE,
                days=7,
            ),
            "Errors are more than five times those of the last 7 days at this hour.",
        ),
        Template(
            _rule(
                "errors-pause",
                P2,
                ERROR_RATE,
                ABOVE,
                0.05,
                "error rate",
                "taux d'erreur",
                actions=(NOTIFY, PAUSE),
            ),
            "More than 5 % of requests fail: the rollout is paused.",
        ),
        Template(
            _rule(
                "poor-performance",
                P3,
                PERFORMANCE_SCORE,
                BELOW,
                70,
                "performance score",
                "score de performance",
                held=MINUTE,
            ),
            "The performance score is below 70: administrators are told.",
        ),
        Template(
            _rule(
                "critical-error",
                P1,
                "critical_error:count",
                ABOVE,
                0,
                "critical errors",
                "erreurs critiques",
                minimum=0,
                actions=(NOTIFY, ROLL_BACK),
            ),
            "An app reports a critical error: the version is taken back at once.",
            {"critical_error": "crash, by a secret key or for a signed-in user"},
        ),
    )
}
