from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("publishing", "0004_kept_reviews"),
    ]

    # Models change rooms; their tables stay as they are, with rows, triggers and names.
    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField(
                    model_name="flavourfile",
                    name="flavour",
                ),
                migrations.RemoveField(
                    model_name="flavourfile",
                    name="blob",
                ),
                migrations.RemoveField(
                    model_name="flavourfile",
                    name="source",
                ),
                migrations.RemoveField(
                    model_name="releasestatement",
                    name="release",
                ),
                migrations.RemoveField(
                    model_name="releasestatement",
                    name="review",
                ),
                migrations.RemoveField(
                    model_name="snapshot",
                    name="release",
                ),
                migrations.RemoveField(
                    model_name="snapshotfile",
                    name="snapshot",
                ),
                migrations.RemoveField(
                    model_name="snapshotfile",
                    name="blob",
                ),
                migrations.DeleteModel(
                    name="Choice",
                ),
                migrations.DeleteModel(
                    name="Flavour",
                ),
                migrations.DeleteModel(
                    name="FlavourFile",
                ),
                migrations.DeleteModel(
                    name="ReleaseStatement",
                ),
                migrations.DeleteModel(
                    name="Snapshot",
                ),
                migrations.DeleteModel(
                    name="SnapshotFile",
                ),
            ]
        )
    ]
