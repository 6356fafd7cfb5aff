from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0007_asked_to_assemble")]

    operations = [
        migrations.CreateModel(
            name="QuarantineNews",
            fields=[
                ("id", models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("told_at", models.DateTimeField(null=True, verbose_name="told last")),
                ("untold", models.PositiveIntegerField(default=0, verbose_name="files since")),
            ],
            options={
                "verbose_name": "news of quarantine",
                "verbose_name_plural": "news of quarantine",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="quarantine_news_one_row")],
            },
        ),
    ]
