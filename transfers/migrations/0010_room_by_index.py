from __future__ import annotations

from django.db import migrations, models

LIVES = models.Q(("state__in", ("aborted", "expired", "failed")), _negated=True)


class Migration(migrations.Migration):
    dependencies = [("transfers", "0009_ranges_of_parts")]

    operations = [
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=LIVES,
                fields=["owner", "subject"],
                include=("size", "concat", "id"),
                name="upload_room_by_owner",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(LIVES, ("subject__isnull", False)),
                fields=["subject"],
                include=("size", "concat", "id"),
                name="upload_room_by_subject",
            ),
        ),
    ]
