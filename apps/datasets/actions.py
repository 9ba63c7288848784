"""Every write to datasets, vocabularies and the draft's clips."""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.dateparse import parse_datetime

from apps.accounts.access import require_permission
from apps.accounts.actions import check_slug
from apps.accounts.models import Organisation, User
from apps.audit import record
from apps.datasets.models import Clip, Dataset, Term, Vocabulary
from apps.datasets.vocabulary_graph import relink_terms
from datasets_catalog import vocabularies
from datasets_catalog.access_widths import AccessPolicy, name_widenings
from datasets_catalog.bars import BARS, REVIEWERS, find_decider, name_lowered
from datasets_catalog.description_sheets import parse_sheet
from datasets_catalog.errors import ConflictError, InvalidError, NotFoundError
from datasets_catalog.licences import Use
from datasets_catalog.privacy_profiles import PROFILES
from datasets_catalog.request_forms import parse_fields
from datasets_catalog.roles import Permission
from datasets_catalog.split_policies import DEFAULT as USUAL_SPLITS
from datasets_catalog.split_policies import FIELD_PREFIX, SplitPolicyError, parse_policy
from datasets_catalog.verticals import Vertical, list_identifying_columns, load_profile

CHUNK = 2000
CHANGEABLE = (
    "title",
    "description",
    "privacy_profile",
    "use",
    "wanted_licence",
    "access",
    "auto_grant",
    "grant_days",
    "request_fields",
    "embargo_until",
    "embargoes",
    "evidence_required",
    "guardian_notice_days",
    "sheet",
    "verified_share",
    "quasi_identifiers",
    "fewest_alike",
    "vocabulary",
    "split_policy",
)
# Who may take what was released, and from when (datasets_catalog/access_widths.py).
POLICY = ("access", "auto_grant", "embargo_until", "embargoes")
# Changing these does not change what a frozen release would hold or be judged by.
OUTSIDE_RELEASES = {
    "access",
    "auto_grant",
    "grant_days",
    "request_fields",
    "embargo_until",
    "embargoes",
}
EMBARGOES = 1000
# One person alone is like nobody.
FEWEST_ALIKE = 2
_VERSION = re.compile(r"\d{1,9}\.\d{1,9}\.\d{1,9}")


# What is called with a dataset and the names of its changed settings, inside the transaction.
_FOLLOWERS: list[Callable[[Dataset, Sequence[str]], None]] = []


def follow_settings(follower: Callable[[Dataset, Sequence[str]], None]) -> None:
    """Have `follower` told of changed settings of datasets. Registered once, by a room above."""
    if follower not in _FOLLOWERS:
        _FOLLOWERS.append(follower)


class AccessWidensError(ConflictError):
    """More people would be let into what was released, or earlier; `settings` names by what."""

    code = "dataset.access_widens"


class BarLowersError(ConflictError):
    """Less would be looked for, asked or checked than before; `settings` names by what."""

    code = "dataset.bar_lowers"


class DatasetNameTakenError(ConflictError):
    """The organisation has a dataset of this name."""

    code = "dataset.name_taken"


def touch_draft(dataset: Dataset, *, clips: Iterable[int] | None = None) -> None:
    """Note that the draft changed: whatever was frozen from it is stale.

    `clips` are the ids of those that changed; without it all may have, and the next freeze
    computes every row again. Belongs into the transaction of the change, with the dataset locked.
    """
    Dataset.objects.filter(pk=dataset.pk).update(draft_serial=F("draft_serial") + 1)
    dataset.refresh_from_db(fields=["draft_serial"])
    rows = Clip.objects.filter(dataset=dataset)
    if clips is None:
        rows.update(touched=dataset.draft_serial)
        return
    rest = iter(clips)
    while some := list(islice(rest, CHUNK)):
        rows.filter(pk__in=some).update(touched=dataset.draft_serial)


