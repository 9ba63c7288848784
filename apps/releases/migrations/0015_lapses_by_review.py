from datetime import date

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from apps.database.triggers import AlterGuarded, refuse_change
from datasets_catalog.licence_terms import AiTerms, Terms
from datasets_catalog.licences import Licences, may_be_own
from datasets_catalog.purposes import Purpose, include_implied
from datasets_catalog.usage import Taking, meet_usage

GROUNDS = [
    ("consent", "somebody in it no longer allows what it was released for"),
    ("terms", "the terms of a clip no longer allow what it was released for"),
    ("review", "a review decision holds back bytes that it holds"),
    ("people", "more people were heard in a clip of it than are recorded"),
]
CAUSES = [
    ("denied", "does not allow it any more"),
    ("expired", "consent has run out"),
    ("withdrawn", "consent was withdrawn"),
    ("of_age", "is of age, or has no guardian's consent, and has not answered"),
    ("excluded", "a reviewer decided to exclude the clip"),
    ("people_changed", "was found to be in the clip later"),
    ("terms_ended", "the terms it is under have ended"),
    ("redacted", "a reviewer had something taken out of the clip"),
    ("people_unknown", "more people are heard in the clip than are recorded"),
]
OUT = "OLD.state IN ('published', 'deprecated', 'withdrawn')"
FIXED = ("purposes", "territories", "cleared")


def hold_clearances(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """What was frozen before: its purposes less what its licences took on the day it came out."""
    alias = editor.connection.alias
    releases = apps.get_model("releases", "Release")._default_manager.using(alias)
    terms = apps.get_model("licensing", "Terms")._default_manager.using(alias)
    known: dict[int, Licences] = {}
    for row in releases.exclude(root="").select_related("dataset").iterator():
        organisation = row.dataset.organisation_id
        if organisation not in known:
            known[organisation] = own_licences(terms.filter(organisation=organisation))
        counted = {
            each["licence"] or "": each["clips"] for each in row.statistics.get("licences", ())
        }
        if row.use == "adaptation" and row.licence:
            counted[row.licence] = row.clips
        usage = meet_usage(
            include_implied(map(Purpose, row.purposes)),
            counted,
            known[organisation],
            Taking(
                (row.published_at or row.frozen_at or row.created_at).date(),
                frozenset(row.territories),
            ),
        )
        row.cleared = sorted(usage.permitted)
        row.save(update_fields=["cleared"])


def own_licences(rows: models.QuerySet[models.Model]) -> Licences:
    """An organisation's own terms as they stand in the table."""
    return Licences(
        tuple(own_terms(**row) for row in rows.values(*TERMS) if may_be_own(row["licence"]))
    )


TERMS = (
    "licence",
    "title",
    "attribution",
    "share_alike",
    "noncommercial",
    "no_derivatives",
    "redistribution",
    "ai_terms",
    "field_of_use",
    "territories",
    "expires_on",
)


def own_terms(
    *,
    ai_terms: str,
    field_of_use: list[str],
    territories: list[str],
    expires_on: date | None,
    **said: str | bool,
) -> Terms:
    return Terms(
        url="",
        ai_terms=AiTerms(ai_terms),
        field_of_use=tuple(map(Purpose, field_of_use)),
        territories=frozenset(territories),
        expires_on=expires_on,
        **said,  # type: ignore[arg-type]
    )


def name_grounds(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """What lapsed before did by an answer, but where only terms have ended."""
    alias = editor.connection.alias
    releases = apps.get_model("releases", "Release")._default_manager.using(alias)
    lapses = apps.get_model("releases", "Lapse")._default_manager.using(alias)
    lapsing = releases.exclude(lapses_at=None)
    lapsing.update(lapses_by="consent")
    open_rows = lapses.filter(over_at=None).exclude(cause="excluded")
    of_terms = set(open_rows.filter(cause="terms_ended").values_list("release", flat=True))
    of_people = set(open_rows.exclude(cause="terms_ended").values_list("release", flat=True))
    lapsing.filter(pk__in=of_terms - of_people).update(lapses_by="terms")


def changed(column: str) -> str:
    return f"CAST(OLD.{column} AS text) <> CAST(NEW.{column} AS text)"


class Migration(migrations.Migration):
    """A release also lapses by what review says; what it is cleared for is kept with it."""

    dependencies = [
        ("licensing", "0002_own_terms_state_more"),
        ("releases", "0014_published_by_no_reviewer"),
    ]

    operations = [
        AlterGuarded(
            migrations.AddField(
                "release",
                "lapses_by",
                models.CharField(blank=True, choices=GROUNDS, default="", max_length=16),
                preserve_default=False,
            ),
            migrations.AddField("release", "cleared", models.JSONField(blank=True, default=list)),
            migrations.AlterField(
                "lapse", "cause", models.CharField(choices=CAUSES, max_length=16)
            ),
        ),
        migrations.RunPython(hold_clearances, migrations.RunPython.noop),
        migrations.RunPython(name_grounds, migrations.RunPython.noop),
        AlterGuarded(
            migrations.AddConstraint(
                "release",
                models.CheckConstraint(
                    condition=models.Q(lapses_at=None, lapses_by="")
                    | models.Q(
                        lapses_at__isnull=False, lapses_by__in=[name for name, _ in GROUNDS]
                    ),
                    name="release_lapses_by_something",
                ),
            ),
        ),
        refuse_change(
            "releases_release",
            name="release_clearance_is_fixed",
            event="UPDATE",
            when=f"{OUT} AND ({' OR '.join(map(changed, FIXED))})",
            message="what a published release is given out for never changes",
        ),
    ]
