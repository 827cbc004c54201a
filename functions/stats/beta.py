"""The beta function and its regularized incomplete form, by the standard library."""

from __future__ import annotations

from math import exp, inf, lgamma, log, log1p

_TINY = 1e-300
_PRECISION = 1e-15
_STEPS = 10_000


def log_beta(a: float, b: float) -> float:
    """Natural logarithm of B(a, b), for a and b above 0."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def log_survival(a: float, b: float, x: float) -> float:
    """Natural logarithm of P(θ > x) for θ ~ Beta(a, b).

    Kept as a logarithm because evidence in favour of the candidate makes it smaller than the
    smallest float. Continued fraction of Numerical Recipes 6.4 by Lentz's method, on whichever
    side of the mean it converges fast.
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return -inf
    front = a * log(x) + b * log1p(-x) - log_beta(a, b)
    if x < (a + 1.0) / (a + b + 2.0):
        below = exp(front - log(a)) * _fraction(a, b, x)
        return log1p(-below) if below < 1.0 else -inf
    return front - log(b) + log(_fraction(b, a, 1.0 - x))


def _fraction(a: float, b: float, x: float) -> float:
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + term * d)
            c = _away_from_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            return value
    message = f"the continued fraction did not converge for a={a}, b={b}, x={x}"
    raise ArithmeticError(message)


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
