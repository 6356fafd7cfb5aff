from __future__ import annotations

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transfers", "0003_tus_resources_asked_for_twice")]

    operations = [
        migrations.AddField(
            model_name="fetchedspan",
            name="handed",
            field=models.BigIntegerField(null=True, verbose_name="handed to the connection up to"),
        ),
        migrations.AddIndex(
            model_name="fetchedspan",
            index=models.Index(fields=["at"], name="fetched_by_time"),
        ),
        migrations.CreateModel(
            name="AwaitedReceipt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("actor", models.JSONField()),
                ("stretches", models.JSONField()),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name": "awaited receipt",
                "indexes": [models.Index(fields=["at"], name="awaited_by_time")],
            },
        ),
        migrations.CreateModel(
            name="ReceiptLog",
            fields=[
                ("name", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("offset", models.BigIntegerField(default=0, verbose_name="bytes read")),
            ],
            options={"verbose_name": "receipt log"},
        ),
    ]
