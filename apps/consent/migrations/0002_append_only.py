from django.db import migrations

from apps.audit.immutable import append_only


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]

    operations = [append_only("consent_consent"), append_only("consent_consentanswer")]
