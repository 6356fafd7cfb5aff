from __future__ import annotations

from django.db import migrations, models

LIVES = models.Q(("state__in", ("aborted", "expired", "failed")), _negated=True)
NOT_WHOLE = models.Q(("size__isnull", True), ("concat", "partial"), _connector="OR")


class Migration(migrations.Migration):
    dependencies = [("transfers", "0010_room_by_index")]

    operations = [
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(LIVES, NOT_WHOLE), fields=["owner", "subject"], name="upload_room_not_whole"
            ),
        ),
    ]
