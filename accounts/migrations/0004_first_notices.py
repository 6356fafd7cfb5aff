"""The first system-use notice and terms, the time of First-Time Logins before it was kept, and Django's own sessions gone.

Whoever was signed in signs in again: their session says neither since when nor with what.
"""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import migrations
from django.db.models import F

SYSTEM_USE = """You are about to use a system of a company and its partners. It is for authorised people only.

What you do here is recorded, and may be looked at and handed over by those who run it. Unauthorised use is prohibited and may be prosecuted. By going on you agree to this."""
TERMS = """1. Your account is yours alone. Nobody else uses it, and you tell nobody your password, your codes or your recovery codes.

2. You send and open only what you are entitled to, and mark what needs marking. Export control and the rules of your contracts go on counting.

3. You tell your Organization Administrator at once when somebody else may have got in, or when you no longer need your access.

4. What you do here is recorded in an audit trail that cannot be changed. Your organisation and the operator can read what concerns them."""


def publish(apps, schema_editor):  # noqa: ARG001 - Django's signature
    Notice = apps.get_model("accounts", "Notice")
    Notice.objects.create(kind="system_use", version=1, text=SYSTEM_USE)
    Notice.objects.create(kind="terms", version=1, text=TERMS)
    User = apps.get_model("accounts", "User")
    through = User.objects.filter(first_login_at__isnull=True).exclude(state__in=["invited", "first_login"])
    through.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).update(first_login_at=F("created_at"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_identity")]

    operations = [
        migrations.RunPython(publish, migrations.RunPython.noop),
        migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop),
    ]
