"""After the answer changes: since when a release that was given out is closed to readers.

Consent is asked when a release is published; answers change, run out and are corrected afterwards.
`Release.lapses_at` is the first moment from which somebody in it is not covered for what it
declares, from which own terms of a clip have ended, or since which review says of its bytes that
they are not to be given out (`objections.py`). It is computed at publication and again in the
transaction of every change in the ledger and of every decision and count of a reviewer, so that no
reader is served on a word that no longer holds: `authorize` compares it with now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.access import Principal, require_permission
from apps.consent.ledger import find_ledger_coverage_end, load_consents
from apps.consent.models import Contributor, Participation
from apps.datasets.models import Clip, Dataset
from apps.licensing.models import Terms
from apps.releases.errors import ReleaseLapsedError
from apps.releases.models import Lapse, LapseGround, Release, ReleaseBlob, ReleasePerson
from apps.releases.objections import Objection, iterate_released_clips, list_objections
from apps.releases.release_usage import find_licences_end, list_clips_of_ended_terms
from apps.review.held_back import map_people_on_record
from apps.review.models import Decision, Headcount
from datasets_catalog.clip_people import ClipPeople
from datasets_catalog.consent import CoverageGap, compute_coverage
from datasets_catalog.ledger import Refusal
from datasets_catalog.purposes import Purpose
from datasets_catalog.release_states import ReleaseState
from datasets_catalog.roles import Permission

GIVEN_OUT = (ReleaseState.PUBLISHED, ReleaseState.DEPRECATED)
CAUSES = {
    Refusal.EXPIRED: Lapse.Cause.EXPIRED,
    Refusal.WITHDRAWN: Lapse.Cause.WITHDRAWN,
    Refusal.OF_AGE: Lapse.Cause.OF_AGE,
    Refusal.GUARDIAN_MISSING: Lapse.Cause.OF_AGE,
}
CHUNK = 2000
Follower = Callable[[Release, Sequence[Lapse]], None]
Key = tuple[UUID, str, int | None]

# What is called with a release and what is new among its lapses, inside the transaction.
_FOLLOWERS: list[Follower] = []


def follow_lapses(follower: Follower) -> None:
    """Have `follower` told of every new lapse. Registered once, when a room is installed."""
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


def find_lapse_start(release: Release) -> datetime | None:
    """Since when people, terms or review keep the release in; None while they do not. No query."""
    at = release.lapses_at
    return at if at is not None and at <= timezone.now() else None


def match_covered() -> Q:
    """The same as a condition on releases: nothing keeps them from being given out."""
    return Q(lapses_at=None) | Q(lapses_at__gt=timezone.now())


def require_covered(release: Release) -> None:
    """Raise ReleaseLapsedError while people, terms or review do not let the release out.

    For whatever gives the release to new people: grants and sendings.
    """
    release.refresh_from_db(fields=["lapses_at", "lapses_by"])
    since = find_lapse_start(release)
    if since is not None:
        raise ReleaseLapsedError(
            f"{describe_lapse(release, since)}: release a version without those clips."
        )


def describe_lapse(release: Release, since: datetime) -> str:
    """Since when a release is closed and by what, without an end; never who, nor in which clip."""
    ground = LapseGround(release.lapses_by)
    where = {
        LapseGround.CONSENT: f"somebody in {release} no longer allows what it was released for",
        LapseGround.TERMS: f"the terms of a clip in {release} no longer allow what it was"
        " released for",
        LapseGround.REVIEW: f"a decision of a reviewer holds back a clip that {release} has",
        LapseGround.PEOPLE: f"more people are heard in a clip of {release} than are recorded",
    }
    return f"Since {since:%Y-%m-%d} {where[ground]}"


def _match_held(release: Release, clip: str = "") -> Q:
    """Whether the release holds the bytes that a clip has, or had; `clip` is the path to it."""
    holding = ReleaseBlob.objects.filter(release=release)
    now = Exists(holding.filter(blob=OuterRef(f"{clip}blob")))
    before = Exists(holding.filter(blob=OuterRef(f"{clip}original")))
    return Q(now) | Q(before)


def hold_people(release: Release) -> None:
    """Note on a release being frozen who is in which of its clips."""
    ReleasePerson.objects.filter(release=release).delete()
    parts = Participation.objects.filter(
        clip__dataset=release.dataset_id, clip__state=Clip.State.ACTIVE
    ).select_related("clip__recording")
    rows = (
        ReleasePerson(
            release=release,
            contributor_id=part.contributor_id,
            clip_uid=part.clip.uid,
            path=part.clip.path,
            recording=part.clip.recording.name if part.clip.recording else "",
        )
        for part in parts.iterator(chunk_size=CHUNK)
    )
    ReleasePerson.objects.bulk_create(rows, batch_size=CHUNK)


@transaction.atomic
def note_lapses(release: Release, *, at: datetime | None = None) -> list[Lapse]:
    """Compute anew until when the release is let out, and write what changed; returns what is new.

    A release that is covered again, by a new answer or another decision, is given out again.
    """
    now = at or timezone.now()
    # Answers that change at once are each followed: the later reads what the earlier wrote.
    row = Release.objects.select_for_update(of=("self",)).select_related("dataset__organisation")
    release = row.get(pk=release.pk)
    people = list_people(release)
    covered = find_ledger_coverage_end(
        dataset=release.dataset,
        clip_people=people,
        purposes=map(Purpose, release.purposes),
        territories=frozenset(release.territories),
        at=now,
    )
    objections = list_objections(release, people)
    ends = dict(_ends_by_review(release, objections))
    if licensed := find_licences_end(release):
        ends[LapseGround.TERMS] = licensed
    if covered is not None:
        ends[LapseGround.CONSENT] = _find_lapse_moment(release, covered, now)
    wanted: dict[Key, str] = {(o.clip_uid, str(o.cause), None): o.path for o in objections}
    if covered is not None and covered <= now:
        wanted |= dict(_find_wanted_lapses(release, _find_uncovered(release, people, now)))
    if licensed is not None and licensed <= now:
        for uid, path in list_clips_of_ended_terms(release, on=now.date()):
            wanted[uid, str(Lapse.Cause.TERMS_ENDED), None] = path
    # What is over ends first: the database opens no release while something in it has lapsed.
    new = _write_lapses(release, wanted, now)
    _write_end(release, ends)
    return new


def _ends_by_review(
    release: Release, objections: Sequence[Objection]
) -> Iterator[tuple[LapseGround, datetime]]:
    """Since when review closes it; what was said before it was given out counts from then on."""
    for ground, by_count in ((LapseGround.REVIEW, False), (LapseGround.PEOPLE, True)):
        since = [
            each.since
            for each in objections
            if (each.cause == Lapse.Cause.PEOPLE_UNKNOWN) is by_count
        ]
        if since:
            yield ground, max(min(since), release.published_at or min(since))


def _find_lapse_moment(release: Release, covered: datetime, now: datetime) -> datetime:
    """The moment that stands already, where consent is what it lapsed by: `covered` is then now."""
    known = release.lapses_at
    by_consent = release.lapses_by == LapseGround.CONSENT
    return known if by_consent and known and known <= now and covered <= now else covered


def _write_end(release: Release, ends: Mapping[LapseGround, datetime]) -> None:
    ground = min(ends, key=lambda each: ends[each], default=None)
    at, by = (ends[ground], str(ground)) if ground else (None, "")
    if (at, by) != (release.lapses_at, release.lapses_by):
        Release.objects.filter(pk=release.pk).update(lapses_at=at, lapses_by=by)


def note_changed_answers(contributor_ids: Collection[int]) -> None:
    """What the ledger calls after every write that concerns these contributors."""
    held = Clip.objects.filter(participations__contributor__in=contributor_ids)
    people = ReleasePerson.objects.filter(contributor__in=contributor_ids)
    # Each by its own index: one query over both would compare every person with every blob.
    found = set(people.values_list("release", flat=True).distinct())
    for column in ("blob", "original"):
        blobs = ReleaseBlob.objects.filter(blob__in=held.values(column))
        found |= set(blobs.values_list("release", flat=True).distinct())
    for release in Release.objects.filter(pk__in=found, state__in=GIVEN_OUT).order_by("pk"):
        note_lapses(release)


def note_changed_settings(dataset: Dataset, names: Collection[str]) -> None:
    """What a dataset calls after a change of its settings: its notice ends guardians' answers."""
    if "guardian_notice_days" in names:
        rows = Release.objects.filter(dataset=dataset, state__in=GIVEN_OUT)
        for release in rows.order_by("pk"):
            note_lapses(release)


