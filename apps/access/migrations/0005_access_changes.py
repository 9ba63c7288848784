import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.database.triggers import make_append_only, refuse_change
from datasets_catalog.access_widths import WIDTHS

WIDER = " OR ".join(
    f"(OLD.access = '{before}' AND NEW.access = '{after}')"
    for at, before in enumerate(WIDTHS)
    for after in WIDTHS[at + 1 :]
)
RELEASED = (
    "EXISTS (SELECT 1 FROM releases_release r WHERE r.dataset_id = NEW.id"
    " AND r.state IN ('published', 'deprecated', 'withdrawn'))"
)
CONFIRMED = (
    "EXISTS (SELECT 1 FROM access_accesschange a WHERE a.dataset_id = NEW.id"
    " AND a.state = 'confirmed' AND a.access = NEW.access AND a.auto_grant = NEW.auto_grant"
    " AND COALESCE(CAST(a.embargo_until AS text), '')"
    " = COALESCE(CAST(NEW.embargo_until AS text), ''))"
)
EARLIER = (
    "(OLD.embargo_until IS NOT NULL"
    " AND (NEW.embargo_until IS NULL OR NEW.embargo_until < OLD.embargo_until))"
)


class Migration(migrations.Migration):
    """What was released is opened to more people by two, never by one."""

    dependencies = [
        ("access", "0004_grants_name_purposes"),
        ("datasets", "0005_recordings_in_cells"),
        ("releases", "0007_territories"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "access",
                    models.CharField(
                        choices=[
                            ("open", "Open to everyone"),
                            ("terms", "To everyone who accepts its terms"),
                            ("request", "On request"),
                            ("organisation", "Members and organisations with an agreement"),
                        ],
                        max_length=16,
                    ),
                ),
                ("auto_grant", models.BooleanField()),
                ("embargo_until", models.DateTimeField(blank=True, null=True)),
                ("embargoes", models.JSONField(blank=True, default=dict)),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Waiting for another person"),
                            ("confirmed", "Confirmed"),
                            ("applied", "Carried out"),
                            ("refused", "Refused"),
                            ("cancelled", "Taken back"),
                        ],
                        default="proposed",
                        max_length=16,
                    ),
                ),
                ("proposed_at", models.DateTimeField(auto_now_add=True)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("answer", models.TextField(blank=True)),
                (
                    "dataset",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="access_changes",
                        to="datasets.dataset",
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(state__in=["proposed", "confirmed"]),
                        fields=("dataset",),
                        name="access_change_one_waits",
                    ),
                    models.CheckConstraint(
                        condition=~models.Q(reason=""), name="access_change_has_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(state__in=["proposed", "cancelled"], decided_by=None)
                        | (
                            models.Q(state__in=["confirmed", "applied", "refused"])
                            & models.Q(decided_by__isnull=False, decided_at__isnull=False)
                            & ~models.Q(decided_by=models.F("proposed_by"))
                        ),
                        name="access_change_decided_by_another",
                    ),
                ],
            },
        ),
        migrations.AlterField(
            "notice",
            "kind",
            models.CharField(
                choices=[
                    ("asked", "Somebody asks for a dataset"),
                    ("answered", "Your request was answered"),
                    ("ending", "Access ends soon"),
                    ("terms", "Terms changed"),
                    ("seat", "A seat was given or taken"),
                    ("full", "All seats are taken"),
                    ("revoked", "Access was taken back"),
                    ("wider", "Somebody wants to let more people in"),
                ],
                max_length=16,
            ),
        ),
        refuse_change(
            "datasets_dataset",
            name="dataset_access_never_widens_alone",
            event="UPDATE",
            when=f"(({WIDER}) OR (NEW.auto_grant AND NOT OLD.auto_grant) OR {EARLIER})"
            f" AND {RELEASED} AND NOT {CONFIRMED}",
            message="more people are let into what was released only after another person agreed",
        ),
        refuse_change(
            "access_accesschange",
            name="access_change_is_decided_once",
            event="UPDATE",
            when="OLD.state NOT IN ('proposed', 'confirmed')"
            " OR (OLD.state = 'confirmed' AND NEW.state <> 'applied')"
            " OR OLD.access <> NEW.access OR OLD.auto_grant <> NEW.auto_grant"
            " OR OLD.proposed_by_id <> NEW.proposed_by_id OR OLD.dataset_id <> NEW.dataset_id",
            message="a proposal is decided on once, as it was made",
        ),
        refuse_change(
            "access_accesschange",
            name="access_change_begins_as_proposal",
            event="INSERT",
            when="NEW.state <> 'proposed'",
            message="a change of access begins as a proposal",
        ),
        make_append_only("access_accesschange", events=("DELETE",)),
    ]
