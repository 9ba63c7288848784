r"""What hearing a random sample proves about all the clips nobody flagged.

If `missed` of `heard` clips, drawn at random without regard to their content, hold what the
detectors should have found, then with confidence `c` at most the share `p` of all such clips
does, where `p` is the one-sided Clopper-Pearson bound: the solution of

    P(X <= missed) = 1 - c,   X ~ Binomial(heard, p).

For `missed = 0` that is `1 - (1 - c)^(1 / heard)`, for c = 95 % about `3 / heard` (the rule of
three). Where the population is known the sample is drawn from it without putting back, and X is
hypergeometric: the bound is K / population for the largest K that still leaves
P(X <= missed) > 1 - c, which is not above the other. When every clip was heard, it is the share.

That holds for one draw. Whoever draws until nothing is missed is lucky at last, whatever is left.
So the doubt is spent over the draws: draw k of a dataset gets

    doubt_k = (1 - c) / (k (k + 1)),

which adds up to 1 - c over all draws there can ever be. Given all that went before, draw k is
clean with a probability of at most doubt_k while more than its bound is left, so with confidence
c not one statement that the dataset's clean draws ever make is false, however often somebody
drew, whether a draw was heard, and whatever came in or left between two of them. Within a draw
clips count in its order up to the first that nobody heard, and only while none was missed: so
hearing on until it suits adds no doubt. Of a draw with a miss no bound is stated.

A draw can be repeated by anybody who has the SHA-256 of the contents it was drawn from:

    seed = SHA-256("earmark sample 2\n" dataset "\n" number "\n" sample "\n" content "\n" ...)
    rank of a content = SHA-256(seed ":" content)

with the uid of the dataset, the number of the sample, the uid of the sample (122 random bits that
nobody knows before the draw), and the contents in order, as lower-case hexadecimal text; the
contents of lowest rank are drawn, lowest first.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

from datasets_catalog.errors import InvalidError
from datasets_catalog.facts import SampleFacts

CONFIDENCE = 0.95
# The share of findings cleared together that may be otherwise than what was heard of them.
BATCH_BOUND = 0.05
# With more among them that were decided otherwise, findings are not alike: all have to be heard.
MOST_OTHERWISE = 50
# Halvings of [0, 1] after which a float64 no longer changes.
BISECTIONS = 60


class SampleError(InvalidError):
    """The counts of a sample contradict each other."""

    code = "sampling.invalid"


def compute_doubt(draw: int, confidence: float = CONFIDENCE) -> float:
    """Return the probability with which the dataset's draw of this number may deceive.

    `draw` is 1 for its first; all draws together stay under 1 - confidence. Raises SampleError.
    """
    if draw < 1:
        raise SampleError(f"Draws are counted from 1, not from {draw}.")
    return (1 - confidence) / (draw * (draw + 1))


def compute_upper_bound(
    *, heard: int, missed: int, population: int | None = None, confidence: float = CONFIDENCE
) -> float:
    """Return the largest share, 0 to 1, that one sample alone leaves believable.

    Raises SampleError.
    """
    if not 0 <= missed <= heard or (population is not None and heard > population):
        raise SampleError(
            f"A sample cannot have {missed} missed of {heard} heard out of {population}."
        )
    if population is not None and heard == population:
        return missed / population if population else 0.0
    if missed == heard:
        return 1.0
    doubt = 1 - confidence
    if population is not None:
        return _find_largest_believable(missed, heard, population, doubt) / population
    if missed == 0:
        return -math.expm1(math.log(doubt) / heard)
    low, high = missed / heard, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if _sum_binomial(missed, heard, middle) > doubt:
            low = middle
        else:
            high = middle
    return high


def format_bound(bound: float) -> str:
    """Return a bound as a percentage, rounded up so that the statement stays true."""
    return f"{math.ceil(bound * 10_000) / 10_000:.2%}"


def compute_share_left(sample: SampleFacts) -> float | None:
    """Return the largest share of the unflagged clips, 0 to 1, that the draw leaves believable.

    The count that is believable of what was drawn from is held against what is left of it: clips
    that leave cannot lower it. None where the draw proves nothing: unheard, or with a miss.
    """
    if sample.population == 0:
        return 0.0
    if sample.missed or not sample.heard:
        return None
    confidence = 1 - compute_doubt(sample.number)
    share = compute_upper_bound(
        heard=sample.heard, missed=0, population=sample.drawn_from, confidence=confidence
    )
    return min(1.0, round(share * sample.drawn_from) / sample.population)


def choose_prefix(missed: Sequence[bool], *, bound: float = BATCH_BOUND) -> tuple[int, float]:
    """Return how much of a random order to hear before the rest is decided on, and what it proves.

    The order holds what is to be decided on alike (False) and what was decided otherwise before
    (True). The first number counts from the order's beginning, both kinds; the second is the
    largest share of what is to be decided on, 0 to 1, that may be otherwise. With m of the other
    kind in the prefix the doubt is doubt_m+1, so that going on after one adds up to no more.
    """
    population = len(missed)
    rest = population - sum(missed)
    found = 0
    wanted = _count_least_heard(found, population, rest, bound)
    for heard, other in enumerate(missed, 1):
        if other:
            found += 1
            if found > MOST_OTHERWISE:
                break
            wanted = _count_least_heard(found, population, rest, bound)
        elif heard >= wanted:
            return heard, _compute_share_otherwise(heard, found, population, rest)
    return population, 0.0


def count_to_hear_of_batch(findings: int) -> int:
    """Return the fewest of so many findings alike that were ever heard where all are cleared.

    What the rules ask of a batch is this or more: more where some of the kind were decided
    otherwise. The database asks for this.
    """
    return choose_prefix([False] * findings)[0]


@lru_cache(maxsize=4096)
def _count_least_heard(missed: int, population: int, rest: int, bound: float) -> int:
    """Return the fewest to hear, those missed among them, so that the bound is proved."""
    low, high = missed, population
    while low < high:
        middle = (low + high) // 2
        enough = _compute_share_otherwise(middle, missed, population, rest) <= bound
        low, high = (low, middle) if enough else (middle + 1, high)
    return low


def _compute_share_otherwise(heard: int, missed: int, population: int, rest: int) -> float:
    confidence = 1 - compute_doubt(missed + 1)
    share = compute_upper_bound(
        heard=heard, missed=missed, population=population, confidence=confidence
    )
    return min(1.0, (round(share * population) - missed) / rest) if rest else 0.0


def count_clips_to_hear(
    *, bound: float, population: int | None = None, draw: int = 1, confidence: float = CONFIDENCE
) -> int:
    """Return how many clips must be heard, none missed, for a dataset's draw to prove the bound.

    The bound lies between 0 and 1. Raises SampleError.
    """
    if not 0 < bound < 1:
        raise SampleError(f"A bound lies between 0 and 1, not at {bound}.")
    doubt = compute_doubt(draw, confidence)
    if population is None:
        return math.ceil(math.log(doubt) / math.log1p(-bound))
    low, high = 0, population
    while low < high:
        middle = (low + high) // 2
        proved = compute_upper_bound(
            heard=middle, missed=0, population=population, confidence=1 - doubt
        )
        low, high = (low, middle) if proved <= bound else (middle + 1, high)
    return low


def derive_seed(*, dataset: str, sample: str, contents: Iterable[str], number: int) -> str:
    """Return the seed of a dataset's sample of that uid and number; `contents` in any order."""
    lines = ["earmark sample 2", dataset, str(number), sample, *sorted(contents)]
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def draw_contents(*, seed: str, contents: Iterable[str], count: int) -> list[str]:
    """Return the contents that the seed draws, in the order of the draw."""
    return sorted(contents, key=lambda content: _rank_content(seed, content))[:count]


def _rank_content(seed: str, content: str) -> bytes:
    return hashlib.sha256(f"{seed}:{content}".encode()).digest()


def _find_largest_believable(missed: int, heard: int, population: int, doubt: float) -> int:
    """Return the largest number of bad clips that leaves P(X <= missed) above the doubt."""
    low, high = missed, population - (heard - missed)
    while low < high:
        middle = (low + high + 1) // 2
        if _sum_hypergeometric(missed, heard, middle, population) > doubt:
            low = middle
        else:
            high = middle - 1
    return low


def _sum_hypergeometric(count: int, heard: int, bad: int, population: int) -> float:
    """Return P(X <= count) of the hypergeometric distribution, summed in logarithms."""
    total = _compute_log_choose(population, heard)
    least = max(0, heard - (population - bad))
    return math.fsum(
        math.exp(
            _compute_log_choose(bad, hits)
            + _compute_log_choose(population - bad, heard - hits)
            - total
        )
        for hits in range(least, min(count, bad, heard) + 1)
    )


def _compute_log_choose(items: int, chosen: int) -> float:
    return math.lgamma(items + 1) - math.lgamma(chosen + 1) - math.lgamma(items - chosen + 1)


def _sum_binomial(count: int, trials: int, share: float) -> float:
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