def note_changed_verdicts(organisation: int, contents: Collection[str]) -> None:
    """What review calls after every change of what it says of these bytes (SHA-256)."""
    for release in list_releases_with(organisation, contents):
        note_lapses(release)


def list_releases_with(organisation: int, contents: Collection[str]) -> list[Release]:
    """Releases of the organisation that were given out and hold any of these bytes (SHA-256)."""
    found: set[int] = set()
    wanted = sorted(contents)
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        rows = ReleaseBlob.objects.filter(
            blob__sha256__in=some,
            release__dataset__organisation=organisation,
            release__state__in=GIVEN_OUT,
        )
        found |= set(rows.values_list("release", flat=True).distinct())
    rows_out = Release.objects.filter(pk__in=found).select_related("dataset__organisation")
    return list(rows_out.order_by("pk"))


def note_passing_time() -> int:
    """Write what lapsed since the last look because time passed; returns how many are new.

    Who may have what does not wait for this: it is for telling people.
    """
    people = ReleasePerson.objects.filter(release=OuterRef("pk"))
    there = OuterRef("dataset__organisation")
    decided = Decision.objects.exclude(verdict=Decision.Verdict.CLEAR).filter(
        finding__clip__dataset__organisation=there
    )
    counted = Headcount.objects.filter(dataset__organisation=there, people_heard__gt=0)
    ending = Terms.objects.filter(
        organisation=OuterRef("dataset__organisation"), expires_on__isnull=False
    )
    rows = Release.objects.filter(
        Exists(people) | Exists(decided) | Exists(counted) | Exists(ending),
        state__in=GIVEN_OUT,
    )
    return sum(len(note_lapses(release)) for release in rows.order_by("pk"))


