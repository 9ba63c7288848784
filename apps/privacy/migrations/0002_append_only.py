from django.db import migrations

from apps.audit.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial")]

    operations = [
        append_only("privacy_decision"),
        append_only("privacy_finding"),
        append_only("privacy_scan", events=("UPDATE",)),
    ]
