from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0013_findings_have_a_room_of_their_own")]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="bytes_sha256",
            field=models.CharField(editable=False, max_length=64, null=True),
        ),
    ]