def list_people(release: Release) -> list[ClipPeople]:
    """Who is in the clips of a release: as it was frozen, and who was found in them since.

    Whoever was found in its bytes stays in them, also where the draft no longer says so, until a
    reviewer confirms that they are not.
    """
    clips: dict[UUID, tuple[str, str, set[str]]] = {}
    frozen = ReleasePerson.objects.filter(release=release).values_list(
        "clip_uid", "path", "recording", "contributor__code"
    )
    for uid, path, recording, code in frozen:
        clips.setdefault(uid, (path, recording, set()))[2].add(code)
    for part in _list_found_later(release):
        clip = part.clip
        name = clip.recording.name if clip.recording else ""
        clips.setdefault(clip.uid, (clip.path, name, set()))[2].add(part.contributor.code)
    contents = ReleaseBlob.objects.filter(release=release).values("blob__sha256")
    said = map_people_on_record(release.dataset, contents)
    for held, path, content in iterate_released_clips(release, said.keys()) if said else ():
        clips.setdefault(UUID(held), (path, "", set()))[2].update(said[content])
    return [
        ClipPeople(str(uid), path, tuple(sorted(codes)), 0.0, recording=recording)
        for uid, (path, recording, codes) in sorted(clips.items(), key=lambda item: item[1][0])
    ]


def list_visible_lapses(user: Principal, release: Release) -> QuerySet[Lapse]:
    """What is not covered now, for those who work on the dataset."""
    require_permission(user, Permission.DATASET_VIEW, release.dataset.organisation)
    return Lapse.objects.filter(release=release, over_at=None).select_related("contributor")


def _list_found_later(release: Release) -> QuerySet[Participation]:
    rows = Participation.objects.filter(
        _match_held(release, "clip__"), clip__dataset=release.dataset_id
    )
    return rows.select_related("clip__recording", "contributor")


def _find_uncovered(
    release: Release, people: Sequence[ClipPeople], at: datetime
) -> tuple[CoverageGap, ...]:
    codes = {code for clip in people for code in clip.contributors}
    dataset: Dataset = release.dataset
    found = compute_coverage(
        people,
        load_consents(dataset, codes),
        tuple(map(Purpose, release.purposes)),
        at,
        territories=frozenset(release.territories),
        dataset=dataset.full_name,
    )
    return found.uncovered


def _find_wanted_lapses(
    release: Release, uncovered: Sequence[CoverageGap]
) -> Iterator[tuple[Key, str]]:
    codes = {row.contributor for row in uncovered if row.contributor}
    rows = Contributor.objects.filter(organisation=release.dataset.organisation_id, code__in=codes)
    ids = dict(rows.values_list("code", "pk"))
    frozen = set(
        ReleasePerson.objects.filter(release=release).values_list("clip_uid", "contributor")
    )
    for row in uncovered:
        uid, person = UUID(row.clip_id), ids.get(row.contributor or "")
        cause = CAUSES.get(row.refusal, Lapse.Cause.DENIED)
        if (uid, person) not in frozen:
            cause = Lapse.Cause.PEOPLE_CHANGED
        yield (uid, str(cause), person), row.path


def _write_lapses(release: Release, wanted: dict[Key, str], now: datetime) -> list[Lapse]:
    standing = {
        (row.clip_uid, row.cause, row.contributor_id): row.pk
        for row in Lapse.objects.filter(release=release, over_at=None)
    }
    over = [pk for key, pk in standing.items() if key not in wanted]
    Lapse.objects.filter(pk__in=over).update(over_at=now)
    new = Lapse.objects.bulk_create(
        Lapse(
            release=release, clip_uid=uid, path=path, cause=cause, contributor_id=person, since=now
        )
        for (uid, cause, person), path in wanted.items()
        if (uid, cause, person) not in standing
    )
    if new:
        for follower in _FOLLOWERS:
            follower(release, new)
    return new
