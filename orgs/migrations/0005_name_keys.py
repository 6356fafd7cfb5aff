from django.db import migrations

from orgs.models.names import name_key


def write_name_keys(apps, schema_editor):
    for model in (apps.get_model("orgs", "Organization"), apps.get_model("orgs", "Registration")):
        rows = model._default_manager.using(schema_editor.connection.alias)
        for pk, name in rows.filter(name_key="").exclude(legal_name="").values_list("pk", "legal_name").iterator():
            rows.filter(pk=pk).update(name_key=name_key(name))


class Migration(migrations.Migration):
    dependencies = [("orgs", "0004_onboarding_in_full")]

    operations = [migrations.RunPython(write_name_keys, migrations.RunPython.noop, elidable=True)]
