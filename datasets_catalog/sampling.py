"""What hearing a random sample proves about all the clips nobody flagged.

If `missed` of `heard` clips, drawn at random without regard to their content, hold what the
detectors should have found, then with confidence `c` at most the share `p` of all such clips
does, where `p` is the one-sided Clopper-Pearson bound: the solution of

    P(X <= missed) = 1 - c,   X ~ Binomial(heard, p).

For `missed = 0` that is `1 - (1 - c)^(1 / heard)`, for c = 95 % about `3 / heard` (the rule of
three). The bound ignores that the population is finite, which only makes it cautious; when every
clip was heard, nothing is left to infer and the share is known.
"""

import math

from datasets_catalog.errors import InvalidError

CONFIDENCE = 0.95
# Halvings of [0, 1] after which a float64 no longer changes.
BISECTIONS = 60


class SampleError(InvalidError):
    """The counts of a sample contradict each other."""

    code = "sampling.invalid"


def upper_bound(
    *, heard: int, missed: int, population: int | None = None, confidence: float = CONFIDENCE
) -> float:
    """Return the largest share, 0 to 1, that the sample leaves believable. Raises SampleError."""
    if not 0 <= missed <= heard or (population is not None and heard > population):
        raise SampleError(
            f"A sample cannot have {missed} missed of {heard} heard out of {population}."
        )
    if population is not None and heard == population:
        return missed / population if population else 0.0
    if missed == heard:
        return 1.0
    doubt = 1 - confidence
    if missed == 0:
        return -math.expm1(math.log(doubt) / heard)
    low, high = missed / heard, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _at_most(missed, heard, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def stated(bound: float) -> str:
    """Return a bound as a percentage, rounded up so that the statement stays true."""
    return f"{math.ceil(bound * 10_000) / 10_000:.2%}"


def clips_to_hear(*, bound: float, confidence: float = CONFIDENCE) -> int:
    """Return how many clips must be heard, with nothing missed, to prove the bound (0 to 1)."""
    if not 0 < bound < 1:
        raise SampleError(f"A bound lies between 0 and 1, not at {bound}.")
    return math.ceil(math.log(1 - confidence) / math.log1p(-bound))


def _at_most(count: int, trials: int, share: float) -> float:
    """Return P(X <= count) of the binomial distribution, summed in logarithms."""
    if share >= 1:
        return 0.0
    log_share, log_rest = math.log(share), math.log1p(-share)
    total = math.lgamma(trials + 1)
    return math.fsum(
        math.exp(
            total
            - math.lgamma(hits + 1)
            - math.lgamma(trials - hits + 1)
            + hits * log_share
            + (trials - hits) * log_rest
        )
        for hits in range(count + 1)
    )
