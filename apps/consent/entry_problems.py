"""What is wrong with consents before they are recorded: against the ledger, and each other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.utils import timezone

from apps.accounts.models import Organisation
from apps.consent.entries import (
    ConsentEntry,
    Content,
    describe_content,
    find_differing_columns,
    read_content,
)
from apps.consent.form_book import FormBook
from apps.consent.models import Consent, Contributor
from apps.consent.participations import find_other_spellings
from apps.datasets.models import Dataset
from datasets_catalog.clip_people import fold_code
from datasets_catalog.consent import needs_evidence_of_age
from datasets_catalog.evidence import OF_NOTHING


@dataclass(frozen=True, slots=True)
class EntryProblem:
    """Why an entry, by its place among those given, is not recorded."""

    index: int
    column: str
    value: str
    expected: str

    @property
    def sentence(self) -> str:
        return f"consent {self.index + 1}, {self.column} {self.value}: expected {self.expected}"


def find_problems(
    organisation: Organisation,
    entries: Sequence[ConsentEntry],
    datasets: Sequence[Dataset] = (),
    *,
    corrected: Consent | None = None,
) -> list[EntryProblem]:
    """Everything for which an entry cannot be recorded; of two that contradict, both.

    `datasets` are those that the forms are said to ask about, beside what the entries say;
    `corrected` is a record whose place is to be taken, so that it contradicts nothing.
    """
    book = FormBook(organisation, entries, datasets)
    found = [
        *_find_code_problems(organisation, entries),
        *_find_form_problems(book, entries),
        *_find_time_problems(entries),
        *_find_evidence_problems(entries),
        *_find_content_problems(organisation, book, entries, corrected),
        *_find_people_problems(organisation, entries),
    ]
    return sorted(found, key=lambda problem: problem.index)


def _find_code_problems(
    organisation: Organisation, entries: Sequence[ConsentEntry]
) -> Iterator[EntryProblem]:
    codes = [entry.contributor for entry in entries]
    others = find_other_spellings(organisation, codes)
    for index, code in enumerate(codes):
        if code in others:
            expected = (
                f"{others[code]}, the code on record or in a row before; or one that differs from"
                " it in more than case"
            )
            yield EntryProblem(index, "contributor", code, expected)


def _find_form_problems(book: FormBook, entries: Sequence[ConsentEntry]) -> Iterator[EntryProblem]:
    for index, entry in enumerate(entries):
        if (problem := book.find_problem(entry)) is not None:
            column, value, expected = problem
            yield EntryProblem(index, column, value, expected)


def _find_time_problems(entries: Sequence[ConsentEntry]) -> Iterator[EntryProblem]:
    now = timezone.now()
    for index, entry in enumerate(entries):
        starts = entry.valid_from or entry.given_at
        if entry.given_at > now:
            yield EntryProblem(
                index, "given_at", entry.given_at.isoformat(), "a moment that has passed"
            )
        if entry.valid_until is not None and entry.valid_until <= max(starts, entry.given_at):
            value = entry.valid_until.isoformat()
            yield EntryProblem(index, "valid_until", value, "a time after the consent begins")


def _find_evidence_problems(entries: Sequence[ConsentEntry]) -> Iterator[EntryProblem]:
    for index, entry in enumerate(entries):
        if entry.evidence_sha256 == OF_NOTHING:
            expected = "the hash of a file that holds something: this is that of an empty one"
            yield EntryProblem(index, "evidence_sha256", OF_NOTHING, expected)


def _find_content_problems(
    organisation: Organisation,
    book: FormBook,
    entries: Sequence[ConsentEntry],
    corrected: Consent | None,
) -> Iterator[EntryProblem]:
    """The same contributor, form and moment with other content: nobody can say which holds."""
    on_record = load_live_contents(organisation, entries, corrected)
    together: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, entry in enumerate(entries):
        key = (entry.contributor, book.find_key(entry), entry.given_at)
        together[key].append(index)
        for known in on_record.get(key, ()):
            if columns := find_differing_columns(entry.content(), known):
                yield _build_difference(index, entry, columns, known, "on record")
    for indices in together.values():
        contents = [entries[index].content() for index in indices]
        for index, content in zip(indices, contents, strict=True):
            other = next((each for each in contents if each != content), None)
            if other is not None:
                columns = find_differing_columns(content, other)
                yield _build_difference(index, entries[index], columns, other, "on another row")


def _build_difference(
    index: int, entry: ConsentEntry, columns: list[str], other: Content, where: str
) -> EntryProblem:
    own = describe_content(entry.content(), columns)
    return EntryProblem(
        index,
        columns[0],
        entry.content().get(columns[0], ""),
        f"one set of answers of {entry.contributor} to {entry.form} {entry.form_version} at"
        f" {entry.given_at.isoformat()}: {where} stands {describe_content(other, columns)}; here"
        f" {own}."
        " Give a new answer its own moment, or correct what is wrong",
    )


def load_live_contents(
    organisation: Organisation, entries: Iterable[ConsentEntry], corrected: Consent | None = None
) -> dict[tuple[object, ...], list[Content]]:
    """The consents on record that were not corrected, of the contributors named."""
    codes = {entry.contributor for entry in entries}
    rows = Consent.objects.filter(
        contributor__organisation=organisation, contributor__code__in=codes, superseded_by=None
    ).select_related("contributor", "form")
    if corrected is not None:
        rows = rows.exclude(pk=corrected.pk)
    found: dict[tuple[object, ...], list[Content]] = defaultdict(list)
    for row in rows.prefetch_related("answers"):
        form = (row.form.name, row.form.version, row.form.language)
        found[row.contributor.code, form, row.given_at].append(read_content(row))
    return found


@dataclass(slots=True)
class _Age:
    """What is known of somebody's age: from the ledger, and from the entries before."""

    minor: bool = False
    of_age_on: date | None = None

    def is_minor(self, at: datetime) -> bool:
        return self.minor and (self.of_age_on is None or at.astimezone(UTC).date() < self.of_age_on)


