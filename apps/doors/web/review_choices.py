"""What a reviewer can say of a case, and the reasons the page offers for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.accounts.models import User
from apps.review.models import Decision
from apps.review.redaction import Method

# As many reasons as there are digits to pick them with, and as many as one looks through at once.
OFFERED = 6
# How many of somebody's last decisions are looked through for their reasons.
LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be said; `reasons` are offered for it, the most recent first.

    `direct`: it needs no reason, so a key alone says it.
    """

    value: str
    words: str
    note: str = ""
    reasons: Sequence[str] = ()
    direct: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """What a form of the workbench asks."""

    title: str
    choices: Sequence[Choice]
    note: str = ""
    methods: Sequence[tuple[str, str, str]] = ()


# What is offered before somebody has reasons of their own. None is taken unless it is picked.
USUAL = {
    "clear": (
        "Nobody can be heard here.",
        "An animal, not a person.",
        "Music or a machine, not a voice.",
        "No personal data: an invented or public value.",
    ),
    "identifiable": (
        "The person is recorded as a contributor and consented.",
        "Somebody who spoke for this recording, with consent.",
    ),
    "redact": (
        "Somebody talks in the background.",
        "A name or another personal detail is spoken.",
        "Tags in the file name a person, place or device.",
    ),
    "exclude": (
        "People talk throughout; nothing would be left.",
        "Somebody can be recognised who did not consent.",
    ),
    "agree": ("Heard it too: the same voice, covered by consent.", "Heard it too: I agree."),
    "something": (
        "Somebody speaks.",
        "A voice in the background, words cannot be made out.",
        "Somebody sings, laughs, coughs or cries.",
    ),
    "disagree": (
        "The person heard is not the one recorded.",
        "The consent does not cover what is heard.",
    ),
}
METHODS = (
    (Method.MUTE.value, "Mute", "M"),
    (Method.BLEEP.value, "Bleep", "B"),
    (Method.NOISE.value, "Noise", "X"),
)
# What each choice is to the rules: a verdict, and whether a person can be recognised.
VERDICTS = {
    "clear": (Decision.Verdict.CLEAR, False),
    "identifiable": (Decision.Verdict.CLEAR, True),
    "redact": (Decision.Verdict.REDACT, False),
    "exclude": (Decision.Verdict.EXCLUDE, False),
}
_WORDS = {
    "clear": ("Clear", "what was found may stay"),
    "identifiable": (
        "Clear, a person can be recognised",
        "needs consent and a second reviewer",
    ),
    "redact": ("Redact", "take this stretch or tag out of the file"),
    "exclude": ("Exclude", "leave the whole clip out"),
}


def build_decision_mode(user: User) -> Mode:
    """One query: the reasons this person gave lately."""
    return Mode("Decide", _build_choices(user, tuple(VERDICTS)), methods=METHODS)


def build_batch_mode(user: User) -> Mode:
    """The same without redaction: what is cut out of a sound is heard first, each time."""
    return Mode("Decide on all of them", _build_choices(user, ("clear", "identifiable", "exclude")))


def build_confirmation_mode(decision: Decision) -> Mode:
    note = (
        f"{decision.decided_by} cleared it although a person can be recognised: {decision.reason}"
    )
    return Mode(
        "Do you agree?",
        (
            Choice("agree", "Agree", "it may stay, with the person's consent", USUAL["agree"]),
            Choice("disagree", "Disagree", "it is open again", USUAL["disagree"]),
        ),
        note=note,
    )


def build_hearing_mode() -> Mode:
    return Mode(
        "What did you hear?",
        (
            Choice("nothing", "Nobody", "no voice and nothing personal", direct=True),
            Choice("something", "Somebody", "the detectors missed it", USUAL["something"]),
        ),
    )


def _build_choices(user: User, values: Sequence[str]) -> list[Choice]:
    given = _list_given_reasons(user)
    return [
        Choice(value, *_WORDS[value], _offer_reasons(given.get(VERDICTS[value], []), USUAL[value]))
        for value in values
    ]


def _list_given_reasons(user: User) -> dict[tuple[str, bool], list[str]]:
    found: dict[tuple[str, bool], list[str]] = {}
    rows = Decision.objects.filter(decided_by=user).order_by("-pk")
    for verdict, identifiable, reason in rows.values_list("verdict", "identifiable", "reason")[
        :LOOKED_AT
    ]:
        found.setdefault((verdict, identifiable), []).append(reason)
    return found


def _offer_reasons(given: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*given, *usual]))[:OFFERED]
