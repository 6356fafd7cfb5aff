from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0005_quarantine")]

    operations = [
        migrations.RemoveField(model_name="fetchedspan", name="handed"),
        migrations.AddField(
            model_name="fetchedspan",
            name="is_sure",
            field=models.BooleanField(default=True, verbose_name="arrived for sure"),
        ),
    ]
