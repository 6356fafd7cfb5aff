from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0006_change_requests_by_staff")]

    operations = [
        migrations.AddField("joinrequest", "reminded_at", models.DateTimeField(null=True)),
        migrations.AddField("registrationquestion", "reminded_at", models.DateTimeField(null=True)),
        migrations.AddField("registrationquestion", "warned_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "registrationquestion",
            models.Index(
                fields=["created_at"],
                name="question_open_by_time",
                condition=models.Q(answered_at__isnull=True),
            ),
        ),
    ]
