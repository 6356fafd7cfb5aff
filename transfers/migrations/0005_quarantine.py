from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0004_receipts_by_log"),
    ]

    operations = [
        migrations.CreateModel(
            name="QuarantinedUpload",
            fields=[],
            options={
                "verbose_name": "file in quarantine",
                "verbose_name_plural": "files in quarantine",
                "ordering": ("-completed_at", "-id"),
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("transfers.upload",),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("state", "quarantined"), ("scan", "found"), _connector="OR"),
                fields=["-completed_at", "-id"],
                name="upload_quarantined",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(condition=models.Q(("scan", "waiting")), fields=["due_at"], name="upload_unscanned"),
        ),
    ]
