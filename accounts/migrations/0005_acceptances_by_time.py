from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_first_notices")]

    operations = [
        migrations.AddIndex(
            model_name="noticeacceptance",
            index=models.Index(fields=["-created_at", "-id"], name="notice_acceptance_by_time"),
        ),
    ]