def _find_people_problems(
    organisation: Organisation, entries: Sequence[ConsentEntry]
) -> Iterator[EntryProblem]:
    ages = _load_ages(organisation)
    for index, entry in enumerate(entries):
        for column, value, expected in _find_age_problems(
            entry, ages[fold_code(entry.contributor)]
        ):
            yield EntryProblem(index, column, value, expected)
    for entry in entries:
        age = ages[fold_code(entry.contributor)]
        age.minor = age.minor or bool(entry.minor or entry.guardian or entry.of_age_on)
        age.of_age_on = age.of_age_on or entry.of_age_on
    for index, entry in enumerate(entries):
        for expected in _find_guardian_problems(entry, ages):
            yield EntryProblem(index, "guardian", entry.guardian, expected)


def _load_ages(organisation: Organisation) -> defaultdict[str, _Age]:
    found: defaultdict[str, _Age] = defaultdict(_Age)
    for row in Contributor.objects.filter(organisation=organisation, is_minor=True):
        found[fold_code(row.code)] = _Age(row.is_minor, row.of_age_on)
    return found


def _find_age_problems(entry: ConsentEntry, known: _Age) -> Iterator[tuple[str, str, str]]:
    day = entry.given_at.astimezone(UTC).date()
    said = entry.of_age_on
    if said is not None and known.of_age_on not in {None, said}:
        expected = f"{known.of_age_on}, which is on record: record_minor changes it"
        yield "of_age_on", str(said), expected
    if known.of_age_on is None and _lacks_evidence(entry, known):
        expected = f"the SHA-256 of what shows that a minor on record is of age on {said}"
        yield "evidence_sha256", "", expected
    of_age = known.of_age_on or said
    if entry.minor is False and known.is_minor(entry.given_at):
        expected = "yes, or nothing: on record as a minor (mark_of_age, or record_minor with a day)"
        yield "minor", "no", expected
    if entry.minor is False and said is not None and day < said:
        yield "minor", "no", f"yes: of age only on {said}"
    if entry.minor and of_age is not None and of_age <= day:
        yield "minor", "yes", f"no, or nothing: of age since {of_age}"
    if entry.guardian and entry.minor is False:
        yield "guardian", entry.guardian, "nothing, for somebody who is no minor"
    if entry.guardian and of_age is not None and of_age <= day:
        yield "guardian", entry.guardian, f"their own answer: of age since {of_age}"


def _lacks_evidence(entry: ConsentEntry, known: _Age) -> bool:
    """Whether the entry says without evidence when a minor on record is of age."""
    if entry.evidence_sha256:
        return False
    return needs_evidence_of_age(
        is_minor=known.minor, on_record=known.of_age_on, said=entry.of_age_on
    )


def _find_guardian_problems(entry: ConsentEntry, ages: defaultdict[str, _Age]) -> Iterator[str]:
    if not entry.guardian:
        return
    if fold_code(entry.guardian) == fold_code(entry.contributor):
        yield "somebody else's code: nobody is their own guardian"
    elif ages[fold_code(entry.guardian)].is_minor(entry.given_at):
        yield "somebody of age: this is the code of a minor"
