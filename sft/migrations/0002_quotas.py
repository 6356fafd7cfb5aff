from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sft", "0001_first_tables")]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="organization_quota_bytes",
            field=models.PositiveBigIntegerField(null=True, verbose_name="bytes for the organisation"),
        ),
        migrations.AddField(
            model_name="subscription",
            name="user_quota_bytes",
            field=models.PositiveBigIntegerField(null=True, verbose_name="bytes for each user"),
        ),
    ]
