from django.db import migrations


class Migration(migrations.Migration):
    """What it said is in `EarlierWork`; no trigger reads it any more."""

    dependencies = [
        ("datasets", "0012_earlier_work"),
        ("privacy", "0011_own_work_by_content"),
    ]

    operations = [migrations.DeleteModel(name="EarlierUploader")]
