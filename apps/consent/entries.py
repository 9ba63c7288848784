"""What a table or form brings of consents, as values, and how two of them differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from apps.consent.models import Consent
from datasets_catalog.purposes import Answer, Purpose
from datasets_catalog.territories import EVERYWHERE

UNSAID_LANGUAGE = "und"
FormKey = tuple[str, str, str]
Content = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConsentEntry:
    """One contributor's answers as a table or form gives them; purposes left out: not asked.

    `language`, `study` and `datasets` (names or `organisation/name`) are said of the form; the rest
    of the answers. `minor` is None where nothing is said of age.
    """

    contributor: str
    form: str
    form_version: str
    given_at: datetime
    answers: Mapping[Purpose, Answer]
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    territories: frozenset[str] = EVERYWHERE
    evidence_sha256: str = ""
    guardian: str = ""
    minor: bool | None = None
    of_age_on: date | None = None
    language: str = ""
    study: str = ""
    datasets: tuple[str, ...] = ()

    @property
    def asked_answers(self) -> dict[Purpose, Answer]:
        return {p: a for p, a in self.answers.items() if a is not Answer.NOT_ASKED}

    def content(self) -> Content:
        """Return what is recorded beyond whose, under which form, and when; by column, as text."""
        return _build_content(
            self.asked_answers,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            territories=self.territories,
            evidence_sha256=self.evidence_sha256,
            guardian=self.guardian,
        )


def read_content(row: Consent) -> Content:
    """Return the same of a consent on record."""
    return _build_content(
        {Purpose(each.purpose): Answer(each.answer) for each in row.answers.all()},
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        territories=frozenset(row.territories),
        evidence_sha256=row.evidence_sha256,
        guardian=row.guardian,
    )


def find_differing_columns(one: Content, other: Content) -> list[str]:
    """Return the columns in which two contents differ, in the order of the table's."""
    names = dict.fromkeys((*one, *other))
    return [name for name in names if one.get(name, "") != other.get(name, "")]


def describe_content(content: Content, columns: list[str]) -> str:
    """Return the named columns with what stands in them."""
    return ", ".join(f"{name} {content.get(name) or 'empty'}" for name in columns)


def _build_content(
    answers: Mapping[Purpose, Answer],
    *,
    valid_from: datetime | None,
    valid_until: datetime | None,
    territories: frozenset[str],
    evidence_sha256: str,
    guardian: str,
) -> Content:
    return {
        "valid_from": _format_moment(valid_from),
        "valid_until": _format_moment(valid_until),
        "territories": ";".join(sorted(territories)),
        "evidence_sha256": evidence_sha256,
        "guardian": guardian,
        **{purpose.value: answers[purpose].value for purpose in Purpose if purpose in answers},
    }


def _format_moment(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).isoformat()
