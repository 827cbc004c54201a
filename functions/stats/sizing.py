"""How long until the e-process sees a rise, at a given traffic. Pure.

Of n failing users the candidate gets θ·n on average, with θ = W·q / (W·q + (1 - W)·p): W its share
of the users, q and p how often its requests and the control's fail. The log e-value at these
expected counts first reaches what is asked for at some n, which takes n / (r·(W·q + (1 - W)·p))
seconds at r requests a second. Half of the rollouts see it earlier, about, and half later.

It takes each failure for another user's. Where few users fail again and again it takes longer.
"""

from __future__ import annotations

from collections.abc import Callable

from functions.stats.e_process import Failing, log_e_value, tolerated_share

LONGEST_SECONDS = 90 * 86_400.0
LEAST_USERS = 3
"""Of the candidate's, failing: fewer never take anything back by themselves."""

_STEPS = 15
"""Of halving: to a thirty-thousandth of what is found at least."""


def seconds_to_see(
    *,
    requests_per_second: float,
    share: float,
    control: float,
    candidate: float,
    log_needed: float,
    tolerance: float = 1.0,
) -> float | None:
    """Until a candidate that fails `candidate` (0..1) a request is told from a control that fails
    `control`, with the candidate's `share` (above 0, below 1) of the users; the evidence needed as
    a natural logarithm. None: not within LONGEST_SECONDS, or never.
    """
    failing_per_request = share * candidate + (1.0 - share) * control
    if requests_per_second <= 0.0 or failing_per_request <= 0.0:
        return None
    theta = share * candidate / failing_per_request
    if theta <= tolerated_share(share, tolerance):
        return None
    per_second = requests_per_second * failing_per_request

    def enough(users: float) -> bool:
        counts = Failing(users * theta, users * (1.0 - theta), share)
        return users * theta >= LEAST_USERS and log_e_value(counts, tolerance) >= log_needed

    return _first(enough, per_second)


def seconds_without_control(
    *, requests_per_second: float, usual: float, candidate: float, log_needed: float
) -> float | None:
    """The same where everybody has the candidate, told from what was `usual` (a share of the
    requests, above 0, below 1) before: each request is a draw that fails or not."""
    if requests_per_second <= 0.0 or not 0.0 < usual < candidate:
        return None

    def enough(requests: float) -> bool:
        counts = Failing(requests * candidate, requests * (1.0 - candidate), usual)
        return requests * candidate >= LEAST_USERS and log_e_value(counts) >= log_needed

    return _first(enough, requests_per_second)


def _first(enough: Callable[[float], bool], per_second: float) -> float | None:
    """The seconds after which `enough` of what comes `per_second` has come: once it is enough it
    stays so."""
    high = 1.0
    while not enough(high):
        if high >= LONGEST_SECONDS * per_second:
            return None
        high = min(2.0 * high, LONGEST_SECONDS * per_second)
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high / per_second
