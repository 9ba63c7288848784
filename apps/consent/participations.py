"""Who is in which clip, and what was said of that before: the history follows the bytes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Organisation, User
from apps.consent.answer_changes import announce_answers
from apps.consent.models import Contributor, Participation, PeopleStatement
from apps.database.bulk import insert_rows
from apps.datasets.models import Clip
from apps.datasets.work import select_organisation
from datasets_catalog.clip_people import fold_code

BATCH = 2000


@dataclass(frozen=True, slots=True)
class PeopleChange:
    """Who was in a clip (by id) until now, and who is from now on; codes in order."""

    clip: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def set_participations(
    *,
    actor: User,
    organisation: Organisation,
    people: Mapping[int, Sequence[str]],
    added: Collection[int] = (),
) -> list[PeopleChange]:
    """Say who is in each clip (by clip id); part of an ingest, whose transaction this runs in.

    Codes that are not known become contributors without a consent: nothing is allowed for them.
    Returns what changed: the drafts of these clips are to be touched. Of clips that were there
    before (all but `added`) it stays on record, with the bytes of which it was said.
    """
    codes = {code for listed in people.values() for code in listed}
    known, _ = register_contributors(organisation, codes)
    changes: list[PeopleChange] = []
    for chunk in _split_into_chunks(people):
        before = load_recorded_people(chunk)
        some = [
            PeopleChange(clip, before.get(clip, ()), tuple(sorted(set(people[clip]))))
            for clip in chunk
            if before.get(clip, ()) != tuple(sorted(set(people[clip])))
        ]
        for change in some:
            gone = set(change.before) - set(change.after)
            if gone:
                rows = Participation.objects.filter(clip_id=change.clip)
                rows.filter(contributor__code__in=gone).delete()
        fresh = [
            (change.clip, known[code].pk)
            for change in some
            for code in set(change.after) - set(change.before)
        ]
        insert_rows(Participation, ("clip", "contributor"), sorted(fresh))
        _write_statements(
            actor, [change for change in some if change.clip not in added], kept=False
        )
        changes += some
    moved = {code for change in changes for code in set(change.before) ^ set(change.after)}
    concerned = Contributor.objects.filter(organisation=organisation, code__in=moved)
    announce_answers(set(concerned.values_list("pk", flat=True)))
    return changes


def keep_people(*, actor: User, clips: Iterable[int]) -> None:
    """Note who is in these clips, and of which recording: before that or their bytes change."""
    for chunk in _split_into_chunks(clips):
        found = load_recorded_people(chunk)
        same = [PeopleChange(clip, found.get(clip, ()), found.get(clip, ())) for clip in chunk]
        _write_statements(actor, same, kept=True)


def find_clips_named_by(user: User, contents: Mapping[int, set[str]]) -> set[int]:
    """Which of these clips of one organisation the user changed the people of.

    `contents` is by clip, as `map_clip_contents` says it: it counts for every clip with the same
    bytes.
    """
    said = PeopleStatement.objects.filter(
        Q(clip__in=list(contents))
        | Q(content_sha256__in={content for each in contents.values() for content in each}),
        clip__dataset__organisation__in=select_organisation(contents),
        said_by=user,
        kept=False,
    )
    pairs = list(said.order_by().values_list("clip_id", "content_sha256").distinct())
    named, of_content = {clip for clip, _ in pairs}, {content for _, content in pairs}
    return {pk for pk, each in contents.items() if pk in named or each & of_content}


def load_recorded_people(clips: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """The codes of the people in each of these clips; clips with nobody are left out."""
    found: dict[int, list[str]] = {}
    rows = Participation.objects.filter(clip_id__in=clips).order_by("contributor__code")
    for clip, code in rows.values_list("clip_id", "contributor__code"):
        found.setdefault(clip, []).append(code)
    return {clip: tuple(sorted(codes)) for clip, codes in found.items()}


def _write_statements(actor: User, changes: Sequence[PeopleChange], *, kept: bool) -> None:
    rows = Clip.objects.filter(pk__in=[change.clip for change in changes])
    columns = rows.values_list("pk", "blob__sha256", "recording__name")
    contents = {clip: (sha256, name or "") for clip, sha256, name in columns}
    now = timezone.now()
    insert_rows(
        PeopleStatement,
        ("clip", "content_sha256", "recording", "before", "after", "kept", "said_by", "said_at"),
        [
            (
                change.clip,
                *contents[change.clip],
                list(change.before),
                list(change.after),
                kept,
                actor.pk,
                now,
            )
            for change in changes
        ],
    )


def register_contributors(
    organisation: Organisation, codes: Iterable[str]
) -> tuple[dict[str, Contributor], int]:
    """The contributors with these codes, and how many of them are new to the ledger."""
    wanted = set(codes)
    rows = Contributor.objects.filter(organisation=organisation, code__in=wanted)
    found = {row.code: row for row in rows}
    fresh = [
        Contributor(organisation=organisation, code=code) for code in sorted(wanted - found.keys())
    ]
    Contributor.objects.bulk_create(fresh, batch_size=BATCH)
    found.update((row.code, row) for row in fresh)
    return found, len(fresh)


def find_other_spellings(organisation: Organisation, codes: Iterable[str]) -> dict[str, str]:
    """Codes that are not on record, each with the one, there or before it, that it may well mean.

    A code in other letters would be somebody else, whose clips no answer of the person reaches.
    """
    wanted = list(dict.fromkeys(codes))
    known = set(
        Contributor.objects.filter(organisation=organisation, code__in=wanted).values_list(
            "code", flat=True
        )
    )
    fresh = [code for code in wanted if code not in known]
    if not fresh:
        return {}
    rows = Contributor.objects.filter(organisation=organisation).values_list("code", flat=True)
    spelt = {fold_code(code): code for code in rows.iterator(chunk_size=5000)}
    found = {}
    for code in fresh:
        other = spelt.setdefault(fold_code(code), code)
        if other != code:
            found[code] = other
    return found


def _split_into_chunks(clips: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(clips)
    while some := list(islice(rest, BATCH)):
        yield some
