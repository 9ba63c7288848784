import uuid
from datetime import date, timedelta
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def name_forms(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    forms = _rows(apps, editor, "consent", "ConsentForm")
    for pk in list(forms.values_list("pk", flat=True)):
        forms.filter(pk=pk).update(uid=uuid.uuid4())


def note_reach(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """A form asked about the datasets in which its contributors take part: so it was used.

    Where they take part in none, about the organisation's dataset if it has only one.
    """
    forms = _rows(apps, editor, "consent", "ConsentForm")
    reaches = _rows(apps, editor, "consent", "FormReach")
    datasets = _rows(apps, editor, "datasets", "Dataset")
    parts = _rows(apps, editor, "consent", "Participation")
    for form in list(forms.all()):
        people = form.consents.values("contributor")
        used = set(
            parts.filter(contributor__in=people).values_list("clip__dataset", flat=True).distinct()
        )
        own = list(datasets.filter(organisation=form.organisation_id).values_list("pk", flat=True))
        if not used and len(own) == 1:
            used = set(own)
        for dataset in sorted(used):
            reaches.create(
                form=form, dataset_id=dataset, reason="Used for it before forms had a reach."
            )


def note_ages(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Who had a guardian and was said to be of age since is of age from the day that was said.

    Or from their own first answer after the guardian's last, if that is earlier: it counted.
    """
    people = _rows(apps, editor, "consent", "Contributor")
    said = _rows(apps, editor, "audit", "AuditEvent").filter(kind="contributor.of_age")
    for person in list(people.filter(is_minor=False).exclude(consents__guardian="").distinct()):
        guided = person.consents.exclude(guardian="").order_by("-given_at").first()
        if guided is None:
            continue
        own = person.consents.filter(guardian="", given_at__gt=guided.given_at)
        first = own.order_by("given_at").first()
        event = (
            said.filter(subject=person.code, organisation=person.organisation.name)
            .order_by("sequence")
            .first()
        )
        days: list[date] = [each for each in (_day(first, "given_at"), _day(event, "at")) if each]
        person.is_minor = True
        person.of_age_on = min(days, default=guided.given_at.date() + timedelta(days=1))
        person.save(update_fields=["is_minor", "of_age_on"])


def _rows(apps: StateApps, editor: BaseDatabaseSchemaEditor, room: str, name: str) -> Any:
    return apps.get_model(room, name)._default_manager.using(editor.connection.alias)


def _day(row: Any, column: str) -> date | None:
    return None if row is None else getattr(row, column).date()


class Migration(migrations.Migration):
    """What the ledger could not say before, from what it holds."""

    dependencies = [
        ("consent", "0004_forms_and_corrections"),
        ("audit", "0002_append_only"),
        ("datasets", "0001_initial"),
    ]

    operations = [
        migrations.RunPython(name_forms, migrations.RunPython.noop),
        migrations.RunPython(note_reach, migrations.RunPython.noop),
        migrations.RunPython(note_ages, migrations.RunPython.noop),
    ]