@transaction.atomic
def create_dataset(
    *, actor: User, organisation: Organisation, name: str, vertical: str, **settings: Any
) -> Dataset:
    """An empty dataset; `settings` are the columns named in `CHANGEABLE`."""
    require_permission(actor, Permission.DATASET_CREATE, organisation)
    check_slug(name, "a dataset's name")
    if vertical not in set(Vertical):
        raise InvalidError(f"{vertical!r} is no vertical. Verticals: {', '.join(Vertical)}.")
    # One organisation's names are given one after the other.
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    if Dataset.objects.filter(organisation=organisation, name=name).exists():
        raise DatasetNameTakenError(f"There is a dataset {organisation}/{name} already.")
    row = Dataset(
        organisation=organisation, name=name, vertical=vertical, created_by=actor, title=name
    )
    _apply_settings(row, settings)
    row.save(force_insert=True)
    record.dataset_created(
        actor=actor.username,
        organisation=organisation.name,
        dataset=row.full_name,
        vertical=vertical,
    )
    return row


@transaction.atomic
def update_dataset(*, actor: User, dataset: Dataset, changes: dict[str, Any]) -> Dataset:
    """Change columns named in `CHANGEABLE`; what matters to a release makes frozen ones stale.

    Raises AccessWidensError where more people could take what was released already: that is
    proposed (`apps/access/access_changes.py`) and decided on by another person. Raises
    BarLowersError where a bar would be lower than it is: that is proposed
    (`apps/datasets/bar_lowerings.py`), and a reviewer decides.
    """
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    require_permission(actor, Permission.DATASET_EDIT, row.organisation)
    _refuse_lowering(row, changes)
    _refuse_widening(row, plan_policy(row, changes))
    return _change_dataset(actor, row, changes)


def build_access_policy(row: Dataset) -> AccessPolicy:
    return AccessPolicy(
        access=row.access,
        auto_grant=row.auto_grant,
        embargo_until=row.embargo_until,
        embargoes=row.embargoes,
    )


def plan_policy(dataset: Dataset, changes: dict[str, Any]) -> AccessPolicy:
    """Who could take the dataset after these changes; raises InvalidError as they would."""
    named = {name: changes[name] for name in POLICY if name in changes}
    planned = copy(dataset)
    _apply_settings(planned, named)
    return build_access_policy(planned)


def widen_access(*, actor: User, dataset: Dataset, changes: dict[str, Any]) -> Dataset:
    """Carry out what another person confirmed, in the transaction that holds the dataset's lock.

    The database refuses it to everybody else (`dataset_access_never_widens_alone`).
    """
    return _change_dataset(actor, dataset, {name: changes[name] for name in POLICY})


def read_bars(row: Dataset) -> dict[str, Any]:
    """The value of each bar, by name; of a vocabulary its name and version."""
    values = {name: getattr(row, name) for name in BARS}
    return {**values, "vocabulary": str(row.vocabulary) if row.vocabulary else None}


def plan_bars(dataset: Dataset, changes: dict[str, Any]) -> dict[str, Any]:
    """The value of each bar after these changes; raises InvalidError as they would."""
    planned = copy(dataset)
    _apply_settings(planned, {name: changes[name] for name in BARS if name in changes})
    return read_bars(planned)


def find_lowered_bars(dataset: Dataset, changes: dict[str, Any]) -> list[str]:
    """Which bars these changes would lower, by name: none while the dataset never had a clip."""
    found = name_lowered(read_bars(dataset), plan_bars(dataset, changes))
    return found if found and Clip.objects.filter(dataset=dataset).exists() else []


def lower_bars(*, actor: User, dataset: Dataset, becomes: dict[str, Any]) -> Dataset:
    """Carry out what a reviewer confirmed, in the transaction that holds the lock.

    The database refuses it to everybody else (`dataset_bar_…_lowers_by_two`).
    """
    return _change_dataset(actor, dataset, becomes)


def _refuse_lowering(row: Dataset, changes: dict[str, Any]) -> None:
    lowered = find_lowered_bars(row, changes)
    if lowered:
        deciding = sorted({REVIEWERS[find_decider([name])] for name in lowered})
        raise BarLowersError(
            f"This lowers what {row} was held to ({', '.join(lowered)}): propose it with a reason,"
            f" and a {' or a '.join(deciding)} decides.",
            settings=lowered,
        )


