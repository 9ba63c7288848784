import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from apps.database.triggers import make_append_only, refuse_change


# Of each bar: when the row's value is lower than it was, and that a confirmed request says exactly
# what it becomes; in the words of PostgreSQL, and of SQLite.
LOWER = {
    "privacy_profile": (
        "NEW.privacy_profile <> OLD.privacy_profile AND NEW.privacy_profile <> 'sensitive'",
        "",
    ),
    "verified_share": ("NEW.verified_share < OLD.verified_share", ""),
    "fewest_alike": ("NEW.fewest_alike < OLD.fewest_alike", ""),
    "evidence_required": ("OLD.evidence_required AND NOT NEW.evidence_required", ""),
    "guardian_notice_days": ("NEW.guardian_notice_days > OLD.guardian_notice_days", ""),
    "quasi_identifiers": (
        "NOT (NEW.quasi_identifiers @> OLD.quasi_identifiers)",
        "EXISTS (SELECT 1 FROM json_each(OLD.quasi_identifiers) o WHERE o.value NOT IN"
        " (SELECT value FROM json_each(NEW.quasi_identifiers)))",
    ),
    "request_fields": (
        "EXISTS (SELECT 1 FROM jsonb_array_elements(OLD.request_fields) o"
        " WHERE (o->>'required')::boolean"
        " AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(NEW.request_fields) n"
        " WHERE n - 'help' = o - 'help'))",
        "EXISTS (SELECT 1 FROM json_each(OLD.request_fields) o"
        " WHERE json_extract(o.value, '$.required') AND json_remove(o.value, '$.help') NOT IN"
        " (SELECT json_remove(n.value, '$.help') FROM json_each(NEW.request_fields) n))",
    ),
}
SAYS = {
    "privacy_profile": ("l.becomes->>'privacy_profile' = NEW.privacy_profile", "= NEW.{name}"),
    "verified_share": (
        "(l.becomes->>'verified_share')::float8 = NEW.verified_share",
        "= NEW.{name}",
    ),
    "fewest_alike": ("(l.becomes->>'fewest_alike')::int = NEW.fewest_alike", "= NEW.{name}"),
    "evidence_required": (
        "(l.becomes->>'evidence_required')::boolean = NEW.evidence_required",
        "= NEW.{name}",
    ),
    "guardian_notice_days": (
        "(l.becomes->>'guardian_notice_days')::int = NEW.guardian_notice_days",
        "= NEW.{name}",
    ),
    "quasi_identifiers": (
        "l.becomes->'quasi_identifiers' = NEW.quasi_identifiers",
        "= json(NEW.{name})",
    ),
    "request_fields": ("l.becomes->'request_fields' = NEW.request_fields", "= json(NEW.{name})"),
}
HAS_CLIPS = "EXISTS (SELECT 1 FROM datasets_clip c WHERE c.dataset_id = NEW.id)"


def _guard(name: str) -> migrations.RunPython:
    lower, lower_on_sqlite = LOWER[name]
    says, tail = SAYS[name]
    says_on_sqlite = f"json_extract(l.becomes, '$.{name}') {tail.format(name=name)}"
    confirmed = (
        "EXISTS (SELECT 1 FROM datasets_lowering l WHERE l.dataset_id = NEW.id"
        " AND l.state = 'confirmed' AND {says})"
    )
    when = "{lower} AND " + HAS_CLIPS + " AND NOT " + confirmed
    return refuse_change(
        "datasets_dataset",
        name=f"dataset_bar_{name}_lowers_by_two",
        event="UPDATE",
        when=when.format(lower=lower, says=says),
        on_sqlite=when.format(lower=lower_on_sqlite or lower, says=says_on_sqlite),
        message="a bar of a dataset becomes lower only after a privacy reviewer confirmed it",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("datasets", "0007_evidence_and_notice"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lowering",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("before", models.JSONField()),
                ("becomes", models.JSONField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "Waiting for a privacy reviewer"),
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
                        related_name="lowerings",
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
                        condition=models.Q(("state__in", ["proposed", "confirmed"])),
                        fields=("dataset",),
                        name="lowering_one_waits",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="lowering_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_by", None), ("state__in", ["proposed", "cancelled"])
                            ),
                            models.Q(
                                ("state__in", ["confirmed", "applied", "refused"]),
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                models.Q(("decided_by", models.F("proposed_by")), _negated=True),
                                models.Q(("answer", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="lowering_decided_by_another",
                    ),
                ],
            },
        ),
        *(_guard(name) for name in LOWER),
        refuse_change(
            "datasets_lowering",
            name="lowering_is_decided_once",
            event="UPDATE",
            when="OLD.state NOT IN ('proposed', 'confirmed')"
            " OR (OLD.state = 'confirmed' AND NEW.state <> 'applied')"
            " OR (OLD.state = 'proposed' AND NEW.state = 'applied')"
            " OR OLD.becomes <> NEW.becomes OR OLD.before <> NEW.before"
            " OR OLD.proposed_by_id <> NEW.proposed_by_id OR OLD.dataset_id <> NEW.dataset_id"
            " OR OLD.reason <> NEW.reason",
            message="a request to lower a bar is decided on once, as it was made",
        ),
        refuse_change(
            "datasets_lowering",
            name="lowering_begins_as_proposal",
            event="INSERT",
            when="NEW.state <> 'proposed'",
            message="lowering a bar begins as a proposal",
        ),
        make_append_only("datasets_lowering", events=("DELETE",)),
    ]
