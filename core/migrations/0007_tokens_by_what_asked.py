from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0006_called_audit_trail")]

    operations = [
        migrations.AddField(model_name="token", name="via", field=models.UUIDField(null=True)),
        migrations.AddIndex(
            model_name="token",
            index=models.Index(condition=models.Q(("via__isnull", False)), fields=["via"], name="token_by_via"),
        ),
    ]
