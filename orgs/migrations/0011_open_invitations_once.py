"""One open invitation of one organisation to one address. Of doubles that a race has made, the newest stays open."""

from django.db import migrations, models
from django.db.models import Q

OPEN = ("pending", "sent", "opened", "started")
END_DOUBLES = """
UPDATE orgs_invitation AS older SET state = 'expired', expires_at = least(expires_at, now())
WHERE older.state IN ('pending', 'sent', 'opened', 'started') AND EXISTS (
    SELECT FROM orgs_invitation AS newer
    WHERE newer.state IN ('pending', 'sent', 'opened', 'started')
        AND newer.organization_id IS NOT DISTINCT FROM older.organization_id
        AND newer.email = older.email
        AND (newer.created_at, newer.id) > (older.created_at, older.id)
)
"""


class Migration(migrations.Migration):
    dependencies = [("orgs", "0010_reason_of_a_denied_join_request")]

    operations = [
        migrations.RunSQL(END_DOUBLES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=Q(state__in=OPEN),
                fields=("organization", "email"),
                name="invitation_open_once",
                nulls_distinct=False,
            ),
        ),
    ]
