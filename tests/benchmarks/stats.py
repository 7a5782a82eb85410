"""Medians, spreads and ratios."""

from collections.abc import Iterable, Sequence
from statistics import median, quantiles

import attrs


@attrs.frozen
class Spread:
    """A median, and the quartiles around it."""

    median: float
    low: float
    high: float

    @property
    def iqr(self) -> float:
        """The distance between the quartiles."""
        return self.high - self.low


def spread(values: Sequence[float]) -> Spread:
    """Return the median and quartiles of one value or more."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, _, high = quantiles(values, n=4, method="inclusive")
    return Spread(median(values), low, high)


def ratio(pairs: Iterable[tuple[float, float]]) -> Spread:
    """Return the spread of value ÷ base, round by round.

    A machine that slows down for a second slows both sides of a round, so the ratio of a round
    says more than the ratio of two medians.
    """
    return spread([value / base for value, base in pairs])
