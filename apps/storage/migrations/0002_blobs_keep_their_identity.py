from django.db import migrations

from apps.database.triggers import refuse_change


class Migration(migrations.Migration):
    dependencies = [("storage", "0001_initial")]

    operations = [
        refuse_change(
            "storage_blob",
            name="storage_blob_identity",
            event="UPDATE",
            when=" OR ".join(
                f"NEW.{column} <> OLD.{column}"
                for column in ("id", "store", "oid", "sha256", "size", "created_at")
            ),
            message="a blob never changes",
        ),
        refuse_change(
            "storage_blob",
            name="storage_blob_stays_destroyed",
            event="UPDATE",
            when="OLD.destroyed_at IS NOT NULL",
            message="a destroyed blob stays destroyed",
        ),
    ]
