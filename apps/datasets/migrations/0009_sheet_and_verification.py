import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.database.triggers import AlterGuarded, refuse_change

# What was confirmed was this: changed, it has to be looked at again.
CONTENT = ("label", "onset", "offset", "f_low", "f_high", "channel", "presence")
CHANGED = " OR ".join(
    f"COALESCE(CAST(OLD.\"{name}\" AS text), '') <> COALESCE(CAST(NEW.\"{name}\" AS text), '')"
    for name in CONTENT
)


class Migration(migrations.Migration):
    """What keepers say of a dataset, and who confirmed an event."""

    dependencies = [
        ("datasets", "0008_lowerings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AlterGuarded(
            migrations.AddField(
                model_name="dataset",
                name="sheet",
                field=models.JSONField(blank=True, default=dict),
            ),
            migrations.AddField(
                model_name="event",
                name="verified_by",
                field=models.ForeignKey(
                    blank=True,
                    db_index=False,
                    null=True,
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="+",
                    to=settings.AUTH_USER_MODEL,
                ),
            ),
            migrations.AddField(
                model_name="event",
                name="verified_at",
                field=models.DateTimeField(blank=True, null=True),
            ),
            migrations.AddConstraint(
                model_name="event",
                constraint=models.CheckConstraint(
                    condition=models.Q(verified_by=None, verified_at=None)
                    | models.Q(
                        verified_by__isnull=False,
                        verified_at__isnull=False,
                        status__in=["verified", "rejected"],
                    )
                    & ~models.Q(verifier="")
                    & (models.Q(created_by=None) | ~models.Q(verified_by=models.F("created_by"))),
                    name="event_confirmed_by_another",
                ),
            ),
        ),
        refuse_change(
            "datasets_event",
            name="event_confirmed_stays_as_it_was",
            event="UPDATE",
            when="OLD.verified_by_id IS NOT NULL AND NEW.verified_by_id = OLD.verified_by_id"
            f" AND NEW.verified_at = OLD.verified_at AND ({CHANGED})",
            message="an event that changes is confirmed anew",
        ),
    ]
