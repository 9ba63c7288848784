from django.db import migrations

from apps.database.triggers import refuse_change

OUT = (
    "SELECT 1 FROM releases_release o WHERE o.dataset_id = NEW.dataset_id AND o.id <> NEW.id"
    " AND o.state IN ('published', 'deprecated', 'withdrawn')"
)
# The last 21 bits of the order are the patch: what stands before them is the line.
OF_LINE = f'{OUT} AND (o."order" >> 21) = (NEW."order" >> 21)'


class Migration(migrations.Migration):
    """Versions come out in rising order, or as a patch of an older line."""

    dependencies = [("releases", "0007_territories")]

    operations = [
        refuse_change(
            "releases_release",
            name="release_comes_in_order",
            event="UPDATE",
            when="OLD.state <> NEW.state AND NEW.state = 'published'"
            f' AND EXISTS ({OUT} AND o."order" > NEW."order")'
            f' AND (NOT EXISTS ({OF_LINE}) OR EXISTS ({OF_LINE} AND o."order" > NEW."order"))',
            message="a version comes out above those that are out, or as a patch of an older line",
        ),
    ]
