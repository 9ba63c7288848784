from django.db import migrations

from apps.database.triggers import make_append_only


class Migration(migrations.Migration):
    dependencies = [("privacy", "0001_initial")]

    operations = [
        make_append_only("privacy_decision"),
        make_append_only("privacy_finding"),
        make_append_only("privacy_scan", events=("UPDATE",)),
    ]
