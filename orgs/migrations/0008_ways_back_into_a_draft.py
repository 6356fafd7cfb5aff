import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0007_reminders_of_questions_and_requests")]

    operations = [
        migrations.AddField("registration", "reminded_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            name="MailedStart",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("email", models.EmailField(max_length=254, verbose_name="e-mail")),
                (
                    "invitation",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="orgs.invitation",
                    ),
                ),
            ],
            options={
                "verbose_name": "start by mail",
                "indexes": [models.Index(fields=["created_at"], name="mailed_start_by_time")],
            },
        ),
    ]
