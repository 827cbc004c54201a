"""Do more fail here than there? Fisher's exact test, one-sided. Pure.

For a few counts at one moment, as the check of something else: what is looked at again and again
needs an e-process.
"""

from __future__ import annotations

from math import exp, lgamma, log


def as_many(failing: int, tried: int, other_failing: int, other_tried: int) -> float:
    """How likely so many of all that fail would be among the first, if both were as likely to fail.

    The upper tail of the hypergeometric distribution, 0 to 1. 1 where there is nothing to compare.
    """
    together, every = failing + other_failing, tried + other_tried
    if not (0 <= failing <= tried and 0 <= other_failing <= other_tried):
        raise ValueError(f"{failing} of {tried} and {other_failing} of {other_tried}")
    most = min(together, tried)
    total = _log_choose(every, together)
    terms = [
        _log_choose(tried, here) + _log_choose(other_tried, together - here) - total
        for here in range(failing, most + 1)
    ]
    top = max(terms)
    return min(1.0, exp(top + log(sum(exp(term - top) for term in terms))))


def _log_choose(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)
