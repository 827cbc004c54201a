"""How a plan's `alpha` is shared among the tests that may be looked at at any time. Pure.

Together they take a healthy candidate back with a chance of `alpha` at most, in a rollout's whole
life. Errors get nearly all of it: they do the most harm, and a smaller part would find them later.
"""

from __future__ import annotations

ERRORS = 0.8
SLOW = 0.18
MEASURES = 0.02
"""All checks against the control together."""

_FIRST = 0.8
"""Of a test that begins anew at each stage, for the first one: there a version is new."""


def of_stage(left: int) -> float:
    """The part for a stage when so many were left before it; all of them sum up to 1."""
    return _FIRST if left == 0 else (1.0 - _FIRST) / (left * (left + 1.0))
