"""``ae``, ``oe`` and ``ue`` are umlauts to the key of a name: write the keys that this changes."""

from django.db import migrations

from orgs.models.names import name_key


def write_name_keys(apps, schema_editor):
    for model in (apps.get_model("orgs", "Organization"), apps.get_model("orgs", "Registration")):
        rows = model._default_manager.using(schema_editor.connection.alias)
        for pk, name, key in (
            rows.filter(name_key__regex="[aou]e").values_list("pk", "legal_name", "name_key").iterator()
        ):
            if name_key(name) != key:
                rows.filter(pk=pk).update(name_key=name_key(name))


class Migration(migrations.Migration):
    dependencies = [("orgs", "0013_found_by_any_identifier")]

    operations = [migrations.RunPython(write_name_keys, migrations.RunPython.noop, elidable=True)]
