from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0006_spans_that_are_not_sure")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="assembling_since",
            field=models.DateTimeField(null=True, verbose_name="store asked to make the object"),
        ),
    ]
