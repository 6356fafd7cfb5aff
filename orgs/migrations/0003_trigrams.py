from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orgs", "0002_suspension_reasons_and_expiry")]

    operations = [TrigramExtension()]
