"""Is the candidate failing more users than it should? An answer that may be asked for at any time.

The conditional beta-binomial e-process of Lindon and Malek (NeurIPS 2022), in its one-sided form.
When the candidate is no worse than the control, each failing user falls into its arm with the
probability of the split, whatever the traffic does. The e-value says how badly that bet fits what
was seen: it reaches 1/α with a probability of at most α in a rollout's whole life, however often
one looks (Ville's inequality).

Count *distinct users*, once a stage: a client that retries five times would otherwise look like
five failures, and two of five healthy rollouts would be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, log1p

from functions.stats.beta import log_beta, log_survival

_PRIOR_WEIGHT = 10.0
"""The prior's weight, in failing users; its mean is the split."""

_FIRST = 0.92
"""The part of the bet that is laid on the first stage: there a version is new. The others share
the rest."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Distinct failing users of one stage, and the candidate's share (0..1) of the split. Counts,
    or what is expected of them."""

    candidate: float
    control: float
    share: float


def tolerated_share(share: float, tolerance: float) -> float:
    """The share of failing users the candidate may have when `tolerance` times as many may fail."""
    return tolerance * share / (tolerance * share + 1.0 - share)


def log_e_value(failing: Failing, tolerance: float = 1.0) -> float:
    """Natural logarithm of one stage's e-value; 0 when there is no control to compare with.

    log M = lnB(a+c, b+d) - lnB(a, b) - c·lnW - d·ln(1-W) + ln P_post(θ>W) - ln P_prior(θ>W),
    with c and d the failing users of candidate and control, W the tolerated share, and the prior
    (a, b) = (10W, 10(1-W)).
    """
    if not 0.0 < failing.share < 1.0:
        return 0.0
    w = tolerated_share(failing.share, tolerance)
    a, b = _PRIOR_WEIGHT * w, _PRIOR_WEIGHT * (1.0 - w)
    c, d = failing.candidate, failing.control
    return (
        log_beta(a + c, b + d)
        - log_beta(a, b)
        - c * log(w)
        - d * log1p(-w)
        + log_survival(a + c, b + d, w)
        - log_survival(a, b, w)
    )


def log_evidence(stages: Sequence[float], planned: int) -> float:
    """Natural logarithm of the evidence of a whole ramp, from its stages' log e-values so far:
    their mean, by weights that are fixed beforehand.

    They don't multiply, since stages know of each other: who fails often fails in each of them, on
    the same side of the split, so that one unlucky draw of users would count in each stage anew. A
    mean of e-values is one whatever they have to do with each other (Vovk and Wang, Annals of
    Statistics 49, 2021), and a stage in which the candidate did well can't make up for a bad one.
    """
    if not stages:
        return 0.0
    later = max(planned, len(stages)) - 1
    if later == 0:
        return stages[0]
    weights = [_FIRST, *[(1.0 - _FIRST) / later] * later]
    return _log_sum([each + log(part) for each, part in zip(stages, weights, strict=False)])


def expected_failing(failing: Failing) -> float:
    """How many of the candidate's users would fail if it were as healthy as the control."""
    if failing.share >= 1.0:
        return 0.0
    return failing.control * failing.share / (1.0 - failing.share)


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs)
    if top == -inf:
        return -inf
    return top + log(sum(exp(each - top) for each in logs))
