from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("access", "0005_access_changes"), ("releases", "0011_lapses")]

    operations = [
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
                    ("lapsed", "Somebody in a release no longer allows it"),
                ],
                max_length=16,
            ),
        ),
    ]
