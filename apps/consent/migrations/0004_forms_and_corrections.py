import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

from apps.database.triggers import AlterGuarded


class Migration(migrations.Migration):
    """Forms reach datasets, consents are corrected by later ones, and coming of age is a date."""

    dependencies = [
        ("accounts", "0002_add_members_and_limited_tokens"),
        ("consent", "0003_people_statements"),
        ("datasets", "0007_evidence_and_notice"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FormReach",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("recording", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.TextField(blank=True)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        AlterGuarded(
            migrations.RemoveConstraint(
                model_name="consent",
                name="consent_once",
            ),
            migrations.RemoveConstraint(
                model_name="consent",
                name="consent_ends_after_start",
            ),
            migrations.AddField(
                model_name="consent",
                name="answered",
                field=models.PositiveSmallIntegerField(null=True),
            ),
            migrations.AddField(
                model_name="consent",
                name="correction_reason",
                field=models.TextField(blank=True),
            ),
            migrations.AddField(
                model_name="consent",
                name="supersedes",
                field=models.OneToOneField(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="superseded_by",
                    to="consent.consent",
                ),
            ),
            migrations.AddField(
                model_name="consent",
                name="valid_from",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="consentform",
                name="implications",
                field=models.JSONField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name="consentform",
                name="study",
                field=models.CharField(blank=True, max_length=200),
            ),
            migrations.AddField(
                model_name="consentform",
                name="uid",
                field=models.UUIDField(default=uuid.uuid4, editable=False, null=True),
            ),
            migrations.AddField(
                model_name="contributor",
                name="of_age_on",
                field=models.DateField(blank=True, null=True),
            ),
            migrations.AddConstraint(
                model_name="consent",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("supersedes", None)),
                    fields=("contributor", "form", "given_at"),
                    name="consent_once",
                ),
            ),
            migrations.AddConstraint(
                model_name="consent",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        ("valid_until", None),
                        models.Q(
                            ("valid_until__gt", models.F("given_at")),
                            models.Q(
                                ("valid_from", None),
                                ("valid_until__gt", models.F("valid_from")),
                                _connector="OR",
                            ),
                        ),
                        _connector="OR",
                    ),
                    name="consent_ends_after_start",
                ),
            ),
            migrations.AddConstraint(
                model_name="consent",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("correction_reason", ""), ("supersedes", None)),
                        models.Q(
                            ("supersedes__isnull", False),
                            models.Q(("correction_reason", ""), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="consent_corrected_with_reason",
                ),
            ),
            migrations.AddConstraint(
                model_name="contributor",
                constraint=models.CheckConstraint(
                    condition=models.Q(("of_age_on", None), ("is_minor", True), _connector="OR"),
                    name="contributor_of_age_was_minor",
                ),
            ),
            migrations.AddField(
                model_name="formreach",
                name="added_by",
                field=models.ForeignKey(
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="formreach",
                name="dataset",
                field=models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="form_reaches",
                    to="datasets.dataset",
                ),
            ),
            migrations.AddField(
                model_name="formreach",
                name="ended_by",
                field=models.ForeignKey(
                    blank=True,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="formreach",
                name="form",
                field=models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="reaches",
                    to="consent.consentform",
                ),
            ),
            migrations.AddConstraint(
                model_name="formreach",
                constraint=models.UniqueConstraint(
                    condition=models.Q(("ended_at", None)),
                    fields=("form", "dataset", "recording"),
                    name="form_reach_once",
                ),
            ),
            migrations.AddConstraint(
                model_name="formreach",
                constraint=models.CheckConstraint(
                    condition=models.Q(
                        models.Q(("ended_at", None), ("ended_by", None)),
                        models.Q(
                            ("ended_at__isnull", False),
                            ("ended_by__isnull", False),
                            models.Q(("end_reason", ""), _negated=True),
                        ),
                        _connector="OR",
                    ),
                    name="form_reach_ended_with_reason",
                ),
            ),
        ),
    ]
