from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0008_quarantine_news")]

    operations = [
        migrations.AddField(
            model_name="part",
            name="ranges",
            field=models.JSONField(null=True, verbose_name="ranges it came in"),
        ),
    ]
