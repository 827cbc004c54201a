"""What a rating says of its user: content, or complaining. Pure.

Both are 0 or 1 and reported beside every rating, so that the mean of `satisfied` is the rate of
satisfaction and that of `complained` the rate of complaints.
"""

from __future__ import annotations

from functions.metrics import names

SATISFIED_FROM = 4
COMPLAINED_TO = 2
"""Stars of five: 4 and 5 are content, 1 and 2 a complaint."""


def of_stars(stars: float) -> dict[str, float]:
    """The measures of a rating of so many stars."""
    return {
        names.SATISFIED: float(stars >= SATISFIED_FROM),
        names.COMPLAINED: float(stars <= COMPLAINED_TO),
    }
