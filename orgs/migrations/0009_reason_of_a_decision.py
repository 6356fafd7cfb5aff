from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orgs", "0008_ways_back_into_a_draft")]

    operations = [
        migrations.RemoveConstraint("changerequest", "change_request_denied_has_reason"),
        migrations.RenameField("changerequest", "reason", "decision_reason"),
        migrations.AddConstraint(
            "changerequest",
            models.CheckConstraint(
                condition=~Q(state="denied") | ~Q(decision_reason=""), name="change_request_denied_has_reason"
            ),
        ),
    ]
