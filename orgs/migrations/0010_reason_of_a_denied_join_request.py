from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("orgs", "0009_reason_of_a_decision")]

    operations = [
        migrations.RemoveConstraint("joinrequest", "join_request_denied_has_reason"),
        migrations.RenameField("joinrequest", "reason", "denial_reason"),
        migrations.AlterField(
            "joinrequest",
            "denial_reason",
            models.CharField(blank=True, max_length=300, verbose_name="reason of the denial"),
        ),
        migrations.AddConstraint(
            "joinrequest",
            models.CheckConstraint(
                condition=~Q(state="denied") | ~Q(denial_reason=""), name="join_request_denied_has_reason"
            ),
        ),
    ]