def _refuse_widening(row: Dataset, planned: AccessPolicy) -> None:
    widened = name_widenings(build_access_policy(row), planned)
    if row.released_at is None or not widened:
        return
    raise AccessWidensError(
        f"{row} was released already, and this lets more people in ({', '.join(widened)}): propose"
        " it with a reason, and another person decides.",
        settings=widened,
    )


def _change_dataset(actor: User, row: Dataset, changes: dict[str, Any]) -> Dataset:
    before = {name: getattr(row, name) for name in changes if name in CHANGEABLE}
    _apply_settings(row, changes)
    after = {name: getattr(row, name) for name in before}
    changed = [name for name in sorted(before) if after[name] != before[name]]
    if not changed:
        return row
    row.save(update_fields=changed)
    relabelled = relink_terms(row) if "vocabulary" in changed else set()
    if not OUTSIDE_RELEASES.issuperset(changed):
        touch_draft(row, clips=relabelled)
    record.dataset_changed(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        before={name: str(before[name]) for name in changed},
        changes={name: str(after[name]) for name in changed},
    )
    for follower in _FOLLOWERS:
        follower(row, changed)
    return row


def _apply_settings(row: Dataset, settings: dict[str, Any]) -> None:
    unknown = sorted(settings.keys() - set(CHANGEABLE))
    if unknown:
        raise InvalidError(f"A dataset has no {unknown[0]}: it has {', '.join(CHANGEABLE)}.")
    for name, value in settings.items():
        setattr(row, name, value)
    _check_choices(row)
    for name in settings.keys() & _READERS.keys():
        setattr(row, name, _READERS[name](row))
    if row.access == Dataset.Access.TERMS and "access" in settings and not row.terms_version:
        raise InvalidError("There are no terms to accept yet: write them first.")
    try:
        row.clean_fields(exclude=["organisation", "created_by"])
    except ValidationError as problem:
        field, messages = next(iter(problem.message_dict.items()))
        raise InvalidError(f"{field}: {messages[0]}", fields=problem.message_dict) from problem
    _check_bounds(row)


def _check_bounds(row: Dataset) -> None:
    """Raise InvalidError for a number that the database would refuse (`Dataset.Meta`)."""
    if not 0 <= row.verified_share <= 1:
        raise InvalidError(
            f"verified_share: expected a share from 0 to 1, not {row.verified_share}."
        )
    if row.fewest_alike < FEWEST_ALIKE:
        raise InvalidError(
            f"fewest_alike: expected {FEWEST_ALIKE} people or more, not {row.fewest_alike}."
        )


def _check_choices(row: Dataset) -> None:
    if row.privacy_profile not in PROFILES:
        raise InvalidError(
            f"There is no privacy profile {row.privacy_profile!r}: choose {', '.join(PROFILES)}."
        )
    if row.use not in set(Use):
        raise InvalidError(f"{row.use!r}: the use is one of {', '.join(Use)}.")


def _check_columns(row: Dataset) -> list[str]:
    """The columns declared as quasi-identifiers, each once and in order. Raises InvalidError."""
    wanted = row.quasi_identifiers
    possible = list_identifying_columns(Vertical(row.vertical))
    wrong = (
        [each for each in wanted if each not in possible] if isinstance(wanted, list) else [wanted]
    )
    if wrong:
        raise InvalidError(
            f"{wrong[0]!r} is no column that can single out a person here: choose among"
            f" {', '.join(possible)}."
        )
    return sorted(set(wanted))


def _normalise_split_policy(row: Dataset) -> dict[str, Any] | None:
    """The policy in one way of writing, None for the usual one; its fields are the vertical's."""
    policy = parse_policy(row.split_policy)
    fields = load_profile(Vertical(row.vertical)).get("properties", {})
    for trait in policy.traits:
        name = trait.removeprefix(FIELD_PREFIX)
        if trait.startswith(FIELD_PREFIX) and name not in fields:
            raise SplitPolicyError(
                f"The vertical {row.vertical} has no field {name!r}: it has {', '.join(fields)}."
            )
    return None if policy == USUAL_SPLITS else policy.as_json()


def _normalise_embargoes(dates: Any) -> dict[str, str]:
    """Versions with the moment from which each may be taken, in one way of writing."""
    if not isinstance(dates, dict) or len(dates) > EMBARGOES:
        raise InvalidError('The embargoes are an object such as {"1.2.0": "2027-01-01T00:00Z"}.')
    found = {}
    for version, moment in dates.items():
        at = _parse_moment(moment) if _VERSION.fullmatch(str(version)) else None
        if at is None or at.tzinfo is None:
            raise InvalidError(
                f"{version!r}: {moment!r}: write three numbers, and a moment with its time zone"
                " such as 2027-01-01T00:00Z."
            )
        found[str(version)] = at.isoformat()
    return found


def _parse_moment(text: Any) -> datetime | None:
    try:
        return parse_datetime(str(text))
    except ValueError:
        return None


# How what was typed for a column is read; each raises InvalidError for what does not belong there.
_READERS: Mapping[str, Callable[[Dataset], Any]] = {
    "quasi_identifiers": _check_columns,
    "sheet": lambda row: parse_sheet(row.sheet).as_json(),
    "request_fields": lambda row: [each.as_json() for each in parse_fields(row.request_fields)],
    "embargoes": lambda row: _normalise_embargoes(row.embargoes),
    "split_policy": _normalise_split_policy,
}


@transaction.atomic
def import_vocabulary(
    *, actor: User, name: str, version: str, text: str, title: str = "", **about: str
) -> Vocabulary:
    """A new version of a vocabulary; the same text again writes nothing but what was not read then.

    `about` may hold `licence` and `source_url`. Raises `VocabularyError` for a text that is
    neither the AudioSet ontology's JSON nor a CSV of terms, and `ConflictError` when the version
    exists with other content.
    """
    check_slug(name, "a vocabulary's name")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    # Whoever brings the same in at the same time waits here, and is answered with what is there.
    row, is_new = Vocabulary.objects.get_or_create(
        name=name, version=version, defaults={"title": title or name, "sha256": sha256, **about}
    )
    if row.sha256 != sha256:
        raise ConflictError(
            f"{name} {version} exists with other content: import it as a new version."
        )
    entries = vocabularies.parse_vocabulary(text)
    if not is_new:
        _note_restrictions(row, entries)
        return row
    terms = Term.objects.bulk_create(
        Term(
            vocabulary=row,
            code=entry.code,
            name=entry.name,
            description=entry.description,
            abstract=entry.abstract,
            blacklisted=entry.blacklisted,
        )
        for entry in entries
    )
    ids = {term.code: term.pk for term in terms}
    through = Term.parents.through
    through.objects.bulk_create(
        through(from_term_id=ids[entry.code], to_term_id=ids[parent])
        for entry in entries
        for parent in entry.parents
    )
    record.vocabulary_imported(
        actor=actor.username, vocabulary=str(row), terms=len(terms), sha256=sha256
    )
    return row


def _note_restrictions(row: Vocabulary, entries: Iterable[vocabularies.TermEntry]) -> None:
    """Note which terms the text advises against: earlier imports of it did not read that."""
    blacklisted = [entry.code for entry in entries if entry.blacklisted]
    Term.objects.filter(vocabulary=row, code__in=blacklisted).update(blacklisted=True)


@transaction.atomic
def remove_clips(*, actor: User, dataset: Dataset, paths: Sequence[str]) -> int:
    """Take clips out of the draft; releases that hold them keep them."""
    row = Dataset.objects.select_for_update().get(pk=dataset.pk)
    require_permission(actor, Permission.CLIP_INGEST, row.organisation)
    clips = Clip.objects.filter(dataset=row, path__in=list(paths)).exclude(state=Clip.State.REMOVED)
    ids = dict(clips.values_list("path", "pk"))
    missing = sorted(set(paths) - ids.keys())
    if missing:
        raise NotFoundError(f"{row} has no clip {missing[0]!r}.", missing=missing[:100])
    clips.update(state=Clip.State.REMOVED)
    touch_draft(row, clips=ids.values())
    record.clips_removed(
        actor=actor.username,
        organisation=row.organisation.name,
        dataset=row.full_name,
        clips=list(ids)[:100],
    )
    return len(ids)
